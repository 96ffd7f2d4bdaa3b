// Requests that a figure of the list and the gallery cannot meet: one clear line and the contract's exit code.

import Diagrams
import Testing

@Suite struct FigureRefusalTests {
    static let tiny = Place.fixtures + "/dsa-tiny-exact.safetensors"

    typealias Request = (arguments: [String], status: Int32, message: String)

    /// What no figure can do.
    private static func ofAny(_ figure: Figure) -> [Request] {
        let (name, least) = (figure.name, Int(figure.leastWidth))
        return [
            ([name, "--output", "x.png", "--width", "0"], 64, "--width 0.0: expected \(least) to 10,000 points"),
            ([name, "--output", "x.png", "--width", "1e9"], 64, "expected \(least) to 10,000 points"),
            ([name, "--output", "x.png", "--width"], 64, "--width: expected <points> after it"),
            ([name, "--width", "wide", "--output", "x.png"], 64, "--width: expected <points>, found \"wide\""),
            ([name, "--caption", "--theme", "dark"], 64, "--theme: expected with --output FILE"),
            ([name, "--output", "x.bmp"], 64, "expected a name ending in .png, .svg, .pdf or .scene.json"),
            ([name, "--output", "/nowhere/x.png"], 73, "/nowhere/x.png: cannot be written: No such file or directory"),
        ]
    }

    /// What no figure of a trace can do.
    private static func ofTraces(_ name: String) -> [Request] {
        // Two runs of a case differ in a switch.
        let variant = name == "difference" ? ["--with", "no-relu"] : []
        return [
            ([name, "--step", "nope", "--output", "x.png"], 65, "nope: there is no step of this name"),
            ([name, "--output", "x.png", "--case", "none.safetensors"] + variant, 66, "cannot be opened"),
            (
                [name, "--output", "x.png", "--case", tiny, "--phase", "decode.9"] + variant, 65,
                "phase decode.9: expected one of prefill, decode.0"
            ),
        ]
    }

    private static func ofNumbers(_ name: String) -> [Request] {
        let reason = name == "poster" ? "is made of the built-in examples" : "draws no trace"
        return [
            (
                [name, "--case", tiny, "--output", "x.png"], 64,
                "\(name) \(reason): leave out --lesson, --case, --trace, --model and --attention"
            ),
            ([name, "--random", "20", "--output", "x.png"], 64, "\(name) draws no trace: leave out --random"),
        ]
    }

    private static let special: [Request] = [
        (
            ["softmax", "--case", tiny, "--step", "decode.0.dense.weights", "--phase", "decode.1", "--output", "x.png"], 64,
            "--phase decode.1: expected that of the step decode.0.dense.weights, decode.0"
        ),
        (["indexer", "--query", "99", "--output", "x.png"], 65, "indexer: query 99: expected 0 to 17 of the axis t"),
        (["indexer", "--random", "20", "--output", "x.png"], 65, "expected a step called selected, found none"),
        (
            ["difference", "--case", tiny, "--output", "x.png"], 64,
            "difference draws two runs: expected --with SWITCH and --lesson or --case"
        ),
        (["difference", "--output", "x.png", "--with", "no-relu"], 64, "--with: expected with --lesson or --case; a trace"),
        (["difference", "--case", tiny, "--output", "x.png", "--with", "no-relus"], 65, "switch no-relus: expected one of"),
        (["matrix", "--detail", "--output", "x.png"], 64, "matrix has no use for --detail"),
        (["pipeline", "--step", "selected", "--output", "x.png"], 64, "pipeline has no use for --step; it takes --query, --phase"),
        (["pipeline", "--detail", "--query", "3", "--output", "x.png"], 64, "pipeline has no use for --query; it takes --step, --phase"),
        (["gallery"], 64, "--output"),
        (["gallery", "--output", "/dev/null/g"], 73, "/dev/null/g/index.html: its folder cannot be made: Not a directory"),
        (["gallery", "--output", "g", "--home", "/nowhere"], 66, "/nowhere: expected a folder with lessons in it"),
    ]

    static let requests: [Request] =
        Figures.all.flatMap { figure -> [Request] in
            ofAny(figure) + (figure.needs == .traces ? ofTraces(figure.name) : ofNumbers(figure.name))
        } + special

    @Test(arguments: requests) func `a request that cannot be met is one line and its exit code`(
        arguments: [String], status: Int32, message: String
    ) throws {
        let run = try attn(["figure"] + arguments, folder: Place.temporary())
        #expect(run.status == status && run.output.isEmpty, "\(arguments): \(run)")
        #expect(run.error.contains(message) && run.error.split(separator: "\n").count == 1, "\(arguments): \(run.error)")
    }
}
