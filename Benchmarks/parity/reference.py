"""Runs mergekit's own commands in this process, and watches what its kernels select."""

import contextlib
import re
from pathlib import Path

import numpy
import torch
import yaml
from mergekit.merge_methods import generalized_task_arithmetic as kernel
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

    `select(name, position, delta, density, method)` returns the mask to use, or None for mergekit's own.
    """
    watch = Watch()
    original_merge = kernel.GeneralizedTaskArithmeticMerge.merge_group
    original_sparsify = kernel.sparsify
    original_bernoulli, original_argsort = torch.bernoulli, torch.argsort
    current: dict = {}

    def sparsify(delta, density, method, **options):
        position = current["position"]
        current["position"] += 1
        name = current["name"]
        if method == SparsificationMethod.magnitude and 0 < density < 1:
            keep = max(1, int(density * delta.numel()))
            magnitudes = delta.abs().reshape(-1).float()
            cut = torch.sort(magnitudes, descending=True).values[keep - 1]
            if cut > 0 and int((magnitudes >= cut).sum()) > keep:
                watch.note(watch.at_cut, name, delta.abs() == cut)
        mask = select(name, position, delta, density, method) if select and density < 1 else None
        if mask is not None:
            torch.bernoulli = lambda probabilities: mask.to(probabilities.dtype)
            order = torch.argsort(mask.reshape(-1).to(torch.int8), descending=True, stable=True)
            torch.argsort = lambda *_, **__: order
        try:
            result = original_sparsify(delta, density=density, method=method, **options)
        finally:
            torch.bernoulli, torch.argsort = original_bernoulli, original_argsort
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
            sums = torch.stack(weighted)
            total, size = sums.sum(0).abs(), sums.abs().sum(0)
            watch.note(watch.even_vote, name, (size > 0) & (total <= 2.0**-20 * size))
            return result
        return original_merge(self, group, **parameters)

    kernel.sparsify = sparsify
    kernel.GeneralizedTaskArithmeticMerge.merge_group = merge_group
    try:
        yield watch
    finally:
        kernel.sparsify = original_sparsify
        kernel.GeneralizedTaskArithmeticMerge.merge_group = original_merge


def first_of_equal(name, position, delta, density, method):
    """Of equal magnitudes at the cut, those of lowest flat index."""
    if method != SparsificationMethod.magnitude or density <= 0:
        return None
    keep = max(1, int(density * delta.numel()))
    order = torch.argsort(delta.abs().reshape(-1).float(), descending=True, stable=True)[:keep]
    mask = torch.zeros(delta.numel(), dtype=torch.bool)
    mask[order] = True
    return mask.reshape(delta.shape)


def addressed_masks(seed: int):
    """The masks of a recipe with this mask seed, as Mergevolve defines them."""

    def select(name, position, delta, density, method):
        if method != SparsificationMethod.random:
            return first_of_equal(name, position, delta, density, method)
        words = element_words(f"{seed}/{name}/{position}", delta.numel())
        return torch.from_numpy(words * 2.0**-32 < density).reshape(delta.shape)

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
