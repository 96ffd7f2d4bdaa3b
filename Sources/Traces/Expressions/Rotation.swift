// The Hadamard rotation of the features along one axis.

/// `H x / √n` along `axis`, whose length is a power of two.
public func hadamard(_ a: Expression, over axis: Axis = .d) throws(EngineError) -> Expression {
    guard let n = a.shape[axis], n > 0, n & (n - 1) == 0 else {
        throw EngineError(.shape, "Hadamard rotation", expected: "a power of two of features along \(axis)", found: "\(a.shape)")
    }
    return Expression(Rotation(a: a, axis: axis))
}

struct Rotation: Operation {
    let a: Expression
    let axis: Axis

    private var length: Int { a.shape[axis]! }
    var shape: Shape { a.shape.movingLast(axis) }
    var operands: [Expression] { [a] }

    func evaluate() -> Tensor {
        a.operation.evaluate().changingRows(along: axis) { values, row in Hadamard.transform(&values[row]) }
    }

    /// The same butterflies on the one row, so that rounding agrees to the last bit; tests hold the butterflies against the matrix.
    func value(at cell: Cell) -> Double {
        var row = (0..<length).map { a.operation.value(at: cell.setting(axis, $0)) }
        Hadamard.transform(&row)
        return row[cell[axis]!]
    }

    /// log2(n) additions for each feature and one division.
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count * (length.trailingZeroBitCount + 1)) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard let row = cell[axis] else {
            let inner = a.operation.spell(cell, spelling)
            return Phrase(text: "H \(inner.text)")
        }
        if spelling != .symbols {
            let terms = (0..<length).map { i in
                let signed =
                    Hadamard.entry(row, i, order: length) > 0
                    ? a.operation.value(at: cell.setting(axis, i)) : -a.operation.value(at: cell.setting(axis, i))
                return SumText.Term(value: signed) { (.number(signed), nil) }
            }
            let sum = SumText(terms: terms, hidden: 0, showsAll: spelling == .numbers(allTerms: true)).phrase
            return Phrase(text: "\(bracketed: sum.text)/√\(length)", precedence: .product, notes: sum.notes)
        }
        let shown = length <= 8 ? Array(0..<length) : [0, 1, 2, 3, length - 2, length - 1]
        var text: SpelledText = ""
        for (n, i) in shown.enumerated() {
            if n > 0, i != shown[n - 1] + 1 { text.append(" …(\(length - shown.count))…") }
            let sign = Hadamard.entry(row, i, order: length) > 0 ? "+" : "-"
            let piece = a.operation.spell(cell.setting(axis, i), spelling).inside(.product)
            text.append(n == 0 ? "\(sign == "-" ? "-" : "")\(piece)" : " \(sign) \(piece)")
        }
        return Phrase(text: "\(bracketed: text)/√\(length)", precedence: .product)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}
