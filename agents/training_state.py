"""The state of one training: networks, generators, environments and records of all its seeds, and one round of it.

A round is one step in every parallel environment, with the updates that are then due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nashlens.agents import checkpoint as saved
from nashlens.agents.checkpoint import Checkpoint, Generators
from nashlens.agents.config import Algorithm
from nashlens.agents.engine import LOSS_LIMIT
from nashlens.agents.families import engine_for
from nashlens.agents.networks import parameter_hash
from nashlens.agents.recording import Recording
from nashlens.agents.records import TrainingRun
from nashlens.agents.rollout import Rollout
from nashlens.games.core import Game


class TrainingState:
    """Networks, generators, environments and records of one call of `train`, and what moves them by one round.

    Parameters
    ----------
    game, seeds, steps, n_snapshots, evaluation_episodes, explore, keep_critics : as in `train`, checked.
    algorithms : one setting a side.
    device : where networks and replay live.

    Attributes
    ----------
    engine : the learners.
    round, n_rounds : steps of the parallel environments, so far and in all.
    alive : ``[S]``; seeds that have not been stopped.
    n_updates : so far.
    """

    def __init__(
        self,
        game: Game,
        algorithms: Mapping[str, Algorithm],
        *,
        seeds: Sequence[int],
        steps: int,
        n_snapshots: int,
        evaluation_episodes: int,
        explore: bool,
        keep_critics: bool,
        device: torch.device,
    ) -> None:
        self.seeds = seeds
        self.engine = engine_for(game.spec, algorithms, seeds=seeds, steps=steps, device=device)
        self.n_rounds = -(-steps // self.engine.n_envs)
        self.generators = Generators(seeds, device=device)
        self.rollout = Rollout(
            game,
            self.engine.n_envs,
            ensembles=self.engine.ensembles,
            device=device,
            rngs=self.generators.environments,
            assigning=self.generators.assigning,
        )
        self.alive = torch.ones(len(seeds), dtype=torch.bool, device=device)
        self.n_updates = 0
        self.round = 0
        plain = {side: a.model_dump(mode="json") for side, a in algorithms.items()}
        self.recording = Recording(
            game,
            self.engine,
            algorithm=plain,
            seeds=seeds,
            evaluation_episodes=evaluation_episodes,
            explore=explore,
            keep_critics=keep_critics,
        )
        spread = np.linspace(0, self.n_rounds, n_snapshots)
        self.snapshot_rounds = {int(r) for r in np.round(spread)}
        self.asked = {
            "game": game.spec.name,
            "game_parameters": dict(game.spec.parameters),
            "algorithms": plain,
            "seeds": [int(s) for s in seeds],
            "n_rounds": self.n_rounds,
            "n_snapshots": n_snapshots,
            "evaluation_episodes": evaluation_episodes,
            "explore": explore,
            **({"keep_critics": True} if keep_critics else {}),  # checkpoints older than this setting stay good
        }

    @property
    def n_steps(self) -> int:
        """Environment steps of one seed so far."""
        return self.rollout.n_steps

    def begin_from(self, former: Mapping[int, TrainingRun]) -> None:
        """Take over the last actors of former runs, by seed.

        Raises
        ------
        ValueError : a seed is none of this call.
        """
        for seed, run in former.items():
            if seed not in self.seeds:
                raise ValueError(f"warm_start must name seeds of this call, {list(self.seeds)}, not {seed}")
            self.engine.begin_from(self.seeds.index(seed), run)

    def begin(self) -> None:
        """Keep the policies before any training, unless it is under way."""
        if self.round == 0:
            self._record()

    def advance(self) -> None:
        """Play one step in every environment, make the updates that are due, and keep the policies if it is time."""
        before = self.n_steps
        self.rollout.step(self.engine, n_updates=self.n_updates, generators=self.generators.acting)
        for _ in range(self.engine.updates_due(before, self.n_steps)):
            self._update()
        self.round += 1
        if self.round in self.snapshot_rounds:
            self._record()

    def checkpoint(self) -> Checkpoint:
        """Return all that the rest of the training depends on."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "round": np.array(self.round),
            "n_updates": np.array(self.n_updates),
            "alive": self.alive.cpu().numpy().copy(),
        }
        arrays |= saved.prefixed("generators", self.generators.state())
        arrays |= saved.prefixed("rollout", self.rollout.state())
        arrays |= saved.prefixed("recording", self.recording.state())
        arrays |= self.engine.state()
        return Checkpoint(arrays=arrays, settings={**self.asked, "failures": self.recording.failures_state()})

    def load(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint.

        Raises
        ------
        ValueError : it belongs to another call.
        """
        theirs = {key: value for key, value in checkpoint.settings.items() if key != "failures"}
        different = sorted(key for key in {*self.asked, *theirs} if theirs.get(key) != self.asked.get(key))
        if different:
            raise ValueError(f"resume must be a checkpoint of the same call; it differs in {', '.join(different)}")
        arrays = checkpoint.arrays
        self.round, self.n_updates = int(arrays["round"]), int(arrays["n_updates"])
        self.alive = torch.tensor(arrays["alive"], device=self.alive.device)
        self.generators.load(saved.part(arrays, "generators"))
        self.rollout.load(saved.part(arrays, "rollout"))
        self.recording.load(saved.part(arrays, "recording"), checkpoint.settings["failures"])
        self.engine.load(arrays)

    def results(self) -> list[TrainingRun]:
        """Return one run a seed."""
        return [
            self.recording.result(
                k,
                n_steps=self.n_steps,
                n_updates=self.n_updates,
                episodes=self.rollout.episodes(k),
                parameter_hash=parameter_hash(self.engine.stacks, k),
            )
            for k in range(len(self.seeds))
        ]

    def _update(self) -> None:
        update = self.engine.update(self.alive, n_updates=self.n_updates, generators=self.generators.learning)
        self.n_updates += 1
        self.recording.add_update(self.n_steps, update)
        stacks = self.engine.stacks
        finite = torch.stack([stack.is_finite() for stack in stacks]).all(dim=0)
        failing = self.alive & ~(finite & update.sound.to(finite.device))
        if bool(failing.any()):
            self._stop(failing)
        for k in torch.nonzero(~self.alive).flatten().tolist():
            for stack in stacks:
                stack.erase(k)

    def _stop(self, failing: torch.Tensor) -> None:
        for k in torch.nonzero(failing).flatten().tolist():
            self.recording.fail(
                k,
                step=self.n_steps,
                n_updates=self.n_updates,
                reason=f"stopped at step {self.n_steps}, update {self.n_updates}: losses or parameters were "
                f"not finite, or a loss passed {LOSS_LIMIT:g}",
            )
        self.alive &= ~failing

    def _record(self) -> None:
        self.recording.add_snapshot(self.n_steps, n_updates=self.n_updates)
