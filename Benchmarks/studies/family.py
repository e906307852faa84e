"""The demo family for the studies: its recipes, and the resident evaluator with what it has answered before."""

import hashlib
import json
import pathlib
import sqlite3
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "Datasets" / "demo"
BASE = DEMO / "models" / "base"
EXPERTS = ["arith", "numerals", "letters"]
TASKS = ["arith_gen", "numerals_gen", "letters_gen", "wordmath_gen"]
LAYERS = 6


def parents():
    """Base and experts, in the order in which they are shown."""
    return {"base": BASE} | {name: DEMO / "models" / f"expert-{name}" for name in EXPERTS}


def _document(method, entries, parameters, base=True):
    lines = [f"merge_method: {method}"]
    if base:
        lines.append(f"base_model: {BASE}")
    lines.append("models:")
    for name, values in entries:
        lines.append(f"  - model: {DEMO / 'models' / ('expert-' + name)}")
        lines.append(f"    parameters: {json.dumps(values)}")
    lines.append(f"parameters: {json.dumps(parameters)}")
    lines += ["dtype: float32", "out_dtype: bfloat16"]
    return "\n".join(lines) + "\n"


def knots(weights):
    """The recipe of the default space for weights[expert][knot]: the final norm has the last knot's value."""
    entries = []
    for name, values in zip(EXPERTS, np.asarray(weights, dtype=float).tolist()):
        entries.append(
            (name, {"weight": [{"filter": "model.norm.", "value": values[-1]}, {"value": values}]}))
    return _document("task_arithmetic", entries, {"lambda": 1.0, "normalize": False})


def uniform(weight):
    """Task arithmetic with one weight for all experts."""
    return _document(
        "task_arithmetic", [(name, {"weight": weight}) for name in EXPERTS],
        {"lambda": 1.0, "normalize": False})


def simple_merges():
    """The simple merges without random masks, with which every search begins."""
    linear = _document(
        "linear", [(name, {"weight": 1.0}) for name in EXPERTS], {"normalize": True}, base=False)
    ties = _document(
        "ties", [(name, {"weight": 1.0, "density": 0.5}) for name in EXPERTS],
        {"lambda": 1.0, "normalize": True})
    return {"linear": linear} | {f"task_arithmetic {w}": uniform(w) for w in (0.3, 0.5, 0.7, 1.0)} \
        | {"ties": ties}


def mergekit_genome(values, granularity):
    """mergekit-evolve's recipe for task_arithmetic: values[group][expert], one slice per group, no negative
    weights."""
    values = np.abs(np.reshape(values, (LAYERS // granularity, len(EXPERTS))))
    lines = ["merge_method: task_arithmetic", f"base_model: {BASE}", "slices:"]
    for group, weights in enumerate(values.tolist()):
        layers = [group * granularity, (group + 1) * granularity]
        lines.append("  - sources:")
        for name, weight in zip(EXPERTS, weights):
            lines.append(
                f"      - {{model: {DEMO / 'models' / ('expert-' + name)}, layer_range: {layers}, "
                f"parameters: {{weight: {weight!r}}}}}")
        lines.append(f"      - {{model: {BASE}, layer_range: {layers}}}")
    lines += ["parameters: {normalize: false}", "dtype: bfloat16"]
    return "\n".join(lines) + "\n"


def run(command):
    """What a program prints; ends the study where it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


class Evaluator:
    """Item results of recipes and models; what was answered once is kept in `cache`, a file.

    `tasks` is the folder of the task files; a cache is for one of them.
    """

    def __init__(self, program, cache=":memory:", precision="f32", batch=8, tasks=DEMO):
        self.process = subprocess.Popen(
            [program, str(BASE), precision] + [str(tasks / f"{task}.yaml") for task in TASKS],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.cache = sqlite3.connect(cache)
        self.cache.execute("CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, text TEXT)")
        self.precision = precision
        self.batch = batch

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the evaluator has ended")
        return json.loads(line)

    def items(self, split):
        """Tokens of every item, by task."""
        answer = self.ask({"split": split})[split]
        return {task: np.array(answer[task]["tokens"]) for task in TASKS}

    def _key(self, kind, text, split, decode):
        relative = text.replace(str(ROOT), "")
        name = "\n".join([kind, relative, split, decode, self.precision])
        return hashlib.sha256(name.encode()).hexdigest()

    def results(self, texts, split, decode="never", kind="recipes"):
        """For every recipe (or model: `kind="models"`) {metric: one array over the tasks' items}."""
        texts = [str(text) for text in texts]
        keys = [self._key(kind, text, split, decode) for text in texts]
        known = {}
        for key in keys:
            row = self.cache.execute("SELECT text FROM result WHERE key = ?", [key]).fetchone()
            if row:
                known[key] = row[0]
        missing = [(k, t) for k, t in dict(zip(keys, texts)).items() if k not in known]
        for start in range(0, len(missing), self.batch):
            part = missing[start:start + self.batch]
            answers = self.ask(
                {"split": split, "decode": decode, kind: [text for _, text in part]})["results"]
            for (key, _), answer in zip(part, answers):
                if "error" in answer:
                    raise SystemExit(answer["error"])
                known[key] = json.dumps(answer)
                self.cache.execute("INSERT INTO result VALUES (?, ?)", [key, known[key]])
            self.cache.commit()
        return [self._arrays(json.loads(known[key])) for key in keys]

    @staticmethod
    def _arrays(answer):
        found = {}
        for metric in answer[TASKS[0]]:
            name = metric.replace("_forced", "")
            found[name] = np.concatenate([np.array(answer[task][metric]) for task in TASKS])
        return found

    def verdict(self, first, second, seed, level=0.975):
        """The program's own paired bootstrap; both are lists of arrays, one per task."""
        return self.ask({
            "first": [list(map(float, part)) for part in first],
            "second": [list(map(float, part)) for part in second], "seed": seed, "level": level})
