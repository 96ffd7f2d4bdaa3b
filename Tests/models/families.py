# Every family against transformers: models of sizes, facts and weights drawn at random, saved by save_pretrained, with a tokenizer trained here. What
# `attn trace` says of odd texts (ids, labels, every attention weight, logits or hidden states) is held against what transformers computes of the same
# folder in double precision: families.py ATTN [MODELS-A-FAMILY [FAMILY…]].

import json
import os
import random
import re
import subprocess
import sys
import tempfile

import numpy
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from odd_texts import odd_texts

# transformers turns and normalises in float32.
CLOSE = 1e-4
SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
CORPUS = odd_texts(400, seed=3) + ["The capital of Japan is Tokyo. We've been there; 我们去大理旅行。"] * 50


# MARK: Tokenizers


def byte_level(pre_tokenizer, starts, **options):
    own = tokenizers.Tokenizer(models.BPE(**options))
    own.pre_tokenizer, own.decoder = pre_tokenizer, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    own.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False))
    if starts:
        own.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return own


def split(digits):
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+" % digits
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(tokenizers.Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def pieces():
    own = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    own.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    own.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    trainer = trainers.BpeTrainer(vocab_size=450, special_tokens=SPECIAL + BYTES, limit_alphabet=90, max_token_length=8, show_progress=False)
    own.train_from_iterator(CORPUS, trainer)
    own.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return own


def word_pieces():
    own = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    own.normalizer, own.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    own.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    own.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=420, limit_alphabet=200, special_tokens=special, show_progress=False))
    own.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return own


TOKENIZERS = {
    "llama": [pieces, lambda: byte_level(split("{1,3}"), True, ignore_merges=True)],
    "mistral": [pieces],
    "qwen2": [lambda: byte_level(split(""), False)],
    "qwen3": [lambda: byte_level(split(""), False)],
    "gemma2": [pieces],
    "gpt2": [lambda: byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), False)],
    "bert": [word_pieces],
}
LETTERS = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
BYTE_OF = {chr(byte): byte for byte in LETTERS} | {chr(256 + i): byte for i, byte in enumerate(b for b in range(256) if b not in LETTERS)}


def label(own, id):
    """A token as figures show it: bytes that make no character by their number, spaces to be seen."""
    token = own.id_to_token(id)
    if own.decoder.__class__.__name__ != "ByteLevel" or token in SPECIAL:
        return token
    raw = bytes(BYTE_OF[letter] for letter in token)
    shown = raw.decode("utf-8", "surrogateescape")
    return "".join(f"<0x{ord(letter) - 0xDC00:02X}>" if 0xDC80 <= ord(letter) < 0xDD00 else letter for letter in shown).replace(" ", "\u2581")


# MARK: Models


