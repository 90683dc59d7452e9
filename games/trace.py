"""Traces: what a batch showed and paid, step by step, while random legal actions were played in it.

Each block of environments has a generator of its own for its actions, so that a block plays the same actions alone as
beside others. Two traces are compared exactly, number by number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.categorical import softmax
from nashlens.games.core import Array, Batch, Choice, GameSpec, Step
from nashlens.games.policy import uniform_for

Frame = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step of a trace, with copies of all arrays.

    Attributes
    ----------
    actions : one ``[E, A_i]`` an agent, as they were before the step.
    given : the very arrays that the game was given.
    step : the very object that the game returned; `outcome` holds copies of its arrays.
    outcome : rewards, ends, measures, successors and their masks.
    after : observations and masks to act on next.
    """

    actions: tuple[Array, ...]
    given: tuple[Array, ...]
    step: Step
    outcome: Frame
    after: Frame


def shown(batch: Batch) -> Frame:
    """Return copies of the observations and masks that a batch shows now."""
    frame: Frame = {f"observations of agent {i}": np.array(o) for i, o in enumerate(batch.observations)}
    if batch.masks is not None:
        frame |= {f"masks of agent {i}": np.array(m) for i, m in enumerate(batch.masks)}
    return frame


def outcome(step: Step) -> Frame:
    """Return copies of everything in a step, by name."""
    frame: Frame = {
        "rewards": np.array(step.rewards),
        "terminated": np.array(step.terminated),
        "truncated": np.array(step.truncated),
    }
    frame |= {f"measure {name}": np.array(value) for name, value in step.measures.items()}
    frame |= {f"next observations of agent {i}": np.array(o) for i, o in enumerate(step.next_observations)}
    if step.next_masks is not None:
        frame |= {f"next masks of agent {i}": np.array(m) for i, m in enumerate(step.next_masks)}
    return frame


def random_actions(batch: Batch, generators: Sequence[np.random.Generator], *, soft: bool) -> tuple[Array, ...]:
    """Draw legal actions for each block of environments from the block's own generator.

    Parameters
    ----------
    batch : its observations and masks are read.
    generators : one a block.
    soft : True to draw points inside the simplex for `Choice` actions.
    """
    size = batch.n_envs // len(generators)
    joint = []
    for agent in range(batch.spec.n_agents):
        blocks = []
        for k, rng in enumerate(generators):
            rows = slice(k * size, (k + 1) * size)
            masks = None if batch.masks is None else batch.masks[agent][rows]
            blocks.append(_draw(batch.spec, agent, batch.observations[agent][rows], masks, soft=soft, rng=rng))
        joint.append(np.concatenate(blocks))
    return tuple(joint)


def _draw(
    spec: GameSpec,
    agent: int,
    seen: Array,
    masks: npt.NDArray[np.bool_] | None,
    *,
    soft: bool,
    rng: np.random.Generator,
) -> Array:
    space = spec.action_spaces[agent]
    if soft and isinstance(space, Choice):
        return softmax(rng.gumbel(size=(len(seen), space.width)), space, masks=masks)
    return uniform_for(space, observation_size=seen.shape[1]).sample(seen, masks=masks, rng=rng)


def play_random(batch: Batch, generators: Sequence[np.random.Generator], *, n_steps: int) -> Iterator[Moment]:
    """Play random legal actions and yield each step; every other step is soft where the game takes soft actions."""
    for k in range(n_steps):
        given = random_actions(batch, generators, soft=batch.spec.soft_actions and k % 2 == 1)
        actions = tuple(a.copy() for a in given)
        step = batch.step(given)
        yield Moment(actions=actions, given=given, step=step, outcome=outcome(step), after=shown(batch))


def first_difference(one: Frame, other: Frame) -> str | None:
    """Return the name of the first array in which two frames differ, or None if all are equal, number by number."""
    if one.keys() != other.keys():
        return " and ".join(sorted(one.keys() ^ other.keys()))
    for name, array in one.items():
        if not np.array_equal(array, other[name]):
            return name
    return None


def rows_of(frame: Frame, rows: slice | npt.NDArray[np.bool_]) -> Frame:
    """Return some environments' part of a frame."""
    return {name: array[rows] for name, array in frame.items()}
