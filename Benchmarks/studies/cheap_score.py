"""How well a score at a tenth of the tokens ranks merges, beside what the noise of the items allows.

Draws random merges of the demo family in the default space (task arithmetic, two knots over depth, every
weight normal around 0.6), scores each on a whole split once, and then plays every estimator offline on
many random subsets. Prints means over the subsets: Spearman correlation with the exact match on the whole
split, share of the true ten best among the estimated ten best, and the share of the gap between a random
subset with plain exact match and the ceiling (the square root of the split-half reliability) that is closed.
"""

import argparse

import numpy as np

from family import Evaluator, TASKS, knots, parents, simple_merges


def ranks(values):
    """Average ranks along the last axis."""
    values = np.atleast_2d(values)
    out = np.empty(values.shape)
    for row, line in zip(out, values):
        _, inverse, counts = np.unique(line, return_inverse=True, return_counts=True)
        row[:] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return out


def spearman(first, second):
    return float(np.corrcoef(ranks(first)[0], ranks(second)[0])[0, 1])


def recall(estimate, truth, count=10):
    """Share of the true best that the estimate has among its best; equal estimates count for their share."""
    best = set(np.argsort(-truth, kind="stable")[:count])
    return len(best & set(np.argsort(-estimate, kind="stable")[:count])) / count


