"""Times merge methods in torch on all cores, and prints how many times faster merge-bench was.

Formulations follow mergekit 0.1.5 (float32 arithmetic, one rounding to bfloat16 at the end); where torch
has a leaner way to the same numbers (kthvalue instead of a sort, accumulating instead of stacking), both are
timed and the faster one counts.

    merge-bench --json ours.json && python merge_torch.py ours.json
"""

import argparse
import json
import statistics
import time

import torch


def deltas_of(base, experts):
    base = base.float()
    return base, [expert.float() - base for expert in experts]


def rescaled(delta, mask):
    masked = delta * mask
    before, after = delta.abs().sum(), masked.abs().sum()
    return masked if before < 1e-7 or after < 1e-7 else masked * (before / after)


def combined(base, deltas, weight, election, normalize):
    """mergekit's generalized task arithmetic after sparsification."""
    stacked = torch.stack(deltas) * weight
    if not election:
        return (base + stacked.sum(dim=0)).bfloat16()
    majority = (stacked.sum(dim=0) >= 0).float() * 2 - 1
    mask = stacked.sign() == majority
    mixed = (stacked * mask).sum(dim=0)
    if normalize:
        divisor = (weight * mask).sum(dim=0)
        divisor[divisor == 0] = 1
        mixed /= divisor
    return (base + mixed).bfloat16()


def combined_lean(base, deltas, weight, election, normalize):
    """The same without a stack: fewer and smaller temporaries."""
    total = torch.zeros_like(base)
    for delta in deltas:
        delta *= weight
        total += delta
    if not election:
        return total.add_(base).bfloat16()
    positive = total >= 0
    total.zero_()
    divisor = torch.zeros_like(base) if normalize else None
    for delta in deltas:
        agrees = torch.where(positive, delta > 0, delta < 0)
        total.addcmul_(delta, agrees)
        if normalize:
            divisor.add_(agrees, alpha=weight)
    if normalize:
        divisor[divisor == 0] = 1
        total /= divisor
    return total.add_(base).bfloat16()


def by_sort(delta, density, gamma=0.0):
    count = delta.numel()
    keep, top = int(density * count), int(gamma * count)
    bottom = max(0, count - keep - top)
    order = torch.sort(delta.abs().view(-1)).indices
    mask = torch.zeros(count)
    mask[order[bottom : bottom + keep]] = 1
    return rescaled(delta, mask.view_as(delta))


def by_kth_value(delta, density, gamma=0.0):
    count = delta.numel()
    keep, top = int(density * count), int(gamma * count)
    bottom = max(0, count - keep - top)
    magnitudes = delta.abs().view(-1)
    low = torch.kthvalue(magnitudes, bottom + 1).values
    mask = magnitudes >= low
    if bottom + keep < count:
        mask &= magnitudes <= torch.kthvalue(magnitudes, bottom + keep).values
    return rescaled(delta, mask.view_as(delta))


def at_random(delta, density):
    return rescaled(delta, torch.bernoulli(torch.full_like(delta, density)))


def at_random_lean(delta, density):
    return rescaled(delta, torch.rand_like(delta) < density)


def by_rank(delta, density, epsilon):
    ranks = delta.abs().argsort(dim=1).argsort(dim=1).float()
    share = ranks / (delta.shape[1] - 1)
    return rescaled(delta, torch.bernoulli((density - epsilon) + share * 2 * epsilon))


def linear(models):
    result = torch.zeros_like(models[0], dtype=torch.float32)
    for model in models:
        result.addcmul_(model, torch.tensor(0.4))
    return result.div_(torch.tensor(1.2)).bfloat16()


def linear_lean(models):
    result = models[0].float().mul_(0.4)
    for model in models[1:]:
        result.add_(model, alpha=0.4)
    return result.div_(1.2).bfloat16()


def slerp(models):
    first, second = models[0].float(), models[1].float()
    cosine = torch.sum(first / first.norm() * (second / second.norm())).clamp(-1, 1)
    return interpolated(first, second, cosine)


def slerp_lean(models):
    first, second = models[0].float().view(-1), models[1].float().view(-1)
    cosine = (torch.dot(first, second) / first.norm() / second.norm()).clamp(-1, 1)
    return interpolated(first, second, cosine)


def interpolated(first, second, cosine):
    angle = torch.acos(cosine)
    factor = torch.sin(0.5 * angle) / torch.sin(angle) if cosine.abs() <= 0.9995 else 0.5
    return first.mul_(factor).add_(second.mul_(factor)).bfloat16()


