#!/usr/bin/env python3
"""Decode of one query at DeepSeek-V3.2-Exp's per-layer dimensions: AttentionKernels against PyTorch eager, in one run.

Installs PyTorch from PyPI into an environment of its own (Benchmarks/.venv, or $BENCHMARK_VENV), builds the Swift side, makes the same seeded
inputs on both sides, and takes turns: dense, then sparse, each side going first in every other round, with a pause before each run so that no thread
of the other side still spins. Both sides use as many threads as there are cores, and compute in Float32. Prints medians, spreads and
ratios, and for each side its BLAS, what that chose for this processor, and all that steers it. Ends with 1 if the two sides differ.
Usage: decode_vs_pytorch.py [--length 131072] [--runs 9]
"""
import argparse, os, pathlib, platform, re, statistics, subprocess, sys, time, venv

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("BENCHMARK_VENV", HERE / ".venv"))
PYTHON = HOME / "bin" / "python"


def in_own_environment():
    """Restarts in the environment, made on first use."""
    if not PYTHON.exists():
        venv.create(HOME, with_pip=True)
    has_torch = subprocess.run([PYTHON, "-c", "import torch, numpy"], capture_output=True).returncode == 0
    if not has_torch:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "torch", "numpy"], check=True)
    os.environ["BENCHMARK_INSIDE"] = "1"
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])


if not os.environ.get("BENCHMARK_INSIDE"):
    in_own_environment()

import numpy as np
import torch

HEADS, LATENT, ROPE, INDEX_HEADS, INDEX_WIDTH, TOP_K, SCALE = 128, 512, 64, 64, 128, 2048, 0.13523


def seeded(seed, *shape):
    """FloatBuffer.seeded: the top 24 bits of SplitMix64's mixing of seed * 2^40 + i, as a number in [-1, 1)."""
    z = np.arange(np.prod(shape), dtype=np.uint64) + np.uint64(seed << 40)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    values = (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return torch.from_numpy(values.reshape(shape))


def attend(query, cache):
    weights = torch.softmax(query @ cache.T * SCALE, dim=-1)
    return weights @ cache[:, :LATENT]


def dense(x):
    return attend(x["query"], x["cache"])


def sparse(x):
    scores = x["weights"] @ torch.relu(x["index_query"] @ x["index_keys"].T)
    selected = torch.topk(scores, min(TOP_K, scores.numel()), sorted=False).indices
    return attend(x["query"], x["cache"][selected])


def checksum(output):
    """KernelTiming's: absolute values, weighted by place."""
    flat = output.double().abs().flatten()
    return (flat * (torch.arange(flat.numel()) % 97 + 1)).sum().item()


class SwiftSide:
    """KernelTiming, which runs what a line asks for and answers with milliseconds and a checksum."""

    def __init__(self, length):
        build = ["swift", "build", "-c", "release", "--product", "KernelTiming"]
        subprocess.run(build, cwd=HERE.parent, check=True, stdout=sys.stderr)
        folder = subprocess.run(build + ["--show-bin-path"], cwd=HERE.parent, check=True, capture_output=True, text=True).stdout.strip()
        self.process = subprocess.Popen(
            [folder + "/KernelTiming", str(length)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.description = self.answer()

    def answer(self):
        line = self.process.stdout.readline().strip()
        if not line:
            sys.exit(f"KernelTiming ended with {self.process.wait()}")
        return line

    def run(self, kind):
        self.process.stdin.write(kind + "\n")
        milliseconds, total = map(float, self.answer().split())
        return milliseconds, total


def torch_run(function, inputs):
    start = time.perf_counter()
    output = function(inputs)
    return (time.perf_counter() - start) * 1e3, checksum(output)


def describe_torch():
    """What PyTorch multiplies with, and what that found on this processor."""
    blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    mkl = [line.strip(" -") for line in torch.__config__.show().split("\n") if "Math Kernel Library" in line]
    return " | ".join([torch.__version__, "BLAS " + (blas.group(1) if blas else "unknown"), *mkl, "vectors " + torch.backends.cpu.get_cpu_capability(), f"threads {torch.get_num_threads()}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=int, default=131072)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()

    # What KernelTiming counts too.
    cores = os.cpu_count()
    swift = SwiftSide(options.length)
    n = options.length
    inputs = {
        "query": seeded(1, HEADS, LATENT + ROPE), "cache": seeded(2, n, LATENT + ROPE), "index_query": seeded(3, INDEX_HEADS, INDEX_WIDTH),
        "index_keys": seeded(4, n, INDEX_WIDTH), "weights": seeded(5, INDEX_HEADS),
    }
    torch.set_num_threads(cores)
    print("positions", n, "| runs", options.runs, "| cores", cores, "| processor", platform.processor() or platform.machine())
    print("Swift  :", swift.description)
    print("PyTorch:", describe_torch())
    steering = [
        "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME",
        "MKL_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY", "NVPL_BLAS_DEBUG_CPU_TYPE", "VECLIB_MAXIMUM_THREADS",
    ]
    print("environment:", {name: os.environ[name] for name in steering if name in os.environ} or "nothing that steers a BLAS is set")

    times = {(side, kind): [] for side in ("swift", "torch") for kind in ("dense", "sparse")}
    sums = {}
    with torch.inference_mode():
        for run in range(options.runs + 1):  # the first is a warm-up
            for kind, function in (("dense", dense), ("sparse", sparse)):
                for side in ("swift", "torch") if run % 2 == 0 else ("torch", "swift"):
                    time.sleep(0.1)
                    milliseconds, sums[side, kind] = swift.run(kind) if side == "swift" else torch_run(function, inputs)
                    if run:
                        times[side, kind].append(milliseconds)
    swift.process.stdin.close()
    swift.process.wait()

    median = {key: statistics.median(values) for key, values in times.items()}
    for (side, kind), values in times.items():
        print(f"{side:6} {kind:6} median {median[side, kind]:9.2f} ms   least {min(values):9.2f}   most {max(values):9.2f}")
    print(f"dense : PyTorch / Swift     {median['torch', 'dense'] / median['swift', 'dense']:.2f}")
    print(f"sparse: PyTorch / Swift     {median['torch', 'sparse'] / median['swift', 'sparse']:.2f}")
    print(f"Swift : dense / sparse      {median['swift', 'dense'] / median['swift', 'sparse']:.2f}")
    for kind in ("dense", "sparse"):
        ours, theirs = sums["swift", kind], sums["torch", kind]
        print(f"{kind}: weighted sums of absolute outputs differ by {abs(ours - theirs) / theirs:.1e} relative")
        if abs(ours - theirs) > 1e-4 * theirs:
            sys.exit(f"{kind}: the two sides do not compute the same")


main()
