"""Certificates that no shared strategy gets more: closed forms, random games against a grid, and limits of size."""

import numpy as np
import pytest

from nashlens.analysis import shared_bound
from nashlens.analysis.shared_bound import none_passes
from nashlens.analysis.shared_policy import shared_optimum, welfare_of
from nashlens.games import make


@pytest.mark.parametrize(
    ("name", "n", "best"),
    [
        ("role_assignment", 3, 6 / 27),  # N!/N^N by the inequality of the means
        ("role_assignment", 4, 24 / 256),
        ("coverage", 3, 1 - (2 / 3) ** 3),  # 1 − (1 − 1/N)^N
        ("coverage", 4, 1 - (3 / 4) ** 4),
        ("volunteers_dilemma", 3, 2.394338),
    ],
)
def test_none_passes_the_closed_form_and_something_passes_less(name, n, best):
    welfare = welfare_of(make(name, n_agents=n))
    assert none_passes(welfare, best, slack=1e-6)
    assert not none_passes(welfare, best - 1e-4, slack=1e-6)


def test_none_passes_agrees_with_a_grid_in_random_games():
    rng = np.random.default_rng(0)
    ticks = np.linspace(0, 1, 41)
    grid = np.array([(a, b, 1 - a - b) for a in ticks for b in ticks if a + b <= 1 + 1e-12])
    for _ in range(20):
        welfare = rng.normal(size=(3, 3, 3))  # agents that cannot change places: only the mean over places counts
        values = np.einsum("abc,ka,kb,kc->k", welfare, grid, grid, grid)
        slope = 3 * 2 * np.abs(welfare).max() / 40  # a point of the grid is nearer than a tick in each coordinate
        assert not none_passes(welfare, values.max() - 1e-3, slack=1e-6)
        assert none_passes(welfare, values.max() + slope, slack=1e-6)


def test_none_passes_certifies_what_was_climbed_to_in_random_games():
    rng = np.random.default_rng(1)
    for shape in ((3, 3), (4, 4), (3, 3, 3), (3, 3, 3, 3)):
        for _ in range(5):
            assert shared_optimum(rng.normal(size=shape)).bound == "exact"


def test_none_passes_does_not_depend_on_the_units():
    welfare = np.random.default_rng(2).normal(size=(3, 3, 3))
    best = shared_optimum(welfare).value
    for scale in (1e-6, 1e6):
        assert none_passes(scale * welfare, scale * best, slack=scale * 1e-8)
        assert not none_passes(scale * welfare, scale * (best - 1e-3), slack=scale * 1e-8)


def test_none_passes_is_undecided_where_it_would_take_too_much(monkeypatch):
    welfare = welfare_of(make("role_assignment", n_agents=3))
    monkeypatch.setattr(shared_bound, "MOST_NUMBERS", 50)
    assert not none_passes(welfare, 6 / 27, slack=1e-9)
    monkeypatch.undo()
    monkeypatch.setattr(shared_bound, "MOST_HALVINGS", 3)
    assert not none_passes(welfare, 6 / 27, slack=1e-9)


def test_none_passes_of_one_action_and_of_a_constant():
    assert none_passes(np.array([[3.0]]), 3.0, slack=0.0)
    assert not none_passes(np.array([[3.0]]), 2.0, slack=0.0)
    assert none_passes(np.zeros((3, 3)), 0.0, slack=0.0)
