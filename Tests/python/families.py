"""An outside oracle: numpy computes language models of every family in double precision, from their safetensors and config.json alone.

Usage: families.py ATTN FAMILIES. Runs `attn trace` on each folder in FAMILIES, and on models that this script makes from seeds: every kind of rotary
scaling, windows, biases, norms and caps, checkpoints without prefix or head, encoders. Every attention weight, and logits or hidden states, must be
within 1e-9. Prints 'numpy: N passed, N failed'.
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CLOSE = 1e-9


# MARK: Files


def read_tensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    header.pop("__metadata__", None)
    tensors = {}
    for name, info in header.items():
        raw = body[slice(*info["data_offsets"])]
        if info["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(raw, {"F32": "<f4", "F64": "<f8", "F16": "<f2"}[info["dtype"]])
        tensors[name] = values.astype(np.float64).reshape(info["shape"])
    return tensors


def write_tensors(path, tensors):
    header, body = {}, b""
    for name, values in tensors.items():
        raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def write_tokenizer(path, count):
    """One letter a token, so that a text says any ids."""
    vocabulary = {chr(0x4E00 + i): i for i in range(count)}
    path.write_text(json.dumps({"model": {"type": "BPE", "vocab": vocabulary, "merges": []}}))


# MARK: Parts


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def rms(x, weight, epsilon):
    return x * (1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + epsilon)) * weight


def layer_norm(x, weight, bias, epsilon):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + epsilon) * weight + bias


ACTIVATIONS = {
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * 0.5 * np.vectorize(math.erfc)(-z / math.sqrt(2)),
    "gelu_new": lambda z: 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "relu": lambda z: np.maximum(z, 0),
}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]


def frequencies(config, d, length):
    """Angles a position of each pair, and by what pairs grow."""
    rope = config.get("rope_scaling") or config.get("rope_parameters") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    most = config["max_position_embeddings"]
    factor, original = rope.get("factor"), rope.get("original_max_position_embeddings", most)
    if kind == "dynamic":
        theta *= (factor * max(length, most) / most - (factor - 1)) ** (d / (d - 2))
    plain = np.array([theta ** (-2 * i / d) for i in range(d // 2)])
    if kind == "linear":
        return plain / factor, 1.0
    if kind == "llama3":
        made = []
        for w in plain:
            wave = 2 * math.pi / w
            if wave < original / rope["high_freq_factor"]:
                made.append(w)
            elif wave > original / rope["low_freq_factor"]:
                made.append(w / factor)
            else:
                smooth = (original / wave - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
                made.append((1 - smooth) * w / factor + smooth * w)
        return np.array(made), 1.0
    if kind == "yarn":
        ends = [d * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(theta)) for turns in (rope.get("beta_fast", 32), rope.get("beta_slow", 1))]
        if rope.get("truncate", True):
            ends = [math.floor(ends[0]), math.ceil(ends[1])]
        low, high = max(ends[0], 0), min(ends[1], d - 1)
        high += 0.001 if low == high else 0
        ramp = np.clip((np.arange(d // 2) - low) / (high - low), 0, 1)
        scale = lambda m: 1.0 if factor <= 1 else 0.1 * m * math.log(factor) + 1
        both = rope.get("mscale") and rope.get("mscale_all_dim")
        grown = rope.get("attention_factor") or (scale(rope["mscale"]) / scale(rope["mscale_all_dim"]) if both else scale(1))
        return plain / factor * ramp + plain * (1 - ramp), grown
    assert kind in ("default", "dynamic"), kind
    return plain, 1.0


def turned(x, angles, magnitude):
    """x [t, h, d], its halves as the parts of complex numbers."""
    half = x.shape[-1] // 2
    turn = magnitude * np.exp(1j * np.multiply.outer(np.arange(len(x)), angles))[:, None, :]
    z = (x[..., :half] + 1j * x[..., half:]) * turn
    return np.concatenate([z.real, z.imag], axis=-1)


def attend(q, k, v, divisor, window=None, cap=None, causal=True):
    """q [t, h, d], k and v [s, g, d]: the weights [h, t, s], and what the heads make [t, h·d]."""
    group = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, group, axis=1), np.repeat(v, group, axis=1)
    scores = np.einsum("thd,shd->hts", q, k) / divisor
    if cap:
        scores = cap * np.tanh(scores / cap)
    t, s = np.indices(scores.shape[1:])
    seen = np.ones_like(t, dtype=bool) if not causal else (s <= t) if window is None else (s <= t) & (s > t - window)
    weights = softmax(np.where(seen, scores, -np.inf))
    return weights, np.einsum("hts,shd->thd", weights, v).reshape(len(q), -1)


# MARK: Families


def windows(config):
    layers, kind = config["num_hidden_layers"], config["model_type"]
    listed = config.get("layer_types")
    if kind == "mistral":
        return [config.get("sliding_window", 4096)] * layers
    if kind in ("qwen2", "qwen3"):
        if not config.get("use_sliding_window"):
            return [None] * layers
        window = config.get("sliding_window", 4096)
        far = [n >= config.get("max_window_layers", 28) for n in range(layers)]
        return [window if inside else None for inside in ([l == "sliding_attention" for l in listed] if listed else far)]
    if kind == "gemma2":
        return [config.get("sliding_window", 4096) if (listed[n] == "sliding_attention" if listed else n % 2 == 0) else None for n in range(layers)]
    return [None] * layers


def decoder(config, w, ids):
    kind, epsilon = config["model_type"], config.get("rms_norm_eps", 1e-6)
    gemma = kind == "gemma2"
    c, h = config["hidden_size"], config["num_attention_heads"]
    g = config.get("num_key_value_heads", h)
    d = config.get("head_dim") or c // h
    act = ACTIVATIONS[config.get("hidden_activation", "gelu_pytorch_tanh") if gemma else config.get("hidden_act", "silu")]
    norm = lambda x, name: rms(x, 1 + w[name + ".weight"] if gemma else w[name + ".weight"], epsilon)
    apply = lambda x, name: x @ w[name + ".weight"].T + w.get(name + ".bias", 0)
    angles, grown = frequencies(config, d, len(ids))
    divisor = math.sqrt(config.get("query_pre_attn_scalar", 256) if gemma else d)
    x = w["embed_tokens.weight"][ids] * (math.sqrt(c) if gemma else 1)
    all_weights = []
    for n, window in enumerate(windows(config)):
        p = f"layers.{n}."
        z = norm(x, p + "input_layernorm")
        q, k, v = (apply(z, f"{p}self_attn.{part}_proj").reshape(len(ids), heads, d) for part, heads in (("q", h), ("k", g), ("v", g)))
        if kind == "qwen3":
            q, k = rms(q, w[p + "self_attn.q_norm.weight"], epsilon), rms(k, w[p + "self_attn.k_norm.weight"], epsilon)
        cap = config.get("attn_logit_softcapping", 50.0) if gemma else None
        weights, heads = attend(turned(q, angles, grown), turned(k, angles, grown), v, divisor, window, cap)
        all_weights.append(weights)
        y = apply(heads, p + "self_attn.o_proj")
        x = x + (norm(y, p + "post_attention_layernorm") if gemma else y)
        u = norm(x, p + ("pre_feedforward_layernorm" if gemma else "post_attention_layernorm"))
        m = apply(act(apply(u, p + "mlp.gate_proj")) * apply(u, p + "mlp.up_proj"), p + "mlp.down_proj")
        x = x + (norm(m, p + "post_feedforward_layernorm") if gemma else m)
    z = norm(x, "norm")
    head = w.get("lm_head.weight", w["embed_tokens.weight"] if config.get("tie_word_embeddings", gemma) else None)
    if head is None:
        return all_weights, "hidden", z
    logits, cap = z @ head.T, config.get("final_logit_softcapping", 30.0) if gemma else None
    return all_weights, "logits", cap * np.tanh(logits / cap) if cap else logits


def gpt2(config, w, ids):
    c, h, epsilon = config["n_embd"], config["n_head"], config.get("layer_norm_epsilon", 1e-5)
    act = ACTIVATIONS[config.get("activation_function", "gelu_new")]
    norm = lambda x, name: layer_norm(x, w[name + ".weight"], w[name + ".bias"], epsilon)
    apply = lambda x, name: x @ w[name + ".weight"] + w[name + ".bias"]
    x = w["wte.weight"][ids] + w["wpe.weight"][: len(ids)]
    all_weights = []
    for n in range(config["n_layer"]):
        p = f"h.{n}."
        q, k, v = (part.reshape(len(ids), h, c // h) for part in np.split(apply(norm(x, p + "ln_1"), p + "attn.c_attn"), 3, axis=1))
        divisor = (math.sqrt(c // h) if config.get("scale_attn_weights", True) else 1) * (n + 1 if config.get("scale_attn_by_inverse_layer_idx") else 1)
        weights, heads = attend(q, k, v, divisor)
        all_weights.append(weights)
        x = x + apply(heads, p + "attn.c_proj")
        x = x + apply(act(apply(norm(x, p + "ln_2"), p + "mlp.c_fc")), p + "mlp.c_proj")
    return all_weights, "logits", norm(x, "ln_f") @ w.get("lm_head.weight", w["wte.weight"]).T


def bert(config, w, ids):
    c, h, epsilon = config["hidden_size"], config["num_attention_heads"], config.get("layer_norm_eps", 1e-12)
    act = ACTIVATIONS[config.get("hidden_act", "gelu")]
    norm = lambda x, name: layer_norm(x, w[name + ".weight"], w[name + ".bias"], epsilon)
    apply = lambda x, name: x @ w[name + ".weight"].T + w[name + ".bias"]
    tables = [w[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")]
    x = norm(tables[0][ids] + tables[1][: len(ids)] + tables[2][0], "embeddings.LayerNorm")
    all_weights = []
    for n in range(config["num_hidden_layers"]):
        p = f"encoder.layer.{n}."
        q, k, v = (apply(x, f"{p}attention.self.{part}").reshape(len(ids), h, c // h) for part in ("query", "key", "value"))
        weights, heads = attend(q, k, v, math.sqrt(c // h), causal=False)
        all_weights.append(weights)
        x = norm(x + apply(heads, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        x = norm(x + apply(act(apply(x, p + "intermediate.dense")), p + "output.dense"), p + "output.LayerNorm")
    return all_weights, "hidden", x


FAMILIES = {"gpt2": ("transformer.", gpt2), "bert": ("bert.", bert)}


def computed(config, tensors, ids):
    prefix, compute = FAMILIES.get(config["model_type"], ("model.", decoder))
    return compute(config, {name.removeprefix(prefix): values for name, values in tensors.items()}, ids)


# MARK: Made models


def shapes(config):
    """Every weight of a model by name, as its authors' code stores it."""
    kind, v = config["model_type"], config["vocab_size"]
    if kind == "gpt2":
        c, f = config["n_embd"], config.get("n_inner") or 4 * config["n_embd"]
        made = {"wte.weight": (v, c), "wpe.weight": (config["n_positions"], c), "ln_f.weight": (c,), "ln_f.bias": (c,)}
        for n in range(config["n_layer"]):
            for name, size in {"attn.c_attn": (c, 3 * c), "attn.c_proj": (c, c), "mlp.c_fc": (c, f), "mlp.c_proj": (f, c), "ln_1": (c,), "ln_2": (c,)}.items():
                made[f"h.{n}.{name}.weight"], made[f"h.{n}.{name}.bias"] = size, size[-1:]
        return {"transformer." + name: size for name, size in made.items()}
    c, f, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    if kind == "bert":
        tables = {"word": v, "position": config["max_position_embeddings"], "token_type": config["type_vocab_size"]}
        made = {f"embeddings.{name}_embeddings.weight": (count, c) for name, count in tables.items()}
        maps = {"embeddings.LayerNorm": (c,)}
        for n in range(layers):
            p = f"encoder.layer.{n}."
            maps |= {p + f"attention.self.{part}": (c, c) for part in ("query", "key", "value")}
            maps |= {p + "attention.output.dense": (c, c), p + "attention.output.LayerNorm": (c,), p + "intermediate.dense": (f, c)}
            maps |= {p + "output.dense": (c, f), p + "output.LayerNorm": (c,)}
        for name, size in maps.items():
            made[name + ".weight"], made[name + ".bias"] = size, size[:1]
        return {"bert." + name: size for name, size in made.items()}
    h, g = config["num_attention_heads"], config["num_key_value_heads"]
    d = config.get("head_dim") or c // h
    made = {"model.embed_tokens.weight": (v, c), "model.norm.weight": (c,)}
    if not config["tie_word_embeddings"]:
        made["lm_head.weight"] = (v, c)
    for n in range(layers):
        p = f"model.layers.{n}."
        maps = {"self_attn.q_proj": (h * d, c), "self_attn.k_proj": (g * d, c), "self_attn.v_proj": (g * d, c), "self_attn.o_proj": (c, h * d)}
        feed = {"mlp.gate_proj": (f, c), "mlp.up_proj": (f, c), "mlp.down_proj": (c, f)}
        norms = ["input_layernorm", "post_attention_layernorm"] + (["pre_feedforward_layernorm", "post_feedforward_layernorm"] if kind == "gemma2" else [])
        made |= {p + name + ".weight": size for name, size in (maps | feed).items()} | {p + name + ".weight": (c,) for name in norms}
        biased = maps if config.get("attention_bias") else dict(list(maps.items())[:3]) if kind == "qwen2" else {}
        made |= {p + name + ".bias": size[:1] for name, size in (biased | (feed if config.get("mlp_bias") else {})).items()}
        if kind == "qwen3":
            made |= {p + f"self_attn.{part}_norm.weight": (d,) for part in "qk"}
    return made


