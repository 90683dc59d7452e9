"""Softmax and choice over few alternatives, many rows at once.

A choice has few alternatives and a minibatch thousands of rows. Along rows of five numbers a processor's vectors stand
empty; across the rows they are full. So the alternatives are laid out one after the other, ``[…, A, R]``, worked on,
and read back as ``[…, R, A]``: for five alternatives this takes an eighth to a fifth of the time. Outputs of networks
come in that order already (`products`), and what is returned keeps it.

Sums over the alternatives are taken one by one. A reduction over an axis that is not the last would round by where a
row stands in memory, and a seed alone would differ from the same seed among others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nashlens.agents.products import NARROW


def softmax(scores: Tensor) -> Tensor:
    """Return the softmax over the last axis of ``[…, R, A]``."""
    if scores.shape[-1] >= NARROW:
        return torch.softmax(scores, dim=-1)
    apart = _apart(scores)
    chances = (apart - apart.amax(dim=-2, keepdim=True)).exp_()
    return (chances / _total(chances)).mT


def softmax_slope(point: Tensor, slope: Tensor) -> Tensor:
    """Return the slope in the scores ``p ∘ (g − Σ p g)``, for slopes g in a softmax p, both ``[…, R, A]``."""
    if point.shape[-1] >= NARROW:
        return point * (slope - (point * slope).sum(dim=-1, keepdim=True))
    chances, slopes = _apart(point), _apart(slope)
    weighted = chances * slopes
    return weighted.sub_(chances * _total(weighted)).mT


def one_hot_of_largest(scores: Tensor) -> Tensor:
    """Return ``[…, R, A]`` vectors with a one at the first of the largest scores of ``[…, R, A]``."""
    if scores.shape[-1] >= NARROW:
        return torch.zeros_like(scores).scatter_(-1, scores.argmax(dim=-1, keepdim=True), 1.0)
    apart = _apart(scores)
    chosen = torch.eq(apart, apart.amax(dim=-2, keepdim=True), out=torch.empty_like(apart))
    first, *others = chosen.unbind(-2)
    taken = first.clone()
    for alternative in others:
        torch.gt(alternative, taken, out=alternative)  # chosen, and nothing before it
        taken += alternative
    return chosen.mT


def _total(apart: Tensor) -> Tensor:
    """Return the sum ``[…, 1, R]`` of ``[…, A, R]``, alternative by alternative."""
    first, *others = apart.unbind(-2)
    total = first + others[0] if others else first
    for part in others[1:]:
        total += part
    return total.unsqueeze(-2)


def _apart(rows: Tensor) -> Tensor:
    """Return ``[…, A, R]``, contiguous, of ``[…, R, A]``."""
    return rows.mT.contiguous()
