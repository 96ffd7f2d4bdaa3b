// The runs of a reader's model that a lesson asks for beside the one it speaks of: the same text, with other attention.

public import Mechanisms
internal import Synchronization
internal import Traces

/// A model that lessons run again with a selection. Each run is made once, in however many languages the lesson is told.
public final class ModelRuns: Sendable {
    /// How far the runs of a lesson have come.
    public struct Progress: Sendable {
        /// The run under way, from 1.
        public let run: Int
        /// How many runs there are.
        public let runs: Int
        /// The layer that is computed next, from 0.
        public let layer: Int
        /// How many layers each run has.
        public let layers: Int
    }

    let model: LanguageModel
    private let report: @Sendable (Progress?) -> Void
    private let made = Mutex<[Run: Trace]>([:])

    /// - Parameter report: called before each layer of each run, and with nil when all runs of a lesson are made.
    public init(of model: LanguageModel, report: @escaping @Sendable (Progress?) -> Void = { _ in }) {
        self.model = model
        self.report = report
    }

    private struct Run: Hashable {
        let tokenIDs: [Int]
        let selection: LayerSelection
        let layer: Int?
    }

    /// The runs of `requests`, each of the model of `main` on its text.
    func experiments(_ requests: [RunRequest], like main: Experiment) throws -> [Experiment] {
        defer { report(nil) }
        return try requests.enumerated().map { number, request in
            try request.experiment(like: main) { selection, layer in
                try trace(like: main.trace, selection, layer) { [report, model] in
                    report(Progress(run: number + 1, runs: requests.count, layer: $0, layers: model.architecture.facts.layers))
                }
            }
        }
    }

    private func trace(like main: Trace, _ selection: LayerSelection, _ layer: Int?, progress: (Int) -> Void) throws(EngineError) -> Trace {
        let run = Run(tokenIDs: main.tokenIDs, selection: selection, layer: layer)
        return try made.withLock { made throws(EngineError) in
            if let trace = made[run] { return trace }
            let trace = try model.recordForLesson(
                tokenIDs: main.tokenIDs, tokens: main.tokens, selection: selection, layer: layer, progress: progress)
            made[run] = trace
            return trace
        }
    }
}
