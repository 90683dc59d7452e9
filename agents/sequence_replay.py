"""Sequence replay: what recurrent actors learn from, windows of consecutive steps of one environment.

The last R rounds of E environments stand in a ring, a row for each environment and round. Windows begin every
`Windows.steps` rounds; where one begins, the memories of all agents are kept as play had them. With burn-in a window
reaches that much further, over the beginning of the next, so that every step but the run's first ones is behind the
burn-in of exactly one window. Only windows of which every row is there are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from nashlens.agents.layout import Layout
from nashlens.agents.recurrent_settings import Windows
from nashlens.games.core import GameSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceBatch:
    """B windows of W steps, burn-in included, for each of n learners of S seeds.

    Attributes
    ----------
    observations, next_observations : joint vectors, ``[S, n, W, B, ΣO]``; the latter before any restart.
    actions : joint vectors, ``[S, n, W, B, ΣA]``.
    rewards : ``[S, n, W, B, N]``, of all agents.
    terminated : ``[S, n, W, B]``; 1 where the game was over, 0 elsewhere, the time limit included.
    began : ``[S, n, W, B]``; 1 where the step is the first of its episode.
    memories : ``[S, n, B, ΣM]``; of all agents before the window's first step.
    masks, next_masks : legal actions, joint vectors ``[S, n, W, B, ΣA]``; None unless the game masks.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    began: Tensor
    memories: Tensor
    masks: Tensor | None = None
    next_masks: Tensor | None = None

    def for_all(self, n_learners: int) -> SequenceBatch:
        """Return the one learner's windows as those of n learners."""
        parts: dict[str, Tensor | None] = {part.name: getattr(self, part.name) for part in fields(self)}
        spread = {
            name: part.expand(-1, n_learners, *part.shape[2:]) for name, part in parts.items() if part is not None
        }
        return SequenceBatch(**spread)


class SequenceReplay:
    """The last rounds of E environments in S seeds.

    Parameters
    ----------
    spec : the game.
    windows : how long they are.
    capacity : transitions that are kept for each seed, at most; whole windows are kept.
    n_rounds : rounds that will be played, which bound what is kept.
    n_envs, n_seeds : E and S.
    memory_size : ΣM, numbers that all agents carry together.
    device : where everything is kept.

    Raises
    ------
    ValueError : the capacity holds no window beside the one that is being filled.
    """

    def __init__(
        self,
        spec: GameSpec,
        windows: Windows,
        *,
        capacity: int,
        n_rounds: int,
        n_envs: int,
        n_seeds: int,
        memory_size: int,
        device: torch.device,
    ) -> None:
        length, span = windows.steps, windows.span
        fewest = 1 + -(-(span - 1) // length)  # with fewer, a window would lose its beginning before its end is played
        if capacity // (n_envs * length) < fewest:
            raise ValueError(
                f"rollout.replay_capacity: {capacity} transitions hold no window of {span} steps in each of {n_envs} "
                f"environments beside the next; at least {fewest * length * n_envs} are needed"
            )
        self._n_windows = max(fewest, min(capacity // (n_envs * length), -(-n_rounds // length)))
        self._ring = self._n_windows * length
        self._windows, self._n_envs = windows, n_envs
        n_observations, n_actions = sum(spec.observation_sizes), sum(spec.action_widths)
        widths = [n_observations, n_actions, spec.n_agents, n_observations, 1, 1]
        widths += [n_actions, n_actions] if spec.masked else []
        self._layout = Layout(widths)
        self._rows = torch.empty(n_seeds, self._ring, n_envs, self._layout.total, device=device)
        self._memories = torch.empty(n_seeds, self._n_windows, n_envs, memory_size, device=device)
        self.n_rounds = 0

    @property
    def drawable(self) -> range:
        """Numbers of the windows that are there as a whole; window k begins with round ``k · steps``."""
        length = self._windows.steps
        oldest = max(0, self.n_rounds - self._ring)
        return range(-(-oldest // length), (self.n_rounds - self._windows.span) // length + 1)

    def insert(self, columns: Sequence[Tensor], *, memories: Tensor) -> None:
        """Store one round in place of the oldest.

        Parameters
        ----------
        columns : observations, actions, rewards, next observations, termination and beginning, and the masks now and
            next where the game masks, each ``[S, E, …]``.
        memories : ``[S, E, ΣM]``; of all agents, before they saw these observations.
        """
        number, within = divmod(self.n_rounds, self._windows.steps)
        if within == 0:
            self._memories[:, number % self._n_windows] = memories
        self._rows[:, self.n_rounds % self._ring] = torch.cat(list(columns), dim=-1)
        self.n_rounds += 1

    def sample(self, n_learners: int, n_windows: int, generators: Sequence[torch.Generator]) -> SequenceBatch:
        """Draw B windows with replacement for each learner of each seed, each seed from its own generator.

        Parameters
        ----------
        n_learners : n.
        n_windows : B.
        generators : one a seed.

        Raises
        ------
        ValueError : no window is full yet.
        """
        there = self.drawable
        if not there:
            raise ValueError(f"no window of {self._windows.span} steps is full after {self.n_rounds} rounds")
        shape, device = (n_learners, n_windows), self._rows.device
        draws = torch.stack([torch.rand(shape, dtype=torch.float64, generator=g, device=device) for g in generators])
        places = (draws * (len(there) * self._n_envs)).long()
        return self._read(there.start + places // self._n_envs, places % self._n_envs)

    def _read(self, numbers: Tensor, environments: Tensor) -> SequenceBatch:
        """Return the windows of these numbers and environments, ``[S, n, B]`` each."""
        n_seeds, device = len(numbers), numbers.device
        clock = torch.arange(self._windows.span, device=device)[:, None]
        rounds = (numbers[:, :, None] * self._windows.steps + clock) % self._ring
        seeds = torch.arange(n_seeds, device=device)[:, None, None]
        rows = self._rows[seeds[..., None], rounds, environments[:, :, None]]
        parts = [rows[..., part] for part in self._layout.slices]
        return SequenceBatch(
            observations=parts[0],
            actions=parts[1],
            rewards=parts[2],
            next_observations=parts[3],
            terminated=parts[4].squeeze(-1),
            began=parts[5].squeeze(-1),
            memories=self._memories[seeds, numbers % self._n_windows, environments],
            masks=parts[6] > 0.5 if len(parts) > 6 else None,
            next_masks=parts[7] > 0.5 if len(parts) > 6 else None,
        )

    def state(self) -> dict[str, Tensor]:
        """Return the stored part, for a checkpoint."""
        return {
            "rows": self._rows[:, : self.n_rounds].clone(),
            "memories": self._memories[:, : -(-self.n_rounds // self._windows.steps)].clone(),
            "n_rounds": torch.tensor(self.n_rounds),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        rows, memories = (state[name].to(self._rows.device) for name in ("rows", "memories"))
        self._rows[:, : rows.shape[1]] = rows
        self._memories[:, : memories.shape[1]] = memories
        self.n_rounds = int(state["n_rounds"])
