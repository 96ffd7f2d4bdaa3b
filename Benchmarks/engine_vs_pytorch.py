#!/usr/bin/env python3
"""One tiny layer of DeepSeek Sparse Attention in float64 on one thread: the engine, which records every step, against PyTorch eager, in one run.

PyTorch's side is transformers' own DeepseekV32Attention. As published it rounds to float32 inside its norms, its indexer and its softmax whatever it
is given; "float64" is the same source with those casts widened (nothing else is touched), "published" is the module as it stands. The engine's side is
the same equations (no Hadamard rotation, no FP8, interleaved rotary embedding in MLA and halves in the indexer), expanded form, selection as a mask,
no dense attention beside. Both sides get the same seeded weights and tokens; the causal mask and the tables of cosines and sines are given to
PyTorch, and made by the engine within its time. Times are of each side's one thread on the processor, so that other work on the machine, and waiting
for it, does not count.
Installs PyTorch and transformers from PyPI into an environment of its own (Benchmarks/.venv-engine, or $BENCHMARK_VENV), builds the Swift side,
and takes turns: each side goes first in every other round. Prints medians and spreads, medians of the ratios of each round, and how far the two
outputs are apart; ends with 1 if the float64 outputs are not the same where no tie decides a selection.
Usage: engine_vs_pytorch.py [--lengths 16 128 1024] [--rounds 15]
"""
import argparse, os, pathlib, platform, statistics, subprocess, sys, time, types, venv

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("BENCHMARK_VENV", HERE / ".venv-engine"))
PYTHON = HOME / "bin" / "python"


def in_own_environment():
    """Restarts in the environment, made on first use."""
    if not PYTHON.exists():
        venv.create(HOME, with_pip=True)
    check = "import torch, numpy, transformers.models.deepseek_v32"
    if subprocess.run([PYTHON, "-c", check], capture_output=True).returncode != 0:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "torch", "numpy", "transformers>=5.24"], check=True)
    os.environ["BENCHMARK_INSIDE"] = "1"
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])


if not os.environ.get("BENCHMARK_INSIDE"):
    in_own_environment()

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
import numpy as np
import torch
import transformers
from transformers.models.deepseek_v32 import modeling_deepseek_v32 as published
from transformers.models.deepseek_v32.configuration_deepseek_v32 import DeepseekV32Config

# In the order in which EngineTiming reads them.
SIZES = {
    "dim": 64, "n_heads": 4, "q_lora_rank": 32, "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 16,
    "index_n_heads": 4, "index_head_dim": 32, "index_topk": 16,
}


def uniform(seed, *shape):
    """SplitMix64.uniform: the first number of the generator seeded with seed * 2^32 + i, from 0 to below 1."""
    z = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(seed << 32) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return torch.from_numpy((z >> np.uint64(11)).astype(np.float64).reshape(shape)) * 2.0**-53


def seeded(seed, *shape, scale):
    """EngineTiming.seeded."""
    return (2 * uniform(seed, *shape) - 1) * (3**0.5 * scale)


def widened():
    """The published module's source with its casts to float32 made casts to float64."""
    source = pathlib.Path(published.__file__).read_text().replace("torch.float32", "torch.float64").replace(".float()", ".double()")
    module = types.ModuleType(published.__name__ + "_float64")
    module.__package__, module.__file__ = published.__package__, published.__file__
    sys.modules[module.__name__] = module
    exec(compile(source, published.__file__, "exec"), module.__dict__)
    return module


def layer(module):
    """DeepseekV32Attention with the weights that EngineTiming has."""
    s = SIZES
    config = DeepseekV32Config(
        hidden_size=s["dim"], num_attention_heads=s["n_heads"], num_key_value_heads=s["n_heads"], q_lora_rank=s["q_lora_rank"],
        kv_lora_rank=s["kv_lora_rank"], qk_nope_head_dim=s["qk_nope_head_dim"], qk_rope_head_dim=s["qk_rope_head_dim"],
        v_head_dim=s["v_head_dim"], index_n_heads=s["index_n_heads"], index_head_dim=s["index_head_dim"], index_topk=s["index_topk"],
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, attention_dropout=0.0, attention_bias=False)
    config._attn_implementation = "eager"
    attention = module.DeepseekV32Attention(config, 0).double().eval()
    linears = {
        1: attention.q_a_proj, 2: attention.q_b_proj, 3: attention.kv_a_proj_with_mqa, 4: attention.kv_b_proj, 5: attention.o_proj,
        6: attention.indexer.wq_b, 7: attention.indexer.wk, 8: attention.indexer.weights_proj,
    }
    for seed, linear in linears.items():
        linear.weight.data = seeded(seed, *linear.weight.shape, scale=linear.weight.shape[1] ** -0.5)
    return attention


