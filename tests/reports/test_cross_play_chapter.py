from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.games import make
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.cross_play import INSTRUMENT, LABELS
from nashlens.reports.instruments.cross_play_answers import weak_points
from nashlens.reports.instruments.cross_play_chapter import cross_play_chapter
from nashlens.reports.instruments.cross_play_pairings import pairing_rows, robustness_rows, self_play_rows
from nashlens.reports.instruments.cross_play_runs import SUB_POLICY_DIVERSITY as DIVERSITY
from nashlens.reports.instruments.cross_play_runs import run_frames
from nashlens.reports.instruments.ensemble_comparison import choice_rows, ensemble_rows
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS
from nashlens.reports.instruments.meta_comparison import meta_rows
from nashlens.reports.instruments.payoff_tensor import PayoffTensor, payoff_tensor
from nashlens.reports.instruments.population import match_of, population
from nashlens.reports.instruments.published_ensembles import published_ensembles
from tests.reports.cross_play_runs import EVEN, LEFT, PAPER, ROCK, SCISSORS, RunMaker, meeting, throwing, value


class TestEmptyCells:
    """Cells that were not played are left out, counted and said; nowhere are they a 0."""

    def tensor(self, make_run: RunMaker) -> PayoffTensor:
        """Return what six equal ensembles get, the last run's cells against the first two runs being empty."""
        entries = population({"single": [throwing(make_run, ROCK, PAPER, seed=k) for k in range(6)]})
        game = make("rock_paper_scissors")
        match = match_of(game)
        assert match is not None
        full = payoff_tensor(game, match, entries, explore=True, seed=0)
        holed = full.first + 5.0  # so that a 0 would be seen
        last = [k for k, entry in enumerate(entries) if entry.seed == 5]
        holed[np.ix_(last, [k for k, entry in enumerate(entries) if entry.seed < 2])] = np.nan
        return replace(full, first=holed, second=np.where(np.isnan(holed), np.nan, full.second + 5.0))

    def frames(self, tensor: PayoffTensor) -> dict[str, pd.DataFrame]:
        made = {
            "pairings": pairing_rows(tensor, label="rps", seed=0),
            "robustness": robustness_rows(tensor, label="rps"),
            "self_play": self_play_rows(tensor, label="rps"),
            "ensembles": ensemble_rows(tensor, label="rps"),
            "choices": choice_rows(tensor, label="rps"),
            "meta": meta_rows(tensor, label="rps", seed=0),
        }
        return {
            name: pd.DataFrame(list(rows), columns=[*LABELS[name], *ESTIMATE_COLUMNS]) for name, rows in made.items()
        }

    def test_they_are_counted_beside_every_number_and_left_out_of_it(self, make_run: RunMaker) -> None:
        frames = self.frames(self.tensor(make_run))
        # robustness of first side: two opponents, last and halfway, of one run; the other side's of two runs
        robust = frames["robustness"]
        assert set(robust.loc[robust["side"] == "agent_0", "n_empty"]) == {4}
        assert set(robust.loc[robust["side"] == "agent_1", "n_empty"]) == {4}
        assert value(robust, side="agent_0", quantity="mean") == pytest.approx(5.0, abs=0.2)
        assert set(frames["self_play"]["n_empty"]) == {2}
        assert value(frames["self_play"], side="agent_0", quantity="cross_play") == pytest.approx(5.0)
        assert value(frames["pairings"], score="return of agent_0") == pytest.approx(5.0)
        members = frames["ensembles"]
        assert set(members.loc[members["quantity"] == "mixture_worst", "n_empty"]) == {4}
        assert set(frames["meta"]["n_empty"]) == {4}  # either way round, as return matches need both
        # equal runs draw all matches: there is no cyclic share, and the row says why
        undecided = frames["meta"][frames["meta"]["value"].isna()]
        assert undecided["quantity"].tolist() == ["cyclic_share"]
        assert (undecided["reason"] != "").all()

    def test_the_chapter_shows_and_says_them(self, make_run: RunMaker) -> None:
        chapter = cross_play_chapter({"rps": self.frames(self.tensor(make_run))}, {})
        tables = {table.name: table for table in chapter.tables}
        robust = tables["cross-play-robustness"]
        assert robust.header[4] == "empty cells"
        assert {row[4] for row in robust.rows} == {"4"}
        assert "cells of the tables of robustness were not played: they are left out" in chapter.answers[-1]

    def test_where_nobody_met_there_are_reasons_instead_of_numbers(self, make_run: RunMaker) -> None:
        full = self.tensor(make_run)
        nothing = np.full_like(full.first, np.nan)
        frames = self.frames(replace(full, first=nothing, second=nothing))
        for frame in frames.values():
            assert frame["value"].isna().all()
            assert (frame["reason"] != "").all()
        chapter = cross_play_chapter({"rps": frames}, {})
        assert any("rps: no two runs have met" in answer for answer in chapter.answers)


