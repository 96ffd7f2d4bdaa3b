// The tensors of a GGUF file under the names, and in the order of rows, that a model's authors published them.
// Source: https://github.com/ggml-org/llama.cpp, gguf-py/gguf/tensor_mapping.py, and convert_hf_to_gguf.py for what is turned over.

import Synchronization
import Traces

/// The weights of a model in one GGUF file.
final class GGUFWeights: Sendable {
    /// How a tensor lies in the file beside how it was published.
    private enum Layout {
        case asPublished
        /// Inputs and outputs exchanged: GPT-2 was published the other way round than all others.
        case transposed
        /// Features of a head in the order of the pairs that turn together, where published are first features of all pairs, then second ones.
        case pairs(heads: Int)
    }

    private let file: GGUFFile
    private let architecture: GGUFArchitecture
    private let asked = Mutex<Set<String>>([])

    init(_ file: GGUFFile, _ architecture: GGUFArchitecture) {
        self.file = file
        self.architecture = architecture
    }

    var paths: [String] { [file.path] }

    func contain(_ parameter: String) -> Bool { name(of: parameter).map { file.contains($0.name) } ?? false }

    /// The weight that was published under the name `parameter`, of exactly this shape, read when its values are asked for.
    func weight(_ parameter: String, _ shape: Shape) throws(FileError) -> NamedTensor {
        guard let (name, layout) = name(of: parameter) else {
            throw FileError(.badData, file.path, "no tensor of architecture \(architecture.rawValue) is published as \(parameter)")
        }
        asked.withLock { _ = $0.insert(name) }
        try MachineMemory.check(name, file.info(name).count, file.path)
        switch layout {
        case .asPublished: return NamedTensor(parameter, shape, stored: try file.stored(name, shape))
        case .transposed:
            let (rows, columns) = (shape.lengths[0], shape.lengths[1])
            let read = try file.stored(name, Shape([shape.axes[1], shape.axes[0]], [columns, rows]))
            return NamedTensor(parameter, shape) {
                let stored = read().values
                return Tensor(shape, (0..<rows * columns).map { stored[$0 % columns * rows + $0 / columns] })
            }
        case .pairs(let heads):
            let read = try file.stored(name, shape)
            let (rows, width) = (shape.lengths[0], shape.count / shape.lengths[0])
            guard rows % (2 * heads) == 0 else {
                throw FileError(.badData, file.path, "\(name): expected an even number of rows for each of \(heads) heads, found \(rows)")
            }
            let half = rows / heads / 2
            return NamedTensor(parameter, shape) {
                let stored = read().values
                var values: [Double] = []
                values.reserveCapacity(stored.count)
                for row in 0..<rows {
                    let (head, feature) = (row / (2 * half), row % (2 * half))
                    let from = (head * 2 * half + 2 * (feature % half) + feature / half) * width
                    values += stored[from..<from + width]
                }
                return Tensor(shape, values)
            }
        }
    }

    /// The tensors that were never asked for, sorted; throws for one that changes what others mean. What rotation is divided by was read before.
    func unused() throws(FileError) -> [String] {
        let asked = asked.withLock { $0 }.union(["rope_freqs.weight"])
        let unused = file.names.filter { !asked.contains($0) }
        if let name = unused.first(where: { $0.contains("scale") || $0.contains("lora_") }) {
            throw FileError(.badData, file.path, "tensor \(name): this quantisation or adapter is not understood")
        }
        return unused
    }

    // MARK: Names

    private static let decoder = [
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
        "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    ]
    private static let gpt2 = [
        "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down", "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "lm_head": "output",
    ]

    /// Where a published parameter is: `model.layers.3.self_attn.q_proj.weight` is `blk.3.attn_q.weight`. nil for a name that has no place.
    private func name(of parameter: String) -> (name: String, layout: Layout)? {
        let isGPT2 = architecture == .gpt2
        var parts = parameter.split(separator: ".")
        if isGPT2, parts.first == "transformer" { parts.removeFirst() }
        guard let kind = parts.popLast() else { return nil }
        var block = ""
        let head = isGPT2 ? ["h"] : ["model", "layers"]
        if parts.starts(with: head.map { $0[...] }), parts.count > head.count, let layer = Int(parts[head.count]) {
            block = "blk.\(layer)."
            parts.removeFirst(head.count + 1)
        }
        let published = parts.joined(separator: ".")
        guard let stem = (isGPT2 ? Self.gpt2 : Self.decoder)[published] else { return nil }
        return ("\(block)\(stem).\(kind)", layout(published, isWeight: kind == "weight"))
    }

    private func layout(_ published: String, isWeight: Bool) -> Layout {
        switch (architecture, published) {
        case (.gpt2, _): return isWeight && published.contains("c_") ? .transposed : .asPublished
        case (.llama, "self_attn.q_proj"): return .pairs(heads: heads("attention.head_count") ?? 1)
        case (.llama, "self_attn.k_proj"):
            return .pairs(heads: heads("attention.head_count_kv") ?? heads("attention.head_count") ?? 1)
        default: return .asPublished
        }
    }

    private func heads(_ key: String) -> Int? { try? file.settings.integer("\(architecture.rawValue).\(key)", atLeast: 1) }
}
