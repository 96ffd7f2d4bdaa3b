// What a config.json says of a family's attention: its heads, and how far a query of each layer sees. Where the file is silent the family's authors have
// defaults of their own. The model that is run and the costs that are counted read it here alike.

package import Traces

/// How a family's configurations say its attention.
package struct AttentionFields: Sendable {
    /// How many keys a query of layer n sees, itself the last; nil for all up to itself.
    package typealias Window = @Sendable (_ n: Int) -> Int?

    /// Features of a head where the file is silent; nil for what the width leaves each.
    private let head: Int?
    /// Key-value heads where the file is silent; nil for as many as heads.
    private let keyValueHeads: Int?
    /// The window of each layer; throws for attention that is not computed.
    package let window: @Sendable (Settings) throws(FileError) -> Window

    /// A family with these defaults and windows; it has no windows unless they are said.
    init(
        head: Int? = nil, keyValueHeads: Int? = nil,
        window: @escaping @Sendable (Settings) throws(FileError) -> Window = { (config) throws(FileError) in
            try config.refuseOtherThanFullAttention()
            return { _ in nil }
        }
    ) {
        self.head = head
        self.keyValueHeads = keyValueHeads
        self.window = window
    }

    /// Query heads, key-value heads and the features of a head in a model of this width, all of at least 1; throws, naming the field, unless key-value heads
    /// divide heads.
    package func heads(_ config: Settings, width: Int) throws(FileError) -> (count: Int, keyValue: Int, dimension: Int) {
        let heads = try config.integer("num_attention_heads", atLeast: 1)
        if !config.has("head_dim"), head == nil, width % heads != 0 {
            throw config.failure("num_attention_heads", expected: "a divisor of hidden_size \(width), as head_dim is not given")
        }
        // A field that is null means as many as heads, a missing one the authors' default.
        let usual = config.fields["num_key_value_heads"] == nil ? keyValueHeads ?? heads : heads
        let keyValue = try config.integer("num_key_value_heads", atLeast: 1, default: usual)
        guard heads % keyValue == 0 else {
            throw config.failure("num_key_value_heads", expected: "a divisor of \(heads) attention heads")
        }
        return (heads, keyValue, try config.integer("head_dim", atLeast: 1, default: head ?? width / heads))
    }
}

extension Settings {
    /// Which layers attend within a window, by `layer_types`; nil where the file does not say. Throws, naming it, for a kind that is none of both and
    /// for a list of another length.
    func layersWithWindow() throws(FileError) -> [Bool]? {
        guard has("layer_types") else { return nil }
        let kinds = try texts("layer_types")
        for kind in kinds where kind != "full_attention" && kind != "attention" && kind != "sliding_attention" {
            throw failure("layer_types", expected: "full_attention or sliding_attention in every layer; \(kind) is not computed")
        }
        let layers = try integer("num_hidden_layers", atLeast: 1)
        guard kinds.count == layers else { throw failure("layer_types", expected: "\(layers) kinds, as num_hidden_layers says") }
        return kinds.map { $0 == "sliding_attention" }
    }
}
