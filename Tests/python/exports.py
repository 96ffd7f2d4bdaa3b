"""Runs what `attn export --to numpy` writes: of each lesson, each question of the diary, each case with a trace, each switch, each
model of the fixtures and some of its layers, models of the families and facts that fixtures lack, and selections laid over given attention.

Usage: exports.py ATTN. Prints 'exports: N scripts, M steps, K changes noticed, F failed'.
Held of each script: it ends with 0 and counts the steps that `attn trace` has; it holds their values to the last bit; it imports numpy and the standard
library alone; and a number changed, in what is given or in what was recorded, is noticed: it ends with 1 and names a step.
"""

import ast
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import families

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "Tests/ModelFilesTests/Fixtures"
LESSONS = sorted(path.parent.name for path in (REPOSITORY / "lessons").glob("*/lesson.yaml"))
# Not what a case of its kind has: no trace.
WITHOUT_TRACE = {"float8-e4m3"}
CASES = [
    path
    for folder in (FIXTURES, REPOSITORY / "assets/cases")
    for path in sorted(folder.glob("*.safetensors"))
    if path.stem not in WITHOUT_TRACE
]
MODELS = sorted(path.parent for path in FIXTURES.rglob("config.json"))
# What fixtures lack, made as the oracle of families makes it.
MADE = {
    "llama, dynamic and longer than trained", "llama, yarn with all its fields", "qwen2, windows from a layer on",
    "qwen3, windows by layer, biases", "gemma2, without caps", "gpt2, scaled by layer", "bert",
}
SWITCHES = [
    "indexer-rope-interleaved", "hadamard-query-only", "no-relu", "no-head-weights", "no-fp8", "mask-after-softmax", "top-k=3",
    "select=random", "select=recent", "select=oracle", "select=window+sinks", "temperature=2", "heads=0",
]
# At most so many steps of a script are changed, one after the other.
CHANGES = 12
rng = np.random.default_rng(13)


def made(folder):
    """Models of MADE in folders of their own, each with a text of its own letters."""
    for seed, (name, config, change) in enumerate(families.made_models()):
        if name not in MADE:
            continue
        model = Path(folder) / name
        model.mkdir()
        (model / "config.json").write_text(json.dumps(config))
        families.write_tensors(model / "model.safetensors", change(families.weights(config, seed)))
        families.write_tokenizer(model / "tokenizer.json", config["vocab_size"])
        ids = np.random.default_rng(seed).integers(config["vocab_size"], size=19)
        yield name, model, "".join(chr(0x4E00 + i) for i in ids)


def sources(folder):
    """(what is exported, options of attn export)."""
    for question in ("trip", "breakfast", "mei"):
        yield f"the diary, {question}", ["--lesson", "attention-step-by-step", "--question", question]
    yield "the diary in Chinese", ["--lesson", "attention-step-by-step", "--lang", "zh"]
    for lesson in LESSONS:
        yield lesson, ["--lesson", lesson]
    for path in CASES:
        yield f"{path.parent.name}/{path.stem}", ["--case", path] + (["--path", "both"] if path.stem.startswith("dsa") else [])
    for switch in SWITCHES:
        yield f"dsa-tiny-fp8 with {switch}", ["--case", FIXTURES / "dsa-tiny-fp8.safetensors", "--with", switch]
        if switch in ("no-relu", "mask-after-softmax", "temperature=2", "heads=0", "select=oracle"):
            yield f"the diary with {switch}", ["--lesson", "attention-step-by-step", "--with", switch]
    dump = ["--attention", FIXTURES / "attention/layers.npz", "--tokens", FIXTURES / "attention/tokens.json"]
    for rule, more in [("topk:3", []), ("window:2+sinks:1", []), ("recent:2", ["--layers", "1-2"]), ("topk:1", ["--layer", "2"])]:
        yield f"given attention, {rule} {more}", [*dump, "--select", rule, *more]
    for model in MODELS:
        yield model.name, ["--model", model, "--text", "Once upon a time, 12"]
        yield f"{model.name}, layer 0", ["--model", model, "--text", "Once upon a time, 12", "--layers", "0"]
    for name, model, text in made(folder):
        yield name, ["--model", model, "--text", text]
        yield f"{name}, layers 0-1", ["--model", model, "--text", text, "--layers", "0-1"]


def run(command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, encoding="utf-8", **options)


def numbers(values):
    return np.array([float(value) if isinstance(value, str) else value for value in values], dtype=np.float64)


def noticed(program, change):
    """What a script says, its data changed by `change`; nothing if it finds all as recorded."""
    space = {"__name__": "changed"}
    exec(program, space)
    change(space)
    space["step"].count = 0
    try:
        with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
            space["compute"]()
    except SystemExit as end:
        return str(end.code)
    except (ValueError, IndexError) as error:
        return str(error)
    return None


