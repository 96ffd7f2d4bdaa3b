"""The engine inside a page: page-engine.wasm, inlined and gzipped in a page that is opened from a file, answers in Chromium what the command's own build
answers, byte by byte, and fast enough. Prints the sizes and the times.

usage: page_engine.py WASM HOST      WASM: page-engine.wasm; HOST: the PageEngineHost of the same sources"""

import base64
import gzip
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from browser import open_browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES = ["matrix", "questions", "compare", "heads", "arcs", "indexer", "pipeline", "patterns"]
# What a page may cost: bytes, gzipped bytes, and milliseconds for 18 tokens run and drawn.
LARGEST, LARGEST_PACKED, LONGEST = 2_400_000, 850_000, 50


def run(question, language, *switches):
    return {"language": language, "question": question, "switches": list(switches)}


def requests():
    """Pairs of a function and a request."""
    for language in ["en", "zh"]:
        runs = [run(question, language) for question in ["trip", "breakfast", "mei"]]
        for one in runs:
            yield "steps", one
        yield "steps", run("trip", language, "top-k=2")
        for cell in ["attention.scores[1,17,4]", "indexer.score[17,4]", "sparse.output[17,2]", "selected[17,0]", "attention.scores[9]"]:
            yield "explanation", {"run": runs[0], "cell": cell}
        for figure in FIGURES:
            for options in [{}, {"theme": "dark", "preset": "phone"}]:
                yield "scene", {"figure": figure, "runs": runs[:2], "options": options}
    yield "scene", {"figure": "matrix", "runs": [{"text": "Dalli"}]}


def page(wasm, loading):
    script = (ROOT / "Sources/PageEngine/WebAssembly/engine.js").read_text()
    packed = base64.b64encode(gzip.compress(wasm, 9, mtime=0)).decode()
    return f"""<!doctype html><meta charset="utf-8"><title>The engine in a page</title>
<script type="text/plain" id="engine">{packed}</script>
<script type="application/json" id="loading">{loading}</script>
<script>{script}
const text = (id) => document.getElementById(id).textContent;
const opened = openEngine(text("engine"), text("loading"));
</script>"""


TIMED = """
const done = arguments[arguments.length - 1];
opened.then((engine) => {
  const times = [];
  for (const [part, figure] of ["matrix", "compare", "questions"].entries())
    for (let k = 1 + 6 * part; k <= 6 + 6 * part; k++) {
      const run = { language: "en", question: "trip", switches: [`top-k=${k}`] };
      const start = performance.now();
      engine.scene({ figure, runs: [run], options: {} });
      times.push([figure, k, performance.now() - start]);
    }
  done(times);
}).catch((error) => done(String(error)));
"""


def main():
    wasm = pathlib.Path(sys.argv[1]).read_bytes()
    host = sys.argv[2]
    failures = []
    packed = len(gzip.compress(wasm, 9))
    print(f"page-engine.wasm: {len(wasm):,} bytes, {packed:,} gzipped")
    if len(wasm) > LARGEST or packed > LARGEST_PACKED:
        failures.append(f"size: expected at most {LARGEST:,} bytes and {LARGEST_PACKED:,} gzipped")
    loading = subprocess.run([host, "load"], capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
    letters = {"steps": "t", "explanation": "e", "scene": "s"}
    asked = list(requests())
    lines = [letters[name] + json.dumps(request, ensure_ascii=False) for name, request in asked]
    expected = subprocess.run(
        [host, "serve"], input="\n".join(lines) + "\n", capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        path = pathlib.Path(folder) / "engine.html"
        path.write_text(page(wasm, loading), encoding="utf-8")
        browser.set_script_timeout(60)
        browser.get(path.as_uri())
        # Before anything was run: every run is new, and only the first figure finds cold code.
        times = browser.execute_async_script(TIMED)
        if isinstance(times, str):
            sys.exit(f"page-engine: {times}")
        milliseconds = [time for _, _, time in times]
        print(f"18 tokens run and drawn in Chromium: first {milliseconds[0]:.0f} ms, median {statistics.median(milliseconds):.0f} ms, "
              f"longest {max(milliseconds):.0f} ms of {len(times)}")
        if statistics.median(milliseconds) > LONGEST:
            failures.append(f"time: expected a median of at most {LONGEST} ms")
        answers = browser.execute_async_script(
            "const done = arguments[1]; opened.then(engine => done(arguments[0].map(([name, request]) => engine[name](request))))", asked)
    for (name, request), answer, own in zip(asked, answers, expected, strict=True):
        if answer.replace("\n", " ").strip() != own.strip():
            at = next((i for i, (a, b) in enumerate(zip(answer, own)) if a != b), min(len(answer), len(own)))
            failures.append(f"{name} {json.dumps(request)}: differs at {at}: {answer[at - 40:at + 40]!r}, the command has {own[at - 40:at + 40]!r}")
    if not any(len(answer) > 10_000 for answer in answers) or not answers[-1].startswith('{"error": '):
        failures.append("answers: expected scenes, and an error at the end")
    for failure in failures:
        print(f"failed: page-engine: {failure}")
    print(f"page-engine: {len(asked)} answers compared, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
