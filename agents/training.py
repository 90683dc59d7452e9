"""Training: all seeds of one game and algorithm in lock-step, one `TrainingRun` a seed.

What a seed does depends on that seed only, bit for bit, on one machine with one thread count; `train` uses one thread
unless told otherwise, because a second core is better spent on other seeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nashlens.agents import allocation
from nashlens.agents import checkpoint as saved
from nashlens.agents.checkpoint import Checkpoint, Generators
from nashlens.agents.config import Algorithm
from nashlens.agents.engine import LOSS_LIMIT
from nashlens.agents.families import engine_for
from nashlens.agents.networks import parameter_hash
from nashlens.agents.recording import Recording
from nashlens.agents.records import TrainingRun
from nashlens.agents.rollout import Rollout
from nashlens.games.core import Game, GameSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a training is.

    Attributes
    ----------
    steps, total_steps : environment steps of one seed, so far and in all.
    n_seeds : seeds in lock-step.
    n_failed : seeds that were stopped.
    seconds : wall time of this call so far.
    """

    steps: int
    total_steps: int
    n_seeds: int
    n_failed: int
    seconds: float


def train(
    game: Game,
    algorithm: Algorithm | Mapping[str, Algorithm],
    *,
    seeds: Sequence[int] = range(10),
    steps: int,
    n_snapshots: int = 21,
    evaluation_episodes: int = 0,
    explore: bool = False,
    keep_critics: bool = False,
    progress: Callable[[Progress], None] | None = None,
    checkpoint_every_steps: int | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    resume: Checkpoint | None = None,
    warm_start: Mapping[int, TrainingRun] | None = None,
    threads: int = 1,
    device: str = "cpu",
) -> list[TrainingRun]:
    """Train every seed for so many environment steps.

    Parameters
    ----------
    game : what to play.
    algorithm : one setting for all agents, or one a side.
    seeds : S different whole numbers.
    steps : environment steps of each seed, at least 1; rounded up to whole steps of the parallel environments.
    n_snapshots : T, at least 2: policies that are kept, evenly spread, the first before any training.
    evaluation_episodes : fresh episodes that are played with each snapshot; 0 for none.
    explore : whether evaluation samples its actions or plays without exploration noise.
    keep_critics : whether critics, targets and models of the others are kept with every snapshot; MADDPG and DDPG have
        them, and of other algorithms nothing more is kept.
    progress : called after every percent of the steps.
    checkpoint_every_steps, on_checkpoint : how often, and to whom, a checkpoint is handed.
    resume : go on from a checkpoint of the same call.
    warm_start : runs from whose last actors some seeds begin, by seed.
    threads : torch threads during the call.
    device : where networks and replay live.

    Returns
    -------
    One `TrainingRun` a seed, in the order of `seeds`. A seed whose losses or parameters stop being finite, or whose
    losses pass `LOSS_LIMIT`, is stopped and marked failed with the step; the others go on.

    Raises
    ------
    ValueError : an argument does not fit, or `resume` belongs to another call.
    """
    training = _Training(
        game,
        _by_side(game.spec, algorithm),
        seeds=_checked_seeds(seeds),
        steps=_at_least("steps", steps, 1),
        n_snapshots=_at_least("n_snapshots", n_snapshots, 2),
        evaluation_episodes=_at_least("evaluation_episodes", evaluation_episodes, 0),
        explore=explore,
        keep_critics=keep_critics,
        device=torch.device(device),
    )
    training.begin_from(warm_start or {})
    if checkpoint_every_steps is not None:
        _at_least("checkpoint_every_steps", checkpoint_every_steps, 1)
    allocation.keep_freed_memory()
    with _torch_threads(_at_least("threads", threads, 1)):
        if resume is not None:
            training.load(resume)
        training.run(progress, checkpoint_every_steps, on_checkpoint)
    return training.results()


class _Training:
    """The state of one call of `train`, and the loop."""

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

    def begin_from(self, former: Mapping[int, TrainingRun]) -> None:
        for seed, run in former.items():
            if seed not in self.seeds:
                raise ValueError(f"warm_start must name seeds of this call, {list(self.seeds)}, not {seed}")
            self.engine.begin_from(self.seeds.index(seed), run)

    def run(
        self,
        progress: Callable[[Progress], None] | None,
        checkpoint_every_steps: int | None,
        on_checkpoint: Callable[[Checkpoint], None] | None,
    ) -> None:
        begun = time.perf_counter()
        if self.round == 0:
            self._record()
        percent = max(1, self.n_rounds // 100)
        while self.round < self.n_rounds:
            before = self.rollout.n_steps
            self.rollout.step(self.engine, n_updates=self.n_updates, generators=self.generators.acting)
            for _ in range(self.engine.updates_due(before, self.rollout.n_steps)):
                self._update()
            self.round += 1
            if self.round in self.snapshot_rounds:
                self._record()
            if progress is not None and (self.round % percent == 0 or self.round == self.n_rounds):
                progress(self._progress(time.perf_counter() - begun))
            if on_checkpoint is not None and checkpoint_every_steps is not None:
                now = self.rollout.n_steps
                if now // checkpoint_every_steps > before // checkpoint_every_steps:
                    on_checkpoint(self.state())

    def _update(self) -> None:
        update = self.engine.update(self.alive, n_updates=self.n_updates, generators=self.generators.learning)
        self.n_updates += 1
        self.recording.add_update(self.rollout.n_steps, update)
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
                step=self.rollout.n_steps,
                n_updates=self.n_updates,
                reason=f"stopped at step {self.rollout.n_steps}, update {self.n_updates}: losses or parameters were "
                f"not finite, or a loss passed {LOSS_LIMIT:g}",
            )
        self.alive &= ~failing

    def _record(self) -> None:
        self.recording.add_snapshot(self.rollout.n_steps, n_updates=self.n_updates)

    def _progress(self, seconds: float) -> Progress:
        return Progress(
            steps=self.rollout.n_steps,
            total_steps=self.n_rounds * self.engine.n_envs,
            n_seeds=len(self.seeds),
            n_failed=int((~self.alive).sum()),
            seconds=seconds,
        )

    def state(self) -> Checkpoint:
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
        return [
            self.recording.result(
                k,
                n_steps=self.rollout.n_steps,
                n_updates=self.n_updates,
                episodes=self.rollout.episodes(k),
                parameter_hash=parameter_hash(self.engine.stacks, k),
            )
            for k in range(len(self.seeds))
        ]


def _by_side(spec: GameSpec, algorithm: Algorithm | Mapping[str, Algorithm]) -> dict[str, Algorithm]:
    sides = list(dict.fromkeys(spec.sides))
    if not isinstance(algorithm, Mapping):
        return dict.fromkeys(sides, algorithm)
    if sorted(algorithm) != sorted(sides):
        raise ValueError(f"algorithm must name the sides {sides} of {spec.name}, not {sorted(algorithm)}")
    return {side: algorithm[side] for side in sides}


def _checked_seeds(seeds: Sequence[int]) -> list[int]:
    listed = [int(s) for s in seeds]
    if not listed or len(set(listed)) != len(listed) or min(listed) < 0:
        raise ValueError(f"seeds must be one or more different whole numbers of at least 0, not {listed}")
    return listed


def _at_least(name: str, value: int, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, not {value!r}")
    return int(value)


@contextmanager
def _torch_threads(n_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