def rotation(draw):
    """rope_parameters of any kind, and how many positions there are: of the kind that changes with the text fewer than a text may have."""
    kind, theta = draw.choice(["default", "linear", "dynamic", "llama3", "yarn"]), draw.choice([500.0, 10000.0, 1e6])
    most = draw.choice([16, 32] if kind == "dynamic" else [64, 128])
    rope = {"rope_type": kind, "rope_theta": theta}
    if kind != "default":
        rope["factor"] = draw.choice([1.5, 2.0, 8.0])
    if kind == "llama3":
        rope |= {"low_freq_factor": 1.0, "high_freq_factor": draw.choice([2.0, 4.0]), "original_max_position_embeddings": most // 4}
    if kind == "yarn":
        rope["original_max_position_embeddings"] = most // 4
        rope |= draw.choice([{}, {"beta_fast": 16.0, "beta_slow": 2.0}, {"attention_factor": 1.3}, {"truncate": False}])
    return rope, most


def decoder(draw, vocabulary):
    groups, head = draw.choice([1, 2, 3]), 2 * draw.randint(2, 8)
    heads = groups * draw.choice([1, 2, 4])
    rope, most = rotation(draw)
    return {
        "vocab_size": vocabulary, "hidden_size": heads * head, "intermediate_size": draw.randint(5, 60), "num_hidden_layers": draw.randint(1, 4),
        "num_attention_heads": heads, "num_key_value_heads": groups, "head_dim": head, "max_position_embeddings": most,
        "rms_norm_eps": draw.choice([1e-5, 1e-6]), "tie_word_embeddings": draw.random() < 0.5, "rope_parameters": rope,
        "hidden_act": draw.choice(["silu", "silu", "gelu", "gelu_pytorch_tanh"]),
    }


def free_head(draw, sizes):
    """A model as wide as it likes, whatever its heads are together."""
    return sizes | {"hidden_size": sizes["num_attention_heads"] * draw.randint(2, 9)}


def qwen(draw, sizes):
    sizes |= {"use_sliding_window": draw.random() < 0.6, "sliding_window": draw.randint(1, 9), "max_window_layers": draw.randint(0, 3)}
    return sizes


def llama(draw, vocabulary):
    return free_head(draw, decoder(draw, vocabulary)) | {"attention_bias": draw.random() < 0.5, "mlp_bias": draw.random() < 0.5}


def mistral(draw, vocabulary):
    return free_head(draw, decoder(draw, vocabulary)) | {"sliding_window": draw.choice([None, 1, draw.randint(2, 9), 200])}


def qwen2(draw, vocabulary):
    sizes = decoder(draw, vocabulary)
    sizes.pop("head_dim")
    return qwen(draw, sizes)


def qwen3(draw, vocabulary):
    return qwen(draw, free_head(draw, decoder(draw, vocabulary))) | {"attention_bias": draw.random() < 0.5}


def gemma2(draw, vocabulary):
    sizes = free_head(draw, decoder(draw, vocabulary))
    sizes.pop("hidden_act")
    return sizes | {
        "sliding_window": draw.randint(1, 9), "query_pre_attn_scalar": draw.randint(1, 40), "attention_bias": draw.random() < 0.5,
        "attn_logit_softcapping": draw.choice([None, 2.0, 50.0]), "final_logit_softcapping": draw.choice([None, 3.0, 30.0])}


def gpt2(draw, vocabulary):
    heads = draw.randint(1, 5)
    return {
        "vocab_size": vocabulary, "n_embd": heads * draw.randint(3, 12), "n_head": heads, "n_layer": draw.randint(1, 4), "n_positions": 128,
        "n_inner": draw.choice([None, draw.randint(5, 60)]), "activation_function": draw.choice(["gelu_new", "gelu", "relu", "silu"]),
        "scale_attn_weights": draw.random() < 0.8, "scale_attn_by_inverse_layer_idx": draw.random() < 0.5,
        "tie_word_embeddings": draw.random() < 0.7}


def bert(draw, vocabulary):
    heads = draw.randint(1, 5)
    return {
        "vocab_size": vocabulary, "hidden_size": heads * draw.randint(3, 12), "num_attention_heads": heads, "num_hidden_layers": draw.randint(1, 4),
        "intermediate_size": draw.randint(5, 60), "max_position_embeddings": 128, "type_vocab_size": draw.randint(1, 3),
        "hidden_act": draw.choice(["gelu", "gelu_new", "relu"])}


FAMILIES = {
    "llama": (transformers.LlamaConfig, llama, [transformers.LlamaForCausalLM, transformers.LlamaModel]),
    "mistral": (transformers.MistralConfig, mistral, [transformers.MistralForCausalLM, transformers.MistralModel]),
    "qwen2": (transformers.Qwen2Config, qwen2, [transformers.Qwen2ForCausalLM, transformers.Qwen2Model]),
    "qwen3": (transformers.Qwen3Config, qwen3, [transformers.Qwen3ForCausalLM, transformers.Qwen3Model]),
    "gemma2": (transformers.Gemma2Config, gemma2, [transformers.Gemma2ForCausalLM, transformers.Gemma2Model]),
    "gpt2": (transformers.GPT2Config, gpt2, [transformers.GPT2LMHeadModel, transformers.GPT2Model]),
    "bert": (transformers.BertConfig, bert, [transformers.BertModel, transformers.BertForMaskedLM]),
}


def save(folder, family, draw, own):
    """A model and a tokenizer in a folder; the configuration, for reports."""
    config, sizes, classes = FAMILIES[family]
    drawn = sizes(draw, own.get_vocab_size())
    # One in four was saved without its head.
    kind = classes[draw.random() < 0.25]
    model = kind(config(**drawn))
    for name, weight in model.named_parameters():
        is_scale = ("norm" in name.lower() or ".ln_" in name) and name.endswith("weight") and family != "gemma2"
        # Scores of a few units: larger ones would show the float32 in which transformers turns.
        torch.nn.init.normal_(weight.data, 1.0 if is_scale else 0.0, 0.3 if weight.dim() == 1 else 1.5 / weight.shape[-1] ** 0.5)
    model.to(draw.choice([torch.float32, torch.float32, torch.bfloat16, torch.float16])).save_pretrained(folder)
    own.save(f"{folder}/tokenizer.json")
    return f"{kind.__name__} {drawn}"


def computed(folder, family, ids):
    """Attention [h, t, s] of each layer, and what the model ends with, as transformers has it of this folder."""
    with open(f"{folder}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    # A head that is the embedding is never missing.
    kind = FAMILIES[family][2][0] if config.get("tie_word_embeddings") else getattr(transformers, config["architectures"][0])
    model = kind.from_pretrained(folder, attn_implementation="eager", dtype=torch.float64).eval()
    with torch.no_grad():
        said = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    # Hidden states are what an encoder makes of a text, heads for one task or another left aside.
    end = said.logits if "logits" in said and family != "bert" else said.hidden_states[-1]
    return [weights[0].numpy() for weights in said.attentions], end[0].numpy()


def text_for(own, draw):
    """An odd text of up to 60 tokens, most of them long, that a command line can carry."""
    least = draw.choice([1, 20, 40])
    while True:
        text = "".join(odd_texts(draw.randint(1, 6), draw.randrange(1 << 30))).replace("\0", "")
        if text and least <= len(own.encode(text).ids) <= 60:
            return text


def check(attn, folder, family, seed):
    draw = random.Random(f"{family} {seed}")
    torch.manual_seed(seed)
    own = TOKENIZERS[family][seed % len(TOKENIZERS[family])]()
    what = save(folder, family, draw, own)
    text = text_for(own, draw)
    expected = own.encode(text).ids
    run = subprocess.run([attn, "trace", "--model", folder, "--text", text], capture_output=True, text=True)
    assert run.returncode == 0, (what, run.stderr)
    trace = json.loads(run.stdout)
    assert trace["tokenIDs"] == expected, (what, text, trace["tokenIDs"], expected)
    labels = [label(own, id) for id in expected]
    assert trace["tokens"] == labels, (what, [pair for pair in zip(trace["tokens"], labels) if pair[0] != pair[1]])
    steps = {step["id"]: step["output"] for step in trace["steps"]}
    array = lambda name: numpy.array(steps[name]["values"], float).reshape(steps[name]["shape"])
    attention, end = computed(folder, family, expected)
    last = "logits" if "logits" in steps else "hidden"
    off = max(numpy.abs(array(f"layer.{n}.attention.weights") - weights).max() for n, weights in enumerate(attention))
    assert f"layer.{len(attention)}.attention.weights" not in steps
    assert array(last).shape == end.shape, (what, last, array(last).shape, end.shape)
    far = numpy.abs(array(last) - end).max() / max(numpy.abs(end).max(), 1)
    assert off <= CLOSE and far <= CLOSE, (what, text, off, far)
    # A tensor that was passed over is said, and what says nothing of the numbers is not.
    assert re.fullmatch(r"(attn: .*(without its head|has no lm_head|were not used).*\n)*", run.stderr), (what, run.stderr)
    return len(expected), off, far


if __name__ == "__main__":
    transformers.utils.logging.disable_progress_bar()
    attn, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6
    failed = 0
    for family in sys.argv[3:] or FAMILIES:
        worst, tokens, passed = [0, 0], 0, 0
        for seed in range(count):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    length, *off = check(attn, folder, family, seed)
                except AssertionError as error:
                    failed += 1
                    print(f"{family}, seed {seed}: {error}", file=sys.stderr)
                    continue
            passed, tokens, worst = passed + 1, tokens + length, [max(pair) for pair in zip(worst, off)]
        print(f"{family}: {passed} of {count} models agree on {tokens} tokens; attention within {worst[0]:.1e}, the end within {worst[1]:.1e}")
    print(f"transformers {transformers.__version__}: {failed} failed")
    sys.exit(1 if failed else 0)
