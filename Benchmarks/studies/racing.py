"""Racing on and off at equal wall time: candidates tried, final score on test, candidates stopped wrongly.

Every seed searches the demo family twice within the same time limit, once with and once without racing, in the
demo's space, by hits on all items, and with more evaluations than the time allows. Whichever arm goes first changes from seed to seed,
since other programs may slow the machine. Tokens are those that were asked for by candidates of the search.

A stopped candidate is a false kill if its score on the whole search split would have put it among the best mu of
its generation, the candidates that the optimizer selects; a tie with the last of them counts as one. The whole
scores of stopped candidates come from the same evaluator in the search's own precision, which is first shown to
give the scores that the store holds. Beside them stands what `mergevolve status` expects: the sum, over the looks,
of the probability that a stopped candidate was not behind the last of the leaders.
"""

import argparse
import contextlib
import json
import pathlib
import sqlite3
import tempfile

import numpy as np

from family import BASE, DEMO, EXPERTS, TASKS, Evaluator, parents, run

CHECKED = 8


def search_file(seconds, seed, racing):
    experts = "\n".join(f"    {name}: {parents()[name]}" for name in EXPERTS)
    tasks = "\n".join(f"  - {{file: {DEMO}/{task}.yaml, metric: exact_match}}" for task in TASKS)
    return (
        f"name: study\nmodels:\n  base: {BASE}\n  experts:\n{experts}\nspace:\n  method: task_arithmetic\n"
        "  profile: {knots: 2}\n  weight: {range: [-0.2, 1.6]}\n"
        f"tasks:\n{tasks}\nsearch: {{evaluations: 100000, time_limit: {seconds}, seed: {seed}}}\n"
        f"evaluation: {{subset: none, racing: {'true' if racing else 'false'}}}\n")


def value(rows, query):
    return rows.execute(query).fetchone()[0] or 0


def outcome(store):
    """What a finished search tried, what it was charged, and the winner's score on test."""
    ours = "FROM evaluation e JOIN candidate c ON c.id = e.candidate JOIN search s WHERE c.kind = 'search' " \
        "AND e.split = 'search' AND e.precision = s.precision AND e.decode = s.decode"
    with contextlib.closing(sqlite3.connect(store)) as rows:
        return {
            "tried": value(rows, "SELECT count(*) FROM candidate WHERE kind = 'search' "
                                 "AND status IN ('scored', 'stopped', 'failed')"),
            "stopped": value(rows, "SELECT count(*) FROM candidate WHERE status = 'stopped'"),
            "passes": value(rows, f"SELECT sum(e.cost) {ours}"),
            "tokens": value(rows, f"SELECT sum(e.requested_tokens) {ours}"),
            "seconds": value(rows, "SELECT max(elapsed) FROM event WHERE kind IN ('wave', 'look') AND id <= "
                                   "(SELECT max(id) FROM event WHERE kind IN ('generation', 'look'))"),
            "test": value(
                rows, "SELECT e.score FROM conclusion k JOIN evaluation e ON e.candidate = k.winner "
                      "WHERE e.split = 'test' ORDER BY k.round DESC LIMIT 1"),
        }


def generations(store):
    """The closed generations: their selected number, mu, and lists of (status, recipe, stored whole score)."""
    with contextlib.closing(sqlite3.connect(store)) as rows:
        # LearningRates.swift: mu is half of the generation.
        selected = value(rows, "SELECT population FROM plan") // 2
        found = {}
        for run, number, *candidate in rows.execute(
                "SELECT c.run, c.generation, c.status, c.recipe, e.score FROM candidate c "
                "JOIN generation g ON g.run = c.run AND g.number = c.generation JOIN search s "
                "LEFT JOIN evaluation e ON e.candidate = c.id AND e.split = 'search' AND e.complete = 1 "
                "AND e.precision = s.precision AND e.decode = s.decode "
                "WHERE c.kind = 'search' AND g.outcome = 'closed' AND c.status IN ('scored', 'stopped') "
                "ORDER BY c.id"):
            found.setdefault((run, number), []).append(candidate)
    return selected, list(found.values())