def sce(models, selection):
    base, deltas = deltas_of(models[0], models[1:])
    vectors = torch.stack(deltas)
    mask = selection(vectors)
    vectors = vectors * mask
    majority = (vectors.sum(dim=0) >= 0).float() * 2 - 1
    agrees = vectors.sign() == majority
    weights = vectors.square().view(len(deltas), -1).mean(dim=1)
    weights = weights / weights.sum() if weights.sum() >= 1e-6 else torch.ones(2) / 2
    erased = weights.view(-1, 1, 1) * agrees
    return (base + (vectors * erased).sum(dim=0) / erased.sum(dim=0).clamp(min=1e-6)).bfloat16()


def largest_variances(vectors):
    variance = torch.var(vectors, dim=0, unbiased=False)
    count = int(torch.count_nonzero(variance) * 0.5)
    indices = torch.topk(variance.view(-1), count).indices
    mask = torch.zeros_like(variance)
    mask.view(-1)[indices] = 1
    return mask


def variances_above_kth(vectors):
    variance = torch.var(vectors, dim=0, unbiased=False)
    count = int(torch.count_nonzero(variance) * 0.5)
    return variance >= torch.kthvalue(variance.view(-1), variance.numel() - count + 1).values


def task_vectors(sparsify, election, normalize, combine):
    def merge(models):
        base, deltas = deltas_of(models[0], models[1:])
        return combine(base, [sparsify(delta) for delta in deltas], 0.4, election, normalize)

    return merge


def family(sparsifiers, election, normalize=False):
    return [
        task_vectors(sparsify, election, normalize, combine)
        for sparsify in sparsifiers
        for combine in (combined, combined_lean)
    ]


MAGNITUDE = [lambda d: by_sort(d, 0.5), lambda d: by_kth_value(d, 0.5)]
OUTLIERS = [lambda d: by_sort(d, 0.5, 0.01), lambda d: by_kth_value(d, 0.5, 0.01)]
RANDOM = [lambda d: at_random(d, 0.5), lambda d: at_random_lean(d, 0.5)]
RANKS = [lambda d: by_rank(d, 0.5, 0.1)]

METHODS = {
    "linear": [linear, linear_lean],
    "slerp": [slerp, slerp_lean],
    "task_arithmetic": family([lambda d: d], election=False),
    "ties": family(MAGNITUDE, election=True, normalize=True),
    "dare_linear": family(RANDOM, election=False),
    "dare_ties": family(RANDOM, election=True),
    "breadcrumbs": family(OUTLIERS, election=False),
    "breadcrumbs_ties": family(OUTLIERS, election=True),
    "della": family(RANKS, election=True),
    "della_linear": family(RANKS, election=False),
    "sce": [lambda m: sce(m, largest_variances), lambda m: sce(m, variances_above_kth)],
}
GOALS = {"linear": 2, "slerp": 2, "ties": 8, "breadcrumbs": 8, "della": 8, "sce": 8}


def median_seconds(merge, models, repetitions):
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        merge(models)
        times.append(time.perf_counter() - began)
        if times[-1] > 5:  # A second look would not change much.
            break
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours", help="what merge-bench --json wrote")
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    with open(arguments.ours) as file:
        ours = {entry["method"]: entry for entry in json.load(file)}
    some = next(iter(ours.values()))
    elements = some["bytes"] // 2 // (some["models"] + 1)
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(elements // 4096, 4096, generator=generator) * 0.03
    models = [base.bfloat16()] + [
        (base + torch.randn(base.shape, generator=generator) * 0.005).bfloat16() for _ in range(2)
    ]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {elements} elements")
    print("method            torch s   ours s  times faster  ours with statistics s  times faster")
    with torch.inference_mode():
        for name, formulations in METHODS.items():
            if name not in ours:
                continue
            entry = ours[name]
            used = models[: entry["models"]]
            seconds = min(
                median_seconds(merge, used, arguments.repetitions) for merge in formulations
            )
            whole = entry["seconds"] + entry["statistics_seconds"]
            goal = f"  (goal {GOALS[name]})" if name in GOALS else ""
            print(
                f"{name:17s} {seconds:7.3f}  {entry['seconds']:7.4f}  {seconds / entry['seconds']:12.1f}"
                f"  {whole:22.4f}  {seconds / whole:12.1f}{goal}",
                flush=True,
            )


if __name__ == "__main__":
    main()
