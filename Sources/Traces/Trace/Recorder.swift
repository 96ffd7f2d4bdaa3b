// The recorder evaluates an expression in bulk, appends a step, and hands its result back as a leaf for the next equation.

/// Builds a trace, one equation at a time.
public struct Recorder: Sendable {
    /// What has been recorded so far.
    public private(set) var trace: Trace
    /// Where what is recorded next stands: a pass, a layer, a branch.
    public private(set) var scopes: [Scope]
    /// Names of positions along an axis, given to every step that has the axis at that length.
    public var labels: [Axis: [String]]
    #if !hasFeature(Embedded)
        /// Which steps stay in the trace, and what computes the others; nil for all.
        public var keeping: Keeping?
    #endif
    /// The interventions that change what is recorded next.
    var inForce: [InForce] = []

    /// A recorder with nothing recorded.
    public init(tokens: [String] = [], tokenIDs: [Int] = [], switches: [String] = [], scopes: [Scope] = [], labels: [Axis: [String]] = [:])
    {
        trace = Trace(tokens: tokens, tokenIDs: tokenIDs, switches: switches)
        self.scopes = scopes
        self.labels = labels
    }

    /// What `body` records stands inside `inner`, within the scopes so far.
    public mutating func within<Result>(
        _ inner: Scope, _ body: (inout Recorder) throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        scopes.append(inner)
        defer { scopes.removeLast() }
        return try body(&self)
    }

    /// The id of a step with this role here, or in a branch of here.
    public func id(_ role: Role, in branch: Branch? = nil) -> StepID { StepID(scopes(branch), role) }

    /// The id of something given that belongs here: `input.layer.0.rule`.
    public func inputID(_ name: String) -> StepID { StepID(Role.input.rawValue + StepID(scopes, named: name).text) }

    private func scopes(_ branch: Branch?) -> [Scope] { branch.map { scopes + [.branch($0)] } ?? scopes }

    /// The recorded step `id` as the start of further equations; throws if there is none.
    public func recorded(_ id: StepID) throws(EngineError) -> Expression { Expression(Leaf(step: try trace.step(id))) }

    /// Whether a step of that id was recorded, whether or not it stayed.
    public func hasRecorded(_ id: StepID) -> Bool {
        #if !hasFeature(Embedded)
            if trace.omits(id) { return true }
        #endif
        return trace.contains(id)
    }

    /// Lets go of what only the layer that has ended, and those before it, had a use for.
    package mutating func endLayer() {
        #if !hasFeature(Embedded)
            guard let settled = keeping?.settled else { return }
            let steps = trace.steps.compactMap(settled)
            let gone = Set(trace.steps.map(\.id)).subtracting(steps.map(\.id))
            trace = trace.replacing(steps: steps).omitting(trace.steps.map(\.id).filter(gone.contains))
        #endif
    }

    /// Whether the step `id` stays; one that does not is named in the trace.
    private mutating func keeps(_ id: StepID) -> Bool {
        #if !hasFeature(Embedded)
            if let keeping, !keeping.keeps(id) {
                trace.omit(id)
                return false
            }
        #endif
        return true
    }

    /// Records an input or a weight, which stands in the trace under `id` as it is (no scopes). Recording the same again returns the
    /// first. Throws if a value is NaN or infinite, or if the id stands for other values.
    public mutating func input(
        _ id: StepID, _ symbol: String, _ tensor: Tensor, title: Bilingual,
        source: Bilingual = Bilingual(en: "given", zh: "给定")
    ) throws(EngineError) -> Expression {
        if trace.contains(id) {
            let recorded = try trace.step(id)
            guard recorded.output == tensor else { throw EngineError(.value, id.text, "is recorded with other values already") }
            return Expression(Leaf(step: recorded))
        }
        if let fault = tensor.nonFinite(id) { throw fault }
        let step = Step(
            id: id, title: title, formula: Formula(""), source: source, inputs: [], symbol: symbol, output: tensor,
            labels: fitting(tensor.shape))
        if keeps(id) { trace.append(step) }
        return Expression(Leaf(step: step))
    }

    /// Records a weight under `weight.NAME`.
    public mutating func weight(_ name: String, _ symbol: String, _ tensor: Tensor) throws(EngineError) -> Expression {
        try input(
            StepID(Role.parameter.rawValue + name), symbol, tensor, title: Bilingual(en: "Weight \(name)", zh: "权重 \(name)"),
            source: Bilingual(en: "weights", zh: "权重"))
    }

