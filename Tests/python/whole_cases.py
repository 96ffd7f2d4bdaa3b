"""Whole indexers and sparse MLA in numpy, by another road than the engine's: right ones and wrong ones, held against cases by `attn case check`.

The expected values of every stage are recomputed here. Right dumps, in Float32 and with every step rounded to bf16, must pass; each wrong one must fail,
begin to be wrong where it is, and be named. The functions that the document gives are run too.

Usage: whole_cases.py ATTN DOCUMENT. Prints 'numpy: N passed, N failed'.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from indexer_bench import bf16, save, sylvester

SMALL = ["--keys", "40", "--heads", "4", "--dim", "32", "--model-dim", "48", "--q-lora", "24"]
WHOLE = [
    ["--seed", "7", *SMALL, "--queries", "16"],
    ["--seed", "20260101", "--rope", "interleaved", "--yarn", "4", *SMALL, "--queries", "40"],
    ["--seed", "5", "--precision", "f32", "--no-hadamard", *SMALL, "--queries", "16"],
]
SCALE_FREE = {"no-k-scale", "no-q-scale"}
SPARSE = [
    ["--seed", "7"],
    ["--seed", "20260101", "--dim", "576", "--value-dim", "512", "--heads", "2", "--queries", "6", "--keys", "256", "--top-k", "64"],
    ["--seed", "3", "--no-sinks", "--no-lengths"],
]


def e4m3(x):
    """The nearest e4m3 value, out of all of them; ties to the even code."""
    codes = np.arange(127)
    exponent, fraction = codes >> 3, codes & 7
    values = np.where(exponent == 0, fraction / 8 * 2.0**-6, (1 + fraction / 8) * 2.0 ** (exponent - 7))
    size = np.minimum(np.abs(x), 448)
    above = np.searchsorted(values, size).clip(1, 126)
    low, high = size - values[above - 1], values[above] - size
    up = (high < low) | ((high == low) & (above % 2 == 0))
    return np.sign(x) * np.where(up, values[above], values[above - 1])


def frequencies(config, yarn=True):
    n, theta = config["qk_rope_head_dim"], config["rope_theta"]
    plain = theta ** -(np.arange(0, n, 2) / n)
    if not yarn or "rope_factor" not in config or config["max_seq_len"] <= config["original_seq_len"]:
        return plain
    def turning(turns):
        return n * np.log(config["original_seq_len"] / (turns * 2 * np.pi)) / (2 * np.log(theta))
    low = max(np.floor(turning(config["beta_fast"])), 0)
    high = min(np.ceil(turning(config["beta_slow"])), n - 1)
    slowed = np.clip((np.arange(n // 2) - low) / (high - low if high != low else 0.001), 0, 1)
    return plain / config["rope_factor"] * slowed + plain * (1 - slowed)


def rope(x, positions, config, mistake, shift):
    """x [token, ..., d] with its first features turned, as complex numbers."""
    if mistake == "no-rope":
        return x
    n, half = config["qk_rope_head_dim"], config["indexer_rope"] == "half"
    if mistake == "rope-layout":
        half = not half
    angle = np.outer(positions + shift, frequencies(config, mistake != "no-yarn"))
    turn = np.exp(1j * angle).reshape(len(x), *[1] * (x.ndim - 2), n // 2)
    start = x.shape[-1] - n if mistake == "rope-at-end" else 0
    part = x[..., start : start + n].astype(np.float64)
    pairs = (part[..., : n // 2] + 1j * part[..., n // 2 :]) if half else part[..., ::2] + 1j * part[..., 1::2]
    pairs = pairs * turn
    turned = np.concatenate([pairs.real, pairs.imag], -1) if half else np.stack([pairs.real, pairs.imag], -1).reshape(part.shape)
    return np.concatenate([x[..., :start], turned, x[..., start + n :]], -1)


def whole_indexer(case, config, mistake="", keep=np.float64):
    """All stages; `keep` is how a step's result is kept."""
    x, latents = case["input.x"], case["input.q_lora"]
    w = {name: case[f"weight.{name}"] for name in ("wq_b.weight", "wk.weight", "k_norm.weight", "k_norm.bias", "weights_proj.weight")}
    heads, d, k = config["index_n_heads"], config["index_head_dim"], config["index_topk"]
    tokens, queries = len(x), len(latents)
    stage = {}
    shift = {"position-off-by-one": 1}.get(mistake, 0)
    q = stage["q_projected"] = keep(latents @ w["wq_b.weight"].T).reshape(queries, heads, d)
    q = stage["q_rope"] = keep(rope(q, np.arange(tokens - queries, tokens), config, mistake, shift))
    key = stage["k_projected"] = keep(x @ w["wk.weight"].T)
    centred = key - (0 if mistake == "rms-instead-of-layer-norm" else key.mean(-1, keepdims=True))
    if mistake != "no-k-norm":
        bias = 0 if mistake in ("no-norm-bias", "rms-instead-of-layer-norm") else w["k_norm.bias"]
        key = keep(centred / np.sqrt((centred**2).mean(-1, keepdims=True) + config["index_k_norm_eps"]) * w["k_norm.weight"] + bias)
    stage["k_normalised"] = key
    key = stage["k_rope"] = keep(rope(key, np.arange(tokens), config, mistake, 0))
    if config["indexer_hadamard"]:
        q = stage["q_rotated"] = keep(q @ sylvester(d))
        key = stage["k_rotated"] = keep(key @ (np.eye(d) if mistake == "hadamard-query-only" else sylvester(d)))
    weights = stage["weights_projected"] = keep(x[tokens - queries :] @ w["weights_proj.weight"].T)
    if mistake == "no-head-weights":
        weights = stage["weights_projected"] = np.ones_like(weights)
    q_scale, k_scale = np.ones((queries, heads)), np.ones(tokens)
    if config["indexer_fp8"]:
        q_scale, k_scale = (2.0 ** np.ceil(np.log2(np.maximum(np.abs(v).max(-1), 1e-4) / 448)) for v in (q, key))
        stage["q_scale"], stage["k_scale"] = q_scale, k_scale
        q, key = e4m3(q / q_scale[..., None]), e4m3(key / k_scale[:, None])
    else:
        for side in ("q", "k"):
            stage.pop(f"{side}_rotated" if config["indexer_hadamard"] else f"{side}_rope")
    stage["q"], stage["k"] = q, key
    weights = stage["weights"] = weights * (1 if mistake == "no-q-scale" else q_scale) / np.sqrt(heads * d)
    dots = np.einsum("tjd,sd->tjs", q, key, optimize=True)
    if mistake != "no-relu":
        dots = np.maximum(dots, 0)
    score = stage["score"] = np.einsum("tj,tjs->ts", weights, dots) * (1 if mistake == "no-k-scale" else k_scale)
    seen = np.arange(tokens) <= np.arange(tokens - queries, tokens)[:, None]
    order = np.argsort(np.where(seen, -score, np.inf), axis=1, kind="stable")[:, :k]
    stage["selected"] = np.where(np.take_along_axis(seen, order, 1), order, -1)
    return stage


