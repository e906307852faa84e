"""What random masks must have in common, whoever drew them."""

from dataclasses import dataclass

import torch


@dataclass
class MaskFacts:
    kept: int
    candidates: int
    worst_scale: float
    """Largest relative spread of kept change over difference within a tensor."""
    worst_norm: float
    """Largest relative error of the restored L1 norm of a tensor."""

    @property
    def share(self) -> float:
        return self.kept / max(1, self.candidates)


def mask_facts(
    base: dict[str, torch.Tensor], model: dict[str, torch.Tensor],
    merged: dict[str, torch.Tensor], factor: float,
) -> MaskFacts:
    """Facts of one model, merged into the base with `factor` and rescaled."""
    facts = MaskFacts(0, 0, 0.0, 0.0)
    for name, start in base.items():
        delta = (model[name].float() - start.float()).double()
        change = merged[name].double() - start.double()
        # Smaller differences drown in the rounding of the sum.
        visible = delta.abs() > 1e-4 * delta.abs().max().clamp(min=1e-30)
        kept = visible & (change != 0)
        facts.kept += int(kept.sum())
        facts.candidates += int(visible.sum())
        if not bool(kept.any()):
            continue
        scale = delta.abs().sum() / delta[change != 0].abs().sum()
        error = (change - factor * scale * delta)[kept].abs().max() / (factor * scale * delta).abs().max()
        norm = change.abs().sum() / (abs(factor) * delta.abs().sum()) - 1
        facts.worst_scale = max(facts.worst_scale, float(error))
        facts.worst_norm = max(facts.worst_norm, float(norm.abs()))
    return facts


def problems(facts: MaskFacts, density: float) -> list[str]:
    error = (density * (1 - density) / max(1, facts.candidates)) ** 0.5
    found = []
    if abs(facts.share - density) > 4 * error:
        found.append(f"kept share {facts.share:.5f}, not {density} ± {4 * error:.5f}")
    if facts.worst_scale > 1e-5:
        found.append(f"kept elements are not scaled alike: {facts.worst_scale:.2g}")
    if facts.worst_norm > 1e-5:
        found.append(f"the L1 norm is off by {facts.worst_norm:.2g}")
    return found
