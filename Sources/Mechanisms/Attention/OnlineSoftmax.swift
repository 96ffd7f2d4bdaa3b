// FlashAttention's recurrence (Dao et al. 2022): softmax and weighted sum over keys that arrive in blocks. Only a running maximum, a running sum
// and the output so far are kept; when a larger score arrives, what came before is rescaled. The result is that of the plain softmax: this is the
// bridge from the formula to a kernel. Tiles of queries, on-chip memory and the backward pass are left out.

public import Traces

/// Attention over scores and values, block by block.
public struct OnlineSoftmax: Hashable, Sendable {
    /// Keys in a block; the last may have fewer.
    public let blockSize: Int

    /// Throws unless a block holds a key.
    public init(blockSize: Int) throws(EngineError) {
        guard blockSize > 0 else { throw EngineError(.value, "block size", expected: "1 or more keys", found: "\(blockSize)") }
        self.blockSize = blockSize
    }

    /// Records `block.N.scores`, `.maximum`, `.numerators`, `.rescaling` (from the second block), `.sum`, `.output` for each block, then `heads`.
    /// - Parameters:
    ///   - S: scores [h, t, s], scaled and masked.
    ///   - v: values [s, h, d].
    /// - Returns: [t, h, d], equal to Σ_s softmax(S) v.
    public func record(_ S: Expression, values v: Expression, on trace: inout Recorder) throws(EngineError) -> Expression {
        guard let keys = S.shape[.s], keys > 0, v.shape[.s] == keys else {
            throw EngineError(
                .shape, "online softmax", expected: "scores and values of as many keys, 1 or more", found: "\(S.shape) and \(v.shape)")
        }
        var past: (m: Expression, l: Expression, O: Expression)?
        for (b, start) in stride(from: 0, to: keys, by: blockSize).enumerated() {
            let block = start..<min(start + blockSize, keys)
            past = try trace.within(.block(b)) { [past] trace throws(EngineError) in
                try absorb(S.slicing(.s, block), v.slicing(.s, block), visible: S.visible?.columns(block), into: past, on: &trace)
            }
        }
        return try trace.record(.onlineHeads, past!.O / past!.l)
    }

    private func absorb(
        _ scores: Expression, _ v: Expression, visible: Mask?, into past: (m: Expression, l: Expression, O: Expression)?,
        on trace: inout Recorder
    ) throws(EngineError) -> (m: Expression, l: Expression, O: Expression) {
        let S = try trace.record(.blockScores, scores, visible: visible)
        guard let past else {
            let m = try trace.record(.runningMaximum, maximum(S, over: .s))
            let P = try trace.record(.blockNumerators, exponential(S, minus: m), visible: visible)
            let l = try trace.record(.runningSum, sum(P, over: .s), visible: visible)
            return (m, l, try trace.record(.runningOutput, sum(P * v, over: .s), visible: visible))
        }
        let m = try trace.record(.runningMaximum, maximum(past.m, maximum(S, over: .s)))
        let P = try trace.record(.blockNumerators, exponential(S, minus: m), visible: visible)
        let alpha = try trace.record(.rescaling, exponential(past.m, minus: m))
        let l = try trace.record(.runningSum, alpha * past.l + sum(P, over: .s), visible: visible)
        return (m, l, try trace.record(.runningOutput, alpha * past.O + sum(P * v, over: .s), visible: visible))
    }
}

extension Mask {
    /// The mask of some of the columns.
    func columns(_ range: Range<Int>) -> Mask { Mask(query, key, rows: rows, columns: range.count) { self[$0, range.lowerBound + $1] } }
}
