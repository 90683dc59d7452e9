"""Entropy of policies, and Kullback–Leibler divergence between two outputs of one head.

Over the factors of a `Choice` both add. A `Box` policy counts before it is clipped to the box: its entropy and
divergence are those of the Gaussian.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nashlens.agents.distributions import BoxHead, ChoiceHead, Head
from nashlens.agents.gumbel import TINY


def entropy(head: Head, outputs: Tensor, masks: Tensor | None) -> Tensor:
    """Return the entropy of each agent's policy in nats, ``[S, n, R]``; over legal alternatives only.

    Parameters
    ----------
    head : what the outputs mean.
    outputs : ``[S, n, R, width]``.
    masks : ``[S, n, R, padded]``, or None.
    """
    if isinstance(head, BoxHead):
        _, std = head.moments(outputs)
        each = 0.5 * math.log(2 * math.pi * math.e) + std.clamp(min=TINY).log()
        return each.masked_fill(~head.valid(masks), 0).sum(dim=-1)
    assert isinstance(head, ChoiceHead)
    logs = head.log_probabilities(outputs, masks)
    return -(logs.exp() * logs).sum(dim=-1)


def divergence(head: Head, outputs: Tensor, others: Tensor, masks: Tensor | None) -> Tensor:
    """Return ``KL(π ‖ π')`` of each agent in nats, ``[S, n, R]``, for the policies of `outputs` and of `others`.

    Parameters
    ----------
    head : what the outputs mean.
    outputs, others : ``[S, n, R, width]``.
    masks : ``[S, n, R, padded]``, or None.
    """
    if isinstance(head, BoxHead):
        (mean, std), (other_mean, other_std) = head.moments(outputs), head.moments(others)
        std, other_std = std.clamp(min=TINY), other_std.clamp(min=TINY)
        ratio = std / other_std
        distance = (mean - other_mean) / other_std
        each = 0.5 * (ratio.square() + distance.square() - 1) - ratio.log()
        return each.masked_fill(~head.valid(masks), 0).sum(dim=-1)
    assert isinstance(head, ChoiceHead)
    logs, other_logs = head.log_probabilities(outputs, masks), head.log_probabilities(others, masks)
    chances = torch.where(head.valid(masks), logs.exp(), 0.0)
    return (chances * (logs - other_logs)).sum(dim=-1)
