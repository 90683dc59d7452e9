"""α-rank and population dynamics against OpenSpiel's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_spiel.python.egt import alpharank, dynamics

from nashlens.analysis.alpha_rank import alpha_rank, single_population_alpha_rank
from nashlens.analysis.dynamics import trajectory, vector_field
from nashlens.games.normal_form import NormalFormGame, Profile

shapes = st.lists(st.integers(2, 3), min_size=2, max_size=4).map(tuple)


@settings(max_examples=15)
@given(shapes, st.integers(0, 10_000))
def test_alpha_rank_random_game_equals_open_spiel(shape: tuple[int, ...], seed: int) -> None:
    # Moderate pressure: beyond it their eigenvector no longer finds one distribution.
    payoffs = np.random.default_rng(seed).normal(size=(len(shape), *shape))
    theirs = alpharank.compute(list(payoffs), m=5, alpha=0.5)[2]
    found = alpha_rank(NormalFormGame(payoffs), alpha=0.5, population_size=5)
    assert found.distribution.ravel() == pytest.approx(np.asarray(theirs), abs=1e-9)


@settings(max_examples=15)
@given(st.integers(2, 6), st.integers(0, 10_000))
def test_single_population_alpha_rank_random_table_equals_open_spiel(n: int, seed: int) -> None:
    table = np.random.default_rng(seed).normal(size=(n, n))
    for selection, local in (("local", True), ("global", False)):
        theirs = alpharank.compute([table], m=6, alpha=0.4, use_local_selection_model=local)[2]
        found = single_population_alpha_rank(table, alpha=0.4, population_size=6, selection=selection)  # type: ignore[arg-type]
        assert found.distribution == pytest.approx(np.asarray(theirs), abs=1e-9)


@settings(max_examples=30)
@given(shapes, st.integers(0, 10_000))
def test_vector_field_replicator_random_game_equals_open_spiel(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(len(shape), *shape))
    strategies = [rng.dirichlet(np.ones(n)) for n in shape]
    theirs = dynamics.MultiPopulationDynamics(payoffs, dynamics.replicator)(np.concatenate(strategies))
    found = vector_field(NormalFormGame(payoffs), Profile(strategies))
    assert np.concatenate(found) == pytest.approx(theirs, abs=1e-12)


def test_vector_field_symmetric_game_equals_one_population_of_open_spiel() -> None:
    matrix = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    payoffs = np.stack([matrix, matrix.T])
    state = np.array([0.5, 0.3, 0.2])
    theirs = dynamics.SinglePopulationDynamics(payoffs, dynamics.replicator)(state)
    assert vector_field(NormalFormGame(payoffs), Profile([state, state]))[0] == pytest.approx(theirs, abs=1e-12)


def test_trajectory_average_equals_the_last_running_average_of_open_spiel() -> None:
    game = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    path = trajectory(game, Profile([[0.7, 0.3], [0.5, 0.5]]), step=0.1, n_steps=50)
    assert path.average[0] == pytest.approx(dynamics.time_average(path.profile[0])[-1], abs=1e-12)
