// softmax(z)_i = e^(z_i) / Σ e^(z). The row's maximum is subtracted first: it cancels, and no exponential overflows.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The softmax along `axis`. A row of nothing but -infinity becomes zeros: nothing to attend to.
public func softmax(_ a: Expression, over axis: Axis) throws(EngineError) -> Expression {
    guard a.shape.contains(axis) else { throw EngineError(.shape, "softmax", expected: "an axis \(axis)", found: "\(a.shape)") }
    return Expression(Softmax(a: a, axis: axis))
}

struct Softmax: Operation {
    let a: Expression
    let axis: Axis

    var shape: Shape { a.shape.movingLast(axis) }
    var operands: [Expression] { [a] }

    func evaluate() -> Tensor { a.operation.evaluate().changingRows(along: axis, Self.normalise) }

    /// The softmax of one row in place.
    static func normalise(_ values: inout [Double], _ row: Range<Int>) {
        var largest = -Double.infinity
        for i in row where values[i] > largest { largest = values[i] }
        guard largest > -.infinity || row.contains(where: { values[$0].isNaN }) else {
            for i in row { values[i] = 0 }
            return
        }
        var total = 0.0
        for i in row {
            values[i] = exp(values[i] - largest)
            total += values[i]
        }
        for i in row { values[i] /= total }
    }

    private func row(_ cell: Cell) -> [Double] { (0..<shape[axis]!).map { a.operation.value(at: cell.setting(axis, $0)) } }

    func value(at cell: Cell) -> Double {
        var values = row(cell)
        Self.normalise(&values, values.indices)
        return values[cell[axis]!]
    }

    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: 4 * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        if spelling == .symbols {
            let one = a.operation.spell(cell, .symbols)
            let all = a.operation.spell(cell.setting(axis, nil), .symbols)
            return Phrase(text: "exp(\(one.text)) / Σ_\(axis) exp(\(all.text))", precedence: .product)
        }
        let row = row(cell)
        let own = row[cell[axis]!]
        let largest = row.max() ?? 0
        guard largest > -.infinity else {
            return Phrase(text: "0", notes: [Bilingual(en: "Every key of this row is masked.", zh: "这一行的键全被掩住了。")])
        }
        let seen = row.filter { $0 > -.infinity }
        let total = seen.reduce(0) { $0 + exp($1 - largest) }
        func power(_ z: Double) -> String {
            z == -.infinity ? "exp(-∞)" : "exp(\(NumberText.significant(z)) - \(Phrase.number(largest).inside(.product)))"
        }
        var notes = [
            Bilingual(
                en:
                    "The row's largest score, \(NumberText.significant(largest)), is subtracted from all: it cancels, and no exponential overflows. The \(seen.count) exponentials add up to \(NumberText.significant(total, digits: 12)).",
                zh:
                    "整行都减去最大的分数 \(NumberText.significant(largest))：分子分母会约掉，指数也不会溢出。\(seen.count) 个指数之和是 \(NumberText.significant(total, digits: 12))。"
            )
        ]
        if own == -.infinity { notes.append(Bilingual(en: "This key is masked: exp(-∞) = 0.", zh: "这个键被掩住了：exp(-∞) = 0。")) }
        let terms = seen.map(power)
        let sum = SumText.shortened(terms, showsAll: spelling == .numbers(allTerms: true))
        return Phrase(
            text: "\(power(own)) / (\(sum)) = \(NumberText.significant(exp(own - largest))) / \(NumberText.significant(total))",
            precedence: .product, notes: notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}
