"""The settings that every particle world takes, and the arguments that several of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from nashlens.games.arguments import one_of, truth_value, whole_number
from nashlens.games.particle.controls import MODES, Mode
from nashlens.games.particle.physics import ORDERS, Order

MAX_CYCLES = 25


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
    continuous = None if continuous_actions is None else truth_value(continuous_actions, "continuous_actions")
    if actions is None:
        mode: Mode = "continuous" if continuous else "one_hot"
    else:
        mode = cast(Mode, one_of(actions, "actions", choices=MODES))
        if continuous is not None and continuous != (mode == "continuous"):
            raise ValueError(f"actions={mode!r} and continuous_actions={continuous} disagree: give one of the two")
    return Settings(
        max_cycles=whole_number(max_cycles, "max_cycles", low=1),
        actions=mode,
        physics=cast(Order, one_of(physics, "physics", choices=ORDERS)),
        dynamic_rescaling=truth_value(dynamic_rescaling, "dynamic_rescaling"),
    )


def number_of_agents(n_agents: int | None, mpe2_n: int | None, *, default: int) -> int:
    """Return the number of agents, said as `n_agents` or under mpe2's name ``N``.

    Raises
    ------
    ValueError : both are given and differ, or the number is below 1.
    """
    if n_agents is None:
        return default if mpe2_n is None else whole_number(mpe2_n, "N", low=1)
    ours = whole_number(n_agents, "n_agents", low=1)
    if mpe2_n is not None and whole_number(mpe2_n, "N", low=1) != ours:
        raise ValueError(f"n_agents={ours} and N={mpe2_n} disagree: they are two names of one number")
    return ours


def neighbours(limit: int | None, name: str) -> int | None:
    """Return how many neighbours an agent sees, None for all of them.

    Raises
    ------
    ValueError : it is neither None nor a whole number of at least 1.
    """
    return None if limit is None else whole_number(limit, name, low=1)
