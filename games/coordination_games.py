"""Named games of N agents who have to act alike, differ, or leave the work to one of them, with what is known of them.

``<game>(n_agents)`` makes a game and ``<game>_facts(n_agents)`` says what is known of it, for the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations
from math import factorial
from typing import Any

import numpy as np

from nashlens.games.arguments import real_number, whole_number
from nashlens.games.core import Array, IntArray
from nashlens.games.known import COMMON_INTEREST, DERIVED, Known, pure_profiles
from nashlens.games.normal_form import NormalFormGame, Profile

MAX_AGENTS = 12
MAX_ROLES = 7
PROPOSITION_1 = "payoffs: Lowe et al. (2017), arXiv:1706.02275, Proposition 1; equilibria: closed form"
EVEN_SPLIT = "payoffs: Kuba et al. (2022), arXiv:2109.11251, Proposition 1; equilibria: closed form"


def _team(
    rule: Callable[[IntArray], Array], name: str, n_agents: int, n_actions: int, names: tuple[str, ...] | None = None
) -> NormalFormGame:
    """Return the game in which all get `rule` of the joint actions ``[M, N]``."""
    shape = (n_actions,) * n_agents
    joint_actions = np.stack(np.unravel_index(np.arange(n_actions**n_agents), shape), axis=1).astype(np.int64)
    team = rule(joint_actions).astype(np.float64).reshape(shape)
    action_names = None if names is None else [names] * n_agents
    payoffs = np.broadcast_to(team, (n_agents, *shape))
    return NormalFormGame(payoffs, name=name, parameters={"n_agents": n_agents}, action_names=action_names)


def _n_distinct(joint_actions: IntArray) -> Array:
    ordered = np.sort(joint_actions, axis=1)
    counts: Array = (np.diff(ordered, axis=1) > 0).sum(axis=1) + 1.0
    return counts


def role_assignment(n_agents: int = 3) -> NormalFormGame:
    """N agents choose among N roles and get 1 if all roles are taken, else 0.

    Raises
    ------
    ValueError : `n_agents` is no whole number from 2 to 7.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_ROLES)
    return _team(lambda joint: (_n_distinct(joint) == n) * 1.0, "role_assignment", n, n)


def role_assignment_facts(n_agents: int = 3) -> Known:
    """Every assignment, and the even mixture."""
    shared = factorial(n_agents) / n_agents**n_agents
    return Known(
        equilibria=(
            *pure_profiles(n_agents, *permutations(range(n_agents))),
            Profile.uniform(*(n_agents,) * n_agents),
        ),
        complete=n_agents == 2,
        which="all" if n_agents == 2 else "those that pay 1, and the even mixture; others pay less",
        welfare=float(n_agents),
        potentialness=1.0,
        source=DERIVED,
        notes=f"One shared policy without memory gets at most N!/N^N = {shared:.6g}. {COMMON_INTEREST}",
    )


def coverage(n_agents: int = 3) -> NormalFormGame:
    """N agents choose among N places and all get the share of places that somebody chose.

    Raises
    ------
    ValueError : `n_agents` is no whole number from 2 to 7.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_ROLES)
    return _team(lambda joint: _n_distinct(joint) / n, "coverage", n, n)


def coverage_facts(n_agents: int = 3) -> Known:
    """Every way to cover all places, and the even mixture."""
    shared = 1 - (1 - 1 / n_agents) ** n_agents
    return Known(
        equilibria=(
            *pure_profiles(n_agents, *permutations(range(n_agents))),
            Profile.uniform(*(n_agents,) * n_agents),
        ),
        complete=n_agents == 2,
        which="all" if n_agents == 2 else "all pure ones, and the even mixture",
        welfare=float(n_agents),
        potentialness=1.0,
        source=DERIVED,
        notes=f"One shared policy without memory gets at most 1 - (1 - 1/N)^N = {shared:.6g}. {COMMON_INTEREST}",
    )


def all_ones(n_agents: int = 3) -> NormalFormGame:
    """All get 1 if every agent plays action 1, else 0: the game for which Proposition 1's rate holds.

    Raises
    ------
    ValueError : `n_agents` is no whole number from 2 to 12.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    return _team(lambda joint: joint.min(axis=1) * 1.0, "all_ones", n, 2)


