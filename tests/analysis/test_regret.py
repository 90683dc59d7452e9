"""Regret along a run, and the identity that ties it to NashConv."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.correlated import correlated_gaps, product_distribution
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.regret import empirical_distribution, regret
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


@settings(max_examples=50)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 30), st.integers(0, 10_000))
def test_regret_zero_sum_sum_over_time_is_nash_conv_of_averages(
    n_first: int, n_second: int, n_rounds: int, seed: int
) -> None:
    # T17: the payoffs of the rounds cancel between the agents, the best fixed actions face the averages.
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n_first, n_second))
    game = NormalFormGame([matrix, -matrix])
    run = Profile([rng.dirichlet(np.ones(n), size=n_rounds) for n in (n_first, n_second)])
    average = Profile([s.mean(axis=0) for s in run])
    assert regret(game, run).average_external[-1].sum() == pytest.approx(
        float(nash_conv(game, average).nash_conv), abs=1e-12
    )


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(1, 10), st.integers(0, 10_000))
def test_regret_random_run_is_the_gap_of_the_average_joint_distribution(
    shape: tuple[int, ...], n_rounds: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(len(shape), *shape)))
    run = Profile([rng.dirichlet(np.ones(n), size=n_rounds) for n in shape])
    gaps = correlated_gaps(game, product_distribution(run).mean(axis=0))
    found = regret(game, run)
    assert np.maximum(found.average_external[-1], 0) == pytest.approx(gaps.cce_gains, abs=1e-12)
    assert found.average_swap[-1] == pytest.approx(gaps.swap_gains, abs=1e-12)


def test_regret_changing_play_can_beat_every_fixed_action() -> None:
    # The first agent always guesses right: 2 in all, a fixed action gets 0.
    found = regret(PENNIES, Profile([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]))
    assert found.external[:, 0].tolist() == [0.0, -2.0]
    assert found.swap[-1].tolist() == [0.0, 4.0]


def test_regret_prefix_equals_the_shorter_run() -> None:
    rng = np.random.default_rng(2)
    game = NormalFormGame(rng.normal(size=(2, 3, 3)))
    run = Profile([rng.dirichlet(np.ones(3), size=20) for _ in range(2)])
    short = Profile([s[:7] for s in run])
    assert regret(game, run).external[6] == pytest.approx(regret(game, short).external[-1], abs=1e-12)
    assert len(regret(game, run).to_records()) == 4


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_regret_other_than_one_axis_of_rounds_raises(shape: tuple[int, ...]) -> None:
    strategy = np.full((*shape, 2), 0.5)
    with pytest.raises(ValueError, match="rounds"):
        regret(PENNIES, Profile([strategy, strategy]))


def test_regret_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        regret(PENNIES, Profile([[[1.0, 0, 0]], [[1.0, 0]]]))


def test_empirical_distribution_counts_joint_play() -> None:
    # Two of three rounds at (0, 1); the product of the averages would be 4/9 there.
    joint = empirical_distribution([[0, 1], [0, 1], [1, 0]], (2, 2))
    assert joint == pytest.approx(np.array([[0, 2 / 3], [1 / 3, 0]]))


@pytest.mark.parametrize(
    "actions", [[[0, 2]], [[0, -1]], [[0.5, 1.0]], [0, 1], [[0, 1, 0]], np.zeros((0, 2), dtype=int)]
)
def test_empirical_distribution_bad_actions_raise(actions: object) -> None:
    with pytest.raises(ValueError, match="actions"):
        empirical_distribution(actions, (2, 2))  # type: ignore[arg-type]
