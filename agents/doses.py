"""Doses: a share of what an agent takes the others to do is replaced, to see what being wrong costs."""

from __future__ import annotations

import torch
from torch import Tensor

from nashlens.agents.choice_head import ChoiceHead
from nashlens.agents.extension_settings import Inference

LEAST = 1e-20


def dosed_log_probabilities(
    head: ChoiceHead, outputs: Tensor, masks: Tensor | None, inference: Inference, *, frozen: Tensor | None
) -> Tensor:
    """Return log probabilities ``[S, P, B, A]`` of ``(1 − κ) p + κ q``, no probability below `LEAST`.

    Without a dose they are those of p, as they are.

    Parameters
    ----------
    head : what the outputs mean.
    outputs : ``[S, P, B, width]``; of p.
    masks : ``[S, P, B, padded]``, or None.
    inference : κ, and what q is.
    frozen : outputs of the initial model; only where `inference` needs them.
    """
    logs = head.log_probabilities(outputs, masks)
    dose = inference.dose
    if dose == 0:
        return logs
    valid = head.valid(masks)
    chances = logs.exp().masked_fill(~valid, 0)
    if inference.dose_of == "uniform":
        other = head.log_probabilities(torch.zeros_like(outputs), masks).exp()
    elif inference.dose_of == "frozen":
        assert frozen is not None
        other = head.log_probabilities(frozen, masks).exp()
    else:
        other = head.permuted(chances)
    mixed = (1 - dose) * chances + dose * other.masked_fill(~valid, 0)
    return mixed.clamp(min=LEAST).log()
