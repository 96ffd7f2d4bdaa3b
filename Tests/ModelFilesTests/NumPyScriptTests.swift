// A trace as a script: how each kind of expression is spelled, that numpy computes the same, what cannot be written, and that nothing in a name ends a line.

import FileTesting
import Foundation
import ModelFiles
import Testing
import Traces

/// A python3 that has numpy: where tests keep one, or the system's; nil if neither has it.
private let python: String? = {
    let own = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.venv-numpy/bin/python").standardized.path
    return [own, "/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"].first { path in
        FileManager.default.isExecutableFile(atPath: path) && (try? run(path, "-c", "import numpy"))?.status == 0
    }
}()

private func run(_ program: String, _ arguments: String...) throws -> (status: Int32, output: String, error: String) {
    let (process, output, error) = (Process(), Pipe(), Pipe())
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    let texts = [output, error].map { String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
    process.waitUntilExit()
    return (process.terminationStatus, texts[0], texts[1])
}

/// A step of every kind, made of a few numbers, with the line of Python that it becomes.
private struct EveryKind {
    var recorder = Recorder()
    var lines: [(name: String, python: String)] = []

    init() throws {
        try recordCellByCell()
        try recordRows()
        try recordRounding()
        try recordRearranged()
    }

    private mutating func given(_ name: String, _ axes: [Axis], _ lengths: [Int], seed: Int = 0) throws -> Traces.Expression {
        let values = (0..<lengths.reduce(1, *)).map { Double(($0 * 7 + seed * 5 + 3) % 11) / 4 - 1.25 }
        return try recorder.input(StepID(name), name, Tensor(axes, lengths, values), title: Bilingual(same: name))
    }

    @discardableResult
    private mutating func record(_ name: String, _ axes: [Axis], _ expression: Traces.Expression, _ python: String) throws
        -> Traces.Expression
    {
        lines.append((name, python))
        let equation = Equation(
            named: name, symbol: name, Bilingual(same: "Step \(name)"), "y = x", source: Bilingual(same: "a test"), axes: axes)
        return try recorder.record(equation, expression)
    }

    private mutating func recordCellByCell() throws {
        let (x, b) = (try given("x", [.t, .c], [3, 4]), try given("b", [.c], [4], seed: 1))
        let (u, v) = (try given("u", [.t], [3], seed: 2), try given("v", [.c, .t], [4, 3], seed: 3))
        try record("sums", [.t, .c], x + (b + u), "x + (b[:, None] + u).T")
        try record("product", [.c, .t], x * v, "(x * v.T).T")
        try record("of sums", [.t, .c], (x + b) * (x + b) / Constant(3), "(x + b) * (x + b) / 3")
        try record("root", [.t, .c], x / .root(4) * Constant(-0.5), "x / np.sqrt(4) * (-0.5)")
        try record("quotient", [.t, .c], (x + x) / u, "quotient(x + x, u[:, None])")
        try record("larger", [.t, .c], maximum(x, b), "np.maximum(x, b)")
        try record(
            "exponential", [.t, .c], exponential(x, minus: maximum(x, over: .c)), "exponential(x, x.max(axis=1, initial=-inf)[:, None])")
        try record("relu", [.t, .c], relu(x), "np.maximum(x, 0)")
        try record("silu", [.t, .c], silu(x), "silu(x)")
        try record("gelu", [.t, .c], gelu(x, .exact), "gelu(x)")
        try record("gelu of tanh", [.t, .c], gelu(x, .approximate), "gelu_by_tanh(x)")
        try record("capped", [.t, .c], softCapped(x + b, at: 2), "np.tanh((x + b) / 2) * 2")
        try record("filled", [.t], filled(-.infinity, Shape([.t], [3])), "np.full((3,), -inf), exactly=True")
    }

    private mutating func recordRows() throws {
        let (q, k) = (try given("q", [.t, .h, .d], [3, 2, 4]), try given("k", [.s, .g, .d], [5, 1, 4], seed: 1))
        let shared = k.sharing(.g, as: .h, times: 2)
        let S = try record("S", [.h, .t, .s], dot(q, shared), "einsum(\"thd,shd->hts\", q, np.repeat(k, 2, axis=1))")
        let causal = Mask.causal(rows: 3, columns: 5, offset: 1)
        try record(
            "causal", [.h, .t, .s], masked(S, causal), "np.where(np.tri(3, 5, 1, dtype=bool), S, -inf)")
        let window = Mask(rows: 3, columns: 5) { $1 <= $0 + 2 && $1 > $0 }
        try record(
            "window", [.h, .t, .s], masked(S, window), "np.where(np.tri(3, 5, 2, dtype=bool) & ~np.tri(3, 5, dtype=bool), S, -inf)")
        let odd = Mask(rows: 3, columns: 5) { ($0 + $1) % 2 == 0 || $1 == 3 }
        try record("odd", [.h, .t, .s], zeroed(S, odd), "np.where(seen(\"10111\", \"01010\", \"10111\"), S, 0)")
        try record("open", [.h, .t, .s], masked(S, .bidirectional(rows: 3, columns: 5)), "S")
        try record("across", [.s, .t, .h], masked(S, causal), "np.where(np.tri(3, 5, 1, dtype=bool), S, -inf).transpose(2, 1, 0)")
        try record("softmax", [.h, .t, .s], softmax(S, over: .s), "softmax(S, axis=2)")
        let P = try record("P", [.t, .s], sum(S, over: .h), "total(S, axis=0)")
        let chosen = try record(
            "chosen", [.t, .k], topK(P, 2, visible: causal), "top_k(P, k=2, visible=np.tri(3, 5, 1, dtype=bool)), exactly=True")
        try record(
            "selected", [.h, .t, .s], masked(S, causal.selecting(chosen.tensor), selection: chosen),
            "np.where(kept(chosen, keys=5), S, -inf)")
        try record(
            "all", [.t, .k], topK(P, 5, visible: .bidirectional(rows: 3, columns: 5)),
            "top_k(P, k=5, visible=np.ones((3, 5))), exactly=True")
        try record("read", [.t, .k, .g, .d], gathered(k, selected: chosen), "gathered(k, chosen), exactly=True")
        let (x, b) = (try recorder.recorded("x"), try recorder.recorded("b"))
        try record("rms", [.t, .c], rmsNorm(x, b, epsilon: 1e-6), "rms_norm(x, axis=1, epsilon=1e-06) * b")
        try record(
            "beyond one", [.t, .c], rmsNorm(x, b, epsilon: 1e-6, weightsAreBeyondOne: true), "rms_norm(x, axis=1, epsilon=1e-06) * (1 + b)")
        try record("norm", [.t, .c], layerNorm(x, b, b, epsilon: 1e-5, over: .c), "layer_norm(x, axis=1, epsilon=1e-05) * b + b")
        try record("loss", [.t], crossEntropy(P.renaming(.s, to: .n), next: [4, 0]), "cross_entropy(P, [4, 0])")
    }

    private mutating func recordRounding() throws {
        let q = try recorder.recorded("q")
        for layout in RotaryLayout.allCases {
            try record(
                "turned \(layout.rawValue)", [.t, .h, .d],
                rotary(q, layout, positions: [4, 5, 6], frequencies: [1, 0.125], token: .t),
                "rotary(q, \"\(layout.rawValue)\", range(4, 7), [1, 0.125], token=0, axis=2)")
        }
        try record(
            "grown", [.t, .h, .d], rotary(q, .half, positions: [0, 1, 2], frequencies: [1, 0.5], magnitude: 1.25, token: .t),
            "rotary(q, \"half\", range(3), [1, 0.5], token=0, axis=2) * 1.25")
        try record("H", [.t, .h, .d], hadamard(q), "hadamard(q, axis=2)")
        for (format, function) in [(ScaleFormat.powerOfTwo, "ue8m0"), (.float32, "float32_scale")] {
            let scale = try record(
                "\(function) of blocks", [.t, .h, "b"], blockScale(q, format, block: 2),
                "\(function)(block_maximum(q, block=2, axis=2)), exactly=True")
            let name = "\(function)_of_blocks"
            let codes = try record(
                "\(function) codes", [.t, .h, .d], float8(q, scale: scale, block: 2),
                "e4m3(q / np.repeat(\(name), 2, axis=2)), exactly=True")
            try record(
                "\(function) values", [.t, .h, .d], dequantised(codes, scale: scale, block: 2),
                "\(function)_codes * np.repeat(\(name), 2, axis=2)")
        }
        let whole = try record(
            "whole", [.t, .h], blockScale(q, .powerOfTwo, block: 4), "ue8m0(block_maximum(q, block=4, axis=2)), exactly=True")
        try record("rounded", [.t, .h, .d], float8(q, scale: whole, block: 4), "e4m3(q / whole[:, :, None]), exactly=True")
    }

    private mutating func recordRearranged() throws {
        let (x, q, v) = (try recorder.recorded("x"), try recorder.recorded("q"), try recorder.recorded("v"))
        try record("rows", ["r", .c], gathered(x, .t, at: [2, 0, 2], as: "r"), "np.take(x, [2, 0, 2], axis=0), exactly=True")
        try record("two", [.c, .t], concatenated([x, v], along: .t), "np.concatenate([x, v.T], axis=0).T, exactly=True")
        try record("renamed", [.s, .c], x.renaming(.t, to: .s), "x, exactly=True")
        try record("split", [.t, .h, .d], x.splitting(.c, into: [(.h, 2), (.d, 2)]), "x.reshape(3, 2, 2), exactly=True")
        try record("merged", [.t, .c], q.merging([.d, .h], into: .c), "q.transpose(0, 2, 1).reshape(3, 8), exactly=True")
        try record("slice", [.t, .c], x.slicing(.c, 1..<3), "x[:, 1:3], exactly=True")
        try record(
            "mosaic", [.t], assembled([(x.slicing(.t, 0..<1).slicing(.c, 0..<2), [3, 0])], as: Shape([.t], [4])),
            "assembled([1, -1, -1, 0], (4,), x[0:1][:, 0:2]), exactly=True")
    }
}

@Suite struct NumPyScriptTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func script(_ trace: Trace, layers: ClosedRange<Int>? = nil, language: Language = .en) throws -> String {
        let path = folder.path + "/steps.py"
        try NumPyScript(trace, name: "a test", layers: layers, language: language).write(to: path)
        return try text(path)
    }

    @Test func `each kind of expression has one spelling`() throws {
        let all = try EveryKind()
        let lines = try script(all.recorder.trace).split(separator: "\n").map { $0.drop { $0 == " " } }
        for (name, python) in all.lines {
            let line = try #require(lines.first { $0.contains("step(\"\(name)\", ") }, "\(name)")
            #expect(line.hasSuffix(" = step(\"\(name)\", \(python))"), "expected \(python), found \(line)")
        }
    }

    @Test(.enabled(if: python != nil, "python3 with numpy is not here"), arguments: Language.allCases)
    func `numpy computes every kind as the engine does`(language: Language) throws {
        let all = try EveryKind()
        let path = folder.path + "/steps.py"
        let written = try NumPyScript(all.recorder.trace, name: "a test", language: language)
        #expect(written.stepCount == all.lines.count)
        try written.write(to: path)
        let found = try run(#require(python), path)
        #expect(found.status == 0 && found.error.isEmpty && found.output.contains("\(all.lines.count) "), "\(found)")
    }

    @Test(.enabled(if: python != nil, "python3 with numpy is not here")) func `large arrays stand in base64, bit for bit`() throws {
        var recorder = Recorder()
        let values = (0..<3000).map { Double(bitPattern: 0x3FF0_0000_0000_0001 + UInt64($0) * 0x0001_2345_6789) }
        let x = try recorder.input("x", "x", Tensor([.t, .c], [30, 100], values), title: Bilingual(same: "x"))
        let equation = Equation(named: "y", symbol: "y", Bilingual(same: "y"), "y", source: Bilingual(same: ""), axes: [.t, .c])
        _ = try recorder.record(equation, x + x)
        let source = try script(recorder.trace)
        #expect(source.contains("\"x\": packed((30, 100), \""))
        #expect(try run(#require(python), folder.path + "/steps.py").status == 0)
    }

    @Test(.enabled(if: python != nil, "python3 with numpy is not here")) func `no name or title ends a line`() throws {
        var recorder = Recorder()
        let odd = "a\nimport os\r\u{2028}\"\"\"\\\u{0}'#é"
        let x = try recorder.input(StepID(odd), odd, Tensor([.t], [2], [1, 2]), title: Bilingual(same: odd), source: Bilingual(same: odd))
        let equation = Equation(named: "class", symbol: odd, Bilingual(same: odd), "y", source: Bilingual(same: odd), axes: [.t])
        _ = try recorder.record(equation, x + x)
        try NumPyScript(recorder.trace, name: odd, remarks: [odd]).write(to: folder.path + "/steps.py")
        let found = try run(#require(python), folder.path + "/steps.py")
        #expect(found.status == 0 && found.error.isEmpty, "\(found)")
        #expect(try !text(folder.path + "/steps.py").contains("\nimport os"))
    }

    @Test func `what cannot be computed anew is refused by name`() throws {
        let sample = try EveryKind().recorder.trace
        let path = folder.path + "/t.json"
        try TraceJSON.write(sample, to: path)
        func refusal(_ trace: Trace, layers: ClosedRange<Int>? = nil) -> String {
            do {
                _ = try NumPyScript(trace, name: "t", layers: layers)
                return "nothing"
            } catch { return "\(error)" }
        }
        #expect(try refusal(TraceJSON.read(path)).hasPrefix("sums: expected a trace that is computed here: --lesson NAME, --case FILE"))
        #expect(refusal(Trace(steps: Array(sample.steps.prefix(2)))).contains("found nothing but given values"))
        #expect(refusal(sample, layers: 3...3) == "layers: this trace has no layers")
    }
}
