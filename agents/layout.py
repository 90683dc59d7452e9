"""Where each agent's part stands in a joint vector, and the padded stack of those parts."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Layout:
    """The parts of N agents, one after the other in a joint vector.

    Parameters
    ----------
    widths : length of each agent's part.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        self.widths = tuple(widths)
        self.total = sum(widths)
        self.padded = max(widths)
        starts = [sum(widths[:i]) for i in range(len(widths))]
        self.slices = tuple(slice(start, start + width) for start, width in zip(starts, widths, strict=True))

    def spread(self, joint: Tensor, agents: Sequence[int]) -> Tensor:
        """Return ``[S, n, R, padded]``: the parts of some agents, zeros behind the shorter ones.

        Parameters
        ----------
        joint : ``[S, R, total]``.
        agents : which n agents.
        """
        return torch.stack([self._part(joint, i) for i in agents], dim=1)

    def own(self, joint: Tensor, agents: Sequence[int]) -> Tensor:
        """Return ``[S, n, R, padded]``: of the k-th joint vectors the part of the k-th of n agents.

        Parameters
        ----------
        joint : ``[S, n, R, total]``.
        agents : which n agents.
        """
        if are_in_line([self.slices[i] for i in agents], self.padded):
            return diagonal(joint[..., self.slices[agents[0]].start :], len(agents), self.padded).contiguous()
        return torch.stack([self._part(joint[:, k], i) for k, i in enumerate(agents)], dim=1)

    def together(self, blocks: Sequence[tuple[Sequence[int], Tensor]]) -> Tensor:
        """Return the joint vectors ``[S, R, total]`` of all agents' parts: the inverse of `spread`.

        Parameters
        ----------
        blocks : agents and their parts ``[S, n, R, at least the widest]``; between them, every agent once.
        """
        (agents, parts), *others = blocks
        if not others and are_in_line([self.slices[i] for i in agents], parts.shape[-1]):
            return parts.transpose(1, 2).flatten(2)
        each = {i: parts[:, k, :, : self.widths[i]] for agents, parts in blocks for k, i in enumerate(agents)}
        return torch.cat([each[i] for i in sorted(each)], dim=-1)

    def replace(self, joint: Tensor, parts: Tensor, agents: Sequence[int]) -> Tensor:
        """Return ``[S, n, R, total]``: the k-th joint vectors with the part of the k-th agent replaced.

        Parameters
        ----------
        joint : ``[S, n, R, total]``.
        parts : ``[S, n, R, padded]``.
        agents : which n agents.
        """
        rows = []
        for k, i in enumerate(agents):
            here, width = self.slices[i], self.widths[i]
            vectors = joint[:, k]
            rows.append(
                torch.cat([vectors[..., : here.start], parts[:, k, :, :width], vectors[..., here.stop :]], dim=-1)
            )
        return torch.stack(rows, dim=1)

    def _part(self, joint: Tensor, agent: int) -> Tensor:
        """Return an agent's part of joint vectors, zeros behind it."""
        part = joint[..., self.slices[agent]]
        short = self.padded - self.widths[agent]
        return torch.nn.functional.pad(part, (0, short)) if short else part


def are_in_line(parts: Sequence[slice], width: int) -> bool:
    """Return whether each part has this width and begins where the one before it ends."""
    return all(part.start == parts[0].start + k * width == part.stop - width for k, part in enumerate(parts))


def diagonal(joint: Tensor, n: int, width: int) -> Tensor:
    """Return a view ``[S, n, …, width]``: of the k-th joint vectors the k-th part.

    Parameters
    ----------
    joint : ``[S, n, …, at least n · width]``.
    n, width : parts in line, and numbers of each.
    """
    parts = joint[..., : n * width]
    return parts.view(*parts.shape[:-1], n, width).diagonal(dim1=1, dim2=-2).movedim(-1, 1)
