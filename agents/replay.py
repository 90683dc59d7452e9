"""Replay: the transitions of all seeds, one packed row each, so that a minibatch is one gather.

A row holds, in this order: all observations, all actions, all rewards, all next observations, whether the game
terminated, the log probability of each agent's action under the policy that chose it and, in games with illegal
actions, the masks now and next. Beside each row stands the number of updates that had been made when it was stored:
with the log probabilities, all that is needed to measure how stale the replay is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nashlens.agents.layout import Layout
from nashlens.games.core import GameSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Minibatch:
    """B transitions for each of n learners of S seeds.

    Attributes
    ----------
    observations, next_observations : joint vectors, ``[S, n, B, ΣO]``.
    actions : joint vectors, ``[S, n, B, ΣA]``.
    rewards : ``[S, n, B, N]``, of all agents.
    terminated : ``[S, n, B]``; 1 where the game was over, 0 elsewhere, the time limit included.
    log_densities : ``[S, n, B, N]``; of the stored actions under the policies that chose them.
    masks, next_masks : legal actions, joint vectors ``[S, n, B, ΣA]``; None unless the game masks.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    log_densities: Tensor
    masks: Tensor | None = None
    next_masks: Tensor | None = None

    def for_all(self, n_learners: int) -> Minibatch:
        """Return the one learner's transitions as those of n learners."""

        def spread(part: Tensor) -> Tensor:
            return part.expand(-1, n_learners, *part.shape[2:])

        return Minibatch(
            observations=spread(self.observations),
            actions=spread(self.actions),
            rewards=spread(self.rewards),
            next_observations=spread(self.next_observations),
            terminated=spread(self.terminated),
            log_densities=spread(self.log_densities),
            masks=None if self.masks is None else spread(self.masks),
            next_masks=None if self.next_masks is None else spread(self.next_masks),
        )


class Replay:
    """The last transitions of S seeds.

    Parameters
    ----------
    spec : the game.
    capacity : transitions that are kept for each seed.
    n_seeds : S.
    device : where they are kept.
    """

    def __init__(self, spec: GameSpec, *, capacity: int, n_seeds: int, device: torch.device) -> None:
        n_observations, n_actions = sum(spec.observation_sizes), sum(spec.action_widths)
        widths = [n_observations, n_actions, spec.n_agents, n_observations, 1, spec.n_agents]
        if spec.masked:
            widths += [n_actions, n_actions]
        self._layout = Layout(widths)
        self._rows = torch.empty(n_seeds, capacity, self._layout.total, device=device)
        self._updates = torch.zeros(capacity, dtype=torch.int64)
        self.capacity = capacity
        self.size = 0
        self._next = 0

    def insert(self, columns: Sequence[Tensor], *, n_updates: int) -> None:
        """Store E transitions of each seed in place of the oldest.

        Parameters
        ----------
        columns : the parts of a row in their order, each ``[S, E, …]``.
        n_updates : updates made so far.
        """
        rows = torch.cat(list(columns), dim=-1)
        n_rows = rows.shape[1]
        places = (torch.arange(n_rows) + self._next) % self.capacity
        if self._next + n_rows <= self.capacity:
            self._rows[:, self._next : self._next + n_rows] = rows
        else:
            self._rows[:, places.to(rows.device)] = rows
        self._updates[places] = n_updates
        self._next = (self._next + n_rows) % self.capacity
        self.size = min(self.size + n_rows, self.capacity)

    def sample(self, n_learners: int, batch_size: int, generators: Sequence[torch.Generator]) -> Minibatch:
        """Draw B transitions with replacement for each learner of each seed, each seed from its own generator."""
        n_seeds, _, width = self._rows.shape
        device = self._rows.device
        places = torch.stack(
            [
                torch.randint(self.size, (n_learners, batch_size), generator=generator, device=device)
                for generator in generators
            ]
        )
        starts = torch.arange(n_seeds, device=device) * self.capacity
        flat = (places + starts[:, None, None]).view(-1)
        rows = self._rows.view(-1, width).index_select(0, flat).view(n_seeds, n_learners, batch_size, width)
        parts = [rows[..., part] for part in self._layout.slices]
        masks = [part > 0.5 for part in parts[6:]]
        return Minibatch(
            observations=parts[0],
            actions=parts[1],
            rewards=parts[2],
            next_observations=parts[3],
            terminated=parts[4].squeeze(-1),
            log_densities=parts[5],
            masks=masks[0] if masks else None,
            next_masks=masks[1] if masks else None,
        )

    def insertion_updates(self) -> Tensor:
        """Return ``[size]``; how many updates had been made when each stored transition came, oldest place first."""
        return self._updates[: self.size].clone()

    def state(self) -> dict[str, Tensor]:
        """Return the stored part, for a checkpoint."""
        return {
            "rows": self._rows[:, : self.size].clone(),
            "updates": self._updates[: self.size].clone(),
            "next": torch.tensor(self._next),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self.size = state["rows"].shape[1]
        self._rows[:, : self.size] = state["rows"].to(self._rows.device)
        self._updates[: self.size] = state["updates"]
        self._next = int(state["next"])
