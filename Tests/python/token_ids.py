"""Compares our token ids with those of the `tokenizers` library: tiny tokenizers of each kind, trained here, and odd texts made from seeds.

    token_ids.py HOST [TEXTS-A-KIND [KIND…]]
    token_ids.py record FOLDER

HOST is Tools/TokenizerHost, built. Every kind has at least 4,000 texts unless another number is said; variants of a kind, which differ in one stage, have
a quarter of it; the normal forms and what knows classes of characters are held on every code point in use besides. `record` writes some tokenizers with the ids of a few texts, for tests without Python.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from odd_texts import every_code_point, odd_texts

GPT4 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3, QWEN = GPT4 % "{1,3}", GPT4 % ""
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)

SPECIAL = ["<unk>", "<s>", "</s>", "<|endoftext|>", "<|begin_of_text|>"]
CORPUS = odd_texts(3000, seed=1) + [
    "The capital of Japan is Tokyo. We've been there; it wasn't far, they'll say.",
    "我们去大理旅行，在洱海边吃早饭。 The park is where Lily and Tom went to play.",
] * 200


def trained(tokenizer, trainer, corpus=CORPUS):
    """Trained on odd texts, with added tokens of every manner."""
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_tokens([
        AddedToken("<tool>", single_word=True, normalized=False), AddedToken("<Wide>", lstrip=True, rstrip=True, normalized=True),
        AddedToken("<e\u0301>", normalized=True), AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("tool", single_word=True),
    ])
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def byte_level(pre_tokenizer, normalizer=None, post_processor=None, add_prefix_space=False, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post_processor or processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return trained(tokenizer, trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False))


def split(pattern, behavior="isolated", invert=False):
    pattern = Regex(pattern)
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(pattern, behavior, invert), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def llama3(pattern=LLAMA3, **options):
    start = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="$A $B:1", special_tokens=[("<|begin_of_text|>", 4)])
    both = processors.Sequence([processors.ByteLevel(trim_offsets=False), start])
    return byte_level(split(pattern), post_processor=both, ignore_merges=True, **options)


BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def llama2(pre_tokenizer=None, normalizer=None):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if pre_tokenizer is None:
        normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    else:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return trained(
        tokenizer, trainers.BpeTrainer(vocab_size=900, special_tokens=SPECIAL + BYTES, limit_alphabet=200, max_token_length=8, show_progress=False))


def bert(**options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trained(tokenizer, trainers.WordPieceTrainer(vocab_size=900, limit_alphabet=500, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def unigram(normalizer=None, pre_tokenizer=None, byte_fallback=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer or pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = SPECIAL + (BYTES if byte_fallback else [])
    trainer = trainers.UnigramTrainer(vocab_size=1500, special_tokens=special, unk_token="<unk>", show_progress=False)
    # The trainer wants room for every character that it sees.
    trained(tokenizer, trainer, CORPUS[-1200:])
    if byte_fallback:
        whole = json.loads(tokenizer.to_str())
        # The trainer keeps every character; some must be missing for bytes to be needed.
        whole["model"]["vocab"] = [entry if i % 3 or i < 300 else [f"unused{i}", -20.0] for i, entry in enumerate(whole["model"]["vocab"])]
        whole["model"]["byte_fallback"] = True
        tokenizer = Tokenizer.from_str(json.dumps(whole))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    return tokenizer


def only_bytes(normalizer=None, pre_tokenizer=None):
    """No merges: the ids are the text, after the stage that is tried. A word ends with a token of its own kind only where the stage divides."""
    vocabulary = {text: i for i, text in enumerate(BYTES)}
    model = models.BPE(vocab=vocabulary, merges=[], byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer
    parts = [pre_tokenizer] if pre_tokenizer else []
    # A mark before each word shows where it begins.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts + [pre_tokenizers.Metaspace("\u2581", "always")])
    tokenizer.decoder = decoders.ByteFallback()
    return tokenizer


N, P = normalizers, pre_tokenizers
DIGITS = P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)])
KINDS = {
    "gpt2": lambda: byte_level(None),
    "gpt2-prefix-space": lambda: byte_level(None, add_prefix_space=True),
    "roberta": lambda: byte_level(None, post_processor=processors.RobertaProcessing(("</s>", 2), ("<s>", 1)), add_prefix_space=True),
    "llama3": llama3,
    "qwen": lambda: byte_level(split(QWEN), normalizer=N.NFC(), ignore_merges=True),
    "qwen-three-digits": lambda: byte_level(split(LLAMA3), normalizer=N.NFC(), ignore_merges=True),
    "o200k": lambda: llama3(O200K),
    "deepseek": lambda: llama3(DEEPSEEK),
    "smollm": lambda: byte_level(DIGITS),
    "nfkc-lowercase": lambda: byte_level(None, normalizer=N.Sequence([N.NFKC(), N.Lowercase()])),
    "llama2": llama2,
    "llama2-metaspace-first": lambda: llama2(P.Metaspace("\u2581", "first", split=False)),
    "metaspace-always": lambda: llama2(P.Metaspace("\u2581", "always")),
    "metaspace-never": lambda: llama2(P.Metaspace("\u2581", "never")),
    "gemma": lambda: llama2(P.Split(" ", "merged_with_previous")),
    "bert-uncased": lambda: bert(lowercase=True),
    "bert-cased": lambda: bert(lowercase=False),
    "bert-accents": lambda: bert(lowercase=True, strip_accents=False, handle_chinese_chars=False, clean_text=False),
    "unigram": unigram,
    "unigram-nmt-nfkc": lambda: unigram(N.Sequence([N.Nmt(), N.NFKC(), N.Replace(Regex(" {2,}"), " "), N.Strip()])),
    "unigram-bytes": lambda: unigram(byte_fallback=True),
    "unigram-accents": lambda: unigram(
        N.Sequence([N.Replace("``", '"'), N.Replace("''", '"'), N.NFKD(), N.StripAccents(), N.Lowercase()]),
        P.Sequence([P.WhitespaceSplit(), P.Metaspace("\u2581", "always")])),
    "gpt4": lambda: llama3(
        r"(?i:'(?:[sdmt]|ll|ve|re))|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
    "whitespace": lambda: llama2(P.Sequence([P.Whitespace(), P.Metaspace("\u2581", "first")])),
    "punctuation": lambda: llama2(P.Sequence([P.Punctuation("merged_with_next"), P.Digits(), P.CharDelimiterSplit("a")])),
}
VARIANTS = {}
# What begins a text: a normalizer may take its first character away.
for name, normalizer in [
    ("strip", N.Strip()), ("replace", N.Replace(Regex(r"\s+|\p{Lu}"), "")), ("bert", N.BertNormalizer()), ("accents", N.StripAccents()), ("nmt", N.Nmt()),
    ("bytes", N.ByteLevel()), ("prepend", N.Prepend("x")), ("replaced", N.Sequence([N.Replace("a", "<b"), N.Replace(Regex("<+"), "\u00c5 "), N.NFC()])),
]:
    VARIANTS[f"first-after-{name}"] = lambda normalizer=normalizer: llama2(P.Metaspace("\u2581", "first", split=False), normalizer)
for behavior in ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]:
    for invert in [False, True]:
        name = f"split-{behavior}" + ("-inverted" if invert else "")
        VARIANTS[name] = lambda behavior=behavior, invert=invert: byte_level(split(r"\s+|\p{P}|[^\S\n]x?|\d(?=\p{Lu})", behavior, invert))

# Held on every code point too.
STAGES = {
    "NFC": lambda: only_bytes(N.NFC()), "NFD": lambda: only_bytes(N.NFD()), "NFKC": lambda: only_bytes(N.NFKC()), "NFKD": lambda: only_bytes(N.NFKD()),
    "Lowercase": lambda: only_bytes(N.Lowercase()), "StripAccents": lambda: only_bytes(N.StripAccents()), "Nmt": lambda: only_bytes(N.Nmt()),
    "BertNormalizer": lambda: only_bytes(N.BertNormalizer()), "BertPreTokenizer": lambda: only_bytes(None, P.BertPreTokenizer()),
    "Whitespace": lambda: only_bytes(None, P.Whitespace()), "Digits": lambda: only_bytes(None, P.Digits(individual_digits=True)),
    "gpt2 pattern": lambda: only_bytes(None, P.Split(Regex(
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"), "isolated")),
    "o200k pattern": lambda: only_bytes(None, P.Split(Regex(O200K), "isolated")),
    "deepseek pattern": lambda: only_bytes(None, P.Split(Regex(DEEPSEEK), "isolated")),
}


def compare(host, name, tokenizer, texts):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        tokenizer.save(path)
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        answer = subprocess.run([host, path], input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    assert len(answer) == len(texts), f"{name}: {len(answer)} answers to {len(texts)} texts"
    wrong, unknown = 0, 0
    for text, line in zip(texts, answer):
        ids, plain, decoded, whole = json.loads(line)
        expected = tokenizer.encode(text).ids
        pairs = [
            (ids, expected), (plain, tokenizer.encode(text, add_special_tokens=False).ids),
            (bytes(decoded).decode(), tokenizer.decode(expected)), (bytes(whole).decode(), tokenizer.decode(expected, skip_special_tokens=False)),
        ]
        if any(ours != theirs for ours, theirs in pairs):
            wrong += 1
            if wrong <= 3:
                ours, theirs = next(pair for pair in pairs if pair[0] != pair[1])
                print(f"{name}: {ascii(text)}\n  expected {theirs!a}\n  found    {ours!a}", file=sys.stderr)
    print(f"{wrong} of {len(texts)} texts differ: {name}" if wrong else f"  {len(texts)} texts the same: {name}", flush=True)
    return wrong


RECORDED = ["gpt2", "llama3", "qwen", "smollm", "bert-uncased", "unigram-accents", "unigram-bytes"]


def record(folder):
    cases = []
    for i, name in enumerate(RECORDED):
        tokenizer = KINDS[name]()
        with open(os.path.join(folder, f"{name}.json"), "w") as file:
            file.write(tokenizer.to_str(pretty=False) + "\n")
        for text in odd_texts(80, seed=500 + i):
            ids = tokenizer.encode(text).ids
            cases.append({
                "file": name, "text": text, "ids": ids, "plain": tokenizer.encode(text, add_special_tokens=False).ids,
                "decoded": tokenizer.decode(ids), "withSpecial": tokenizer.decode(ids, skip_special_tokens=False)})
    with open(os.path.join(folder, "golden.json"), "w") as file:
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        file.write(f'{{"note": "by tokenizers {tokenizers.__version__}", "cases": [\n{lines}\n]}}\n')


def main():
    if sys.argv[1] == "record":
        return record(sys.argv[2])
    host, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    chosen = sys.argv[3:]
    tasks = [(host, name, count, 100 + i) for i, name in enumerate(KINDS)]
    tasks += [(host, name, -(-count // 4), 200 + i) for i, name in enumerate(VARIANTS)]
    tasks += [(host, name, count, 99) for name in STAGES]
    unknown = set(chosen) - {task[1] for task in tasks}
    if unknown:
        sys.exit(f"token_ids.py: no kinds {', '.join(sorted(unknown))}")
    # The library trains in threads of its own, which a process that is forked must not have begun: each has its own from the start.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        wrong = sum(pool.imap_unordered(tried, [task for task in tasks if not chosen or task[1] in chosen]))
    sys.exit(1 if wrong else 0)


def tried(task):
    host, name, count, seed = task
    if name in STAGES:
        return compare(host, name, STAGES[name](), every_code_point() + odd_texts(count, seed=seed))
    return compare(host, name, {**KINDS, **VARIANTS}[name](), odd_texts(count, seed=seed))


if __name__ == "__main__":
    main()
