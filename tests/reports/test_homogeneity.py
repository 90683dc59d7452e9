"""Homogeneity of runs made by hand, whose common returns, losses and diversity are known in closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nashlens.games import make
from nashlens.games.policy import ConstantPolicy
from nashlens.reports.conventions import game_facts
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments.chapters import instrument_chapters
from nashlens.reports.instruments.deviations_at_hand import deviation_gains_at_hand
from nashlens.reports.instruments.homogeneity import INSTRUMENT
from nashlens.reports.instruments.homogeneity_verdicts import judged, value_of
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from tests.reports.homogeneity_runs import EVEN, LEFT, RIGHT, RunMaker, cell, pair, sharing


def number(frame: pd.DataFrame, algorithm: str, quantity: str, column: str = "value") -> float:
    row = frame[(frame["algorithm"] == algorithm) & (frame["quantity"] == quantity)]
    return float(row[column].iloc[0])


class TestComparison:
    def test_pure_anti_coordination_loses_nothing_by_swapping_and_all_by_cloning(self, make_run: RunMaker) -> None:
        runs = {"none": cell(make_run, LEFT, RIGHT, mode="none"), "full": cell(make_run, EVEN, EVEN, mode="full")}
        found = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        frame = found["sharing"]
        # closed form: swap loss 0, clone loss 1; a shared even strategy has return 1/2 and NashConv 0
        assert number(frame, "none", "swap_loss") == 0.0
        assert number(frame, "none", "swap_loss", "p") == 1.0
        assert number(frame, "none", "clone_loss") == pytest.approx(1.0)
        assert number(frame, "none", "clone_loss", "p") == pytest.approx(2 / 2**5)  # all five losses of one sign
        assert number(frame, "full", "common_return") == pytest.approx(0.5)
        assert number(frame, "full", "sharing_difference") == pytest.approx(-0.5)
        assert number(frame, "full", "nash_conv") == pytest.approx(0.0, abs=1e-12)
        assert number(frame, "full", "clone_loss") == 0.0
        anchors = found["anchors"]
        assert value_of(anchors, quantity="best_return") == 1.0
        assert value_of(anchors, quantity="best_shared_return") == pytest.approx(0.5)
        assert value_of(anchors, quantity="random_return") == pytest.approx(0.5)

    def test_one_seed_has_values_and_no_interval(self, make_run: RunMaker) -> None:
        runs = {
            "none": [pair(make_run, LEFT, RIGHT, seed=0)],
            "full": [pair(make_run, EVEN, EVEN, seed=0, mode="full")],
        }
        frame = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")["sharing"]
        row = frame[(frame["algorithm"] == "full") & (frame["quantity"] == "sharing_difference")].iloc[0]
        assert row["value"] == pytest.approx(-0.5)
        assert np.isnan(row["low"])
        assert "at least 5" in row["reason"]
        (verdict,) = judged(frame, INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")["anchors"])
        assert verdict.verdict == "no statement"

    def test_without_separate_policies_there_is_no_difference(self, make_run: RunMaker) -> None:
        runs = {"full": cell(make_run, EVEN, EVEN, mode="full")}
        frame = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")["sharing"]
        assert "sharing_difference" not in set(frame["quantity"])

    def test_a_game_without_a_common_goal_has_no_rows(self, make_run: RunMaker) -> None:
        run = make_run([[EVEN, LEFT], [EVEN, RIGHT]])
        assert INSTRUMENT.compare({"ddpg": [run]}, make("matching_pennies"), label="pennies")["sharing"].empty
        assert list(INSTRUMENT.measure(run, make("matching_pennies"))) == []

    def test_a_game_that_was_not_trained_on_is_refused(self, make_run: RunMaker) -> None:
        run = pair(make_run, LEFT, RIGHT, seed=0)
        refusal = "game must be the one that was trained on: its name must be anti_coordination, not chicken"
        with pytest.raises(ValueError, match=refusal):
            list(INSTRUMENT.measure(run, make("chicken")))
        with pytest.raises(ValueError, match=refusal):
            INSTRUMENT.compare({"none": [run]}, make("chicken"), label="chicken")

    def test_a_volunteer_and_two_who_abstain_lose_a_third_of_all_by_cloning(self, make_run: RunMaker) -> None:
        own = tuple(make("volunteers_dilemma").spec.sides)
        runs = [
            make_run(
                [[EVEN, RIGHT], [EVEN, LEFT], [EVEN, LEFT]],
                game="volunteers_dilemma",
                seed=k,
                algorithm=sharing("none", sides=own),
            )
            for k in range(5)
        ]
        frame = INSTRUMENT.compare({"none": runs}, make("volunteers_dilemma"), label="v")["sharing"]
        # one volunteer: welfare 3 − 1/4; three volunteers 3 · 3/4, the best copies: 2.75 − 2.25
        assert number(frame, "none", "common_return") == pytest.approx(2.75)
        assert number(frame, "none", "clone_loss") == pytest.approx(0.5)


class TestDeviations:
    def test_the_gain_of_the_best_candidate_is_found_and_never_below_staying(self) -> None:
        game = make("prisoners_dilemma")
        cooperate, defect = ConstantPolicy(LEFT), ConstantPolicy(RIGHT)
        both = (cooperate, cooperate)
        # T − R = 5 − 3 for each agent: NashConv of mutual cooperation is 4
        found = deviation_gains_at_hand(game, both, [[defect], [defect]], n_episodes=2, seed=0)
        assert found.tolist() == [2.0, 2.0]
        worse = deviation_gains_at_hand(game, (defect, defect), [[cooperate], []], n_episodes=2, seed=0)
        assert worse.tolist() == [0.0, 0.0]

    def test_candidates_and_episodes_are_checked(self) -> None:
        game, both = make("prisoners_dilemma"), (ConstantPolicy(EVEN), ConstantPolicy(EVEN))
        with pytest.raises(ValueError, match="candidates must be 2 sequences"):
            deviation_gains_at_hand(game, both, [[]], n_episodes=2, seed=0)
        with pytest.raises(ValueError, match="n_episodes must be at least 2"):
            deviation_gains_at_hand(game, both, [[], []], n_episodes=1, seed=0)


SMALL = """
name = "alike"
question = "Is one policy enough?"
metrics = ["homogeneity"]
seeds = 5
steps = 200
snapshots = 3
explore = true
keep_critics = true

