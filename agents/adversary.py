"""The others' worst case near what they do: one step against a learner's value, as M3DDPG takes it.

References
----------
Li, Wu, Cui, Dong, Fang, Russell (2019), Robust multi-agent reinforcement learning via minimax deep deterministic policy
gradient, AAAI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nashlens.agents.config import Minimax
from nashlens.agents.layout import Layout

TINY = 1e-12


def step_lengths(
    minimax: Minimax, learners: Sequence[int], sides: Sequence[str], *, device: torch.device | None = None
) -> Tensor:
    """Return ``[m, N]``: how far each agent's action is moved against each learner; a learner's own is not moved."""
    return torch.tensor(
        [
            [
                0.0 if j == i else minimax.teammate_step if sides[j] == sides[i] else minimax.opponent_step
                for j in range(len(sides))
            ]
            for i in learners
        ],
        device=device,
    )


def worst_case(joint: Tensor, value: Callable[[Tensor], Tensor], lengths: Tensor, layout: Layout) -> Tensor:
    """Return joint actions ``[S, m, B, ΣA]`` in which the others took one step down the learner's value.

    Agent j's part moves by ``−length · g / ‖g‖`` with g the gradient of the learner's value in that part; where the
    gradient is zero it stays.

    Parameters
    ----------
    joint : ``[S, m, B, ΣA]``.
    value : maps joint actions to values ``[S, m, B]``.
    lengths : ``[m, N]``, from `step_lengths`.
    layout : of the joint action.
    """
    moving = joint.detach().requires_grad_(True)
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(value(moving).sum(), moving)
    parts = []
    for j, here in enumerate(layout.slices):
        part = slope[..., here]
        norm = part.norm(dim=-1, keepdim=True).clamp(min=TINY)
        parts.append(joint[..., here] - lengths[:, j][None, :, None, None] * part / norm)
    return torch.cat(parts, dim=-1).detach()
