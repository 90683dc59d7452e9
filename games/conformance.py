"""Conformance: plays a game with random actions over whole episodes and says where it breaks the contract of `core`.

Tried are: shapes, types and finite numbers; ends, the horizon and restarts; legal actions; equal rewards where they are
claimed; the same episodes from the same generators; blocks that leave one another alone; going back to a stored state;
and the refusal of actions that do not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games.arguments import whole_number
from nashlens.games.core import Batch, Game
from nashlens.games.promises import (
    ConformanceError,
    check_outcome,
    check_restart,
    check_shown,
    check_untouched,
    fail,
    measures_in,
)
from nashlens.games.trace import Moment, first_difference, play_random, random_actions, rows_of, shown

__all__ = ["Conformance", "ConformanceError", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """What was tried, all of it with success.

    Attributes
    ----------
    game : the name in the specification.
    n_envs : E, environments side by side, in two blocks.
    n_steps : steps of each run.
    n_episodes : episodes that ended in the first run, over all environments.
    checks : what was tried, in words.
    """

    game: str
    n_envs: int
    n_steps: int
    n_episodes: int
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One game, and the seeds of two blocks of environments and of the actions in them."""

    game: Game
    n_envs: int
    n_steps: int
    world_seeds: tuple[int, int]
    action_seeds: tuple[int, int]

    def worlds(self, *blocks: int) -> list[np.random.Generator]:
        return [np.random.default_rng(self.world_seeds[k]) for k in blocks]

    def players(self, *blocks: int) -> list[np.random.Generator]:
        return [np.random.default_rng(self.action_seeds[k]) for k in blocks]


def check(game: Game, *, n_envs: int = 4, n_episodes: int = 2, rng: np.random.Generator) -> Conformance:
    """Try every promise of the contract.

    Parameters
    ----------
    game : the game.
    n_envs : E, an even number; the environments stand in two blocks.
    n_episodes : how many episodes of full length each environment has time for.
    rng : the source of all seeds.

    Returns
    -------
    Conformance, which says what was tried.

    Raises
    ------
    ConformanceError : the game breaks a promise; the message names it.
    ValueError : `n_envs` is no even number of at least 2, or `n_episodes` is below 1.

    Notes
    -----
    Cost: about five runs of `n_episodes` times the horizon steps. Comparisons are exact: a number that depends in its
    last digit on what stands beside it breaks the promise that a seed sees the same games alone and among others.
    """
    if whole_number(n_envs, "n_envs", low=2) % 2:
        raise ValueError(f"n_envs must be an even number, not {n_envs}")
    n_steps = game.spec.horizon * whole_number(n_episodes, "n_episodes", low=1)
    seeds = [int(seed) for seed in rng.integers(2**31, size=4)]
    trial = _Trial(
        game=game,
        n_envs=n_envs,
        n_steps=n_steps,
        world_seeds=(seeds[0], seeds[1]),
        action_seeds=(seeds[2], seeds[3]),
    )
    moments = _check_steps(trial)
    _check_determinism(trial, moments)
    _check_blocks(trial, moments)
    _check_states(trial)
    _check_refusals(trial)
    return Conformance(
        game=game.spec.name,
        n_envs=n_envs,
        n_steps=n_steps,
        n_episodes=sum(int(moment.step.ended.sum()) for moment in moments),
        checks=(
            "shapes, types and finite numbers",
            "ends, horizon and restarts",
            "legal actions",
            "common reward",
            "the same generators give the same episodes",
            "a block plays alone as beside others",
            "a stored state gives the same episode again",
            "actions that do not fit are refused",
        ),
    )