def ceiling(exact, strata, rng, repeats=200):
    """Square root of the reliability of the whole split's score, from random halves of its items."""
    found = []
    for _ in range(repeats):
        first = np.zeros(exact.shape[1], bool)
        for stratum in strata:
            first[rng.permutation(stratum)[: len(stratum) // 2]] = True
        r = spearman(exact[:, first].mean(1), exact[:, ~first].mean(1))
        found.append(2 * r / (1 + r))
    return float(np.sqrt(max(0.0, np.mean(found))))


class Pool:
    """Items of a split with what candidates and references did; references are paid for in any search."""

    def __init__(self, candidates, references, tokens, share):
        self.exact = np.array([r["exact_match"] for r in candidates])
        self.soft = np.array([r["soft_exact_match"] for r in candidates])
        self.reference_exact = np.array([r["exact_match"] for r in references])
        self.reference_soft = np.array([r["soft_exact_match"] for r in references])
        self.tokens = tokens
        self.budget = share * tokens.sum()
        size = len(tokens) // len(TASKS)
        self.strata = [np.arange(i * size, (i + 1) * size) for i in range(len(TASKS))]
        self.truth = self.exact.mean(1)

    def fill(self, order):
        """The first items of `order` whose tokens fit."""
        return np.array(order)[np.cumsum(self.tokens[order]) <= self.budget]

    def random(self, rng):
        """Random items, with an equal share of every task."""
        orders = [rng.permutation(stratum) for stratum in self.strata]
        return self.fill(np.array(orders).T.ravel())

    # Each returns (items, weight of each item, the weights summing to 1).

    def plain(self, rng):
        items = self.random(rng)
        return items, np.full(len(items), 1 / len(items))

    def sentinels(self, rng, wide=0.9):
        """Items that all references get right, or wrong, by a wide margin are a tenth of the draw."""
        low, high = self.reference_soft.min(0), self.reference_soft.max(0)
        settled = (low > wide) | (high < 1 - wide)
        open_items, closed = np.flatnonzero(~settled), np.flatnonzero(settled)
        order, waiting = [], list(rng.permutation(closed))
        for position, item in enumerate(self._mixed(open_items, rng)):
            order.append(item)
            if position % 9 == 8 and waiting:
                order.append(waiting.pop())
        items = self.fill(np.array(order))
        weights = np.empty(len(items))
        for part, members in ((settled, closed), (~settled, open_items)):
            drawn = part[items]
            if drawn.any():
                weights[drawn] = len(members) / drawn.sum()
        return items, weights / weights.sum()

    def _mixed(self, items, rng):
        """Random order with equal shares of the tasks for as long as they last."""
        orders = [list(rng.permutation(np.intersect1d(items, s))) for s in self.strata]
        mixed = []
        while any(orders):
            for order in orders:
                if order:
                    mixed.append(order.pop())
        return np.array(mixed, dtype=int)

    def information(self):
        """Spread of the soft score over the references, per root of a token (Neyman's allocation)."""
        return (self.reference_soft.std(0) + 0.02) / np.sqrt(self.tokens)

    def proportional(self, rng):
        """Items drawn with a probability proportional to their information, weighted by its inverse."""
        size = self.information()
        expected = self.budget / (size * self.tokens).sum() * size
        for _ in range(50):
            expected = np.minimum(1, expected)
            free = expected < 1
            left = self.budget - self.tokens[~free].sum()
            scale = left / (expected[free] * self.tokens[free]).sum()
            expected[free] *= scale
            if (expected <= 1 + 1e-9).all():
                break
        # Systematic draw, task after task in random order: every task gets what it should.
        order = np.concatenate([rng.permutation(s) for s in self.strata])
        steps = np.floor(np.cumsum(expected[order]) + rng.random())
        items = order[np.diff(np.concatenate([[0.0], steps])) > 0]
        return items, (1 / expected[items]) / (1 / expected[items]).sum()

    def top(self, rng):
        """The items of most information per token, all alike; always the same."""
        items = self.fill(np.argsort(-self.information(), kind="stable"))
        return items, np.full(len(items), 1 / len(items))

    # Estimates for all candidates at once.

    def mean(self, values, items, weights):
        return values[:, items] @ weights

    def regression(self, values, items, weights, features, ridge):
        """The weighted mean, corrected by what the features say of the items that were not drawn."""
        center, scale = features.mean(1, keepdims=True), features.std(1, keepdims=True) + 1e-9
        whole = ((features - center) / scale).T
        part = whole[items]
        mean = weights @ part
        deviation = (part - mean) * weights[:, None]
        gram = deviation.T @ (part - mean) + ridge * np.eye(part.shape[1])
        slope = np.linalg.solve(gram, deviation.T @ values[:, items].T)
        return self.mean(values, items, weights) + (whole.mean(0) - mean) @ slope

    def features(self, exact=False):
        tasks = np.array([np.isin(np.arange(len(self.tokens)), s) for s in self.strata[1:]], float)
        rows = [self.reference_soft, tasks]
        if exact:
            rows.append(self.reference_exact)
        return np.concatenate(rows)


def estimators(pool):
    both = pool.features()
    best = pool.reference_soft[[int(np.argmax(pool.reference_exact[:4].mean(1)))]]
    exact, soft = pool.exact, pool.soft

    def with_regression(values, draw, features=both, ridge=0.1):
        return lambda rng: pool.regression(values, *draw(rng), features, ridge)

    def with_mean(values, draw):
        return lambda rng: pool.mean(values, *draw(rng))

    return {
        "(i) random subset, exact match": with_mean(exact, pool.plain),
        "(ii) random subset, soft": with_mean(soft, pool.plain),
        "(iii) soft, best parent as control": with_regression(soft, pool.plain, best, 1e-6),
        "(iii) soft, regression on all": with_regression(soft, pool.plain),
        "(iii) exact, regression on all": with_regression(exact, pool.plain),
        "(iv) sentinels, exact": with_mean(exact, pool.sentinels),
        "(iv) sentinels, soft": with_mean(soft, pool.sentinels),
        "(v) by information, exact": with_mean(exact, pool.proportional),
        "(v) by information, soft": with_mean(soft, pool.proportional),
        "(v) most information, exact": with_mean(exact, pool.top),
        "(v) most information, soft": with_mean(soft, pool.top),
        "(iii + iv) sentinels, soft, regression": with_regression(soft, pool.sentinels),
        "(iii + v) by information, soft, regression": with_regression(soft, pool.proportional),
        "whole split, soft": lambda rng: soft.mean(1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("evaluator", help="the executable study-evaluator")
    parser.add_argument("--merges", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20260)
    parser.add_argument("--subsets", type=int, default=50)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--split", default="search")
    parser.add_argument("--cache", default=":memory:", help="file that keeps results between runs")
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    weights = rng.normal(0.6, 0.1, (arguments.merges, 3, 2))
    evaluator = Evaluator(arguments.evaluator, arguments.cache)
    tokens = np.concatenate([part for part in evaluator.items(arguments.split).values()])
    merges = evaluator.results([knots(w) for w in weights], arguments.split)
    references = evaluator.results(list(parents().values()), arguments.split, kind="models") \
        + evaluator.results(list(simple_merges().values()), arguments.split)
    pool = Pool(merges, references, tokens, arguments.share)
    top = ceiling(pool.exact, pool.strata, np.random.default_rng(1))
    print(
        f"{arguments.merges} merges (seed {arguments.seed}), split {arguments.split}: {len(tokens)} items, "
        f"{tokens.sum()} tokens; exact match {pool.truth.mean():.4f}, SD over the merges "
        f"{pool.truth.std(ddof=1):.4f}, ceiling {top:.3f}; {arguments.subsets} subsets of "
        f"{100 * arguments.share:.0f} % of the tokens, seeds 0…{arguments.subsets - 1}\n")
    print(f"{'cheap score':44} {'rank correlation':>18} {'top-10 recall':>14} {'gap closed':>11}")
    first = None
    for name, estimate in estimators(pool).items():
        found = [estimate(np.random.default_rng(seed)) for seed in range(arguments.subsets)]
        correlations = [spearman(scores, pool.truth) for scores in found]
        recalls = [recall(scores, pool.truth) for scores in found]
        mean = float(np.mean(correlations))
        first = mean if first is None else first
        print(
            f"{name:44} {mean:8.3f} ± {np.std(correlations):.3f}   {np.mean(recalls):14.3f} "
            f"{(mean - first) / (top - first):11.2f}")


if __name__ == "__main__":
    main()
