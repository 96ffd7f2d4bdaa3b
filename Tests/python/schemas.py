"""What the command prints as JSON against schema/*.schema.json, by the jsonschema package: whatever the source, the language and the
verdict. A schema that lets anything through would be worth nothing: each is shown its document with a field renamed, which it must refuse.

    python schemas.py ATTN REPOSITORY"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

attn = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(sys.argv[2]).resolve()
fixtures = root / "Tests/ModelFilesTests/Fixtures"
failures = []
checked = 0


def printed(*arguments, status=(0,), parses=True):
    run = subprocess.run([attn, *map(str, arguments)], capture_output=True, text=True, cwd=root)
    if run.returncode not in status:
        failures.append(f"attn {' '.join(map(str, arguments))}: exit code {run.returncode}: {run.stderr.strip()}")
        return None
    return json.loads(run.stdout) if parses else None


def traced(*source):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trace.json"
        if printed_nothing(*source, "--output", path):
            return json.loads(path.read_text())


def drawn(*arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "a.scene.json"
        printed(*arguments, "--output", path, parses=False)
        return json.loads(path.read_text()) if path.exists() else None


def printed_nothing(*arguments):
    run = subprocess.run([attn, "trace", *map(str, arguments)], capture_output=True, text=True, cwd=root)
    if run.returncode != 0:
        failures.append(f"attn trace {' '.join(map(str, arguments))}: {run.stderr.strip()}")
    return run.returncode == 0


def places(document, path=()):
    """Paths to one object of each shape: the first item stands for a list."""
    if isinstance(document, dict):
        yield path
        for key, value in document.items():
            yield from places(value, path + (key,))
    elif isinstance(document, list) and document and isinstance(document[0], (dict, list)):
        yield from places(document[0], path + (0,))


def part(document, path):
    for key in path:
        document = document[key]
    return document


OPEN = {"labels", "facts", "environment", "provenance", "measures"}  # objects whose keys are data


def check(name, document, what):
    global checked
    if document is None:
        return
    schema = json.loads((root / "schema" / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    checked += 1
    for error in list(validator.iter_errors(document))[:3]:
        failures.append(f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    if validator.is_valid(document):
        for path in places(document):
            if path and path[-1] in OPEN:
                continue
            damaged = copy.deepcopy(document) if len(json.dumps(document)) < 2_000_000 else None
            if damaged is None:
                break
            target = part(damaged, path)
            key = next(iter(target), None)
            if key is None:
                continue
            target["no-such-key"] = target.pop(key)
            if validator.is_valid(damaged):
                failures.append(f"{name}.schema.json lets {'/'.join(map(str, path))} through with {key} renamed")


def main():
    files = sorted(fixtures.glob("*.safetensors"))
    check("verify", printed("verify", "--json", *files), "verify of the fixtures")
    check("verify", printed("verify", "--json", "--tolerance", "0", *files, status=(0, 1)), "verify that fails")
    for source in (("--lesson", "1"), ("--lesson", "1", "--question", "mei", "--lang", "zh"), ("--lesson", "4", "--with", "no-relu")):
        check("trace", traced(*source), f"trace of {source}")
    for case in ("attention-bidirectional", "dsa-tiny-fp8", "dsa-yarn-fp8"):
        check("trace", traced("--case", fixtures / f"{case}.safetensors"), f"trace of {case}")
    check("trace", traced("--case", fixtures / "dsa-tiny-fp8.safetensors", "--path", "both"), "trace of both paths")
    check("cost", printed("cost", "--json"), "cost")
    check("cost", printed("cost", "--json", "--config", root / "assets/models/deepseek-v3.1-terminus.json"), "cost without an indexer")
    check("cost", printed("cost", "--json", "--config", root / "Tests/ModelFilesTests/Fixtures/families/gemma2/config.json"), "cost with windows")
    check("cost", printed("cost", "--json", "--position", 1, 1 << 40), "cost of extremes")
    check("cost-serving", printed("cost", "serving", "--json"), "cost serving")
    check("cost-conversation", printed("cost", "conversation", "--turns", 3, "--tokens-per-turn", 1000, "--json"), "cost conversation")
    for program in ("matmul", "convolution", "indexer", "attention", "sparse-attention"):
        check("tiles", printed("tiles", program, "--stages", 2, "--decisions", "--json"), f"tiles {program}")
    check("tiles", printed("tiles", "matmul", "--stages", 9, "--lang", "zh", "--json", status=(1,)), "tiles that overflow")
    check("tiles", printed("tiles", "attention", "--chip", "ascend-950", "--count-only", "--json"), "tiles that may fit")
    check("tiles-chips", printed("tiles", "chips", "--json"), "chips")
    check("measure", printed("measure", "--json", "--prefill", "--length", 64, 128), "measure")
    check("measure", json.loads((root / "assets/data/measured.json").read_text()), "assets/data/measured.json")
    check("clinic", printed("case", "clinic", "--json"), "clinic")
    for symptom in ("nonsense-above-top-k", "same-keys-win"):
        check("clinic", printed("case", "clinic", symptom, "--lang", "zh", "--json"), f"clinic {symptom}")
    for figure in ("matrix", "compare", "arcs", "pipeline", "growth", "prices"):
        check("scene", drawn("figure", figure, "--lang", "zh" if figure == "arcs" else "en"), f"scene of {figure}")
    check("scene", drawn("figure", "matrix", "--random", 96, "--theme", "dark"), "scene with an image")
    for failure in failures:
        print(f"schema: {failure}", file=sys.stderr)
    print(f"schemas: {checked} documents checked, {len(failures)} failures")
    sys.exit(1 if failures or checked < 32 else 0)


main()
