"""Replay: the transitions of all seeds, so packed that a minibatch is one gather of states and one of the rest.

A state is the joint observation and, in games with illegal actions, the joint mask; it is kept once, as the successor
of one transition and the beginning of the next (`successors`). The rest of a transition is a row: all actions, all
rewards, whether the game terminated, the log probability of each agent's action under the policy that chose it; where
it is asked for, two numbers that say when it was stored; under ensembles, which sub-policy each agent played. Beside
each row stands the number of updates that had been made when it was stored: with the log probabilities, all that is
needed to measure how stale the replay is.
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
from nashlens.agents.successors import States
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
    next_actions : ``[S, n, B, ΣA]``; what all agents did next, NaN where the episode ended or was cut before they did;
        None where that is not asked for.
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
    next_actions: Tensor | None = None

    def with_actions(self, actions: Tensor) -> Minibatch:
        """Return the same transitions with other joint actions ``[S, n, B, ΣA]``."""
        return replace(self, actions=actions)

    def for_all(self, n_learners: int) -> Minibatch:
        """Return the one learner's transitions as those of n learners; those of n learners as they are."""
        if self.actions.shape[1] == n_learners:
            return self
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
    next_actions : whether minibatches say what all agents did next.
    device : where they are kept.

    Attributes
    ----------
    capacity : as given.
    """

    def __init__(
        self,
        spec: GameSpec,
        *,
        capacity: int,
        n_seeds: int,
        fingerprints: bool = False,
        sub_policies: Sequence[int] | None = None,
        next_actions: bool = False,
        device: torch.device,
    ) -> None:
        n_observations, n_actions = sum(spec.observation_sizes), sum(spec.action_widths)
        optional = {"fingerprints": 2} if fingerprints else {}
        optional |= {"assignment": spec.n_agents} if sub_policies else {}
        self._optional, self._masked, self._with_next = list(optional), spec.masked, next_actions
        self._layout = Layout([n_actions, spec.n_agents, 1, spec.n_agents, *optional.values()])
        self._state_layout = Layout([n_observations, n_actions] if spec.masked else [n_observations])
        self._membership = None
        if sub_policies:
            self._membership = Membership(sub_policies, capacity=capacity, n_seeds=n_seeds)
        self._states = States(
            self._state_layout.total, capacity=capacity, n_seeds=n_seeds, horizon=spec.horizon, device=device
        )
        self._rows = torch.empty(n_seeds, capacity, self._layout.total, device=device)
        self._updates = torch.zeros(capacity, dtype=torch.int64)
        self.capacity = capacity

    @property
    def size(self) -> int:
        """Transitions of each seed that are kept now."""
        return min(self._states.n_seen, self.capacity)

    @property
    def n_bytes(self) -> int:
        """Bytes that are set aside for transitions."""
        return self._states.n_bytes + 4 * self._rows.numel()

    def insert(self, columns: Sequence[Tensor], *, n_updates: int) -> None:
        """Store E transitions of each seed in place of the oldest; E is the same in every call.

        Parameters
        ----------
        columns : each ``[S, E, …]``: observations, actions, rewards, successors, whether terminated, log densities;
            in games with illegal actions the masks now and next; fingerprints and assignment where they are kept.
        n_updates : updates made so far.

        Raises
        ------
        ValueError : E is not what it was, or more than the capacity.
        """
        observations, actions, rewards, next_observations, terminated, log_densities, *more = columns
        now, later = observations, next_observations
        if self._masked:
            masks, next_masks, *more = more
            now, later = torch.cat([now, masks], dim=-1), torch.cat([later, next_masks], dim=-1)
        begin, n_rows = self._states.n_seen % self.capacity, now.shape[1]
        self._states.insert(now, later)
        rows = torch.cat([actions, rewards, terminated, log_densities, *more], dim=-1)
        here: slice | Tensor = slice(begin, begin + n_rows)
        if begin + n_rows > self.capacity:
            here = (torch.arange(n_rows) + begin) % self.capacity
        self._rows[:, here] = rows
        self._updates[here] = n_updates
        if self._membership is not None:
            places = (np.arange(n_rows) + begin) % self.capacity
            self._membership.insert(places, columns[-1].cpu().numpy().astype(np.int64))

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
        places = (self._states.n_seen - n_rows + torch.arange(n_rows)) % self.capacity
        return self._read(places.to(self._rows.device).expand(len(self._rows), 1, n_rows))

    def _read(self, places: Tensor) -> Minibatch:
        n_seeds, n_learners, n_rows = places.shape
        rows = self._rows_at(places)
        parts = torch.split(rows, list(self._layout.widths), dim=-1)
        optional = dict(zip(self._optional, parts[4:], strict=True))
        now, later = (
            torch.split(states.view(n_seeds, n_learners, n_rows, -1), list(self._state_layout.widths), dim=-1)
            for states in self._states.read(self._numbers(places).view(n_seeds, -1))
        )
        return Minibatch(
            observations=now[0],
            actions=parts[0],
            rewards=parts[1],
            next_observations=later[0],
            terminated=parts[2].squeeze(-1),
            log_densities=parts[3],
            masks=now[1] > 0.5 if self._masked else None,
            next_masks=later[1] > 0.5 if self._masked else None,
            fingerprints=optional.get("fingerprints"),
            assignment=optional["assignment"].long() if "assignment" in optional else None,
            next_actions=self._next_actions(places) if self._with_next else None,
        )

    def _rows_at(self, places: Tensor) -> Tensor:
        """Return the rows ``[S, n, B, width]`` at some places."""
        flat = places
        if len(places) > 1:
            flat = places + (torch.arange(len(places), device=places.device) * self.capacity)[:, None, None]
        width = self._layout.total
        return self._rows.view(-1, width).index_select(0, flat.view(-1)).view(*places.shape, width)

    def _next_actions(self, places: Tensor) -> Tensor:
        """Return what all agents did behind some transitions, ``[S, n, B, ΣA]``; NaN where they did nothing."""
        later, any_follows = self._states.following(self._numbers(places).view(len(places), -1))
        rows = self._rows_at((later % self.capacity).view(*places.shape))
        return rows[..., self._layout.slices[0]].where(any_follows.view(*places.shape, 1), torch.nan)

    def _numbers(self, places: Tensor) -> Tensor:
        """Return the numbers of the transitions that stand at some places now."""
        n_seen = self._states.n_seen
        if n_seen <= self.capacity:
            return places
        begin = n_seen // self.capacity * self.capacity
        return torch.where(places < n_seen - begin, places + begin, places + (begin - self.capacity))

    def insertion_updates(self) -> Tensor:
        """Return ``[size]``; how many updates had been made when each stored transition came, oldest place first."""
        return self._updates[: self.size].clone()

    def state(self) -> dict[str, Tensor]:
        """Return the stored part, for a checkpoint."""
        membership = self._membership.state() if self._membership else {}
        return {
            "rows": self._rows[:, : self.size].clone(),
            "updates": self._updates[: self.size].clone(),
            **{f"states.{name}": tensor for name, tensor in self._states.state().items()},
            **{f"membership.{name}": torch.from_numpy(array) for name, array in membership.items()},
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self._states.load(_under("states.", state))
        self._rows[:, : self.size] = state["rows"].to(self._rows.device)
        self._updates[: self.size] = state["updates"]
        if self._membership is not None:
            self._membership.load({name: t.numpy() for name, t in _under("membership.", state).items()})


def _under(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the entries whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
