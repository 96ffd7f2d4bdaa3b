"""GGUF written and read by another road than the engine's: numpy spreads each block into its fields as whole arrays, and computes in float64.

Usage: gguf_file.py FIXTURE.gguf FIXTURE.json [--write]. Decodes the blocks of FIXTURE.gguf anew and holds FIXTURE.json against them; with --write, fills
both with random bytes first. Prints 'numpy: N passed, N failed'.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

# Number in the file, values of a block, bytes of a block.
TYPES = {
    "F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q4_1": (3, 32, 20), "Q5_0": (6, 32, 22), "Q5_1": (7, 32, 24),
    "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144), "Q6_K": (14, 256, 210), "F64": (28, 1, 8), "BF16": (30, 1, 2),
}


# MARK: Blocks


def columns(blocks, *types):
    """Consecutive fields of each block: (numpy type, count) each."""
    at = 0
    for kind, count in types:
        size = np.dtype(kind).itemsize * count
        yield np.ascontiguousarray(blocks[:, at : at + size]).view(kind)
        at += size
    assert at == blocks.shape[1]


def halves(x):
    return x.astype(np.float64)


def bits(x, width):
    """Every byte as 8 / width numbers, the lowest first: [n, m] -> [n, m, 8 / width]."""
    return x[..., None] >> np.arange(0, 8, width, dtype=np.uint8) & (1 << width) - 1


def nibbles(codes):
    """Lower halves of all bytes, then upper ones."""
    return bits(codes, 4).swapaxes(1, 2).reshape(len(codes), -1).astype(np.float64)


def fifth_bits(x):
    return 16.0 * np.unpackbits(x, axis=1, bitorder="little")


def q4_0(blocks):
    d, codes = columns(blocks, ("<f2", 1), ("u1", 16))
    return halves(d) * (nibbles(codes) - 8)


def q4_1(blocks):
    d, m, codes = columns(blocks, ("<f2", 1), ("<f2", 1), ("u1", 16))
    return halves(d) * nibbles(codes) + halves(m)


def q5_0(blocks):
    d, high, codes = columns(blocks, ("<f2", 1), ("u1", 4), ("u1", 16))
    return halves(d) * (nibbles(codes) + fifth_bits(high) - 16)


def q5_1(blocks):
    d, m, high, codes = columns(blocks, ("<f2", 1), ("<f2", 1), ("u1", 4), ("u1", 16))
    return halves(d) * (nibbles(codes) + fifth_bits(high)) + halves(m)


def q8_0(blocks):
    d, codes = columns(blocks, ("<f2", 1), ("i1", 32))
    return halves(d) * codes


def q4_k(blocks):
    d, m, packed, codes = columns(blocks, ("<f2", 1), ("<f2", 1), ("u1", 12), ("u1", 128))
    low_scales, low_minima, rest = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = np.concatenate([low_scales & 63, rest & 15 | low_scales >> 6 << 4], axis=1).astype(np.float64)
    minima = np.concatenate([low_minima & 63, rest >> 4 | low_minima >> 6 << 4], axis=1).astype(np.float64)
    groups = bits(codes.reshape(-1, 4, 32), 4).transpose(0, 1, 3, 2).reshape(-1, 8, 32).astype(np.float64)
    return ((halves(d) * scales)[..., None] * groups - (halves(m) * minima)[..., None]).reshape(len(blocks), -1)


def q6_k(blocks):
    low, high, scales, d = columns(blocks, ("u1", 128), ("u1", 64), ("i1", 16), ("<f2", 1))
    low = bits(low.reshape(-1, 2, 64), 4).transpose(0, 1, 3, 2).reshape(-1, 256)
    high = bits(high.reshape(-1, 2, 32), 2).transpose(0, 1, 3, 2).reshape(-1, 256)
    codes = (low + 16 * high).astype(np.float64) - 32
    return halves(d) * (np.repeat(scales, 16, axis=1).astype(np.float64) * codes)


def plain(kind):
    return lambda blocks: np.ascontiguousarray(blocks).view(kind).astype(np.float64)


def bf16(blocks):
    return (blocks.view("<u2").astype("<u4") << 16).view("<f4").astype(np.float64)


DECODERS = {
    "F32": plain("<f4"), "F16": plain("<f2"), "F64": plain("<f8"), "BF16": bf16, "Q4_0": q4_0, "Q4_1": q4_1, "Q5_0": q5_0, "Q5_1": q5_1,
    "Q8_0": q8_0, "Q4_K": q4_k, "Q6_K": q6_k,
}


def decode(kind, raw, shape):
    """The values of packed bytes, in float64. Scales that are not finite give values that are not."""
    with np.errstate(invalid="ignore", over="ignore"):
        return DECODERS[kind](np.frombuffer(raw, np.uint8).reshape(-1, TYPES[kind][2])).reshape(shape)


def packed_bytes(kind, shape):
    _, values, size = TYPES[kind]
    return math.prod(shape) // values * size


# MARK: The file


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def value(x):
    """A key-value's type and bytes: Python's types decide."""
    if isinstance(x, bool):
        return struct.pack("<I?", 7, x)
    if isinstance(x, int):
        return struct.pack("<II", 4, x)
    if isinstance(x, float):
        return struct.pack("<If", 6, x)
    if isinstance(x, str):
        return struct.pack("<I", 8) + text(x)
    kind = value(x[0])[:4]
    return struct.pack("<I", 9) + kind + struct.pack("<Q", len(x)) + b"".join(value(each)[4:] for each in x)


def write(path, values, tensors, alignment=32):
    """Writes key-values and tensors: (name, type, shape with the outermost length first, bytes)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    for key, x in values.items():
        head += text(key) + value(x)
    data = b""
    for name, kind, shape, raw in tensors:
        data += bytes(-len(data) % alignment)
        lengths = list(reversed(shape))
        head += text(name) + struct.pack(f"<I{len(lengths)}QIQ", len(lengths), *lengths, TYPES[kind][0], len(data))
        data += raw
    Path(path).write_bytes(head + bytes(-len(head) % alignment) + data)