def given(length):
    """Tokens, tables of cosines and sines, and the additive causal mask."""
    x = seeded(100, length, SIZES["dim"], scale=1)[None]
    rope = SIZES["qk_rope_head_dim"]
    angles = torch.arange(length, dtype=torch.float64)[:, None] / 10000.0 ** (torch.arange(0, rope, 2, dtype=torch.float64) / rope)
    angles = torch.cat([angles, angles], dim=-1)[None]
    mask = torch.full((length, length), -torch.inf, dtype=torch.float64).triu(1)[None, None]
    return x, (angles.cos(), angles.sin()), mask


def checksum(output):
    """EngineTiming's: absolute values, weighted by place."""
    flat = output.abs().flatten()
    return (flat * (torch.arange(flat.numel()) % 97 + 1)).sum().item()


def torch_run(attention, x, tables, mask):
    start = time.thread_time()
    output = attention(x, tables, mask)[0]
    return (time.thread_time() - start) * 1e3, checksum(output)


class EngineSide:
    """EngineTiming, which records a pass of as many tokens as a line says."""

    def __init__(self):
        build = ["swift", "build", "-c", "release", "--product", "EngineTiming"]
        subprocess.run(build, cwd=HERE.parent, check=True, stdout=sys.stderr)
        folder = subprocess.run(build + ["--show-bin-path"], cwd=HERE.parent, check=True, capture_output=True, text=True).stdout.strip()
        self.process = subprocess.Popen(
            [folder + "/EngineTiming", *map(str, SIZES.values())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def run(self, length):
        self.process.stdin.write(f"{length}\n")
        line = self.process.stdout.readline().split()
        if not line:
            sys.exit(f"EngineTiming ended with {self.process.wait()}")
        self.steps, self.megabytes, self.ties = int(line[2]), float(line[3]), int(line[4])
        return float(line[0]), float(line[1])


def compare(engine, modules, length, rounds):
    """Times every side in turn, prints what came out, and returns how far the float64 outputs are apart; 0 where ties decide."""
    inputs = given(length)
    sides = {"engine": lambda: engine.run(length)}
    sides |= {name: (lambda attention=attention: torch_run(attention, *inputs)) for name, attention in modules.items()}
    times, sums = {name: [] for name in sides}, {}
    for number in range(-3, rounds):  # the first three warm up
        names = list(sides) if number % 2 == 0 else list(reversed(sides))
        for name in names:
            milliseconds, sums[name] = sides[name]()
            if number >= 0:
                times[name].append(milliseconds)
    print(f"L = {length}: {engine.steps} steps, {engine.megabytes:.1f} MB of values; ties decide {engine.ties} selections")
    for name, values in times.items():
        line = f"  {name:18} median {statistics.median(values):9.3f} ms   least {min(values):9.3f}   most {max(values):9.3f}"
        if name != "engine":
            ratio = statistics.median(theirs / ours for theirs, ours in zip(values, times["engine"]))
            line += f"   {ratio:5.2f} times the engine's   outputs differ by {abs(sums[name] - sums['engine']) / sums['engine']:.0e}"
        print(line, flush=True)
    if engine.ties:
        print("  PyTorch lets any key of a tie in, the engine the earlier one: these outputs are not held against each other")
        return 0
    return abs(sums["PyTorch float64"] - sums["engine"]) / sums["engine"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[16, 128, 1024])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = EngineSide()
    modules = {"PyTorch float64": layer(widened()), "PyTorch published": layer(published)}
    print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}, vectors {torch.backends.cpu.get_cpu_capability()}, "
          f"processor {platform.processor() or platform.machine()}, one thread")
    print("sizes:", " ".join(f"{name}={size}" for name, size in SIZES.items()))
    with torch.inference_mode():
        apart = [compare(engine, modules, length, options.rounds) for length in options.lengths]
    engine.process.stdin.close()
    engine.process.wait()
    if max(apart) > 1e-12:
        sys.exit("the two sides do not compute the same")


main()
