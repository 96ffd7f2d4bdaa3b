// A score that a query may not see becomes -infinity, so that the softmax after it gives exactly 0.

/// `a` where `mask` lets the query see the key, -infinity elsewhere.
public func masked(_ a: Expression, _ mask: Mask) throws(EngineError) -> Expression {
    try maskFits(mask, a.shape)
    return Expression(MaskOut(a: a, mask: mask, filler: -.infinity))
}

/// `a` where `mask` lets the query see the key, 0 elsewhere: the wrong place for a mask when it is done to weights, to show why.
public func zeroed(_ a: Expression, _ mask: Mask) throws(EngineError) -> Expression {
    try maskFits(mask, a.shape)
    return Expression(MaskOut(a: a, mask: mask, filler: 0))
}

private func maskFits(_ mask: Mask, _ shape: Shape) throws(EngineError) {
    guard shape[mask.query] == mask.rows, shape[mask.key] == mask.columns else {
        throw EngineError(.shape, "mask", expected: "[\(mask.query): \(mask.rows), \(mask.key): \(mask.columns)]", found: "\(shape)")
    }
}

struct MaskOut: Operation {
    let a: Expression
    let mask: Mask
    let filler: Double

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] }
    var visible: Mask? { mask }

    func evaluate() -> Tensor {
        let tensor = a.operation.evaluate()
        let visible = Tensor(
            [mask.query, mask.key], [mask.rows, mask.columns],
            (0..<mask.rows * mask.columns).map {
                mask[$0 / mask.columns, $0 % mask.columns] ? 1 : 0
            })
        return .combined(tensor, visible, into: shape) { $1 == 1 ? $0 : filler }
    }

    func value(at cell: Cell) -> Double { isVisible(cell) ? a.operation.value(at: cell) : filler }

    private func isVisible(_ cell: Cell) -> Bool { mask[cell[mask.query]!, cell[mask.key]!] }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard let query = cell[mask.query], let key = cell[mask.key] else { return a.operation.spell(cell, spelling) }
        if isVisible(cell) { return a.operation.spell(cell, spelling) }
        let note = Bilingual(
            en: "Query \(query) may not see key \(key): the mask puts \(NumberText.significant(filler)) here.",
            zh: "查询 \(query) 不能看键 \(key)：掩码在这里填入 \(NumberText.significant(filler))。")
        return Phrase(text: NumberText.significant(filler), precedence: .sum, notes: [note])
    }
}
