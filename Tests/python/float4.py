"""e2m1 by another road than the engine's: ml_dtypes' float4_e2m1fn rounds, and scales are powers of two by numpy's frexp.

Usage: float4.py ATTN. Makes cases by `attn case make --kind float4-e2m1`, holds their codes and scales against ml_dtypes, and checks both by
`attn case check`. Prints 'numpy: N passed, N failed'.
"""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np

passed = failed = 0


def expect(holds, what):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"failed: {what}")


def read(path):
    data = Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    types = {"F32": np.float32, "U8": np.uint8}
    return {
        name: np.frombuffer(data, types[entry["dtype"]], offset=8 + size + entry["data_offsets"][0], count=int(np.prod(entry["shape"]))).reshape(
            entry["shape"])
        for name, entry in header.items() if name != "__metadata__"
    }


def write(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        kind = {np.dtype(np.uint8): "U8", np.dtype(np.float32): "F32"}[array.dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def codes(x):
    return np.asarray(x, np.float32).astype(ml_dtypes.float4_e2m1fn).view(np.uint8)


def quantised(case):
    """What a right kernel makes of a case."""
    blocks = case["input.blocks"]
    parts = blocks.reshape(blocks.shape[0], -1, 32).astype(np.float64)
    fraction, exponent = np.frexp(np.abs(parts).max(-1))
    # The largest is fraction · 2^exponent with a fraction from 0.5 on; 6 is 0.75 · 2^3.
    exponent = np.where(fraction > 0, exponent - 3 + (fraction > 0.75), -127)
    exponent = np.clip(exponent, -127, 127)
    scaled = parts / np.exp2(exponent)[..., None]
    block_codes = codes(scaled).reshape(blocks.shape)
    return {
        "codes": codes(case["input.values"]), "decoded": codes(case["input.values"]).view(ml_dtypes.float4_e2m1fn).astype(np.float32),
        "block_codes": block_codes, "block_packed": block_codes[:, 0::2] | block_codes[:, 1::2] << 4,
        "block_scales": (exponent + 127).astype(np.uint8),
    }


def check(attn, case, mine):
    run = subprocess.run([attn, "case", "check", case, mine, "--json"], capture_output=True, text=True)
    return run.returncode, json.loads(run.stdout)


def main():
    attn = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        for seed in (0, 7, 12345):
            path, mine = f"{folder}/c.safetensors", f"{folder}/mine.safetensors"
            made = subprocess.run(
                [attn, "case", "make", "--kind", "float4-e2m1", "--seed", str(seed), "--output", path, "--json"], capture_output=True, text=True, check=True)
            expect(len(json.loads(made.stdout)["distinguishes"]) == 5, f"seed {seed}: five mistakes are told")
            case = read(path)
            right = quantised(case)
            for name, own in right.items():
                expect(np.array_equal(own, case["expected." + name]), f"seed {seed}: {name}")
            write(mine, right)
            status, answer = check(attn, path, mine)
            expect(status == 0 and answer["verdict"] == "right" and answer["named"] is None, f"seed {seed}: a right kernel passes")
            write(mine, {"block_packed": right["block_packed"] << 4 | right["block_packed"] >> 4})
            status, answer = check(attn, path, mine)
            expect(status == 1 and answer["verdict"] == "wrong" and answer["named"] == "nibbles-swapped", f"seed {seed}: swapped nibbles are named")
            # To Float16 first, as some kernels do: ties arise that were none.
            write(mine, {"codes": codes(case["input.values"].astype(np.float16))})
            status, answer = check(attn, path, mine)
            expect(status == 1 and answer["named"] is None, f"seed {seed}: an unknown mistake has no name")
    print(f"numpy: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
