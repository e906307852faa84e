"""Parity of merging: the same recipes through mergekit and through `mergevolve merge`.

Random recipes of every method (but arcee_fusion, which golden cases hold) over random models (float32
without equal magnitudes, and bfloat16) and over the demo family, and any recipe files that are named, such
as exported ones. Elements that hang on an accident of the implementation are left out, counted and capped:
equal magnitudes at the cuts of `ties` and `breadcrumbs`, of which mergekit keeps arbitrary ones, and votes
that sum to zero but for rounding. Then the same again without that licence for cuts: mergekit is made to keep
the first of equal magnitudes (of sce, variances) and to use our masks, those of della included.

    python3 Benchmarks/parity/merges.py --mergevolve .build/release/mergevolve
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")

try:
    import torch
    import yaml

    import families
    import reference
except ImportError as missing:
    sys.exit(
        f"{missing}: parity needs a Python with mergekit 0.1.5, which brings torch and safetensors\n"
        "  fix: python3 -m venv peers && peers/bin/pip install mergekit==0.1.5, then PYTHON=peers/bin/python3")
from comparison import compare, load
from distribution import mask_facts, problems
from recipes import METHODS, Draw

CAPS = {torch.float32: 0.001, torch.bfloat16: 0.10}


class Parity:
    def __init__(self, program: Path, scratch: Path):
        self.program = program
        self.scratch = scratch
        self.count = 0
        self.failures: list[str] = []
        self.worst: dict[str, float] = {}
        self.excluded: dict[str, float] = {}
        self.cancelled = 0

    def ours(self, recipe: Path, out: Path) -> dict[str, torch.Tensor]:
        command = [self.program, "merge", recipe, out, "--no-copy-tokenizer", "--no-write-model-card"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mergevolve exited {done.returncode}: {done.stderr.strip()}")
        return load(out)

    def theirs(self, recipe: Path, out: Path, select=None, seed: int | None = None):
        with reference.watching(select) as watch:
            reference.run(recipe, out, seed)
        return load(out), watch

    def check(self, label: str, text: str) -> None:
        """One recipe, elementwise."""
        self.count += 1
        folder = self.scratch / f"{self.count:03}"
        folder.mkdir()
        recipe = folder / "recipe.yaml"
        recipe.write_text(text)
        found: list[str] = []
        line = ""
        try:
            line = self.compare_all(label, recipe, folder, found)
        except Exception as error:  # a crash of either program is a finding, not the end
            found.append(f"{type(error).__name__}: {error}")
        status = "FAIL" if found else "ok"
        print(f"{self.count:3} {label:40} {status:4} {line}", flush=True)
        for problem in found:
            print(f"      {problem}")
            self.failures.append(f"{label}: {problem}")
        if found:
            print("      " + text.replace("\n", "\n      "))
        shutil.rmtree(folder)

    def compare_all(self, label: str, recipe: Path, folder: Path, found: list[str]) -> str:
        methods = {stage["merge_method"] for stage in yaml.safe_load_all(recipe.read_text())}
        ours = self.ours(recipe, folder / "ours")
        line = ""
        random = {"dare_linear", "dare_ties", "della", "della_linear"}
        # The shares of sce are made of what is selected, so equal variances at the cut change every element.
        if not methods & (random | {"sce"}):
            theirs, watch = self.theirs(recipe, folder / "theirs")
            free = compare(ours, theirs, [watch.at_cut, watch.even_vote])
            found += free.failures
            cap = CAPS[torch.bfloat16 if "bf16" in label or "demo" in label else torch.float32]
            if free.excluded_share > cap:
                found.append(f"{free.excluded_share:.2%} left out, more than {cap:.1%}")
            line = f"worst {free.worst:.2g}, left out {free.excluded_share:.3%}"
            self.cancelled += free.cancelled
            if free.cancelled:
                line += f", {free.cancelled} near zero"
            kind = "float32" if next(iter(ours.values())).dtype == torch.float32 else "half"
            self.worst[kind] = max(self.worst.get(kind, 0), free.worst)
            self.excluded[label.split()[0]] = max(
                self.excluded.get(label.split()[0], 0), free.excluded_share)
        if methods & (random | {"ties", "breadcrumbs", "breadcrumbs_ties", "sce"}):
            select = reference.addressed_masks(reference.mask_seed(recipe))
            theirs, watch = self.theirs(recipe, folder / "aligned", select)
            strict = compare(ours, theirs, [watch.even_vote])
            if strict.cancelled:
                line += f"{', ' if line else ''}{strict.cancelled} near zero"
            found += [f"with our selection: {problem}" for problem in strict.failures]
            self.cancelled += strict.cancelled
            line += f"{', ' if line else ''}with our selection worst {strict.worst:.2g}"
        return line

    def check_masks(self, label: str, models: Path) -> None:
        """A single model with random masks: five seeds of either program, by distribution."""
        base, model = load(models / "base"), load(models / "far")
        for density in (0.25, 0.53):
            recipe = {
                "merge_method": "dare_linear",
                "base_model": str(models / "base"),
                "models": [
                    {"model": str(models / "far"), "parameters": {"weight": 0.7, "density": density}}],
                "dtype": "float32",
            }
            for seed in range(5):
                folder = self.scratch / f"masks-{label}-{density}-{seed}"
                folder.mkdir()
                path = folder / "recipe.yaml"
                path.write_text(f"# mergevolve: mask_seed={seed}\n" + yaml.safe_dump(recipe))
                runs = {
                    "mergevolve": self.ours(path, folder / "ours"),
                    "mergekit": self.theirs(path, folder / "theirs", seed=seed)[0],
                }
                for program, merged in runs.items():
                    facts = mask_facts(base, model, merged, 0.7)
                    found = problems(facts, density)
                    self.failures += [f"{label} {program} seed {seed}: {x}" for x in found]
                    print(
                        f"    {label} {program:10} density {density} seed {seed}: kept {facts.share:.4f}"
                        f" {'FAIL ' + '; '.join(found) if found else 'ok'}", flush=True)
                shutil.rmtree(folder)


def layers_of(models: Path) -> int:
    return yaml.safe_load((models / "base" / "config.json").read_text())["num_hidden_layers"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mergevolve", type=Path, required=True, help="the program to check")
    parser.add_argument("--demo", type=Path, help="folder of the demo family's models")
    parser.add_argument("--rounds", type=int, default=1, help="random recipes per method and family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("recipes", nargs="*", type=Path, help="further recipe files")
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="mergevolve-parity-") as scratch:
        parity = Parity(options.mergevolve.resolve(), Path(scratch))
        places = []
        for index, model_type in enumerate(families.ARCHITECTURES):
            for dtype, name in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
                tied = index == 1
                folder = families.family(
                    Path(scratch) / f"{model_type}-{name}", model_type, dtype, tied,
                    options.seed * 100 + index)
                places.append((f"{model_type}-{name}", folder, name))
        if options.demo:
            places.append(("demo", options.demo.resolve(), "bf16"))
        for place, (label, folder, kind) in enumerate(places):
            for round in range(options.rounds):
                seed = (options.seed * 1000 + place) * 1000 + round
                out_dtype = "float32" if kind == "f32" else "bfloat16"
                draw = Draw(folder, seed, layers_of(folder), out_dtype, "qwen2" not in label)
                for method in METHODS:
                    parity.check(f"{label} {method}", draw.single(method))
                parity.check(f"{label} stages", draw.staged())
        for label, folder, kind in places:
            if kind == "f32":
                parity.check_masks(label, folder)
        for recipe in options.recipes:
            parity.check(f"demo {recipe.name}", recipe.read_text())
        print(f"\n{parity.count} recipes, {len(parity.failures)} failures")
        print("largest difference: " + ", ".join(f"{k} {v:.3g}" for k, v in parity.worst.items()))
        print(f"half-precision elements near zero beyond one unit: {parity.cancelled}")
        print("largest share left out: " + ", ".join(f"{k} {v:.2%}" for k, v in parity.excluded.items()))
        return 1 if parity.failures else 0


if __name__ == "__main__":
    sys.exit(main())
