// What an emitted file says about its program beside the program itself: what it computes, what it is given, and the same by numpy's own words, which
// know nothing of tiles. The inputs are those of `TileTask.noise`, number for number.

import Traces

extension TileTask {
    /// What the program computes, in a sentence.
    var pythonSummary: String {
        switch self {
        case .matmul: "a matrix product, C = A B."
        case .convolution: "images [n, H, W, C] and F filters of R x R, as one matrix product (im2col by index arithmetic)."
        case .indexer: "the lightning indexer's scores, I[t, s] = sum over heads h of w[t, h] ReLU(q[t, h] . k[s]); no mask."
        case .attention:
            "causal attention with an online softmax; query t stands at position keys - queries + t, each head has keys and values of its own."
        case .sparseAttention:
            "attention over selected keys alone; `indices` names query t's keys, -1 fills the rest; all heads share keys and values."
        }
    }

    /// Numbers that follow from others, by formula.
    var pythonFormulas: [(name: String, formula: String)] {
        guard case .convolution = self else { return [] }
        return [("OH", "(H + 2 * padding - R) // stride + 1"), ("OW", "(W + 2 * padding - R) // stride + 1")]
    }

    /// The body of `inputs(seed)`, where `shapes` are those of the matrices of numbers.
    func pythonInputs(_ program: TileProgram) -> [String] {
        let numbers = program.inputs.filter { $0.element == .value }
        let shapes = numbers.map { TileSpelling().shape($0.spans) }
        guard case .sparseAttention = self else { return ["return noise(seed, \(shapes.joined(separator: ", ")))"] }
        return [
            "\(numbers.map { $0.name }.joined(separator: ", ")), order = noise(seed, \(shapes.joined(separator: ", ")), (queries, keys))",
            "indices = np.full((queries, top_k), -1, dtype=np.int32)",
            "for t in range(queries):",
            "    visible = keys - queries + t + 1",
            "    selected = np.argsort(-order[t, :visible], kind=\"stable\")[:top_k]",
            "    indices[t, : len(selected)] = selected",
            "return [\(program.inputs.map { $0.name }.joined(separator: ", "))]",
        ]
    }

    /// The body of `reference(inputs)`.
    var pythonReference: [String] {
        switch self {
        case .matmul:
            ["A, B = (x.astype(np.float64) for x in inputs)", "return A @ B"]
        case .convolution:
            [
                "data, kernel = (x.astype(np.float64) for x in inputs)",
                "padded = np.pad(data, ((0, 0), (padding, padding), (padding, padding), (0, 0)))",
                "windows = np.lib.stride_tricks.sliding_window_view(padded, (R, R), axis=(1, 2))[:, ::stride, ::stride]",
                "return np.einsum(\"nyxcab,abcf->nyxf\", windows, kernel.reshape(R, R, C, F)).reshape(images * OH * OW, F)",
            ]
        case .indexer:
            [
                "q, k, w = (x.astype(np.float64) for x in inputs)",
                "return np.einsum(\"th,ths->ts\", w, np.maximum(np.einsum(\"thd,sd->ths\", q, k), 0))",
            ]
        case .attention:
            [
                "q, k, v = (x.astype(np.float64) for x in inputs)",
                "visible = np.arange(keys) <= keys - queries + np.arange(queries)[:, None]",
                "s = np.where(visible, np.einsum(\"thd,shd->hts\", q, k) * scale, -np.inf)",
                "p = np.exp(s - s.max(axis=-1, keepdims=True))",
                "return np.einsum(\"hts,she->the\", p / p.sum(axis=-1, keepdims=True), v)",
            ]
        case .sparseAttention:
            [
                "q, k, v = (x.astype(np.float64) for x in inputs[:3])",
                "out = np.empty((queries, heads, value_dim))",
                "for t in range(queries):",
                "    selected = inputs[3][t][inputs[3][t] >= 0]",
                "    s = q[t] @ k[selected].T * scale",
                "    p = np.exp(s - s.max(axis=-1, keepdims=True))",
                "    out[t] = p / p.sum(axis=-1, keepdims=True) @ v[selected]",
                "return out",
            ]
        }
    }

    /// Numbers of seeded noise, as `SplitMix64` draws them.
    static let pythonNoise = [
        "def noise(seed, *shapes):",
        "    \"\"\"Arrays of seeded noise: SplitMix64, 11 bits a number, from -1 to below 1 in steps of 1/1024, which float16 holds exactly.\"\"\"",
        "    ends = np.cumsum([np.prod(shape) for shape in shapes])",
        "    z = np.uint64(seed) + np.arange(1, ends[-1] + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)",
        "    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)",
        "    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)",
        "    values = ((z ^ (z >> np.uint64(31))) >> np.uint64(53)).astype(np.float32) / 1024 - 1",
        "    return [part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes)]",
    ]
}
