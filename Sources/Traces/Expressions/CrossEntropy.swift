// How well the next token was foretold: log Σ_n e^(L_n) - L_next, in nats. The row's maximum is subtracted first: it cancels, and no
// exponential overflows. 0 is certainty; log of the vocabulary's size is a blind guess.

/// The cross-entropy of each row of `logits` [t, n] against the token that came next: [t], one row for each of `next`.
/// Rows of the logits beyond those are left out: what follows the last token is not known.
public func crossEntropy(_ logits: Expression, next: [Int]) throws(EngineError) -> Expression {
    guard let rows = logits.shape[.t], let count = logits.shape[.n], logits.shape.rank == 2, rows >= next.count else {
        throw EngineError(.shape, "cross-entropy", expected: "logits [t, n] with at least \(next.count) rows", found: "\(logits.shape)")
    }
    if let bad = next.first(where: { !(0..<count).contains($0) }) {
        throw EngineError(.index, "cross-entropy", expected: "next tokens 0 to \(count - 1)", found: "\(bad)")
    }
    return Expression(CrossEntropy(logits: logits, next: next))
}

struct CrossEntropy: Operation {
    let logits: Expression
    let next: [Int]

    var shape: Shape { Shape([.t], [next.count]) }
    var operands: [Expression] { [logits] }
    private var count: Int { logits.shape[.n]! }

    private static func loss(_ row: some Collection<Double>, _ own: Double) -> Double {
        var largest = -Double.infinity
        for value in row where value > largest { largest = value }
        var total = 0.0
        for value in row { total += Double.exp(value - largest) }
        return Double.log(total) - (own - largest)
    }

    func evaluate() -> Tensor {
        let values = logits.operation.evaluate().transposed(to: [.t, .n]).values
        return Tensor(shape, next.enumerated().map { t, id in Self.loss(values[t * count..<(t + 1) * count], values[t * count + id]) })
    }

    private func row(_ cell: Cell) -> [Double] { (0..<count).map { logits.operation.value(at: cell.setting(.n, $0)) } }

    func value(at cell: Cell) -> Double {
        let row = row(cell)
        return Self.loss(row, row[next[cell[.t]!]])
    }

    /// In each row: subtract, exp and add for each entry, then the log and two differences.
    func arithmetic(visible: Mask?) -> Arithmetic { Arithmetic(flops: next.count * (3 * count + 3)) }

    func valuesRead() -> [String: Reading] {
        let rows = logits.shape[.t]!
        return logits.operation.valuesRead().mapValues { $0.scaled(next.count, of: rows) }
    }

    func spell(_ cell: Cell, _ spelling: Spelling) -> Phrase {
        let token = cell[.t].map { next[$0] }
        if spelling == .symbols {
            let all = logits.operation.spell(cell.setting(.n, nil), .symbols)
            guard let token else { return Phrase(text: "log Σ_n exp\(bracketed: all.text) - \(all.text)", precedence: .sum) }
            return Phrase(
                text: "log Σ_n exp\(bracketed: all.text) - \(logits.operation.spell(cell.setting(.n, token), .symbols).text)",
                precedence: .sum)
        }
        let row = row(cell)
        let own = row[token!]
        let largest = row.max() ?? 0
        let total = row.reduce(0) { $0 + Double.exp($1 - largest) }
        let share = Double.exp(own - largest) / total
        let rank = row.count { $0 > own } + 1
        let shift = Phrase.number(largest).inside(.product)
        let note = Remark(
            en:
                "The token that came next, number \(token!), had logit \(own): place \(name: NumberText.grouped(rank)) of \(name: NumberText.grouped(row.count)), a probability of \(percent: share). The largest logit, \(largest), is subtracted from all: it cancels, and no exponential overflows.",
            zh:
                "实际出现的下一个词元是 \(token!) 号，它的对数几率 \(own) 在 \(name: NumberText.grouped(row.count)) 个里排第 \(name: NumberText.grouped(rank))，概率 \(percent: share)。所有对数几率先减去最大的 \(largest)：结果不变，指数也不会溢出。"
        )
        return Phrase(
            text: "log\(bracketed: "\(NumberText.significant(total))") - \(bracketed: "\(Phrase.number(own).text) - \(shift)")",
            precedence: .sum, notes: [note])
    }

    func operandCells(_ cell: Cell) -> [Explanation.Operand] { logits.operation.operandCells(cell.setting(.n, nil)) }
}
