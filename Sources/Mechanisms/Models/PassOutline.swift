// What a forward pass would record, known before anything is computed: every step with its size and what it is made from. Who would need more memory than
// there may be is told so at once, not after an hour.

#if !hasFeature(Embedded)
    internal import Synchronization
    public import Traces

    /// The steps of a forward pass without their values.
    public struct PassOutline: Sendable {
        /// One step, or a weight.
        public struct Entry: Sendable {
            /// Its name.
            public let id: StepID
            /// The bytes of its values.
            public let bytes: Int
            /// The steps and weights that it is made from.
            public let inputs: [StepID]
            /// The query-key pairs that a mask leaves visible, if it speaks of them.
            public let visible: Mask?
        }

        /// The steps in order.
        public let steps: [Entry]
        /// The model's weights.
        public let weights: [Entry]

        /// The bytes that a pass takes which keeps `kept`: what stays, what the arithmetic of that holds on to, and the most that is under way at once, a
        /// layer and a weight.
        public func memory(keeping kept: KeptSteps) -> Int {
            var held: Set<String> = []
            for step in steps where kept.keeps(step.id) {
                held.insert(step.id.text)
                for input in step.inputs { held.insert(input.text) }
            }
            let keptWeights = weights.filter { kept.keeps($0.id) }.reduce(0) { $0 + $1.bytes }
            var passing: [Int?: Int] = [:]
            for step in steps where !held.contains(step.id.text) { passing[step.id.layer, default: 0] += step.bytes }
            return keptWeights + steps.reduce(0) { $0 + (held.contains($1.id.text) ? $1.bytes : 0) } + (passing.values.max() ?? 0)
                + (weights.filter { !kept.keeps($0.id) }.map { $0.bytes }.max() ?? 0)
        }

        /// The ids of all steps without which `kept` could not be computed, of those themselves too.
        public func needed(for kept: KeptSteps) -> Set<String> {
            var needed: Set<String> = []
            for step in steps.reversed() where needed.contains(step.id.text) || kept.keeps(step.id) {
                needed.insert(step.id.text)
                for input in step.inputs { needed.insert(input.text) }
            }
            return needed
        }

        /// Every step of `layers`, with the steps and weights that enter them.
        public func whole(_ layers: ClosedRange<Int>) -> KeptSteps {
            let own = steps.filter { $0.id.layer.map(layers.contains) ?? false }
            let ids = Set(own.flatMap { [$0.id] + $0.inputs }.map(\.text))
            return KeptSteps { ids.contains($0.text) }
        }

        /// The step of that name, or of that meaning.
        public func step(_ id: StepID) -> Entry? { steps.first { $0.id == id } ?? steps.first { $0.id.means(id) } }
    }

    /// Writes down what is recorded, in place of computing it.
    private final class Notes: Sendable {
        private let entries = Mutex<[PassOutline.Entry]>([])
        private let blanks = Blanks()

        var all: [PassOutline.Entry] { entries.withLock { $0 } }

        /// Stands for the result of a step.
        func note(_ id: StepID, _ symbol: String, _ expression: Expression, _ axes: [Axis]) -> Expression {
            let result = blanks.result(id, symbol, expression, axes)
            let entry = PassOutline.Entry(id: id, bytes: 8 * result.shape.count, inputs: expression.inputs, visible: expression.visible)
            entries.withLock { $0.append(entry) }
            return result
        }
    }

    /// Results that nobody computed.
    private final class Blanks: Sendable {
        /// Values of each size that somebody looked at: a cache asks for the same in every layer. None is a number, so that nothing can be made of them.
        private let values = Mutex<[Int: [Double]]>([:])

        func result(_ id: StepID, _ symbol: String, _ expression: Expression, _ axes: [Axis]) -> Expression {
            let shape = Shape(axes.map { ($0, expression.shape[$0] ?? 1) })
            return Expression(deferred: id, symbol, shape, visible: expression.visible) {
                Tensor(
                    shape,
                    self.values.withLock { known in
                        let values = known[shape.count] ?? [Double](repeating: .nan, count: shape.count)
                        known[shape.count] = values
                        return values
                    })
            }
        }
    }

    extension LanguageModel {
        /// What the forward pass over a text would record, without computing it. Throws as `record` does for a text that the model cannot take.
        public func outline(tokenIDs: [Int]) throws(EngineError) -> PassOutline {
            let notes = Notes()
            let recorder = try record(tokenIDs, tokenIDs.map { "\($0)" }, nil) { recorder in
                recorder.keeping = Keeping({ _ in false }) { (id, symbol, expression, axes) throws(EngineError) in
                    notes.note(id, symbol, expression, axes)
                }
            }
            let read = Set(recorder.trace.omitted.map(\.text))
            let parameters = architecture.parameters.map { parameter in
                PassOutline.Entry(
                    id: StepID(Role.parameter.rawValue + parameter.name), bytes: 8 * parameter.shape.count, inputs: [], visible: nil)
            }
            return PassOutline(steps: notes.all, weights: parameters.filter { read.contains($0.id.text) })
        }

        /// Records the forward pass over a text as `record` without `kept` does, and keeps those steps alone; the trace names the others. Of a pass
        /// without a selection, what no kept step is made from is not computed.
        /// - Parameters:
        ///   - others: what computes the steps that do not stay; nil for the exact engine.
        ///   - settled: what becomes of a kept step when its layer has ended: nil lets go of it.
        ///   - progress: called before each layer with its number.
        public func record(
            tokenIDs: [Int], tokens: [String], selection: LayerSelection? = nil, keeping kept: KeptSteps,
            computing others: Keeping.Computing? = nil, settled: (@Sendable (Step) -> Step?)? = nil, progress: (Int) -> Void = { _ in }
        ) throws(EngineError) -> Trace {
            let needed = selection == nil ? try outline(tokenIDs: tokenIDs).needed(for: kept) : nil
            let blanks = Blanks()
            return try record(tokenIDs, tokens, selection, progress: progress) { recorder in
                recorder.keeping = Keeping(kept.keeps) { (id, symbol, expression, axes) throws(EngineError) in
                    if let needed, !needed.contains(id.text) { return blanks.result(id, symbol, expression, axes) }
                    return try others?(id, symbol, expression, axes)
                }
                recorder.keeping?.settled = settled
            }.trace
        }
    }
#endif
