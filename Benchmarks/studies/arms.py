"""Exact match of the running recommendation over tokens: Mergevolve against mergekit-evolve's settings.

Four arms search the demo family with the same budget in full passes over the search split, each with
several seeds:

  (i)   Mergevolve's default but for the range of the weights, which is the demo's; base, experts and simple merges
        are charged to it, and at every point of its curve all that choosing its recommendation takes: the items
        of the search split that finalists have not seen, and their validation
  (ii)  Mergevolve in mergekit-evolve's genome (a weight for each expert and group of layers) with plain CMA-ES,
        every candidate scored by its hits on all items
  (iii) pycma with mergekit-evolve's settings (start 1/experts, sigma 1/6, no bounds), best observed
  (iv)  random search in two knots for each expert with the same range, best observed

A second ratio leaves out what choosing takes, which is spent once, at the end, and not at every point.

The recommendation of (i) and (ii) after a generation is what `mergevolve finish` makes of the store as it
then was. Points are exact match on the four test files (mean, everything decoded that is not proved). The
target is the final median of (iii) less 0.01; the ratio is the passes from which (i) stays at or above it
over those of (iii), 1 where either does not; the interval is a bootstrap over the seeds.
"""

import argparse
import contextlib
import json
import pathlib
import sqlite3
import subprocess
import tempfile
import time

import numpy as np

from family import BASE, DEMO, EXPERTS, LAYERS, TASKS, Evaluator, knots, mergekit_genome, parents, run


def search_file(arm, granularity, evaluations, seed):
    experts = "\n".join(f"    {name}: {parents()[name]}" for name in EXPERTS)
    task = "\n  - {file: %s/%s.yaml%s}"
    metric, algorithm, evaluation = "", "auto", "{}"
    space = "weight: {range: [-0.2, 1.6]}"
    if arm == "(ii)":
        metric, algorithm, evaluation = ", metric: exact_match", "cma-es", "{subset: none, racing: false}"
        space = f"profile: {{layers_per_group: {granularity}}}, weight: {{range: [0, 2], start: 0.3333}}"
    tasks = "".join(task % (DEMO, name, metric) for name in TASKS)
    return (
        f"name: study\nmodels:\n  base: {BASE}\n  experts:\n{experts}\n"
        f"space: {{method: task_arithmetic, {space}}}\ntasks:{tasks}\n"
        f"search: {{algorithm: {algorithm}, evaluations: {evaluations}, seed: {seed}}}\n"
        f"evaluation: {evaluation}\n")


def cut(store, generation, copy):
    """A copy of a finished store as it was when a generation was closed; baselines keep all their scores."""
    with contextlib.closing(sqlite3.connect(store)) as source, \
            contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("CREATE TEMP TABLE gone AS SELECT id FROM candidate WHERE kind = 'finalist' "
                       "OR (kind = 'search' AND generation > ?)", [generation])
        for table in ("evaluation", "task_score", "item_result", "sample_text"):
            target.execute(f"DELETE FROM {table} WHERE candidate IN (SELECT id FROM gone)")
            target.execute(
                f"DELETE FROM {table} WHERE candidate IN (SELECT id FROM candidate WHERE kind = 'search') "
                "AND NOT EXISTS (SELECT 1 FROM search s WHERE split = 'search' "
                f"AND s.precision = {table}.precision AND s.decode = {table}.decode)")
        for table in ("finalist", "comparison", "test_look", "conclusion"):
            target.execute(f"DELETE FROM {table}")
        target.execute("DELETE FROM candidate WHERE id IN (SELECT id FROM gone)")
        target.execute("DELETE FROM generation WHERE number > ?", [generation])
        target.execute("UPDATE search SET phase = 'searching'")
        target.commit()


def hand_on(finished, copy):
    """What a finished copy knows of the baselines, which are the same in every copy, so that it is not scored again."""
    with contextlib.closing(sqlite3.connect(copy)) as rows:
        rows.execute("ATTACH ? AS finished", [str(finished)])
        for table in ("evaluation", "task_score", "item_result", "sample_text"):
            rows.execute(
                f"INSERT OR IGNORE INTO main.{table} SELECT * FROM finished.{table} WHERE candidate IN "
                "(SELECT id FROM main.candidate WHERE kind IN ('base', 'expert', 'simple'))")
        rows.commit()


