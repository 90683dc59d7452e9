"""Every result of exact game theory keeps the contract of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import get_args

import numpy as np
import pytest

from nashlens.analysis.alpha_rank import alpha_rank, single_population_alpha_rank
from nashlens.analysis.correlated import correlated_equilibrium, correlated_gaps
from nashlens.analysis.cycling import cycling
from nashlens.analysis.dominance import dominance
from nashlens.analysis.dynamics import trajectory
from nashlens.analysis.elo import elo
from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.equilibrium_distance import equilibrium_distance
from nashlens.analysis.gradient_play import gradient_play
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.nash_averaging import nash_average, nash_average_of_tasks
from nashlens.analysis.potential import potential_decomposition
from nashlens.analysis.quantal import logit_branch
from nashlens.analysis.rationality import fit_rationality
from nashlens.analysis.regret import regret
from nashlens.analysis.results import Bound, Result
from nashlens.analysis.selection import selected_equilibrium
from nashlens.analysis.supports import support_equilibria
from nashlens.analysis.welfare import price_of_anarchy, social_optimum, welfare
from nashlens.analysis.zero_sum import optimal_strategies
from nashlens.games.normal_form import NormalFormGame, Profile

STAG_HUNT = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])
PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
UNIFORM = Profile.uniform(2, 2)
RUN = Profile([np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])] * 2)
CYCLE = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])

RESULTS: list[Callable[[], Result]] = [
    lambda: find_equilibria(STAG_HUNT),
    lambda: pure_equilibria(STAG_HUNT),
    lambda: support_equilibria(STAG_HUNT),
    lambda: limiting_logit_equilibrium(STAG_HUNT),
    lambda: optimal_strategies(PENNIES)[0],
    lambda: equilibrium_distance(STAG_HUNT, RUN),
    lambda: selected_equilibrium(STAG_HUNT, RUN),
    lambda: correlated_gaps(STAG_HUNT, np.full((2, 2), 0.25)),
    lambda: correlated_equilibrium(STAG_HUNT),
    lambda: regret(STAG_HUNT, RUN),
    lambda: logit_branch(STAG_HUNT, [0.0, 1.0]),
    lambda: fit_rationality(STAG_HUNT, RUN),
    lambda: social_optimum(STAG_HUNT),
    lambda: welfare(STAG_HUNT, RUN),
    lambda: price_of_anarchy(STAG_HUNT),
    lambda: dominance(STAG_HUNT),
    lambda: potential_decomposition(STAG_HUNT),
    lambda: alpha_rank(STAG_HUNT, alpha=1.0),
    lambda: single_population_alpha_rank(CYCLE, alpha=1.0),
    lambda: nash_average(CYCLE),
    lambda: nash_average_of_tasks(np.eye(2)),
    lambda: elo(CYCLE),
    lambda: trajectory(STAG_HUNT, UNIFORM, n_steps=2),
    lambda: gradient_play(STAG_HUNT, UNIFORM, n_steps=2),
    lambda: cycling(STAG_HUNT, RUN),
]


@pytest.mark.parametrize("make_result", RESULTS)
def test_result_says_what_it_is_in_every_row(make_result: Callable[[], Result]) -> None:
    result = make_result()
    assert isinstance(result, Result)
    assert result.bound in get_args(Bound)
    assert isinstance(result.references, tuple)
    records = result.to_records()
    assert records
    for record in records:
        assert {"metric", "value", "bound", "tolerance"} <= set(record)
        assert record["bound"] in get_args(Bound)


@pytest.mark.parametrize("make_result", RESULTS)
def test_result_cannot_be_changed(make_result: Callable[[], Result]) -> None:
    with pytest.raises(FrozenInstanceError):
        make_result().bound = "estimate"  # type: ignore[misc]
