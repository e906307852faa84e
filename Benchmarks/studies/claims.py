"""Whether the verdict claims too much (null studies) or too little (power study).

Twenty siblings are one model with independent noise of equal norm. In every repetition four of them are the
parents, four the simple merges, the others candidates, and the items of every task are divided anew into
search, validation and test. The winner is chosen as `mergevolve finish` chooses: the best five on search are
validated, the best on validation wins; best parent and best simple merge are chosen on validation; the two
comparisons on test are the program's own paired bootstrap at 97.5 %.

A null study counts false claims, so there must be nothing to find. Noise of equal norm does not do equal harm:
siblings as they come differ in skill by twice the standard error of a comparison, wherever in the model the noise
is, and the verdict rightly says so. The null is therefore `matched`: many siblings are made, and those twenty are
taken whose skill is most alike on thousands of questions of the same kinds that are in none of the divided splits
(matching on these would set search against test). What is left of the differences is stated: the standard
deviation over all items, beside what independent items alone would give.

Beside it: `drawn`, the first twenty siblings as they come, with the claims whose gain over all items is not
positive; and `dealt`, which makes the matched siblings exactly equal: the answers to every item are dealt out among
them anew, which keeps every item's difficulty and how often two siblings disagree. For `power` a candidate is
planted: a matched sibling of which wrong answers become right, at random, so that its true gain over the comparator
that is harder to beat is 3.5 standard errors of the paired difference. There the test items are drawn with
replacement, because the true gain is that on all items.
"""

import argparse
import pathlib
import tempfile

import numpy as np

import questions
import siblings
from family import DEMO, Evaluator, TASKS, parents

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


def over_all_items(answers):
    return score(answers, [slice(None)] * len(answers))


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


def alike(scores, count):
    """Positions of the `count` scores that lie closest together."""
    order = np.argsort(scores, kind="stable")
    spans = scores[order[count - 1:]] - scores[order[:len(order) - count + 1]]
    first = int(np.argmin(spans))
    return sorted(order[first:first + count].tolist())


