"""Learners that know the payoffs of a matrix game, as training runs: stored, measured and reported like any other.

One environment step is one round. Seeds differ in the first strategies, which are drawn uniformly on the simplex of
each agent; nothing else is drawn but evaluation episodes. A round counts as an episode whose returns are the expected
payoffs of what was played in it, and as an update.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nashlens.agents.training_run import TrainingRun
from nashlens.games import Game, NormalFormGame
from nashlens.reports.exact_course import ExactCourse
from nashlens.reports.exact_settings import AnyExact

if TYPE_CHECKING:
    from nashlens.agents.checkpoint import Checkpoint
    from nashlens.agents.training import Progress

PARTS = 100  # how often progress is told of


def check_exact(game: Game, kinds: Sequence[str]) -> NormalFormGame:
    """Return the game as one in normal form, in which alone payoffs are known beforehand.

    Parameters
    ----------
    game : what is to be played.
    kinds : of the learners, for the message.

    Raises
    ------
    ValueError : it is another kind of game.
    """
    if not isinstance(game, NormalFormGame):
        raise ValueError(
            f"algorithm: {', '.join(dict.fromkeys(kinds))} must know the payoffs of every joint action, as in a matrix "
            f"game; {game.spec.name} is none"
        )
    return game


def train_exactly(
    game: Game,
    algorithms: Mapping[str, AnyExact],
    *,
    seeds: Sequence[int],
    steps: int,
    n_snapshots: int = 21,
    evaluation_episodes: int = 0,
    explore: bool = False,
    progress: Callable[[Progress], None] | None = None,
    checkpoint_every_steps: int | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    resume: Checkpoint | None = None,
) -> list[TrainingRun]:
    """Let the agents of a matrix game learn for so many rounds, once for every seed.

    Parameters
    ----------
    game : what to play.
    algorithms : the settings of each side.
    seeds : S whole numbers.
    steps : rounds, at least 1.
    n_snapshots : T, at least 2; evenly spread, the first before any round.
    evaluation_episodes, explore : fresh episodes at each snapshot, 0 for none, and whether they sample their actions.
    progress : called about a hundred times.
    checkpoint_every_steps, on_checkpoint : how often, and to whom, a checkpoint is handed.
    resume : go on from a checkpoint of the same call.

    Returns
    -------
    One `TrainingRun` a seed, its actors `StrategySnapshots`.

    Raises
    ------
    ValueError : `game` is no matrix game, `steps` or `n_snapshots` is too small, or `resume` belongs to another call.
    """
    if steps < 1 or n_snapshots < 2:
        raise ValueError(f"steps and n_snapshots must be at least 1 and 2, not {steps} and {n_snapshots}")
    matrix = check_exact(game, [settings.kind for settings in algorithms.values()])
    asked: dict[str, Any] = {
        "game": game.spec.name,
        "game_parameters": dict(game.spec.parameters),
        "algorithms": {side: settings.model_dump(mode="json") for side, settings in algorithms.items()},
        "seeds": [int(seed) for seed in seeds],
        "steps": steps,
        "n_snapshots": n_snapshots,
        "evaluation_episodes": evaluation_episodes,
        "explore": explore,
    }
    courses = [
        ExactCourse(matrix, algorithms, seed, evaluation_episodes=evaluation_episodes, explore=explore)
        for seed in seeds
    ]
    snapshot_steps = _spread(steps, n_snapshots)
    if resume is None:
        for course in courses:
            course.keep()
    else:
        _load(courses, resume, asked)
    _run(
        courses,
        steps=steps,
        snapshot_steps=snapshot_steps,
        progress=progress,
        every=checkpoint_every_steps,
        on_checkpoint=None if on_checkpoint is None else lambda: on_checkpoint(_checkpoint(courses, asked)),
    )
    return [course.result(snapshot_steps) for course in courses]


def _run(
    courses: Sequence[ExactCourse],
    *,
    steps: int,
    snapshot_steps: Sequence[int],
    progress: Callable[[Progress], None] | None,
    every: int | None,
    on_checkpoint: Callable[[], None] | None,
) -> None:
    """Advance all courses together, from stop to stop."""
    began, done = time.perf_counter(), courses[0].play.n_rounds
    checkpoints = set(range(every, steps, every)) if every and on_checkpoint is not None else set()
    stops = {*snapshot_steps, *_spread(steps, PARTS + 1), *checkpoints}
    for stop in sorted(s for s in stops if s > done):
        for course in courses:
            course.advance(stop - course.play.n_rounds)
            if stop in snapshot_steps:
                course.keep()
        if progress is not None:
            progress(_progress(stop, steps, n_seeds=len(courses), seconds=time.perf_counter() - began))
        if on_checkpoint is not None and stop in checkpoints:
            on_checkpoint()


def _spread(steps: int, n: int) -> list[int]:
    """Return up to n different whole numbers from 0 to `steps`, evenly spread."""
    return sorted({int(s) for s in np.round(np.linspace(0, steps, n))})


def _progress(steps: int, total_steps: int, *, n_seeds: int, seconds: float) -> Progress:
    from nashlens.agents.training import Progress

    return Progress(steps=steps, total_steps=total_steps, n_seeds=n_seeds, n_failed=0, seconds=seconds)


def _checkpoint(courses: Sequence[ExactCourse], asked: Mapping[str, Any]) -> Checkpoint:
    from nashlens.agents.checkpoint import Checkpoint, prefixed

    arrays: dict[str, npt.NDArray[Any]] = {}
    for k, course in enumerate(courses):
        arrays |= prefixed(str(k), course.state())
    return Checkpoint(arrays=arrays, settings=asked)


def _load(courses: Sequence[ExactCourse], checkpoint: Checkpoint, asked: Mapping[str, Any]) -> None:
    from nashlens.agents.checkpoint import part

    different = sorted(key for key in asked if checkpoint.settings.get(key) != asked[key])
    if different:
        raise ValueError(f"resume must be a checkpoint of the same call; it differs in {', '.join(different)}")
    for k, course in enumerate(courses):
        course.load(part(checkpoint.arrays, str(k)))
