#!/usr/bin/env python3
"""Times the PNG of a matrix figure against matplotlib's imshow + colorbar + savefig, both by library calls, in one run.

Makes its own environment with matplotlib from PyPI (Benchmarks/.venv-matplotlib, ignored by git), builds the Swift side in release, draws attention over
seeded noise at the same pixel size and layout (title, subtitle, axes, colour scale, source line), and prints medians and ratios.
Left out: interpreter start, making the data, writing the file. Usage: Benchmarks/matrix_vs_matplotlib.py [--runs 5] [--sizes 1024 4096]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = os.path.join(HERE, ".venv-matplotlib")


def matplotlib_side(runs, sizes):
    import io

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np

    for size in sizes:
        tokens, width, height = size["tokens"], size["width"], size["height"]
        noise = np.random.default_rng(1).normal(0, 1.73, (tokens, tokens))
        noise[np.triu_indices(tokens, 1)] = -np.inf
        weights = np.exp(noise - noise.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        limit = float(np.median(weights.max(axis=1)))
        seconds = []
        for run in range(runs + 1):
            start = time.perf_counter()
            figure, axes = plt.subplots(figsize=(width / 100, height / 100), dpi=100)
            image = axes.imshow(weights, cmap="Blues", vmin=0, vmax=limit, interpolation="nearest")
            axes.set_xlabel("key (column)")
            axes.set_ylabel("query (row)")
            axes.set_title("Attention weights of random scores")
            figure.text(0.05, 0.01, "attention.weights, seeded noise")
            figure.colorbar(image, ax=axes, label="weight")
            output = io.BytesIO()
            figure.savefig(output, format="png", dpi=100)
            plt.close(figure)
            if run > 0:
                seconds.append(time.perf_counter() - start)
        print(json.dumps({"tokens": tokens, "seconds": seconds, "bytes": len(output.getvalue())}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 4096])
    parser.add_argument("--matplotlib-side", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.matplotlib_side:
        matplotlib_side(options.runs, json.loads(options.matplotlib_side))
        return 0
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "matplotlib"], check=True)
    root = os.path.dirname(HERE)
    build = ["swift", "build", "-c", "release", "--product", "MatrixTiming"]
    subprocess.run(build, cwd=root, check=True, stdout=sys.stderr)
    folder = subprocess.run(build + ["--show-bin-path"], cwd=root, check=True, capture_output=True, text=True).stdout.strip()
    sizes = [str(size) for size in options.sizes]
    ours = subprocess.run([os.path.join(folder, "MatrixTiming"), str(options.runs)] + sizes, check=True, capture_output=True, text=True)
    ours = [json.loads(line) for line in ours.stdout.splitlines()]
    theirs = subprocess.run(
        [python, os.path.abspath(__file__), "--runs", str(options.runs), "--matplotlib-side", json.dumps(ours)],
        check=True, capture_output=True, text=True)
    theirs = [json.loads(line) for line in theirs.stdout.splitlines()]
    ask = "import matplotlib, numpy, sys; print(f'matplotlib {matplotlib.__version__}, numpy {numpy.__version__}, Python {sys.version.split()[0]}')"
    versions = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    print(f"{versions.stdout.strip()}; {os.cpu_count()} cores, one thread each; median of {options.runs}")
    for a, b in zip(ours, theirs):
        own, other = statistics.median(a["seconds"]), statistics.median(b["seconds"])
        print(
            f"{a['tokens']} x {a['tokens']} at {a['width']} x {a['height']} px: Attention Steps {own * 1000:.1f} ms ({a['bytes'] // 1024} KB), "
            f"matplotlib {other * 1000:.1f} ms ({b['bytes'] // 1024} KB), {other / own:.1f} times as fast")
    return 0


if __name__ == "__main__":
    sys.exit(main())
