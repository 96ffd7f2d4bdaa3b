// What figures about sparse attention read from a trace: dense and sparse weights, index scores and the keys that were kept, with the
// ids of whichever mechanism recorded them. Nothing is computed here but means over heads and sums over kept keys.

import Mechanisms
import Records
import Traces

/// One selection of a trace: the diary's (`selected`, `sparse.weights`) or one phase of DeepSeek Sparse Attention (`prefill.selected`).
final class SelectionView {
    let trace: Trace
    /// Which keys each query keeps [t, k].
    let selected: Step
    /// Dense weights, mean over heads.
    let dense: MatrixSlice
    /// Sparse weights, mean over heads.
    let sparse: MatrixSlice
    /// The scores that were ranked, or nil where a rule chose.
    let score: MatrixSlice?
    /// What was kept, row by row.
    let selection: Selection
    /// How many keys each query may see.
    private let visibleCounts: [Int]

    /// The selection of `phase`, or the only one; throws if the trace has none.
    init(_ trace: Trace, _ options: FigureOptions, figure: String) throws(FigureError) {
        // The steps are known by their roles; a name that is not there is still a mistake.
        if let id = options.step { _ = try trace.recorded(StepID(id)) }
        // Of a trace with layers the first layer's.
        let layered = trace.passes.isEmpty ? trace.steps.first { $0.id.role == .selected } : nil
        guard let selected = trace.pass(options).flatMap({ trace.first(.selected, in: $0) }) ?? trace.first(.selected, in: []) ?? layered
        else {
            try trace.checkPhase(options, figure: figure)
            throw FigureError("\(figure) needs a trace with a selection: expected a step called selected, found none")
        }
        let views = trace.attentions(at: selected.id.scopes)
        guard let sparseView = views.first(where: { !$0.isDense }) else {
            throw FigureError("\(figure) needs the weights of the attention that keeps to \(selected.id), found none")
        }
        guard let denseView = sparseView.dense else {
            throw FigureError("\(figure) needs the weights of dense attention beside \(selected.id), found none")
        }
        self.trace = trace
        self.selected = selected
        dense = try MatrixSlice(trace.recorded(denseView.weights), of: trace, head: options.head)
        sparse = try MatrixSlice(trace.recorded(sparseView.weights), of: trace, head: options.head)
        // A choice of an earlier layer that is used again ranks nothing here.
        let ranked = selected.inputs.first.flatMap { $0.role == .selected ? nil : $0 }
        score = try ranked.map { id throws(FigureError) in try MatrixSlice(trace.recorded(id), of: trace, head: nil) }
        guard dense.isPair, sparse.isPair, sparse.rows == dense.rows, sparse.columns == dense.columns else {
            throw FigureError(
                "\(figure): \(sparse.step.id) \(sparse.step.output.shape) does not fit \(dense.step.id) \(dense.step.output.shape)")
        }
        visibleCounts = (0..<dense.rows).map { [dense] row in (0..<dense.columns).count { !dense.isMasked(row, $0) } }
        let head: Int? = if case .one(let n)? = dense.head { n } else { nil }
        selection = try computing { () throws(EngineError) in try trace.selection(selected.id, head: head) }
    }

    /// The keys of each query, in order of position.
    var kept: [[Int]] { selection.rows.map { $0.kept } }

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
    func visibleCount(_ query: Int) -> Int { visibleCounts[query] }

    /// The dense weight on the kept keys: dense attention stands beside, or there is no view.
    func massKept(_ query: Int) -> Double { selection.rows[query].massKept! }

    /// Whether `query` has any dense weight: of nothing no part is kept.
    func hasWeight(_ query: Int) -> Bool { (0..<columns).contains { dense.value(query, $0) != 0 } }

    /// Where the cut falls among the scores of `query`; nil where the trace has none.
    func cut(_ query: Int) -> Selection.Cut? { selection.rows[query].cut }

    /// A query by place and token, or by place alone where tokens have no texts.
    func queryName(_ query: Int) -> Bilingual {
        guard dense.rowLabels != nil else { return Bilingual(en: "Query \(dense.rowName(query))", zh: "查询 \(dense.rowName(query))") }
        let name = dense.rowName(query)
        // Tokens without words are called by their positions.
        if Words.isPosition(name) { return Bilingual(en: "Query \(name)", zh: "查询 \(name)") }
        return Bilingual(en: "Token \(query), “\(name)”,", zh: "\(query) 号词元“\(name)”")
    }

    /// Whether the lightning indexer chose.
    var isIndexer: Bool { rule == .indexer }

    /// Who chose, by what was ranked and by the switches; nil where the trace does not say.
    var rule: SelectionRule? {
        switch score?.step.id.role {
        case .indexScore: return .indexer
        case .oracleScore: return .oracle
        default: break
        }
        return SelectionRule.allCases.first { trace.switches.contains(Switch.select($0).description) }
    }
}

extension Words {
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
        !isPosition(name) ? quoted(name) : Bilingual(en: "\(kind.en) \(name)", zh: "\(kind.zh) \(name)")
    }

    /// A position by its name in quotation marks, or by its number where positions have no names.
    static func place(_ position: Int, _ names: [String]?) -> Bilingual {
        names.map { quoted($0[position]) } ?? Bilingual(same: "\(position)")
    }

    /// A sentence's beginning: its first letter a capital.
    static func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    /// A number of things in English: 1 row, 1,296 rows.
    static func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(NumberText.grouped(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    /// All of a number of things in English, before their name: all 12, both.
    static func all(_ count: Int) -> String { count == 2 ? "both" : "all \(NumberText.grouped(count))" }

    /// The sentence to copy under a picture of one step: the finding, and what was drawn.
    static func caption(_ finding: Bilingual, of slice: MatrixSlice) -> Bilingual {
        let parts = [continued(slice.title), slice.headName].compactMap { $0 }
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
