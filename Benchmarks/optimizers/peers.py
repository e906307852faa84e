"""pycma and cmaes on the functions, starts and run numbers of the optimizer suite.

Called by optimizer-suite: MODE SEEDS QUESTION..., answers as JSON {row: {package: cell}}.
Needs cma 4.5.0, cmaes 0.13.1 and numpy.
"""
import json
import os
import sys
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

warnings.filterwarnings("ignore")
import cma
import cmaes

import functions as suite

TARGET = 1e-8


def pycma(f, start, sigma, seed, budget, **options):
    base = dict(seed=seed, verbose=-9, maxfevals=budget, ftarget=TARGET, tolfun=1e-12)
    strategy = cma.CMAEvolutionStrategy(list(start), sigma, {**base, **options})
    count = 0
    while not strategy.stop():
        points = strategy.ask()
        values = []
        for point in points:
            count += 1
            values.append(f(np.asarray(point)))
            if values[-1] <= TARGET:
                return count
        strategy.tell(points, values)
    return None


def cma_restarts(f, n, sigma, seed, budget, bipop):
    best = {}
    count = 0

    def counted(x):
        nonlocal count
        count += 1
        value = f(np.asarray(x))
        if value <= TARGET and "at" not in best:
            best["at"] = count
        return value

    np.random.seed(seed)
    cma.fmin(counted, lambda: np.random.uniform(-4, 4, n), sigma, restarts=9, bipop=bipop,
             options=dict(seed=seed, verbose=-9, maxfevals=budget, ftarget=TARGET))
    return best.get("at")


def cmaes_run(optimizer, f, budget):
    count = 0
    while count < budget and not optimizer.should_stop():
        told = []
        for _ in range(optimizer.population_size):
            point = optimizer.ask()
            count += 1
            value = f(point)
            if value <= TARGET:
                return count
            told.append((point, value))
        optimizer.tell(told)
    return None


def sizes(text):
    return [int(part) for part in text.split("+")]


def continuous(name, n, budget, seed, diagonal):
    f = suite.make_continuous(name, n)
    start = suite.start(seed, n, -4, 4)
    options = dict(CMA_diagonal=True) if diagonal else {}
    kind = cmaes.SepCMA if diagonal else cmaes.CMA
    yield "pycma", lambda: pycma(f, start, 2.0, seed, budget, **options)
    yield "cmaes", lambda: cmaes_run(kind(mean=start, sigma=2.0, seed=seed), f, budget)


def bounded(name, n, budget, seed):
    f = suite.make_bounded(name, n)
    start = suite.start(seed, n, 0.2, 0.8)
    yield "pycma", lambda: pycma(f, start, 0.2, seed, budget, bounds=[0, 1])
    box = np.array([[0.0, 1.0]] * n)
    optimizer = cmaes.CatCMAwM(
        x_space=np.array([[0.0, 1.0]] * n), mean=start, cov=np.eye(n), sigma=0.2, seed=seed)
    yield "cmaes", lambda: cmaes_run(optimizer, lambda p: f(p.x), budget)


def mixed(name, n, budget, seed):
    half = n // 2
    start = suite.start(seed, n, 1, 3)
    onemax = name.endswith("onemax")

    def value(x, z):
        return suite.make_mixed_int(name, np.asarray(x, float), np.asarray(z, float))

    def run():
        if onemax:
            optimizer = catcmawm(start[:half], [], [2] * half, seed)
            return cmaes_run(optimizer, lambda p: value(p.x, np.argmax(p.c, axis=1)), budget)
        optimizer = catcmawm(start[:half], start[half:], None, seed)
        return cmaes_run(optimizer, lambda p: value(p.x, p.z), budget)

    yield "cmaes", run

    def whole(v):
        z = np.clip(np.round(v[half:]), 0, 1) if onemax else np.clip(np.round(v[half:]), -10, 10)
        return value(v[:half], z)

    begin = np.concatenate([start[:half], np.full(half, 0.5)]) if onemax else start
    options = dict(integer_variables=list(range(half, n)))
    if onemax:
        options["bounds"] = [[None] * half + [0] * half, [None] * half + [1] * half]
    yield "pycma", lambda: pycma(whole, begin, 1.0, seed, budget, **options)


def categorical(name, size, budget, seed):
    reals, integers, categories = sizes(size)
    start = suite.start(seed, reals + integers, 1, 3)

    def run():
        optimizer = catcmawm(start[:reals], start[reals:], [5] * categories, seed)

        def value(point):
            z = point.z if integers else np.zeros(0)
            return suite.cat_value(name, point.x, z, np.argmax(point.c, axis=1), 5)

        return cmaes_run(optimizer, value, budget)

    yield "cmaes", run


