"""Trajectories: what all environments of all seeds did between two updates of an on-policy learner.

A window is W rounds of E environments. Environments restart by themselves, so that episodes begin and end anywhere in
it. An update uses whole episodes only, all played by one policy: those that began inside the window and so early that
the game's horizon lets every one of them end there. Whether an episode counts depends on when it began and never on
how it went, so that those that count are a fair sample. Where all episodes last the whole horizon none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nashlens.agents.layout import Layout
from nashlens.games.core import GameSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """W rounds of E environments in S seeds.

    Attributes
    ----------
    observations, next_observations : joint vectors, ``[S, W, E, ΣO]``; the latter before any restart.
    actions : joint vectors ``[S, W, E, ΣA]`` as they were drawn, before any clipping.
    log_densities : ``[S, W, E, N]``; of the actions under the policies that drew them.
    rewards : ``[S, W, E, N]``.
    terminated : ``[S, W, E]``; 1 where the game was over after the step.
    ended : ``[S, W, E]``; 1 where the episode ended after the step, for either reason.
    began : ``[S, W, E]``; 1 where the step is the first of its episode.
    counted : ``[S, W, E]``; 1 where the step belongs to an episode that an update uses.
    masks, next_masks : legal actions ``[S, W, E, ΣA]``; None unless the game masks.
    """

    observations: Tensor
    actions: Tensor
    log_densities: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    ended: Tensor
    began: Tensor
    counted: Tensor
    masks: Tensor | None = None
    next_masks: Tensor | None = None


def counted_steps(began: Tensor, horizon: int) -> Tensor:
    """Return ``[S, W, E]``: 1 for the steps of episodes that surely lie inside the window.

    Parameters
    ----------
    began : ``[S, W, E]``; 1 at the first step of each episode.
    horizon : the most steps that an episode can take.

    Examples
    --------
    >>> counted_steps(torch.tensor([[0.0, 1.0, 0.0, 1.0, 0.0]])[:, :, None], 3).flatten().tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0]
    """
    n_rounds = began.shape[1]
    clock = torch.arange(n_rounds, device=began.device)[None, :, None]
    first = torch.where(began > 0, clock, -1).cummax(dim=1).values
    return ((first >= 0) & (first <= n_rounds - horizon)).float()


def timewise(values: Tensor) -> Tensor:
    """Return ``[W, S, n, E]`` of values ``[S, n, W, E]``: time first."""
    return values.permute(2, 0, 1, 3).contiguous()


def rowwise(values: Tensor) -> Tensor:
    """Return ``[S, n, W · E]``, round by round, of values ``[W, S, n, E]``."""
    return values.permute(1, 2, 0, 3).flatten(2)


def over_time(flags: Tensor, like: Tensor) -> Tensor:
    """Return flags ``[S, W, E]`` for all agents, in the shape ``[W, S, n, E]`` of `like`."""
    return flags.permute(1, 0, 2)[:, :, None].expand(like.shape)


class Trajectories:
    """A window that fills round by round.

    Parameters
    ----------
    spec : the game.
    n_rounds : W, at least the game's horizon.
    n_envs : E of one seed.
    n_seeds : S.
    device : where it is kept.

    Raises
    ------
    ValueError : `n_rounds` is below the horizon: then no episode is sure to end inside.
    """

    def __init__(self, spec: GameSpec, *, n_rounds: int, n_envs: int, n_seeds: int, device: torch.device) -> None:
        if n_rounds < spec.horizon:
            raise ValueError(f"n_rounds must be at least the horizon {spec.horizon} of {spec.name}, not {n_rounds}")
        n_observations, n_actions = sum(spec.observation_sizes), sum(spec.action_widths)
        widths = [n_observations, n_actions, spec.n_agents, spec.n_agents, n_observations, 1, 1, 1]
        widths += [n_actions, n_actions] if spec.masked else []
        self._layout = Layout(widths)
        self._horizon = spec.horizon
        self._rows = torch.zeros(n_seeds, n_rounds, n_envs, self._layout.total, device=device)
        self._fresh = torch.ones(n_seeds, n_envs, 1, device=device)
        self._n_filled = 0

    @property
    def is_full(self) -> bool:
        """Say whether all rounds of the window have been played."""
        return self._n_filled == self._rows.shape[1]

    def insert(self, columns: Sequence[Tensor], *, terminated: Tensor, ended: Tensor, masks: Sequence[Tensor]) -> None:
        """Store one round.

        Parameters
        ----------
        columns : observations, actions, log densities, rewards and next observations, each ``[S, E, …]``.
        terminated, ended : ``[S, E, 1]``.
        masks : those now and next where the game masks; else none.

        Raises
        ------
        ValueError : the window is full.
        """
        if self.is_full:
            raise ValueError(f"the window of {self._rows.shape[1]} rounds is full; take it before the next round")
        parts = [*columns, terminated, ended, self._fresh, *masks]
        self._rows[:, self._n_filled] = torch.cat(parts, dim=-1)
        self._fresh = ended.clone()
        self._n_filled += 1

    def take(self) -> Window:
        """Return the full window and begin the next one.

        Raises
        ------
        ValueError : the window is not full.
        """
        if not self.is_full:
            raise ValueError(f"the window must be full; {self._n_filled} of {self._rows.shape[1]} rounds are played")
        self._n_filled = 0
        parts = [self._rows[..., part].clone() for part in self._layout.slices]
        terminated, ended, began = (part.squeeze(-1) for part in parts[5:8])
        masks: list[Tensor | None] = [part > 0.5 for part in parts[8:]]
        return Window(
            observations=parts[0],
            actions=parts[1],
            log_densities=parts[2],
            rewards=parts[3],
            next_observations=parts[4],
            terminated=terminated,
            ended=ended,
            began=began,
            counted=counted_steps(began, self._horizon),
            masks=masks[0] if masks else None,
            next_masks=masks[1] if masks else None,
        )

    def state(self) -> dict[str, Tensor]:
        """Return what was stored since the last update, for a checkpoint."""
        return {"rows": self._rows[:, : self._n_filled].clone(), "fresh": self._fresh.clone()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self._n_filled = state["rows"].shape[1]
        self._rows[:, : self._n_filled] = state["rows"].to(self._rows.device)
        self._fresh = state["fresh"].to(self._rows.device)
