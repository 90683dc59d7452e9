"""Targets, losses and weights of Q-learning, as functions of what they depend on.

Values are ``[S, n, B, K]``: of S seeds, n learners, B transitions, and K alternatives; losses are ``[S, n]``.

References
----------
van Hasselt, Guez, Silver (2016), arXiv:1509.06461, for double Q-learning.
Foerster et al. (2017), arXiv:1702.08887, for the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

MINUS_INFINITY = -1e9


def legal_values(values: Tensor, legal: Tensor) -> Tensor:
    """Return the values with those of illegal alternatives far below all others."""
    return values.masked_fill(~legal, MINUS_INFINITY)


def greedy_value(chooser: Tensor, judge: Tensor, legal: Tensor) -> Tensor:
    """Return ``[S, n, B]``: the judge's value of the legal alternative that the chooser values most.

    With the target network as both this is ``max_a Q'(o', a)``; with the online network as chooser it is double
    Q-learning.
    """
    best = legal_values(chooser, legal).argmax(dim=-1, keepdim=True)
    return judge.gather(-1, best).squeeze(-1)


def temporal_difference_loss(
    values: Tensor, targets: Tensor, *, kind: Literal["huber", "squared"], delta: float, weights: Tensor | None = None
) -> Tensor:
    """Return the weighted mean ``[S, n]`` of the loss of ``Q(o, a) − y``, all ``[S, n, B]``; the target is a constant.

    Huber's loss is ``d² / 2`` up to ``|d| = δ`` and ``δ (|d| − δ / 2)`` beyond; the squared one is ``d²``. The weights
    are not normalised: their mean is 1 if the stored actions were drawn as they say.
    """
    difference = values - targets.detach()
    if kind == "squared":
        each = difference.square()
    else:
        size = difference.abs()
        each = torch.where(size <= delta, 0.5 * size.square(), delta * (size - 0.5 * delta))
    return (each if weights is None else each * weights).mean(dim=-1)


def importance_weights(now: Tensor, stored: Tensor, agents: Sequence[int], *, clip: float | None) -> Tensor:
    """Return ``[S, n, B]``: how much likelier the others' actions are now than when they were played.

    ``w_i = Π_{j ≠ i} π_j(a_j | o_j) / μ_j(a_j | o_j)``, at most `clip`; the learner's own action is conditioned on.

    Parameters
    ----------
    now, stored : ``[S, n, B, N]``; log probabilities of each agent's action, now and under the policy that chose it.
    agents : the agent i of each of the n learners.
    clip : the bound, or None.
    """
    ratios = now - stored
    own = torch.zeros(len(agents), ratios.shape[-1], dtype=torch.bool, device=ratios.device)
    own[range(len(agents)), list(agents)] = True
    weights = ratios.masked_fill(own[None, :, None, :], 0.0).sum(dim=-1).exp()
    return weights if clip is None else weights.clamp(max=clip)


def effective_share(weights: Tensor) -> Tensor:
    """Return ``[S, n]``: the effective sample size ``(Σw)² / Σw²`` of weights ``[S, n, B]`` as a share of B."""
    squares = weights.square().mean(dim=-1)
    return weights.mean(dim=-1).square() / squares.clamp(min=torch.finfo(weights.dtype).tiny)
