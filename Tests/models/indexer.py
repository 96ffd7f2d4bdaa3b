"""An outside oracle: PyTorch answers made indexer cases by the code of docs/test-your-indexer.md, and `attn case check` calls it right.

Usage: indexer.py ATTN. Prints 'N passed, N failed'.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main(attn: str) -> int:
    attn = os.path.abspath(attn)
    document = Path(__file__).parents[2] / "docs" / "test-your-indexer.md"
    blocks = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), flags=re.S)
    torch = next(block for block in blocks if "import json, torch" in block)
    passed = failed = 0
    for options in (["--keys", "8192", "--top-k", "2048"], ["--keys", "1024", "--top-k", "128", "--precision", "f32"], ["--keys", "16", "--top-k", "32"]):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([attn, "case", "make", "--queries", "4", "--seed", "7", *options, "--output", "case.safetensors"], cwd=folder, check=True)
            subprocess.run([sys.executable, "-c", torch], cwd=folder, check=True)
            check = [attn, "case", "check", "case.safetensors", "mine.safetensors", "--json"]
            answer = json.loads(subprocess.run(check, cwd=folder, capture_output=True, text=True).stdout)
            if answer["verdict"] == "right" and answer["named"] is None:
                passed += 1
            else:
                failed += 1
                print(f"{options}: {answer['verdict']}, {answer['named']}", file=sys.stderr)
    print(f"indexer in PyTorch: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