def sparse_mla(case, config, mistake=""):
    """out and lse, by a matrix product over all entries: an entry that stands n times weighs n."""
    q, kv, indices = case["input.q"], case["input.kv"], case["input.indices"]
    scale, d_v, d = config["softmax_scale"], config["d_v"], q.shape[2]
    scale = {"scale-missing": 1, "scale-of-width": d**-0.5}.get(mistake, scale)
    ranks = np.arange(indices.shape[1])
    counts = np.ones(len(q), int) * len(ranks) if "input.lengths" not in case or mistake == "lengths-ignored" else case["input.lengths"]
    times = np.zeros((len(q), len(kv)))
    for t, row in enumerate(indices):
        for index in row[: counts[t]]:
            if index >= 0 or mistake.startswith("padding-attended"):
                times[t, 0 if index < 0 and mistake.endswith("first") else index] += 1
    if mistake == "duplicates":
        times = np.minimum(times, 1)
    width = d_v if mistake == "rope-left-out" else d
    weight = times[:, None] * np.exp(scale * (q[..., :width] @ kv[:, :width].T))
    total = weight.sum(-1)
    sink = np.exp(case["input.sinks"]) if "input.sinks" in case else 0
    value = kv[:, d - d_v :] if mistake == "value-with-rope" else kv[:, :d_v]
    whole = total if mistake == "no-sink" else total + sink
    out = (weight @ value) / np.where(whole > 0, whole, 1)[..., None]
    with np.errstate(divide="ignore"):
        lse = np.log(total + (sink if mistake == "sink-in-lse" else 0)) / (np.log(2) if mistake == "log2-lse" else 1)
    return {"out": out, "lse": lse if mistake == "empty-row-lse" else np.where(np.isneginf(lse), np.inf, lse)}


