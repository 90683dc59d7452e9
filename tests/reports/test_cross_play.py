"""Cross-play of runs made by hand, whose every cell is known in closed form."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.alpha_sweep import ALPHAS
from nashlens.games import make
from nashlens.reports.conventions import game_facts
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments.chapters import instrument_chapters
from nashlens.reports.instruments.cross_play import INSTRUMENT, LABELS
from nashlens.reports.instruments.cross_play_runs import SUB_POLICY_DIVERSITY as DIVERSITY
from nashlens.reports.instruments.meta_comparison import return_matches, share_at
from nashlens.reports.instruments.population import STRANGER
from nashlens.reports.instruments.trained_opponents import AGAINST, PARTNER, STEPS
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from tests.reports.cross_play_runs import EVEN, LEFT, PAPER, ROCK, SCISSORS, RunMaker, meeting, throwing, value
from tests.reports.instrument_runs import values_of


@cache
def throws_compared(make_run: RunMaker, copies: bool) -> dict[str, pd.DataFrame]:
    """Return the frames of six single throws, two of each kind, and six ensembles of all three or of one alone."""
    runs = {
        "single": [throwing(make_run, (ROCK, PAPER, SCISSORS)[k % 3], seed=k) for k in range(6)],
        "ensemble": [
            throwing(make_run, *((ROCK,) * 3 if copies else (ROCK, PAPER, SCISSORS)), seed=k) for k in range(6)
        ],
    }
    return dict(INSTRUMENT.compare(runs, make("rock_paper_scissors"), label="rps"))


class TestComparison:
    def test_worst_cases_of_rock_paper_scissors(self, make_run: RunMaker) -> None:
        frame = throws_compared(make_run, copies=False)["ensembles"]
        own = {"side": "agent_0", "algorithm": "ensemble"}
        # a throw loses to one other (−1); all three drawn evenly get 0 from every other, and so do three singles
        assert value(frame, **own, quantity="mean_single_worst") == pytest.approx(-1.0)
        assert value(frame, **own, quantity="mixture_worst") == pytest.approx(0.0)
        assert value(frame, **own, quantity="mixing_gain") == pytest.approx(1.0)
        assert value(frame, **own, quantity="post_hoc_worst") == pytest.approx(0.0)
        assert value(frame, **own, quantity="training_gain") == pytest.approx(0.0)
        assert value(frame, **own, quantity="behavioural_rank") == 2.0

    def test_copies_of_one_throw_gain_nothing_by_being_mixed(self, make_run: RunMaker) -> None:
        frame = throws_compared(make_run, copies=True)["ensembles"]
        own = {"side": "agent_1", "algorithm": "ensemble"}
        assert value(frame, **own, quantity="mixing_gain") == 0.0
        assert value(frame, **own, quantity="training_gain") == pytest.approx(-1.0)  # −1 against the 0 of the mixed
        assert value(frame, **own, quantity="behavioural_rank") == 0.0

    def test_robustness_is_over_opponents_of_other_runs(self, make_run: RunMaker) -> None:
        frame = throws_compared(make_run, copies=False)["robustness"]
        assert value(frame, side="agent_0", algorithm="single", quantity="worst_case") == pytest.approx(-1.0)
        assert value(frame, side="agent_0", algorithm="ensemble", quantity="worst_case") == pytest.approx(0.0)
        # held out: 5 single runs of which 2 win and 2 lose or so, all others even: the mean over all is 0
        assert value(frame, side="agent_0", algorithm="ensemble", quantity="mean") == pytest.approx(0.0)

    def test_the_meta_game_of_throws_is_cyclic(self, make_run: RunMaker) -> None:
        frame = throws_compared(make_run, copies=False)["meta"]
        assert value(frame, algorithm="all runs", quantity="cyclic_share") == pytest.approx(1.0)
        weights = frame[frame["quantity"] == "nash_weight"]["value"]
        assert weights.sum() == pytest.approx(1.0)
        assert value(frame, algorithm="all runs", quantity="uniform_nash_conv") == pytest.approx(0.0, abs=1e-9)
        assert set(frame["bound"]) == {"exact"}

    def test_the_meta_game_s_numbers_have_intervals_over_runs(self, make_run: RunMaker) -> None:
        frame = throws_compared(make_run, copies=False)["meta"]
        drawn = frame[frame["quantity"] != "equilibrium_nash_conv"]
        assert set(drawn["method"]) == {"grouped-bootstrap"}
        assert (drawn["low"] <= drawn["high"]).all()
        # a draw of six throws is seldom even: meeting all equally often can then be exploited, and only then
        (uniform,) = drawn[drawn["quantity"] == "uniform_nash_conv"].to_dict("records")
        assert uniform["low"] == pytest.approx(0.0, abs=1e-9)
        assert uniform["high"] > 0.1
        # even ensembles tie with everyone whatever is drawn, and throws circle: half of the share each at any pressure
        for alpha in ALPHAS:
            assert value(frame, algorithm="single", quantity=share_at(alpha)) == pytest.approx(0.5, abs=1e-9)

    def test_conventions_that_do_not_fit_lose_half_to_strangers(self, make_run: RunMaker) -> None:
        runs = {"maddpg": [meeting(make_run, k < 3, seed=k) for k in range(6)]}
        frames = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        own = {"side": STRANGER, "algorithm": "maddpg"}
        # three runs on each of two conventions: of the five others two agree, so that strangers get 2/5
        assert value(frames["self_play"], **own, quantity="self_play") == pytest.approx(1.0)
        assert value(frames["self_play"], **own, quantity="cross_play") == pytest.approx(0.4)
        assert value(frames["self_play"], **own, quantity="gap") == pytest.approx(0.6)
        assert value(frames["self_play"], **own, quantity="correlation") == pytest.approx(0.6)
        assert frames["ensembles"].empty
        assert frames["meta"].empty

    def test_one_seed_has_values_and_no_interval(self, make_run: RunMaker) -> None:
        frames = INSTRUMENT.compare({"s": [throwing(make_run, ROCK, seed=0)]}, make("rock_paper_scissors"), label="rps")
        assert frames["self_play"]["low"].isna().all()
        # the only cell of the pairing is the run against itself, which is left out: an empty table, and it says so
        pairing = frames["pairings"].iloc[0]
        assert np.isnan(pairing["value"])
        assert "1 of 1 cells are empty" in pairing["reason"]

    def test_a_game_of_three_sides_has_no_rows(self, make_run: RunMaker) -> None:
        run = make_run([[EVEN, LEFT]] * 3, game="volunteers_dilemma")
        frames = INSTRUMENT.compare({"s": [run]}, make("volunteers_dilemma"), label="v")
        assert {name: len(frame) for name, frame in frames.items()} == dict.fromkeys(LABELS, 0)

    def test_return_matches_count_what_each_gets_on_the_same_side(self) -> None:
        payoffs = np.array([[[0.0, 0.0], [3.0, 1.0]], [[1.0, 2.0], [0.0, 0.0]]])
        won, error = return_matches(payoffs, exact=False)
        assert won.tolist() == [[0.0, 0.0], [0.0, 0.0]]  # the first wins the first world and loses the second
        assert error == pytest.approx(np.sqrt(np.log(2 / 0.05)))  # Hoeffding: one pair, two episodes, span 2
        exact, none = return_matches(payoffs[:, :, :1], exact=True)
        assert exact.tolist() == [[0.0, 1.0], [-1.0, 0.0]]
        assert none == 0.0

    @given(
        payoffs=arrays(np.float64, (3, 3, 4), elements=st.floats(-5, 5, allow_nan=False)),
        exact=st.booleans(),
    )
    def test_what_one_run_wins_the_other_loses(self, payoffs: np.ndarray[Any, Any], exact: bool) -> None:
        won, error = return_matches(payoffs, exact=exact)
        np.testing.assert_allclose(won, -won.T, atol=1e-12)
        assert np.abs(won).max() <= 1
        assert error >= 0

    def test_the_diversity_of_sub_policies_is_measured_of_each_run(self, make_run: RunMaker) -> None:
        game = make("rock_paper_scissors")
        rows = [
            r for r in INSTRUMENT.measure(throwing(make_run, ROCK, PAPER, seed=0), game) if r["metric"] == DIVERSITY
        ]
        assert [(row["agent"], row["bound"]) for row in rows] == [("agent_0", "exact"), ("agent_1", "exact")]
        assert rows[0]["value"] == pytest.approx(1.0)
        assert values_of(list(INSTRUMENT.measure(throwing(make_run, ROCK, seed=0), game)), DIVERSITY) == []


SMALL = """
name = "mixed"
question = "Do ensembles help?"
metrics = ["cross_play"]
seeds = 3
steps = 200
snapshots = 3
explore = true

