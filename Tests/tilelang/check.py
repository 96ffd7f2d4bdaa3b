"""Runs the tile programs that `attn tiles emit` wrote by the real TileLang on this processor, and lowers them for machines that are not here.

Usage: check.py RECORDED FILE.py... [--results FOLDER] [--record]. Prints 'tilelang: N passed, N failed'.

On the C target each program runs for a dozen seeds and is held against its own reference in numpy and, where FOLDER has PROGRAM.SEED.npy, against
the engine's result, at least one. What each machine's source looks like (its length, the instruction families in it, or the error) is held against
RECORDED; with --record, RECORDED is written instead. That source came out does not say that it compiles there, or is right.
"""

import argparse
import datetime
import importlib.util
import json
import os
import re
import sys
import tempfile
from pathlib import Path

os.environ["TILELANG_DISABLE_CACHE"] = "1"
os.environ.setdefault("TILELANG_CACHE_DIR", tempfile.mkdtemp(prefix="tilelang-"))

import numpy as np
import tilelang
import tilelang.ascend.language  # makes the target `ascend` known
import torch
from tilelang import tvm

SEEDS = range(1, 13)

# float32 of a few hundred terms, in shares of the largest value; the engine and numpy both have float64.
FLOAT32, FLOAT64 = 1e-5, 1e-12

# The name that is recorded, the argument of `program`, and TileLang's description of the machine.
TARGETS = [
    ("cuda-sm_80", "cuda", {"kind": "cuda", "arch": "sm_80"}),
    ("cuda-sm_90a", "cuda", {"kind": "cuda", "arch": "sm_90a"}),
    ("hip-gfx942", "hip", {"kind": "hip", "mcpu": "gfx942"}),
    ("metal", "metal", {"kind": "metal"}),
    ("ascend", "ascend", {"kind": "ascend"}),
]

# What a program becomes when numbers of it change, such as no other number at its top is computed from: more stages end in an error, and sizes
# decide the kind of copy.
VARIANTS = [
    ("attention", "cuda-sm_80", {"stages": 2}),
    ("matmul", "cuda-sm_90a", {"N": 134, "K": 102}),
    ("matmul", "cuda-sm_90a", {"N": 137, "K": 105}),
]

# Instruction families, in the order in which an excerpt shows them: what nobody wrote into the program.
FAMILIES = {
    "TMA": r"\btma_(?:load|store)\w*\(",
    "cp.async": r"\bcp_async_gs\w*<",
    "mbarrier": r"\bmbarrier\[[^\]]*\]\.(?:wait|arrive)\w*\(",
    "setmaxnreg": r"\bwarpgroup_reg_(?:de)?alloc<",
    "wgmma": r"\bwgmma_[rs]s<",
    "ldmatrix": r"\bptx_ldmatrix\w*\(",
    "mma": r"\bmma_sync<",
    "mfma": r"mfma_f32\w*",
    "simdgroup": r"\bsimdgroup_(?:load|store|multiply_accumulate)\(",
    "AIC and AIV": r"\bASC_IS_AI[CV]\b",
    "SIMT on AIV": r"\basc_vf_call<",
    "MTE2": r"\basc_copy_gm2(?:l1|ub)\w*\(",
    "MTE3": r"\basc_copy_ub2(?:l1|gm)\w*\(",
    "cube (MTE1, M)": r"\bascend_gemm_l1<",
    "FixPipe": r"\basc_copy_l0c2(?:gm|ub)\w*\(",
    "flags": r"\basc_sync_(?:intra_)?(?:notify|wait|arrive)\(",
    "__syncthreads": r"\b__syncthreads\(",
    "threadgroup_barrier": r"\bthreadgroup_barrier\(",
}
EXCERPT_LINES, WIDTH, ERROR_WIDTH = 6, 120, 240


