"""Training: all seeds of one game and algorithm in lock-step, one `TrainingRun` a seed.

What a seed does depends on that seed only, bit for bit, on one machine with one thread count; `train` uses one thread
unless told otherwise, because a second core is better spent on other seeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch

from nashlens.agents import allocation
from nashlens.agents.checkpoint import Checkpoint
from nashlens.agents.config import Algorithm
from nashlens.agents.records import TrainingRun
from nashlens.agents.training_state import TrainingState
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
    losses pass `engine.LOSS_LIMIT`, is stopped and marked failed with the step; the others go on.

    Raises
    ------
    ValueError : an argument does not fit, or `resume` belongs to another call.
    """
    if not isinstance(game, Game):
        raise ValueError(f"game must be a Game, such as games.make('chicken'), not {game!r}")
    training = TrainingState(
        game,
        _by_side(game.spec, algorithm),
        seeds=_checked_seeds(seeds),
        steps=_at_least("steps", steps, 1),
        n_snapshots=_at_least("n_snapshots", n_snapshots, 2),
        evaluation_episodes=_at_least("evaluation_episodes", evaluation_episodes, 0),
        explore=explore,
        keep_critics=keep_critics,
        device=_device(device),
    )
    training.begin_from(warm_start or {})
    if checkpoint_every_steps is not None:
        _at_least("checkpoint_every_steps", checkpoint_every_steps, 1)
    allocation.keep_freed_memory()
    with _torch_threads(_at_least("threads", threads, 1)):
        if resume is not None:
            training.load(resume)
        _run(training, progress, checkpoint_every_steps, on_checkpoint)
    return training.results()


def _run(
    training: TrainingState,
    progress: Callable[[Progress], None] | None,
    checkpoint_every_steps: int | None,
    on_checkpoint: Callable[[Checkpoint], None] | None,
) -> None:
    begun = time.perf_counter()
    training.begin()
    percent = max(1, training.n_rounds // 100)
    while training.round < training.n_rounds:
        before = training.n_steps
        training.advance()
        if progress is not None and (training.round % percent == 0 or training.round == training.n_rounds):
            progress(_progress(training, time.perf_counter() - begun))
        every = checkpoint_every_steps
        if on_checkpoint is not None and every is not None and training.n_steps // every > before // every:
            on_checkpoint(training.checkpoint())


def _progress(training: TrainingState, seconds: float) -> Progress:
    return Progress(
        steps=training.n_steps,
        total_steps=training.n_rounds * training.engine.n_envs,
        n_seeds=len(training.seeds),
        n_failed=int((~training.alive).sum()),
        seconds=seconds,
    )


def _by_side(spec: GameSpec, algorithm: Algorithm | Mapping[str, Algorithm]) -> dict[str, Algorithm]:
    sides = list(dict.fromkeys(spec.sides))
    by_side = algorithm if isinstance(algorithm, Mapping) else dict.fromkeys(sides, algorithm)
    if sorted(by_side) != sorted(sides):
        raise ValueError(f"algorithm must name the sides {sides} of {spec.name}, not {sorted(by_side)}")
    for each in by_side.values():
        if not isinstance(each, get_args(Algorithm)):
            raise ValueError(f"algorithm must be settings such as config.MADDPG(), or one a side, not {each!r}")
    return {side: by_side[side] for side in sides}


def _checked_seeds(seeds: Sequence[int]) -> list[int]:
    listed = list(seeds) if isinstance(seeds, Iterable) else []
    whole = all(isinstance(seed, int | np.integer) and seed >= 0 for seed in listed)
    if not listed or not whole or len(set(listed)) != len(listed):
        raise ValueError(f"seeds must be one or more different whole numbers of at least 0, not {seeds!r}")
    return [int(seed) for seed in listed]


def _device(name: str) -> torch.device:
    try:
        return torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"device must be one that torch knows, such as 'cpu', not {name!r}") from error


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