class Bench:
    def __init__(self, attn, blocks, folder):
        self.attn, self.blocks, self.folder = attn, blocks, folder
        self.passed = self.failed = self.named = self.wrong = 0

    def hold(self, what, condition, found=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: {found}", file=sys.stderr)

    def make(self, *options):
        """A case; its tensors, its settings, and what it distinguishes."""
        self.case = f"{self.folder}/case.safetensors"
        made = subprocess.run(
            [self.attn, "case", "make", *options, "--json", "--output", self.case], check=True, capture_output=True, text=True)
        verified = subprocess.run([self.attn, "verify", self.case], capture_output=True, text=True)
        self.hold(f"{options} verifies", verified.returncode == 0, verified.stdout + verified.stderr)
        names = {}
        exec(next(b for b in self.blocks if "def read_case" in b).replace('"case.safetensors"', repr(self.case)).split("case, config =")[0], names)
        return *names["read_case"](self.case), json.loads(made.stdout)["distinguishes"]

    def check(self, tensors):
        kinds = {"selected": np.int32}
        save(f"{self.folder}/mine.safetensors", {n: np.asarray(t, kinds.get(n, np.float32)) for n, t in tensors.items()})
        run = subprocess.run(
            [self.attn, "case", "check", self.case, f"{self.folder}/mine.safetensors", "--json"], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            raise SystemExit(run.stderr)
        answer = json.loads(run.stdout)
        assert answer["passed"] == (run.returncode == 0) == (answer["verdict"] != "wrong"), answer
        return answer

    def right(self, what, tensors, verdicts=("right", "rounding")):
        answer = self.check(tensors)
        self.hold(what, answer["verdict"] in verdicts and answer["named"] is None, (answer["verdict"], answer["named"], answer.get("firstWrong")))

    def faulty(self, what, name, tensors):
        answer = self.check(tensors)
        self.hold(f"{what}, {name}", answer["verdict"] == "wrong", answer["verdict"])
        self.wrong += 1
        if answer["named"] == name:
            self.named += 1
        else:
            print(f"{what}, {name} is called {answer['named']}", file=sys.stderr)
        return answer

    def whole_indexer(self, options):
        what = " ".join(options)
        case, config, told = self.make("--kind", "whole-indexer", *options)
        right = whole_indexer(case, config)
        for name in (n for n in case if n.startswith("expected.")):
            mine, expected = right[name.removeprefix("expected.")], case[name]
            if name == "expected.selected":
                mine, expected = np.sort(mine, 1), np.sort(expected, 1)
            self.hold(f"{what}, {name}", np.abs(mine - expected).max() <= 1e-6 * np.abs(expected).max(), np.abs(mine - expected).max())
        self.hold(f"{what}, all stages are there", {n.removeprefix("expected.") for n in case if n.startswith("expected.")} == set(right))
        rounded = whole_indexer(case, config, keep=bf16)
        for kind, stages in {"float32": right, "bf16": rounded}.items():
            self.right(f"{what}, {kind}, all stages", stages)
            self.right(f"{what}, {kind}, scores", {"score": stages["score"]})
            self.right(f"{what}, {kind}, selection", {"selected": stages["selected"]})
        self.right(f"{what}, selection", {"selected": right["selected"][:, ::-1]}, ["right"])
        reference = {}
        exec(next(b for b in self.blocks if "def whole_indexer" in b), reference)
        mine = reference["whole_indexer"](case, config)
        self.right(f"{what}, the document's", {n: t for n, t in mine.items() if f"expected.{n}" in case})
        unrounded = whole_indexer(case, {**config, "indexer_fp8": False}, keep=bf16)
        self.right(f"{what}, without FP8", {n: unrounded[n] for n in ("score", "selected")})
        first = {
            "rope-layout": "q_rope", "no-rope": "q_rope", "rope-at-end": "q_rope", "position-off-by-one": "q_rope", "no-yarn": "q_rope",
            "rms-instead-of-layer-norm": "k_normalised", "no-k-norm": "k_normalised", "no-norm-bias": "k_normalised",
            "hadamard-query-only": "k_rotated", "no-k-scale": "score", "no-q-scale": "weights", "no-relu": "score",
            "no-head-weights": "weights_projected",
        }
        applies = set(first) - (set() if config["indexer_fp8"] else SCALE_FREE)
        applies -= set() if "rope_factor" in config else {"no-yarn"}
        applies -= set() if config["indexer_hadamard"] else {"hadamard-query-only"}
        self.hold(f"{what}, distinguishes", len(told) >= len(applies) - 1, sorted(applies - set(told)))
        for name in sorted(applies):
            wrong, rounded = whole_indexer(case, config, name), whole_indexer(case, config, name, bf16)
            answer = self.faulty(f"{what}, all stages", name, wrong)
            place = first[name] if first[name] in wrong else first[name][0]
            self.hold(f"{what}, {name}, where", answer["firstWrong"] == place, answer["firstWrong"])
            self.faulty(f"{what}, score in bf16", name, {"score": rounded["score"]})
            if name in told:
                self.faulty(f"{what}, selection", name, {"selected": wrong["selected"]})

    def sparse_mla(self, options):
        what = " ".join(["sparse-mla", *options])
        case, config, told = self.make("--kind", "sparse-mla", *options)
        right = sparse_mla(case, config)
        for name, mine in right.items():
            expected = case[f"expected.{name}"]
            same = np.isfinite(expected) == np.isfinite(mine)
            error = np.abs(np.where(np.isfinite(expected), mine - np.where(np.isfinite(expected), expected, 0), 0)).max()
            self.hold(f"{what}, {name}", same.all() and error <= 1e-9, error)
        self.right(f"{what}, float32", right, ["right"])
        self.right(f"{what}, lse alone", {"lse": right["lse"]}, ["right"])
        self.right(f"{what}, bf16", {"out": bf16(right["out"]), "lse": right["lse"]}, ["rounding"])
        reference = {}
        exec(next(b for b in self.blocks if "def sparse_mla" in b), reference)
        self.right(f"{what}, the document's", reference["sparse_mla"](case, config), ["right"])
        names = {"padding-attended": ["padding-attended, first", "padding-attended, last"]}
        for name in told:
            for mistake in names.get(name, [name]):
                wrong = sparse_mla(case, config, mistake)
                self.faulty(f"{what}, both", name, wrong)
                self.faulty(f"{what}, both in bf16", name, {"out": bf16(wrong["out"]), "lse": wrong["lse"]})
                for tensor in ("out", "lse"):
                    if not np.array_equal(wrong[tensor], right[tensor]):
                        self.faulty(f"{what}, {tensor}", name, {tensor: wrong[tensor]})


def main(attn, document):
    blocks = re.findall(r"```python\n(.*?)```", Path(document).read_text(encoding="utf-8"), flags=re.S)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(attn, blocks, folder)
        for options in WHOLE:
            bench.whole_indexer(options)
        for options in SPARSE:
            bench.sparse_mla(options)
    bench.hold("wrong dumps that are named rightly", 10 * bench.named >= 9 * bench.wrong, f"{bench.named} of {bench.wrong}")
    print(f"numpy: {bench.passed} passed, {bench.failed} failed; {bench.named} of {bench.wrong} wrong dumps named rightly")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
