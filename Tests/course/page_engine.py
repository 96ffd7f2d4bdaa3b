"""The engine inside a page: page-engine.wasm, inlined and gzipped in a page that is opened from a file, answers in Chromium what the command's own build
answers, byte by byte, draws its scenes as the command does, and is fast enough. Prints the sizes and the times.

usage: page_engine.py WASM FOLDER      WASM: page-engine.wasm; FOLDER: has PageEngineHost and attn of the same sources"""

import base64
import gzip
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from browser import open_browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES = [
    "matrix", "questions", "compare", "heads", "arcs", "indexer", "pipeline", "patterns", "softmax", "weighted-sum",
]
# What panels draw, and of which cases.
PANELS = ["compare", "indexer", "heads", "matrix"]
CASES = ["assets/cases/dsa-tiny-fp8-kv.safetensors", "assets/cases/dsa-tiny-exact.safetensors"]
# What a page may cost: bytes, and gzipped bytes. Times are printed, not judged: they are the machine's as much as ours. 50 ms are wanted.
LARGEST, LARGEST_PACKED = 2_400_000, 850_000
# Pictures are compared in squares of 8 points. Two ways to smooth the edge of a letter differ by less than this in a square, of 255, nearly everywhere.
SMOOTHING, SQUARES_OFF = 30, 0.005


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
        for stage in ["scores", "exponentials", "shares"]:
            yield "scene", {"figure": "softmax", "runs": runs[:1], "options": {"stage": stage, "step": "attention.weights", "head": 1}}
        yield from panels(language)
    yield "scene", {"figure": "matrix", "runs": [{"text": ""}]}


def panels(language):
    """Read-outs and scenes over a grid of settings: questions, a text with words of its own, cases; old switches and new ones, alone and together."""
    text, place = {"en": ("I flew to Paris. Mei in Oslo. Trip went where?", "Paris"), "zh": ("我飞到巴黎。小梅在奥斯陆。旅行去了哪儿？", "巴黎")}[language]
    words = [{"text": place, "kind": "place", "story": None}, {"text": text[0], "kind": "other", "story": "trip"}]
    subjects = [{"question": "breakfast"}, {"text": text, "words": words}, {"text": hostile_text()}]
    subjects += [{"case": pathlib.Path(case).stem, "paths": ["masked", "gathered"]} for case in CASES]
    grid = [["top-k=1"], ["temperature=0.5"], ["temperature=3", "heads=1"], ["heads=0"], ["no-relu", "top-k=7"], ["no-head-weights", "heads=0,1"],
            ["mask-after-softmax", "temperature=2"], ["select=recent"], ["select=window+sinks", "top-k=6"], ["select=random"],
            ["select=oracle", "top-k=3", "temperature=1.5", "heads=1", "mask-after-softmax", "no-relu", "no-head-weights"]]
    for subject in subjects:
        for switches in grid:
            one = {"language": language, "switches": switches} | subject
            yield "readouts", {"run": one, "goal": {"kept": {"atLeast": 80}}}
            if subject is not subjects[2]:
                yield "scene", {"figure": PANELS[len(switches) % 4], "runs": [one], "options": {}}
        for figure in PANELS:
            yield "scene", {"figure": figure, "runs": [{"language": language} | subject], "options": {"theme": "dark"}}
    yield "scene", {"figure": "indexer", "runs": [{"language": language} | subjects[-1]], "options": {"phase": "decode.0"}}
    for cell in ["decode.1.gathered.scores[0,0,3]", "prefill.attention.heads[23,1,0]", "prefill.indexer.score[23,4]"]:
        yield "explanation", {"run": {"language": language, "switches": ["heads=1", "temperature=2"]} | subjects[-1], "cell": cell}


def hostile_text():
    return "Holiday: flew to <b>&amp;</b> a\0b \u202etxet \u2066 \"quoted\\ 👩‍👩‍👧‍👦 " + 500 * "x" + ". Trip went where?"


def page(packed, loading):
    folder = ROOT / "assets/page"
    script = "\n".join((folder / name).read_text() for name in ["engine.js", "scene.js"])
    return f"""<!doctype html><meta charset="utf-8"><title>The engine in a page</title>
<script type="text/plain" id="engine">{base64.b64encode(packed).decode()}</script>
<script type="application/json" id="loading">{loading}</script>
<script>{script}
const text = (id) => document.getElementById(id).textContent;
const start = performance.now();
const opened = openEngine(text("engine"), text("loading")).then((engine) => {{
  window.openedIn = performance.now() - start;
  return engine;
}});
</script><body></body>"""


