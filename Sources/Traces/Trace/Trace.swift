// The record of one computation: steps in order, forming a graph by their inputs.

/// All steps of a computation, in the order in which they were computed.
public struct Trace: Sendable {
    /// The text's tokens, as a reader sees them.
    public var tokens: [String]
    /// The tokens' numbers in the vocabulary.
    public var tokenIDs: [Int]
    /// The what-if switches that were on.
    public var switches: [String]
    /// The steps, inputs and weights among them.
    public private(set) var steps: [Step]
    private var positions: [String: Int]
    #if !hasFeature(Embedded)
        /// Ids of the steps that are not kept, in their order. Pages keep everything.
        public private(set) var omitted: [StepID] = []
        private var omittedIDs: Set<String> = []
        /// The layers of a model whose steps were computed in Float32, none of which is kept.
        public var float32Layers: [Int] = []
    #endif

    /// A trace of the given steps; ids must be unique.
    public init(tokens: [String] = [], tokenIDs: [Int] = [], switches: [String] = [], steps: [Step] = []) {
        self.tokens = tokens
        self.tokenIDs = tokenIDs
        self.switches = switches
        self.steps = []
        positions = [:]
        for step in steps { append(step) }
    }

    /// Adds a step whose id is new.
    public mutating func append(_ step: Step) {
        precondition(positions[step.id.text] == nil, "the step \(step.id.text) is recorded twice")
        positions[step.id.text] = steps.count
        steps.append(step)
    }

    #if !hasFeature(Embedded)
        /// Says that a step of this id is not kept; once is enough.
        public mutating func omit(_ id: StepID) { if omittedIDs.insert(id.text).inserted { omitted.append(id) } }

        /// Whether a step of that id belongs to the computation and is not kept.
        public func omits(_ id: StepID) -> Bool { omittedIDs.contains(id.text) }

        /// The same trace, which says that these steps are not kept.
        public func omitting(_ ids: [StepID]) -> Trace {
            var trace = self
            ids.forEach { trace.omit($0) }
            return trace
        }
    #endif

    /// The same trace with `steps` in place of its own.
    public func replacing(steps: [Step]) -> Trace {
        var trace = Trace(tokens: tokens, tokenIDs: tokenIDs, switches: switches, steps: steps)
        #if !hasFeature(Embedded)
            (trace.omitted, trace.omittedIDs, trace.float32Layers) = (omitted, omittedIDs, float32Layers)
        #endif
        return trace
    }

    /// The step called `id`, or else the one that is the same thing at the same place under another name.
    private func position(_ id: StepID) -> Int? { positions[id.text] ?? steps.firstIndex { $0.id.means(id) } }

    /// Whether a step of that id was recorded.
    public func contains(_ id: StepID) -> Bool { position(id) != nil }

    /// The step `id`; throws with the nearest ids if there is none.
    public func step(_ id: StepID) throws(EngineError) -> Step {
        if let position = position(id) { return steps[position] }
        var names = steps.map { $0.id.text }
        #if !hasFeature(Embedded)
            guard !omits(id) else {
                throw EngineError(
                    .unknownStep, id.text, "this step was not kept in the trace: --keep and --layers say what is kept")
            }
            names += omitted.map { $0.text }
        #endif
        let near = NearWords.of(id.text, in: names)
        let computed = steps.filter { !$0.inputs.isEmpty }.map { $0.id.text }
        let known = computed.isEmpty ? names : computed
        let some = known.prefix(6).joined(separator: ", ") + (known.count > 6 ? ", … (\(known.count) in all)" : "")
        let hint = known.isEmpty ? "" : near.isEmpty ? "; there are \(some)" : "; did you mean \(near.joined(separator: ", "))?"
        throw EngineError(.unknownStep, id.text, "there is no step of this name\(hint)")
    }

    /// The step that `text` spells, as a reader writes it or a picture names it; throws with the nearest ids if there is none.
    public func step(_ text: String) throws(EngineError) -> Step {
        if let position = positions[text] { return steps[position] }
        return try step(StepID(text))
    }

    /// The first step of that role in exactly these scopes; nil if there is none.
    public func first(_ role: Role, in scopes: [Scope]) -> Step? { steps.first { $0.id.role == role && $0.id.scopes == scopes } }

    /// The passes, in the order in which they were recorded.
    public var passes: [Pass] {
        var passes: [Pass] = []
        for step in steps { if let pass = step.id.pass, pass != passes.last, !passes.contains(pass) { passes.append(pass) } }
        return passes
    }

    /// The value of one cell.
    public func value(_ id: StepID, _ index: [Int]) throws(EngineError) -> Double { try step(id).value(at: index) }

    /// The sum of all steps' costs.
    public var cost: Cost { steps.reduce(Cost()) { $0 + $1.cost } }
}

/// Finds words that somebody may have meant.
public enum NearWords {
    /// Up to `limit` candidates nearest to `word` by edit distance, the near ones only.
    public static func of(_ word: String, in candidates: [String], limit: Int = 3) -> [String] {
        // Distances take time with the square of the length; nobody mistypes a name of hundreds of characters.
        guard word.utf8.count <= 200 else { return [] }
        let folded = word.lowercased()
        return
            candidates
            .map { (candidate: $0, distance: distance(folded, $0.lowercased())) }
            .filter { $0.distance <= max(2, $0.candidate.count / 3) || $0.candidate.lowercased().hasSuffix(folded) }
            .sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }
            .prefix(limit).map { $0.candidate }
    }

    /// `; did you mean a, b?`, or nothing.
    public static func hint(_ near: [String]) -> String { near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?" }

    /// Levenshtein's distance: the least number of characters inserted, deleted or replaced.
    static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b)
        var row = Array(0...b.count)
        for (i, character) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (character == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