    /// Records a weight under `weight.NAME`, its axes called `axes` whatever the file's reader called them.
    public mutating func weight(_ weight: NamedTensor, _ symbol: String, _ axes: [Axis]) throws(EngineError) -> Expression {
        #if !hasFeature(Embedded)
            if weight.isStored {
                let id = StepID(Role.parameter.rawValue + weight.name)
                // A file has one weight of a name: it need not be read again to know that it is the same.
                if trace.contains(id) { return Expression(Leaf(step: try trace.step(id))) }
                if !keeps(id) {
                    let (weight, faults) = (weight.on(axes), keeping?.faults)
                    return Expression(deferred: id, symbol, weight.shape) { faults?.checked(id, weight.tensor) ?? weight.tensor }
                }
            }
        #endif
        return try self.weight(weight.name, symbol, weight.tensor.on(axes))
    }

    /// Records the result of `equation` as it was computed elsewhere, NaN and infinities too: nothing is known of how.
    /// - Parameter visible: the query-key pairs that a mask let through there.
    public mutating func given(_ equation: Equation, _ output: Tensor, visible: Mask?) -> Expression {
        let step = Step(
            id: StepID(scopes(equation.branch), equation.role, named: equation.name), title: equation.title, formula: equation.formula,
            inputs: [], symbol: equation.symbol, output: output, labels: fitting(output.shape), facts: [:], selection: nil,
            visible: visible, bytesPerValue: 8, sourceNote: equation.sourceNote, definition: nil)
        trace.append(step)
        return Expression(Leaf(step: step))
    }

    /// Evaluates `expression`, appends it as the step of `equation`, and returns the result as a leaf.
    /// - Parameters:
    ///   - visible: the query-key pairs that the mask lets through: `contractionFlops` counts these alone, and it travels with the result.
    ///   - bytesPerValue: the width of a value written, 8 unless the step stores a narrower kind.
    ///   - selection: for a step that is one, makes from the result what it keeps; its facts are the step's.
    public mutating func record(
        _ equation: Equation, _ expression: Expression, visible: Mask? = nil, labels extra: [Axis: [String]] = [:], bytesPerValue: Int = 8,
        selecting selection: (Tensor) throws(EngineError) -> Selection? = { _ in nil }
    ) throws(EngineError) -> Expression {
        let (equation, expression) = try intervened(equation) { _ in expression }
        return try append(equation, expression, visible, extra, bytesPerValue, selection)
    }

    /// The same for an expression that is built only if no intervention stands in its place: one with weights of its own.
    public mutating func record(_ equation: Equation, right: Intervention.Right) throws(EngineError) -> Expression {
        let (equation, expression) = try intervened(equation, right)
        return try append(equation, expression, nil, [:], 8) { _ in nil }
    }

    private mutating func append(
        _ equation: Equation, _ expression: Expression, _ visible: Mask?, _ extra: [Axis: [String]], _ bytesPerValue: Int,
        _ selection: (Tensor) throws(EngineError) -> Selection?
    ) throws(EngineError) -> Expression {
        let id = StepID(scopes(equation.branch), equation.role, named: equation.name)
        guard expression.shape.rank == equation.axes.count, equation.axes.allSatisfy(expression.shape.contains) else {
            throw EngineError(.shape, id.text, expected: "the axes \(equation.axes)", found: "\(expression.shape)")
        }
        let visible = visible ?? expression.operation.visible
        let isKept = keeps(id)
        #if !hasFeature(Embedded)
            if !isKept, let keeping, let result = try keeping.compute(id, equation.symbol, expression, equation.axes) { return result }
        #endif
        let output = expression.operation.evaluate().transposed(to: equation.axes)
        #if !hasFeature(Embedded)
            if let fault = keeping?.faults.first { throw fault }
        #endif
        if let bad = output.firstNaNIndex {
            throw EngineError(
                .value, id.text + Cell.brackets(bad.map(String.init)), expected: "a number",
                found: "NaN: these inputs cannot be computed with")
        }
        let selection = try selection(output)
        let step = Step(
            id: id, title: equation.title, formula: equation.formula,
            inputs: expression.inputs, symbol: equation.symbol, output: output,
            labels: labels(output.shape, extra), facts: selection?.facts ?? [:], selection: selection,
            visible: visible, bytesPerValue: bytesPerValue, sourceNote: equation.sourceNote,
            // What does not stay must not hold on to all that it came from.
            definition: isKept ? expression : nil)
        if isKept { trace.append(step) }
        return Expression(Leaf(step: step))
    }

    /// The labels that fit `shape`; `extra` ones come first.
    private func labels(_ shape: Shape, _ extra: [Axis: [String]]) -> [Axis: [String]] {
        var all = fitting(shape)
        for (axis, names) in extra { all[axis] = names }
        return all
    }

    private func fitting(_ shape: Shape) -> [Axis: [String]] { labels.filter { shape[$0.key] == $0.value.count } }
}

extension Tensor {
    /// What is wrong with `id`, which has these values, if one of them is not finite.
    package func nonFinite(_ id: StepID) -> EngineError? {
        firstNonFiniteIndex.map { bad in
            EngineError(
                .value, id.text + Cell.brackets(bad.map(String.init)), expected: "a finite number", found: NumberText.exact(self[bad]))
        }
    }
}
