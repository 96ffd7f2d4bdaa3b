// How a sum is written out in digits: all of its terms, or the first and the last ones with a count and a total of what is left out.

/// A sum of terms in digits, shortened in the middle when it is long.
struct SumText {
    struct Term {
        let value: Double
        /// The term, or its two factors, spelled only if it is shown.
        let factors: () -> (Phrase, Phrase?)
    }

    /// The visible terms, in order.
    let terms: [Term]
    /// How many terms a mask hides; each is zero.
    let hidden: Int
    /// Whether even a long sum is written out.
    var showsAll = false
    static let longest = 10
    static let head = 4
    static let tail = 3

    /// Terms joined by plus signs, the middle of a long list left out.
    static func shortened(_ terms: [SpelledText], showsAll: Bool) -> SpelledText {
        guard terms.count > longest, !showsAll else { return .sum(terms) }
        return .sum(terms.prefix(head) + ["…(\(terms.count - head - tail))…"] + terms.suffix(tail))
    }

    var phrase: Phrase {
        var notes: [Remark] = []
        func text(_ term: Term) -> SpelledText {
            let (left, right) = term.factors()
            notes += left.notes + (right?.notes ?? [])
            return right.map { "\(left.inside(.product))·\($0.inside(.product))" } ?? left.inside(.product)
        }
        if hidden > 0 {
            notes.append(Remark(en: "\(hidden) keys are not visible here: their weight is 0.", zh: "有 \(hidden) 个键在这里看不见，权重为 0。"))
        }
        guard terms.count > Self.longest, !showsAll else {
            let text = terms.isEmpty ? "0" : SpelledText.sum(terms.map(text))
            return Phrase(text: text, precedence: terms.count == 1 ? .product : .sum, notes: notes)
        }
        let middle = terms.count - Self.head - Self.tail
        // The middle is what the running total gains between the last term shown before it and the first shown after it.
        func running(_ count: Int) -> Double { terms.prefix(count).reduce(0) { $0 + $1.value } }
        let gained = running(terms.count - Self.tail) - running(Self.head)
        let shown = terms.prefix(Self.head).map(text) + ["…(\(middle))…"] + terms.suffix(Self.tail).map(text)
        notes.append(
            Remark(
                en:
                    "\(terms.count) terms; the \(middle) not shown add \(gained); the exact total is \(exact: running(terms.count)).",
                zh:
                    "共 \(terms.count) 项；未列出的 \(middle) 项合计 \(gained)；精确总和为 \(exact: running(terms.count))。"
            ))
        return Phrase(text: .sum(shown), precedence: .sum, notes: notes)
    }
}
