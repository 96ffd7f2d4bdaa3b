"""An outside oracle: numpy reads a made indexer case by the code of docs/test-your-indexer.md, computes its scores, and writes an answer that is right.

Usage: indexer_case.py ATTN DOCUMENT. Prints 'N passed, N failed'.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def main(attn: str, document: str) -> int:
    blocks = re.findall(r"```python\n(.*?)```", Path(document).read_text(encoding="utf-8"), flags=re.S)
    reader = next(block for block in blocks if "def read_case" in block)
    writer = next(block for block in blocks if "def write_mine" in block)
    passed = failed = 0
    for options in (["--heads", "64"], ["--heads", "32", "--precision", "f32"]):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/case.safetensors"
            subprocess.run(
                [attn, "case", "make", "--queries", "4", "--keys", "1024", "--top-k", "256", "--seed", "3", *options, "--output", path], check=True)
            names: dict = {}
            exec(reader.replace('"case.safetensors"', repr(path)), names)  # the document's own lines
            error = np.abs(names["score"] - names["case"]["expected.score"]).max()
            order = np.argsort(-names["case"]["expected.score"], axis=1, kind="stable")
            offset, k = names["config"]["causal_offset"], names["config"]["index_topk"]
            selected = [sorted([s for s in row if s <= offset + t][:k]) for t, row in enumerate(order)]
            same = np.array_equal(np.array(selected), names["case"]["expected.selected"])
            mine = f"{folder}/mine.safetensors"
            exec(writer.replace('"mine.safetensors"', repr(mine)), names)
            check = subprocess.run([attn, "case", "check", path, mine, "--json"], capture_output=True, text=True, check=True)
            same = same and json.loads(check.stdout)["verdict"] == "right"
            if error < 1e-9 and same:
                passed += 1
            else:
                failed += 1
                print(f"{options}: largest error {error}, selections {'same' if same else 'differ'}", file=sys.stderr)
    print(f"numpy: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
