// A deviation from the paper, made on purpose to see what a step is for. A mechanism's page holds the right equations and knows nothing of it: the
// recorder asks its interventions each time that it is about to record.

/// At one role or several: another expression with its own words, or nothing where a step may be left out.
public struct Intervention: Sendable {
    /// The right expression, built only when somebody wants it.
    public typealias Right = (inout Recorder) throws(EngineError) -> Expression

    /// What an intervention does to the steps of one role.
    public struct Change: Sendable {
        enum Effect: Sendable {
            case leftOut
            case instead(@Sendable (Equation, Right, inout Recorder) throws(EngineError) -> (Equation, Expression)?)
        }
        let role: Role
        let effect: Effect

        /// Another expression for a step of `role`, and the words that it is recorded with; nil where there is nothing to change. The step keeps its id
        /// and its axes. `make` is given the right equation, the right expression, and the recorder with all that came before.
        public static func at(
            _ role: Role, _ make: @escaping @Sendable (Equation, Right, inout Recorder) throws(EngineError) -> (Equation, Expression)?
        ) -> Change { Change(role: role, effect: .instead(make)) }

        /// The optional step of `role` is left out: what follows takes its input.
        public static func leavingOut(_ role: Role) -> Change { Change(role: role, effect: .leftOut) }
    }

    /// Its name among a trace's switches.
    public let name: String
    /// What there must be for it to change: `a ReLU in its indexer`.
    public let target: String
    let changes: [Change]

    /// An intervention by its changes, at most one a role.
    public init(_ name: String, on target: String, _ changes: Change...) {
        self.name = name
        self.target = target
        self.changes = changes
    }
}

extension Recorder {
    /// What `body` records is changed by `interventions`, one after the other.
    /// - Throws: what `body` throws, and an error for an intervention that found nothing to change.
    public mutating func under<Result>(
        _ interventions: [Intervention], _ body: (inout Recorder) throws(EngineError) -> Result
    ) throws(EngineError) -> Result {
        let start = inForce.count
        inForce += interventions.map { InForce(intervention: $0) }
        defer { inForce.removeSubrange(start...) }
        let result = try body(&self)
        if let idle = inForce[start...].first(where: { !$0.hasChanged })?.intervention {
            throw EngineError(.value, "switch \(idle.name)", expected: "an attention with \(idle.target)", found: "none here")
        }
        return result
    }

    /// Whether an intervention leaves the optional step of `role` out; it counts as done.
    public mutating func leavesOut(_ role: Role) -> Bool {
        var isLeftOut = false
        for i in inForce.indices {
            for change in inForce[i].intervention.changes where change.role == role {
                if case .leftOut = change.effect { (isLeftOut, inForce[i].hasChanged) = (true, true) }
            }
        }
        return isLeftOut
    }

    /// The expression to record for `equation` and the words for it, after all interventions.
    mutating func intervened(_ equation: Equation, _ right: Intervention.Right) throws(EngineError) -> (Equation, Expression) {
        var (words, instead) = (equation, Expression?.none)
        for i in inForce.indices {
            for change in inForce[i].intervention.changes where change.role == equation.role {
                guard case .instead(let make) = change.effect else { continue }
                let soFar = instead
                let changed = try make(
                    words, { trace throws(EngineError) in if let soFar { soFar } else { try right(&trace) } }, &self)
                guard let (other, expression) = changed else { continue }
                (words, instead) = (other.standing(for: equation), expression)
                inForce[i].hasChanged = true
            }
        }
        if let instead { return (words, instead) }
        return (equation, try right(&self))
    }
}

/// An intervention at work, and whether it has found something to change.
struct InForce: Sendable {
    let intervention: Intervention
    var hasChanged = false
}
