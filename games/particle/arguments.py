"""What the constructors of particle worlds accept, and what they say when a value does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from nashlens.games.particle.controls import MODES, Mode
from nashlens.games.particle.physics import ORDERS, Order

MAX_CYCLES = 25

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every particle world can be told.

    Attributes
    ----------
    max_cycles : steps after which the time limit truncates an episode.
    actions : how actions are executed, see `controls`.
    physics : the order of integration, see `physics`.
    dynamic_rescaling : whether drawings scale bodies with the view; it changes no number.
    """

    max_cycles: int
    actions: Mode
    physics: Order
    dynamic_rescaling: bool


def settings(
    max_cycles: int,
    *,
    actions: Mode | None,
    continuous_actions: bool | None,
    physics: Order,
    dynamic_rescaling: bool,
) -> Settings:
    """Check the arguments that every world takes.

    Parameters
    ----------
    max_cycles : at least 1.
    actions : ``one_hot``, ``soft`` or ``continuous``; None leaves it to `continuous_actions`, else ``one_hot``.
    continuous_actions : mpe2's name for the same question: True is ``continuous``, False anything else; None is silent.
    physics : ``mpe2`` or ``lowe2017``.
    dynamic_rescaling : True or False.

    Raises
    ------
    ValueError : a value does not fit, or `actions` and `continuous_actions` disagree.
    """
    if continuous_actions is not None:
        flag("continuous_actions", continuous_actions)
    if actions is None:
        mode: Mode = "continuous" if continuous_actions else "one_hot"
    else:
        mode = one_of("actions", actions, MODES)
        if continuous_actions is not None and continuous_actions != (mode == "continuous"):
            raise ValueError(
                f"actions={mode!r} and continuous_actions={continuous_actions} disagree: give one of the two"
            )
    return Settings(
        max_cycles=whole("max_cycles", max_cycles, 1),
        actions=mode,
        physics=one_of("physics", physics, ORDERS),
        dynamic_rescaling=flag("dynamic_rescaling", dynamic_rescaling),
    )


def number_of_agents(n_agents: int | None, mpe2_n: int | None, *, default: int) -> int:
    """Return the number of agents, said as `n_agents` or under mpe2's name ``N``.

    Raises
    ------
    ValueError : both are given and differ, or the number is below 1.
    """
    if n_agents is None:
        return default if mpe2_n is None else whole("N", mpe2_n, 1)
    n_agents = whole("n_agents", n_agents, 1)
    if mpe2_n is not None and whole("N", mpe2_n, 1) != n_agents:
        raise ValueError(f"n_agents={n_agents} and N={mpe2_n} disagree: they are two names of one number")
    return n_agents


def whole(name: str, value: int, least: int, most: int | None = None) -> int:
    """Return a whole number within its bounds, or raise a ValueError that says which."""
    fits = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= least
    if not fits or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {bounds}, not {value!r}")
    return int(value)


def neighbours(name: str, value: int | None) -> int | None:
    """Return how many neighbours an agent sees, None for all of them, or raise a ValueError."""
    return None if value is None else whole(name, value, 1)


def flag(name: str, value: bool) -> bool:
    """Return True or False, or raise a ValueError if the value is neither."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def one_of(name: str, value: str, allowed: Sequence[Name]) -> Name:
    """Return the one of the allowed names that was given, or raise a ValueError that lists them."""
    for each in allowed:
        if value == each:
            return each
    raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def number(name: str, value: float, low: float, high: float = np.inf) -> float:
    """Return a finite number from `low` to `high`, or raise a ValueError that says so."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not real or not np.isfinite(value) or not low <= value <= high:
        bounds = f"of at least {low}" if np.isinf(high) else f"from {low} to {high}"
        raise ValueError(f"{name} must be a number {bounds}, not {value!r}")
    return float(value)
