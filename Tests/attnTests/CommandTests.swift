import Foundation
import Testing

/// Asserts one line on standard error and an exit code.
private func expect(_ run: Run, _ status: Int32, _ message: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(run.status == status, "\(run)", sourceLocation: sourceLocation)
    #expect(run.error.contains(message), "\(run.error)", sourceLocation: sourceLocation)
    #expect(run.error.split(separator: "\n").count == 1 && run.output.isEmpty, "\(run)", sourceLocation: sourceLocation)
}

/// A case with a prefill and decoding.
private let decoding = "\(Place.fixtures)/dsa-tiny-exact.safetensors"

@Suite struct CommandTests {
    @Test(
        arguments: [
            (["nonsense"], 64, "Unexpected argument 'nonsense'"),
            (["lesson", "run"], 64, "expected a lesson's name or number, or --all"),
            (["lesson", "run", "99"], 65, "there is no lesson \"99\""),
            (["lesson", "run", "1", "--text", ""], 65, "the text is empty"),
            (["lesson", "run", "1", "--text", "Holiday: flew to Dalli."], 65, "\"Dalli\" is not a word of the diary; did you mean Dali?"),
            (["lesson", "run", "1", "--text", "-x"], 65, "\"-\" is not a word of the diary"),
            (["lesson", "run", "1", "--question", "lunch"], 65, "expected one of trip, breakfast, mei"),
            (["lesson", "run", "1", "--model", "/nowhere", "--text", "x"], 66, "/nowhere/config.json: cannot be opened"),
            (["lesson", "run", "1", "--to", "markdown", "--output", "/proc/nowhere"], 73, "cannot be made"),
            (["lesson", "run", "1", "--to", "pigeon"], 64, "The value 'pigeon' is invalid"),
            (["figure", "matrix"], 64, "expected --output FILE.png, FILE.svg, FILE.pdf or FILE.scene.json"),
            (["figure", "matrx", "--output", "x.png"], 65, "did you mean matrix?"),
            (["figure", "matrix", "--output", "x.gif"], 64, "expected a name ending in .png, .svg, .pdf or .scene.json"),
            (["figure", "matrix", "--output", "/nowhere/x.png"], 73, "No such file or directory"),
            (["figure", "matrix", "--output", "x.png", "--step", "attention.weihgts"], 65, "did you mean attention.weights"),
            (["figure", "matrix", "--output", "x.png", "--step", "attention.output", "--head", "1"], 65, "no axis of heads"),
            (["figure", "matrix", "--output", "x.png", "--head", "9"], 65, "head 9: expected 0 to 1"),
            (["figure", "matrix", "--output", "x.png", "--head", "none"], 64, "--head: expected a number or mean"),
            (["figure", "matrix", "--output", "x.png", "--query", "18"], 65, "query 18: expected rows of tokens, 0 to 17"),
            (["figure", "matrix", "--output", "x.png", "--key", "18"], 65, "key 18: expected columns of tokens, 0 to 17"),
            (["figure", "matrix", "--output", "x.png", "--key", "Dali"], 64, "--key: expected <n>, found \"Dali\""),
            (["figure", "matrix", "--output", "x.png", "--step", "attention.q", "--key", "0"], 65, "key 0: expected columns of tokens"),
            (["figure", "matrix", "--output", "x.png", "--aggregate", "median"], 64, "The value 'median' is invalid"),
            (["figure", "matrix", "--output", "x.png", "--step", "selected", "--aggregate", "mean"], 65, "expected max"),
            (["figure", "matrix", "--output", "x.png", "--step", "answer"], 65, "a matrix needs two axes"),
            (["figure", "compare", "--output", "x.png", "--head", "2"], 65, "head 2: expected 0 to 1"),
            (["figure", "compare", "--output", "x.png", "--query", "18"], 65, "query 18: expected 0 to 17"),
            (
                ["figure", "compare", "--output", "x.png", "--phase", "decode.9", "--case", decoding], 65,
                "compare: phase decode.9: expected one of prefill, decode.0"
            ),
            (["figure", "questions", "--output", "x.png", "--query=-1"], 65, "query -1: expected 0 to 17"),
            (["figure", "heads", "--output", "x.png", "--step", "attention.q"], 65, "expected the axes h, t and s"),
            (["figure", "heads", "--output", "x.png", "--step", "nothing"], 65, "there is no step of this name"),
            (["figure", "heads", "--output", "x.png", "--query", "99"], 65, "query 99: expected 0 to 17"),
            (["figure", "arcs", "--output", "x.png", "--step", "attention.scores"], 65, "expected weights from 0 to 1"),
            (["figure", "arcs", "--output", "x.png", "--step", "answer"], 65, "a matrix needs two axes"),
            (["figure", "arcs", "--output", "x.png", "--head", "7"], 65, "head 7: expected 0 to 1"),
            (["figure", "matrix", "--output", "x.png", "--width", "0"], 64, "--width 0"),
            (["figure", "matrix", "--output", "x.png", "--width", "1e9"], 64, "expected 280 to 10,000"),
            (["figure", "matrix", "--output", "x.png", "--theme", "pink"], 64, "The value 'pink' is invalid"),
            (["figure", "matrix", "--output", "x.png", "--random", "0"], 65, "0"),
            (["trace"], 64, "expected one source"),
            (["trace", "--lesson", "1", "--case", "x"], 64, "found 2"),
            (["trace", "--lesson", "1", "--output", "/dev/full"], 73, "No space left on device"),
            (["trace", "--case", "/nowhere"], 66, "cannot be opened"),
            (["explain", "--lesson", "1", "attention.scores[9,9,9]"], 65, "expected an index inside [h: 2, t: 18, s: 18]"),
            (["explain", "--lesson", "1", "attention.scors[0,0,0]"], 65, "did you mean attention.scores"),
            (["explain", "--lesson", "1", "attention.scores[a]"], 64, "expected whole numbers in brackets"),
            (["what-if", "--lesson", "1", "--with", "magic"], 65, "expected one of indexer-rope-interleaved"),
            (
                ["what-if", "--lesson", "1", "--with", "indexer-rope-interleaved"], 65,
                "expected an attention with rotary embedding of the half layout"
            ),
            (["what-if", "--lesson", "1", "--with", "top-k=0"], 65, "expected top-k=N"),
            (["case", "make", "--keys", "4", "--queries", "9", "--output", "x"], 64, "expected at least as many as queries"),
            (["case", "make", "--dim", "12", "--output", "x"], 64, "expected a power of two"),
            (["case", "make", "--rope", "half", "--output", "x"], 64, "--rope: expected with --kind whole-indexer"),
            (["case", "make", "--no-sinks", "--output", "x"], 64, "--no-sinks: expected with --kind sparse-mla"),
            (["case", "make", "--kind", "sparse-mla", "--precision", "f32", "--output", "x"], 64, "--precision: expected with"),
            (["case", "make", "--kind", "whole-indexer", "--top-k", "65", "--output", "x"], 64, "at most as many as keys, 64"),
            (["case", "check", "/nowhere", "/nowhere"], 66, "cannot be opened"),
        ] as [([String], Int32, String)])
    func `what cannot be done is one line with the right exit code`(arguments: [String], status: Int32, message: String) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        expect(try attn(arguments, folder: folder), status, message)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test(arguments: [
        [], ["lesson"], ["lesson", "list"], ["lesson", "run"], ["lesson", "check"], ["figure"], ["figure", "list"], ["trace"], ["explain"],
        ["verify"], ["what-if"], ["case", "make"], ["case", "check"], ["case", "clinic"], ["tiles"], ["tiles", "list"], ["tiles", "chips"],
        ["tiles", "emit"],
    ])
    func `help has an example`(path: [String]) throws {
        let run = try attn(path + ["--help"])
        #expect(run.status == 0 && run.error.isEmpty)
        #expect(run.output.contains("Example"))
    }