def _check_steps(trial: _Trial) -> list[Moment]:
    """Play one run, check each of its steps, and return it."""
    spec = trial.game.spec
    batch = trial.game.start(trial.n_envs, rng=trial.worlds(0, 1))
    if batch.n_envs != trial.n_envs:
        fail(spec, f"n_envs is {batch.n_envs} after {trial.n_envs} environments were asked for")
    if batch.spec != spec:
        fail(spec, "the batch has another specification than the game")
    start = shown(batch)
    check_shown(spec, start, n_envs=trial.n_envs, when="at the start")
    elapsed = np.zeros(trial.n_envs, dtype=np.int64)
    moments: list[Moment] = []
    for moment in play_random(batch, trial.players(0, 1), n_steps=trial.n_steps):
        moments.append(moment)
        check_outcome(spec, moment.outcome, n_envs=trial.n_envs, measures=measures_in(moments[0].outcome))
        check_shown(spec, moment.after, n_envs=trial.n_envs, when="after a step")
        check_restart(spec, moment, start)
        elapsed = np.where(moment.step.ended, 0, elapsed + 1)
        if (elapsed >= spec.horizon).any():
            fail(spec, f"an episode went on after the horizon of {spec.horizon} steps")
    for moment in moments:
        check_untouched(spec, moment)
    return moments


def _check_determinism(trial: _Trial, moments: list[Moment]) -> None:
    again = trial.game.start(trial.n_envs, rng=trial.worlds(0, 1))
    for moment, other in zip(moments, play_random(again, trial.players(0, 1), n_steps=trial.n_steps), strict=True):
        if difference := _difference(moment, other):
            fail(trial.game.spec, f"{difference} differ between two runs from the same generators")


def _check_blocks(trial: _Trial, moments: list[Moment]) -> None:
    size = trial.n_envs // 2
    for block in range(2):
        rows = slice(block * size, (block + 1) * size)
        alone = trial.game.start(size, rng=trial.worlds(block))
        for moment, other in zip(moments, play_random(alone, trial.players(block), n_steps=trial.n_steps), strict=True):
            if difference := _difference(moment, other, rows=rows):
                fail(trial.game.spec, f"{difference} of a block of environments depend on the block beside it")


def _check_states(trial: _Trial) -> None:
    """Store a state in the middle of an episode, play on, and play the same from it in a batch that began elsewhere."""
    spec = trial.game.spec
    worlds = trial.worlds(0, 1)
    batch = trial.game.start(trial.n_envs, rng=worlds)
    for _ in play_random(batch, trial.players(0, 1), n_steps=spec.horizon // 2):
        pass
    state, now = batch.state(), shown(batch)
    copies = {name: array.copy() for name, array in state.items()}
    places = [world.bit_generator.state for world in worlds]
    moments = list(play_random(batch, trial.players(1, 0), n_steps=trial.n_steps))
    if changed := first_difference(copies, state):
        fail(spec, f"the stored {changed} changed when later steps were taken")
    other_worlds = trial.worlds(1, 0)
    other = trial.game.start(trial.n_envs, rng=other_worlds)
    other.restore(state)
    for world, place in zip(other_worlds, places, strict=True):
        world.bit_generator.state = place
    if difference := first_difference(now, shown(other)):
        fail(spec, f"{difference} differ after a stored state was restored")
    for moment, again in zip(moments, play_random(other, trial.players(1, 0), n_steps=trial.n_steps), strict=True):
        if difference := _difference(moment, again):
            fail(spec, f"{difference} differ in an episode that goes on from a restored state")
    if changed := first_difference(copies, state):
        fail(spec, f"the stored {changed} changed after it was restored")


def _check_refusals(trial: _Trial) -> None:
    batch = trial.game.start(trial.n_envs, rng=trial.worlds(0, 1))
    actions = random_actions(batch, trial.players(0, 1), soft=False)
    wrong = {
        "actions of too few agents": actions[:-1],
        "actions of the wrong width": (np.zeros((trial.n_envs, actions[0].shape[1] + 1)), *actions[1:]),
        "actions for too few environments": tuple(a[:-1] for a in actions),
    }
    for what, given in wrong.items():
        if not _refuses(batch, given):
            fail(trial.game.spec, f"{what} were taken without a ValueError")


def _refuses(batch: Batch, actions: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]) -> bool:
    try:
        batch.step(actions)
    except ValueError:
        return True
    return False


def _difference(moment: Moment, other: Moment, *, rows: slice = slice(None)) -> str | None:
    """Return what differs between some environments of one step and all of another."""
    return first_difference(rows_of(moment.outcome, rows), other.outcome) or first_difference(
        rows_of(moment.after, rows), other.after
    )