def recommended(store, counts_all):
    """Passes that led to a finished store's winner, its score on test, and which of the passes chose it."""
    with contextlib.closing(sqlite3.connect(store)) as rows:
        def number(query):
            return rows.execute(query).fetchone()[0] or 0

        searched = (
            "FROM evaluation e JOIN candidate c ON c.id = e.candidate JOIN search s WHERE c.kind = 'search' "
            "AND e.split = 'search' AND e.precision = s.precision AND e.decode = s.decode")
        charged, choosing = number(f"SELECT sum(e.cost) {searched}"), 0
        if counts_all:
            charged += number(
                "SELECT count(*) FROM candidate WHERE kind IN ('base', 'expert', 'simple')")
            choosing = (
                number(f"SELECT sum(1 - e.cost) {searched} AND c.id IN (SELECT candidate FROM finalist)")
                + number("SELECT count(*) FROM candidate WHERE kind = 'finalist'")
                + number("SELECT count(DISTINCT candidate) FROM finalist"))
        score = number(
            "SELECT e.score FROM conclusion c JOIN evaluation e ON e.candidate = c.winner "
            "WHERE e.split = 'test' ORDER BY c.round DESC LIMIT 1")
    return float(charged + choosing), float(score), float(choosing)


def mergevolve(arm, program, arguments, seed, folder, baselines):
    """The curve of a search with this program: (passes, exact match on test, passes of choosing)."""
    charged = baselines if arm == "(i)" else 0
    file, store = folder / "search.yaml", folder / "store.sqlite"
    file.write_text(
        search_file(arm, arguments.granularity, arguments.budget - charged, seed))
    points, finished = [], None
    for copy in snapshots(program, file, store):
        if finished:
            hand_on(finished, copy)
            finished.unlink()
        run([program, "finish", str(copy)])
        points.append(recommended(copy, arm == "(i)"))
        finished = copy
    points.append(recommended(store, arm == "(i)"))
    return points


def snapshots(program, file, store):
    """Runs a search to its end; copies of its store after generations whose numbers grow by about a third.

    The optimizer's state is kept of the last two generations only, so they are taken while it runs.
    """
    copies, wanted = [], 0
    with subprocess.Popen(
            [program, "search", str(file), "--store", str(store)], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True) as search:
        while search.poll() is None:
            time.sleep(0.02)
            opened = newest_generation(store)
            if opened is not None and opened - 1 >= wanted:
                copies.append(store.with_name(f"at-{opened - 1}.sqlite"))
                cut(store, opened - 1, copies[-1])
                wanted = max(wanted + 1, round(wanted * 1.35))
        if search.returncode != 0:
            raise SystemExit(search.stderr.read()[-2000:])
    return copies


def newest_generation(store):
    """Number of the generation that was opened last; None before the first, or while the store is made."""
    if not store.exists():
        return None
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10)) as rows:
        return rows.execute("SELECT max(number) FROM generation").fetchone()[0]


class Observed:
    """Best observed on search, told by recipes in the order in which they were scored."""

    def __init__(self, search, judge):
        self.search, self.judge = search, judge
        self.passes, self.best, self.points = 0, -1.0, []

    def scores(self, recipes):
        scores = [float(r["exact_match"].mean()) for r in self.search.results(recipes, "search")]
        for recipe, score in zip(recipes, scores):
            self.passes += 1
            if score > self.best:
                self.best = score
                test = self.judge.results([recipe], "test", "unproved")[0]
                self.points.append((float(self.passes), float(test["exact_match"].mean()), 0.0))
        return scores


def pycma(search, judge, arguments, seed):
    import cma

    observed = Observed(search, judge)
    groups = LAYERS // arguments.granularity
    strategy = cma.CMAEvolutionStrategy(
        np.full(groups * len(EXPERTS), 1 / len(EXPERTS)), 1 / 6,
        {"maxfevals": arguments.budget, "seed": seed + 1, "verbose": -9})
    while not strategy.stop() and observed.passes < arguments.budget:
        genomes = strategy.ask()
        scores = observed.scores([mergekit_genome(g, arguments.granularity) for g in genomes])
        strategy.tell(genomes, [-score for score in scores])
    return observed.points


def random_search(search, judge, arguments, seed):
    observed = Observed(search, judge)
    draws = np.random.default_rng(seed).uniform(-0.2, 1.6, (arguments.budget, len(EXPERTS), 2))
    for start in range(0, arguments.budget, 8):
        observed.scores([knots(weights) for weights in draws[start:start + 8]])
    return observed.points


