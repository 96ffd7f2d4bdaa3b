// The graph of a mechanism as the trace recorded it: the steps that lead to one output, without weights, and their inputs. The edge by
// which a selection masks scores is known apart.

import Records
import Traces

struct PipelineGraph {
    /// What a step is about, which decides its colour.
    enum Part: Hashable, CaseIterable { case query, key, value, indexer, other }

    /// The steps in the order in which they were recorded.
    let steps: [Step]
    /// Pairs of places in `steps`.
    let edges: [(from: Int, to: Int)]
    /// The edge by which the selection masks the scores, or nil.
    let mask: (from: Int, to: Int)?

    /// The steps that lead to the step that the options name, or to the mechanism's output.
    init(_ trace: Trace, _ options: FigureOptions) throws(FigureError) {
        let end = try Self.end(of: trace, options)
        let phase = Self.phase(of: end.id)
        let chosen = Self.chosen(trace, phase)
        var wanted: Set<StepID> = []
        var open = [end.id]
        while let id = open.popLast() {
            guard wanted.insert(id).inserted else { continue }
            // Steps of an earlier phase are a cache here: their own history belongs to that phase.
            guard Self.isInside(phase, id) else { continue }
            open += try trace.recorded(id).inputs.filter { $0.role != .parameter }
        }
        guard wanted.count <= 80 else {
            throw FigureError("pipeline-detail: \(end.id): expected at most 80 steps before it, found \(wanted.count)")
        }
        guard wanted.count > 1 else { throw FigureError("pipeline-detail: \(end.id): expected steps that lead to it, found none") }
        let ordered = trace.steps.filter { wanted.contains($0.id) }
        steps = ordered
        let place = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1.id, $0) })
        var edges: [(from: Int, to: Int)] = []
        for (to, step) in ordered.enumerated() where Self.isInside(phase, step.id) || step.id == end.id {
            for input in step.inputs { if let from = place[input] { edges.append((from, to)) } }
        }
        if let chosen, let from = place[chosen.selected], let to = place[chosen.scores], edges.contains(where: { $0 == (from, to) }) {
            mask = (from, to)
        } else {
            mask = nil
        }
        self.edges = edges
    }

    private static func end(of trace: Trace, _ options: FigureOptions) throws(FigureError) -> Step {
        if let id = options.step { return try trace.recorded(StepID(id)) }
        let places: [[Scope]] = [trace.pass(options), [.branch(.sparse)], [.branch(.attention)]].compactMap { $0 }
        for place in places { if let step = trace.first(.output, in: place) { return step } }
        try trace.checkPhase(options, figure: "pipeline-detail")
        if let last = trace.steps.last(where: { $0.id.role == .output && $0.id.branch == .attention }) { return last }
        throw FigureError(
            "pipeline-detail needs a trace with an output: expected \(options.phase).output, sparse.output, attention.output, found none; name a step"
        )
    }

    /// The pass or the layer that a step belongs to; nil where a trace has neither.
    private static func phase(of id: StepID) -> Scope? { id.pass.map { .pass($0) } ?? id.layer.map { .layer($0) } }

    private static func isInside(_ phase: Scope?, _ id: StepID) -> Bool { phase.map(id.scopes.contains) ?? true }

    /// The selection and the scores that it masks.
    private static func chosen(_ trace: Trace, _ phase: Scope?) -> (selected: StepID, scores: StepID)? {
        guard let sparse = trace.attentions(at: phase.map { [$0] } ?? []).first(where: { !$0.isDense }), let selected = sparse.selection,
            let scores = sparse.scores
        else { return nil }
        return (selected, scores)
    }

    func isMask(_ edge: Int) -> Bool { mask.map { $0 == edges[edge] } ?? false }

    /// Whether a step belongs to an earlier pass than the end does: what it left in a cache. (An earlier layer is no cache.)
    func isCache(_ number: Int) -> Bool {
        guard let pass = steps[number].id.pass else { return false }
        return .pass(pass) != Self.phase(of: steps.last!.id)
    }

    /// Whether nothing enters a step: the input, or a cache.
    func isSource(_ number: Int) -> Bool { !edges.contains { $0.to == number } }

    /// The part that a step plays.
    func part(of number: Int) -> Part {
        let role = steps[number].id.role
        if role.isIndexer || role == .selected { return .indexer }
        if role.isLatent { return .key }
        return switch role.side {
        case .query: .query
        case .key: .key
        case .value: .value
        case nil: .other
        }
    }
}

/// What the figure `pipeline-detail` says.
struct PipelineDetailWords {
    let graph: PipelineGraph

