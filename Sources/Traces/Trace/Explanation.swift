// Why a cell has its value: the arithmetic that made it, in symbols, in digits, and down to the recorded cells that entered.

/// The answer of one cell to the question why.
public struct Explanation: Hashable, Sendable {
    /// A recorded cell that entered the arithmetic.
    public struct Operand: Hashable, Sendable {
        /// The step that recorded it.
        public let step: String
        /// Its index in that step's output; nil along an axis that was summed over.
        public let index: [Int?]
        /// Its spelling: `q[7,0]`.
        public let symbol: String
        /// The cell as people type it, to be asked in its turn: `attention.q[7,0,1]`; nil where an axis was summed over.
        public var cell: String? {
            var positions: [String] = []
            for position in index {
                guard let position else { return nil }
                positions.append(String(position))
            }
            return step + Cell.brackets(positions)
        }
    }

    /// The step that was asked.
    public let step: String
    /// The cell that was asked.
    public let index: [Int]
    /// Its spelling: `S[0,7,2]`.
    public let subject: String
    /// Where the cell stands: axis, position, label.
    public let place: [(axis: Axis, position: Int, label: String?)]
    /// The arithmetic in symbols: `q[7,0]·k[2,0]`; nil for inputs and weights.
    public var symbolic: String? { spelledSymbolic?.text }
    /// The arithmetic in digits, long sums shortened in the middle; nil for inputs and weights.
    public var numeric: String? { spelledNumeric?.text }
    let spelledSymbolic: SpelledText?
    let spelledNumeric: SpelledText?
    /// The value.
    public let value: Double
    /// The recorded cells that entered.
    public let operands: [Operand]
    /// Remarks: what was masked, how many terms are not shown and what they add up to.
    public let notes: [Remark]

    /// The chain of equalities, ending with the value at up to 12 significant digits: the same in every language.
    public var chain: [SpelledText] {
        let rounded = NumberText.significant(value, digits: 12)
        var lines = [SpelledText(subject)]
        if let spelledSymbolic, symbolic != rounded { lines.append("= \(spelledSymbolic)") }
        if let spelledNumeric, numeric != rounded { lines.append("= \(spelledNumeric)") }
        lines.append("= \(rounded)")
        return lines
    }

    /// The chain of equalities in lines, ending with the value, and with the value at full precision if that says more.
    public func lines(_ language: Language, inFull: Bool = true) -> [String] {
        var lines = chain.map { $0.text }
        let rounded = NumberText.significant(value, digits: 12)
        if inFull, value.isFinite, Double(rounded) != value {
            lines.append(Bilingual(en: "  in full: \(value)", zh: "  完整数值：\(value)")[language])
        }
        return lines
    }

    /// Equal when everything that is shown is equal.
    public static func == (a: Explanation, b: Explanation) -> Bool {
        a.step == b.step && a.index == b.index && a.subject == b.subject && a.place.map { $0.label } == b.place.map { $0.label }
            && a.symbolic == b.symbolic && a.numeric == b.numeric && a.value == b.value && a.operands == b.operands && a.notes == b.notes
    }

    /// Hashes what identifies the cell.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(step)
        hasher.combine(index)
    }
}
