// A trace as a script in Python that needs numpy alone: what was given, each equation on a line under its formula, and what was recorded, against which
// the script holds every step that it computes.

internal import Mechanisms
public import Traces

/// Writes traces as scripts.
public struct NumPyScript: Sendable {
    /// The most numbers that a script holds, given and recorded: some 180 MB of text.
    public static let mostNumbers = 1 << 24
    /// Arrays of at most so many numbers are written to be read, larger ones in base64.
    private static let mostReadable = 1024

    /// How many steps the script computes.
    public private(set) var stepCount = 0
    private let name: String
    private let remarks: [String]
    private let language: Language
    private var spelling = NumPySpelling()
    /// The body of the function that computes.
    private var equations: [String] = []
    private var given: [Step] = []
    private var recorded: [Step] = []
    /// What is the same exactly: codes, scales, selections, and what only rearranges such and what is given.
    private var exact: Set<String> = []
    /// Names that no step may have any more.
    private var taken = Set(NumPyFunction.allCases.map { $0.rawValue } + ["np", "step", "inf", "range"])

    /// The steps of `trace` that are computed; of some `layers` alone, what enters them being given.
    /// - Parameters:
    ///   - name: what the trace is of, in words of a line.
    ///   - remarks: what else a reader must know of the data, a line each.
    /// - Throws: `EngineError` for a step whose arithmetic is not at hand, for a trace without steps to compute, for layers that are not there, and
    ///   if there are too many numbers.
    public init(_ trace: Trace, name: String, remarks: [String] = [], layers: ClosedRange<Int>? = nil, language: Language = .en)
        throws(EngineError)
    {
        self.name = name
        self.remarks = remarks
        self.language = language
        let steps = try Self.computed(trace, layers)
        if let step = steps.first(where: { $0.inputs.contains(where: trace.omits) }), let input = step.inputs.first(where: trace.omits) {
            throw EngineError(
                .value, step.id.text, expected: "a trace that holds what it is made from", found: "\(input) left out of the trace")
        }
        try Self.checkSize(trace, steps)
        for step in steps {
            guard let definition = step.definition else { continue }
            if !equations.isEmpty { equations.append("") }
            for id in step.inputs where spelling.names[id.text] == nil { try give(trace.step(id)) }
            if isExact(definition) { exact.insert(step.id.text) }
            record(step, definition)
        }
        stepCount = recorded.count
    }

    private static func computed(_ trace: Trace, _ layers: ClosedRange<Int>?) throws(EngineError) -> [Step] {
        if let layers {
            guard let last = trace.steps.compactMap({ $0.id.layer }).max() else {
                throw EngineError(.index, "layers", "this trace has no layers")
            }
            guard layers.lowerBound >= 0, layers.upperBound <= last else {
                throw EngineError(.index, "layers", expected: "0 to \(last)", found: "\(layers.lowerBound) to \(layers.upperBound)")
            }
        }
        let steps = trace.steps.filter { step in
            (!step.inputs.isEmpty || step.definition != nil) && (layers.map { step.id.layer.map($0.contains) ?? false } ?? true)
        }
        let source = "a trace that is computed here: --lesson NAME, --case FILE, --model DIR --text TEXT, or --attention FILE --select RULE"
        if let unknown = steps.first(where: { $0.definition == nil }) {
            throw EngineError(
                .value, unknown.id.text, expected: source, found: "values without their arithmetic, as a file of a trace has them")
        }
        guard !steps.isEmpty else { throw EngineError(.value, "export", expected: source, found: "nothing but given values") }
        return steps
    }

    private static func checkSize(_ trace: Trace, _ steps: [Step]) throws(EngineError) {
        var entering: Set<String> = []
        for step in steps { for id in step.inputs { entering.insert(id.text) } }
        for step in steps { entering.remove(step.id.text) }
        let numbers =
            steps.reduce(0) { $0 + $1.output.shape.count }
            + trace.steps.reduce(0) { $0 + (entering.contains($1.id.text) ? $1.output.shape.count : 0) }
        guard numbers <= mostNumbers else {
            throw EngineError(
                .value, "export", expected: "at most \(mostNumbers) numbers, given and recorded; --layers A-B writes some layers",
                found: "\(numbers)")
        }
    }

    private mutating func named(_ step: Step) -> String {
        let name = Python.name(step.id.text, unlike: taken)
        taken.insert(name)
        spelling.names[step.id.text] = name
        return name
    }

    private mutating func give(_ step: Step) {
        given.append(step)
        exact.insert(step.id.text)
        let words = "\(step.title[language]): \(Self.subject(step))"
        equations.append("\(named(step)) = GIVEN[\(Python.quoted(step.id.text))]  \(Python.remark(words))")
    }

    private mutating func record(_ step: Step, _ definition: Expression) {
        let text = spelling.spell(definition, on: step.output.shape.axes)
        recorded.append(step)
        equations.append(Python.remark("\(step.title[language]) \(Self.axes(step)): \(step.formula.text)"))
        if !step.sourceNote[language].isEmpty { equations.append(Python.remark(step.sourceNote[language])) }
        let exactly = exact.contains(step.id.text) ? ", exactly=True" : ""
        equations.append("\(named(step)) = step(\(Python.quoted(step.id.text)), \(text)\(exactly))")
    }

    private static func axes(_ step: Step) -> String { "[\(step.output.shape.axes.map { $0.name }.joined(separator: ", "))]" }
    private static func subject(_ step: Step) -> String { "\(step.symbol) \(axes(step))" }

