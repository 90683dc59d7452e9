"""Games whose equilibria are known, and how many there are."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.analysis.nash import Equilibria
from nashlens.games.normal_form import NormalFormGame


def symmetric(matrix: list[list[float]]) -> NormalFormGame:
    first = np.array(matrix, dtype=float)
    return NormalFormGame([first, first.T])


def common(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([matrix, matrix])


def zero_sum(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([matrix, -np.array(matrix)])


MATCHING_PENNIES = zero_sum([[1, -1], [-1, 1]])
RPS = zero_sum([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
PRISONERS_DILEMMA = symmetric([[3, 0], [5, 1]])
BATTLE = NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
STAG_HUNT = symmetric([[4, 0], [3, 3]])
CHICKEN = symmetric([[6, 2], [7, 0]])
CLIMBING = common([[11, -30, 0], [-30, 7, 6], [0, 0, 5]])
PENALTY_30 = common([[10, 0, -30], [0, 2, 0], [-30, 0, 10]])
PENALTY_100 = common([[10, 0, -100], [0, 2, 0], [-100, 0, 10]])
ANTI_COORDINATION = symmetric([[0, 1], [1, 0]])
SHAPLEY = NormalFormGame([np.eye(3), np.roll(np.eye(3), 1, axis=1)])


# Number of equilibria: metrics table, row "count parity"; all of these games are nondegenerate.
COUNTS = [
    (MATCHING_PENNIES, 1),
    (RPS, 1),
    (PRISONERS_DILEMMA, 1),
    (BATTLE, 3),
    (STAG_HUNT, 3),
    (CHICKEN, 3),
    (CLIMBING, 3),
    (PENALTY_30, 5),
    (PENALTY_100, 5),
    (ANTI_COORDINATION, 3),
    (SHAPLEY, 1),
]


def volunteers_dilemma(n_agents: int, cost: float) -> NormalFormGame:
    """Everyone gets 1 if anyone volunteers (action 1), which costs the volunteer."""
    payoffs = np.zeros((n_agents, *(2,) * n_agents))
    for actions in np.ndindex(*(2,) * n_agents):
        for i in range(n_agents):
            payoffs[(i, *actions)] = float(any(actions)) - cost * actions[i]
    return NormalFormGame(payoffs, name="volunteers_dilemma")


def holds(found: Equilibria, *strategies: list[float]) -> bool:
    return any(
        all(s == pytest.approx(t, abs=1e-9) for s, t in zip(profile, strategies, strict=True))
        for profile in found.profiles
    )