def all_ones_facts(n_agents: int = 3) -> Known:
    """All play 1; and whenever two agents or more never play 1, nobody can change anything."""
    ones, zeros = (1,) * n_agents, (0,) * n_agents
    return Known(
        equilibria=pure_profiles(2, ones, zeros),
        complete=n_agents == 2,
        which="all" if n_agents == 2 else "all 1 and all 0; the rest are the profiles where two or more never play 1",
        welfare=float(n_agents),
        potentialness=1.0,
        source=PROPOSITION_1,
        notes=f"P(gradient estimate points uphill) = 2^-N at uniform play, as the proposition says. {COMMON_INTEREST}",
    )


def all_equal(n_agents: int = 3) -> NormalFormGame:
    """All get 1 if every agent plays the same, else 0: Proposition 1's reward as it is printed.

    Raises
    ------
    ValueError : `n_agents` is no whole number from 2 to 12.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    return _team(lambda joint: (joint.min(axis=1) == joint.max(axis=1)) * 1.0, "all_equal", n, 2)


def all_equal_facts(n_agents: int = 3) -> Known:
    """All 0, all 1, the even mixture; from four agents on, also every split with two or more on each side."""
    split: list[tuple[int, ...]] = []
    for size in range(2, n_agents - 1):
        split += [tuple(int(i in ones) for i in range(n_agents)) for ones in combinations(range(n_agents), size)]
    pure = pure_profiles(2, (0,) * n_agents, (1,) * n_agents, *split)
    return Known(
        equilibria=(*pure, Profile.uniform(*(2,) * n_agents)),
        complete=n_agents <= 4,
        which="all" if n_agents <= 4 else "all pure ones, and the even mixture",
        welfare=float(n_agents),
        potentialness=1.0,
        source=PROPOSITION_1,
        notes=f"At uniform play the true gradient is 0, so that the proposition says nothing there. {COMMON_INTEREST}",
    )


def even_split(n_agents: int = 4) -> NormalFormGame:
    """All get 1 if the first half plays 0 and the second half 1, or the other way round; else 0.

    Raises
    ------
    ValueError : `n_agents` is no even number from 2 to 12.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    if n % 2:
        raise ValueError(f"n_agents must be an even number from 2 to {MAX_AGENTS}, not {n}")
    half = np.arange(n) >= n // 2
    return _team(lambda joint: ((joint == half).all(axis=1) | (joint != half).all(axis=1)) * 1.0, "even_split", n, 2)


def even_split_facts(n_agents: int = 4) -> Known:
    """Both splits, and the even mixture."""
    half = n_agents // 2
    pure = pure_profiles(2, (0,) * half + (1,) * half, (1,) * half + (0,) * half)
    return Known(
        equilibria=(*pure, Profile.uniform(*(2,) * n_agents)),
        complete=n_agents == 2,
        which="all" if n_agents == 2 else "those that pay 1, and the even mixture; others pay less",
        welfare=float(n_agents),
        potentialness=1.0,
        source=EVEN_SPLIT,
        notes=f"One shared policy without memory gets at most 2/2^N = {2 / 2**n_agents:.6g}. {COMMON_INTEREST}",
    )


def volunteers_dilemma(n_agents: int = 3, cost: float = 0.25) -> NormalFormGame:
    """All get 1 if somebody volunteers, and every volunteer pays `cost`.

    Raises
    ------
    ValueError : `n_agents` is no whole number from 2 to 12, or `cost` is not between 0 and 1, both excluded.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    c = real_number(cost, "cost", low=0.0, high=1.0, open_low=True, open_high=True)
    volunteers = np.indices((2,) * n).astype(np.float64)
    parameters: dict[str, Any] = {"n_agents": n, "cost": c}
    names = [("abstain", "volunteer")] * n
    payoffs = volunteers.max(axis=0) - c * volunteers
    return NormalFormGame(payoffs, name="volunteers_dilemma", parameters=parameters, action_names=names)


def volunteers_dilemma_facts(n_agents: int = 3, cost: float = 0.25) -> Known:
    """For every group of agents: its members abstain with one probability, all others always do."""
    equilibria = []
    for size in range(1, n_agents + 1):
        abstain = cost ** (1 / (size - 1)) if size > 1 else 0.0
        for group in combinations(range(n_agents), size):
            equilibria.append(Profile([[abstain, 1 - abstain] if i in group else [1.0, 0.0] for i in range(n_agents)]))
    return Known(
        equilibria=tuple(equilibria),
        welfare=n_agents - cost,
        potentialness=1.0,
        source=DERIVED,
        notes="Members of a group of k abstain with probability cost^(1/(k-1)); alone, an agent volunteers. "
        "Somebody volunteers, less cost times the number of volunteers, is a potential.",
    )