[games.keep-away]
game = "simple_push"
parameters = { max_cycles = 5 }

[algorithms.single]
kind = "maddpg"
hidden = [8]
batch_size = 16
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }

[algorithms.ensemble]
kind = "maddpg"
hidden = [8]
batch_size = 16
ensemble = { size = 2 }
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }
"""


def test_a_whole_suite_from_training_to_its_tables(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    suite = parse_suite(SMALL)
    store = Store.create(tmp_path / "out")
    assert not run_suite(suite, store, workers=1, pool=ThreadPoolExecutor).failed
    chapter, frame = instrument_chapters(store, suite, game_facts(suite))
    names = [table.name for table in chapter.tables]
    assert names[-1] == "published-ensembles"
    assert {"cross-play-ensembles", "cross-play-choices", "cross-play-pairings", "cross-play-meta"} < set(names)
    pairings = next(table for table in chapter.tables if table.name == "cross-play-pairings").data
    assert set(pairings["n"]) == {3}
    assert pairings["low"].isna().all()  # fewer than five runs have no interval
    assert pairings["value"].notna().all()
    assert set(frame["metric"]) == {DIVERSITY, AGAINST, PARTNER, STEPS}
    robust = next(table for table in chapter.tables if table.name == "cross-play-robustness").data
    assert {"against a trained opponent", "training opponent less trained opponent"} < set(robust["quantity"])
    assert "cross-play-sub-policies" in names
    assert any(line.startswith("Diversity of sub-policies") for line in chapter.answers)
    again, _ = instrument_chapters(store, suite, game_facts(suite), anew=True)
    assert again.answers == chapter.answers
