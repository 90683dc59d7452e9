"""Actors over windows of steps: those with a memory unrolled, those without asked at each step, in one form.

An actor without memory carries one of width 0, so that learners need not tell the two apart.
"""

from __future__ import annotations

from torch import Tensor

from nashlens.agents.networks import Stack
from nashlens.agents.recurrent import RecurrentStack


def unrolled(actor: Stack, inputs: Tensor, began: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Return outputs ``[S, n, W, R, out]`` and memories ``[S, n, W, R, M]`` after each step; M is 0 without memory.

    Parameters
    ----------
    actor : recurrent or not.
    inputs : ``[S, n, W, R, in]``.
    began : ``[S, W, R]`` or ``[S, n, W, R]``; 1 where a step begins an episode.
    memory : ``[S, n, R, M]``, before the first step.
    """
    if isinstance(actor, RecurrentStack):
        return actor.unroll(inputs, began, memory)
    outputs = actor(inputs.flatten(2, 3)).view(*inputs.shape[:4], -1)
    return outputs, inputs.new_zeros(*inputs.shape[:4], 0)


def stepped(actor: Stack, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Return outputs ``[S, n, R, out]`` and the memory ``[S, n, R, M]`` after one step; M is 0 without memory."""
    if isinstance(actor, RecurrentStack):
        return actor.step(inputs, memory)
    return actor(inputs), memory


def in_rows(part: Tensor) -> Tensor:
    """Return ``[S, n, W · B, …]``, step by step, of a part ``[S, n, W, B, …]`` of some windows."""
    return part.flatten(2, 3)