    @Test func `the version is the newest of the change log`() throws {
        let run = try attn("--version")
        let log = try String(contentsOf: Place.repository.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let newest = log.split(separator: "\n").first { $0.hasPrefix("## ") }?.dropFirst(3)
        #expect(run.status == 0 && newest.map(String.init) == run.output.trimmingCharacters(in: .newlines))
    }

    @Test func `a lesson plays plainly into a pipe, in both languages`() throws {
        let english = try attn("lesson", "run", "1")
        #expect(english.status == 0 && english.error.isEmpty)
        #expect(english.output.contains("designed by hand") && !english.output.contains("\u{1B}"))
        let chinese = try attn("lesson", "run", "1", environment: ["LANG": "zh_CN.UTF-8"])
        #expect(chinese.output.contains("大理"))
        #expect(try attn("lesson", "run", "1", "--lang", "en", environment: ["LANG": "zh_CN.UTF-8"]).output == english.output)
    }

    @Test func `an article folder has its pictures, and the same command gives the same bytes anywhere`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["a", "b"] {
            let run = try attn(
                "lesson", "run", "1", "--to", "markdown", "--lang", "zh", "--output", name, folder: folder,
                environment: name == "a" ? [:] : ["TZ": "Asia/Shanghai", "LC_ALL": "C"])
            #expect(run.status == 0, "\(run)")
        }
        let text = try String(contentsOf: folder.appending(path: "a/index.md"), encoding: .utf8)
        let pictures = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "a/images").path)
        #expect(pictures.count > 8)
        for picture in pictures {
            #expect(text.contains("images/\(picture)"))
            let (a, b) = (folder.appending(path: "a/images/\(picture)"), folder.appending(path: "b/images/\(picture)"))
            #expect(try Data(contentsOf: a) == Data(contentsOf: b), "\(picture)")
        }
        #expect(try Data(contentsOf: folder.appending(path: "a/index.md")) == Data(contentsOf: folder.appending(path: "b/index.md")))
    }

    @Test(arguments: ["png", "svg", "pdf"]) func `a figure is drawn in every format, without a path in it`(ending: String) throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try attn(
            "figure", "matrix", "--case", "\(Place.fixtures)/attention-plain.safetensors", "--output", "m.\(ending)", folder: folder)
        #expect(run.status == 0, "\(run)")
        let bytes = try Data(contentsOf: folder.appending(path: "m.\(ending)"))
        #expect(bytes.count > 1000)
        for path in [Place.fixtures, folder.path, "/tmp"] { #expect(bytes.range(of: Data(path.utf8)) == nil) }
        #expect(ending == "pdf" || bytes.range(of: Data("attention-plain.safetensors".utf8)) != nil)
    }

    @Test func `a trace written and read back explains and draws`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try attn("trace", "--lesson", "1", "--output", "t.json", folder: folder).status == 0)
        let trace = try #require(try json(String(contentsOf: folder.appending(path: "t.json"), encoding: .utf8)) as? [String: Any])
        #expect(trace["format"] as? String == "attention-steps.trace" && trace["version"] as? Int == 1)
        #expect((trace["tokens"] as? [String])?.last == "?")
        let run = try attn("explain", "--trace", "t.json", "attention.weights[1,17,4]", folder: folder)
        #expect(run.status == 0 && run.output.contains("A[1,17,4]"))
        #expect(try attn("figure", "matrix", "--trace", "t.json", "--output", "m.png", folder: folder).status == 0)
    }

    @Test func `explanations reach the bottom`() throws {
        let run = try attn("explain", "--lesson", "attention-step-by-step", "attention.scores[1,17,4]")
        #expect(run.output.contains("= q[17,1]·k[4,1]/√4\n= (3·2 + 4·1.6 + 0·0 + 0·0)/2\n= 6.2"))
        let score = try attn("explain", "--case", "\(Place.fixtures)/dsa-tiny-fp8.safetensors", "prefill.indexer.score[7,2]")
        #expect(score.output.contains("ReLU cuts 2 of 2 dot products to 0: j = 0, 1."))
        let rounded = try attn("explain", "--case", "\(Place.fixtures)/dsa-tiny-fp8.safetensors", "prefill.indexer.q[7,0,3]")
        #expect(rounded.output.contains("code 224 = 1 1100 000 (sign, exponent, fraction); decoded -32"))
    }

    @Test(arguments: [
        ("story[0,5]", "lessons/diary.yaml：手工设计"), ("mask_after_softmax.row_sums[0,0]", "这是错误做法，特意拿来对照"),
        ("attention.weights[0,17,4]", "Vaswani 等 2017"),
    ]) func `a Chinese explanation names its source in Chinese`(cell: String, source: String) throws {
        let run = try attn("explain", "--lesson", "1", "--lang", "zh", cell)
        #expect(run.status == 0 && run.output.contains("出处：" + source), "\(run)")
    }

    @Test func `what-if reports rows and sums`() throws {
        let run = try attn("what-if", "--lesson", "1", "--with", "no-relu", "--json")
        let report = try #require(try json(run.output) as? [String: Any])
        let rows = try #require(report["rows"] as? [[String: Any]])
        #expect(rows.count == 18)
        #expect((rows[17]["selected"] as? [String: [Int]]) == ["right": [0, 2, 4, 14], "variant": [0, 4, 12, 14]])
        #expect((report["sum"] as? [String: Any])?["rows"] as? Int == 18)
    }

    @Test func `an indexer case is made and verifies`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try attn(
            "case", "make", "--queries", "2", "--keys", "64", "--heads", "4", "--dim", "16", "--top-k", "8", "--seed", "7", "--output",
            "c.safetensors", folder: folder)
        #expect(made.status == 0, "\(made)")
        #expect(try attn("verify", "c.safetensors", folder: folder).status == 0)
    }

    @Test func `a closed pipe ends quietly`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "'\(Place.attn.path)' trace --lesson 1 | head -c 10 >/dev/null; echo ${PIPESTATUS:-0}"]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }

    @Test func `a full disk is an error, also for what is printed`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "'\(Place.attn.path)' lesson list > /dev/full 2>/dev/null"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 73)
    }
}

