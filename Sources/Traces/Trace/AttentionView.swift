// The attentions of a trace, each with the steps that it is made of. An id says in which layer, pass and branch a step stands; only all steps of that
// place together say whether its attention is dense or sparse: `attention.weights` is dense in the diary and sparse in a case of DeepSeek's.

/// One attention of a trace: where it stands, and the ids of its steps.
public final class AttentionView: Sendable {
    /// The layer or the pass; nothing where a trace has one attention alone.
    public let place: [Scope]
    /// Which of the attentions at this place.
    public let branch: Branch
    /// Queries [t, h, d]; nil where the trace has none.
    public let query: StepID?
    /// Keys of heads or of groups, or the latents that stand for them; nil where the trace has none.
    public let key: StepID?
    /// Values, or the latents that stand for them; nil where the trace has none.
    public let value: StepID?
    /// What the softmax is taken of; nil where the trace does not have it.
    public let scores: StepID?
    /// The weights, on the axes t and s (k where only selected entries are read), and h where there are several heads.
    public let weights: StepID
    /// The output [t, c]; nil where the trace has none.
    public let output: StepID?
    /// The selection [t, k] that it keeps to; nil where it attends to every key that a query may see.
    public let selection: StepID?
    /// The dense attention that was run beside this sparse one; nil for a dense one, and where there was none.
    public let dense: AttentionView?

    /// Whether every visible key is attended to.
    public var isDense: Bool { selection == nil }

    fileprivate init(
        place: [Scope], branch: Branch, query: StepID?, key: StepID?, value: StepID?, scores: StepID?, weights: StepID, output: StepID?,
        selection: StepID?, dense: AttentionView?
    ) {
        self.place = place
        self.branch = branch
        self.query = query
        self.key = key
        self.value = value
        self.scores = scores
        self.weights = weights
        self.output = output
        self.selection = selection
        self.dense = dense
    }
}

extension Trace {
    /// All attentions, place by place in the order in which their weights were recorded.
    public var attentions: [AttentionView] {
        var places: [[Scope]] = []
        for step in steps where step.id.role == .weights && step.id.isOfBranch {
            let place = step.id.place
            if place != places.last, !places.contains(place) { places.append(place) }
        }
        return places.flatMap { attentions(at: $0) }
    }

    /// The attentions of one layer or pass: the dense one first.
    public func attentions(at place: [Scope]) -> [AttentionView] { AttentionPlace(place, self).attentions }

    /// The attention that a step is part of, by its branch; nil for steps of no attention.
    public func attention(of id: StepID) -> AttentionView? {
        guard let branch = id.branch else { return nil }
        return attentions(at: id.place).first { $0.branch == branch }
    }

    /// The selection in force around a step: that of its layer or pass, or of a place around it; nil if there is none.
    public func selection(around id: StepID) -> Step? {
        var scopes = id.scopes
        while true {
            if let step = first(.selected, in: scopes) { return step }
            guard !scopes.isEmpty else { return nil }
            scopes.removeLast()
        }
    }
}

extension StepID {
    /// Whether the step stands right in a branch, not in a block of it.
    fileprivate var isOfBranch: Bool { if case .branch? = scopes.last { true } else { false } }
}

/// The steps of one layer or pass, as far as attentions are made of them.
private struct AttentionPlace {
    let place: [Scope]
    var branches: [Branch: [Role: StepID]] = [:]
    /// Steps that stand outside all branches: the selection, a cache, an output.
    var shared: [Role: StepID] = [:]

    init(_ place: [Scope], _ trace: Trace) {
        self.place = place
        for step in trace.steps {
            let id = step.id
            if id.scopes.count == place.count + 1, case .branch(let branch)? = id.scopes.last, id.scopes.dropLast() == place[...] {
                if branches[branch]?[id.role] == nil { branches[branch, default: [:]][id.role] = id }
            } else if id.scopes == place, shared[id.role] == nil {
                shared[id.role] = id
            }
        }
    }

    private func hasWeights(_ branch: Branch) -> Bool { branches[branch]?[.weights] != nil }

    /// Which of the branches attends to every visible key: all there is without a selection; beside a selection the one called dense, or the one
    /// that has another, sparse, beside it.
    private func isDense(_ branch: Branch) -> Bool {
        guard shared[.selected] != nil else { return true }
        return branch == .dense || branch == .attention && hasWeights(.sparse) && !hasWeights(.dense)
    }

    var attentions: [AttentionView] {
        let recorded = Branch.allCases.filter(hasWeights)
        let dense = recorded.first(where: isDense).flatMap { view($0, beside: nil) }
        return recorded.compactMap { branch in
            branch == dense?.branch ? nil : view(branch, beside: isDense(branch) ? nil : dense)
        }.inserting(dense)
    }

    private func view(_ branch: Branch, beside dense: AttentionView?) -> AttentionView? {
        guard let own = branches[branch], let weights = own[.weights] else { return nil }
        // A second attention reads the queries, keys and values of the first.
        let first = branches[.attention] ?? own
        func step(_ roles: [Role]) -> StepID? {
            for role in roles { if let id = own[role] ?? first[role] ?? shared[role] { return id } }
            return nil
        }
        // The output of a layer is not that of its attention.
        var isLayer = false
        for case .layer in place { isLayer = true }
        let output = own[.output] ?? (branch == .attention && !isLayer ? shared[.output] : nil)
        return AttentionView(
            place: place, branch: branch, query: step([.query]), key: step([.key, .keyNope, .latentCache, .latent]),
            value: step([.value, .latentCache, .latent]), scores: own[.scores], weights: weights, output: output,
            selection: isDense(branch) ? nil : shared[.selected], dense: dense)
    }
}

extension [AttentionView] {
    fileprivate func inserting(_ first: AttentionView?) -> [AttentionView] { first.map { [$0] + self } ?? self }
}
