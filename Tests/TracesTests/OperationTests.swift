// The operations against numpy, which knows nothing of them: small cases that Tests/python/operations.py computed, in bulk and cell by cell.
// An operation's two paths share its arithmetic (a softmax of a row, the rank of a score), so holding one against the other would not do.

import Foundation
import Testing
import Traces

private struct OperationCase: Decodable, CustomTestStringConvertible {
    struct Values: Decodable {
        let axes: [String]
        let lengths: [Int]
        let values: [Double]

        var tensor: Tensor { Tensor(axes.map { Axis($0) }, lengths, values) }
    }
    struct Options: Decodable {
        let over: String?
        let epsilon: Double?
        let next: [Int]?
        let constant: Double?
        let layout: String?
        let positions: [Int]?
        let frequencies: [Double]?
        let k: Int?
        let offset: Int?
        let format: String?
        let block: Int?

        var axis: Axis { get throws { try Axis(#require(over)) } }
    }

    let operation: String
    let inputs: [String: Values]
    let options: Options
    let expected: Values
    let isExact: Bool

    var testDescription: String { "\(operation) of \(inputs["a"].map { "\($0.tensor.shape)" } ?? "nothing")" }

    static let all: [OperationCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/operations.json")
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do {
            return try decoder.decode([OperationCase].self, from: Data(contentsOf: file))
        } catch {
            Issue.record("\(file.lastPathComponent): \(error)")
            return []
        }
    }()

    private func input(_ name: String, _ recorder: inout Recorder) throws -> Traces.Expression {
        try recorder.input(StepID("input.\(name)"), name, #require(inputs[name], "no input \(name)").tensor, title: Bilingual(same: name))
    }

    /// A case's mask [t, s] of ones and zeros.
    private func mask() throws -> Mask {
        let cells = try #require(inputs["mask"]).tensor
        return Mask(rows: cells.shape.lengths[0], columns: cells.shape.lengths[1]) { cells[$0, $1] == 1 }
    }

    /// The scores of a case, behind its mask if it has one.
    private func scores(_ recorder: inout Recorder) throws -> Traces.Expression {
        let a = try input("a", &recorder)
        return inputs["mask"] == nil ? a : try masked(a, mask())
    }

    /// The expression that the engine has for this case.
    func expression(_ recorder: inout Recorder) throws -> Traces.Expression {
        switch operation {
        case "softmax": try softmax(scores(&recorder), over: options.axis)
        case "exponential of a row minus its maximum":
            try exponential(scores(&recorder), minus: maximum(scores(&recorder), over: .s))
        case "maximum": try maximum(input("a", &recorder), over: options.axis)
        case "larger of two": try maximum(input("a", &recorder), input("b", &recorder))
        case "RMSNorm":
            try rmsNorm(input("a", &recorder), input("weight", &recorder), epsilon: #require(options.epsilon), over: options.axis)
        case "RMSNorm, weights beyond 1":
            try rmsNorm(
                input("a", &recorder), input("weight", &recorder), epsilon: #require(options.epsilon), over: options.axis,
                weightsAreBeyondOne: true)
        case "LayerNorm":
            try layerNorm(
                input("a", &recorder), input("weight", &recorder), input("bias", &recorder), epsilon: #require(options.epsilon),
                over: options.axis)
        case "cross-entropy": try crossEntropy(input("a", &recorder), next: #require(options.next))
        case "Hadamard rotation": try hadamard(input("a", &recorder), over: options.axis)
        case "ReLU": try relu(input("a", &recorder))
        case "SiLU": try silu(input("a", &recorder))
        case "GELU": try gelu(input("a", &recorder), .exact)
        case "GELU, approximated": try gelu(input("a", &recorder), .approximate)
        case "soft cap": try softCapped(input("a", &recorder), at: #require(options.constant))
        case "divided by a constant": try input("a", &recorder) / Constant(#require(options.constant))
        case "times a constant": try input("a", &recorder) * Constant(#require(options.constant))
        case "quotient": try input("a", &recorder) / input("b", &recorder)
        case "masked": try masked(input("a", &recorder), mask())
        case "zeroed": try zeroed(input("a", &recorder), mask())
        case "rotary embedding":
            try rotary(
                input("a", &recorder), #require(options.layout.flatMap(RotaryLayout.init)), positions: #require(options.positions),
                frequencies: #require(options.frequencies), magnitude: options.constant ?? 1, token: .t)
        default: try selectionOrRounding(&recorder)
        }
    }

    private func selectionOrRounding(_ recorder: inout Recorder) throws -> Traces.Expression {
        let a = try input("a", &recorder)
        switch operation {
        case "top-k":
            let lengths = a.shape.lengths
            return try topK(
                a, #require(options.k), visible: .causal(rows: lengths[0], columns: lengths[1], offset: #require(options.offset)))
        case "gather of a selection": return try gathered(a, selected: input("selection", &recorder))
        case "block scale": return try blockScale(a, #require(options.format.flatMap(ScaleFormat.init)), block: #require(options.block))
        case "FP8": return try float8(a, scale: input("scale", &recorder), block: #require(options.block))
        case "dequantised": return try dequantised(a, scale: input("scale", &recorder), block: #require(options.block))
        default: throw EngineError(.value, operation, "no test computes this operation")
        }
    }
}

@Suite struct OperationTests {
    /// numpy's results are right to the last bit; ours have sums of at most 8 terms and one exponential, root or logarithm: a few ulps,
    /// relative to 1 where a sum cancels.
    static let tolerance = 4e-15

    @Test(arguments: OperationCase.all) fileprivate func `every operation computes what numpy does, in bulk and cell by cell`(
        one: OperationCase
    ) throws {
        var recorder = Recorder()
        let axes = one.expected.axes.map { Axis($0) }
        let equation = Equation(named: "result", symbol: "R", Bilingual(same: "R"), "", source: Bilingual(same: ""), axes: axes)
        _ = try recorder.record(equation, one.expression(&recorder))
        let step = try recorder.trace.step("result")
        let expected = one.expected.tensor
        try #require(step.output.shape == expected.shape)
        for (offset, value) in expected.values.enumerated() {
            let index = expected.shape.index(ofOffset: offset)
            for (path, found) in [("in bulk", step.output[index]), ("alone", step.recomputed(index))] {
                let isRight = found == value || !one.isExact && abs(found - value) <= Self.tolerance * max(1, abs(value))
                #expect(isRight, "\(index) \(path): expected \(value), found \(found)")
            }
        }
    }

    @Test func `the fixture holds every operation whose two paths share their arithmetic`() {
        #expect(
            Set(OperationCase.all.map(\.operation)) == [
                "softmax", "exponential of a row minus its maximum", "maximum", "larger of two", "RMSNorm", "LayerNorm", "cross-entropy",
                "Hadamard rotation", "ReLU", "SiLU", "RMSNorm, weights beyond 1", "GELU", "GELU, approximated", "soft cap",
                "divided by a constant", "times a constant", "quotient", "masked", "zeroed",
                "rotary embedding", "top-k", "gather of a selection", "block scale", "FP8", "dequantised",
            ])
    }
}