@Suite struct ModelFileCommandTests {
    @Test func `a GGUF file is a model: pictures say its name and its hash, and nothing is written over it`() throws {
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(atPath: Place.fixtures + "/gguf-llama.gguf", toPath: folder.path + "/m.gguf")
        let source = ["--model", "\(folder.path)/m.gguf", "--text", "the rain"]
        let figure = try attn(["figure", "heads"] + source + ["--output", "p.svg"], folder: folder)
        #expect(figure.status == 0, "\(figure)")
        let picture = try String(contentsOf: folder.appending(path: "p.svg"), encoding: .utf8)
        #expect(picture.contains("m.gguf") && !picture.contains(folder.path))
        #expect(picture.contains("3efc37afa1566af2171cbb6bbc6f4942c5a54d03d5c97f0dfa36576f6831053a"))
        let over = try attn(["trace"] + source + ["--output", "m.gguf"], folder: folder)
        #expect(over.status == 64 && over.error.contains("expected a file other than the input"), "\(over)")
        try Data("GGUF".utf8).write(to: folder.appending(path: "m.gguf"))
        let short = try attn(["trace"] + source, folder: folder)
        #expect(short.status == 65 && short.error.hasSuffix("m.gguf: expected a GGUF file of at least 24 bytes, found 4\n"), "\(short)")
    }
}

