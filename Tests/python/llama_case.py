"""Makes the tiny Llama that tests hold the engine against: its folder, and what PyTorch computes of a text.

Usage: llama_case.py FOLDER. Needs torch, transformers and tokenizers; FOLDER/expected.json names the versions that made it.

The model is Hugging Face transformers' LlamaForCausalLM with random weights from a fixed seed, made larger than at the start of a training, so that
attention has preferences to get wrong. It has what differs from one Llama to another: grouped key-value heads, heads whose features do not add up to
the width, a rotary base of its own, an output matrix of its own. It runs in float32, eagerly, on the processor.
"""

import json
import sys
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors, trainers

TEXT = "Holiday: flew to Dali. Breakfast: noodles."
CORPUS = [
    "Holiday: flew to Dali. Breakfast: noodles. Mei in Shanghai. Trip went where?", "Breakfast: what? Mei in where?",
    "To Dali and to Shanghai, to Mei and to noodles: a holiday trip.",
]
SEED, NEW_TOKENS = 11, 8


def tokenizer():
    """In the style of Llama 2: spaces become ▁, one stands before the text, pairs of pieces are merged."""
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = [AddedToken(name, normalized=False, special=True) for name in ["<unk>", "<s>", "</s>"]]
    made.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=64, special_tokens=special, show_progress=False))
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return made


def model(vocabulary):
    torch.manual_seed(SEED)
    configuration = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=6,
        max_position_embeddings=48, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 500.0}, tie_word_embeddings=False,
        bos_token_id=1, eos_token_id=2, attn_implementation="eager", dtype="float32")
    made = transformers.LlamaForCausalLM(configuration).eval()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.3 + 1 if "norm" in name else torch.randn_like(parameter) * 0.35)
    return made


def main(folder):
    folder = Path(folder)
    spelling = tokenizer()
    llama = model(spelling.get_vocab_size())
    llama.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    spelling.save(str(folder / "tokenizer.json"))
    ids = spelling.encode(TEXT).ids
    with torch.no_grad():
        ran = llama(torch.tensor([ids]), output_attentions=True)
        greedy = llama.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=2)
    # float32 has nine digits at most; a tensor's numbers are its own, exactly, once read as float32.
    expected = {
        "made_by": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}, tokenizers {tokenizers.__version__}",
        "text": TEXT, "token_ids": ids,
        # [layer][head][query][key], keys up to the query's own
        "attention": [[[row[: t + 1] for t, row in enumerate(head)] for head in layer[0].tolist()] for layer in ran.attentions],
        "last_logits": ran.logits[0, -1].tolist(), "greedy_ids": greedy[0].tolist(),
    }
    digits = json.loads(json.dumps(expected), parse_float=lambda text: float(f"{float(text):.9g}"))
    (folder / "expected.json").write_text(json.dumps(digits, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{folder}: {len(ids)} tokens, {sum(p.numel() for p in llama.parameters())} weights")


if __name__ == "__main__":
    main(*sys.argv[1:])
