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
from nashlens.agents.config import Rollout as Gathering
from nashlens.agents.learner import Learner
from nashlens.agents.maddpg import update_all
from nashlens.agents.networks import parameter_hash
from nashlens.agents.recording import Recording
from nashlens.agents.records import TrainingRun
from nashlens.agents.replay import Replay
from nashlens.agents.rollout import Rollout
from nashlens.agents.warm_start import begin_from
from nashlens.games.core import Box, Game, GameSpec
from nashlens.games.randomness import child

LOSS_LIMIT = 1e12


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
        device: torch.device,
    ) -> None:
        rollout = _common_rollout(algorithms)
        self.game, self.seeds, self.algorithms = game, seeds, algorithms
        self.how = rollout
        self.n_rounds = -(-steps // rollout.n_envs)
        self.generators = Generators(seeds, device=device)
        self.learners = _learners(game.spec, algorithms, seeds, device)
        ensembles = [algorithms[side].ensemble for side in game.spec.sides]
        split = any(e.size > 1 for e in ensembles)
        self.rollout = Rollout(
            game,
            rollout.n_envs,
            ensembles=ensembles if split else None,
            device=device,
            rngs=self.generators.environments,
            assigning=self.generators.assigning,
        )
        self.replay = Replay(
            game.spec,
            capacity=min(rollout.replay_capacity, self.n_rounds * rollout.n_envs),
            n_seeds=len(seeds),
            sub_policies=[e.size for e in ensembles] if split else None,
            device=device,
        )
        self.alive = torch.ones(len(seeds), dtype=torch.bool, device=device)
        self.n_updates = 0
        self.round = 0
        self.recording = Recording(
            game, self.learners, seeds=seeds, evaluation_episodes=evaluation_episodes, explore=explore
        )
        spread = np.linspace(0, self.n_rounds, n_snapshots)
        self.snapshot_rounds = {int(r) for r in np.round(spread)}
        self.asked = {
            "game": game.spec.name,
            "game_parameters": dict(game.spec.parameters),
            "algorithms": {side: a.model_dump(mode="json") for side, a in algorithms.items()},
            "seeds": [int(s) for s in seeds],
            "n_rounds": self.n_rounds,
            "n_snapshots": n_snapshots,
            "evaluation_episodes": evaluation_episodes,
            "explore": explore,
        }

    def begin_from(self, former: Mapping[int, TrainingRun]) -> None:
        for seed, run in former.items():
            if seed not in self.seeds:
                raise ValueError(f"warm_start must name seeds of this call, {list(self.seeds)}, not {seed}")
            begin_from(self.learners, self.seeds.index(seed), run)

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
            self.rollout.step(self.learners, self.replay, n_updates=self.n_updates, generators=self.generators.acting)
            for _ in range(self._updates_due(before)):
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

    def _updates_due(self, before: int) -> int:
        now, every = self.rollout.n_steps, self.how.update_every_steps
        if now < self.how.warmup_steps:
            return 0
        return now // every - max(before, self.how.warmup_steps - 1) // every

    def _update(self) -> None:
        losses = update_all(
            self.learners, self.replay, self.alive, n_updates=self.n_updates, generators=self.generators.learning
        )
        self.n_updates += 1
        self.recording.add_losses(self.rollout.n_steps, losses)
        stacks = [stack for learner in self.learners for stack in learner.stacks.values()]
        sound = torch.stack([stack.is_finite() for stack in stacks]).all(dim=0)
        small = (losses.critic.abs() < LOSS_LIMIT).all(dim=1)
        small &= (losses.actor[:, losses.moved].abs() < LOSS_LIMIT).all(dim=1)
        failing = self.alive & ~(sound & small.to(sound.device))
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
        self.recording.add_snapshot(self.rollout.n_steps)

    def _progress(self, seconds: float) -> Progress:
        return Progress(
            steps=self.rollout.n_steps,
            total_steps=self.n_rounds * self.how.n_envs,
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
        arrays |= saved.prefixed("replay", self.replay.state())
        arrays |= saved.prefixed("recording", self.recording.state())
        for k, learner in enumerate(self.learners):
            arrays |= saved.prefixed(f"learner{k}", learner.state())
        return Checkpoint(arrays=arrays, settings={**self.asked, "failures": self.recording.failures_state()})

    def load(self, checkpoint: Checkpoint) -> None:
        theirs = {key: value for key, value in checkpoint.settings.items() if key != "failures"}
        different = sorted(key for key in self.asked if theirs.get(key) != self.asked[key])
        if different:
            raise ValueError(f"resume must be a checkpoint of the same call; it differs in {', '.join(different)}")
        arrays = checkpoint.arrays
        self.round, self.n_updates = int(arrays["round"]), int(arrays["n_updates"])
        self.alive = torch.tensor(arrays["alive"], device=self.alive.device)
        self.generators.load(saved.part(arrays, "generators"))
        self.rollout.load(saved.part(arrays, "rollout"))
        self.replay.load(saved.tensors(saved.part(arrays, "replay")))
        self.recording.load(saved.part(arrays, "recording"), checkpoint.settings["failures"])
        for k, learner in enumerate(self.learners):
            learner.load(saved.tensors(saved.part(arrays, f"learner{k}")))

    def results(self) -> list[TrainingRun]:
        algorithm = {side: a.model_dump(mode="json") for side, a in self.algorithms.items()}
        stacks = [stack for learner in self.learners for stack in learner.stacks.values()]
        return [
            self.recording.result(
                k,
                algorithm=algorithm,
                n_steps=self.rollout.n_steps,
                n_updates=self.n_updates,
                episodes=self.rollout.episodes(k),
                parameter_hash=parameter_hash(stacks, k),
            )
            for k in range(len(self.seeds))
        ]


def _learners(
    spec: GameSpec, algorithms: Mapping[str, Algorithm], seeds: Sequence[int], device: torch.device
) -> list[Learner]:
    """Return the fewest learners: agents of equal settings and one kind of action space share a stack."""
    groups: dict[tuple[Algorithm, bool], list[int]] = {}
    for i, (side, space) in enumerate(zip(spec.sides, spec.action_spaces, strict=True)):
        groups.setdefault((algorithms[side], isinstance(space, Box)), []).append(i)
    return [
        Learner(
            spec,
            agents,
            settings,
            device=device,
            rngs=[child(seed, "initial parameters", *agents) for seed in seeds],
        )
        for (settings, _), agents in groups.items()
    ]


def _by_side(spec: GameSpec, algorithm: Algorithm | Mapping[str, Algorithm]) -> dict[str, Algorithm]:
    sides = list(dict.fromkeys(spec.sides))
    if not isinstance(algorithm, Mapping):
        return dict.fromkeys(sides, algorithm)
    if sorted(algorithm) != sorted(sides):
        raise ValueError(f"algorithm must name the sides {sides} of {spec.name}, not {sorted(algorithm)}")
    return {side: algorithm[side] for side in sides}


def _common_rollout(algorithms: Mapping[str, Algorithm]) -> Gathering:
    each = [a.rollout for a in algorithms.values()]
    if any(r != each[0] for r in each):
        raise ValueError(f"algorithm: the sides {list(algorithms)} must have equal rollout settings")
    return each[0]


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