TIMED = """
const done = arguments[arguments.length - 1];
const painted = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
opened.then(async (engine) => {
  const times = [];
  for (const [part, figure] of ["matrix", "compare", "questions"].entries())
    for (let k = 1 + 6 * part; k <= 6 + 6 * part; k++) {
      const run = { language: "en", question: "trip", switches: [`top-k=${k}`] };
      await painted();
      const start = performance.now();
      JSON.parse(engine.steps(run));
      document.body.innerHTML = sceneSVG(JSON.parse(engine.scene({ figure, runs: [run], options: {} })), "f");
      document.querySelector("svg").getBBox();
      const drawn = performance.now() - start;
      await painted();
      times.push([drawn, performance.now() - start]);
    }
  done({ opened: window.openedIn, times });
}).catch((error) => done(String(error)));
"""


# Read-outs and one scene, drawn, at 64 and at 256 tokens: each k is a new run.
PANEL = """
const [text, counts, done] = arguments;
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const figures = { compare: {}, indexer: {}, matrix: { step: "sparse.weights", head: "mean" } };
opened.then((engine) => {
  const found = {};
  const tokens = JSON.parse(engine.readouts({ run: { text } })).tokens;
  for (const count of counts) {
    const words = Array.from({ length: count }, (_, i) => tokens[i % tokens.length]).join(" ");
    for (const [figure, options] of Object.entries(figures)) {
      const times = [];
      for (let k = 3; k < 10; k++) {
        const run = { language: "en", text: words, switches: [`top-k=${k}`, `temperature=${1 + figure.length / 16}`] };
        const start = performance.now();
        const readouts = JSON.parse(engine.readouts({ run }));
        const computed = performance.now();
        const scene = engine.scene({ figure, runs: [run], options });
        const answered = performance.now();
        document.body.innerHTML = sceneSVG(JSON.parse(scene), "f");
        document.querySelector("svg").getBBox();
        if (readouts.tokens.length !== count) throw new Error(`${readouts.tokens.length} tokens`);
        times.push([computed - start, answered - computed, performance.now() - answered, performance.now() - start]);
      }
      found[`${figure} at ${count}`] = [0, 1, 2, 3].map((part) => median(times.map((time) => time[part])));
    }
  }
  done(found);
}).catch((error) => done(String(error)));
"""


# The share of squares in which the page's picture of a scene is another than `own`.
COMPARED = """
const [own, scene, smoothing, done] = arguments;
const side = 8, [width, height] = scene.size.map(Math.floor);
const pixels = async (svg) => {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, width, height).data;
};
const differs = (a, b, x, y) => [0, 1, 2].some((channel) => {
  let sum = 0;
  for (let j = y; j < y + side; j++) for (let i = x; i < x + side; i++) sum += a[4 * (j * width + i) + channel] - b[4 * (j * width + i) + channel];
  return Math.abs(sum) > smoothing * side * side;
});
Promise.all([pixels(sceneSVG(scene, "p")), pixels(own)]).then(([a, b]) => {
  let [all, off] = [0, 0];
  for (let y = 0; y + side <= height; y += side)
    for (let x = 0; x + side <= width; x += side, all++) if (differs(a, b, x, y)) off++;
  done(off / all);
}).catch((error) => done(String(error)));
"""


def pictures(browser, attn, folder):
    """What is wrong with pictures: the page's of a scene against the command's, and the command's scene against the page's."""
    largest = 0
    for figure in FIGURES:
        for language, theme in [("en", "light"), ("zh", "dark")]:
            name = f"{figure} {language} {theme}"
            for form in ["svg", "scene.json"]:
                subprocess.run([attn, "figure", figure, "--lang", language, "--theme", theme, "--output", f"{folder}/own.{form}"], cwd=ROOT, check=True)
            own, text = (pathlib.Path(folder, f"own.{form}").read_text(encoding="utf-8") for form in ["svg", "scene.json"])
            request = {"figure": figure, "runs": [run("trip", language), run("breakfast", language)], "options": {"theme": theme}}
            answer = browser.execute_async_script("const done = arguments[1]; opened.then(engine => done(engine.scene(arguments[0])))", request)
            if answer != text.strip():
                yield f"{name}: the scene is another than that of attn figure --output own.scene.json"
                continue
            scene = json.loads(text)
            off = browser.execute_async_script(COMPARED, own, scene, SMOOTHING)
            if isinstance(off, str) or off > SQUARES_OFF:
                yield f"{name}: {off} of the squares differ from attn's picture, expected at most {SQUARES_OFF}"
                continue
            largest = max(largest, off)
            silent = scene | {"items": without_text(scene["items"])}
            if browser.execute_async_script(COMPARED, own, silent, SMOOTHING) <= SQUARES_OFF:
                yield f"{name}: a picture without text passes for attn's"
    yield from case_scenes(browser, attn, folder)
    print(f"pictures drawn in Chromium: at most {100 * largest:.2f} % of squares differ from attn's")


