"""An outside oracle for the engine's operations: numpy computes small cases of each, by another road than the engine where there is one.

Usage: operations.py FIXTURE [--write]. Computes the cases anew and holds FIXTURE against them; with --write, writes it. Prints 'numpy: N passed, N failed'.

Roads of their own: complex numbers turn rotary pairs; the Hadamard matrix is a Kronecker power; FP8 picks the nearest of all codes; a
stable argsort ranks; exponentials, roots and logarithms are taken in extended precision and rounded once.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

# Where extended precision is 80 bits, a case is right to its last bit; elsewhere (macOS on ARM) it is plain double, sums of a dozen terms.
CLOSE = 4e-15
LONG = np.longdouble


def tensor(axes, values):
    values = np.asarray(values, dtype=np.float64)
    assert values.ndim == len(axes)
    # JSON has no infinity.
    flat = [("-Infinity" if v == -math.inf else v) for v in values.reshape(-1).tolist()]
    return {"axes": list(axes), "lengths": list(values.shape), "values": flat}


def case(operation, expected, exact=False, options=None, **inputs):
    return {"operation": operation, "inputs": inputs, "options": options or {}, "expected": expected, "isExact": exact}


def noise(rng, *shape, scale=1.0):
    """Numbers with few digits, so that a person can read the file; signs, ties and zeros of both signs among them."""
    values = np.round(rng.normal(size=shape) * scale, 3)
    flat = values.reshape(-1)
    flat[:: 7] = flat[0]
    flat[3:: 11] = 0.0
    flat[5:: 11] = -0.0
    return values


# MARK: Rows


def softmax_of(x, axis):
    x = x.astype(LONG)
    top = x.max(axis=axis, keepdims=True)
    powers = np.where(np.isneginf(x), 0, np.exp(x - np.where(np.isneginf(top), 0, top)))
    total = powers.sum(axis=axis, keepdims=True)
    return (powers / np.where(total == 0, 1, total)).astype(np.float64)


def softmax(rng):
    plain = noise(rng, 2, 3, 5, scale=4)
    yield case("softmax", tensor("hts", softmax_of(plain, 2)), a=tensor("hts", plain), options={"over": "s"})
    # Along an axis that is not the last: the engine puts it last.
    yield case("softmax", tensor("hst", softmax_of(plain, 1).transpose(0, 2, 1)), a=tensor("hts", plain), options={"over": "t"})
    # Scores whose exponentials would overflow and vanish.
    large = np.array([[800.0, 799.5, -800.0], [-1e4, -1e4 - 1, -1e4 - 2]])
    yield case("softmax", tensor("ts", softmax_of(large, 1)), a=tensor("ts", large), options={"over": "s"})
    # A mask, and a row that sees nothing.
    scores, mask = noise(rng, 3, 4, scale=3), np.array([[0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]])
    expected = softmax_of(np.where(mask == 1, scores, -np.inf), 1)
    yield case("softmax", tensor("ts", expected), a=tensor("ts", scores), mask=tensor("ts", mask), options={"over": "s"})


def exponential(rng):
    scores, mask = noise(rng, 3, 4, scale=3), np.array([[0, 0, 0, 0], [1, 0, 1, 1], [0, 1, 1, 1]])
    seen = np.where(mask == 1, scores, -np.inf).astype(LONG)
    top = seen.max(axis=1, keepdims=True)
    expected = np.where(mask == 1, np.exp(seen - np.where(np.isneginf(top), 0, top)), 0)
    yield case("exponential of a row minus its maximum", tensor("ts", expected.astype(np.float64)), a=tensor("ts", scores), mask=tensor("ts", mask))


def maximum(rng):
    x = noise(rng, 2, 3, 4, scale=2)
    yield case("maximum", tensor("tc", x.max(axis=1)), exact=True, a=tensor("tsc", x), options={"over": "s"})
    a, b = noise(rng, 3, 4), noise(rng, 3)
    # np.maximum may give either zero where both are zeros of unlike sign; the engine's comparison cannot tell them apart either.
    yield case("larger of two", tensor("tc", np.maximum(a, b[:, None]) + 0.0), exact=True, a=tensor("tc", a), b=tensor("t", b))


def norms(rng):
    for axes, axis, shape in [("tc", 1, (3, 6)), ("ct", 0, (6, 3))]:
        x, weight, bias = noise(rng, *shape, scale=3), noise(rng, 6), noise(rng, 6)
        if axis == 0:
            x[:, 1] = 0  # a row of zeros: the root is that of epsilon alone
        rows = (x if axis == 1 else x.T).astype(LONG)
        for epsilon in [1e-6, 0.25]:
            root = np.sqrt(np.square(rows).mean(axis=1, keepdims=True) + LONG(epsilon))
            expected = tensor("tc", (rows / root * weight).astype(np.float64))
            options = {"over": "c", "epsilon": epsilon}
            yield case("RMSNorm", expected, options=options, a=tensor(axes, x), weight=tensor("c", weight))
            beyond = tensor("tc", (rows / root + rows / root * weight).astype(np.float64))
            yield case("RMSNorm, weights beyond 1", beyond, options=options, a=tensor(axes, x), weight=tensor("c", weight))
            deviation = np.sqrt(rows.var(axis=1, keepdims=True) + LONG(epsilon))
            expected = (rows - rows.mean(axis=1, keepdims=True)) / deviation * weight + bias
            expected = tensor("tc", expected.astype(np.float64))
            yield case("LayerNorm", expected, options=options, a=tensor(axes, x), weight=tensor("c", weight), bias=tensor("c", bias))


def cross_entropy(rng):
    logits, following = noise(rng, 4, 7, scale=5), [3, 0, 6]
    rows = logits[:3].astype(LONG)
    loss = np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(3), following]
    yield case("cross-entropy", tensor("t", loss.astype(np.float64)), a=tensor("tn", logits), options={"next": following})


def hadamard(rng):
    matrix = np.ones((1, 1))
    for _ in range(3):
        matrix = np.kron(np.array([[1, 1], [1, -1]]), matrix)
    x = noise(rng, 3, 8, scale=2)
    expected = (x.astype(LONG) @ matrix.T / np.sqrt(LONG(8))).astype(np.float64)
    yield case("Hadamard rotation", tensor("td", expected), a=tensor("td", x), options={"over": "d"})
    yield case("Hadamard rotation", tensor("td", expected), a=tensor("dt", x.T), options={"over": "d"})


# MARK: Cells


def cells(rng):
    z = np.append(noise(rng, 2, 8, scale=3).reshape(-1), [40, -40, 700, -700, 1e-12]).reshape(3, 7)
    yield case("ReLU", tensor("ts", np.where(z > 0, z, 0.0)), exact=True, a=tensor("ts", z))
    yield case("SiLU", tensor("ts", (z.astype(LONG) * (1 / (1 + np.exp(-z.astype(LONG))))).astype(np.float64)), a=tensor("ts", z))
    long = z.astype(LONG)
    tails = np.vectorize(math.erfc)(-z / math.sqrt(2))
    yield case("GELU", tensor("ts", z / 2 * tails), a=tensor("ts", z))
    # 1 + tanh u = 2 / (1 + e^-2u)
    u = np.sqrt(LONG(2) / LONG(math.pi)) * (long + LONG("0.044715") * long**3)
    with np.errstate(over="ignore"):
        approximate = (long / (1 + np.exp(-2 * u))).astype(np.float64)
    yield case("GELU, approximated", tensor("ts", approximate), a=tensor("ts", z))
    for cap in [0.5, 30]:
        yield case("soft cap", tensor("ts", (cap * np.tanh(long / cap)).astype(np.float64)), a=tensor("ts", z), options={"constant": cap})
    yield case("divided by a constant", tensor("ts", z / math.sqrt(7)), exact=True, a=tensor("ts", z), options={"constant": math.sqrt(7)})
    yield case("times a constant", tensor("ts", z * 0.3), exact=True, a=tensor("ts", z), options={"constant": 0.3})
    a, b = noise(rng, 3, 4), noise(rng, 3)
    b[b == 0] = 2.5
    a[1], b[1] = 0, 0  # a row that saw nothing: 0 / 0 is 0
    with np.errstate(invalid="ignore"):
        quotient = np.where(b[:, None] == 0, 0.0, a / b[:, None])
    yield case("quotient", tensor("tc", quotient), exact=True, a=tensor("tc", a), b=tensor("t", b))
    mask = np.array([[1, 0, 1], [0, 0, 1]])
    x = noise(rng, 2, 2, 3)
    yield case("masked", tensor("hts", np.where(mask == 1, x, -np.inf)), exact=True, a=tensor("hts", x), mask=tensor("ts", mask))
    yield case("zeroed", tensor("hts", np.where(mask == 1, x, 0)), exact=True, a=tensor("hts", x), mask=tensor("ts", mask))


def rotary(rng):
    positions, frequencies = [0, 1, 5, 1000], [1.0, 0.1, 0.01]
    x = noise(rng, 2, 4, 6, scale=2)
    angles = np.multiply.outer(np.array(positions, dtype=np.float64), np.array(frequencies)).astype(LONG)
    turn = np.cos(angles) + 1j * np.sin(angles)
    for layout in ["interleaved", "half"]:
        first, second = (x[..., 0::2], x[..., 1::2]) if layout == "interleaved" else (x[..., :3], x[..., 3:])
        turned = (first.astype(LONG) + 1j * second.astype(LONG)) * turn
        parts = [turned.real.astype(np.float64), turned.imag.astype(np.float64)]
        expected = np.stack(parts, axis=-1).reshape(x.shape) if layout == "interleaved" else np.concatenate(parts, axis=-1)
        options = {"layout": layout, "positions": positions, "frequencies": frequencies}
        yield case("rotary embedding", tensor("htd", expected), a=tensor("htd", x), options=options)
        larger = tensor("htd", expected * 1.25)
        yield case("rotary embedding", larger, a=tensor("htd", x), options={**options, "constant": 1.25})


# MARK: Selections


def top_k(rng):
    scores = np.round(rng.normal(size=(5, 6)), 1)
    scores[1] = [0.0, -0.0, 0.0, -0.0, 1.0, 0.0]  # zeros of both signs are a tie, and the lower position wins
    scores[3] = 2.5
    for k, offset in [(1, 1), (3, 1), (6, 0), (2, 5)]:
        rows = []
        for row, values in enumerate(scores):
            visible = [column for column in range(6) if column <= row + offset]
            ranked = [int(i) for i in np.argsort(-values, kind="stable") if i in visible]
            chosen = sorted(ranked[:k])
            rows.append(chosen + [-1] * (k - len(chosen)))
        yield case("top-k", tensor("tk", rows), exact=True, a=tensor("ts", scores), options={"k": k, "offset": offset})


def gather(rng):
    table, rows = noise(rng, 4, 2, 3), np.array([[2, 0], [-1, -1], [3, -1]])
    expected = np.where(rows[..., None, None] < 0, 0.0, table[np.maximum(rows, 0)])
    yield case("gather of a selection", tensor("tkhd", expected), exact=True, a=tensor("shd", table), selection=tensor("tk", rows))


# MARK: FP8


def e4m3():
    """All finite numbers of the format, from zero up: a code's last three bits are the fraction, the four before the exponent."""
    return np.array([(c & 7) / 8 * 2.0**-6 if c < 8 else (1 + (c & 7) / 8) * 2.0 ** ((c >> 3) - 7) for c in range(0x7F)])