[games.anti_coordination]

[games.simple_spread]
parameters = { n_agents = 2 }

[algorithms.none]
kind = "maddpg"
hidden = [8]
batch_size = 16
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }

[algorithms.full]
kind = "maddpg"
hidden = [8]
batch_size = 16
sharing = { mode = "full" }
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }
"""


def test_a_whole_suite_from_training_to_its_table(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    suite = parse_suite(SMALL)
    store = Store.create(tmp_path / "out")
    assert not run_suite(suite, store, workers=1, pool=ThreadPoolExecutor).failed
    chapter, frame = instrument_chapters(store, suite, game_facts(suite))
    table, tests = chapter.tables
    assert (table.name, tests.name) == ("homogeneity", "homogeneity-tests")
    # swapping and cloning of the separate policies of two games; those of one network are copies
    assert [row[:3] for row in tests.rows] == [
        (game, "none", test) for game in ("anti_coordination", "simple_spread") for test in ("swapping", "cloning")
    ]
    assert tests.rows[0][-1] == "no loss, exactly"  # the payoff is the same whichever agent plays which
    judged = tests.data.dropna(subset="adjusted_p")
    assert len(judged) == 3
    assert (judged["adjusted_p"] >= judged["p"]).all()
    assert [row[:2] for row in table.rows] == [
        ("anti_coordination", "none"),
        ("anti_coordination", "full"),
        ("simple_spread", "none"),
        ("simple_spread", "full"),
    ]
    sharing_frame = table.data
    shared = sharing_frame[(sharing_frame["algorithm"] == "full") & (sharing_frame["quantity"] == "swap_loss")]
    assert list(shared["value"]) == [0.0, 0.0]  # one network without an index, on common random numbers: bit for bit
    bound = sharing_frame[(sharing_frame["game"] == "simple_spread") & (sharing_frame["quantity"] == "nash_conv")]
    assert set(bound["each"]) == {"lower"}
    kept = sharing_frame[sharing_frame["quantity"] == "critic_gain"]
    assert list(zip(kept["game"], kept["algorithm"], strict=True)) == [
        ("anti_coordination", "none"),
        ("anti_coordination", "full"),
    ]
    differences = sharing_frame[sharing_frame["quantity"] == "sharing_difference"]
    column = table.header.index("sharing is")
    assert list(differences["verdict"]) == [row[column] for row in table.rows if row[1] == "full"]
    assert differences["adjusted_p"].between(0, 1).all()
    assert sharing_frame.loc[sharing_frame["quantity"] != "sharing_difference", "adjusted_p"].isna().all()
    returns = sharing_frame[sharing_frame["quantity"].isin(["common_return", "sharing_difference", "swap_loss"])]
    methods = returns.groupby("game")["method"].unique().map(list).to_dict()  # expectations have no episodes to err by
    assert methods == {"anti_coordination": ["student-t"], "simple_spread": ["floored student-t"]}
    measured = frame[frame["metric"] == "gradient_conflict"]
    assert set(measured["game"]) == {"anti_coordination", "simple_spread"}
    assert set(measured["algorithm"]) == {"full"}
    assert measured["value"].between(0, 1).all()
