// A row of a published benchmark table.

/// One benchmark, two models.
public struct BenchmarkResult: Hashable, Sendable {
    /// The group that it stands in: General, Search Agent, Code, Code Agent, Math.
    public let category: String
    /// Its name.
    public let name: String
    /// What is counted: accuracy in percent, or a rating.
    public let metric: String
    /// The earlier model's result: DeepSeek-V3.1-Terminus in the published table.
    public let before: Double
    /// The later model's result: DeepSeek-V3.2-Exp.
    public let after: Double

    /// A row of the table.
    public init(category: String, name: String, metric: String, before: Double, after: Double) {
        self.category = category
        self.name = name
        self.metric = metric
        self.before = before
        self.after = after
    }
}
