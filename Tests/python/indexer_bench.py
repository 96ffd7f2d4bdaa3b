"""Kernels of indexers, right and wrong ones, written in numpy by another road than the engine's: each is held against cases by `attn case check`.

Right kernels, in Float32, from inputs rounded to bf16 or to FP8 and with scores kept in bf16, must pass; each wrong one must fail and be named, by its
selection alone, by its scores alone, and by both rounded to bf16.

Usage: indexer_bench.py ATTN DOCUMENT [--all]. Without --all one seed is tried, and of the largest shape selections alone. Prints 'numpy: N passed, N failed'.
"""

import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SHAPES = [(4, 8192, 64, 128, 2048, "f8"), (6, 1024, 32, 128, 128, "f8"), (6, 1024, 32, 128, 128, "f32"), (40, 40, 4, 64, 8, "f8")]
SERVED = [
    (["--batch", 3, "--next-n", 2, "--keys", 500, "--block-size", 64, "--ragged", 3], "one-boundary"),
    (["--next-n", 1, "--keys", 500, "--block-size", 32, "--ragged", 1], "table-ignored"),
    (["--batch", 2, "--queries", 4, "--keys", 300], "one-boundary"),
    (["--queries", 40, "--keys", 400, "--ragged", 9], "starts-ignored"),
]
SEEDS = [7, 20260101]
OFFSETS = {"offset-2": -2, "offset-1": -1, "offset+1": 1, "offset+2": 2}
SCORED = ["no-k-scale", "hadamard-query-only", "no-relu", "neighbour-scale", "head-dropped", "feature-dropped", "rows-swapped"]


