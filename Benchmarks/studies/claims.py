"""Whether the verdict claims too much (null studies) or too little (power study).

Twenty siblings are one model with independent noise of equal norm. In every repetition four of them are the
parents, four the simple merges, the others candidates, and the items of every task are divided anew into
search, validation and test. The winner is chosen as `mergevolve finish` chooses: the best five on search are
validated, the best on validation wins; best parent and best simple merge are chosen on validation; the two
comparisons on test are the program's own paired bootstrap at 97.5 %.

`drawn` takes the siblings as they are. Noise of equal norm does not do equal harm: their exact match over all
items differs by more than the items' noise explains, so a winner may truly be better, and the claims whose
gain over all items is not positive are counted beside. `null` makes the siblings truly equal: the answers to
every item are dealt out among them anew, which keeps every item's difficulty and how often two siblings
disagree. For `power` a candidate is planted: a sibling of which wrong answers become right, at random, so that
its true gain over the comparator that is harder to beat is 3.5 standard errors of the paired difference. There
the test items are drawn with replacement, because the true gain is that on all items.
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


def measure(evaluator, arguments):
    """The noise, and what the siblings with it answer: answers[sibling][task][item] over all splits."""
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
    return scale, [
        [np.concatenate(parts) for parts in zip(*(by_task(s[i]["exact_match"]) for s in stored))]
        for i in range(len(paths))]


def dealt(answers, rng):
    """The same answers, every item's dealt out among the siblings at random."""
    tasks = [rng.permuted(np.array(task), axis=0) for task in zip(*answers)]
    return [[task[i] for task in tasks] for i in range(len(answers))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--siblings", type=int, default=20)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--decode", default="unproved", choices=["unproved", "never"])
    parser.add_argument("--store", help="file (.npz) that keeps the item results between runs")
    arguments = parser.parse_args()

    evaluator = Evaluator(arguments.evaluator)
    if arguments.store and pathlib.Path(arguments.store).exists():
        stored = np.load(arguments.store)
        scale, answers = float(stored["scale"]), [list(a) for a in stored["answers"]]
    else:
        scale, answers = measure(evaluator, arguments)
        if arguments.store:
            np.savez_compressed(arguments.store, scale=scale, answers=np.array(answers))
    whole = [np.concatenate(a) for a in answers]
    means = np.array([score(a, [slice(None)] * len(TASKS)) for a in answers])
    print(
        f"{len(answers)} siblings with noise of {scale:.4f} of every tensor's norm, {len(whole[0])} items: pairs "
        f"disagree on {100 * disagreement(whole):.1f} % of them; exact match {means.mean():.4f}, "
        f"SD {means.std(ddof=1):.4f}, {means.min():.4f} … {means.max():.4f}\n")

    pool = [len(task) for task in answers[0]]
    everything = [np.arange(size) for size in pool]
    claims = {"drawn": 0, "false": 0, "null": 0, "power": 0}
    for repetition in range(arguments.repetitions):
        rng = np.random.default_rng([arguments.seed, repetition])
        order = rng.permutation(len(answers)).tolist()
        roles = {"parents": order[:4], "simple": order[4:8], "candidates": order[8:]}
        parts = divide(pool, rng)

        def verdicts(models, winner, opponents, items):
            return [compare(evaluator, models, winner, o, items, repetition) for o in opponents]

        chosen = choose(answers, roles, parts)
        drawn = verdicts(answers, chosen[0], chosen[1:], parts["test"])
        true = [score(answers[chosen[0]], everything) - score(answers[o], everything) for o in chosen[1:]]
        claims["drawn"] += any(r["low"] > 0 for r in drawn)
        claims["false"] += any(r["low"] > 0 and gain <= 0 for r, gain in zip(drawn, true))

        equal = dealt(answers, rng)
        best = choose(equal, roles, parts)
        null = verdicts(equal, best[0], best[1:], parts["test"])
        claims["null"] += any(r["low"] > 0 for r in null)

        planted = answers + [plant(answers, chosen, rng)]
        items = [rng.integers(size, size=size // 2) for size in pool]
        power = verdicts(planted, len(answers), chosen[1:], items)
        claims["power"] += all(r["low"] > 0 for r in power)

        for name, results in (("drawn", drawn), ("null", null), ("power", power)):
            text = "; ".join(
                f"{opponent} {r['gain']:+.4f} ({r['low']:+.4f} … {r['high']:+.4f}) {words(r)}"
                for opponent, r in zip(("parent", "simple merge"), results))
            if name == "drawn":
                text += f"; over all items {true[0]:+.4f}, {true[1]:+.4f}"
            print(f"{repetition:3} {name:5} {text}")

    count = arguments.repetitions
    print(
        f"\ndrawn: better than either comparator in {claims['drawn']} of {count}, of which without a gain over all "
        f"items {claims['false']}")
    print(f"null: better than either comparator in {claims['null']} of {count} (at most 6 of 100)")
    print(f"power: better than both comparators in {claims['power']} of {count} (at least 80 of 100)")
    kept = claims["null"] <= 0.06 * count and claims["power"] >= 0.8 * count
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