def read(path):
    """Key-values, and tensors in float64 by name. Believes what it reads."""
    raw, at = Path(path).read_bytes(), 0

    def take(pattern):
        nonlocal at
        at += struct.calcsize(pattern)
        found = struct.unpack_from(pattern, raw, at - struct.calcsize(pattern))
        return found[0] if len(found) == 1 else found

    def take_text():
        return take(f"<{take('<Q')}s").decode()

    def take_value(kind):
        if kind == 8:
            return take_text()
        if kind == 9:
            inner, count = take("<IQ")
            return [take_value(inner) for _ in range(count)]
        return take("<" + "BbHhIif?xxQqd"[kind])

    _, _, tensor_count, value_count = take("<4sIQQ")
    values = {take_text(): take_value(take("<I")) for _ in range(value_count)}
    rows = []
    for _ in range(tensor_count):
        name = take_text()
        lengths = [take("<Q") for _ in range(take("<I"))]
        rows.append((name, lengths[::-1], *take("<IQ")))
    alignment = values.get("general.alignment", 32)
    start = -(-at // alignment) * alignment
    names = {number: name for name, (number, _, _) in TYPES.items()}
    tensors = {}
    for name, shape, kind, offset in rows:
        size = packed_bytes(names[kind], shape)
        tensors[name] = decode(names[kind], raw[start + offset : start + offset + size], shape)
    return values, tensors


# MARK: The fixture


def fixture_tensors():
    for kind, (_, values, _) in TYPES.items():
        yield kind, (2, max(values, 32))


def number(x):
    return x if math.isfinite(x) else ("NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity")


def main():
    path, expected = sys.argv[1:3]
    if "--write" in sys.argv:
        rng = np.random.default_rng(20261128)
        tensors = [(kind, kind, shape, rng.bytes(packed_bytes(kind, shape))) for kind, shape in fixture_tensors()]
        write(path, {"general.architecture": "none"}, tensors)
        decoded = {name: [number(x) for x in decode(kind, raw, shape).reshape(-1)] for name, kind, shape, raw in tensors}
        Path(expected).write_text(json.dumps(decoded, indent=0, separators=(",", ":")) + "\n")
    raw = Path(path).read_bytes()
    known = json.loads(Path(expected).read_text())
    # The tensors lie in the order of the table, the last one to the end of the file.
    at, failed = len(raw), 0
    for kind, shape in reversed(list(fixture_tensors())):
        at -= packed_bytes(kind, shape)
        at -= at % 32
        values = decode(kind, raw[at : at + packed_bytes(kind, shape)], shape).reshape(-1)
        if [number(x) for x in values.tolist()] != known[kind]:
            failed += 1
            print(f"{kind}: {expected} has other values")
    print(f"numpy: {len(known) - failed} passed, {failed} failed")
    sys.exit(1 if failed or set(known) != set(TYPES) else 0)


if __name__ == "__main__":
    main()