def at(points, grid, counts_choosing=True):
    """The curve as steps: nothing is recommended before the first point."""
    values = np.full(len(grid), -np.inf)
    for passes, score, choosing in points:
        values[grid >= passes - (0 if counts_choosing else choosing)] = score
    return values


def reached(curve, target, grid):
    """The passes from which a curve stays at or above the target; None if it does not end there."""
    below = np.flatnonzero(curve < target)
    if len(below) == 0:
        return float(grid[0])
    return float(grid[below[-1] + 1]) if below[-1] + 1 < len(grid) else None


def ratio(ours, theirs, grid):
    target = np.median(theirs, 0)[-1] - 0.01
    first = reached(np.median(ours, 0), target, grid)
    second = reached(np.median(theirs, 0), target, grid)
    return (first / second if first and second else 1.0), target, first, second


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mergevolve", help="the executable mergevolve")
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budget", type=int, default=300, help="full passes over the search split")
    parser.add_argument(
        "--granularity", type=int, default=2, help="layers per group of mergekit-evolve's genome")
    parser.add_argument("--cache", default=":memory:", help="file that keeps results between runs")
    parser.add_argument("--output", help="file for all curves, JSON")
    arguments = parser.parse_args()

    search = Evaluator(arguments.evaluator, arguments.cache, precision="auto")
    judge = Evaluator(arguments.evaluator, arguments.cache, precision="f32")
    tokens = int(sum(part.sum() for part in search.items("search").values()))
    baselines = len(parents()) + 7
    grid = np.arange(1, arguments.budget + 1)
    curves = {name: [] for name in ("(i)", "(ii)", "(iii)", "(iv)")}
    for seed in range(arguments.seeds):
        for arm in curves:
            with tempfile.TemporaryDirectory() as folder:
                if arm in ("(i)", "(ii)"):
                    points = mergevolve(
                        arm, arguments.mergevolve, arguments, seed, pathlib.Path(folder), baselines)
                elif arm == "(iii)":
                    points = pycma(search, judge, arguments, seed)
                else:
                    points = random_search(search, judge, arguments, seed)
            curves[arm].append(points)
            text = "  ".join(f"{passes:.0f}: {score:.4f}" for passes, score, _ in points)
            print(f"seed {seed} {arm:5} {text}", flush=True)
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(curves))

    steps = {arm: np.array([at(points, grid) for points in found]) for arm, found in curves.items()}
    steps["(i) °"] = np.array([at(points, grid, counts_choosing=False) for points in curves["(i)"]])
    shown = [p for p in (15, 25, 50, 75, 100, 150, 200, 250, 300) if p <= arguments.budget]
    print(f"\nMedian over {arguments.seeds} seeds of exact match on test; a pass is {tokens} tokens\n")
    print("passes  " + " ".join(f"{p:>7}" for p in shown))
    for arm, values in steps.items():
        medians = np.median(values, 0)
        cells = [f"{medians[p - 1]:7.4f}" if np.isfinite(medians[p - 1]) else "      –" for p in shown]
        print(f"{arm:7} " + " ".join(cells))
    print("(i) ° without the passes that choose the recommendation")

    value, high = compare(steps["(i)"], steps["(iii)"], grid, tokens, "(i)")
    compare(steps["(i) °"], steps["(iii)"], grid, tokens, "(i) °")
    print("goal, of the first: at most 1/3, and the upper end at most 1/2")
    raise SystemExit(0 if value <= 1 / 3 and high <= 0.5 else 1)


def compare(ours, theirs, grid, tokens, name):
    """Prints the ratio with its interval; returns it and the interval's upper end."""
    value, target, first, second = ratio(ours, theirs, grid)
    rng = np.random.default_rng(0)
    seeds = len(ours)
    draws = [
        ratio(ours[rng.integers(seeds, size=seeds)], theirs[rng.integers(seeds, size=seeds)], grid)[0]
        for _ in range(2000)]
    low, high = np.quantile(draws, [0.025, 0.975])

    def passes(value):
        return f"from {value:.0f} passes ({value * tokens:.0f} tokens)" if value else "never"

    print(
        f"\ntarget {target:.4f}: {name} {passes(first)}, (iii) {passes(second)}; ratio {value:.3f}, 95 % interval "
        f"{low:.3f} … {high:.3f} over seeds")
    return value, high


if __name__ == "__main__":
    main()