def weights(config, seed):
    rng = np.random.RandomState(seed)
    made = {}
    for name, size in shapes(config).items():
        around = 1 if ("norm" in name.lower() or ".ln_" in name) and name.endswith("weight") and config["model_type"] != "gemma2" else 0
        made[name] = (rng.normal(size=size) * 0.35 + around).astype(np.float32).astype(np.float64)
    return made


SIZES = {
    "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6,
    "vocab_size": 50, "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
}
GPT2 = {"model_type": "gpt2", "n_embd": 24, "n_head": 3, "n_layer": 2, "n_positions": 40, "vocab_size": 50, "num_key_value_heads": 1, "n_ctx": 40}
BERT = {
    "model_type": "bert", "hidden_size": 24, "intermediate_size": 20, "num_hidden_layers": 2, "num_attention_heads": 3, "vocab_size": 50,
    "max_position_embeddings": 40, "type_vocab_size": 2,
}


def made_models():
    """Name, configuration, and what is done to the weights before they are written."""
    same = lambda w: w
    bare = lambda w: {name.split(".", 1)[1] if name.split(".")[0] in ("model", "transformer", "bert") else name: values for name, values in w.items()}
    llama = lambda **more: {"model_type": "llama", **SIZES, **more}
    scaled = lambda place="rope_scaling", **rope: llama(**{place: rope})
    yield "llama, linear", scaled(type="linear", factor=3.0), same
    # 37 tokens are more than the 16 positions: the base grows.
    yield "llama, dynamic and longer than trained", llama(max_position_embeddings=16, rope_scaling={"type": "dynamic", "factor": 2.0}), same
    yield "llama, dynamic and shorter than trained", llama(max_position_embeddings=64, rope_scaling={"type": "dynamic", "factor": 2.0}), same
    yield "llama, llama3", scaled("rope_parameters", rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16, rope_theta=500.0), same
    yield "llama, yarn", scaled(rope_type="yarn", factor=4.0, original_max_position_embeddings=16), same
    yield "llama, yarn with all its fields", scaled(rope_type="yarn", factor=2.5, original_max_position_embeddings=16, beta_fast=4.0, beta_slow=0.5, mscale=0.7, mscale_all_dim=1.2, truncate=False), same
    yield "llama, yarn with a factor of attention", scaled(rope_type="yarn", factor=2.0, attention_factor=1.3), same
    yield "llama, biases", llama(attention_bias=True, mlp_bias=True, tie_word_embeddings=True, max_position_embeddings=64), same
    yield "llama, gelu", llama(hidden_act="gelu", max_position_embeddings=64), same
    yield "llama without its prefix, tied", llama(tie_word_embeddings=True, max_position_embeddings=64), bare
    without = lambda w: {name: values for name, values in bare(w).items() if name != "lm_head.weight"}
    yield "llama without prefix and head", llama(architectures=["LlamaModel"], max_position_embeddings=64), without
    yield "mistral", {"model_type": "mistral", **SIZES, "max_position_embeddings": 64, "sliding_window": 5}, same
    qwen = {**SIZES, "max_position_embeddings": 64, "use_sliding_window": True, "sliding_window": 6}
    yield "qwen2, windows from a layer on", {"model_type": "qwen2", **qwen, "max_window_layers": 2}, same
    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    yield "qwen3, windows by layer, biases", {"model_type": "qwen3", **qwen, "layer_types": kinds, "attention_bias": True}, same
    yield "gemma2", {"model_type": "gemma2", **SIZES, "max_position_embeddings": 64, "sliding_window": 3, "query_pre_attn_scalar": 9, "tie_word_embeddings": True, "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0}, same
    yield "gemma2, without caps", {"model_type": "gemma2", **SIZES, "max_position_embeddings": 64, "sliding_window": 3, "query_pre_attn_scalar": 6, "tie_word_embeddings": True, "attn_logit_softcapping": None, "final_logit_softcapping": None}, same
    yield "gpt2, scaled by layer", {**GPT2, "scale_attn_by_inverse_layer_idx": True}, same
    yield "gpt2, unscaled, relu", {**GPT2, "scale_attn_weights": False, "activation_function": "relu", "n_inner": 30}, same
    yield "gpt2 without its prefix", GPT2, bare
    yield "bert", BERT, bare
    yield "bert with a head for masked tokens", {**BERT, "architectures": ["BertForMaskedLM"], "hidden_act": "gelu_new"}, same


# MARK: Comparison


def differences(attn, folder, config, tensors, ids):
    """Runs attn on the folder; the largest difference of attention, and of what the model ends with."""
    vocabulary = config["vocab_size"]
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        for name in ("config.json", "model.safetensors"):
            (room / name).write_bytes((folder / name).read_bytes())
        write_tokenizer(room / "tokenizer.json", vocabulary)
        text = "".join(chr(0x4E00 + i) for i in ids)
        output = room / "trace.json"
        subprocess.run([attn, "trace", "--model", room, "--text", text, "--output", output], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        trace = json.loads(output.read_text())
    assert trace["tokenIDs"] == list(ids), trace["tokenIDs"]
    steps = {step["id"]: step for step in trace["steps"]}
    array = lambda name: np.array(steps[name]["output"]["values"], dtype=np.float64).reshape(steps[name]["output"]["shape"])
    attention, last, expected = computed(config, tensors, ids)
    assert (last in steps) and ({"hidden": "logits", "logits": "hidden"}[last] not in steps)
    off = [np.abs(array(f"layer.{n}.attention.weights") - weights).max() for n, weights in enumerate(attention)]
    return max(off), np.abs(array(last) - expected).max()


def main(attn, families):
    passed = failed = 0
    attn = str(Path(attn).resolve())

    def judge(name, folder, config, tensors, ids):
        nonlocal passed, failed
        try:
            off = differences(attn, folder, config, tensors, ids)
        except (AssertionError, subprocess.CalledProcessError, KeyError) as error:
            off = (math.inf, math.inf)
            print(f"{name}: {error!r}", file=sys.stderr)
        if max(off) <= CLOSE:
            passed += 1
        else:
            failed += 1
            print(f"{name}: attention is off by {off[0]:.3g}, the end by {off[1]:.3g}", file=sys.stderr)
        if "--verbose" in sys.argv:
            print(f"  {name}: attention {off[0]:.2g}, end {off[1]:.2g}")

    for folder in sorted(Path(families).iterdir()):
        config, tensors = json.loads((folder / "config.json").read_text()), read_tensors(folder / "model.safetensors")
        judge(folder.name, folder, config, tensors, json.loads((folder / "expected.json").read_text())["tokenIDs"])
    for seed, (name, config, change) in enumerate(made_models()):
        made = weights(config, seed)
        ids = np.random.RandomState(1000 + seed).randint(0, config["vocab_size"], size=37).tolist()
        with tempfile.TemporaryDirectory() as room:
            (Path(room) / "config.json").write_text(json.dumps(config))
            written = change(made)
            write_tensors(Path(room) / "model.safetensors", written)
            judge(name, Path(room), config, {k: v for k, v in made.items() if k != "lm_head.weight" or k in written}, ids)
    print(f"numpy: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
