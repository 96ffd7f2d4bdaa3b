"""Whole models in GGUF files by another road than the engine's: the files' own tensors, in the order in which they lie there, in a float64 forward pass.

Usage: gguf_model.py ATTN [ARCHITECTURE…], with the path of the command: models of each architecture, of sizes and block types drawn at random, are
written, and what attn says of a text (ids, every attention weight, the last logits) is held against this pass. Prints 'numpy: N passed, N failed'.
       gguf_model.py --write FOLDER: writes the models that Swift's tests use, with what is expected of them.
       gguf_model.py --logits FILE.gguf ID…: the five highest logits after these tokens, of any model of these architectures.
"""

import json
import math
import re
import string
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import gguf_file

TEXT = "the rain in spain: once upon é 三 time\n  42"
CLOSE = 1e-9


# MARK: Tensors


def packed(rng, kind, shape, size=0.2):
    """Random blocks whose halves are scales of a size that a model can have."""
    if kind in ("F32", "F16", "F64"):
        return rng.normal(0, size, shape).astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[kind]).tobytes()
    if kind == "BF16":
        return (rng.normal(0, size, shape).astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    _, _, block = gguf_file.TYPES[kind]
    raw = np.frombuffer(rng.bytes(gguf_file.packed_bytes(kind, shape)), np.uint8).reshape(-1, block).copy()
    # Where the halves are, and the largest code that each multiplies.
    halves = {"Q4_0": [(0, 8)], "Q4_1": [(0, 15), (2, 1)], "Q5_0": [(0, 16)], "Q5_1": [(0, 31), (2, 1)], "Q8_0": [(0, 127)],
              "Q4_K": [(0, 63 * 15), (2, 63)], "Q6_K": [(208, 128 * 32)]}[kind]
    for at, most in halves:
        raw[:, at : at + 2] = (rng.normal(0, 1, (len(raw), 1)) * size / most).astype("<f2").view(np.uint8)
    return raw.tobytes()


def yarn(d, base, factor, trained):
    """By what each pair's angle is divided, and by what pairs grow, in the words of llama.cpp (ggml_rope_yarn_corr_dims, rope_yarn)."""
    place = lambda turns: d * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(base))
    start, end = max(0, math.floor(place(32))), min(d - 1, math.ceil(place(1)))
    mix = 1 - np.clip((np.arange(d // 2) - start) / max(0.001, end - start), 0, 1)
    return 1 / (mix + (1 - mix) / factor), 1 + 0.1 * math.log(factor)


class Model:
    """An architecture with its sizes, and its tensors at random."""

    def __init__(self, rng, architecture, width, hidden, layers, heads, groups, head, kinds, has_output, tokenizer, base=10000.0,
                 scaling=None, biases=False):
        self.architecture, self.layers, self.heads, self.groups, self.head = architecture, layers, heads, groups, head
        self.base, self.epsilon, self.tokenizer = base, 1e-5, tokenizer
        self.tensors, self.raw = {}, []
        tokens = len(tokenizer.tokens)
        self.values = {f"{architecture}.{key}": value for key, value in {
            "block_count": layers, "context_length": 128, "embedding_length": width, "feed_forward_length": hidden,
            "attention.head_count": heads, "attention.head_count_kv": groups}.items()}
        add = lambda name, shape, kind=None: self.add(rng, name, shape, kind or kinds[rng.integers(len(kinds))])
        add("token_embd.weight", (tokens, width))
        if architecture == "gpt2":
            self.values["gpt2.attention.layer_norm_epsilon"] = self.epsilon
            add("position_embd.weight", (128, width), "F32")
        else:
            self.values |= {f"{architecture}.attention.layer_norm_rms_epsilon": self.epsilon, f"{architecture}.rope.freq_base": base,
                            f"{architecture}.attention.key_length": head, f"{architecture}.attention.value_length": head,
                            f"{architecture}.rope.dimension_count": head}
        self.factors, self.grown = np.ones(head // 2), 1.0
        said = lambda **values: self.values.update({f"{architecture}.rope.{key.replace('__', '.')}": value for key, value in values.items()})
        if scaling == "linear":
            said(scaling__type="linear", scaling__factor=4.0)
            self.factors *= 4
        if scaling == "older linear":
            said(scale_linear=2.5)
            self.factors *= 2.5
        if scaling == "none":
            said(scaling__type="none")
        if scaling and scaling.startswith("yarn"):
            factor, trained = 4.0, int(scaling.split()[1])
            said(scaling__type="yarn", scaling__factor=factor, scaling__original_context_length=trained, scaling__attn_factor=1.0, scaling__finetuned=True)
            self.factors, self.grown = yarn(head, base, factor, trained)
        if scaling == "factors":
            raw = rng.uniform(1, 8, head // 2).astype("<f4")
            self.raw.append(("rope_freqs.weight", "F32", raw.shape, raw.tobytes()))
            self.factors = raw.astype(np.float64)
        for n in range(layers):
            block = lambda name, shape, kind=None: add(f"blk.{n}.{name}", shape, kind)
            norms = ["attn_norm", "ffn_norm"]
            for name in norms:
                block(name + ".weight", (width,), "F32")
            if architecture == "gpt2":
                for name in norms:
                    block(name + ".bias", (width,), "F32")
                block("attn_qkv.weight", (3 * width, width))
                block("attn_qkv.bias", (3 * width,), "F32")
                block("attn_output.weight", (width, width))
                block("attn_output.bias", (width,), "F32")
                block("ffn_up.weight", (hidden, width))
                block("ffn_up.bias", (hidden,), "F32")
                block("ffn_down.weight", (width, hidden))
                block("ffn_down.bias", (width,), "F32")
                continue
            for name, rows in [("q", heads * head), ("k", groups * head), ("v", groups * head)]:
                block(f"attn_{name}.weight", (rows, width))
                if architecture == "qwen2" or biases:
                    block(f"attn_{name}.bias", (rows,), "F32")
            if architecture == "qwen3":
                block("attn_q_norm.weight", (head,), "F32")
                block("attn_k_norm.weight", (head,), "F32")
            block("attn_output.weight", (width, heads * head))
            block("ffn_gate.weight", (hidden, width))
            block("ffn_up.weight", (hidden, width))
            block("ffn_down.weight", (width, hidden))
        add("output_norm.weight", (width,), "F32")
        if architecture == "gpt2":
            add("output_norm.bias", (width,), "F32")
        if has_output:
            add("output.weight", (tokens, width))

    @classmethod
    def read(cls, path):
        self = cls.__new__(cls)
        values, self.tensors = gguf_file.read(path)
        self.architecture = values["general.architecture"]
        value = lambda key, standard=None: values.get(f"{self.architecture}.{key}", standard)
        self.layers, self.heads = value("block_count"), value("attention.head_count")
        self.groups = value("attention.head_count_kv", self.heads)
        self.head = value("attention.key_length", value("embedding_length") // self.heads)
        self.base = value("rope.freq_base", 10000.0)
        self.epsilon = value("attention.layer_norm_rms_epsilon") or value("attention.layer_norm_epsilon")
        self.factors, self.grown = self.tensors.get("rope_freqs.weight", np.ones(self.head // 2)), 1.0
        return self

    def add(self, rng, name, shape, kind):
        # Blocks fill rows.
        kind = kind if shape[-1] % gguf_file.TYPES[kind][1] == 0 else "F16"
        raw = packed(rng, kind, shape)
        if name.endswith("norm.weight"):
            raw = (1 + rng.normal(0, 0.1, shape)).astype("<f4").tobytes()
        self.raw.append((name, kind, shape, raw))
        self.tensors[name] = gguf_file.decode(kind, raw, shape)

    def write(self, path):
        tokenizer = {f"tokenizer.ggml.{key}": value for key, value in {"tokens": self.tokenizer.tokens, **self.tokenizer.values()}.items()}
        gguf_file.write(path, {"general.architecture": self.architecture, **self.values, **tokenizer}, self.raw)

    # MARK: The forward pass

    def norm(self, x, name):
        if self.architecture == "gpt2":
            x = x - x.mean(-1, keepdims=True)
        y = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float64(np.float32(self.epsilon))) * self.tensors[name + ".weight"]
        return y + self.tensors.get(name + ".bias", 0)

    def linear(self, x, name):
        return x @ self.tensors[name + ".weight"].T + self.tensors.get(name + ".bias", 0)

    def turned(self, x):
        """x [t, h, d] as complex numbers: neighbours are a pair in Llama's files, halves in the others."""
        t, h, d = x.shape
        angles = np.outer(np.arange(t), self.base ** (-np.arange(0, d, 2) / d) / self.factors)
        pairs = x.reshape(t, h, d // 2, 2) if self.architecture == "llama" else x.reshape(t, h, 2, d // 2).swapaxes(2, 3)
        turned = (pairs[..., 0] + 1j * pairs[..., 1]) * self.grown * np.exp(1j * angles)[:, None, :]
        pairs = np.stack([turned.real, turned.imag], axis=-1)
        return (pairs if self.architecture == "llama" else pairs.swapaxes(2, 3)).reshape(t, h, d)

    def attend(self, x, n):
        t, block = len(x), f"blk.{n}."
        if self.architecture == "gpt2":
            q, k, v = np.split(self.linear(x, block + "attn_qkv"), 3, axis=-1)
        else:
            q, k, v = (self.linear(x, block + f"attn_{name}") for name in "qkv")
        q, k, v = (y.reshape(t, -1, self.head) for y in (q, k, v))
        if self.architecture == "qwen3":
            q, k = self.norm(q, block + "attn_q_norm"), self.norm(k, block + "attn_k_norm")
        if self.architecture != "gpt2":
            q, k = self.turned(q), self.turned(k)
        k, v = (np.repeat(y, self.heads // self.groups, axis=1) for y in (k, v))
        scores = np.einsum("thd,shd->hts", q, k) / math.sqrt(self.head)
        scores[:, np.triu(np.ones((t, t), bool), 1)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return self.linear(np.einsum("hts,shd->thd", weights, v).reshape(t, -1), block + "attn_output"), weights

    def feed(self, x, n):
        block = f"blk.{n}."
        if self.architecture == "gpt2":
            up = self.linear(x, block + "ffn_up")
            hidden = 0.5 * up * (1 + np.tanh(math.sqrt(2 / math.pi) * (up + 0.044715 * up**3)))
        else:
            gate = self.linear(x, block + "ffn_gate")
            hidden = gate / (1 + np.exp(-gate)) * self.linear(x, block + "ffn_up")
        return self.linear(hidden, block + "ffn_down")

    def run(self, ids):
        x = self.tensors["token_embd.weight"][ids]
        if self.architecture == "gpt2":
            x = x + self.tensors["position_embd.weight"][: len(ids)]
        attention = []
        for n in range(self.layers):
            y, weights = self.attend(self.norm(x, f"blk.{n}.attn_norm"), n)
            attention.append(weights)
            x = x + y
            x = x + self.feed(self.norm(x, f"blk.{n}.ffn_norm"), n)
        output = self.tensors.get("output.weight", self.tensors["token_embd.weight"])
        return attention, self.norm(x, "output_norm")[-1] @ output.T


# MARK: Tokens


def pieces():
    """Tokens, types and scores in the manner of Llama 2: three special ones, bytes, letters, and pieces, the earlier the better; two share a score."""
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyz", "é"]
    pieces = ["▁t", "he", "in", "▁the", "ra", "▁s", "ain", "ai", "on", "ce", "▁on", "up", "▁up", "pa", "an", "▁▁"]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces, *letters]
    types = [2, 3, 3] + [6] * 256 + [1] * (len(pieces) + len(letters))
    scores = [0.0] * 259 + [-float(max(i, 1)) for i in range(len(pieces) + len(letters))]
    return tokens, types, scores


class SentencePieces:
    """SentencePiece's own way: of all neighbours that together are a piece, the best score first, then the leftmost."""

    def __init__(self):
        self.tokens, self.types, self.scores = pieces()

    def values(self):
        return {"model": "llama", "token_type": self.types, "scores": self.scores, "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0}

    def encode(self, text):
        ids = {token: i for i, token in enumerate(self.tokens) if self.types[i] == 1}
        symbols = list("▁" + text.replace(" ", "▁"))
        while True:
            merges = [(-self.scores[ids[a + b]], i) for i, (a, b) in enumerate(zip(symbols, symbols[1:])) if a + b in ids]
            if not merges:
                break
            at = min(merges)[1]
            symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        return [1] + [i for symbol in symbols for i in ([ids[symbol]] if symbol in ids else [3 + byte for byte in symbol.encode()])]


# Letters, what is neither space nor letter nor digit, and punctuation, as Python's expressions can say it of the texts here.
L, OTHER, P = r"[^\W\d_]", r"(?:[^\s\w]|_)", "[" + re.escape("".join(set(string.punctuation) - {"`"})) + "]"
GPT2 = rf"'s|'t|'re|'ve|'m|'ll|'d| ?{L}+| ?\d+| ?{OTHER}+|\s+(?!\S)|\s+"


def llama3(digits):
    return rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|(?:[^\r\n\w]|_)?{L}+|\d{digits}| ?{OTHER}+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


class BytePairs:
    """Byte pairs over bytes that are written as characters, after a published division into words."""

    DIVISIONS = {"gpt-2": [GPT2], "smollm": [r"\d", GPT2], "llama-bpe": [llama3("{1,3}")], "qwen2": [llama3("")],
                 "default": [P + "+", GPT2, r"\d+", "[0-9][0-9][0-9]"]}

    def __init__(self, pre):
        self.pre = pre
        plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
        rest = [byte for byte in range(256) if byte not in plain]
        self.letters = {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(rest)}
        self.merges = ["t h", "th e", "Ġ the", "a i", "ai n", "Ġ r", "Ġr ain", "i n", "Ġ in", "4 2", "Ġ Ġ", "Ã ©", ", Ġ"]
        # The last token cannot be merged from others.
        self.tokens = ["<|end|>", *self.letters.values(), *(merge.replace(" ", "") for merge in self.merges), "Ġonce"]

    def values(self):
        return {"model": "gpt2", "pre": self.pre, "token_type": [3] + [1] * (len(self.tokens) - 1), "merges": self.merges,
                "bos_token_id": 0, "eos_token_id": 0}

    def encode(self, text):
        words = [text]
        for pattern in self.DIVISIONS[self.pre]:
            words = [part for word in words for part in re.split(f"({pattern})", word) if part]
        ids = [0] if self.pre == "llama-bpe" else []
        for word in words:
            symbols = [self.letters[byte] for byte in word.encode()]
            if self.pre == "llama-bpe" and "".join(symbols) in self.tokens:
                symbols = ["".join(symbols)]
            for merge in self.known(symbols):
                symbols[merge : merge + 2] = [symbols[merge] + symbols[merge + 1]]
            ids += [self.tokens.index(symbol) for symbol in symbols]
        return ids

    def known(self, symbols):
        """Where the earliest merge of the list can be made, again and again."""
        while found := [(self.merges.index(f"{a} {b}"), i) for i, (a, b) in enumerate(zip(symbols, symbols[1:])) if f"{a} {b}" in self.merges]:
            yield min(found)[1]


# MARK: Tests


def expected(model, text=TEXT):
    ids = model.tokenizer.encode(text)
    attention, logits = model.run(ids)
    return {"text": text, "ids": ids, "attention": [layer.tolist() for layer in attention], "logits": logits.tolist()}


SMALL = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "F16", "BF16", "F32"]
ALL = SMALL + ["Q4_K", "Q6_K", "F64"]
ARCHITECTURES = ["llama", "qwen2", "qwen3", "gpt2"]


def drawn(rng, architecture, kinds, width, hidden, pre, **options):
    groups = int(rng.choice([1, 2]))
    heads = 2 * groups
    if architecture == "gpt2":
        groups = heads
    head = width // heads if architecture == "gpt2" else int(rng.choice([8, 16]))
    return Model(rng, architecture, width, hidden, 2, heads, groups, head, kinds, bool(rng.integers(2)),
                 SentencePieces() if pre is None else BytePairs(pre), **options)


def write_fixtures(folder):
    for i, architecture in enumerate(ARCHITECTURES):
        model = drawn(np.random.default_rng(i), architecture, SMALL, 32, 64, [None, "qwen2", "llama-bpe", "gpt-2"][i])
        model.write(f"{folder}/gguf-{architecture}.gguf")
        known = expected(model, "the rain\n é")
        Path(f"{folder}/gguf-{architecture}.json").write_text(json.dumps(known, separators=(",", ":")) + "\n")


def compare(attn, folder, model):
    path = f"{folder}/model.gguf"
    model.write(path)
    subprocess.run([attn, "trace", "--model", path, "--text", TEXT, "--output", f"{folder}/t.json"], check=True)
    trace = json.loads(Path(f"{folder}/t.json").read_text())
    steps = {step["id"]: step["output"] for step in trace["steps"]}
    known = expected(model)
    values = lambda step: np.array([float(x) for x in steps[step]["values"]]).reshape(steps[step]["shape"])
    errors = [np.abs(values(f"layer.{n}.attention.weights") - np.array(layer)).max() for n, layer in enumerate(known["attention"])]
    logits = np.array(known["logits"])
    errors.append(np.abs(values("logits")[-1] - logits).max() / max(np.abs(logits).max(), 1))
    return trace["tokenIDs"] == known["ids"] and max(errors) <= CLOSE, max(errors)


def main():
    if sys.argv[1] == "--write":
        return write_fixtures(sys.argv[2])
    if sys.argv[1] == "--logits":
        logits = Model.read(sys.argv[2]).run([int(x) for x in sys.argv[3:]])[1]
        for i in np.argsort(-logits)[:5]:
            print(i, repr(logits[i].item()))
        return
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pre = {"llama": [None, "smollm"], "qwen2": ["qwen2", None], "qwen3": ["llama-bpe", "qwen2"], "gpt2": ["gpt-2", "default"]}
        # Every kind of block, then every way of saying how far positions turn.
        tasks = [(name, seed, ALL, 256, ["linear", "factors"][seed]) for seed in range(2) for name in ARCHITECTURES]
        tasks += [(name, 2 + i, ["F32"], 32, scaling) for i, scaling in enumerate(["yarn 16", "yarn 2048", "older linear", "none"])
                  for name in ("llama", "qwen2", "qwen3")]
        for architecture, seed, kinds, width, scaling in tasks:
            if architecture not in (sys.argv[2:] or ARCHITECTURES):
                continue
            rng = np.random.default_rng([seed, ARCHITECTURES.index(architecture)])
            options = {} if architecture == "gpt2" else {"scaling": scaling, "base": 1e4 if "yarn" in scaling else 1e5}
            model = drawn(rng, architecture, kinds, width, width, pre[architecture][seed % 2], **options)
            good, error = compare(sys.argv[1], folder, model)
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"{architecture}, seed {seed}, {options.get('scaling')}: other ids, or an error of {error}")
    print(f"numpy: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
