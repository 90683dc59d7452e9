"""The selection instrument on runs made by hand, so that where each ends is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.selection import INSTRUMENT

STAG, HARE = [1.0, 0.0], [0.0, 1.0]
Maker = Callable[..., TrainingRun]


def ending(
    make_run: Maker, row: list[float], column: list[float], *, seed: int, game: str = "stag_hunt"
) -> TrainingRun:
    even = [1 / len(row)] * len(row)
    return make_run([[even, row], [even, column]], game=game, seed=seed)


@pytest.fixture
def outcomes(make_run: Maker) -> pd.DataFrame:
    runs = {
        "first": [ending(make_run, STAG, STAG, seed=k) for k in range(3)]
        + [ending(make_run, HARE, HARE, seed=3), ending(make_run, STAG, HARE, seed=4)],
        # the mixed equilibrium is (3/4, 1/4) for both; 0.05 away counts, 0.85 is within 0.1 of it too
        "second": [ending(make_run, [0.7, 0.3], [0.8, 0.2], seed=0)],
    }
    return INSTRUMENT.compare(runs, make("stag_hunt"), label="hunt")["outcomes"]


def test_counts_are_those_of_the_runs(outcomes: pd.DataFrame) -> None:
    shares = outcomes.set_index(["algorithm", "outcome"])["value"]
    assert shares["first", "(stag, stag)"] == pytest.approx(3 / 5)
    assert shares["first", "(hare, hare)"] == pytest.approx(1 / 5)
    assert shares["first", "at none"] == pytest.approx(1 / 5)
    assert shares["second", "(0.75 stag + 0.25 hare, 0.75 stag + 0.25 hare)"] == 1.0
    best = outcomes.loc[outcomes["best"] == "True", "outcome"].unique()
    assert list(best) == ["(stag, stag)"]
    # scipy.stats.binomtest(3, 5).proportion_ci(method="wilson")
    first = outcomes[(outcomes["algorithm"] == "first") & (outcomes["outcome"] == "(stag, stag)")].iloc[0]
    assert (first["low"], first["high"]) == pytest.approx((0.2307, 0.8824), abs=1e-4)


def test_the_chapter_counts_in_words(outcomes: pd.DataFrame) -> None:
    chapter = INSTRUMENT.chapter(pd.DataFrame(), {"hunt": {"outcomes": outcomes}}, {})
    assert chapter.answers == (
        "Equilibria reached in hunt, in seeds: first (stag, stag) 3, (hare, hare) 1 and 1 at none of 5; "
        "second (0.75 stag + 0.25 hare, 0.75 stag + 0.25 hare) 1 of 1.",
    )
    (table,) = chapter.tables
    assert table.name == "selection-hunt"
    assert table.rows[0][-1] == "5 seeds"
    assert "(stag, stag)" in table.caption


def test_distance_is_exact(make_run: Maker) -> None:
    run = ending(make_run, [0.9, 0.1], STAG, seed=0)
    # total variation .1 for one agent and 0 for the other
    (row,) = INSTRUMENT.measure(run, make("stag_hunt"))
    assert row["value"] == pytest.approx(0.05)
    assert row["bound"] == "exact"


def test_a_game_that_is_no_matrix_game_of_two_has_no_rows(make_run: Maker) -> None:
    game = make("simple_spread")
    frames = INSTRUMENT.compare({}, game, label="spread")
    assert frames["outcomes"].empty
    chapter = INSTRUMENT.chapter(pd.DataFrame(), {"spread": frames}, {})
    assert (chapter.answers, chapter.tables) == ((), ())


def test_a_third_strategy_far_from_all_is_at_none(make_run: Maker) -> None:
    run = ending(make_run, [0.5, 0.5], [0.5, 0.5], seed=0, game="matrix_coordination")
    far = ending(make_run, [0.7, 0.3], [0.3, 0.7], seed=1, game="matrix_coordination")
    frame = INSTRUMENT.compare({"a": [run, far]}, make("matrix_coordination"), label="c")["outcomes"]
    shares = frame.set_index("outcome")["value"]
    assert shares["at none"] == 0.5
    assert np.isclose(shares.sum(), 1.0)
