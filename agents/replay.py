"""Replay: the transitions of all seeds, one packed row each, so that a minibatch is one gather.

A row holds, in this order: all observations, all actions, all rewards, all next observations, whether the game
terminated, the log probability of each agent's action under the policy that chose it and, in games with illegal
actions, the masks now and next; where it is asked for, two numbers that say when it was stored; under ensembles,
which sub-policy each agent played. Beside each row stands the number
of updates that had been made when it was stored: with the log probabilities, all that is needed to measure how stale
the replay is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.engine import Transitions
from nashlens.agents.ensemble import Membership
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
    fingerprints : ``[S, n, B, 2]``; when the transition was stored; None where that is not kept.
    assignment : ``[S, n, B, N]``; which sub-policy each agent played; None without ensembles.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    log_densities: Tensor
    masks: Tensor | None = None
    next_masks: Tensor | None = None
    fingerprints: Tensor | None = None
    assignment: Tensor | None = None

    def with_actions(self, actions: Tensor) -> Minibatch:
        """Return the same transitions with other joint actions ``[S, n, B, ΣA]``."""
        return replace(self, actions=actions)

    def for_all(self, n_learners: int) -> Minibatch:
        """Return the one learner's transitions as those of n learners."""
        parts: dict[str, Tensor | None] = {part.name: getattr(self, part.name) for part in fields(self)}
        spread: dict[str, Any] = {
            name: None if part is None else part.expand(-1, n_learners, *part.shape[2:]) for name, part in parts.items()
        }
        return Minibatch(**spread)


class Replay:
    """The last transitions of S seeds.

    Parameters
    ----------
    spec : the game.
    capacity : transitions that are kept for each seed.
    n_seeds : S.
    fingerprints : whether two numbers are kept that say when a transition was stored.
    sub_policies : K of each agent; left out, none has more than one.
    device : where they are kept.
    """

    def __init__(
        self,
        spec: GameSpec,
        *,
        capacity: int,
        n_seeds: int,
        fingerprints: bool = False,
        sub_policies: Sequence[int] | None = None,
        device: torch.device,
    ) -> None:
        n_observations, n_actions = sum(spec.observation_sizes), sum(spec.action_widths)
        widths = [n_observations, n_actions, spec.n_agents, n_observations, 1, spec.n_agents]
        optional = {"masks": n_actions, "next_masks": n_actions} if spec.masked else {}
        optional |= {"fingerprints": 2} if fingerprints else {}
        optional |= {"assignment": spec.n_agents} if sub_policies else {}
        self._optional = list(optional)
        self._layout = Layout([*widths, *optional.values()])
        self._membership = None
        if sub_policies:
            self._membership = Membership(sub_policies, capacity=capacity, n_seeds=n_seeds)
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
        if self._membership is not None:
            self._membership.insert(places.numpy(), columns[-1].cpu().numpy().astype(np.int64))
        self._next = (self._next + n_rows) % self.capacity
        self.size = min(self.size + n_rows, self.capacity)

    def insert_transitions(self, transitions: Transitions, *, fingerprint: tuple[float, float] | None = None) -> None:
        """Store what one joint decision led to in place of the oldest, and when that was where it is asked for."""
        before, decision = transitions.situation, transitions.decision
        columns = [
            before.observations,
            decision.actions,
            transitions.rewards,
            transitions.next_observations,
            transitions.terminated,
            decision.log_densities,
        ]
        if before.masks is not None and transitions.next_masks is not None:
            columns += [before.masks.float(), transitions.next_masks.float()]
        if fingerprint is not None:
            numbers = torch.tensor(fingerprint, device=self._rows.device)
            columns.append(numbers.expand(*before.observations.shape[:2], 2))
        if before.assignment is not None:
            columns.append(before.assignment.float())
        self.insert(columns, n_updates=before.n_updates)

    def sample(
        self, learners: Sequence[tuple[int, int]], batch_size: int, generators: Sequence[torch.Generator]
    ) -> Minibatch:
        """Draw B transitions with replacement for each learner of each seed, each seed from its own generator.

        Parameters
        ----------
        learners : agent and sub-policy of each; under ensembles a sub-policy draws from its own episodes.
        batch_size : B.
        generators : one a seed.
        """
        device = self._rows.device
        shape = (len(learners), batch_size)
        draws = torch.stack([torch.rand(shape, dtype=torch.float64, generator=g, device=device) for g in generators])
        if self._membership is not None:
            return self._read(self._membership.places(draws, learners, self.size))
        return self._read((draws * self.size).long())

    def latest(self, n_rows: int) -> Minibatch:
        """Return the last transitions of each seed, at most `n_rows`, as those of one learner, ``[S, 1, B, …]``."""
        n_rows = min(n_rows, self.size)
        places = (self._next - n_rows + torch.arange(n_rows)) % self.capacity
        return self._read(places.to(self._rows.device).expand(len(self._rows), 1, n_rows))

    def _read(self, places: Tensor) -> Minibatch:
        n_seeds, n_learners, n_rows = places.shape
        starts = torch.arange(n_seeds, device=places.device) * self.capacity
        flat = (places + starts[:, None, None]).view(-1)
        width = self._layout.total
        rows = self._rows.view(-1, width).index_select(0, flat).view(n_seeds, n_learners, n_rows, width)
        parts = [rows[..., part] for part in self._layout.slices]
        optional = dict(zip(self._optional, parts[6:], strict=True))
        return Minibatch(
            observations=parts[0],
            actions=parts[1],
            rewards=parts[2],
            next_observations=parts[3],
            terminated=parts[4].squeeze(-1),
            log_densities=parts[5],
            masks=optional["masks"] > 0.5 if "masks" in optional else None,
            next_masks=optional["next_masks"] > 0.5 if "next_masks" in optional else None,
            fingerprints=optional.get("fingerprints"),
            assignment=optional["assignment"].long() if "assignment" in optional else None,
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
            **{
                f"membership.{name}": torch.from_numpy(array)
                for name, array in (self._membership.state() if self._membership else {}).items()
            },
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self.size = state["rows"].shape[1]
        self._rows[:, : self.size] = state["rows"].to(self._rows.device)
        self._updates[: self.size] = state["updates"]
        self._next = int(state["next"])
        if self._membership is not None:
            prefix = "membership."
            self._membership.load({k.removeprefix(prefix): t.numpy() for k, t in state.items() if k.startswith(prefix)})
