import FileTesting
import Foundation
import ModelFiles
import Testing
import Traces

@Suite struct TraceJSONTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private var sample: Trace {
        let input = Step(
            id: "input.x", title: Bilingual(en: "In \"put\"", zh: "输入"), formula: Formula(""), source: "given", inputs: [], symbol: "x",
            output: Tensor([.t, .c], [2, 2], [1, -0.0, 0.1, 1e300]), labels: [.t: ["a", "▁b\n"]])
        let step = Step(
            id: "s", title: Bilingual(en: "S", zh: "分"), formula: Formula(#"\sqrt{x}"#), source: "Paper", inputs: ["input.x"], symbol: "S",
            output: Tensor([.s], [7], [-.infinity, .infinity, .nan, 9_007_199_254_740_992, .leastNonzeroMagnitude, -12, 123456.789]),
            facts: [
                "cut": .number(0.5), "mass": .numbers([0.25, 1]), "none": .number(.infinity), "picked": .integers([3, 1]),
                "word": .text("tie"),
            ],
            cost: Cost(flops: 1, contractionFlops: 2, bytesRead: 3, bytesWritten: 4))
        return Trace(tokens: ["a", "▁b\n"], tokenIDs: [5, 6], switches: ["no-mask"], steps: [input, step])
    }