class Results:
    """Counts what passed, and says at once what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, holds, what):
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        if not holds:
            print(what, file=sys.stderr)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sizes(module):
    """The whole numbers at the top of a program, its sizes, tiles and stages, in the order in which they stand there."""
    return {name: value for name, value in vars(module).items() if type(value) is int}


def error_between(found, expected):
    """The largest difference in shares of the largest expected value; infinite where shapes or finite elements differ."""
    finite = np.isfinite(expected) if found.shape == expected.shape else None
    if finite is None or not np.array_equal(finite, np.isfinite(found)) or not finite.any():
        return np.inf
    return float(np.abs(found - expected)[finite].max() / max(1, np.abs(expected[finite]).max()))


def run_on_c(name, module, folder, results):
    """Compiles for this processor, runs every seed, and returns what is recorded of it."""
    with tvm.target.Target("c"):
        kernel = tilelang.compile(module.program("c"), out_idx=[-1], target="c", target_host="c", execution_backend="cython")
    largest, held = 0.0, 0
    for seed in SEEDS:
        inputs = module.inputs(seed)
        expected = np.asarray(module.reference(inputs), dtype=np.float64)
        found = kernel(*[torch.from_numpy(np.ascontiguousarray(value)) for value in inputs]).numpy().astype(np.float64)
        error = error_between(found, expected)
        results.check(error <= FLOAT32, f"{name}, seed {seed}, C target against numpy: expected an error up to {FLOAT32}, found {error}")
        largest = max(largest, error)
        engine = folder / f"{name}.{seed}.npy" if folder else None
        if engine and engine.exists():
            held += 1
            value = np.load(engine).astype(np.float64)
            for other, what, tolerance in ((found, "C target", FLOAT32), (expected, "numpy", FLOAT64)):
                error = error_between(other, value)
                results.check(error <= tolerance, f"{name}, seed {seed}, {what} against the engine: expected an error up to {tolerance}, found {error}")
    results.check(held or not folder, f"{name}: expected results of the engine in {folder}, found none")
    source = kernel.get_kernel_source()
    return {"lines": len(source.splitlines()), "seeds": len(SEEDS), "largestError": float(f"{largest:.0e}")}


def lower(module, target, change={}):
    """What the program becomes for a machine that need not be here: how long its source is and what is in it, or why there is none."""
    machine, description = next((machine, description) for name, machine, description in TARGETS if name == target)
    before = {name: getattr(module, name) for name in change}
    vars(module).update(change)
    try:
        device = tvm.target.Target(description)
        with device:
            source = tilelang.lower(module.program(machine), target=device, enable_device_compile=False).kernel_source
    except Exception as error:  # TileLang raises many kinds
        return {"error": cut(f"{type(error).__name__}: {' '.join(str(error).split())}", ERROR_WIDTH)}
    finally:
        vars(module).update(before)
    lines = [line.strip() for line in source.splitlines() if not line.startswith("#include")]
    found = {family: [line for line in lines if re.search(pattern, line)] for family, pattern in FAMILIES.items()}
    return {
        "lines": len(source.splitlines()),
        "families": [{"name": family, "count": count(FAMILIES[family], lines)} for family, lines in found.items() if lines],
        "excerpt": [cut(lines[0], WIDTH) for lines in found.values() if lines][:EXCERPT_LINES],
    }


def count(pattern, lines):
    return sum(len(re.findall(pattern, line)) for line in lines)


def cut(text, width):
    """The beginning of a line that is too long to be quoted; generated addresses run over hundreds of characters."""
    return text if len(text) <= width else text[:width].rstrip() + " …"


def examine(path, folder, results):
    module = load(path)
    name = path.stem
    return {
        "program": name,
        "sizes": named(sizes(module)),
        "c": run_on_c(name, module, folder, results),
        "lowered": [{"target": target, **lower(module, target)} for target, _, _ in TARGETS],
        "variants": [
            {"target": target, "change": named(change), **lower(module, target, change)} for of, target, change in VARIANTS if of == name
        ],
    }


def named(values):
    return [{"name": name, "value": value} for name, value in values.items()]


def hold(found, recorded, results):
    """Every number and text that is recorded but the largest error, which belongs to a processor, is found again."""
    for key in ("sizes", "lowered", "variants"):
        pairs = zip(found[key], recorded[key], strict=False)
        results.check(len(found[key]) == len(recorded[key]), f"{found['program']}, {key}: expected {len(recorded[key])}, found {len(found[key])}")
        for made, kept in pairs:
            results.check(made == kept, f"{found['program']}, {key}: expected {json.dumps(kept)}, found {json.dumps(made)}")
    made, kept = (of["c"]["lines"] for of in (found, recorded))
    results.check(made == kept, f"{found['program']}, C target: expected {kept} lines, found {made}")


def laid_out(document):
    """JSON in which every object that holds no other stands on a line of its own."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return re.sub(r"\{\n\s+(\"name\"[^{}\[\]]*?)\n\s+\}", lambda match: "{" + re.sub(r"\n\s+", " ", match[1]) + "}", text) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recorded", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    results = Results()
    programs = [examine(path, arguments.results, results) for path in arguments.files]
    if arguments.record and results.failed:
        print(f"nothing is recorded in {arguments.recorded}", file=sys.stderr)
    elif arguments.record:
        document = {
            "source": "Generated by TileLang (PyPI, MIT licence) from the programs of attn tiles emit, with no device: scripts/test-tilelang --record.",
            "version": tilelang.__version__,
            "torch": torch.__version__,
            "date": datetime.date.today().isoformat(),
            "programs": programs,
        }
        arguments.recorded.write_text(laid_out(document), encoding="utf-8")
    else:
        recorded = json.loads(arguments.recorded.read_text(encoding="utf-8"))
        results.check(recorded["version"] == tilelang.__version__, f"recorded by TileLang {recorded['version']}, this is {tilelang.__version__}")
        by_name = {program["program"]: program for program in recorded["programs"]}
        results.check(set(by_name) == {program["program"] for program in programs}, f"expected the programs {sorted(by_name)}")
        for program in programs:
            if program["program"] in by_name:
                hold(program, by_name[program["program"]], results)
    print(f"tilelang: {results.passed} passed, {results.failed} failed")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