def nearest(value):
    """The nearest number of the format; of two as near, the one whose code is even."""
    numbers = e4m3()
    distance = np.abs(numbers - min(abs(value), 448.0))
    best = min(range(len(numbers)), key=lambda code: (distance[code], code & 1))
    return math.copysign(numbers[best], value)


def fp8(rng):
    x = noise(rng, 3, 8, scale=30)
    x[0, :4] = [448, -448, 1, 0.0009765625]
    x[1, 4:] = [1e-6, -2e-6, 0, 0]  # below the least magnitude that a scale is made for
    x[2, :4] = [1.0625, 1.1875, -1.0625, 7]  # in the middle between two numbers once divided by the scale
    blocks = x.reshape(3, 2, 4)
    magnitude = np.maximum(np.abs(blocks).max(axis=2), 1e-4)
    powers = np.array([[min(2.0**e for e in range(-40, 40) if m <= 448 * 2.0**e) for m in row] for row in magnitude])
    floats = (magnitude / 448).astype(np.float32).astype(np.float64)
    for name, scales in [("ue8m0", powers), ("float32", floats)]:
        options = {"format": name, "block": 4, "over": "d"}
        yield case("block scale", tensor("tb", scales), exact=True, a=tensor("td", x), options=options)
        codes = np.vectorize(nearest)(blocks / scales[..., None])
        rounded = tensor("td", codes.reshape(x.shape))
        yield case("FP8", rounded, exact=True, a=tensor("td", x), scale=tensor("tb", scales), options=options)
        plain = (codes * scales[..., None]).reshape(x.shape)
        yield case("dequantised", tensor("td", plain), exact=True, a=rounded, scale=tensor("tb", scales), options=options)