def whole_scores(evaluator, recipes):
    """The mean over the tasks, summed as the program does."""
    results = evaluator.results(recipes, "search")
    return [float(np.mean([part.mean() for part in np.split(r["exact_match"], len(TASKS))])) for r in results]


def false_kills(store, evaluator):
    """How many stopped candidates belonged to the best mu of their generation, and how many of these by a tie."""
    selected, groups = generations(store)
    stored = [(recipe, score) for group in groups for _, recipe, score in group if score is not None]
    for (_, score), again in zip(stored, whole_scores(evaluator, [recipe for recipe, _ in stored[:CHECKED]])):
        if abs(score - again) > 1e-12:
            raise SystemExit(f"the evaluator says {again} where {store} says {score}")
    wrong, tied = 0, 0
    for group in groups:
        missing = [recipe for _, recipe, score in group if score is None]
        known = dict(zip(missing, whole_scores(evaluator, missing)))
        scores = [known[recipe] if score is None else score for _, recipe, score in group]
        for index, (status, _, _) in enumerate(group):
            if status != "stopped":
                continue
            others = np.array(scores[:index] + scores[index + 1:])
            # The program's scores and these may differ in the last bit.
            if np.sum(others > scores[index] + 1e-9) < selected:
                wrong += 1
                tied += np.sum(others > scores[index] - 1e-9) >= selected
    return wrong, tied


def search(arguments, seed, racing, evaluator):
    with tempfile.TemporaryDirectory() as folder:
        file, store = pathlib.Path(folder) / "search.yaml", pathlib.Path(folder) / "store.sqlite"
        file.write_text(search_file(arguments.seconds, seed, racing))
        run([arguments.mergevolve, "search", str(file), "--store", str(store)])
        found = outcome(store)
        if racing:
            found["wrong"], found["tied"] = false_kills(store, evaluator)
            status = json.loads(run([arguments.mergevolve, "status", str(store), "--json"]))
            found["expected"] = (status["racing"] or {}).get("expected_mistakes", 0.0)
    return found


def line(found):
    text = (
        f"{found['tried']:6.0f} candidates  {found['passes']:7.1f} passes  {found['tokens']:10.0f} tokens  "
        f"{found['seconds']:6.1f} s  test {found['test']:.4f}")
    if "wrong" in found:
        text += (
            f"  stopped {found['stopped']:.0f}, of these wrongly {found['wrong']:.0f} ({found['tied']:.0f} by a "
            f"tie; expected {found['expected']:.1f})")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mergevolve", help="the executable mergevolve")
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=40, help="time limit of every search, baselines included")
    parser.add_argument("--cache", default=":memory:", help="file that keeps results between runs")
    arguments = parser.parse_args()

    evaluator = Evaluator(arguments.evaluator, arguments.cache, precision="auto")
    found = {True: [], False: []}
    for seed in range(arguments.seeds):
        for racing in ([True, False] if seed % 2 == 0 else [False, True]):
            found[racing].append(search(arguments, seed, racing, evaluator))
            print(f"seed {seed} racing {'on ' if racing else 'off'} {line(found[racing][-1])}", flush=True)

    print(f"\nsums over {arguments.seeds} seeds, of test the mean:")
    for racing, results in found.items():
        total = {key: sum(r[key] for r in results) for key in results[0]}
        total["test"] /= len(results)
        print(f"racing {'on ' if racing else 'off'} {line(total)}")
    gains = np.array([a["test"] - b["test"] for a, b in zip(found[True], found[False])])
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else float("nan")
    print(
        f"racing tries {sum(r['tried'] for r in found[True]) / sum(r['tried'] for r in found[False]):.2f} times as "
        f"many candidates; its gain on test is {gains.mean():+.4f}, standard error {error:.4f} over the seeds")


if __name__ == "__main__":
    main()
