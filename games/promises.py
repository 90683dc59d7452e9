"""What the contract of `core` promises of every single step, tried on the frames of a trace."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
import numpy.typing as npt

from nashlens.games.core import BoolArray, Choice, GameSpec
from nashlens.games.trace import Frame, Moment, first_difference, outcome, rows_of


class ConformanceError(ValueError):
    """A game broke its contract; the message says how."""


def fail(spec: GameSpec, what: str) -> NoReturn:
    """Raise a `ConformanceError` about one game."""
    raise ConformanceError(f"{spec.name}: {what}")


def check_array(
    spec: GameSpec, frame: Frame, name: str, *, shape: tuple[int, ...], dtype: npt.DTypeLike, when: str
) -> None:
    """Check that a frame holds an array of the right shape and type, and that its numbers are finite.

    Raises
    ------
    ConformanceError : it does not.
    """
    if name not in frame:
        fail(spec, f"{name} are missing {when}")
    array = frame[name]
    if array.shape != shape:
        fail(spec, f"{name} have shape {array.shape} {when}, not {shape}")
    if array.dtype != dtype:
        fail(spec, f"{name} are {array.dtype} {when}, not {np.dtype(dtype)}")
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        fail(spec, f"{name} are not all finite {when}")


def check_shown(spec: GameSpec, frame: Frame, *, n_envs: int, when: str) -> None:
    """Check the observations and masks that stand to be acted on.

    Raises
    ------
    ConformanceError : shapes, types, numbers or masks do not fit.
    """
    if sum(name.startswith("observations") for name in frame) != spec.n_agents:
        fail(spec, f"observations must be {spec.n_agents} arrays, one an agent, {when}")
    for i, size in enumerate(spec.observation_sizes):
        name = f"observations of agent {i}"
        check_array(spec, frame, name, shape=(n_envs, size), dtype=np.float64, when=when)
    _check_masks(spec, frame, "masks", when=when, active=np.ones(n_envs, dtype=np.bool_))


def check_outcome(spec: GameSpec, frame: Frame, *, n_envs: int, measures: frozenset[str]) -> None:
    """Check what one step led to; `measures` are the names of the first step's.

    Raises
    ------
    ConformanceError : shapes, types, numbers, ends, masks, measures or the common reward do not fit.
    """
    when = "after a step"
    check_array(spec, frame, "rewards", shape=(n_envs, spec.n_agents), dtype=np.float64, when=when)
    for name in ("terminated", "truncated"):
        check_array(spec, frame, name, shape=(n_envs,), dtype=np.bool_, when=when)
    if (frame["terminated"] & frame["truncated"]).any():
        fail(spec, "an episode was terminated and truncated at once")
    if spec.common_reward and (frame["rewards"] != frame["rewards"][:, :1]).any():
        fail(spec, "agents got different rewards although common_reward is True")
    for i, size in enumerate(spec.observation_sizes):
        name = f"next observations of agent {i}"
        check_array(spec, frame, name, shape=(n_envs, size), dtype=np.float64, when=when)
    _check_masks(spec, frame, "next masks", when=when, active=~frame["terminated"])
    if measures_in(frame) != measures:
        fail(spec, f"steps have different measures: {sorted(measures)}, then {sorted(measures_in(frame))}")
    for name in measures:
        shape = (n_envs,) if frame[name].ndim == 1 else (n_envs, spec.n_agents)
        check_array(spec, frame, name, shape=shape, dtype=np.float64, when=when)


def measures_in(frame: Frame) -> frozenset[str]:
    """Return the names of the measures in a frame."""
    return frozenset(name for name in frame if name.startswith("measure "))


def check_untouched(spec: GameSpec, moment: Moment) -> None:
    """Check that a step has not been changed since, nor the actions that were given.

    Raises
    ------
    ConformanceError : it has.
    """
    if difference := first_difference(moment.outcome, outcome(moment.step)):
        fail(spec, f"{difference} of a step changed when later steps were taken")
    if any(not np.array_equal(a, b) for a, b in zip(moment.actions, moment.given, strict=True)):
        fail(spec, "the actions that were given were changed")


def check_restart(spec: GameSpec, moment: Moment, start: Frame) -> None:
    """Check that running environments show their successor, and that those that ended show a start.

    The starts of a game cannot be listed. What is refused is an environment that shows exactly the end of its episode,
    unless that is also how some environment started.

    Raises
    ------
    ConformanceError : an environment shows something else.
    """
    ended = moment.step.ended
    successors = {k.removeprefix("next "): v for k, v in moment.outcome.items() if k.startswith("next ")}
    if difference := first_difference(rows_of(moment.after, ~ended), rows_of(successors, ~ended)):
        fail(spec, f"{difference} differ from the successor where the episode goes on")
    n_envs = len(ended)
    starts = [rows_of(start, slice(e, e + 1)) for e in range(n_envs)]
    for env in np.flatnonzero(ended):
        seen, reached = (rows_of(frame, slice(env, env + 1)) for frame in (moment.after, successors))
        if first_difference(seen, reached) is None and all(first_difference(seen, s) for s in starts):
            fail(spec, "an environment still shows the end of its episode instead of a new start")


def _check_masks(spec: GameSpec, frame: Frame, label: str, *, when: str, active: BoolArray) -> None:
    present = any(name.startswith(label) for name in frame)
    if present != spec.masked:
        fail(spec, f"{label} are {'present' if present else 'missing'} {when} although masked is {spec.masked}")
    if not spec.masked:
        return
    for i, space in enumerate(spec.action_spaces):
        name = f"{label} of agent {i}"
        check_array(spec, frame, name, shape=(len(active), space.width), dtype=np.bool_, when=when)
        parts = space.slices if isinstance(space, Choice) else ()
        if any(not frame[name][active, part].any(axis=1).all() for part in parts):
            fail(spec, f"{name} leave no legal action {when}")
