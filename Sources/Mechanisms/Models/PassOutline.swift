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

        /// The step of that name, or of that meaning.
        public func step(_ id: StepID) -> Entry? { steps.first { $0.id == id } ?? steps.first { $0.id.means(id) } }
    }

    /// Writes down what is recorded, in place of computing it.
    private final class Notes: Sendable {
        private let entries = Mutex<[PassOutline.Entry]>([])
        /// Zeros of each size that somebody looked at: a cache asks for the same in every layer.
        private let zeros = Mutex<[Int: [Double]]>([:])

        var all: [PassOutline.Entry] { entries.withLock { $0 } }

        /// Stands for the result of a step.
        func note(_ id: StepID, _ symbol: String, _ expression: Expression, _ axes: [Axis]) -> Expression {
            let shape = Shape(axes.map { ($0, expression.shape[$0] ?? 1) })
            let entry = PassOutline.Entry(id: id, bytes: 8 * shape.count, inputs: expression.inputs, visible: expression.visible)
            entries.withLock { $0.append(entry) }
            return Expression(deferred: id, symbol, shape) {
                Tensor(
                    shape,
                    self.zeros.withLock { zeros in
                        let values = zeros[shape.count] ?? [Double](repeating: 0, count: shape.count)
                        zeros[shape.count] = values
                        return values
                    })
            }
        }
    }

    extension LanguageModel {
        /// What the forward pass over a text would record, without computing it. Throws as `record` does for a text that the model cannot take.
        public func outline(tokenIDs: [Int]) throws(EngineError) -> PassOutline {
            let notes = Notes()
            _ = try record(tokenIDs, tokenIDs.map { "\($0)" }, nil) { recorder in
                recorder.keeping = Keeping({ _ in false }) { (id, symbol, expression, axes) throws(EngineError) in
                    notes.note(id, symbol, expression, axes)
                }
            }
            let parameters = architecture.parameters.filter { weights.contain($0.name) }.map { parameter in
                PassOutline.Entry(
                    id: StepID(Role.parameter.rawValue + parameter.name), bytes: 8 * parameter.shape.count, inputs: [], visible: nil)
            }
            return PassOutline(steps: notes.all, weights: parameters)
        }

        /// Records the forward pass over a text as `record` without `kept` does, and keeps those steps alone; the trace names the others.
        /// - Parameter progress: called before each layer with its number.
        public func record(
            tokenIDs: [Int], tokens: [String], selection: LayerSelection? = nil, keeping kept: KeptSteps,
            progress: (Int) -> Void = { _ in }
        ) throws(EngineError) -> Trace {
            try record(tokenIDs, tokens, selection, progress: progress) { $0.keeping = Keeping(kept.keeps) }.trace
        }
    }
#endif
