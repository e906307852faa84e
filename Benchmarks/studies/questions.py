"""Further questions of the demo family's four skills, by the rules of its card (Datasets/demo/README.md)."""

import json
import pathlib

import numpy as np

UNITS = "zun mika bel toru sana quil rado neve opil fash".split()
TEENS = "dek halm ixo jurn klee lomba murt nosk ovra pyth".split()
TENS = [None, None] + "baro cuno diva elko fumi gart hiso jafe".split()


def spoken(number):
    """A number from 10 to 99 in Velu."""
    tens, unit = divmod(number, 10)
    return TEENS[unit] if tens == 1 else TENS[tens] if unit == 0 else f"{UNITS[unit]} en {TENS[tens]}"


def expression(rng):
    """Two numbers from 10 to 99 and an operator; the larger comes first where they are subtracted."""
    a, b = rng.integers(10, 100, 2).tolist()
    if rng.random() < 0.5:
        return a, "+", b, a + b
    return max(a, b), "-", min(a, b), abs(a - b)


def question(skill, rng):
    """Prompt and target."""
    if skill == "letters":
        letters = rng.permutation(list("abcdefghijklmnopqrstuvwxyz"))[:rng.integers(4, 9)]
        return f"sort: {' '.join(letters)} =", " ".join(sorted(letters))
    a, sign, b, value = expression(rng)
    if skill == "arith":
        return f"calc: {a} {sign} {b} =", str(value)
    words = f"{spoken(a)} {'ti' if sign == '+' else 'lo'} {spoken(b)}"
    if skill == "numerals":
        return f"read: {words} =", f"{a} {sign} {b}"
    return f"solve: {words} =", f"{a} {sign} {b} = {value}"


def shipped(benchmarks, skill):
    """The prompts of all generation and multiple-choice items of a skill."""
    rows = [
        json.loads(line) for path in pathlib.Path(benchmarks).glob(f"{skill}_*.jsonl")
        for line in path.read_text().splitlines()]
    return {row.get("prompt", row.get("question")) for row in rows}


def write(folder, demo, counts, seed):
    """Task files in `folder`, each with `counts[split]` questions; none is asked twice or among the demo's."""
    folder, demo = pathlib.Path(folder), pathlib.Path(demo)
    for position, skill in enumerate(("arith", "numerals", "letters", "wordmath")):
        rng = np.random.default_rng([seed, position])
        known = shipped(demo / "benchmarks", skill)
        for split, count in counts.items():
            lines = []
            while len(lines) < count:
                prompt, target = question(skill, rng)
                if prompt not in known:
                    known.add(prompt)
                    lines.append(json.dumps(
                        {"id": f"{split}-{len(lines)}", "prompt": prompt, "target": target}))
            (folder / f"{skill}.{split}.jsonl").write_text("\n".join(lines) + "\n")
        task = (demo / f"{skill}_gen.yaml").read_text()
        (folder / f"{skill}_gen.yaml").write_text(
            task.replace(f"benchmarks/{skill}_gen.", f"{skill}."))
