// Rounding to FP8 in blocks, as three steps a reader can look at: the scale of each block, the rounded values, and (where a cache wants
// plain numbers again) values times scale. After DeepSeek-V3.2-Exp's inference code, `act_quant`.

/// The scale of each block of `block` features along `axis`: [..., b], or without b if there is one block.
public func blockScale(_ a: Expression, _ format: ScaleFormat, block: Int, over axis: Axis = .d, blocks name: Axis = "b")
    throws(EngineError) -> Expression
{
    guard let n = a.shape[axis], block > 0, n > 0, n % block == 0 else {
        throw EngineError(.shape, "FP8 blocks", expected: "features along \(axis) in whole blocks of \(block)", found: "\(a.shape)")
    }
    return Expression(BlockScale(a: a, format: format, block: block, axis: axis, name: name))
}

/// `a / scale`, rounded to e4m3: what is stored, read as numbers.
public func float8(_ a: Expression, scale: Expression, block: Int, over axis: Axis = .d, blocks name: Axis = "b") -> Expression {
    Expression(Quantise(blocks: ScaledBlocks(a: a, scale: scale, block: block, axis: axis, name: name)))
}

/// `a · scale`: the numbers that quantised values stand for.
public func dequantised(_ a: Expression, scale: Expression, block: Int, over axis: Axis = .d, blocks name: Axis = "b") -> Expression {
    Expression(Dequantise(blocks: ScaledBlocks(a: a, scale: scale, block: block, axis: axis, name: name)))
}

struct BlockScale: Operation {
    let a: Expression
    let format: ScaleFormat
    let block: Int
    let axis: Axis
    let name: Axis

    private var blocks: Int { a.shape[axis]! / block }
    var shape: Shape {
        let rest = a.shape.removing(axis)
        return blocks == 1 ? rest : Shape(rest.axes + [name], rest.lengths + [blocks])
    }
    var operands: [Expression] { [a] }
    var visible: Mask? { nil }

    func evaluate() -> Tensor {
        let values = a.operation.evaluate().transposed(to: a.shape.removing(axis).axes + [axis]).values
        return Tensor(
            shape,
            stride(from: 0, to: values.count, by: block).map { start in
                format.scale(largestMagnitude: values[start..<start + block].reduce(0) { max($0, abs($1)) })
            })
    }

    private func largest(_ cell: Cell) -> Double {
        let start = (cell[name] ?? 0) * block
        return (start..<start + block).reduce(0) { max($0, abs(a.operation.value(at: cell.setting(axis, $1)))) }
    }

    func value(at cell: Cell) -> Double { format.scale(largestMagnitude: largest(cell)) }

    /// One division for each block; the largest, the exponent and the rounding count 0.
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let inner: SpelledText =
            spelling == .symbols
            ? "max|\(a.operation.spell(cell.setting(axis, nil), .symbols).text)|"
            : SpelledText(NumberText.significant(max(largest(cell), 1e-4)))
        var notes: [Remark] = []
        if spelling != .symbols, largest(cell) < 1e-4 {
            let found = largest(cell)
            notes.append(Remark(en: "The largest magnitude is \(found); at least 1e-4 is taken.", zh: "最大绝对值为 \(found)，按下限 1e-4 计。"))
        }
        switch format {
        case .powerOfTwo: return Phrase(text: "2^⌈log2\(bracketed: "\(inner)/448")⌉", notes: notes)
        case .float32: return Phrase(text: "\(inner)/448", precedence: .product, notes: notes)
        }
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { a.operation.operandCells(cell.setting(axis, nil)) }
}

/// Values in blocks along one axis, and the scale of each block.
struct ScaledBlocks: Sendable {
    let a: Expression
    let scale: Expression
    let block: Int
    let axis: Axis
    let name: Axis

    var shape: Shape { a.shape.movingLast(axis) }

    private func scaleCell(_ cell: Cell) -> Cell { cell.setting(name, (cell[axis] ?? 0) / block) }

    /// `change(value, scale of its block)` in every cell.
    func mapped(_ change: (Double, Double) -> Double) -> Tensor {
        let scales = scale.operation.evaluate().transposed(to: shape.removing(axis).axes + (scale.shape.contains(name) ? [name] : []))
            .values
        return a.operation.evaluate().changingRows(along: axis) { values, row in
            for i in row { values[i] = change(values[i], scales[i / block]) }
        }
    }

    func values(at cell: Cell) -> (value: Double, scale: Double) {
        (a.operation.value(at: cell), scale.operation.value(at: scaleCell(cell)))
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> (Phrase, Phrase) {
        (a.operation.spell(cell, spelling), scale.operation.spell(scaleCell(cell), spelling))
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        a.operation.operandCells(cell) + scale.operation.operandCells(scaleCell(cell))
    }
}

struct Quantise: Operation {
    let blocks: ScaledBlocks

    var shape: Shape { blocks.shape }
    var operands: [Expression] { [blocks.a, blocks.scale] }
    var visible: Mask? { nil }
    func evaluate() -> Tensor { blocks.mapped { Float8.round($0 / $1) } }
    func value(at cell: Cell) -> Double {
        let (value, scale) = blocks.values(at: cell)
        return Float8.round(value / scale)
    }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (x, s) = blocks.spell(cell, spelling)
        let text: SpelledText = "e4m3\(bracketed: "\(x.inside(.product))/\(s.inside(.atom))")"
        guard spelling != .symbols, cell[blocks.axis] != nil else { return Phrase(text: text) }
        let (value, scale) = blocks.values(at: cell)
        let code = Float8.encode(value / scale)
        let decoded = Float8.decode(code)
        let error = decoded - value / scale
        let note = Remark(
            en:
                "FP8: value \(value), scale \(scale), so \(value / scale, digits: 9) is to be rounded; code \(Int(code)) = \(name: Float8.bits(code)) (sign, exponent, fraction); decoded \(decoded); error \(error), in the original units \(error * scale).",
            zh:
                "FP8：数值 \(value)，缩放 \(scale)，待舍入 \(value / scale, digits: 9)；编码 \(Int(code)) = \(name: Float8.bits(code))（符号、指数、尾数）；解码 \(decoded)；误差 \(error)，换回原单位 \(error * scale)。"
        )
        var notes = x.notes + [note]
        if abs(value / scale) > Float8.largest {
            notes.append(Remark(en: "Beyond ±448, the largest e4m3 number: it saturates.", zh: "超出 e4m3 最大的 ±448：饱和到边界。"))
        }
        return Phrase(text: text, notes: notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { blocks.operandCells(cell) }
}

struct Dequantise: Operation {
    let blocks: ScaledBlocks

    var shape: Shape { blocks.shape }
    var operands: [Expression] { [blocks.a, blocks.scale] }
    func evaluate() -> Tensor { blocks.mapped(*) }
    func value(at cell: Cell) -> Double {
        let (value, scale) = blocks.values(at: cell)
        return value * scale
    }
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let (x, s) = blocks.spell(cell, spelling)
        return Phrase(text: "\(x.inside(.product))·\(s.inside(.product))", precedence: .product, notes: x.notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { blocks.operandCells(cell) }
}
