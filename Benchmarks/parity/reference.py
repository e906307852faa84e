"""Runs mergekit's own commands in this process, and watches what its kernels select."""

import contextlib
import re
import types
from pathlib import Path

import numpy
import torch
import yaml
from mergekit.merge_methods import generalized_task_arithmetic as kernel
from mergekit.merge_methods import sce
from mergekit.merge_methods.base import FunctionalGroupMergeMethod
from mergekit.scripts import multimerge, run_yaml
from mergekit.sparsify import SparsificationMethod


def run(recipe: Path, out: Path, seed: int | None = None) -> None:
    """`mergekit-yaml`, or `mergekit-multi` for several documents."""
    documents = [x for x in yaml.safe_load_all(recipe.read_text()) if x is not None]
    options = ["--no-write-model-card", "--no-copy-tokenizer", "--quiet"]
    if seed is not None:
        options += ["--random-seed", str(seed)]
    if len(documents) == 1:
        arguments = [str(recipe), str(out), *options]
        run_yaml.main.main(arguments, standalone_mode=False)
    else:
        stages = out.with_name(out.name + "-stages")
        arguments = [str(recipe), "--intermediate-dir", str(stages), "--out-path", str(out), *options]
        multimerge.main.main(arguments, standalone_mode=False)


class Watch:
    """Elements of each output tensor whose value hangs on an accident of the implementation."""

    def __init__(self):
        self.at_cut: dict[str, torch.Tensor] = {}
        self.even_vote: dict[str, torch.Tensor] = {}

    def note(self, where: dict[str, torch.Tensor], name: str, mask: torch.Tensor) -> None:
        where[name] = where[name] | mask if name in where else mask.clone()


@contextlib.contextmanager
def watching(select=None):
    """Patches the task-vector kernel: yields what it met, and lets `select` choose the elements.

    `select(name, position, delta, density, method, options)` returns the mask to use, or None for mergekit's own.
    """
    watch = Watch()
    original_merge = kernel.GeneralizedTaskArithmeticMerge.merge_group
    original_sparsify = kernel.sparsify
    original_bernoulli, original_argsort, original_sort = torch.bernoulli, torch.argsort, torch.sort
    original_group, original_mask = FunctionalGroupMergeMethod.merge_group, sce.sce_mask
    current: dict = {}

    def sparsify(delta, density, method, **options):
        position = current["position"]
        current["position"] += 1
        name = current["name"]
        if 0 < density < 1:
            tied = torch.zeros(delta.shape, dtype=torch.bool)
            for cut in ambiguous_cuts(delta, density, method, options.get("gamma", 0)):
                tied |= delta.abs() == cut
            if bool(tied.any()):
                watch.note(watch.at_cut, name, tied)
        mask = None
        if select and density < 1:
            mask = select(name, position, delta, density, method, options)
        if mask is not None:
            chosen = mask.reshape(-1).to(torch.int8)
            torch.bernoulli = lambda probabilities: mask.reshape(probabilities.shape).to(probabilities.dtype)
            if method == SparsificationMethod.magnitude:
                order = original_argsort(chosen, descending=True, stable=True)
                torch.argsort = lambda *_, **__: order
            if method == SparsificationMethod.magnitude_outliers:
                # The chosen ones where mergekit takes the middle of its ascending order.
                count = delta.numel()
                keep, top = int(density * count), int(options["gamma"] * count)
                bottom = max(0, count - keep - top)
                kept, rest = torch.nonzero(chosen)[:, 0], torch.nonzero(chosen == 0)[:, 0]
                order = torch.cat([rest[:bottom], kept, rest[bottom:]])
                torch.sort = lambda *_, **__: types.SimpleNamespace(indices=order)
        try:
            result = original_sparsify(delta, density=density, method=method, **options)
        finally:
            torch.bernoulli, torch.argsort, torch.sort = (
                original_bernoulli, original_argsort, original_sort)
        current["deltas"].append(result)
        return result

    def merge_group(self, group, /, **parameters):
        name = group.metadata.name
        current.update(name=name, position=0, deltas=[])
        if self.consensus_method and group.non_base:
            result = original_merge(self, group, **parameters)
            weighted = [
                delta.double() * parameters["weight"][entry.id]
                for delta, entry in zip(current["deltas"], group.non_base)]
            note_even_votes(watch, name, weighted)
            return result
        return original_merge(self, group, **parameters)

    def functional_group(self, group, /, **parameters):
        current["name"] = group.metadata.name
        if self.spec.name == "sce" and parameters["select_topk"] >= 1 and group.non_base:
            note_even_votes(watch, group.metadata.name, [x.tensor - group.base.tensor for x in group.non_base])
        return original_group(self, group, **parameters)

    def sce_mask(vectors, density, mask_dtype=None):
        name = current["name"]
        mask = original_mask(vectors, density, mask_dtype)
        if 0 < density < 1:
            variances = torch.var(vectors, dim=0, unbiased=False)
            kept = int((mask != 0).sum())
            order = torch.argsort(variances.reshape(-1), descending=True, stable=True)
            if 0 < kept < variances.numel():
                # Variances are rounded sums: those that single precision cannot tell from the cut.
                cut = variances.reshape(-1)[order[kept - 1]]
                near = (variances - cut).abs() <= 2.0**-20 * cut
                if int(near.sum()) > 1 and cut > 0:
                    watch.note(watch.at_cut, name, near)
                if select:
                    mask = first_of_largest(vectors, mask, near)
        note_even_votes(watch, name, list(vectors * mask))
        return mask

    kernel.sparsify = sparsify
    FunctionalGroupMergeMethod.merge_group = functional_group
    sce.sce_mask = sce_mask
    kernel.GeneralizedTaskArithmeticMerge.merge_group = merge_group
    try:
        yield watch
    finally:
        kernel.sparsify = original_sparsify
        FunctionalGroupMergeMethod.merge_group = original_group
        sce.sce_mask = original_mask
        kernel.GeneralizedTaskArithmeticMerge.merge_group = original_merge


