// Where each head of a model puts its weight, for the figure `head-kinds`: five places that share out every row, summed over the queries and divided by
// all of the head's weight. The place that holds most is the head's kind.

import Mechanisms
import Traces

/// What the heads of a trace rest on.
struct HeadKinds {
    /// Where weight can lie, seen from a query. Each key is in one place.
    enum Place: Int, CaseIterable {
        /// The first token of the text: a sink.
        case first
        /// The token before the query.
        case previous
        /// The query itself.
        case itself
        /// Two to `reach` tokens away, on either side; a token after the query too, where a model sees it.
        case near
        /// All that is left.
        case elsewhere
    }

    /// How far `near` reaches.
    static let reach = 8
    /// The first query that counts: before it the first token is the one before, or the query itself.
    static let firstQuery = 2

    struct Head {
        /// What part of the head's weight lies in each place; not finite where its weights are not, and nothing where it has none.
        let shares: [Double]

        /// The place that holds most, the earlier where two tie; nil where the weights are no numbers, or all 0.
        var kind: Place? {
            guard !isBroken, !isEmpty else { return nil }
            return Place.allCases.max { (shares[$0.rawValue], -$0.rawValue) < (shares[$1.rawValue], -$1.rawValue) }
        }

        var isBroken: Bool { !shares.allSatisfy { $0.isFinite } }
        /// Whether all weights are 0.
        var isEmpty: Bool { shares.allSatisfy { $0 == 0 } }
    }

    struct Layer {
        let number: Int?
        let heads: [Head]
    }

    let layers: [Layer]
    /// The first of the steps that were read, and the last.
    let steps: (first: Step, last: Step)

    /// The heads of every layer's dense attention, or of the phase's; throws where there is none, and for texts of fewer than three tokens.
    init(_ trace: Trace, _ options: FigureOptions) throws(FigureError) {
        let steps = try trace.denseWeights(options, figure: "head-kinds")
        self.steps = (steps[0], steps[steps.count - 1])
        layers = try steps.map { step throws(FigureError) in Layer(number: step.id.layer, heads: try Self.heads(of: step)) }
    }

    private static func heads(of step: Step) throws(FigureError) -> [Head] {
        let shape = step.output.shape
        let axes: Set<Axis> = [.h, .t, .s]
        guard let rows = shape[.t], let columns = shape[.s], shape.axes.allSatisfy({ axes.contains($0) }), rows <= columns else {
            throw FigureError("head-kinds: \(step.id): expected heads of no more queries than keys, found \(shape)")
        }
        guard columns > firstQuery else {
            throw FigureError("head-kinds: \(step.id): expected three tokens or more, found \(columns)")
        }
        if let other = step.output.values.first(where: { $0 < 0 }) {
            throw FigureError("head-kinds: \(step.id): expected weights of at least 0, found \(NumberText.significant(other))")
        }
        let strides = (h: shape.stride(of: .h), t: shape.stride(of: .t), s: shape.stride(of: .s))
        let past = columns - rows
        return (0..<(shape[.h] ?? 1)).map { head in
            var sums = [Double](repeating: 0, count: Place.allCases.count)
            for t in 0..<rows where past + t >= firstQuery {
                for s in 0..<columns {
                    sums[place(of: s, from: past + t).rawValue] +=
                        step.output.values[
                            head * strides.h + t * strides.t + s * strides.s]
                }
            }
            let total = sums.reduce(0, +)
            return Head(shares: total == 0 ? sums : sums.map { $0 / total })
        }
    }

    private static func place(of key: Int, from query: Int) -> Place {
        if key == 0 { return .first }
        if key == query { return .itself }
        if key == query - 1 { return .previous }
        return abs(query - key) <= reach ? .near : .elsewhere
    }

    /// Every head, layer by layer.
    var heads: [Head] { layers.flatMap { $0.heads } }

    func count(_ place: Place) -> Int { heads.count { $0.kind == place } }

    /// Heads whose weights are no numbers.
    var broken: Int { heads.count { $0.isBroken } }
    /// Heads without any weight.
    var empty: Int { heads.count { $0.isEmpty } }
    /// Whether any head has a kind.
    var hasKinds: Bool { heads.contains { $0.kind != nil } }

    /// The part of all weight in each place: every head counts alike.
    static func mean(_ heads: [Head]) -> [Double] {
        let known = heads.filter { $0.kind != nil }
        return Place.allCases.map { place in known.reduce(0) { $0 + $1.shares[place.rawValue] } / Double(max(known.count, 1)) }
    }

    /// The kind of most heads; of two with as many, the one that holds more of all weight.
    var leading: Place {
        let mean = Self.mean(heads)
        func rank(_ place: Place) -> (Int, Double, Int) { (count(place), mean[place.rawValue], -place.rawValue) }
        return Place.allCases.max { rank($0) < rank($1) } ?? .first
    }

    /// The head that has most of its weight in `place`; nil where no head is of that kind.
    func clearest(_ place: Place) -> (layer: Int?, head: Int, share: Double)? {
        var best: (layer: Int?, head: Int, share: Double)?
        for layer in layers {
            for (number, head) in layer.heads.enumerated() where head.kind == place {
                let share = head.shares[place.rawValue]
                if share > best?.share ?? -1 { best = (layer.number, number, share) }
            }
        }
        return best
    }
}
