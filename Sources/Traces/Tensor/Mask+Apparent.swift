// What weights show of the mask that they were made with, where nothing else tells it: attention from elsewhere, and traces of a file.

extension Mask {
    /// The mask that weights [h, t, s] or [t, s] were made with, as far as they show it: causal, the last query at the last key, where none of them has
    /// weight on a later key; else every query sees every key. What is NaN shows nothing.
    public init(apparentIn weights: Tensor) {
        let shape = weights.shape
        let (heads, rows, columns) = (shape[.h] ?? 1, shape[.t] ?? 0, shape[.s] ?? 0)
        let past = columns - rows
        let strides = (h: shape.stride(of: .h), t: shape.stride(of: .t), s: shape.stride(of: .s))
        func hasLaterWeight(_ h: Int, _ t: Int) -> Bool {
            for s in past + t + 1..<columns {
                let value = weights.values[h * strides.h + t * strides.t + s * strides.s]
                if value != 0, !value.isNaN { return true }
            }
            return false
        }
        let isCausal = past >= 0 && !(0..<heads).contains { h in (0..<rows).contains { t in hasLaterWeight(h, t) } }
        self = isCausal ? .causal(rows: rows, columns: columns, offset: past) : .bidirectional(rows: rows, columns: columns)
    }

    /// Whether each query sees the keys up to its own, the last query at the last key, and no others.
    public var isCausal: Bool { rows <= columns && self == .causal(rows: rows, columns: columns, offset: columns - rows) }
}
