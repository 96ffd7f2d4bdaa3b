"""An outside oracle: numpy runs `inputs` and `reference` of the emitted tile programs, and compares with what the engine computed, tile by tile.

Usage: tile_programs.py ATTN. Prints 'tile programs: N passed, N failed'. TileLang is not needed: a file imports it inside `program(machine)` alone.
Held too: that the file has what its contract says, that another seed gives other numbers, and that no row of the result is left out.
"""

import ast
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SEEDS = 3
# Sums of a few hundred numbers of 8 bytes in another order, in shares of the largest.
TOLERANCE = 1e-12

# Each at the sizes that are recorded, and at small odd ones that no tile divides.
PROGRAMS = {
    "matmul": "--m 13 --n 9 --k 11 --tile 4x5x3",
    "convolution": "--images 2 --height 7 --width-of-image 6 --channels 3 --filters 5 --kernel 3 --stride 2 --padding 1 --tile 5x3x4",
    "indexer": "--queries 11 --keys 13 --heads 3 --dim 5 --tile 4x6",
    "attention": "--queries 11 --keys 17 --heads 3 --dim 5 --value-dim 7 --tile 4x6",
    "sparse-attention": "--queries 9 --keys 14 --heads 5 --dim 6 --value-dim 4 --top-k 7 --tile 3x4",
}


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parameters(source, function):
    """The names of the parameters of the function that TileLang compiles, for each of the two bodies."""
    return [[argument.arg for argument in node.args.args] for node in ast.walk(ast.parse(source)) if getattr(node, "name", None) == function]


def problems(attn, program, options, folder):
    path = folder / f"{program}.py"
    command = [attn, "tiles", "emit", program, *options, "--output", path, "--results", folder, "--seeds", str(SEEDS)]
    subprocess.run([str(part) for part in command], check=True)
    module = load(path)
    source = path.read_text(encoding="utf-8")
    both = parameters(source, program.replace("-", "_"))
    if len(both) != 2 or both[0] != both[1] or both[0][-1:] not in (["out"], ["C"]):
        yield f"expected the same parameters for both bodies, the result last, found {both}"
    seen = []
    for seed in range(1, SEEDS + 1):
        inputs = module.inputs(seed)
        expected, found = module.reference(inputs), np.load(folder / f"{program}.{seed}.npy")
        if len(inputs) != len(both[0]) - 1:
            yield f"expected {len(both[0]) - 1} inputs, found {len(inputs)}"
        if found.dtype != np.float64 or expected.dtype != np.float64 or found.shape != expected.shape:
            yield f"seed {seed}: expected {expected.dtype} {expected.shape}, found {found.dtype} {found.shape}"
            continue
        error = np.abs(found - expected).max() / max(1, np.abs(expected).max())
        if not error <= TOLERANCE:
            yield f"seed {seed}: expected an error up to {TOLERANCE}, found {error}"
        if not np.isfinite(found).all() or any(np.array_equal(found, other) for other in seen):
            yield f"seed {seed}: expected finite numbers of its own"
        for number, matrix in enumerate(inputs):
            if matrix.dtype == np.float32 and not np.array_equal(matrix.astype(np.float16).astype(np.float32), matrix):
                yield f"seed {seed}, input {number}: expected numbers that 16 bits hold"
        seen.append(found)


def main(attn):
    passed = failed = 0
    for program, odd in PROGRAMS.items():
        for options in ([], odd.split()):
            with tempfile.TemporaryDirectory() as folder:
                found = list(problems(attn, program, options, Path(folder)))
            passed, failed = passed + (not found), failed + bool(found)
            for problem in found:
                print(f"{program} {' '.join(options)}: {problem}", file=sys.stderr)
    print(f"tile programs: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
