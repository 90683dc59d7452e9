"""Gradients through a discrete choice: five estimators of one thing, the derivative of a value in the logits.

All work on one factor at a time: `logits` with illegal alternatives at minus infinity, and draws made elsewhere. Each
returns what the critic reads; its value is a one-hot draw for all but the plain soft point.

- soft and straight-through: Jang, Gu, Poole (2017), arXiv:1611.01144; Maddison, Mnih, Teh (2017), arXiv:1611.00712.
- annealed: straight-through whose temperature falls (`annealed_temperature`).
- Gumbel-Rao: Paulus, Maddison, Krause (2021), arXiv:2010.04838.
- gapped straight-through: Fan, Chi, Rudnicky, Ramadge (2022), arXiv:2206.07235.

The five were compared inside MADDPG by Tilbury, Christianos, Albrecht (2023), arXiv:2302.11793.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

TINY = 1e-20


def soft_point(logits: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """Return the Gumbel-softmax point ``softmax((logits + noise) / temperature)``."""
    return torch.softmax((logits + noise) / temperature, dim=-1)


def straight_through(choice: Tensor, surrogate: Tensor) -> Tensor:
    """Return the one-hot choice with the surrogate's gradient."""
    return choice + surrogate - surrogate.detach()


def annealed_temperature(start: float, end: float, n_updates: int, period: int) -> float:
    """Return ``start · (end / start)^(n_updates / period)``, and `end` from the period's end on.

    >>> annealed_temperature(4.0, 1.0, 50, 100)
    2.0
    """
    return start * math.pow(end / start, min(1.0, n_updates / period))


def gumbel_rao_surrogate(logits: Tensor, choice: Tensor, waits: Tensor, temperature: float) -> Tensor:
    """Return the mean of K Gumbel-softmax points, given the alternative that was chosen.

    Given the choice, the perturbed logits have a known law: with log probabilities ``l``, the chosen one's is
    ``−log E_c``, and every other's is ``−log(E_j / p_j + E_c)``, with E independent exponential variables. The
    perturbation is a constant; the gradient is that of the softmax in the logits.

    Parameters
    ----------
    logits : ``[…, A]``.
    choice : ``[…, A]``; one-hot.
    waits : ``[K, …, A]``; standard exponential draws.
    temperature : of the points.
    """
    logs = torch.log_softmax(logits, dim=-1)
    with torch.no_grad():
        chosen_wait = (waits * choice).sum(dim=-1, keepdim=True)
        others = -(waits / logs.exp().clamp(min=TINY) + chosen_wait).log()
        perturbed = torch.where(choice > 0.5, -chosen_wait.clamp(min=TINY).log(), others)
        shift = perturbed - logs
    return torch.softmax((logs + shift) / temperature, dim=-1).mean(dim=0)


def gapped_surrogate(logits: Tensor, choice: Tensor, *, gap: float, temperature: float) -> Tensor:
    """Return ``softmax`` of logits that were moved, as constants, until the choice leads all others by `gap`.

    The chosen logit is raised to the largest; every other is lowered to at least `gap` below it.
    """
    with torch.no_grad():
        largest = logits.max(dim=-1, keepdim=True).values
        raised = (largest - logits) * choice
        lowered = torch.relu(logits + gap - largest) * (1 - choice)
        shift = torch.where(choice > 0.5, raised, -lowered)
    return torch.softmax((logits + shift) / temperature, dim=-1)
