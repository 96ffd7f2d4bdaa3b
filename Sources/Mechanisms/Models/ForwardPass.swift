// What a forward pass of a language model has at hand: its tokens, how many came before, which keys layers attend to, and the weights. And what it
// leaves for the next pass.

public import Traces

/// One pass over some tokens.
public struct ForwardPass: Sendable {
    /// The tokens of this pass.
    public let tokenIDs: [Int]
    /// How many tokens came before: the position of the first.
    public let past: Int
    /// Which keys each layer attends to; nil for all of them.
    public let selection: LayerSelection?
    /// The model's weights.
    public let weights: ModelWeights

    /// Records attention of `z` [t, c] as `attention.…`; if the pass has a selection, also what it keeps and attention to that alone, as `sparse.…`,
    /// whose output goes on.
    /// - Returns: the output [t, c], and keys and values of all tokens so far.
    public func attend(
        _ z: Expression, _ attention: DenseAttention, _ weights: DenseAttention.Weights, cache: LayerCache?, on trace: inout Recorder
    ) throws(EngineError) -> (output: Expression, cache: LayerCache) {
        let earlier = try cache.map { cache throws(EngineError) in try DenseAttention.Cache(cache) }
        let (projected, dense) = try trace.within(.branch(.attention)) { trace throws(EngineError) in
            let projected = try attention.project(z, weights, cache: earlier, on: &trace)
            return (projected, try attention.attend(projected, weights, on: &trace))
        }
        let output = try selection?.attend(attention, projected, weights, on: &trace) ?? dense
        return (output, LayerCache(projected.cache))
    }
}

/// What one layer needs of earlier tokens: tensors by name, whatever the layer's attention is.
public struct LayerCache: Hashable, Sendable {
    private let tensors: [String: Tensor]

    /// A cache of these tensors, each with the tokens along one of its axes.
    public init(_ tensors: [String: Tensor]) { self.tensors = tensors }

    /// The tensor called `name`; throws if there is none.
    public func tensor(_ name: String) throws(EngineError) -> Tensor {
        guard let tensor = tensors[name] else {
            throw EngineError(
                .value, "cache", expected: "a tensor called \(name)", found: tensors.keys.sorted().joined(separator: ", "))
        }
        return tensor
    }
}

extension LayerCache {
    /// Keys `k` and values `v`, both [s, g, d].
    public init(_ cache: DenseAttention.Cache) { self.init(["k": cache.keys, "v": cache.values]) }
}

extension DenseAttention.Cache {
    /// Keys `k` and values `v` of a layer's cache; throws if it has others.
    public init(_ cache: LayerCache) throws(EngineError) { self.init(keys: try cache.tensor("k"), values: try cache.tensor("v")) }
}
