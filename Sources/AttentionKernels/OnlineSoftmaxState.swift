// FlashAttention's recurrence (Dao et al. 2022, 2205.14135) on Float32: keys come in blocks, and of all scores only a running maximum,
// a running sum and the weighted values so far are kept. `Mechanisms/OnlineSoftmax` records the same recurrence in Double, to be read; this one is
// made to be timed, several rows in place, and a test holds its state after every block against that record.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The state of `rows` softmaxes with their weighted values [rows, width].
package final class OnlineSoftmaxState {
    let rows: Int
    let width: Int
    /// The largest score so far, of each row.
    package let maximum: FloatBuffer
    /// The sum of exponentials so far, measured from the largest score, of each row.
    package let total: FloatBuffer
    /// The weighted values so far, not yet divided, [rows, width]: whoever absorbs a block adds that block's to them.
    package let output: FloatBuffer

    /// Nothing absorbed yet.
    package init(rows: Int, width: Int) {
        self.rows = rows
        self.width = width
        maximum = FloatBuffer(count: rows)
        total = FloatBuffer(count: rows)
        output = FloatBuffer(count: rows * width)
        reset()
    }

    func reset() {
        for row in 0..<rows {
            maximum.pointer[row] = -.infinity
            total.pointer[row] = 0
        }
        output.pointer.update(repeating: 0, count: rows * width)
    }

    /// Takes in one block of scores [rows, keys], rows `stride` apart (the first `rows` of them), which become exp(scale · score - maximum), and rescales what came before.
    package func absorb(_ scores: UnsafeMutablePointer<Float>, keys: Int, stride: Int, scale: Float, rows: Int? = nil) {
        for row in 0..<(rows ?? self.rows) {
            let line = scores + row * stride
            let old = maximum.pointer[row]
            let new = max(old, VectorMath.maximum(line, keys) * scale)
            guard new > -.infinity else {
                line.update(repeating: 0, count: keys)
                continue
            }
            let sum = VectorMath.exponentials(line, keys, scale: scale, minus: new)
            if new > old {
                let factor = old == -.infinity ? 0 : expf(old - new)
                total.pointer[row] *= factor
                VectorMath.scale(output.pointer + row * width, width, by: factor)
                maximum.pointer[row] = new
            }
            total.pointer[row] += sum
        }
    }

    /// The weighted values of everything absorbed here and in `others`, [rows, width]; a row that saw nothing is 0.
    package func finish(with others: [OnlineSoftmaxState], into result: UnsafeMutablePointer<Float>, rows: Int? = nil) {
        let states = [self] + others
        for row in 0..<(rows ?? self.rows) {
            let largest = states.reduce(-Float.infinity) { max($0, $1.maximum.pointer[row]) }
            let line = result + row * width
            line.update(repeating: 0, count: width)
            guard largest > -.infinity else { continue }
            let factors = states.map { expf($0.maximum.pointer[row] - largest) }
            let sum = zip(states, factors).reduce(Float(0)) { $0 + $1.0.total.pointer[row] * $1.1 }
            for (state, factor) in zip(states, factors) where factor > 0 {
                let share = factor / sum
                let source = state.output.pointer + row * width
                for i in 0..<width { line[i] += source[i] * share }
            }
        }
    }
}