    private func isExact(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .recorded(let step): exact.contains(step.id.text)
        case .deferred(let result): exact.contains(result.id.text)
        case .topK, .blockScale, .float8, .filled: true
        case .selected(let a, let selection): isExact(a) && isExact(selection)
        case .masked(let a, _, _, _), .gathered(let a, _, _, _), .renamed(let a, _, _), .split(let a, _, _),
            .merged(let a, _, _), .shared(let a, _, _, _), .sliced(let a, _, _):
            isExact(a)
        case .concatenated(let parts, _), .assembled(let parts, _): parts.allSatisfy(isExact)
        case .sum, .product, .quotient, .larger, .exponential, .scaled, .relu, .silu, .gelu, .softCapped, .contraction, .total, .maximum,
            .softmax, .rmsNorm,
            .layerNorm, .rotary, .hadamard, .dequantised, .crossEntropy:
            false
        }
    }
}

// MARK: The text

extension NumPyScript {
    /// Writes the file, whole or not at all.
    public func write(to path: String) throws(FileError) {
        try WholeFile.write(path) { stream throws(FileError) in try write(to: &stream) }
    }

    /// Writes to a stream, for example standard output; the caller finishes the stream.
    public func write(to stream: inout ByteStream) throws(FileError) {
        for line in head { try stream.write(line + "\n") }
        for line in equations { try stream.write(line.isEmpty ? "\n" : "    \(line)\n") }
        try stream.write("\n\n" + Python.remark(said("What is given.", "给定的数。")) + "\n\n")
        for constant in spelling.constants { try stream.write("\(constant.name) = \(constant.text)\n") }
        try write(given, "GIVEN", to: &stream)
        try stream.write("\n" + Python.remark(said("What attn recorded.", "attn 记录下来的数。")) + "\n\n")
        try write(recorded, "RECORDED", to: &stream)
        try stream.write("\n" + end + "\n")
    }

    private func said(_ en: String, _ zh: String) -> String { language == .en ? en : zh }

    private var head: [String] {
        let about = [
            said(
                "\(name): the \(stepCount) steps that attn recorded, computed anew by numpy from what is given.",
                "\(name)：attn 记录的 \(stepCount) 步，由 numpy 从给定的数重新算一遍。"),
            said(
                "Run it: python3 steps.py. It ends with 0 and says how many steps came out as recorded, or with 1 and names the first that did not.",
                "运行：python3 steps.py。全部与记录一致时，报告步数并以 0 退出；否则指出第一处不同，以 1 退出。"),
            said(
                "Steps agree to 1e-12 of their largest magnitude; codes, their scales, and positions exactly.",
                "每一步与记录之差不超过该步最大绝对值的 1e-12；编码、缩放与位置必须完全相同。"),
        ]
        var lines = ["#!/usr/bin/env python3"] + (about + remarks).map(Python.remark)
        lines += ["", "import base64", "import sys", "from math import inf", "", "import numpy as np"]
        for function in NumPyFunction.allCases where spelling.functions.contains(function) { lines += ["", "", function.definition] }
        return lines + ["", "", Self.step(language), "", "", "def compute():"]
    }

    private func write(_ steps: [Step], _ name: String, to stream: inout ByteStream) throws(FileError) {
        try stream.write("\(name) = {\n")
        for step in steps { try stream.write("    \(Python.quoted(step.id.text)): \(Self.array(step.output)),\n") }
        try stream.write("}\n")
    }

    /// An array's numbers: rows to be read, or the bytes of each Double.
    private static func array(_ tensor: Tensor) -> String {
        let lengths = tensor.shape.lengths
        guard tensor.values.count <= mostReadable, !lengths.contains(0) else {
            let text = Base64.text(tensor.values)
            return "packed(\(Python.tuple(lengths)), \"\(text)\")"
        }
        var rows = tensor.values.map(Python.number)
        for (depth, length) in lengths.enumerated().reversed() {
            let (between, end) = depth == lengths.count - 1 ? (", ", "") : (",\n        ", "")
            rows = stride(from: 0, to: rows.count, by: length).map { "[" + rows[$0..<$0 + length].joined(separator: between) + "\(end)]" }
        }
        return "np.array(\(rows[0]), dtype=float)"
    }

    private static func step(_ language: Language) -> String {
        let (shapes, cells) =
            language == .en
            ? (
                "{name}: expected the shape {expected.shape}, found {found.shape}",
                "{name}{cell}: expected {expected[at]}, found {found[at]}"
            )
            : ("{name}：应为形状 {expected.shape}，得到 {found.shape}", "{name}{cell}：应为 {expected[at]}，得到 {found[at]}")
        return """
            def packed(shape, text):
                return np.frombuffer(base64.b64decode(text), "<f8").reshape(shape)


            def step(name, found, exactly=False):
                \"""What was computed, held against what was recorded.\"""
                found, expected = np.asarray(found), RECORDED[name]
                if found.shape != expected.shape:
                    sys.exit(f"\(shapes)")
                away = np.where(found == expected, 0, np.abs(found - expected))
                largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
                if not (away <= (0 if exactly else 1e-12 * largest)).all():
                    at = np.unravel_index(np.where(np.isnan(away), inf, away).argmax(), away.shape)
                    cell = [int(position) for position in at]
                    sys.exit(f"\(cells)")
                step.count += 1
                return found
            """
    }

    private var end: String {
        """
        if __name__ == "__main__":
            step.count = 0
            # \(said("-inf less -inf is looked after where it comes up.", "-inf 减 -inf 之处都另有处理。"))
            with np.errstate(all="ignore"):
                compute()
            print(f"\(said("{step.count} steps recomputed: all as recorded", "重新计算了 {step.count} 步，全部与记录一致"))")
        """
    }
}
