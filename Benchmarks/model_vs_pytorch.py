#!/usr/bin/env python3
"""A whole model in Float32: `--fast` of attn against transformers on PyTorch, on the same weights and as many threads, in one run.

Installs PyTorch, transformers, gguf and accelerate from PyPI into an environment of its own (Benchmarks/.venv-engine, or $BENCHMARK_VENV), builds the Swift side,
and takes turns, each side first in every other round: a forward pass over the whole text with the logits of every position, and then tokens one by one
from a cache. The first round of each side, which reads weights, is not counted. Prints medians, spreads and the median of the ratios of each round;
ends with 1 if the two do not find the same tokens.
Usage: model_vs_pytorch.py FILE.gguf [--length 256] [--rounds 9] [--exact]
"""
import argparse, os, pathlib, platform, statistics, subprocess, sys, time, venv

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("BENCHMARK_VENV", HERE / ".venv-engine"))
PYTHON = HOME / "bin" / "python"


def in_own_environment():
    """Restarts in the environment, made on first use."""
    if not PYTHON.exists():
        venv.create(HOME, with_pip=True)
    if subprocess.run([PYTHON, "-c", "import torch, transformers, gguf, accelerate"], capture_output=True).returncode != 0:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "torch", "transformers>=5.24", "gguf", "accelerate"], check=True)
    os.environ["BENCHMARK_INSIDE"] = "1"
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])


if not os.environ.get("BENCHMARK_INSIDE"):
    in_own_environment()

import torch
import transformers


class Swift:
    """ModelTiming, which answers each line with a line."""

    def __init__(self, binary, model, kind, ids):
        self.process = subprocess.Popen([binary, model, kind, *map(str, ids)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        seconds, token = self.process.stdout.readline().split()
        return float(seconds), int(token)

    def forward(self):
        return self.ask("forward")

    def token(self):
        return self.ask("token")


class PyTorch:
    """The same by transformers."""

    def __init__(self, model):
        path = pathlib.Path(model).resolve()
        self.model = transformers.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()

    def read(self, ids):
        self.ids = self.fresh = torch.tensor([ids])
        self.cache = None

    def forward(self):
        begin = time.perf_counter()
        with torch.inference_mode():
            found = int(self.model(self.ids, use_cache=False).logits[0, -1].argmax())
        return time.perf_counter() - begin, found

    def token(self):
        begin = time.perf_counter()
        with torch.inference_mode():
            out = self.model(self.fresh, past_key_values=self.cache, use_cache=True)
            found = int(out.logits[0, -1].argmax())
        self.fresh, self.cache = torch.tensor([[found]]), out.past_key_values
        return time.perf_counter() - begin, found


def compared(name, sides, kind, rounds):
    """Takes turns; returns whether both found the same tokens."""
    times, same = [[], []], True
    for round in range(rounds + 1):
        order = (0, 1) if round % 2 == 0 else (1, 0)
        found = [None, None]
        for side in order:
            seconds, found[side] = getattr(sides[side], kind)()
            if round > 0:
                times[side].append(seconds)
        same = same and found[0] == found[1]
    ratios = [a / b for a, b in zip(*times)]
    for label, own in zip(("attn", "PyTorch"), times):
        print(f"{name}, {label}: median {statistics.median(own):.3f} s, {min(own):.3f} to {max(own):.3f}")
    print(f"{name}: attn takes {statistics.median(ratios):.2f} times PyTorch's time ({min(ratios):.2f} to {max(ratios):.2f})")
    return same


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--exact", action="store_true", help="attn's exact engine, in float64, instead of Float32")
    options = parser.parse_args()
    subprocess.run(["swift", "build", "-c", "release", "--product", "ModelTiming"], cwd=HERE.parent, check=True, stdout=subprocess.DEVNULL)
    torch.set_num_threads(os.cpu_count())
    other = PyTorch(options.model)
    seeded = torch.Generator().manual_seed(0)
    ids = torch.randint(100, other.model.config.vocab_size, (options.length,), generator=seeded).tolist()
    other.read(ids)
    swift = Swift(HERE.parent / ".build/release/ModelTiming", options.model, "exact" if options.exact else "fast", ids)
    print(f"{pathlib.Path(options.model).name}, {options.length} tokens, {os.cpu_count()} threads, {platform.machine()}, PyTorch {torch.__version__}")
    same = compared("forward", (swift, other), "forward", options.rounds)
    # Both read the whole text first, which is not counted.
    same = compared("token", (swift, other), "token", 2 * options.rounds) and same
    if not same:
        sys.exit("the two found different tokens")


main()
