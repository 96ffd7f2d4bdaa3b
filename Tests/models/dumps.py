# The lines of README.md that dump a model's attention, run as they stand on small random models of transformers; then the figures of README.md, and cells
# against numpy: dumps.py ATTN.

import json
import os
import re
import subprocess
import sys
import tempfile

import numpy
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXT = "Once upon a time there was a little girl who lived at the edge of a wood."


def tokenizer(folder):
    """A byte-level BPE tokenizer of a few hundred pieces, trained on the text."""
    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    own.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    own.train_from_iterator([TEXT], trainer)
    transformers.PreTrainedTokenizerFast(tokenizer_object=own, bos_token="<s>").save_pretrained(folder)


def llama(folder):
    config = transformers.LlamaConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        initializer_range=0.5)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)


def encoder(folder):
    config = transformers.BertConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2, initializer_range=0.5)
    transformers.BertLMHeadModel(config).save_pretrained(folder)


def readme_lines():
    """The code between the markers."""
    with open("README.md", encoding="utf-8") as file:
        block = re.search(r"<!-- dump -->\n+(.*?)\n+<!-- /dump -->", file.read(), re.S).group(1)
    lines = [line.removeprefix("    ") for line in block.splitlines() if not line.startswith("```")]
    assert sum(bool(line) and not line.startswith(("import ", "from ")) for line in lines) == 5, lines
    return "\n".join(lines)


def run(attn, *arguments, status=0):
    done = subprocess.run([attn, *arguments], capture_output=True, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done


def check(attn, make, is_causal):
    checked = 0
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/model")
        tokenizer(f"{folder}/model")
        make(f"{folder}/model")
        lines, here = readme_lines(), os.getcwd()
        os.chdir(folder)
        try:
            exec(lines, {"name": "model", "text": TEXT})
        finally:
            os.chdir(here)
        dump, tokens = f"{folder}/a.npz", f"{folder}/tokens.json"
        weights = numpy.load(dump)["attentions"]
        assert weights.ndim == 5 and weights.dtype == numpy.float32, weights.shape
        with open(tokens, encoding="utf-8") as file:
            assert "".join(json.load(file)) == TEXT
        for figure in ["matrix", "heads", "arcs", "compare"]:
            output = f"{folder}/{figure}.png"
            arguments = ["figure", figure, "--attention", dump, "--tensor", "attentions", "--tokens", tokens, "--select", "topk:4"]
            run(attn, *arguments, "--output", output)
            with open(output, "rb") as file:
                assert file.read(8) == b"\x89PNG\r\n\x1a\n"
        trace = run(attn, "trace", "--attention", dump, "--tokens", tokens)
        assert trace.stderr == "", trace.stderr
        for number, step in enumerate(json.loads(trace.stdout)["steps"]):
            assert step["id"] == f"layer.{number}.attention.weights", step["id"]
            values = numpy.array(step["output"]["values"]).reshape(step["output"]["shape"])
            assert numpy.array_equal(values, weights[number, 0].astype(float)), step["id"]
            checked += values.size
        place = [1, weights.shape[3] - 1, 3]
        cell = run(attn, "explain", "--attention", dump, f"layer.1.attention.weights[{','.join(map(str, place))}]").stdout
        shown = float(re.findall(r"= (\S+)", cell)[-1] if "in full" not in cell else re.search(r"in full: (\S+)", cell).group(1))
        assert shown == float(weights[1, 0][tuple(place)]), (cell, weights[1, 0][tuple(place)])
        # The same in half precision: bfloat16 is no type of numpy, so by safetensors.
        half = f"{folder}/a.safetensors"
        save_file({"attentions": torch.tensor(weights).to(torch.bfloat16)}, half)
        step = json.loads(run(attn, "trace", "--attention", half, "--layer", "1").stdout)["steps"][0]
        expected = torch.tensor(weights[1, 0]).to(torch.bfloat16).double().flatten().tolist()
        assert step["output"]["values"] == expected
        # Positions alone choose only where the attention is causal.
        run(attn, "figure", "compare", "--attention", dump, "--select", "recent:4", "--caption", status=0 if is_causal else 65)
    return checked


if __name__ == "__main__":
    torch.manual_seed(5)
    transformers.utils.logging.disable_progress_bar()
    cells = sum(check(os.path.abspath(sys.argv[1]), make, is_causal) for make, is_causal in [(llama, True), (encoder, False)])
    print(f"dumps of transformers {transformers.__version__}: the figures are drawn, {cells} weights agree")
