// A case of kind `sparse-mla`: attention of every head over the cache entries that an indexer chose, as sparse MLA kernels compute it. An entry is the key,
// and its first columns are the value, of all heads. Conventions are those of FlashMLA's reference (tests/ref.py): a sink takes part in the denominator of
// the output alone; lse is the natural logarithm of the sum without it; where a query has no key the output is 0 and lse is +inf.

import Mechanisms
import ModelFiles
public import Traces

/// What sparse MLA is given.
public struct SparseMLACase: Sendable {
    /// Queries [t, h, d].
    public let q: Tensor
    /// Cache entries [s, d].
    public let kv: Tensor
    /// The entries that each query attends to, one a rank [t, k]; -1 for none. One that stands twice counts twice.
    public let indices: [[Int]]
    /// How many of its ranks count, for each query; nil for all.
    public let lengths: [Int]?
    /// A logit for each head that takes part in the denominator; nil for none.
    public let sinks: [Double]?
    /// Factor of the dot products.
    public let softmaxScale: Double
    /// How many columns of an entry, from the first, are its value.
    public let valueDimension: Int

    /// The most products of a query's and an entry's feature that a case asks for.
    static let mostProducts = 1 << 30

    /// Throws for more products, one for each query, head, rank and feature, than can be waited for.
    static func check(queries: Int, heads: Int, ranks: Int, features: Int) throws(EngineError) {
        var (products, isTooMany) = (1, false)
        for factor in [queries, heads, ranks, features] {
            let (next, overflows) = products.multipliedReportingOverflow(by: factor)
            (products, isTooMany) = (next, isTooMany || overflows || next > mostProducts)
            if isTooMany { break }
        }
        guard !isTooMany else {
            throw EngineError(
                .value, "queries × heads × top-k × dim", expected: "at most \(mostProducts)",
                found: "\(queries) × \(heads) × \(ranks) × \(features)")
        }
    }

    var queries: Int { q.shape.lengths[0] }
    var heads: Int { q.shape.lengths[1] }
    var features: Int { q.shape.lengths[2] }

    /// What is computed.
    struct Answer: Hashable, Sendable {
        /// [t, h, d_v].
        let out: Tensor
        /// [t, h].
        let lse: Tensor
    }

    /// How it is computed: right, unless something is changed.
    struct Recipe {
        /// The entry that -1 is read as; nil for none.
        var padding: Int?
        var ignoresLengths = false
        var countsOnce = false
        var scale: Double
        /// How many features, from the first, are multiplied.
        var width: Int
        /// The first column of a value.
        var firstValue = 0
        var hasSinks = true
        var sinksAreInSum = false
        /// Whether the sink is all that lse counts where a query has no entry.
        var sinkAloneIsSum = true
        var lseFactor = 1.0
        var emptySum = Double.infinity
    }

    /// The right recipe.
    var right: Recipe { Recipe(scale: softmaxScale, width: features) }

    /// The output and lse of a recipe.
    func answer(_ recipe: Recipe? = nil) -> Answer {
        let recipe = recipe ?? right
        var out = [Double](repeating: 0, count: queries * heads * valueDimension)
        var sums = [Double](repeating: 0, count: queries * heads)
        for row in 0..<queries {
            let keys = keys(row, recipe)
            for head in 0..<heads {
                let cell = row * heads + head
                let logits = keys.map { recipe.scale * product(cell, $0, recipe.width) }
                let sum = Self.logSum(logits)
                let total = sinks.map { recipe.hasSinks ? Self.logSum([sum, $0[head]]) : sum } ?? sum
                sums[cell] = recipe.lseFactor * (recipe.sinksAreInSum ? total : sum)
                if keys.isEmpty, !(recipe.sinksAreInSum && recipe.sinkAloneIsSum && sinks != nil) { sums[cell] = recipe.emptySum }
                for (key, logit) in zip(keys, logits) {
                    add(key, times: Double.exp(logit - total), from: recipe.firstValue, to: &out, at: cell * valueDimension)
                }
            }
        }
        return Answer(
            out: Tensor([.t, .h, .d], [queries, heads, valueDimension], out), lse: Tensor([.t, .h], [queries, heads], sums))
    }

    /// The entries that a query attends to.
    private func keys(_ row: Int, _ recipe: Recipe) -> [Int] {
        let count = recipe.ignoresLengths ? nil : lengths?[row]
        var seen: Set<Int> = []
        return indices[row].prefix(count ?? .max).compactMap { index in
            guard let key = index >= 0 ? index : recipe.padding else { return nil }
            return recipe.countsOnce && !seen.insert(key).inserted ? nil : key
        }
    }

    private func product(_ query: Int, _ key: Int, _ width: Int) -> Double {
        q.values.withUnsafeBufferPointer { q in
            kv.values.withUnsafeBufferPointer { kv in
                var sum = 0.0
                let (a, b) = (query * features, key * features)
                for i in 0..<width { sum += q[a + i] * kv[b + i] }
                return sum
            }
        }
    }

    private func add(_ key: Int, times weight: Double, from first: Int, to out: inout [Double], at start: Int) {
        out.withUnsafeMutableBufferPointer { out in
            kv.values.withUnsafeBufferPointer { kv in
                let entry = key * features + first
                for i in 0..<valueDimension { out[start + i] += weight * kv[entry + i] }
            }
        }
    }

    /// log Σ exp, -inf for nothing.
    private static func logSum(_ logits: [Double]) -> Double {
        guard let largest = logits.max(), largest > -.infinity else { return -.infinity }
        return largest + Double.log(logits.reduce(0) { $0 + Double.exp($1 - largest) })
    }
}