def case_scenes(browser, attn, folder):
    """What is wrong with scenes of runs that are not built in, held against the command's with the same options."""
    text = "I flew to Paris. Mei in Shanghai. Trip went where?"
    words = [{"text": "I", "kind": "other", "story": "trip"}, {"text": "Paris", "kind": "place", "story": None}]
    switches = ["temperature=2", "heads=1", "top-k=3"]
    own = [("--lesson", "attention-step-by-step", "--text", text, "--word", "I=other:trip", "--word", "Paris=place"), {"text": text, "words": words}]
    for source, subject in [own] + [(("--case", case), {"case": pathlib.Path(case).stem}) for case in CASES]:
        for figure in PANELS:
            for language in ["en", "zh"]:
                options = [option for switch in switches for option in ("--with", switch)]
                subprocess.run([attn, "figure", figure, *source, *options, "--lang", language, "--output", f"{folder}/own.scene.json"], cwd=ROOT, check=True)
                request = {"figure": figure, "runs": [{"language": language, "switches": switches} | subject], "options": {}}
                answer = browser.execute_async_script("const done = arguments[1]; opened.then(engine => done(engine.scene(arguments[0])))", request)
                if answer != pathlib.Path(folder, "own.scene.json").read_text(encoding="utf-8").strip():
                    yield f"{figure} {language} {source}: the scene is another than that of attn figure: {answer[:200]}"


def without_text(items):
    return [item | {"items": without_text(item["items"])} if item["kind"] == "group" else item for item in items if item["kind"] != "text"]


def main():
    wasm = pathlib.Path(sys.argv[1]).read_bytes()
    host, attn = (str(pathlib.Path(sys.argv[2]) / name) for name in ["PageEngineHost", "attn"])
    failures = []
    # As pages carry it.
    packed = pathlib.Path(sys.argv[1] + ".gz").read_bytes()
    if gzip.decompress(packed) != wasm:
        failures.append("page-engine.wasm.gz: expected page-engine.wasm, packed")
    print(f"page-engine.wasm: {len(wasm):,} bytes, {len(packed):,} gzipped")
    if len(wasm) > LARGEST or len(packed) > LARGEST_PACKED:
        failures.append(f"size: expected at most {LARGEST:,} bytes and {LARGEST_PACKED:,} gzipped")
    known = [f"{case}={hashlib.sha256((ROOT / case).read_bytes()).hexdigest()}" for case in CASES]
    loading = subprocess.run([host, "load", *known], capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
    letters = {"steps": "t", "explanation": "e", "readouts": "r", "scene": "s"}
    asked = list(requests())
    lines = [letters[name] + json.dumps(request, ensure_ascii=False) for name, request in asked]
    expected = subprocess.run(
        [host, "serve", *known], input="\n".join(lines) + "\n", capture_output=True, text=True, cwd=ROOT, check=True).stdout.splitlines()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        path = pathlib.Path(folder) / "engine.html"
        path.write_text(page(packed, loading), encoding="utf-8")
        browser.set_script_timeout(60)
        browser.get(path.as_uri())
        # Before anything was run: every run is new, and only the first figure finds cold code.
        timed = browser.execute_async_script(TIMED)
        if isinstance(timed, str):
            sys.exit(f"page-engine: {timed}")
        drawn, painted = zip(*timed["times"])
        print(f"opened in Chromium (unpacked, compiled, diary and advances read): {timed['opened']:.0f} ms")
        print(f"18 tokens run, with steps, and drawn: first {drawn[0]:.0f} ms, median {statistics.median(drawn):.0f} ms, longest {max(drawn):.0f} ms of "
              f"{len(drawn)}; until they were painted: median {statistics.median(painted):.0f} ms")
        panel = browser.execute_async_script(PANEL, "Holiday: flew to Dali. Breakfast: noodles. Mei in Shanghai. Trip went where?", [64, 256])
        if isinstance(panel, str):
            sys.exit(f"page-engine: {panel}")
        for name, (readouts, scene, drawn_in, whole) in panel.items():
            print(f"{name} tokens: read-outs {readouts:.0f} ms, scene {scene:.0f} ms, drawn {drawn_in:.0f} ms; together, median, {whole:.0f} ms")
        answers = browser.execute_async_script(
            "const done = arguments[1]; opened.then(engine => done(arguments[0].map(([name, request]) => engine[name](request))))", asked)
        failures += pictures(browser, attn, folder)
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
