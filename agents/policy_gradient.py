"""Losses of policy gradients over whole episodes, for REINFORCE, actor-critics and COMA.

Every loss is ``[S, n]``, one for each seed and agent: the mean over the steps that count. The policy gradient is taken
without the factor ``γ^t`` of the discounted objective, as is usual.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST_DEVIATION = 1e-6


def counted_mean(values: Tensor, counted: Tensor) -> Tensor:
    """Return the mean ``[S, n]`` over the steps that count of values ``[S, n, R]``; 0 where none does.

    `counted` is ``[S, 1, R]``.
    """
    return (values * counted).sum(dim=-1) / counted.sum(dim=-1).clamp(min=1)


def standardised(advantages: Tensor, counted: Tensor) -> Tensor:
    """Return advantages ``[S, n, R]`` less their mean, over their standard deviation, among the steps that count.

    Where they are all the same they become 0.
    """
    centred = advantages - counted_mean(advantages, counted)[..., None]
    deviation = counted_mean(centred.square(), counted).sqrt()[..., None]
    return torch.where(deviation > SMALLEST_DEVIATION, centred / deviation.clamp(min=SMALLEST_DEVIATION), 0.0)


def policy_loss(
    log_densities: Tensor, advantages: Tensor, entropies: Tensor, counted: Tensor, *, entropy_weight: float
) -> Tensor:
    """Return ``−mean(log π(a | o) A + w H(π(· | o)))``; the advantages are constants.

    Parameters
    ----------
    log_densities, advantages, entropies : ``[S, n, R]``.
    counted : ``[S, 1, R]``.
    entropy_weight : w.
    """
    return -counted_mean(log_densities * advantages.detach() + entropy_weight * entropies, counted)


def value_loss(values: Tensor, returns: Tensor, counted: Tensor) -> Tensor:
    """Return ``mean (V(o) − G)²``; the returns are constants; all but `counted` ``[S, 1, R]`` are ``[S, n, R]``."""
    return counted_mean((values - returns.detach()).square(), counted)
