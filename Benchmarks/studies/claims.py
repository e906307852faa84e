"""Whether the verdict claims too much (null study) or too little (power study).

Twenty siblings are one model with independent noise of equal norm, so that none is truly much better. In
every repetition four of them are the parents, four the simple merges, the others candidates, and the items
of every task are divided anew into search, validation and test. The winner is chosen as `mergevolve finish`
chooses: the best five on search are validated, the best on validation wins; best parent and best simple
merge are chosen on validation; the two comparisons on test are the program's own paired bootstrap at 97.5 %.

For the power study a candidate is planted: a sibling of which wrong answers become right, at random, so
that its true gain over the better founded of the two comparators is 3.5 standard errors of the paired
difference. There the test items are drawn with replacement, because the true gain is that on all items.
"""

import argparse
import pathlib
import tempfile

import numpy as np

import siblings
from family import Evaluator, TASKS, parents

SPLITS = ["search", "validation", "test"]


def disagreement(results):
    """Mean share of the items on which two siblings differ."""
    count = len(results)
    pairs = [(a, b) for a in range(count) for b in range(a)]
    return float(np.mean([np.mean(results[a] != results[b]) for a, b in pairs]))


def by_task(values):
    """Splits a result over all tasks of one split."""
    return np.split(values, len(TASKS))


def find_scale(evaluator, model, folder, seed, wanted=0.15):
    """Bisects the noise for siblings that disagree on `wanted` of the search items."""
    low, high = 0.0, 0.3
    for step in range(12):
        scale = (low + high) / 2
        made = []
        for index in range(4):
            path = folder / f"try-{step}-{index}"
            siblings.write(model, path, scale, seed * 1000 + index)
            made.append(path)
        results = evaluator.results(made, "search", kind="models")
        share = disagreement([r["exact_match"] for r in results])
        print(f"  noise {scale:.4f} of the norm: pairs disagree on {100 * share:.1f} % of the items")
        if abs(share - wanted) < 0.01:
            break
        low, high = (scale, high) if share < wanted else (low, scale)
    return scale


def divide(pool, rng):
    """Per split and task the items' numbers; sizes as in the demo: a quarter, a quarter, a half."""
    parts = {split: [] for split in SPLITS}
    for size in pool:
        order = rng.permutation(size)
        quarter = size // 4
        parts["search"].append(order[:quarter])
        parts["validation"].append(order[quarter:2 * quarter])
        parts["test"].append(order[2 * quarter:])
    return parts


def score(answers, items):
    return float(np.mean([task[part].mean() for task, part in zip(answers, items)]))


def choose(answers, roles, parts):
    """Winner, best parent and best simple merge as `finish` chooses them; the first of equals."""
    def best(members, split):
        return max(members, key=lambda m: (score(answers[m], parts[split]), -members.index(m)))

    ranked = sorted(
        roles["candidates"], key=lambda m: -score(answers[m], parts["search"]))
    return best(ranked[:5], "validation"), best(roles["parents"], "validation"), \
        best(roles["simple"], "validation")


def words(result):
    return "better" if result["low"] > 0 else "worse" if result["high"] < 0 else "no difference"


def compare(evaluator, answers, winner, opponent, items, seed):
    def pick(model):
        return [task[part] for task, part in zip(answers[model], items)]

    return evaluator.verdict(pick(winner), pick(opponent), seed)


def plant(answers, chosen, rng):
    """A candidate whose gain on all items over each comparator is at least 3.5 paired standard errors of the
    test split, and exactly that over one."""
    source, parent, simple = chosen
    sizes = [len(task) // 2 for task in answers[source]]
    flips = [rng.random(len(task)) for task in answers[source]]

    def planted(share):
        return [np.where(f < share, 1.0, task) for f, task in zip(flips, answers[source])]

    def strength(candidate, opponent):
        differences = [a - b for a, b in zip(candidate, answers[opponent])]
        gain = np.mean([d.mean() for d in differences])
        error = np.sqrt(sum(d.var(ddof=1) / n for d, n in zip(differences, sizes))) / len(sizes)
        return gain / error

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        made = planted(middle)
        if min(strength(made, parent), strength(made, simple)) < 3.5:
            low = middle
        else:
            high = middle
    return planted(high)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--siblings", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--decode", default="unproved", choices=["unproved", "never"])
    arguments = parser.parse_args()

    evaluator = Evaluator(arguments.evaluator)
    model = parents()["base"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        scale = find_scale(evaluator, model, folder, arguments.seed)
        paths = []
        for index in range(arguments.siblings):
            path = folder / f"sibling-{index}"
            siblings.write(model, path, scale, arguments.seed + index)
            paths.append(path)
        stored = [
            evaluator.results(paths, split, arguments.decode, kind="models") for split in SPLITS]
    answers = [
        [np.concatenate(parts) for parts in zip(*(by_task(s[i]["exact_match"]) for s in stored))]
        for i in range(len(paths))]
    whole = [np.concatenate(a) for a in answers]
    means = np.array([score(a, [slice(None)] * len(TASKS)) for a in answers])
    print(
        f"{len(paths)} siblings with noise of {scale:.4f} of every tensor's norm, {len(whole[0])} items: pairs "
        f"disagree on {100 * disagreement(whole):.1f} % of them; exact match {means.mean():.4f}, "
        f"SD {means.std(ddof=1):.4f}, {means.min():.4f} … {means.max():.4f}\n")

    pool = [len(task) for task in answers[0]]
    claims = {"null": 0, "power": 0}
    for repetition in range(arguments.repetitions):
        rng = np.random.default_rng([arguments.seed, repetition])
        order = rng.permutation(len(paths)).tolist()
        roles = {"parents": order[:4], "simple": order[4:8], "candidates": order[8:]}
        parts = divide(pool, rng)
        chosen = choose(answers, roles, parts)
        null = [
            compare(evaluator, answers, chosen[0], opponent, parts["test"], repetition)
            for opponent in chosen[1:]]
        claims["null"] += any(r["low"] > 0 for r in null)

        planted = answers + [plant(answers, chosen, rng)]
        drawn = [rng.integers(size, size=size // 2) for size in pool]
        power = [
            compare(evaluator, planted, len(answers), opponent, drawn, repetition)
            for opponent in chosen[1:]]
        claims["power"] += all(r["low"] > 0 for r in power)
        for name, results in (("null", null), ("power", power)):
            text = "; ".join(
                f"{opponent} {r['gain']:+.4f} ({r['low']:+.4f} … {r['high']:+.4f}) {words(r)}"
                for opponent, r in zip(("parent", "simple merge"), results))
            print(f"{repetition:3} {name:5} {text}")

    count = arguments.repetitions
    print(f"\nnull: better than either comparator in {claims['null']} of {count} (at most 6 of 100)")
    print(f"power: better than both comparators in {claims['power']} of {count} (at least 80 of 100)")
    kept = claims["null"] <= 0.06 * count and claims["power"] >= 0.8 * count
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
