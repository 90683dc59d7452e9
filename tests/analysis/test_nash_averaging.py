"""Nash averaging."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.nash_averaging import check_antisymmetric, nash_average, nash_average_of_tasks
from nashlens.games.normal_form import NormalFormGame, Profile

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_nash_average_rock_paper_scissors_is_a_third_each(scale: float) -> None:
    found = nash_average(RPS * scale)
    assert found.weights == pytest.approx(np.full(3, 1 / 3), abs=1e-9)
    assert found.scores == pytest.approx(np.zeros(3), abs=1e-9 * scale)


def test_nash_average_duplicated_scissors_share_their_third() -> None:
    # (1/3, 1/3, 1/6, 1/6), all scores 0, while a plain average over opponents moves: rock gains, paper loses.
    copies = [0, 1, 2, 2]
    found = nash_average(RPS[np.ix_(copies, copies)])
    assert found.weights == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6], abs=1e-9)
    assert found.scores == pytest.approx(np.zeros(4), abs=1e-9)
    assert RPS[np.ix_(copies, copies)].mean(axis=1)[:2].tolist() == [0.25, -0.25]


def test_nash_average_transitive_table_is_the_best_agent_alone() -> None:
    skill = np.array([0.0, 2.0, 1.0])
    found = nash_average(skill[:, None] - skill)
    assert found.weights.tolist() == [0, 1, 0]
    assert found.scores == pytest.approx([-2, 0, -1])


def test_nash_average_nobody_ever_wins_is_uniform() -> None:
    assert nash_average(np.zeros((4, 4))).weights == pytest.approx(np.full(4, 0.25))


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(0, 10_000), st.booleans())
def test_nash_average_random_table_is_optimal_and_symmetric_for_copies(n: int, seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    half = rng.integers(-1, 2, (n, n)).astype(float) if whole else rng.normal(size=(n, n))
    table = half - half.T
    found = nash_average(table)
    assert found.scores.max() <= 1e-7 * max(float(np.abs(table).max()), 1.0)
    copies = [*range(n), n - 1]
    doubled = nash_average(table[np.ix_(copies, copies)])
    assert doubled.weights[n - 1] == pytest.approx(doubled.weights[n], abs=1e-6)
    again = NormalFormGame([table, -table])
    merged = np.append(doubled.weights[: n - 1], doubled.weights[n - 1 :].sum())
    assert nash_conv(again, Profile([merged, merged])).nash_conv <= 1e-6 * max(float(np.abs(table).max()), 1.0)


def test_nash_average_of_tasks_two_specialists_and_a_middling_task() -> None:
    # Either agent masters one task; half and half guarantees 1/2 on every task, and every mixture of tasks that treats
    # the agents alike holds them to 1/2: of these the uniform one has most entropy.
    found = nash_average_of_tasks([[1, 0, 0.5], [0, 1, 0.5]])
    assert found.weights == pytest.approx([0.5, 0.5], abs=1e-9)
    assert found.task_weights == pytest.approx(np.full(3, 1 / 3), abs=1e-9)
    assert found.scores == pytest.approx([0.5, 0.5], abs=1e-9)
    assert found.value == pytest.approx(0.5, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_nash_average_of_tasks_random_scores_are_a_saddle_point(n_agents: int, n_tasks: int, seed: int) -> None:
    table = 10 * np.random.default_rng(seed).normal(size=(n_agents, n_tasks)) - 3
    found = nash_average_of_tasks(table)
    assert (found.weights @ table).min() == pytest.approx(found.value, abs=1e-6)
    assert found.scores.max() == pytest.approx(found.value, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(2, 5), st.floats(0.0, 0.5), st.integers(0, 10_000))
def test_nash_average_of_a_noisy_table_loses_at_most_four_times_the_error(n: int, error: float, seed: int) -> None:
    # |M̂ − M| ≤ ε entry by entry: an equilibrium of M̂ has gains of at most 2 ε each in M.
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(n, n))
    noise = rng.uniform(-error, error, size=(n, n))
    table, seen = half - half.T, half - half.T + np.triu(noise, 1) - np.triu(noise, 1).T
    weights = nash_average(seen).weights
    assert nash_conv(NormalFormGame([table, -table]), Profile([weights, weights])).nash_conv <= 4 * error + 1e-6


@pytest.mark.parametrize(
    "payoffs", [[[0, 1], [1, 0]], np.zeros((2, 3)), [[0, np.nan], [np.nan, 0]], np.zeros((0, 0)), "none"]
)
def test_nash_average_not_antisymmetric_raises(payoffs: object) -> None:
    with pytest.raises(ValueError, match="payoffs"):
        nash_average(payoffs)  # type: ignore[arg-type]


@pytest.mark.parametrize("scores", [np.zeros(3), np.zeros((0, 2)), [[np.inf]]])
def test_nash_average_of_tasks_bad_scores_raise(scores: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        nash_average_of_tasks(scores)  # type: ignore[arg-type]


def test_check_antisymmetric_removes_rounding() -> None:
    checked = check_antisymmetric([[0, 1], [-1 + 1e-12, 0]], label="table", tolerance=1e-9)
    assert (checked == -checked.T).all()


def test_nash_average_records_are_weight_and_score_of_each_agent() -> None:
    records = nash_average(RPS).to_records()
    assert [r["metric"] for r in records] == ["nash_average_weight"] * 3 + ["nash_average_score"] * 3
