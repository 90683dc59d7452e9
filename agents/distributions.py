"""What a network's outputs mean: the head of some agents' spaces, and all that is said about heads in one place."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nashlens.agents.box_head import BoxHead
from nashlens.agents.choice_head import MINUS_INFINITY, ChoiceHead
from nashlens.agents.config import ActorCritic
from nashlens.agents.heads import Head, Noise, PullBack, uniform_draws
from nashlens.games.core import ActionSpace, Box, Choice

__all__ = ["MINUS_INFINITY", "BoxHead", "ChoiceHead", "Head", "Noise", "PullBack", "head_for", "uniform_draws"]


def head_for(spaces: Sequence[ActionSpace], *, soft: bool, settings: ActorCritic, device: torch.device) -> Head:
    """Return the head of n agents' spaces, which must all be of one kind.

    Raises
    ------
    ValueError : some are `Choice` and some `Box`.
    """
    choices = [s for s in spaces if isinstance(s, Choice)]
    boxes = [s for s in spaces if isinstance(s, Box)]
    if choices and boxes:
        raise ValueError("spaces of one block must all be Choice or all be Box")
    if boxes:
        return BoxHead(boxes, device=device)
    return ChoiceHead(choices, soft=soft, settings=settings, device=device)
