"""Gathering experience: E environments of each of S seeds step together, and an engine takes in what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents.config import Ensemble
from nashlens.agents.engine import Engine, Generators, Situation, Transitions
from nashlens.agents.ensemble import draw_assignment
from nashlens.agents.layout import Layout
from nashlens.games.core import Game


class Rollout:
    """S · E environments in lock-step.

    Parameters
    ----------
    game : the game.
    n_envs : E, environments of one seed.
    device : where the policies live.
    rngs : one generator a seed, for the environments.
    ensembles : the setting of each agent; left out, no agent has sub-policies.
    assigning : one generator a seed, for which sub-policy plays an episode.

    Attributes
    ----------
    n_steps : environment steps of one seed so far.
    """

    def __init__(
        self,
        game: Game,
        n_envs: int,
        *,
        ensembles: Sequence[Ensemble] | None = None,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
        assigning: Sequence[np.random.Generator] = (),
    ) -> None:
        self.spec = game.spec
        self.n_seeds, self.n_envs = len(rngs), n_envs
        self.n_steps = 0
        self._device = device
        self._actions = Layout(self.spec.action_widths)
        self._batch = game.start(self.n_seeds * n_envs, rng=rngs)
        self._running = np.zeros((self.n_seeds * n_envs, self.spec.n_agents))
        self._finished: list[tuple[npt.NDArray[np.int64], int, npt.NDArray[np.float32]]] = []
        self._ensembles, self._assigning = ensembles, assigning
        self._assignment = np.zeros((self.n_seeds, n_envs, self.spec.n_agents), dtype=np.int64)
        self._assign(np.ones((self.n_seeds, n_envs), dtype=np.bool_))

    def step(self, engine: Engine, *, n_updates: int, generators: Generators) -> None:
        """Let every agent act once in every environment, and hand the engine what followed."""
        masks = self._batch.masks
        situation = Situation(
            observations=self._joint(self._batch.observations),
            masks=None if masks is None else self._joint(masks) > 0.5,
            assignment=None if self._ensembles is None else torch.from_numpy(self._assignment).to(self._device),
            n_steps=self.n_steps,
            n_updates=n_updates,
        )
        with torch.no_grad():
            decision = engine.decide(situation, generators=generators)
        flat = decision.actions.reshape(self.n_seeds * self.n_envs, -1).cpu().numpy()
        step = self._batch.step([flat[:, part] for part in self._actions.slices])
        engine.take_in(
            Transitions(
                situation=situation,
                decision=decision,
                rewards=self._tensor(step.rewards),
                next_observations=self._joint(step.next_observations),
                terminated=self._tensor(step.terminated[:, None]),
                ended=torch.from_numpy(step.ended).to(self._device).view(self.n_seeds, self.n_envs),
                next_masks=None if step.next_masks is None else self._joint(step.next_masks) > 0.5,
            )
        )
        self.n_steps += self.n_envs
        self._running += step.rewards
        ended = np.flatnonzero(step.ended)
        if len(ended):
            self._finished.append((ended // self.n_envs, self.n_steps, self._running[ended].astype(np.float32)))
            self._running[ended] = 0.0
            self._assign(step.ended.reshape(self.n_seeds, self.n_envs))

    def episodes(self, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return the steps ``[M]`` at which the seed's episodes ended and their returns ``[M, N]``."""
        steps = [np.full(int((who == seed).sum()), step) for who, step, _ in self._finished]
        returns = [gained[who == seed] for who, _, gained in self._finished]
        if not steps:
            return np.zeros(0, np.int64), np.zeros((0, self.spec.n_agents), np.float32)
        return np.concatenate(steps), np.concatenate(returns)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that `load` needs but the generators' states, for a checkpoint."""
        who = [who for who, _, _ in self._finished]
        gained = [gained for _, _, gained in self._finished]
        return {
            "n_steps": np.array(self.n_steps),
            "running": self._running.copy(),
            "assignment": self._assignment.copy(),
            "finished_seed": np.concatenate([np.zeros(0, np.int64), *who]),
            "finished_step": np.concatenate(
                [np.zeros(0, np.int64), *(np.full(len(w), step) for w, step, _ in self._finished)]
            ),
            "finished_return": np.concatenate([np.zeros((0, self.spec.n_agents), np.float32), *gained]),
            **{f"batch.{name}": array for name, array in self._batch.state().items()},
        }

    def load(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self.n_steps = int(state["n_steps"])
        self._running = state["running"].copy()
        self._assignment = state["assignment"].copy()
        seeds, steps, returns = state["finished_seed"], state["finished_step"], state["finished_return"]
        self._finished = [(seeds[steps == s], int(s), returns[steps == s]) for s in np.unique(steps)]
        self._batch.restore({name.removeprefix("batch."): a for name, a in state.items() if name.startswith("batch.")})

    def _assign(self, beginning: npt.NDArray[np.bool_]) -> None:
        """Draw the sub-policies of the episodes that begin now."""
        if self._ensembles is None:
            return
        for k, rng in enumerate(self._assigning):
            n_episodes = int(beginning[k].sum())
            if n_episodes:
                drawn = draw_assignment(self._ensembles, self.spec.sides, n_episodes, rng=rng)
                self._assignment[k, beginning[k]] = drawn

    def _joint(self, parts: Sequence[npt.NDArray[Any]]) -> Tensor:
        return self._tensor(np.concatenate(parts, axis=1))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """Return ``[S · E, …]`` float64 arrays of the game as ``[S, E, …]`` float32: the one place that converts."""
        narrow = torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(self._device)
        return narrow.view(self.n_seeds, self.n_envs, -1)