def cases():
    rng = np.random.RandomState(20251)  # the generator whose numbers numpy keeps the same in every version
    makers = [softmax, exponential, maximum, norms, cross_entropy, hadamard, cells, rotary, top_k, gather, fp8]
    return [made for maker in makers for made in maker(rng)]


# MARK: The file


def same(a, b):
    """Whether a case of the file is the case computed here: inputs and options to the bit, results within CLOSE."""
    if any(a[key] != b[key] for key in ["operation", "inputs", "options", "isExact"]):
        return False
    left, right = a["expected"], b["expected"]
    if (left["axes"], left["lengths"]) != (right["axes"], right["lengths"]):
        return False
    within = lambda x, y: x == y or (not isinstance(x, str) and not isinstance(y, str) and abs(x - y) <= CLOSE * max(1, abs(y)))
    return all(within(x, y) for x, y in zip(left["values"], right["values"], strict=True))


def main(fixture, *options):
    computed = cases()
    if options == ("--write",):
        lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in computed)
        Path(fixture).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    kept = json.loads(Path(fixture).read_text(encoding="utf-8"))
    failed = [b["operation"] for a, b in zip(kept, computed) if not same(a, b)]
    failed += ["a case more or less"] * abs(len(kept) - len(computed))
    for name in failed:
        print(f"{fixture}: {name}: the file is not what numpy computes", file=sys.stderr)
    print(f"numpy: {len(computed) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
