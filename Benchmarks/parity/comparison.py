"""Compares two merged checkpoints tensor by tensor."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file


def load(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    return tensors


def ordinal(values: torch.Tensor) -> torch.Tensor:
    """Half-precision numbers as integers in their order, neighbours one apart."""
    bits = values.view(torch.int16).int()
    return torch.where(bits < 0, -(bits & 0x7FFF), bits)


@dataclass
class Comparison:
    elements: int = 0
    excluded: int = 0
    cancelled: int = 0
    """Half-precision results that are more than one unit apart, but so near zero, where terms of
    the sum cancel, that their difference is below the tolerance of single precision."""
    worst: float = 0.0
    """Largest difference: relative to the tensor's largest magnitude, or in units of the last place."""
    failures: list[str] = field(default_factory=list)

    @property
    def excluded_share(self) -> float:
        return self.excluded / max(1, self.elements)


def compare(
    ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor],
    exclusions: list[dict[str, torch.Tensor]],
) -> Comparison:
    """Single precision within 2e-6 of the tensor's largest magnitude, half within one unit.

    A half-precision result is a single-precision one rounded once. Where its terms cancel it may be far
    smaller than they are, and one unit less than the error that single precision is allowed: such
    elements meet that tolerance instead, are counted, and may be one in ten thousand.
    """
    result = Comparison()
    if ours.keys() != theirs.keys():
        result.failures.append(f"tensors differ: {sorted(ours.keys() ^ theirs.keys())[:4]}")
    for name in sorted(ours.keys() & theirs.keys()):
        a, b = ours[name], theirs[name]
        if a.dtype != b.dtype or a.shape != b.shape:
            result.failures.append(f"{name}: {a.dtype} {tuple(a.shape)}, not {b.dtype} {tuple(b.shape)}")
            continue
        if not bool(torch.isfinite(a).all()):
            result.failures.append(f"{name}: not finite")
            continue
        compared = torch.ones(a.shape, dtype=torch.bool)
        for masks in exclusions:
            if name in masks:
                compared &= ~masks[name]
        result.elements += a.numel()
        result.excluded += int((~compared).sum())
        scale = max(float(b.abs().max()), 1e-30) if b.numel() else 1.0
        error, limit = (a.double() - b.double()).abs() / scale, 2e-6
        if a.dtype != torch.float32:
            units = (ordinal(a) - ordinal(b)).abs().double()
            cancelled = compared & (units > 1) & (error <= limit)
            result.cancelled += int(cancelled.sum())
            error, limit = torch.where(cancelled, 1.0, units), 1.0
        worst = float(torch.where(compared, error, 0.0).max()) if a.numel() else 0.0
        result.worst = max(result.worst, worst)
        if worst > limit:
            count = int(((error > limit) & compared).sum())
            result.failures.append(f"{name}: {count} of {a.numel()} elements off, by up to {worst:.3g}")
    if result.cancelled > 1e-4 * result.elements:
        result.failures.append(f"{result.cancelled} elements near zero are more than one unit apart")
    return result
