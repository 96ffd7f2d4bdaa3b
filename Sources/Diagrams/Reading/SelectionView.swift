// What figures about sparse attention read from a trace: dense and sparse weights, index scores and the keys that were kept, with the
// ids of whichever mechanism recorded them. Nothing is computed here but means over heads and sums over kept keys.

import Mechanisms
import Records
import Traces

/// One selection of a trace: the diary's (`selected`, `sparse.weights`) or one phase of DeepSeek Sparse Attention (`prefill.selected`).
struct SelectionView {
    let trace: Trace
    /// Which keys each query keeps [t, k].
    let selected: Step
    /// Dense weights, mean over heads.
    let dense: MatrixSlice
    /// Sparse weights, mean over heads.
    let sparse: MatrixSlice
    /// The scores that were ranked, or nil where a rule chose.
    let score: MatrixSlice?
    /// The keys of each query, in order of position.
    let kept: [[Int]]

    /// The selection of `phase`, or the only one; throws if the trace has none.
    init(_ trace: Trace, _ options: FigureOptions, figure: String) throws(FigureError) {
        // The steps are known by their names; a name that is not there is still a mistake.
        if let id = options.step { _ = try trace.recorded(id) }
        let prefix = [options.phase + ".", ""].first { trace.contains($0 + "selected") }
        guard let prefix else {
            try trace.checkPhase(options, figure: figure)
            throw FigureError("\(figure) needs a trace with a selection: expected a step called selected, found none")
        }
        func first(_ ids: [String]) throws(FigureError) -> Step {
            guard let id = ids.first(where: { trace.contains(prefix + $0) }) else {
                throw FigureError("\(figure) needs the step \(ids.map { prefix + $0 }.joined(separator: " or ")), found none")
            }
            return try trace.recorded(prefix + id)
        }
        self.trace = trace
        selected = try trace.recorded(prefix + "selected")
        let isPlain = trace.contains(prefix + "sparse.weights")
        dense = try MatrixSlice(first(isPlain ? ["attention.weights"] : ["dense.weights"]), of: trace, head: options.head)
        sparse = try MatrixSlice(first(isPlain ? ["sparse.weights"] : ["attention.weights"]), of: trace, head: options.head)
        score = try selected.inputs.first.map { id throws(FigureError) in try MatrixSlice(trace.recorded(id), of: trace, head: nil) }
        guard dense.isPair, sparse.isPair, sparse.rows == dense.rows, sparse.columns == dense.columns else {
            throw FigureError(
                "\(figure): \(sparse.step.id) \(sparse.step.output.shape) does not fit \(dense.step.id) \(dense.step.output.shape)")
        }
        kept = try Self.keys(selected, rows: dense.rows, columns: dense.columns, figure)
    }

    private static func keys(_ selected: Step, rows: Int, columns: Int, _ figure: String) throws(FigureError) -> [[Int]] {
        let shape = selected.output.shape
        guard shape.rank == 2, shape[.t] == rows, let k = shape[.k] else {
            throw FigureError("\(figure): \(selected.id): expected [t: \(rows), k], found \(shape)")
        }
        let values = selected.output.transposed(to: [.t, .k]).values
        return try (0..<rows).map { row throws(FigureError) in
            try values[row * k..<(row + 1) * k].filter { $0 >= 0 }.map { value throws(FigureError) in
                guard let key = Int(exactly: value), key < columns else {
                    throw FigureError("\(selected.id): row \(row): expected keys below \(columns), found \(NumberText.exact(value))")
                }
                return key
            }.sorted()
        }
    }

    var rows: Int { dense.rows }
    var columns: Int { dense.columns }
    /// How many keys a query keeps at most.
    var topK: Int { selected.output.shape[.k] ?? 0 }

    /// The query that the options follow, or the last; throws outside the trace.
    func query(_ options: FigureOptions, figure: String) throws(FigureError) -> Int {
        guard let query = options.query else { return rows - 1 }
        guard (0..<rows).contains(query) else {
            throw FigureError("\(figure): query \(query): expected 0 to \(rows - 1) of the axis t")
        }
        return query
    }

    /// Where the token that asks stands among the keys: after those of earlier passes.
    func position(of query: Int) -> Int { query + columns - rows }

    /// Whether `query` may see `key`.
    func isVisible(_ query: Int, _ key: Int) -> Bool { !dense.isMasked(query, key) }

    /// How many keys `query` may see.
    func visibleCount(_ query: Int) -> Int { (0..<columns).count { isVisible(query, $0) } }

    /// The dense weight on the kept keys.
    func massKept(_ query: Int) -> Double { kept[query].reduce(0) { $0 + dense.value(query, $1) } }

    /// Where the cut falls among the scores of `query`.
    func cut(_ query: Int) -> ScoreCut? {
        guard let score, score.isPair, score.rows == rows, score.columns == columns, let last = kept[query].last else { return nil }
        let chosen = Set(kept[query])
        let lowest = chosen.reduce(score.value(query, last)) { min($0, score.value(query, $1)) }
        let rest = (0..<columns).filter { isVisible(query, $0) && !chosen.contains($0) }
        let best = rest.max {
            score.value(query, $0) < score.value(query, $1) || (score.value(query, $0) == score.value(query, $1) && $0 > $1)
        }
        return ScoreCut(lowestKept: lowest, firstDropped: best, dropped: best.map { score.value(query, $0) })
    }