@Suite(.enabled(if: Place.model != nil, "the real model is beside the repository")) struct RealModelCommandTests {
    private let text = "Lily and Tom went to the park."

    @Test func `trace, figure, explain and lesson run on a real model`() throws {
        let model = try #require(Place.model)
        let folder = try Place.temporary()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try attn("trace", "--model", model, "--text", text, "--output", "t.json", folder: folder).status == 0)
        let trace = try #require(try json(String(contentsOf: folder.appending(path: "t.json"), encoding: .utf8)) as? [String: Any])
        let golden = try #require(try json(String(contentsOfFile: model + "/golden.json", encoding: .utf8)) as? [String: Any])
        #expect(trace["tokenIDs"] as? [Int] == golden["prompt_ids"] as? [Int])
        let steps = try #require(trace["steps"] as? [[String: Any]])
        let logits = try #require(steps.first { $0["id"] as? String == "logits" }?["output"] as? [String: Any])
        let last = try #require(golden["last_logits"] as? [Double])
        let values = try #require(logits["values"] as? [Double]).suffix(last.count)
        #expect(zip(values, last).allSatisfy { abs($0 - $1) < 1e-9 })

        let figure = try attn(
            "figure", "matrix", "--model", model, "--text", text, "--step", "layer.1.attention.weights", "--head", "3", "--output", "m.png",
            folder: folder)
        #expect(figure.status == 0, "\(figure)")
        #expect(try attn("explain", "--model", model, "--text", text, "layer.0.attention.weights[0,5,2]").output.contains("A[0,5,2]"))
        let lesson = try attn("lesson", "run", "1", "--model", model, "--text", text)
        #expect(lesson.status == 0 && lesson.output.contains("␣Lily"), "\(lesson.error)")
        #expect(lesson.output.split(separator: "\n").count { $0.hasPrefix("? ") } >= 2)
    }

    @Test func `a text over the context and an empty one are errors`() throws {
        let model = try #require(Place.model)
        let long = try attn("trace", "--model", model, "--text", String(repeating: "park ", count: 600))
        #expect(long.status == 65 && long.error.split(separator: "\n").count == 1, "\(long.error)")
        #expect(try attn("trace", "--model", model, "--text", "").status == 65)
        #expect(try attn("trace", "--model", model).status == 64)
    }
}