def other(array, cell):
    """The array with one number changed by far less than a reader sees, and far more than rounding."""
    array = array.copy()
    size = np.abs(array[np.isfinite(array)]).max(initial=0) or 1
    array[cell] = 0 if np.isinf(array[cell]) else array[cell] + 1e-9 * size
    return array


def problems(attn, options, path, counts):
    exported = run([attn, "export", *options, "--to", "numpy", "--output", path])
    if exported.returncode or exported.stdout or exported.stderr:
        yield f"attn export: {exported}"
        return
    first = run([sys.executable, path])
    if first.returncode or first.stderr:
        yield f"python3: {first}"
        return
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    imported = {name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in [alias.name for alias in node.names]}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    if not imported <= {"base64", "math", "numpy", "sys"}:
        yield f"expected numpy and the standard library alone, found {sorted(imported)}"

    layers = options[options.index("--layers") + 1] if "--layers" in options else None
    plain = options[: options.index("--layers")] if layers else options
    trace = json.loads(run([attn, "trace", *plain]).stdout)
    ends = [int(end) for end in layers.split("-")] if layers else []
    wanted = tuple(f"layer.{n}." for n in range(ends[0], ends[-1] + 1)) if layers else ""
    computed = [step for step in trace["steps"] if step["inputs"] and step["id"].startswith(wanted)]
    count = int(re.search(r"\d+", first.stdout)[0])
    program = compile(tree, str(path), "exec")
    space = {"__name__": "read"}
    exec(program, space)
    recorded = space["RECORDED"]
    if count == 0 or not computed or count != len(recorded) or not {step["id"] for step in computed} <= set(recorded):
        yield f"expected {len(computed)} steps, found {count}"
    known = {step["id"]: step for step in trace["steps"]}
    for name, array in [*recorded.items(), *space["GIVEN"].items()]:
        expected = numbers(known[name]["output"]["values"]).reshape(known[name]["output"]["shape"])
        if not np.array_equal(array, expected):
            yield f"{name}: other values than attn trace has"
    # Each equation under its formula.
    lines = source.splitlines()
    for name in recorded:
        at = next(i for i, line in enumerate(lines) if f'step("{name}"' in line)
        formula = known[name]["formula"]["text"]
        if formula not in "".join(lines[at - 2 : at]):
            yield f"{name}: its formula {formula} does not stand above it"

    for name in rng.permutation(list(recorded))[:CHANGES]:
        cell = tuple(int(rng.integers(length)) for length in recorded[name].shape)
        said = noticed(program, lambda space: space["RECORDED"].update({name: other(recorded[name], cell)}))
        if said is None or not said.startswith(f"{name}[{', '.join(map(str, cell))}]"):
            yield f"{name}{cell} was changed: expected a refusal, found {said}"
        counts["changes"] += 1
    for name in rng.permutation(list(space["GIVEN"]))[:CHANGES]:
        noise = rng.normal(size=space["GIVEN"][name].shape)
        if noticed(program, lambda space: space["GIVEN"].update({name: noise})) is None:
            yield f"{name}: other numbers were given, and nothing was said"
        counts["changes"] += 1
    counts["scripts"] += 1
    counts["steps"] += count


def text_changes(attn, folder):
    """A digit changed in the file itself ends the script with 1 and one line."""
    path = folder / "digit.py"
    run([attn, "export", "--lesson", "attention-step-by-step", "--to", "numpy", "--output", path])
    source = path.read_text(encoding="utf-8")
    start = source.index('"attention.scores": np.array(')
    changed = source[:start] + source[start:].replace("6.2", "6.3", 1)
    path.write_text(changed, encoding="utf-8")
    found = run([sys.executable, path])
    if found.returncode != 1 or found.stdout or not re.fullmatch(r"attention\.scores\[1, 17, 4\]: expected 6\.3, found 6\.2\d*\n", found.stderr):
        yield f"expected attention.scores[1, 17, 4] to be named, found {found}"


def main():
    attn = Path(sys.argv[1]).resolve()
    counts, failed = {"scripts": 0, "steps": 0, "changes": 0}, 0
    with tempfile.TemporaryDirectory() as folder:
        for what, options in sources(folder):
            for problem in problems(attn, options, Path(folder) / "steps.py", counts):
                failed += 1
                print(f"{what}: {problem}", flush=True)
        for problem in text_changes(attn, Path(folder)):
            failed += 1
            print(f"a digit: {problem}", flush=True)
    print(f"exports: {counts['scripts']} scripts, {counts['steps']} steps, {counts['changes']} changes noticed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
