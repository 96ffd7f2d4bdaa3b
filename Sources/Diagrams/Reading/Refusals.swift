// What the engine refuses, a figure refuses too: one error type leaves Diagrams.

import Traces

extension FigureError {
    /// What the engine refuses, in its own words.
    init(_ error: EngineError) {
        self.init(error.description)
        cause = error
    }

    /// What `figure` says of a text that is too long for it: how much it takes, and the figure that takes more.
    static func tooLong(_ figure: String, _ count: Int, limit: Int = MatrixRaster.cellLimit, instead other: String = "matrix")
        -> FigureError
    {
        FigureError("\(figure) takes up to \(limit) tokens, found \(count): try \(other)")
    }
}

/// The value of `body`; what the engine refuses there, the figure refuses.
func computing<Value>(_ body: () throws(EngineError) -> Value) throws(FigureError) -> Value {
    do throws(EngineError) { return try body() } catch { throw FigureError(error) }
}

extension Trace {
    /// The step `id`; a figure cannot do without it.
    func recorded(_ id: StepID) throws(FigureError) -> Step {
        try computing { () throws(EngineError) in try step(id) }
    }
}
