// A score that a query may not see becomes -infinity, so that the softmax after it gives exactly 0.

/// `a` where `mask` lets the query see the key, -infinity elsewhere.
/// - Parameter selection: the recorded selection that the mask was made from, if it was: it enters the step too.
public func masked(_ a: Expression, _ mask: Mask, selection: Expression? = nil) throws(EngineError) -> Expression {
    try maskFits(mask, a.shape)
    return Expression(MaskOut(a: a, mask: mask, filler: -.infinity, selection: selection))
}

/// `a` where `mask` lets the query see the key, 0 elsewhere: the wrong place for a mask when it is done to weights, to show why.
public func zeroed(_ a: Expression, _ mask: Mask, selection: Expression? = nil) throws(EngineError) -> Expression {
    try maskFits(mask, a.shape)
    return Expression(MaskOut(a: a, mask: mask, filler: 0, selection: selection))
}

extension Expression {
    /// What a mask was put on; the expression itself where none was.
    public var unmasked: Expression { operation.maskOut?.a ?? self }

    /// The same with another expression under the mask, so that a masked score stays masked whatever happens to the others.
    public func underMask(_ change: (Expression) throws(EngineError) -> Expression) throws(EngineError) -> Expression {
        guard let outer = operation.maskOut else { return try change(self) }
        let inner = try change(outer.a)
        try maskFits(outer.mask, inner.shape)
        return Expression(MaskOut(a: inner, mask: outer.mask, filler: outer.filler, selection: outer.selection))
    }
}

private func maskFits(_ mask: Mask, _ shape: Shape) throws(EngineError) {
    guard shape[mask.query] == mask.rows, shape[mask.key] == mask.columns else {
        throw EngineError(.shape, "mask", expected: "[\(mask.query): \(mask.rows), \(mask.key): \(mask.columns)]", found: "\(shape)")
    }
}

struct MaskOut: CellByCell {
    let a: Expression
    let mask: Mask
    let filler: Double
    let selection: Expression?

    var shape: Shape { a.shape }
    var operands: [Expression] { [a] + (selection.map { [$0] } ?? []) }
    var visible: Mask? { mask }
    var maskOut: MaskOut? { self }

    func stream() -> CellStream {
        guard shape.axes.last == mask.key else { return maskedAcrossRows }
        let byQuery = shape.stride(of: mask.query)
        return a.operation.stream().changed { start, cells, out in
            for row in stride(from: 0, to: out.count, by: mask.columns) {
                let keys = row..<row + mask.columns
                mask.hide(cells.extracting(keys), of: (start + row) / byQuery % mask.rows, with: filler, into: out.extracting(keys))
            }
        }
    }

    /// The same where the keys of a query do not lie side by side.
    private var maskedAcrossRows: CellStream {
        let strides = (shape.stride(of: mask.query), shape.stride(of: mask.key))
        return a.operation.stream().changed { start, cells, out in
            for i in out.indices {
                let isVisible = mask[(start + i) / strides.0 % mask.rows, (start + i) / strides.1 % mask.columns]
                out[i] = isVisible ? cells[i] : filler
            }
        }
    }

    func value(at cell: Cell) -> Double { isVisible(cell) ? a.operation.value(at: cell) : filler }

    private func isVisible(_ cell: Cell) -> Bool { mask[cell[mask.query]!, cell[mask.key]!] }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard let query = cell[mask.query], let key = cell[mask.key] else { return a.operation.spell(cell, spelling) }
        if isVisible(cell) { return a.operation.spell(cell, spelling) }
        let note =
            mask.visibility(query, key) == .notSelected
            ? Remark(
                en: "Key \(key) was not selected for query \(query): the mask puts \(filler) here.",
                zh: "查询 \(query) 没有选中键 \(key)：掩码在这里填入 \(filler)。")
            : Remark(
                en: "Query \(query) may not see key \(key): the mask puts \(filler) here.",
                zh: "查询 \(query) 不能看键 \(key)：掩码在这里填入 \(filler)。")
        return Phrase(text: SpelledText(NumberText.significant(filler)), precedence: .sum, notes: [note])
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        guard cell[mask.query] != nil, cell[mask.key] != nil, !isVisible(cell) else { return a.operation.operandCells(cell) }
        return []
    }
}
