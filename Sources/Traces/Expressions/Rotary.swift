// Rotary position embedding (RoFormer, Su et al. 2021): each pair of features turns by an angle that grows with the position.
// Which features form a pair is the layout: neighbours (2i, 2i+1), or halves (i, i + d/2). Implementations go wrong here, so it has no default.

/// Which features form a rotating pair.
public enum RotaryLayout: String, Hashable, Sendable, CaseIterable {
    /// Pairs (2i, 2i+1).
    case interleaved
    /// Pairs (i, i + d/2).
    case half
}

/// `x` with each pair of features along `axis` turned by `position · frequency`.
/// - Parameters:
///   - positions: one for each position of the token axis `token`.
///   - frequencies: angle for each step of position, one for each pair: d/2 of them.
///   - magnitude: by what a pair grows as it turns; 1 but for YaRN.
public func rotary(
    _ x: Expression, _ layout: RotaryLayout, positions: [Int], frequencies: [Double], magnitude: Double = 1, token: Axis,
    over axis: Axis = .d
) throws(EngineError) -> Expression {
    guard x.shape[axis] == 2 * frequencies.count else {
        throw EngineError(.shape, "rotary embedding", expected: "\(2 * frequencies.count) features along \(axis)", found: "\(x.shape)")
    }
    guard x.shape[token] == positions.count else {
        throw EngineError(.shape, "rotary embedding", expected: "\(positions.count) positions along \(token)", found: "\(x.shape)")
    }
    return Expression(
        Rotary(x: x, layout: layout, positions: positions, frequencies: frequencies, magnitude: magnitude, token: token, axis: axis))
}

struct Rotary: Operation {
    let x: Expression
    let layout: RotaryLayout
    let positions: [Int]
    let frequencies: [Double]
    let magnitude: Double
    let token: Axis
    let axis: Axis

    var shape: Shape { x.shape }
    var operands: [Expression] { [x] }

    /// The pair that feature `i` belongs to, the other feature of that pair, and whether `i` is its first.
    private func pair(_ i: Int) -> (pair: Int, partner: Int, isFirst: Bool) {
        switch layout {
        case .interleaved: (i / 2, i ^ 1, i % 2 == 0)
        case .half: i < frequencies.count ? (i, i + frequencies.count, true) : (i - frequencies.count, i - frequencies.count, false)
        }
    }

    private func angle(_ token: Int, _ pair: Int) -> Double { Double(positions[token]) * frequencies[pair] }

    /// The cosine and the sine, both times the magnitude.
    private func turn(_ token: Int, _ pair: Int) -> Angle { Angle(angle(token, pair), magnitude: magnitude) }

    func evaluate() -> Tensor {
        let tensor = x.operation.evaluate()
        let (tokens, pairs) = (positions.count, frequencies.count)
        let turns = (0..<tokens * pairs).map { turn($0 / pairs, $0 % pairs) }
        let (byToken, byFeature) = (shape.stride(of: token), shape.stride(of: axis))
        // Where the first feature of each pair stands in a row, and how far away the second.
        let (distance, spread) = layout == .half ? (pairs * byFeature, byFeature) : (byFeature, 2 * byFeature)
        let rows = shape.removing(axis).offsets(in: shape)
        let values = [Double](unsafeUninitializedCapacity: shape.count) { out, filled in
            tensor.values.withUnsafeBufferPointer { values in
                for row in rows {
                    let turn = row / byToken % tokens * pairs
                    for pair in 0..<pairs {
                        let (first, second) = (row + pair * spread, row + pair * spread + distance)
                        let (x, y, angle) = (values[first], values[second], turns[turn + pair])
                        out.initializeElement(at: first, to: x * angle.cosine - y * angle.sine)
                        out.initializeElement(at: second, to: x * angle.sine + y * angle.cosine)
                    }
                }
            }
            filled = shape.count
        }
        return Tensor(shape, values)
    }

    func value(at cell: Cell) -> Double {
        let (pair, partner, isFirst) = pair(cell[axis]!)
        let turn = turn(cell[token]!, pair)
        let own = x.operation.value(at: cell)
        let other = x.operation.value(at: cell.setting(axis, partner))
        return isFirst ? own * turn.cosine - other * turn.sine : other * turn.sine + own * turn.cosine
    }

    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: (magnitude == 1 ? 3 : 5) * shape.count) }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        guard let i = cell[axis], let t = cell[token] else {
            let inner = x.operation.spell(cell, spelling)
            return Phrase(text: "RoPE\(bracketed: inner.text)", notes: inner.notes)
        }
        let (pair, partner, isFirst) = pair(i)
        let own = x.operation.spell(cell, spelling)
        let other = x.operation.spell(cell.setting(axis, partner), spelling)
        let sign = isFirst ? "-" : "+"
        let turn = spelling == .symbols ? "\(positions[t])·θ\(pair)" : NumberText.significant(angle(t, pair))
        let note = Remark(
            en:
                "Features \(min(i, partner)) and \(max(i, partner)) turn together (\(name: layout.rawValue) layout), at position \(positions[t]) by \(angle(t, pair)) radians.",
            zh:
                "特征 \(min(i, partner)) 与 \(max(i, partner)) 一起旋转（\(name: layout == .half ? "前后半" : "相邻交错")布局），位置 \(positions[t]) 转 \(angle(t, pair)) 弧度。"
        )
        let turned: SpelledText =
            "\(own.inside(.product))·cos\(bracketed: "\(turn)") \(sign) \(other.inside(.product))·sin\(bracketed: "\(turn)")"
        let notes = own.notes + other.notes + [note]
        guard magnitude != 1 else { return Phrase(text: turned, precedence: .sum, notes: notes) }
        return Phrase(text: "\(NumberText.significant(magnitude))·\(bracketed: turned)", precedence: .product, notes: notes)
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] {
        guard let i = cell[axis] else { return x.operation.operandCells(cell) }
        return x.operation.operandCells(cell) + x.operation.operandCells(cell.setting(axis, pair(i).partner))
    }
}
