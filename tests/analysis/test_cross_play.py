"""Cross-play tables: means, errors and empty cells; Hoeffding's episodes."""

import numpy as np
import pytest

from nashlens.analysis.cross_play import cross_play, episodes_needed
from nashlens.analysis.results import Result


def rng():
    return np.random.default_rng(0)


def test_cross_play_averages_episodes_and_leaves_empty_cells_empty():
    payoffs = np.array([[[1.0, 3.0], [np.nan, np.nan]], [[0.0, 0.0], [4.0, np.nan]]])
    found = cross_play(payoffs, role="prey", rng=rng())
    np.testing.assert_array_equal(found.cells, [[2.0, np.nan], [0.0, 4.0]])
    np.testing.assert_array_equal(found.n_episodes, [[2, 0], [2, 1]])
    # s/√n = √2/√2 = 1; a single episode has no error.
    np.testing.assert_array_equal(found.errors, [[1.0, np.nan], [0.0, np.nan]])
    assert found.n_empty == 1
    assert found.mean.at().value == 2.0
    rows = found.to_records()
    assert [row["reason"] for row in rows[:4]] == ["", "this cell was not played", "", ""]
    assert np.isnan(rows[1]["value"])
    assert rows[4]["role"] == "prey"
    assert isinstance(found, Result)


def test_cross_play_of_one_seed_has_cells_and_no_interval():
    found = cross_play(np.ones((1, 1, 5)), rng=rng())
    assert found.mean.at().value == 1
    assert "an interval needs at least 2" in found.mean.at().reason


def test_episodes_needed_by_hoeffding():
    # ln(2/.05) / (2 · .05²) = 737.8; for K² = 100 cells ln(200/.05) / .005 = 1658.8.
    assert episodes_needed(0.05, span=1.0) == 738
    assert episodes_needed(0.05, span=1.0, n_cells=100) == 1659
    assert episodes_needed(0.1, span=2.0) == 738


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        (np.ones((2, 2)), r"payoffs must be \[runs_A, runs_B, episodes\]"),
        (np.ones((0, 2, 3)), "with none empty"),
        (np.full((1, 1, 1), np.inf), r"entry \(0, 0, 0\) is infinite"),
        ([["a"]], "payoffs must be a full array of numbers"),
    ],
)
def test_cross_play_says_what_does_not_fit(payoffs, message):
    with pytest.raises(ValueError, match=message):
        cross_play(payoffs, rng=rng())


def test_episodes_needed_says_what_does_not_fit():
    with pytest.raises(ValueError, match="error and span must be positive"):
        episodes_needed(0.0, span=1.0)
