"""Intervals of returns end where the payoffs of a game known as a whole do; all else stays as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.conventions import GameFacts, game_facts
from nashlens.reports.instruments.cross_play import INSTRUMENT
from nashlens.reports.instruments.cross_play_chapter import cross_play_chapter
from nashlens.reports.instruments.known_returns import CUT_NOTE, cut_to_payoffs
from nashlens.reports.suite import parse_suite

GAME = "rock_paper_scissors"
THIRD = [1 / 3] * 3


@pytest.fixture
def facts(suite_text: str) -> dict[str, GameFacts]:
    return dict(game_facts(parse_suite(suite_text.replace("matching_pennies", GAME))))


def rows(*quantities: str, game: str = GAME, **changes: Any) -> pd.DataFrame:
    about = {"game": game, "side": "agent_0", "value": -0.9, "low": -1.3, "high": 1.2}
    return pd.DataFrame([{**about, "quantity": quantity, **changes} for quantity in quantities])


def ends(frame: pd.DataFrame) -> list[tuple[float, float]]:
    return list(frame[["low", "high"]].itertuples(index=False, name=None))


def test_cut_to_payoffs_cuts_returns_and_no_differences(facts: dict[str, GameFacts]) -> None:
    found = cut_to_payoffs(rows("worst_case", "post_hoc_worst", "generalisation_gap", "behavioural_rank"), facts)
    assert ends(found) == [(-1.0, 1.0), (-1.0, 1.0), (-1.3, 1.2), (-1.3, 1.2)]
    assert found["value"].tolist() == [-0.9] * 4


def test_cut_to_payoffs_knows_returns_among_the_scores_of_pairings(facts: dict[str, GameFacts]) -> None:
    about = {"game": GAME, "first": "a", "second": "b", "value": 0.9, "low": -1.5, "high": 1.5}
    frame = pd.DataFrame([{**about, "score": score} for score in ("return of agent_1", "touches")])
    assert ends(cut_to_payoffs(frame, facts)) == [(-1.0, 1.0), (-1.5, 1.5)]


def test_cut_to_payoffs_leaves_what_lies_inside_and_what_has_no_interval(facts: dict[str, GameFacts]) -> None:
    inside = rows("mean", low=-0.95, high=-0.85)
    pd.testing.assert_frame_equal(cut_to_payoffs(inside, facts), inside)
    none = rows("mean", low=math.nan, high=math.nan)
    pd.testing.assert_frame_equal(cut_to_payoffs(none, facts), none)
    pd.testing.assert_frame_equal(cut_to_payoffs(none.iloc[:0], facts), none.iloc[:0])


def test_cut_to_payoffs_leaves_games_without_known_bounds(suite_text: str) -> None:
    facts = game_facts(parse_suite(suite_text.replace("matching_pennies", "simple_tag")))
    assert ends(cut_to_payoffs(rows("mean", game="simple_tag"), facts)) == [(-1.3, 1.2)]
    assert ends(cut_to_payoffs(rows("mean", game="elsewhere"), facts)) == [(-1.3, 1.2)]


def test_a_worst_case_in_rock_paper_scissors_does_not_pass_what_can_be_lost(
    facts: dict[str, GameFacts], make_run: Callable[..., TrainingRun]
) -> None:
    # six runs that end at rock, paper or scissors, one of them nearly even; the opponents are all the others, so that
    # five lose all against one of them; the even one gets .3 of paper less .4 of scissors against rock
    strategies = [*np.eye(3).tolist(), *np.eye(3)[:2].tolist(), [0.3, 0.3, 0.4]]
    runs = [make_run([[THIRD, each]] * 2, game=GAME, seed=seed) for seed, each in enumerate(strategies)]
    frames = INSTRUMENT.compare({"maddpg": runs}, make(GAME), label=GAME)
    worst = [-1.0] * 5 + [-0.1]
    low, high = stats.t.interval(0.95, 5, loc=np.mean(worst), scale=stats.sem(worst))
    assert low < -1.0 < high
    chapter = cross_play_chapter({GAME: frames}, facts)
    (table,) = (each for each in chapter.tables if each.name == "cross-play-robustness")
    row = table.data[(table.data["side"] == "agent_0") & (table.data["quantity"] == "worst case")].iloc[0]
    assert (row["value"], row["low"], row["high"]) == pytest.approx((np.mean(worst), -1.0, high), abs=1e-6)
    assert "−0.85 [−1.00, " in next(line for line in chapter.answers if line.startswith("Robustness"))
    assert CUT_NOTE in table.caption