def matched(arguments, paths, folder):
    """The siblings of most equal skill on outside questions: a short look at all, a long one at the likeliest."""
    (folder / "outside").mkdir()
    questions.write(
        folder / "outside", DEMO, {"search": 400, "validation": 3200, "test": 1}, arguments.seed)
    evaluator = Evaluator(arguments.evaluator, precision="auto", tasks=folder / "outside")
    left = list(range(len(paths)))
    for split, count in (("search", 5 * arguments.siblings // 2), ("validation", arguments.siblings)):
        results = evaluator.results([paths[i] for i in left], split, kind="models")
        skill = np.array([r["exact_match"].mean() for r in results])
        kept = alike(skill, count)
        print(
            f"  of {len(left)} siblings, exact match on {len(results[0]['exact_match'])} outside questions "
            f"{skill.mean():.4f}, SD {skill.std(ddof=1):.4f}, the {count} most alike have "
            f"{skill[kept].min():.4f} … {skill[kept].max():.4f}, SD {skill[kept].std(ddof=1):.4f}", flush=True)
        left = [left[i] for i in kept]
    return left


def measure(evaluator, arguments):
    """The noise, and what drawn and matched siblings answer: answers[sibling][task][item] over all splits."""
    model = parents()["base"]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        scale = find_scale(evaluator, model, folder, arguments.seed)
        paths = []
        for index in range(arguments.made):
            path = folder / f"sibling-{index}"
            siblings.write(model, path, scale, arguments.seed + index)
            paths.append(path)
        found = {"drawn": list(range(arguments.siblings)), "matched": matched(arguments, paths, folder)}

        def answers(members):
            stored = [
                evaluator.results([paths[i] for i in members], split, arguments.decode, kind="models")
                for split in SPLITS]
            return [
                [np.concatenate(parts) for parts in zip(*(by_task(s[i]["exact_match"]) for s in stored))]
                for i in range(len(members))]

        return scale, {name: answers(members) for name, members in found.items()}


def describe(name, answers):
    """How equal siblings are, over all items."""
    whole = np.array([np.concatenate(a) for a in answers])
    means = whole.mean(1)
    share = disagreement(whole)
    # Of two siblings of equal skill: their difference is 1 or -1 on the items on which they disagree.
    expected = np.sqrt(share / 2 / whole.shape[1])
    print(
        f"{name}: {len(answers)} siblings, pairs disagree on {100 * share:.1f} % of {whole.shape[1]} items; exact "
        f"match {means.mean():.4f}, {means.min():.4f} … {means.max():.4f}, SD {means.std(ddof=1):.4f}, independent "
        f"items alone {expected:.4f}; standard error of a comparison on test {np.sqrt(2 * share / whole.shape[1]):.4f}")


def dealt(answers, rng):
    """The same answers, every item's dealt out among the siblings at random."""
    tasks = [rng.permuted(np.array(task), axis=0) for task in zip(*answers)]
    return [[task[i] for task in tasks] for i in range(len(answers))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--siblings", type=int, default=20)
    parser.add_argument("--made", type=int, default=120, help="siblings from which the matched ones are taken")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--decode", default="unproved", choices=["unproved", "never"])
    parser.add_argument("--store", help="file (.npz) that keeps the item results between runs")
    arguments = parser.parse_args()

    evaluator = Evaluator(arguments.evaluator)
    if arguments.store and pathlib.Path(arguments.store).exists():
        stored = np.load(arguments.store)
        scale = float(stored["scale"])
        answers = {name: [list(a) for a in stored[name]] for name in ("drawn", "matched")}
    else:
        scale, answers = measure(evaluator, arguments)
        if arguments.store:
            np.savez_compressed(
                arguments.store, scale=scale, **{name: np.array(a) for name, a in answers.items()})
    print(f"noise of {scale:.4f} of every tensor's norm")
    for name, found in answers.items():
        describe(name, found)
    print()

    pool = [len(task) for task in answers["drawn"][0]]
    claims = {name: 0 for name in ("drawn", "matched", "dealt", "power")}
    false = {"drawn": 0, "matched": 0}
    for repetition in range(arguments.repetitions):
        rng = np.random.default_rng([arguments.seed, repetition])
        order = rng.permutation(arguments.siblings).tolist()
        roles = {"parents": order[:4], "simple": order[4:8], "candidates": order[8:]}
        parts = divide(pool, rng)

        def judge(name, models, winner, opponents, items, note=""):
            results = [compare(evaluator, models, winner, o, items, repetition) for o in opponents]
            text = "; ".join(
                f"{opponent} {r['gain']:+.4f} ({r['low']:+.4f} … {r['high']:+.4f}) {words(r)}"
                for opponent, r in zip(("parent", "simple merge"), results))
            print(f"{repetition:3} {name:7} {text}{note}")
            return [r["low"] > 0 for r in results]

        for name in ("drawn", "matched"):
            found = answers[name]
            winner, *opponents = choose(found, roles, parts)
            gains = [over_all_items(found[winner]) - over_all_items(found[o]) for o in opponents]
            better = judge(
                name, found, winner, opponents, parts["test"],
                f"; over all items {gains[0]:+.4f}, {gains[1]:+.4f}")
            claims[name] += any(better)
            false[name] += any(claim and gain <= 0 for claim, gain in zip(better, gains))

        equal = dealt(answers["matched"], rng)
        winner, *opponents = choose(equal, roles, parts)
        claims["dealt"] += any(judge("dealt", equal, winner, opponents, parts["test"]))

        chosen = choose(answers["matched"], roles, parts)
        planted = answers["matched"] + [plant(answers["matched"], chosen, rng)]
        items = [rng.integers(size, size=size // 2) for size in pool]
        claims["power"] += all(judge("power", planted, len(planted) - 1, chosen[1:], items))

    count = arguments.repetitions
    print()
    for name, what in (
            ("drawn", "siblings as they come"), ("matched", "the null"), ("dealt", "exactly equal siblings")):
        text = f"{name}, {what}: better than either comparator in {claims[name]} of {count}"
        if name in false:
            text += f", of which without a gain over all items {false[name]}"
        print(text + (" (goal: at most 6 of 100)" if name == "matched" else ""))
    print(f"power: better than both comparators in {claims['power']} of {count} (goal: at least 80 of 100)")
    kept = claims["matched"] <= 0.06 * count and claims["power"] >= 0.8 * count
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