def catcmawm(x, z, c, seed):
    """The spaces of the figures: unbounded reals, integers -10...10, standard deviation 1."""
    return cmaes.CatCMAwM(
        x_space=np.array([[-1e9, 1e9]] * len(x)),
        z_space=np.array([list(range(-10, 11))] * len(z)) if len(z) else None,
        c_space=np.array(c) if c else None, mean=np.concatenate([x, z]),
        cov=np.eye(len(x) + len(z)), sigma=1.0, seed=seed)


def evaluations(seeds, questions):
    answers = {}
    for question in questions:
        kind, name, size, budget = question.split("\t")
        budget = int(budget)
        results = {}
        for seed in range(1, seeds + 1):
            if kind in ("continuous", "diagonal"):
                solvers = continuous(name, int(size), budget, seed, kind == "diagonal")
            elif kind == "bounded":
                solvers = bounded(name, int(size), budget, seed)
            elif kind == "mixed":
                solvers = mixed(name, int(size), budget, seed)
            elif kind == "categorical":
                solvers = categorical(name, size, budget, seed)
            else:
                function, way = name.split(", ")
                n = int(size)
                f = suite.make_continuous(function, n)
                solvers = [("pycma", lambda: cma_restarts(f, n, 2.0, seed, budget, way == "bipop"))]
            for package, run in solvers:
                results.setdefault(package, []).append(run())
        row = f"{kind} {name} {size}"
        answers[row] = {}
        for package, values in results.items():
            reached = [v for v in values if v is not None]
            if not reached:
                cell = f"0/{len(values)}"
            else:
                cell = str(int(np.median(reached)))
                if len(reached) < len(values):
                    cell += f" ({len(reached)}/{len(values)})"
            answers[row][package] = cell
        print(row, answers[row], file=sys.stderr)
    return answers


def merge(seeds, questions):
    objective = suite.Merge("A")
    answers = {}
    for question in questions:
        knots = None if question == "per layer" else 6
        values = []
        for seed in range(1, seeds + 1):
            rows = knots or 24
            n = 2 * rows + 4
            optimizer = cmaes.CatCMAwM(
                x_space=np.array([[0.0, 1.0]] * n), c_space=np.array([4] * 4),
                mean=np.full(n, 0.5), cov=np.eye(n), sigma=0.1, seed=seed)

            def decode(x, c):
                w = np.clip(x[:2 * rows], 0, 1).reshape(rows, 2)
                if knots:
                    place = np.arange(24) / 23 * (knots - 1)
                    w = np.stack([np.interp(place, np.arange(knots), w[:, m]) for m in range(2)], axis=1)
                return w, c, 0.1 + 0.9 * np.clip(x[2 * rows:], 0, 1)

            count = 0
            while count + optimizer.population_size <= 1000:
                told = []
                for _ in range(optimizer.population_size):
                    point = optimizer.ask()
                    w, c, d = decode(point.x, np.argmax(point.c, axis=1))
                    told.append((point, objective.observed(w, c, d, seed, count)))
                    count += 1
                optimizer.tell(told)
            w, c, d = decode(optimizer._mean[:n], np.argmax(optimizer._q, axis=1))
            values.append(objective.true(w, c, d))
        answers[question] = {"cmaes": f"{np.median(values):.3f}"}
    return answers


def times(_, questions):
    n, size, covariance = questions[0].split("\t")
    n, size = int(n), int(size)
    f = suite.make_continuous("sphere", n)
    start = suite.start(1, n, -4, 4)
    diagonal = covariance == "diagonal"
    generations = {10: 40, 100: 12}.get(n, 4)
    cells = {}
    for package in ("pycma", "cmaes"):
        measured = []
        for seed in range(1, 8):
            if package == "pycma":
                strategy = cma.CMAEvolutionStrategy(
                    list(start), 2.0, dict(seed=seed, verbose=-9, popsize=size, CMA_diagonal=diagonal))
            else:
                kind = cmaes.SepCMA if diagonal else cmaes.CMA
                strategy = kind(mean=start, sigma=2.0, seed=seed, population_size=size)
            spent = 0.0
            for _ in range(generations):
                began = time.perf_counter()
                points = strategy.ask() if package == "pycma" else [strategy.ask() for _ in range(size)]
                spent += time.perf_counter() - began
                values = [f(np.asarray(p)) for p in points]
                began = time.perf_counter()
                if package == "pycma":
                    strategy.tell(points, values)
                else:
                    strategy.tell(list(zip(points, values)))
                spent += time.perf_counter() - began
            measured.append(spent / (generations * size) * 1e6)
        cells[package] = str(round(float(np.median(measured))))
    return {"time": cells}


if __name__ == "__main__":
    mode, seeds, questions = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    modes = {"evaluations": evaluations, "merge": merge, "time": times}
    print(json.dumps(modes[mode](seeds, questions)))