def first_of_largest(vectors, mask, near):
    """As many elements as `mask` selects, by variances that are rounded once, of equal ones the first.

    Which of the elements at the cut are selected decides the models' shares, and so every result.
    """
    variances = torch.var(vectors.double(), dim=0, unbiased=False).float().reshape(-1)
    order = torch.argsort(variances, descending=True, stable=True)
    chosen = torch.zeros_like(mask)
    chosen.view(-1)[order[: int((mask != 0).sum())]] = 1
    if bool(((chosen != mask) & ~near).any()):
        raise RuntimeError("mergekit selects other elements than those of largest variance")
    return chosen


def note_even_votes(watch: Watch, name: str, votes: list) -> None:
    sums = torch.stack([vote.double() for vote in votes])
    total, size = sums.sum(0).abs(), sums.abs().sum(0)
    watch.note(watch.even_vote, name, (size > 0) & (total <= 2.0**-20 * size))


def ambiguous_cuts(delta, density, method, gamma) -> list:
    """Magnitudes of which only some are kept, so that the order of equal ones decides."""
    magnitudes = torch.sort(delta.abs().reshape(-1).float(), descending=True).values
    count = delta.numel()
    if method == SparsificationMethod.magnitude:
        places = [max(1, int(density * count))]
    elif method == SparsificationMethod.magnitude_outliers:
        keep = int(density * count)
        drop = min(int(gamma * count), count - keep)
        places = [drop, drop + keep]
    else:
        return []
    return [
        magnitudes[place] for place in places
        if 0 < place < count and magnitudes[place] == magnitudes[place - 1] and magnitudes[place] > 0]


def first_of_equal(delta, density, method, gamma):
    """Of equal magnitudes at a cut, those of lowest flat index come first in descending order."""
    count = delta.numel()
    keep, drop = int(density * count), 0
    if method == SparsificationMethod.magnitude:
        keep = max(1, keep) if density > 0 else 0
    else:
        drop = min(int(gamma * count), count - keep)
    order = torch.argsort(delta.abs().reshape(-1).float(), descending=True, stable=True)
    mask = torch.zeros(count, dtype=torch.bool)
    mask[order[drop:drop + keep]] = True
    return mask.reshape(delta.shape)


def addressed_masks(seed: int):
    """The masks of a recipe with this mask seed, as Mergevolve defines them."""

    def select(name, position, delta, density, method, options):
        if method in (SparsificationMethod.magnitude, SparsificationMethod.magnitude_outliers):
            return first_of_equal(delta, density, method, options.get("gamma", 0))
        probability = density
        if method == SparsificationMethod.della_magprune and density > 0:
            rows = delta.abs().reshape(1, -1) if delta.dim() < 2 else delta.abs()
            ranks = torch.argsort(torch.argsort(rows, dim=1, stable=True), dim=1).double()
            slope = 2 * options["epsilon"] / (rows.shape[1] - 1)
            probability = (density - options["epsilon"] + slope * ranks).reshape(-1).numpy()
        words = element_words(f"{seed}/{name}/{position}", delta.numel())
        return torch.from_numpy(words * 2.0**-32 < probability).reshape(delta.shape)

    return select


def mask_seed(recipe: Path) -> int:
    match = re.search(r"^# mergevolve: mask_seed=(\d+)", recipe.read_text(), re.MULTILINE)
    return int(match[1]) if match else 0


def element_words(text: str, count: int) -> numpy.ndarray:
    """Philox4x32-10 words of elements 0..<count, keyed by the text."""
    key = 0xCBF29CE484222325
    for byte in text.encode():
        key = (key ^ byte) * 0x100000001B3 & (1 << 64) - 1
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    key = (key ^ key >> 27) * 0x94D049BB133111EB & (1 << 64) - 1
    key ^= key >> 31
    low = numpy.uint64(0xFFFFFFFF)
    shift = numpy.uint64(32)
    quads = numpy.arange((count + 3) // 4, dtype=numpy.uint64)
    c0, c1 = quads & low, quads >> shift
    c2, c3 = numpy.zeros_like(quads), numpy.zeros_like(quads)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = numpy.uint64(0xD2511F53) * c0, numpy.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (p1 >> shift) ^ c1 ^ numpy.uint64(k0), p1 & low,
            (p0 >> shift) ^ c3 ^ numpy.uint64(k1), p0 & low)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return numpy.stack([c0, c1, c2, c3], axis=1).reshape(-1)[:count]
