// A published line of cost against position, given by its corners, and its comparison with a prediction.

public import Traces

/// One line of Figure 3: straight between its corners.
public struct PublishedCurve: Hashable, Sendable {
    /// A corner.
    public struct Point: Hashable, Sendable {
        /// Position in tokens.
        public let position: Double
        /// Dollars for a million tokens there.
        public let dollars: Double
        /// Whether the line bends here; otherwise it ends.
        public let isKnee: Bool

        /// A corner.
        public init(position: Double, dollars: Double, isKnee: Bool) {
            self.position = position
            self.dollars = dollars
            self.isKnee = isKnee
        }
    }

    /// The half of the figure.
    public let panel: ServingPanel
    /// The model's name.
    public let model: String
    /// Corners by ascending position.
    public let points: [Point]

    /// Checked: throws unless there are two or more corners at ascending, finite positions with costs of 0 or more.
    public init(panel: ServingPanel, model: String, points: [Point]) throws(EngineError) {
        let ascends = zip(points, points.dropFirst()).allSatisfy { $0.position < $1.position }
        guard points.count >= 2, ascends, points.allSatisfy({ (0...1e9).contains($0.position) && $0.dollars >= 0 && $0.dollars.isFinite })
        else {
            throw EngineError(
                .value, "\(panel.rawValue), \(model)", expected: "two or more ascending positions up to 10^9 with costs of 0 or more",
                found: "\(points.map { [$0.position, $0.dollars] })")
        }
        self.panel = panel
        self.model = model
        self.points = points
    }

    /// Dollars at `position`, on the straight line between corners; throws outside the published range.
    public func dollars(at position: Double) throws(EngineError) -> Double {
        for (a, b) in zip(points, points.dropFirst()) where a.position <= position && position <= b.position {
            return a.dollars + (b.dollars - a.dollars) * (position - a.position) / (b.position - a.position)
        }
        throw EngineError(
            .value, "position", expected: "\(points[0].position) to \(points.last!.position)", found: NumberText.significant(position))
    }

    /// Dollars for a million tokens that each further position adds at `position`: the line's slope there, to the right of a corner.
    /// Throws outside the published range.
    public func slope(at position: Double) throws(EngineError) -> Double {
        let pieces = Array(zip(points, points.dropFirst()))
        guard let (a, b) = pieces.last(where: { $0.0.position <= position && position <= $0.1.position }) else {
            throw EngineError(
                .value, "position", expected: "\(points[0].position) to \(points.last!.position)", found: NumberText.significant(position))
        }
        return (b.dollars - a.dollars) / (b.position - a.position)
    }

    /// The last position at which this line and `other` cost the same, solved on straight pieces; nil if they do not cross.
    public func lastCrossing(with other: PublishedCurve) throws(EngineError) -> Double? {
        let (start, end) = (max(points[0].position, other.points[0].position), min(points.last!.position, other.points.last!.position))
        let corners = Set((points + other.points).map { $0.position } + [start, end]).filter { start <= $0 && $0 <= end }.sorted()
        for (a, b) in zip(corners, corners.dropFirst()).reversed() {
            let (before, after) = (try dollars(at: a) - other.dollars(at: a), try dollars(at: b) - other.dollars(at: b))
            if before == 0 || (before < 0) != (after < 0), before != after { return a + (b - a) * before / (before - after) }
        }
        return nil
    }

    /// One position, published and predicted.
    public struct Row: Hashable, Sendable {
        /// The half of the figure.
        public let panel: ServingPanel
        /// The model's name.
        public let model: String
        /// Position in tokens.
        public let position: Int
        /// Dollars for a million tokens, as published.
        public let published: Double
        /// The same, as predicted.
        public let predicted: Double
        /// (predicted - published) / published.
        public var relativeError: Double { (predicted - published) / published }
    }

    /// Published and predicted at every multiple of `step` up to the line's end, at the end itself, and at its knees.
    public func compared(with cost: ServingCost, every step: Int = 4096) throws(EngineError) -> [Row] {
        guard step > 0 else { throw EngineError(.value, "step", expected: "1 or more tokens", found: "\(step)") }
        let end = Int(points.last!.position)
        let positions = Set(Swift.stride(from: Int(points[0].position), through: end, by: step)).union([end]).union(
            points.filter { $0.isKnee }.map { Int($0.position) })
        var rows: [Row] = []
        for position in positions.sorted() {
            rows.append(
                Row(
                    panel: panel, model: model, position: position, published: try dollars(at: Double(position)),
                    predicted: try cost.dollarsPerMillionTokens(panel, position: Double(position))))
        }
        return rows
    }
}