def bf16(x):
    """Rounded to the nearest bfloat16, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)


def fp8(x, power_of_two=True):
    """Rounded to e4m3 with a scale for each vector, and back."""
    x = np.asarray(x, np.float64)
    ratio = np.maximum(np.abs(x).max(-1, keepdims=True), 1e-4) / 448
    scale = 2.0 ** np.ceil(np.log2(ratio)) if power_of_two else ratio.astype(np.float32).astype(np.float64)
    step = 2.0 ** (np.maximum(np.floor(np.log2(np.maximum(np.abs(x / scale), 2.0**-30))), -6) - 3)
    return (np.clip(np.round(x / scale / step) * step, -448, 448) * scale).astype(np.float32)


def sylvester(n):
    matrix = np.ones((1, 1))
    while len(matrix) < n:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return (matrix / np.sqrt(n)).astype(np.float32)


def scores(q, k, scale, weights, mistake=""):
    """[t, s] in Float32."""
    if mistake == "hadamard-query-only":
        q = q @ sylvester(q.shape[2])
    if mistake == "feature-dropped":
        q, k = q[..., :-1], k[..., :-1]
    if mistake == "no-k-scale":
        scale = np.ones_like(scale)
    if mistake == "neighbour-scale":
        scale = np.roll(scale, -1)
    if mistake == "head-dropped":
        weights = weights.copy()
        weights[:, np.abs(weights).mean(0).argmin()] = 0
    dots = np.einsum("tjd,sd->tjs", q, k, optimize=True)
    if mistake != "no-relu":
        dots = np.maximum(dots, 0)
    score = scale * np.einsum("tj,tjs->ts", weights, dots, optimize=True)
    return score[[1, 0, *range(2, len(score))]] if mistake == "rows-swapped" else score


def selection(score, offset, k):
    """Unsorted positions of the k highest visible scores, padded with -1."""
    rows = []
    for t, row in enumerate(score):
        seen = max(0, min(len(row), offset + t + 1))
        keys = np.argsort(-row[:seen], kind="stable")[:k]
        rows.append(np.concatenate([keys[::-1], np.full(k - len(keys), -1)]))
    return np.array(rows)


def save(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        kind = {"int64": "I64", "int32": "I32", "float32": "F32"}[array.dtype.name]
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def load(path):
    """The tensors as they are stored, and the configuration."""
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(length)), f.read()
    types = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1", "F8_E4M3": "u1"}
    config = json.loads(header.pop("__metadata__")["config"])
    slices = {name: (data[slice(*entry["data_offsets"])], entry) for name, entry in header.items()}
    return {name: np.frombuffer(raw, types[entry["dtype"]]).reshape(entry["shape"]) for name, (raw, entry) in slices.items()}, config


def e4m3(codes):
    """What FP8 codes are worth."""
    exponent, fraction = codes >> 3 & 15, (codes & 7).astype(np.float64)
    value = np.where(exponent == 0, fraction / 8 * 2.0**-6, (1 + fraction / 8) * 2.0 ** (exponent.astype(np.float64) - 7))
    return np.where(codes < 128, value, -value)


class Bench:
    def __init__(self, attn, reader, gatherer, folder):
        self.attn, self.reader, self.gatherer, self.folder = attn, reader, gatherer, folder
        self.passed = self.failed = 0
        self.named = self.wrong = 0

    def hold(self, what, condition, found=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: {found}", file=sys.stderr)

    def check(self, *options, **tensors):
        save(f"{self.folder}/mine.safetensors", tensors)
        run = subprocess.run(
            [self.attn, "case", "check", self.case, f"{self.folder}/mine.safetensors", "--json", *options], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            raise SystemExit(run.stderr)
        answer = json.loads(run.stdout)
        assert answer["passed"] == (run.returncode == 0) == (answer["verdict"] != "wrong"), answer
        return answer

    def wrong_kernel(self, what, name, **tensors):
        """One that must fail; how it is named is counted."""
        answer = self.check(**tensors)
        self.hold(what, answer["verdict"] == "wrong" and ("selected" not in tensors or name == "scaled" or answer["wrongKeys"] > 0), answer["verdict"])
        self.wrong += 1
        if answer["named"] == name:
            self.named += 1
        else:
            print(f"{what} is called {answer['named']}", file=sys.stderr)

    def served(self, options, name):
        """A case of several sequences, or of keys in blocks or ranges, read by its bytes: right kernels pass, and the mistake that only such a shape has is named."""
        self.case = f"{self.folder}/case.safetensors"
        sizes = ["--heads", 8, "--dim", 64, "--top-k", 32, "--seed", 7]
        made = subprocess.run(
            [self.attn, "case", "make", *map(str, sizes + options), "--json", "--output", self.case], check=True, capture_output=True, text=True)
        told = json.loads(made.stdout)["distinguishes"]
        label = " ".join(map(str, options))
        self.hold(label, len(told) >= 10 and {*OFFSETS, name} <= set(told), told)
        tensors, config = load(self.case)
        q, weights = e4m3(tensors["input.q"]), tensors["input.weights"]
        starts, ends = tensors["input.starts"], tensors["input.ends"]
        if q.ndim == 3:
            q, weights, starts, ends = q[None], weights[None], starts[None], ends[None]
        sequences, queries, _, dim = q.shape
        width = config["keys"]

        def keys(table):
            """[b, s, d] and [b, s], position by position."""
            if "input.cache" not in tensors:
                return e4m3(tensors["input.k"]).reshape(sequences, width, dim), tensors["input.k_scale"].reshape(sequences, width)
            size = config["block_size"]
            cache = tensors["input.cache"]
            codes = e4m3(cache[:, : size * dim]).reshape(len(cache), size, dim)
            scales = np.ascontiguousarray(cache[:, size * dim :]).view("<f4")
            return codes[table].reshape(sequences, -1, dim)[:, :width], scales[table].reshape(sequences, -1)[:, :width]

        table = tensors.get("input.block_table")
        if table is not None:
            names = {}
            exec(self.reader.replace('"case.safetensors"', repr(self.case)).split("\ncase, config")[0] + "\n" + self.gatherer, names)
            codes, scales = names["gathered"](*names["read_case"](self.case))
            k, scale = keys(table)
            self.hold(f"{label}, the page's lines", (codes == k).all() and (scales == scale).all())
        positions = np.arange(width)

        def kernel(table, first, last):
            k, scale = keys(table)
            dots = np.maximum(np.einsum("bnhd,bsd->bnhs", q, k, optimize=True), 0)
            score = scale[:, None] * np.einsum("bnh,bnhs->bns", weights, dots, optimize=True)
            masked = np.where((first[..., None] <= positions) & (positions < last[..., None]), score, -np.inf).astype(np.float32)
            order = np.argsort(-masked, axis=-1, kind="stable")[..., :32]
            order = np.where(np.take_along_axis(masked, order, -1) > -np.inf, order, -1)
            return order.astype(np.int32), masked

        selected, score = kernel(table, starts, ends)
        for kind, dump in {"float32": {"selected": selected, "score": score}, "selection alone": {"selected": selected}}.items():
            answer = self.check(**{n: t if tensors["input.q"].ndim == 4 else t[0] for n, t in dump.items()})
            self.hold(f"{label}, {kind}", answer["verdict"] == "right", answer["verdict"])
        if table is not None:
            size = config["block_size"]
            blocks = np.take_along_axis(np.repeat(table[:, None], queries, 1), np.maximum(selected, 0) // size, -1)
            slots = np.where(selected < 0, -1, blocks * size + selected % size)
            answer = self.check("--positions", "physical", selected=slots.astype(np.int32))
            self.hold(f"{label}, physical places", answer["verdict"] == "right", answer["verdict"])
            self.hold(f"{label}, expected.slots", (np.sort(slots) == np.sort(tensors["expected.slots"])).all())
        wrong = {
            "one-boundary": lambda: kernel(table, starts, np.repeat(ends[:, -1:], queries, 1)),
            "table-ignored": lambda: kernel(np.minimum(np.arange(table.shape[1]), len(tensors["input.cache"]) - 1)[None].repeat(sequences, 0), starts, ends),
            "starts-ignored": lambda: kernel(table, 0 * starts, ends), "offset+1": lambda: kernel(table, starts, np.minimum(ends + 1, width)),
        }
        for mistake in [name, "offset+1"]:
            order = wrong[mistake]()[0]
            self.wrong_kernel(f"{label}, {mistake}", mistake, selected=order if tensors["input.q"].ndim == 4 else order[0])

    def shape(self, queries, keys, heads, dim, top_k, precision, seed, whole=True):
        """With `whole`, scores too, and all roundings."""
        self.case = f"{self.folder}/case.safetensors"
        sizes = ["--queries", queries, "--keys", keys, "--heads", heads, "--dim", dim, "--top-k", top_k, "--seed", seed, "--precision", precision]
        made = subprocess.run(
            [self.attn, "case", "make", *map(str, sizes), "--json", "--output", self.case], check=True, capture_output=True, text=True)
        told = json.loads(made.stdout)["distinguishes"]
        label = f"{queries} x {keys} {precision}, seed {seed}"
        # Scales of 1 hide what is done to scales.
        self.hold(label, len(told) >= (10 if precision == "f8" else 9) and set(OFFSETS) <= set(told), told)

        names = {}
        exec(self.reader.replace('"case.safetensors"', repr(self.case)), names)
        case, offset = names["case"], names["config"]["causal_offset"]
        q, k, scale, weights = (np.asarray(case[f"input.{n}"], np.float32) for n in ("q", "k", "k_scale", "weights"))

        seen = np.arange(keys) <= offset + np.arange(queries)[:, None]
        right = scores(q, k, scale, weights)
        chosen = selection(right, offset, top_k)
        masked = np.where(seen, right, -np.inf).astype(np.float32)
        junk = np.where(seen, right, np.nan).astype(np.float32)
        answer = self.check(selected=chosen.astype(np.int64), score=masked)
        self.hold(f"{label}, float32", answer["verdict"] == "right" and answer["named"] is None and answer["wrongKeys"] == 0, answer["verdict"])
        for kind, tensors in {
            "selection alone, int32": {"selected": chosen.astype(np.int32)}, "score alone": {"score": masked},
            "a batch axis": {"selected": chosen[None].astype(np.int64), "score": masked[None]}, "NaN that nobody judges": {"score": junk},
        }.items():
            self.hold(f"{label}, {kind}", self.check(**tensors)["verdict"] == "right")
        if not whole:
            rounded = selection(scores(bf16(q), bf16(k), scale, bf16(weights)), offset, top_k).astype(np.int64)
            self.hold(f"{label}, bf16 inputs", self.check(selected=rounded)["passed"])
            for name in told:
                order = chosen[[1, 0, *range(2, queries)]] if name == "rows-swapped" else selection(
                    scores(q, k, scale, weights, name), offset + OFFSETS.get(name, 0), top_k)
                self.wrong_kernel(f"{label}, {name}", name, selected=order.astype(np.int64))
            return
        kernels = {"bf16 inputs": scores(bf16(q), bf16(k), scale, bf16(weights)), "bf16 scores": bf16(right), "FP8": scores(fp8(q), fp8(k), scale, weights)}
        if precision == "f32":
            kernels["FP8 with scales that are no powers of two"] = scores(fp8(q, False), fp8(k, False), scale, weights)
        for kind, rounded in kernels.items():
            order = selection(rounded, offset, top_k).astype(np.int64)
            for given, tensors in {"both": {"selected": order, "score": rounded}, "selection": {"selected": order}, "score": {"score": rounded}}.items():
                answer = self.check(**tensors)
                self.hold(f"{label}, {kind}, {given}", answer["passed"] and answer["named"] is None, f"{answer['verdict']} {answer['named']}")

        for name, shift in OFFSETS.items():
            self.wrong_kernel(f"{label}, {name}", name, selected=selection(right, offset + shift, top_k).astype(np.int64))
            short = np.where(np.arange(keys) <= offset + shift + np.arange(queries)[:, None], bf16(right), -np.inf).astype(np.float32)
            self.wrong_kernel(f"{label}, {name}, both in bf16", name, selected=selection(short, offset + shift, top_k), score=short)
            if shift < 0:
                self.wrong_kernel(f"{label}, {name}, score", name, score=short)
        for name in SCORED:
            if precision == "f32" and name in ("no-k-scale", "neighbour-scale"):
                continue
            score = scores(q, k, scale, weights, name)
            order = selection(score, offset, top_k)
            if name == "rows-swapped":
                order = chosen[[1, 0, *range(2, queries)]]
            if name in told:
                self.wrong_kernel(f"{label}, {name}", name, selected=order.astype(np.int64))
            self.wrong_kernel(f"{label}, {name}, score", name, score=score.astype(np.float32))
            rounded = bf16(scores(bf16(q), bf16(k), scale, bf16(weights), name))
            self.wrong_kernel(f"{label}, {name}, score in bf16", name, score=rounded)
            if name in told and name != "rows-swapped":
                self.wrong_kernel(f"{label}, {name}, both in bf16", name, selected=selection(rounded, offset, top_k), score=rounded)
        self.wrong_kernel(f"{label}, scaled", "scaled", score=(right * np.float32(0.7)).astype(np.float32))
        self.wrong_kernel(f"{label}, scaled, both in bf16", "scaled", selected=chosen.astype(np.int32), score=bf16(right * np.float32(1.02)))
        # Keys of other ranks than the scores beside them give.
        shuffled = chosen.copy()
        shuffled[0, :4] = [s for s in range(offset) if s not in set(chosen[0])][:4] if offset >= top_k + 4 else shuffled[0, :4]
        if (shuffled != chosen).any():
            answer = self.check(selected=shuffled.astype(np.int64), score=right.astype(np.float32))
            self.hold(f"{label}, not its own top-k", answer["verdict"] == "wrong" and answer["wrongKeys"] == 4, answer["wrongKeys"])


def main(attn, document, *options):
    assert options in ((), ("--all",)), f"expected --all or nothing, found {options}"
    blocks = re.findall(r"```python\n(.*?)```", Path(document).read_text(encoding="utf-8"), flags=re.S)
    reader = next(block for block in blocks if "def read_case" in block)
    gatherer = next(block for block in blocks if "def gathered" in block)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(attn, reader, gatherer, folder)
        for shape in SHAPES:
            for seed in SEEDS if options else SEEDS[:1]:
                bench.shape(*shape, seed, whole=bool(options) or shape[1] < 8192)
        for options, name in SERVED:
            bench.served(options, name)
    bench.hold("wrong kernels that are named rightly", 10 * bench.named >= 9 * bench.wrong, f"{bench.named} of {bench.wrong}")
    print(f"numpy: {bench.passed} passed, {bench.failed} failed; {bench.named} of {bench.wrong} wrong kernels named rightly")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
