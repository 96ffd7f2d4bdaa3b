// What numpy has no word for: functions that stand at the head of a script if its equations use them. They compute in the engine's order, so that codes,
// selections and ties come out the same.

/// A function of Python that equations call.
enum NumPyFunction: String, CaseIterable {
    case einsum, quotient, exponential, softmax, silu, gelu
    case geluByTanh = "gelu_by_tanh"
    case rmsNorm = "rms_norm"
    case layerNorm = "layer_norm"
    case total, rotary, hadamard
    case blockMaximum = "block_maximum"
    case ue8m0
    case float32Scale = "float32_scale"
    case e4m3
    case topK = "top_k"
    case kept, gathered, assembled, seen
    case crossEntropy = "cross_entropy"

    /// Its definition.
    var definition: String {
        switch self {
        case .einsum:
            """
            def einsum(subscripts, a, b):
                \"""np.einsum of two factors with one axis summed over, from the first term to the last: what is equal stays equal to the last bit.\"""
                factors, result = subscripts.split("->")
                left, right = factors.split(",")
                (axis,) = set(left) & set(right) - set(result)
                terms = zip(np.moveaxis(a, left.index(axis), 0), np.moveaxis(b, right.index(axis), 0))
                return sum(np.einsum(subscripts.replace(axis, ""), x, y) for x, y in terms)
            """
        case .quotient:
            """
            def quotient(a, b):
                \"""a / b; 0 where both are 0.\"""
                return np.where((a == 0) & (b == 0), 0, a / b)
            """
        case .exponential:
            """
            def exponential(a, shift):
                \"""e^(a - shift); 0 where a is -inf, even if the shift is too.\"""
                return np.where(a == -inf, 0, np.exp(a - shift))
            """
        case .softmax:
            """
            def softmax(z, axis):
                \"""e^z divided by its sum, the largest subtracted first; a row of -inf alone becomes zeros.\"""
                powers = np.where(z == -inf, 0, np.exp(z - z.max(axis, keepdims=True)))
                sums = np.cumsum(powers, axis).take([-1], axis)
                return powers / np.where(sums == 0, 1, sums)
            """
        case .silu:
            """
            def silu(z):
                return z / (1 + np.exp(-z))
            """
        case .gelu:
            """
            def gelu(z):
                \"""z/2 · (1 + erf(z/√2)).\"""
                from math import erf
                return 0.5 * z * (1 + np.vectorize(erf, otypes=[float])(z / np.sqrt(2)))
            """
        case .geluByTanh:
            """
            def gelu_by_tanh(z):
                \"""z/2 · (1 + tanh(√(2/π) · (z + 0.044715 z³))).\"""
                return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * (z * z * z))))
            """
        case .rmsNorm:
            """
            def rms_norm(x, axis, epsilon):
                \"""x divided by its root mean square.\"""
                squares = np.cumsum(x * x, axis).take([-1], axis)
                return x / np.sqrt(squares / x.shape[axis] + epsilon)
            """
        case .layerNorm:
            """
            def layer_norm(x, axis, epsilon):
                \"""x shifted to mean 0 and divided by the root of its variance.\"""
                away = x - np.cumsum(x, axis).take([-1], axis) / x.shape[axis]
                variance = np.cumsum(away * away, axis).take([-1], axis) / x.shape[axis]
                return away / np.sqrt(variance + epsilon)
            """
        case .total:
            """
            def total(x, axis):
                \"""The sum along one axis, from the first term to the last.\"""
                return np.cumsum(x, axis).take(-1, axis)
            """
        case .rotary:
            """
            def rotary(x, layout, positions, frequencies, token, axis):
                \"""Pairs of features turned by position · frequency: features i and i + d/2 form a pair (half), or 2i and 2i + 1 (interleaved).\"""
                x = np.moveaxis(x, (token, axis), (-2, -1))
                pairs = len(frequencies)
                a, b = (x[..., :pairs], x[..., pairs:]) if layout == "half" else (x[..., 0::2], x[..., 1::2])
                angle = np.outer(positions, frequencies)
                turned = a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)
                x = np.concatenate(turned, -1) if layout == "half" else np.stack(turned, -1).reshape(x.shape)
                return np.moveaxis(x, (-2, -1), (token, axis))
            """
        case .hadamard:
            """
            def hadamard(x, axis):
                \"""H x / √n, by butterflies.\"""
                x = np.moveaxis(x, axis, -1)
                width = 1
                while width < x.shape[-1]:
                    pairs = x.reshape(x.shape[:-1] + (-1, 2, width))
                    a, b = pairs[..., 0, :], pairs[..., 1, :]
                    x = np.stack([a + b, a - b], -2).reshape(x.shape)
                    width *= 2
                return np.moveaxis(x / np.sqrt(x.shape[-1]), -1, axis)
            """
        case .blockMaximum:
            """
            def block_maximum(x, block, axis):
                \"""The largest magnitude of each block of features along one axis; blocks come last, and a single one has no axis.\"""
                x = np.abs(np.moveaxis(x, axis, -1))
                largest = x.reshape(x.shape[:-1] + (-1, block)).max(-1)
                return largest[..., 0] if largest.shape[-1] == 1 else largest
            """
        case .ue8m0:
            """
            def ue8m0(largest):
                \"""The scale of a block, a power of two: 2^⌈log2(largest/448)⌉.\"""
                fraction, exponent = np.frexp(np.maximum(largest, 1e-4) / 448)
                return np.ldexp(1.0, np.where(fraction == 0.5, exponent - 1, exponent))
            """
        case .float32Scale:
            """
            def float32_scale(largest):
                \"""The scale of a block, in 32 bits: largest/448.\"""
                return (np.maximum(largest, 1e-4) / 448).astype(np.float32).astype(np.float64)
            """
        case .e4m3:
            """
            def e4m3(x):
                \"""Rounded to the 8-bit float e4m3: 3 bits of fraction, ties to even; steps of 2^-9 below 2^-6; saturated at ±448.\"""
                magnitude = np.minimum(np.abs(x), 448)
                exponent = np.maximum(np.frexp(magnitude)[1] - 1, -6) - 3
                return np.copysign(np.ldexp(np.rint(np.ldexp(magnitude, -exponent)), exponent), x)
            """
        case .topK:
            """
            def top_k(scores, k, visible):
                \"""Positions of the k largest visible scores of each row, ascending, padded with -1; of equal scores the lower position wins.\"""
                chosen = np.full((len(scores), k), -1.0)
                for row, own in enumerate(scores):
                    keys = np.flatnonzero(visible[row])
                    best = np.sort(keys[np.argsort(-own[keys], kind="stable")[:k]])
                    chosen[row, : len(best)] = best
                return chosen
            """
        case .kept:
            """
            def kept(selected, keys):
                \"""Which of so many keys each query selected.\"""
                return (selected[:, :, None] == np.arange(keys)).any(1)
            """
        case .gathered:
            """
            def gathered(table, selected):
                \"""The rows of a table that each query selected; zeros for padding.\"""
                rows = selected.astype(int)
                return np.where((rows < 0).reshape(rows.shape + (1,) * (table.ndim - 1)), 0, table[rows])
            """
        case .assembled:
            """
            def assembled(places, shape, *sources):
                \"""Cells of the sources, counted one source after the other, put into a new shape; 0 where the place is -1.\"""
                cells = np.concatenate([source.ravel() for source in sources] + [np.zeros(1)])
                return cells[np.reshape(places, shape)]
            """
        case .seen:
            """
            def seen(*rows):
                \"""A mask written out: 1 where the query of a row sees the key of a column.\"""
                return np.array([[cell == "1" for cell in row] for row in rows])
            """
        case .crossEntropy:
            """
            def cross_entropy(logits, following):
                \"""log Σ e^L less the logit of the token that followed, the largest subtracted first.\"""
                rows = np.arange(len(following))
                shifted = logits[rows] - logits[rows].max(1, keepdims=True)
                return np.log(np.cumsum(np.exp(shifted), 1)[:, -1]) - shifted[rows, following]
            """
        }
    }
}
