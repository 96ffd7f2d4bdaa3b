# Dumps of attention as numpy writes them: the fixtures of the tests (`attention_dumps.py --fixtures FOLDER`), and, drawn at random in every shape, type,
# order and packing, held against what `attn` reads of them (`attention_dumps.py ATTN`).

import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np


def exact(heads, n):
    """Causal weights [h, t, s] that every type holds exactly: halves, quarters, …; even heads rest on the first keys, odd ones on the last."""
    weights = np.zeros((heads, n, n))
    for t in range(n):
        row = [2.0 ** -(s + 1) for s in range(t)] + [2.0**-t]
        for head in range(heads):
            weights[head, t, : t + 1] = row if head % 2 == 0 else row[::-1]
    return weights


def fixtures(folder):
    os.makedirs(folder, exist_ok=True)
    one = exact(2, 5)
    layers = np.stack([one, one[::-1], one])[:, None]  # [l, b, h, q, k]
    np.savez_compressed(f"{folder}/layers.npz", attentions=layers.astype(np.float16))
    np.savez(f"{folder}/one.npz", attn=one.astype(np.float32))
    np.savez_compressed(f"{folder}/two.npz", attn=one, pair=one[0].astype(np.float32))
    np.save(f"{folder}/fortran.npy", np.asfortranarray(one).astype(">f8", order="F"))
    np.save(f"{folder}/batch.npy", np.stack([one, one[::-1]]).astype(np.float32))
    np.save(f"{folder}/object.npy", np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    np.savez_compressed(f"{folder}/object.npz", attn=np.array([[{"a": 1}]], dtype=object))
    np.save(f"{folder}/records.npy", np.zeros((2, 2), dtype=[("a", "f4"), ("b", "f4")]))
    np.save(f"{folder}/whole.npy", np.eye(3, dtype=np.int64))
    np.save(f"{folder}/vector.npy", np.ones(3))
    np.save(f"{folder}/empty.npy", np.ones((0, 3)))
    odd = one.astype(np.float32)
    odd[0, 3, 1] = np.nan
    odd[1, 2] = [-0.5, 1, 0.5, 0, 0]
    odd[1, 4, 4] = 0.25
    np.save(f"{folder}/odd.npy", odd)
    with open(f"{folder}/tokens.json", "w") as file:
        json.dump(["Once", " upon", " a", " time", "。"], file, ensure_ascii=False)
    with open(f"{folder}/tokens.txt", "w") as file:
        file.write("[CLS]\nonce\nupon\n\n[SEP]\n")


def softmax(rng, shape, causal, window=None):
    scores = rng.normal(size=shape) * 3
    if causal:
        queries, keys = shape[-2:]
        scores = np.where(np.tril(np.ones((queries, keys), bool), keys - queries), scores, -np.inf)
        if window:
            scores = np.where(np.triu(np.ones((queries, keys), bool), keys - queries - window + 1), scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def kept(weights, rule, causal):
    """The keys that a rule keeps of the weights [h, q, k], a sorted list for each query: counted anew."""
    queries, keys = weights.shape[-2:]
    rows = []
    for t in range(queries):
        seen = list(range(keys - queries + t + 1)) if causal else list(range(keys))
        if rule.startswith("topk:"):
            summed = np.zeros(keys)
            for head in weights:
                summed = summed + head[t]
            rows.append(sorted(sorted(seen, key=lambda s: (-summed[s], s))[: int(rule[5:])]))
        else:
            counts = dict(part.split(":") for part in rule.split("+"))
            window, sinks = int(counts.get("window", counts.get("recent"))), int(counts.get("sinks", 0))
            rows.append(sorted(set(seen[:sinks]) | set(sorted(seen[sinks:])[-window:])) if len(seen) > window + sinks else seen)
    return rows


def check(attn, count=60):
    rng = np.random.default_rng(int(os.environ.get("SEED", "11")))
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            letters = rng.choice(["qk", "hqk", "bhqk", "lhqk", "lbhqk", "bqhk", "kqh", "hlqk"])
            causal = bool(rng.integers(2))
            window = int(rng.integers(1, 6)) if causal and rng.integers(3) == 0 else None
            keys = int(rng.integers(2, 12))
            queries = keys if rng.integers(3) else int(rng.integers(1, keys + 1))
            sizes = {"l": int(rng.integers(1, 4)), "b": int(rng.integers(1, 3)), "h": int(rng.integers(1, 5)), "q": queries, "k": keys}
            plain = [part for part in "lbhqk" if part in letters]
            weights = softmax(rng, [sizes[part] for part in plain], causal, window)
            kind = rng.choice(["<f2", "<f4", "<f8", ">f4", ">f8", ">f2"])
            array = weights.transpose([plain.index(part) for part in letters]).astype(kind)
            if rng.integers(2):
                array = np.asfortranarray(array)
            packing = rng.choice(["npy", "npz", "packed"])
            path = f"{folder}/{number}.{'npy' if packing == 'npy' else 'npz'}"
            {"npy": lambda: np.save(path, array), "npz": lambda: np.savez(path, w=array), "packed": lambda: np.savez_compressed(path, w=array)}[
                packing
            ]()
            rule = rng.choice([f"topk:{rng.integers(1, 6)}"] + ([f"recent:{rng.integers(1, 6)}", f"window:{rng.integers(1, 4)}+sinks:{rng.integers(1, 4)}"] if causal else []))
            text = int(rng.integers(sizes["b"])) if "b" in letters else None
            command = [attn, "trace", "--attention", path, "--axes", str(letters), "--select", str(rule)]
            if text is not None:
                command += ["--batch", str(text)]
            run = subprocess.run(command, capture_output=True, text=True)
            assert run.returncode == 0, (command, run.stderr)
            said = re.findall(r"no head has weight in (\d+) of (\d+) pairs", run.stderr)
            assert len(run.stderr.splitlines()) == len(said), (command, run.stderr)
            steps = {step["id"]: step for step in json.loads(run.stdout)["steps"]}
            given = array.astype(np.float64).transpose([letters.index(part) for part in plain])
            if text is not None:
                given = given.take(text, axis=plain.index("b"))
            for layer in range(sizes["l"]) if "l" in letters else [None]:
                own = given if layer is None else given[layer]
                scope = "" if layer is None else f"layer.{layer}."

                def step(name):
                    output = steps[scope + name]["output"]
                    return np.array(output["values"], float).reshape(output["shape"])

                assert np.array_equal(step("attention.weights"), own), (command, "weights")
                heads = own if own.ndim == 3 else own[None]
                rows = kept(heads, str(rule), causal or queries == 1)
                seen = np.tril(np.ones((queries, keys), bool), keys - queries) if causal or queries == 1 else np.ones((queries, keys), bool)
                zeros = int((seen & (heads == 0).all(0)).sum())
                note = steps[scope + "attention.weights"]["source"]
                assert (f"no head has weight in {zeros} of {seen.sum()} pairs" in note) == (zeros > 0), (command, note, zeros)
                if zeros and said:
                    # The first layer that has such pairs is named, once.
                    assert said.pop() == (str(zeros), str(seen.sum())), (command, run.stderr)
                selected = [[int(key) for key in row if key >= 0] for row in step("selected")]
                assert selected == rows, (command, selected, rows)
                mask = np.array([[key in row for key in range(keys)] for row in rows])
                assert np.array_equal(step("kept.weights"), np.where(mask, own, 0)), (command, "kept")
                left = np.where(mask, own, 0)
                assert np.allclose(step("sparse.weights"), left / left.sum(-1, keepdims=True), rtol=0, atol=1e-12), (command, "sparse")
                masses = [1.0 if len(row) == (keys - queries + t + 1 if causal else keys) else heads[:, t, row].sum() / len(heads) for t, row in enumerate(rows)]
                assert np.allclose(steps[scope + "selected"]["facts"]["massKept"], masses, rtol=0, atol=1e-12), (command, "mass")
                compared += 1
            assert not said, (command, run.stderr)
    print(f"attention dumps: {count} files, {compared} layers agree with numpy")


if __name__ == "__main__":
    fixtures(sys.argv[2]) if sys.argv[1] == "--fixtures" else check(sys.argv[1])
