"""What critics read: all observations and actions, or their own agent's, and where in it the own action stands."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents.layout import Layout, are_in_line, diagonal


class JointInputs:
    """The inputs of the critics of m members.

    Parameters
    ----------
    observations, actions : where each agent's part stands in joint vectors.
    members : the agent of each member.
    central : whether a critic reads all agents' parts, or its own agent's alone, padded to the widest.

    Attributes
    ----------
    width : of the inputs.
    columns : where each member's own action stands in what its critic reads.
    """

    def __init__(self, observations: Layout, actions: Layout, members: Sequence[int], *, central: bool) -> None:
        self._observations, self._actions = observations, actions
        self._members, self._central = tuple(members), central
        before = observations.total if central else observations.padded
        self.width = before + (actions.total if central else actions.padded)
        starts = [before + actions.slices[i].start if central else before for i in members]
        self.columns = [slice(k, k + actions.widths[i]) for k, i in zip(starts, members, strict=True)]
        self._in_line = are_in_line(self.columns, actions.padded)

    def join(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Return the inputs ``[S, m, B, width]`` of joint vectors ``[S, m, B, …]``.

        Where all members read the same rows they are joined once, and every member's inputs are a view of them.
        """
        if self._central:
            if _is_one_for_all(observations) and _is_one_for_all(actions):
                once = torch.cat([observations[:, :1], actions[:, :1]], dim=-1)
                return once.expand(-1, observations.shape[1], -1, -1)
            return torch.cat([observations, actions], dim=-1)
        own = self._observations.own(observations, self._members)
        return torch.cat([own, self._actions.own(actions, self._members)], dim=-1)

    def with_own(self, inputs: Tensor, own: Tensor) -> Tensor:
        """Return inputs ``[S, m, B, width]`` in which each member's own action ``[S, m, B, A]`` replaces the one there.

        It is written into the inputs given, unless all members' are views of one.
        """
        inputs = inputs.contiguous()
        if self._in_line:
            diagonal(inputs[..., self.columns[0].start :], len(self.columns), self._actions.padded).copy_(own)
            return inputs
        for k, here in enumerate(self.columns):
            inputs[:, k, :, here] = own[:, k, :, : here.stop - here.start]
        return inputs

    def joint_actions(self, inputs: Tensor) -> Tensor:
        """Return the joint actions ``[S, m, B, ΣA]`` in the inputs of central critics."""
        return inputs[..., -self._actions.total :]


def _is_one_for_all(joint: Tensor) -> bool:
    """Return whether joint vectors ``[S, m, B, …]`` are one member's, expanded to all."""
    return joint.shape[1] > 1 and joint.stride(1) == 0
