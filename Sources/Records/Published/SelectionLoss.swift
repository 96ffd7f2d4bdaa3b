// One row of the recorded experiment of lesson 6: what a small model loses when each layer keeps a few keys only.

/// One run of the experiment.
public struct SelectionLoss: Hashable, Sendable {
    /// `dense`, or the rule that chose the keys: `oracle`, `recent`, `random`, `window+sinks`; `oracle/2` where one choice serves two layers.
    public let chooser: String
    /// Keys kept for each query; all tokens of the text where attention is dense.
    public let keys: Int
    /// The mean loss over the text, in nats.
    public let meanLoss: Double
    /// The dense weight on the keys kept in the first layer, 0 to 1: mean over heads and queries.
    public let massKeptFirst: Double
    /// The same in the last layer.
    public let massKeptLast: Double
    /// The model, by name.
    public let model: String

    /// A run.
    public init(chooser: String, keys: Int, meanLoss: Double, massKeptFirst: Double, massKeptLast: Double, model: String) {
        self.chooser = chooser
        self.keys = keys
        self.meanLoss = meanLoss
        self.massKeptFirst = massKeptFirst
        self.massKeptLast = massKeptLast
        self.model = model
    }
}
