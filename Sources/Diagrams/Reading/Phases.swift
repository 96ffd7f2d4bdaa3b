// The passes of a trace: reading a text at once (`prefill`), then a token at a time (`decode.0`). A model's trace that follows its text has the text in no
// pass, and each token after it in one: there `prefill` is what stands in no pass.

import Traces

extension Trace {
    /// The scopes of the pass that the options name; nil if the trace does not have it.
    func pass(_ options: FigureOptions) -> [Scope]? { passes.first { $0.description == options.phase }.map { [.pass($0)] } }

    /// The attentions of the phase that the options name, layer by layer.
    func attentions(_ options: FigureOptions) -> [AttentionView] {
        let pass = passes.first { $0.description == options.phase }
        return attentions.filter { $0.weights.pass == pass }
    }

    /// Throws if the trace has phases, but not the one that the options name.
    func checkPhase(_ options: FigureOptions, figure: String) throws(FigureError) {
        var phases = passes.map { $0.description }
        if !phases.isEmpty, attentions.contains(where: { $0.weights.pass == nil }) { phases.insert("\(Pass.prefill)", at: 0) }
        if phases.isEmpty || phases.contains(options.phase) { return }
        let others = phases.count > 8 ? phases.prefix(7) + ["…", phases[phases.count - 1]] : phases[...]
        throw FigureError("\(figure): phase \(options.phase): expected one of \(others.joined(separator: ", "))")
    }

    /// The weights of every layer's dense attention, or of the one attention of the phase; throws where there are none.
    func denseWeights(_ options: FigureOptions, figure: String) throws(FigureError) -> [Step] {
        if let id = options.step { _ = try recorded(StepID(id)) }
        try checkPhase(options, figure: figure)
        let here = pass(options) ?? []
        let views = attentions(options).filter { $0.isDense }
        let layered = views.filter { $0.weights.layer != nil && $0.branch == .attention }
        let shown = layered.isEmpty ? views.filter { $0.place == here }.prefix(1) : layered[...]
        guard !shown.isEmpty else { throw FigureError("\(figure) needs weights of dense attention, found none") }
        return try shown.map { view throws(FigureError) in try recorded(view.weights) }
    }

    /// What the figures call the step: its title, and that it is dense where a sparse attention has it beside for comparison.
    func shownTitle(of step: Step) -> Bilingual {
        guard isBeside(step) else { return step.title }
        if step.id.role == .weights { return Bilingual(en: "Dense attention weights", zh: "稠密注意力权重") }
        return Words.dense + Words.continued(step.title)
    }

    /// Whether the step belongs to a dense attention that was run beside a sparse one, so that it could be compared.
    func isBeside(_ step: Step) -> Bool {
        guard let branch = step.id.branch else { return false }
        let all = attentions(at: step.id.place)
        guard let dense = all.first, dense.isDense, dense.branch == branch, all.count > 1 else { return false }
        return branch == .dense
    }
}

extension Words {
    /// What begins a line about the dense attention beside a sparse one.
    static let dense = Bilingual(en: "Dense attention: ", zh: "稠密注意力：")

    /// A title in the middle of a sentence: one that begins with a word, not with a name in capitals, goes on in small letters.
    static func continued(_ title: Bilingual) -> Bilingual {
        let isWord = title.en.dropFirst().first?.isLowercase ?? false
        return Bilingual(en: isWord ? title.en.prefix(1).lowercased() + title.en.dropFirst() : title.en, zh: title.zh)
    }
}