def frames_with(gain: float, *, spread: float = 0.0, n: int = 6) -> dict[str, pd.DataFrame]:
    """Return the frames of one game in which training as an ensemble gains so much in the worst case."""
    empty = {name: pd.DataFrame(columns=[*labels, *ESTIMATE_COLUMNS]) for name, labels in LABELS.items()}
    about: dict[str, Any] = {"level": 0.95, "method": "student-t", "n": n, "unit": "seed", "bound": "estimate"}
    about |= {
        "reason": "",
        "higher_is_better": True,
        "value": gain,
        "low": gain - spread,
        "high": gain + spread,
        "game": "tag",
    }
    ours = {"side": "prey", "algorithm": "ensemble", "against": "single"}
    ensembles = [
        {**about, **ours, "n_empty": 0, "quantity": name} for name in ("training_gain", "mixing_gain", "mixture_worst")
    ]
    choices = [{**about, **ours, "opponent": "single"}]
    pairings = [{**about, "first": "single", "second": "ensemble", "score": "touches", "unit": "run"}]
    return {
        **empty,
        "ensembles": pd.DataFrame(ensembles),
        "choices": pd.DataFrame(choices),
        "pairings": pd.DataFrame(pairings),
    }


def test_where_opponents_learned_the_weak_points_say_that_they_began_differently() -> None:
    frames = frames_with(0.5) | run_frames(None, {})
    assert "begin anew" not in weak_points(frames)
    about = {"game": "tag", "side": "prey", "algorithm": "ensemble", "quantity": "trained_opponent", "n_empty": 0}
    exact, learned = (frames | {"opponents": pd.DataFrame([{**about, "bound": kind}])} for kind in ("exact", "upper"))
    assert "begin anew" not in weak_points(exact)
    assert "Opponents trained against an ensemble begin anew" in weak_points(learned)


