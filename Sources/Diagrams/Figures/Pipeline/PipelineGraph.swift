// The graph of a mechanism as the trace recorded it: the steps that lead to one output, without weights, and their inputs. The edge by
// which a selection masks scores is known apart.

import Records
import Traces

struct PipelineGraph {
    /// What a step is about, which decides its colour.
    enum Role: Hashable, CaseIterable { case query, key, value, indexer, other }

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
        let chosen = Self.chosen(trace, end, phase)
        var wanted: Set<String> = []
        var open = [end.id]
        while let id = open.popLast() {
            guard wanted.insert(id).inserted else { continue }
            // Steps of an earlier phase are a cache here: their own history belongs to that phase.
            guard phase == nil || id.hasPrefix(phase! + ".") else { continue }
            open += try trace.recorded(id).inputs.filter { !$0.hasPrefix("weight.") }
        }
        guard wanted.count <= 80 else {
            throw FigureError("pipeline: \(end.id): expected at most 80 steps before it, found \(wanted.count)")
        }
        guard wanted.count > 1 else { throw FigureError("pipeline: \(end.id): expected steps that lead to it, found none") }
        let ordered = trace.steps.filter { wanted.contains($0.id) }
        steps = ordered
        let place = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1.id, $0) })
        var edges: [(from: Int, to: Int)] = []
        for (to, step) in ordered.enumerated() where phase == nil || step.id.hasPrefix(phase! + ".") || step.id == end.id {
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
        if let id = options.step { return try trace.recorded(id) }
        let candidates = [options.phase + ".output", "sparse.output", "attention.output"]
        if let id = candidates.first(where: trace.contains) { return try trace.recorded(id) }
        try trace.checkPhase(options, figure: "pipeline")
        if let last = trace.steps.last(where: { $0.id.hasSuffix("attention.output") }) { return last }
        throw FigureError("pipeline needs a trace with an output: expected \(candidates.joined(separator: ", ")), found none; name a step")
    }

    /// `prefill` of `prefill.output`; nil where a trace has no phases.
    private static func phase(of id: String) -> String? {
        if let pass = Trace.phase(of: id) { return pass }
        let parts = id.split(separator: ".")
        return parts.first == "layer" && parts.count > 2 && Int(parts[1]) != nil ? parts[0] + "." + parts[1] : nil
    }

    /// The selection and the scores that it masks.
    private static func chosen(_ trace: Trace, _ end: Step, _ phase: String?) -> (selected: String, scores: String)? {
        let prefix = phase.map { $0 + "." } ?? ""
        let selected = prefix + "selected"
        let scores = prefix + (trace.contains(prefix + "sparse.scores") ? "sparse.scores" : "attention.scores")
        return trace.contains(selected) && trace.contains(scores) ? (selected, scores) : nil
    }

    func isMask(_ edge: Int) -> Bool { mask.map { $0 == edges[edge] } ?? false }

    /// Whether a step belongs to an earlier pass than the end does: what it left in a cache. (An earlier layer is no cache.)
    func isCache(_ number: Int) -> Bool {
        guard let phase = Self.phase(of: steps[number].id), !phase.hasPrefix("layer.") else { return false }
        return phase != Self.phase(of: steps.last!.id)
    }

    /// Whether nothing enters a step: the input, or a cache.
    func isSource(_ number: Int) -> Bool { !edges.contains { $0.to == number } }

    /// The role of a step, by its name.
    func role(of number: Int) -> Role {
        let id = steps[number].id
        if id.split(separator: ".").dropLast().contains("indexer") || id.hasSuffix("selected") { return .indexer }
        let name = id.split(separator: ".").last.map(String.init) ?? id
        if name == "v" || name == "v_projected" { return .value }
        if name == "q" || name.hasPrefix("q_") { return .query }
        if name == "k" || name.hasPrefix("k_") || name.hasPrefix("kv_") { return .key }
        return .other
    }
}

/// What the figure `pipeline` says.
struct PipelineWords {
    let graph: PipelineGraph

    private var indexerCount: Int { graph.steps.indices.count { graph.role(of: $0) == .indexer && !graph.isSource($0) } }
    private func has(_ suffix: String) -> Bool { graph.steps.contains { $0.id.hasSuffix(suffix) } }
    private var count: Int { graph.steps.indices.count { !graph.isSource($0) } }

    /// The mechanism, by what it recorded.
    private var name: Bilingual {
        let form =
            has("q_absorbed")
            ? Bilingual(en: "MLA, absorbed", zh: "MLA（吸收形式）")
            : has("kv_latent") ? Bilingual(en: "MLA, expanded", zh: "MLA（展开形式）") : Bilingual(en: "Dense attention", zh: "稠密注意力")
        guard indexerCount > 0 else { return form }
        guard has("kv_latent") else { return Bilingual(en: "Sparse attention", zh: "稀疏注意力") }
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

    func name(_ role: PipelineGraph.Role) -> Bilingual? {
        switch role {
        case .query: Bilingual(en: "query", zh: "查询")
        case .key: has("kv_latent") ? Bilingual(en: "key, or latent of key and value", zh: "键，或键值潜向量") : Bilingual(en: "key", zh: "键")
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
            has("kv_latent") && indexerCount > 0
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
