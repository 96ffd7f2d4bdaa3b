// softmax(z)_i = e^(z_i) / Σ e^(z). The row's maximum is subtracted first: it cancels, and no exponential overflows.

/// The softmax along `axis`. A row of nothing but -infinity becomes zeros: nothing to attend to.
public func softmax(_ a: Expression, over axis: Axis) throws(EngineError) -> Expression {
    guard a.shape.contains(axis) else { throw EngineError(.shape, "softmax", expected: "an axis \(axis)", found: "\(a.shape)") }
    return Expression(Softmax(a: a, axis: axis))
}

struct Softmax: CellByCell {
    let a: Expression
    let axis: Axis

    var shape: Shape { a.shape.movingLast(axis) }
    var operands: [Expression] { [a] }

    func stream() -> CellStream {
        let shape = shape
        let length = shape[axis]!
        let cells = a.shape.axes.last == axis ? a.operation.stream() : CellStream(a.operation.evaluate().transposed(to: shape.axes))
        return cells.changed { _, rows, out in
            for start in stride(from: 0, to: out.count, by: length) {
                Self.normalise(rows.extracting(start..<start + length), into: out.extracting(start..<start + length))
            }
        }
    }

    private typealias Four = SIMD4<Double>

    /// The softmax of one row. A masked score, -infinity, becomes 0 and adds 0 to the sum; four of them, as there are many under a mask, are passed
    /// over together.
    static func normalise(_ row: UnsafeBufferPointer<Double>, into out: UnsafeMutableBufferPointer<Double>) {
        let largest = largest(row)
        guard largest > -.infinity || row.contains(where: { $0.isNaN }) else { return out.update(repeating: 0) }
        let whole = largest > -.infinity ? row.count / 4 * 4 : 0
        var total = 0.0
        func power(_ i: Int) {
            out[i] = Double.exp(row[i] - largest)
            total += out[i]
        }
        for i in stride(from: 0, to: whole, by: 4) {
            if any(load(row.baseAddress! + i) .> -.infinity) || row[i..<i + 4].contains(where: { $0.isNaN }) {
                for i in i..<i + 4 { power(i) }
            } else {
                store(.zero, out.baseAddress! + i)
            }
        }
        for i in whole..<row.count { power(i) }
        for i in stride(from: 0, to: whole, by: 4) {
            let four = load(out.baseAddress! + i)
            if any(four .!= 0) || total.isNaN { store(four / total, out.baseAddress! + i) }
        }
        for i in whole..<row.count { out[i] /= total }
    }

    /// The largest of a row, by four maxima side by side; -infinity if there is none. NaN is passed over.
    private static func largest(_ row: UnsafeBufferPointer<Double>) -> Double {
        var four = Four(repeating: -.infinity)
        let whole = row.count / 4 * 4
        for i in stride(from: 0, to: whole, by: 4) {
            let next = load(row.baseAddress! + i)
            four.replace(with: next, where: next .> four)
        }
        var largest = four.max()
        for i in whole..<row.count where row[i] > largest { largest = row[i] }
        return largest
    }

    @inline(__always) private static func load(_ from: UnsafePointer<Double>) -> Four {
        UnsafeRawPointer(from).loadUnaligned(as: Four.self)
    }

    @inline(__always) private static func store(_ four: Four, _ to: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(to).storeBytes(of: four, as: Four.self)
    }

    private func row(_ cell: Cell) -> [Double] { (0..<shape[axis]!).map { a.operation.value(at: cell.setting(axis, $0)) } }

    func value(at cell: Cell) -> Double {
        var values = row(cell)
        values.withUnsafeMutableBufferPointer { Self.normalise(UnsafeBufferPointer($0), into: $0) }
        return values[cell[axis]!]
    }

    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: 4 * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if spelling == .symbols {
            let one = a.operation.spell(cell, .symbols)
            let all = a.operation.spell(cell.setting(axis, nil), .symbols)
            return Phrase(text: "exp\(bracketed: one.text) / Σ_\(axis) exp\(bracketed: all.text)", precedence: .product)
        }
        let row = row(cell)
        let own = row[cell[axis]!]
        let largest = row.max() ?? 0
        guard largest > -.infinity else {
            return Phrase(text: "0", notes: [Remark(en: "Every key of this row is masked.", zh: "这一行的键全被掩住了。")])
        }
        let seen = row.filter { $0 > -.infinity }
        let total = seen.reduce(0) { $0 + Double.exp($1 - largest) }
        func power(_ z: Double) -> SpelledText {
            z == -.infinity
                ? "exp\(bracketed: "-∞")"
                : "exp\(bracketed: "\(NumberText.significant(z)) - \(Phrase.number(largest).inside(.product))")"
        }
        var notes = [
            Remark(
                en:
                    "The row's largest score, \(largest), is subtracted from all: it cancels, and no exponential overflows. The \(seen.count) exponentials add up to \(total, digits: 12).",
                zh:
                    "整行都减去最大的分数 \(largest)：分子分母会约掉，指数也不会溢出。\(seen.count) 个指数之和是 \(total, digits: 12)。"
            )
        ]
        if own == -.infinity { notes.append(Remark(en: "This key is masked: exp(-∞) = 0.", zh: "这个键被掩住了：exp(-∞) = 0。")) }
        let terms = seen.map(power)
        let last = "\(NumberText.significant(Double.exp(own - largest))) / \(NumberText.significant(total))"
        let sum = SumText.shortened(terms, showsAll: spelling == .numbers(allTerms: true))
        return Phrase(
            text: "\(power(own)) / \(bracketed: sum) = \(last)",
            precedence: .product, notes: notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}