class TestChapter:
    @pytest.mark.parametrize(
        ("gain", "spread", "n", "said"),
        [
            (0.5, 0.1, 6, "raises the worst case over held-out opponents in tag, prey (0.50 [0.40, 0.60])"),
            (-0.5, 0.1, 6, "lowers the worst case over held-out opponents in tag, prey (−0.50 [−0.60, −0.40])"),
            (0.05, 0.1, 6, "is not shown to change the worst case in tag, prey (0.05 [−0.05, 0.15])"),
            (0.5, 0.1, 4, "allows no statement in tag, prey"),
        ],
    )
    def test_the_gain_of_training_is_said_as_it_came_out(self, gain: float, spread: float, n: int, said: str) -> None:
        chapter = cross_play_chapter({"tag": frames_with(gain, spread=spread, n=n)}, {})
        assert said in chapter.answers[0]
        assert [table.name for table in chapter.tables][:1] == ["cross-play-ensembles"]
        assert len(chapter.figures[0].panels) == 1

    def test_choices_are_counted(self) -> None:
        answers = cross_play_chapter({"tag": frames_with(0.5, spread=0.1)}, {}).answers
        assert "is shown to return more in 1 comparison. Its mean is the higher one in 1 of 1 comparison" in answers[2]
        answers = cross_play_chapter({"tag": frames_with(-0.5, spread=0.1)}, {}).answers
        assert "is shown to return less in 1 comparison. Its mean is the higher one in 0 of 1 comparison" in answers[2]

    def test_partners_and_cycles_are_said(self, make_run: RunMaker) -> None:
        runs = {"maddpg": [meeting(make_run, k < 3, seed=k) for k in range(6)]}
        teams = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        said = cross_play_chapter({"anti": teams}, {}).answers
        assert said[0].startswith("Robustness in anti, return in other runs' teams")
        # of the ten opponents five are last policies, with which it is 2/5, and five those halfway, even: 1/2
        assert "stranger — maddpg mean 0.450, worst quarter 0, worst case 0 [0, 0]" in said[0]
        assert said[1].startswith(
            "Zero-shot coordination: with a stranger from another run in the place of one of its own"
        )
        assert "a team loses return in anti (0.60" in said[1]
        throws = [throwing(make_run, (ROCK, PAPER, SCISSORS)[k % 3], seed=k) for k in range(6)]
        cycle = INSTRUMENT.compare({"single": throws}, make("rock_paper_scissors"), label="rps")
        (meta,) = (line for line in cross_play_chapter({"rps": cycle}, {}).answers if "meta-game" in line)
        assert "100% of the squared results are cyclic, so that one rating a run hides part of them" in meta
        assert "single 1.00 [1.00, 1.00]" in meta
        (alpha,) = (line for line in cross_play_chapter({"rps": cycle}, {}).answers if "α-rank" in line)
        assert "rps: single at α = 0.1 to 1000, so that the leader does not depend on the pressure" in alpha

    def test_without_a_game_for_it_the_chapter_says_so(self, make_run: RunMaker) -> None:
        run = make_run([[EVEN, LEFT]] * 3, game="volunteers_dilemma")
        frames = INSTRUMENT.compare({"s": [run]}, make("volunteers_dilemma"), label="v")
        assert "nobody can meet" in cross_play_chapter({"v": frames}, {}).answers[0]


class TestPublished:
    def pairings(self) -> pd.DataFrame:
        about = {"level": 0.95, "method": "two-way-bootstrap", "n": 5, "unit": "run", "bound": "estimate"}
        about |= {"higher_is_better": None, "reason": ""}
        return pd.DataFrame(
            [
                {"game": "tag", "first": first, "second": second, "score": "touches", "value": 1.0, "low": 0.5}
                | {"high": 1.5, **about}
                for first in ("alone", "several")
                for second in ("alone", "several")
            ]
        )

    def facts(self, name: str) -> dict[str, GameFacts]:
        return {"tag": GameFacts(label="tag", matrix=False, constant_sum=False, span=0.0, agents=(), name=name)}

    def test_the_prey_is_the_paper_s_adversary(self) -> None:
        table = published_ensembles(self.pairings(), frozenset({"several"}), self.facts("simple_tag"))
        assert table is not None
        # table 6: an ensemble of prey against single predators is touched 0.125 times, the other way round 0.211
        found = {(row["adversary"], row["agent"]): row["published"] for row in table.data.to_dict("records")}
        assert found[("ensemble", "single")] == 0.125
        assert found[("single", "ensemble")] == 0.211
        prey = table.data[(table.data["adversary"] == "ensemble") & (table.data["agent"] == "single")].iloc[0]
        assert (prey["first"], prey["second"]) == ("alone", "several")

    def test_other_games_have_no_counterpart(self) -> None:
        assert published_ensembles(self.pairings(), frozenset({"several"}), self.facts("simple_spread")) is None
        assert published_ensembles(self.pairings(), frozenset(), self.facts("simple_tag")) is None


def test_runs_without_rows_do_not_spoil_the_numbers_of_others() -> None:
    # where one run of a suite has no rows at all, the joined frame holds objects instead of numbers
    rows = [
        {"game": "g", "algorithm": "e", "agent": "a", "metric": DIVERSITY, "seed": k, "value": float(k == 0)}
        for k in range(5)
    ]
    found = run_frames(pd.DataFrame(rows).astype({"value": object}), {})["sub_policies"]
    assert value(found, game="g") == 0.2
    # .2 ± 2.776445 · .2, cut at 0: a share
    assert (found["low"][0], found["high"][0]) == pytest.approx((0.0, 0.755289), abs=1e-6)
    assert run_frames(None, {})["opponents"].empty
