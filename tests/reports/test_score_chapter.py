from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from nashlens.reports.anchors import Anchors
from nashlens.reports.score_chapter import score_chapter
from nashlens.reports.score_tables import aggregates_table, improvement_table
from nashlens.reports.scores import Scores, scores_of

UNIT = Anchors(random=0.0, better=1.0, name="best")
WIDE = Anchors(random=-10.0, better=10.0, name="best")


def frame_of(values: Mapping[tuple[str, str], Sequence[float]], *, metric: str = "final_return") -> pd.DataFrame:
    """Return a tidy frame with two agents, a half above and a half below, and an earlier step of other values."""
    rows = [
        {"game": game, "algorithm": algorithm, "seed": seed, "step": step, "agent": agent, "metric": metric}
        | {"value": value + shift if step else -99.0}
        for (game, algorithm), each in values.items()
        for seed, value in enumerate(each)
        for step in (0, 100)
        for agent, shift in (("a", 0.5), ("b", -0.5))
    ]
    return pd.DataFrame(rows)


def test_scores_of_are_last_means_over_agents_on_the_scale_of_the_anchors() -> None:
    frame = frame_of({("one", "x"): [0.25, 0.5], ("two", "x"): [0.0, 10.0]})
    found = scores_of(frame, {"one": UNIT, "two": WIDE})
    assert found.games == ("one", "two")
    np.testing.assert_allclose(found.by_algorithm["x"], [[0.25, 0.5], [0.5, 1.0]])


def test_scores_of_leave_out_games_without_a_score_or_without_an_algorithm() -> None:
    none = Anchors(random=np.nan, better=np.nan, name="", reason="no anchor")
    frame = frame_of({("one", "x"): [1.0], ("one", "y"): [1.0], ("two", "x"): [1.0], ("three", "x"): [1.0]})
    assert scores_of(frame, {"one": UNIT, "two": UNIT, "three": none}).games == ("one",)


def test_scores_of_take_as_many_seeds_of_every_game() -> None:
    frame = frame_of({("one", "x"): [0.1, 0.2, 0.3], ("two", "x"): [0.0, 10.0]})
    assert scores_of(frame, {"one": UNIT, "two": WIDE}).by_algorithm["x"].shape == (2, 2)


def test_score_chapter_needs_two_games() -> None:
    frame = frame_of({("one", "x"): [1.0, 2.0]})
    assert score_chapter(frame, {"one": UNIT}) == (None, ())
    assert score_chapter(frame.iloc[:0], {"one": UNIT, "two": UNIT}) == (None, ())


def test_improvement_table_has_the_value_of_the_metric_s_definition() -> None:
    # Example of the Mann-Whitney statistic worked by hand: 17/18 and 2/3, mean .805556.
    one = np.array([[0.9, 0.2], [0.8, 0.4], [0.7, 0.6]])
    other = np.array([[0.5, 0.5], [0.6, 0.3], [0.7, 0.1]])
    scores = Scores(games=("a", "b"), by_algorithm={"x": one, "y": other})
    table = improvement_table(scores)
    assert table.data["value"].iloc[0] == pytest.approx((17 / 18 + 2 / 3) / 2)
    assert table.rows == (("x over y", "0.806", "3 seeds", "3 seeds: no statement"),)


def test_improvement_table_decides_what_its_interval_decides_and_shares_its_level() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.uniform(0, 0.2, (8, 2)), rng.uniform(0.8, 1.0, (8, 2))
    table = improvement_table(Scores(games=("a", "b"), by_algorithm={"x": low, "y": high, "z": high}))
    assert [row[3] for row in table.rows] == [
        "y is more often the better",
        "z is more often the better",
        "not decided",
    ]
    # Three pairs: 1 - 0.05/3.
    assert table.data["level"].tolist() == pytest.approx([1 - 0.05 / 3] * 3)
    assert "98.33%" in table.caption


def test_aggregates_table_of_few_seeds_shows_the_seeds() -> None:
    scores = Scores(games=("a", "b"), by_algorithm={"x": np.array([[0.0, 1.0], [0.5, 0.5]])})
    table = aggregates_table(scores)
    # Interquartile mean of 0, .5, .5, 1 is .5; the gap to 1 is .5 on average.
    assert table.rows == (("x", "0.500", "0.500", "2 seeds", "0.500; 0.500"),)
    assert "fewer than 5 seeds" in table.caption


def test_score_chapter_draws_profiles_that_never_rise_and_begin_at_one() -> None:
    rng = np.random.default_rng(1)
    values = {(game, name): rng.uniform(0, 1, 6).tolist() for game in ("one", "two") for name in ("x", "y")}
    figure, tables = score_chapter(frame_of(values), {"one": UNIT, "two": UNIT})
    assert figure is not None
    assert [table.name for table in tables] == ["scores", "improvement", "anchors"]
    for _, part in figure.data.groupby("algorithm"):
        assert part["share"].iloc[0] == 1.0
        assert (np.diff(part["share"]) <= 0).all()
        assert part["share"].iloc[-1] == 0.0
        assert (part["low"] <= part["share"]).all()
        assert (part["share"] <= part["high"]).all()
    again, _ = score_chapter(frame_of(values), {"one": UNIT, "two": UNIT})
    assert again is not None
    assert again.panels == figure.panels
    assert "6 seeds of each game and algorithm" in figure.caption