    private var indexerCount: Int { graph.steps.indices.count { graph.part(of: $0) == .indexer && !graph.isSource($0) } }
    private func has(_ roles: Role...) -> Bool { graph.steps.contains { roles.contains($0.id.role) } }
    private var hasLatents: Bool { has(.latent, .latentCache) }
    private var count: Int { graph.steps.indices.count { !graph.isSource($0) } }

    /// The mechanism, by what it recorded.
    private var name: Bilingual {
        let form =
            has(.queryAbsorbed)
            ? Bilingual(en: "MLA, absorbed", zh: "MLA（吸收形式）")
            : hasLatents ? Bilingual(en: "MLA, expanded", zh: "MLA（展开形式）") : Bilingual(en: "Dense attention", zh: "稠密注意力")
        guard indexerCount > 0 else { return form }
        guard hasLatents else { return Bilingual(en: "Sparse attention", zh: "稀疏注意力") }
        return Bilingual(en: "DeepSeek Sparse Attention over \(form.en)", zh: "DeepSeek 稀疏注意力，\(form.zh)")
    }

    var title: Bilingual {
        if indexerCount > 0 {
            return Bilingual(
                en: "\(name.en): \(count) steps, \(indexerCount) of them to choose the keys",
                zh: "\(name.zh)：共 \(count) 步，其中 \(indexerCount) 步用来选键")
        }
        return Bilingual(en: "\(name.en): \(count) steps from input to output", zh: "\(name.zh)：从输入到输出共 \(count) 步")
    }

    var subtitle: Bilingual {
        let base = Bilingual(
            en: "A box for each recorded step, with its symbol and shape; an arrow for each input. Weights are left out.",
            zh: "每个方框是记录中的一步，写有符号和形状；每个箭头是一个输入。权重未画出。")
        let given = graph.steps.indices.filter(graph.isSource)
        let sources =
            given.contains(where: graph.isCache)
            ? Bilingual(en: " Boxes that nothing enters: inputs, and caches of earlier passes.", zh: "没有箭头进入的方框是输入和先前几步的缓存。")
            : given.count > 1 ? Bilingual(en: " Boxes that nothing enters are given.", zh: "没有箭头进入的方框是给定的。") : Bilingual(same: "")
        guard indexerCount > 0 else { return base + sources }
        return base + sources + Bilingual(en: " The indexer’s branch hands over positions only.", zh: "索引器这一支只交出位置。")
    }

    func name(_ part: PipelineGraph.Part) -> Bilingual? {
        switch part {
        case .query: Bilingual(en: "query", zh: "查询")
        case .key: hasLatents ? Bilingual(en: "key, or latent of key and value", zh: "键，或键值潜向量") : Bilingual(en: "key", zh: "键")
        case .value: Bilingual(en: "value", zh: "值")
        case .indexer: Bilingual(en: "lightning indexer", zh: "闪电索引器")
        case .other: nil
        }
    }

    var maskName: Bilingual { Bilingual(en: "selection, as a mask", zh: "选择结果，作为掩码") }

    func source(_ provenance: Provenance) -> Bilingual {
        let last = graph.steps.last!
        let parts = [
            Bilingual(en: "steps before \(last.id)", zh: "\(last.id) 之前的步骤"),
            hasLatents && indexerCount > 0
                ? Bilingual(en: "compare Figure 1 of the DeepSeek-V3.2-Exp report (2025)", zh: "可对照 DeepSeek-V3.2-Exp 报告（2025）图 1") : nil,
        ].compactMap { $0 }
        return Words.source(parts, provenance)
    }

    var caption: Bilingual { Bilingual(en: "\(title.en).", zh: "\(title.zh)。") }

    var alt: Bilingual {
        let lines = graph.steps.indices.filter { !graph.isSource($0) }.map { number -> Bilingual in
            let inputs = graph.edges.filter { $0.to == number }.map { graph.steps[$0.from].symbol }
            let step = graph.steps[number]
            let shape = step.output.shape.lengths.map(String.init).joined(separator: "×")
            return Bilingual(
                en: "\(step.symbol) (\(shape)) from \(inputs.joined(separator: ", "))",
                zh: "\(step.symbol)（\(shape)）来自 \(inputs.joined(separator: "、"))")
        }
        return Bilingual(en: "\(title.en). ", zh: "\(title.zh)。")
            + Bilingual(en: lines.map { $0.en }.joined(separator: "; ") + ".", zh: lines.map { $0.zh }.joined(separator: "；") + "。")
    }
}