    /// A query by place and token, or by place alone where tokens have no texts.
    func queryName(_ query: Int) -> Bilingual {
        guard dense.rowLabels != nil else { return Bilingual(en: "Query \(query)", zh: "第 \(query) 个查询") }
        let name = dense.rowName(query)
        // Tokens without words are called by their positions.
        if Int(name) != nil { return Bilingual(en: "Query \(name)", zh: "查询 \(name)") }
        return Bilingual(en: "Token \(query), “\(name)”,", zh: "第 \(query) 个词元“\(name)”")
    }

    /// Whether the lightning indexer chose.
    var isIndexer: Bool { rule == .indexer }

    /// Who chose, by what was ranked and by the switches; nil where the trace does not say.
    var rule: SelectionRule? {
        if let id = score?.step.id {
            if id.hasSuffix("indexer.score") { return .indexer }
            if id.hasSuffix("oracle.score") { return .oracle }
        }
        return SelectionRule.allCases.first { trace.switches.contains(Switch.select($0).description) }
    }
}

/// Where the scores of one query are cut.
struct ScoreCut: Hashable {
    /// The lowest score that got in.
    let lowestKept: Double
    /// The best key that did not.
    let firstDropped: Int?
    /// Its score.
    let dropped: Double?

    /// Where a line between kept and dropped scores stands.
    var line: Double { dropped.map { ($0 + lowestKept) / 2 } ?? lowestKept }
    /// Whether position decided between equal scores.
    var isTie: Bool { dropped == lowestKept }
}

extension Words {
    /// A sentence of tokens: spaces between Latin words, none before punctuation or between Chinese words.
    static func sentence(_ tokens: [String]) -> String {
        var text = ""
        for token in tokens {
            let first = token.first ?? " "
            let isJoined = text.isEmpty || LineBreaker.isIdeographic(first) || ".,:;?!’'".contains(first)
            text += (isJoined || token.hasPrefix("▁") || token.hasPrefix("␣") ? "" : " ") + token
        }
        return text
    }

    /// The last line of a picture: what it shows, the steps, the equations' source, the data.
    static func source(_ parts: [Bilingual], _ provenance: Provenance) -> Bilingual {
        var parts = parts
        parts.append(Bilingual(en: "data: \(provenance.name)", zh: "数据：\(provenance.name)"))
        if let note = provenance.note { parts.append(note) }
        return Bilingual(en: parts.map { $0.en }.joined(separator: " · "), zh: parts.map { $0.zh }.joined(separator: " · "))
    }

    /// Names in quotation marks, in a row with `and` before the last.
    static func names(_ names: [String]) -> Bilingual {
        let quoted = names.map { "“\($0)”" }
        guard let last = quoted.last, quoted.count > 1 else { return Bilingual(same: quoted.first ?? "") }
        return Bilingual(
            en: quoted.dropLast().joined(separator: ", ") + " and " + last,
            zh: quoted.dropLast().joined(separator: "、") + "和" + last)
    }

    /// A token in quotation marks, or called by its position if it has no text but that.
    static func position(_ name: String, _ kind: Bilingual) -> Bilingual {
        Int(name) == nil ? quoted(name) : Bilingual(en: "\(kind.en) \(name)", zh: "\(kind.zh) \(name)")
    }

    /// A position by its name in quotation marks, or by its number where positions have no names.
    static func place(_ position: Int, _ names: [String]?) -> Bilingual {
        names.map { quoted($0[position]) } ?? Bilingual(same: "\(position)")
    }

    /// A number of things in English: 1 row, 1,296 rows.
    static func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    /// The sentence to copy under a picture of one step: the finding, and what was drawn.
    static func caption(_ finding: Bilingual, of slice: MatrixSlice) -> Bilingual {
        let title = slice.step.title
        // A title that begins with a word, not with a name in capitals, goes on in the middle of a sentence.
        let isWord = title.en.dropFirst().first?.isLowercase ?? false
        let subject = Bilingual(en: isWord ? title.en.prefix(1).lowercased() + title.en.dropFirst() : title.en, zh: title.zh)
        let parts = [subject, slice.headName].compactMap { $0 }
        return Bilingual(
            en: "\(finding.en) (\(parts.map { $0.en }.joined(separator: "; "))).",
            zh: "\(finding.zh)（\(parts.map { $0.zh }.joined(separator: "；"))）。")
    }

    /// Which heads a slice shows; nil where it has none.
    static func head(_ slice: MatrixSlice) -> Bilingual? { slice.headName }

    /// Small whole numbers in words.
    static func count(_ n: Int) -> Bilingual {
        let (en, zh) = (["no", "one", "two", "three", "four", "five", "six"], ["零", "一", "两", "三", "四", "五", "六"])
        return n < en.count ? Bilingual(en: en[n], zh: zh[n]) : Bilingual(same: String(n))
    }
}