    @Test func `the text is exactly the format`() throws {
        let path = folder.path + "/t.json"
        try TraceJSON.write(sample, to: path)
        let expected = #"""
            {"format":"attention-steps.trace","version":1,"tokens":["a","▁b\n"],"tokenIDs":[5,6],"switches":["no-mask"],"steps":[
            {"id":"input.x","title":{"en":"In \"put\"","zh":"输入"},"formula":{"latex":"","text":""},"source":"given","inputs":[],"output":{"symbol":"x","axes":["t","c"],"shape":[2,2],"labels":{"t":["a","▁b\n"]},"values":[1,-0,0.1,1e+300]},"cost":{"flops":0,"contractionFlops":0,"bytesRead":0,"bytesWritten":0}},
            {"id":"s","title":{"en":"S","zh":"分"},"formula":{"latex":"\\sqrt{x}","text":"TEXT"},"source":"Paper","inputs":["input.x"],"output":{"symbol":"S","axes":["s"],"shape":[7],"values":["-Infinity","Infinity","NaN",9007199254740992,5e-324,-12,123456.789]},"facts":{"cut":0.5,"mass":[0.25,1],"none":"Infinity","picked":[3,1],"word":"tie"},"cost":{"flops":1,"contractionFlops":2,"bytesRead":3,"bytesWritten":4}}
            ]}

            """#
        let plain = Formula(#"\sqrt{x}"#).text.replacingOccurrences(of: "\\", with: "\\\\")
        #expect(try text(path) == expected.replacingOccurrences(of: "TEXT", with: plain))
        #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) is [String: Any])
    }

    @Test func `what is written reads back the same, bit by bit`() throws {
        let path = folder.path + "/t.json"
        try TraceJSON.write(sample, to: path)
        let trace = try TraceJSON.read(path)
        #expect(trace.tokens == sample.tokens && trace.tokenIDs == sample.tokenIDs && trace.switches == sample.switches)
        for (read, written) in zip(trace.steps, sample.steps) {
            #expect(read.output.shape == written.output.shape)
            #expect(zip(read.output.values, written.output.values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
            #expect(
                read.id == written.id && read.title == written.title && read.formula == written.formula && read.source == written.source)
            #expect(
                read.inputs == written.inputs && read.labels == written.labels && read.cost == written.cost && read.symbol == written.symbol
            )
            #expect(read.facts == written.facts)
        }
    }

    @Test func `any double survives`() throws {
        var generator = SystemRandomNumberGenerator()
        let values = (0..<20000).map { i in
            i % 2 == 0 ? Double(bitPattern: generator.next()) : Double(Int.random(in: -999_999...999_999)) / 1000
        }
        let step = Step(
            id: "a", title: Bilingual(same: ""), formula: Formula(""), source: "", inputs: [], symbol: "a",
            output: Tensor(["i"], [values.count], values))
        let path = folder.path + "/t.json"
        try TraceJSON.write(Trace(steps: [step]), to: path)
        let read = try TraceJSON.read(path).steps[0].output.values
        #expect(zip(read, values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) })
    }

    @Test(arguments: [
        (#""version":1"#, #""version":2"#, "version: expected 1, found 2"),
        ("attention-steps.trace", "other", "format: expected \"attention-steps.trace\", found \"other\""),
        (#""shape":[2,2]"#, #""shape":[2,3]"#, "step input.x: output: expected values for the shape [2, 3], found 4 values"),
        (#""shape":[2,2]"#, #""shape":[2]"#, "step input.x: output: expected 2 axes [t, c], found the shape [2]"),
        (#""axes":["t","c"]"#, #""axes":["t","t"]"#, "step input.x: output: expected each axis named once, found [t, t]"),
        (#""shape":[7]"#, #""shape":[-7]"#, "step s: output: expected lengths of at least 1, found [-7]"),
        (
            #""shape":[7]"#, #""shape":[4611686018427387904]"#,
            "step s: output: expected at most 281474976710656 cells, found the shape [4611686018427387904]"
        ),
        (#""t":["a","▁b\n"]"#, #""t":["a"]"#, "step input.x: output.labels.t: expected a label for each position of [t: 2, c: 2], found 1"),
        (#""inputs":["input.x"]"#, #""inputs":["s"]"#, "step s: expected inputs that come before it, found s"),
        (#""id":"s""#, #""id":"input.x""#, "step input.x: this id appears twice"),
        (#""symbol":"S","#, "", "step s: output.symbol is missing: expected a text"),
        (
            #"{"latex":"\\sqrt{x}"#, #"{"latex":"\\nope{x}"#,
            #"step s: formula "\nope{x}" at character 6: expected a command of the subset, found \nope"#
        ),
        (#"{"latex":"\\sqrt{x}"#, #"{"latex":"\\mathrm{x"#, #"step s: formula "\mathrm{x" at character 10: expected }, found the end"#),
        (
            #"{"latex":"\\sqrt{x}"#, "{\"latex\":\"" + String(repeating: "{", count: 100_000),
            "expected at most 100 levels of nesting, found more"
        ),
        (#""flops":1"#, #""flops":1.5"#, "step s: cost.flops: expected a whole number, found 1.5"),
        (#""id":"s","#, "", "steps[1].id is missing: expected a text"),
        (#"-12,"#, #""minus","#, "found \"minus\""),
        (#"-12,"#, "-012,", "expected a value, found '-'"),
        (#"-12,"#, "1e999,", "expected a number within the range of doubles, found 1e999"),
        (#""tokenIDs":[5,6]"#, #""tokenIDs":[5,"6"]"#, "tokenIDs: expected an array of whole numbers, found [5, \"6\"]"),
        ("\n]}\n", "\n]", "found the end of the file"),
        ("\n]}\n", "\n]} x", "expected the end of the document, found 'x'"),
    ])
    func `a file that is not right is told, and where`(old: String, new: String, expected: String) throws {
        let path = folder.path + "/t.json"
        try TraceJSON.write(sample, to: path)
        let changed = try text(path).replacingOccurrences(of: old, with: new)
        _ = try folder.write("t.json", changed)
        let found = problem { try TraceJSON.read(path) }
        #expect(found.hasPrefix("badData: ") && found.hasSuffix(expected), "\(found)")
    }

    @Test func `a missing file is no input`() {
        #expect(problem { try TraceJSON.read("/no/such/file") } == "noInput: cannot be opened: No such file or directory")
    }
}
