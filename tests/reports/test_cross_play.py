"""Cross-play of runs made by hand, whose every cell is known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.agents import config
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.agents.training import train
from nashlens.analysis.alpha_sweep import ALPHAS
from nashlens.games import NormalFormGame, make, play
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts, game_facts
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments.chapters import instrument_chapters
from nashlens.reports.instruments.cross_play import INSTRUMENT, LABELS
from nashlens.reports.instruments.cross_play_answers import weak_points
from nashlens.reports.instruments.cross_play_chapter import cross_play_chapter
from nashlens.reports.instruments.cross_play_pairings import pairing_rows, robustness_rows, self_play_rows
from nashlens.reports.instruments.cross_play_runs import SUB_POLICY_DIVERSITY as DIVERSITY
from nashlens.reports.instruments.cross_play_runs import run_frames
from nashlens.reports.instruments.ensemble_comparison import choice_rows, ensemble_rows
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.meta_comparison import meta_rows, return_matches, share_at
from nashlens.reports.instruments.payoff_tensor import PayoffTensor, payoff_tensor
from nashlens.reports.instruments.population import STRANGER, Entry, line_ups, match_of, population
from nashlens.reports.instruments.published_ensembles import published_ensembles
from nashlens.reports.instruments.trained_opponents import AGAINST, PARTNER, STEPS, opponent_rows
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from tests.reports.instrument_runs import values_of

RunMaker = Callable[..., TrainingRun]
THIRD = [1 / 3] * 3
ROCK, PAPER, SCISSORS = np.eye(3).tolist()
LEFT, RIGHT, EVEN = [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]


def playing(strategy: list[float]) -> ActorSnapshots:
    """Return two snapshots, the first even, whose softmax is the strategy."""
    even = np.zeros(len(strategy))
    with np.errstate(divide="ignore"):
        logs = np.stack([even, np.maximum(np.log(strategy), -60.0)])
    weights = (np.zeros((2, 1, len(strategy)), dtype=np.float32),)
    return ActorSnapshots(weights=weights, biases=(logs.astype(np.float32),))


def throwing(make_run: RunMaker, *throws: list[float], seed: int) -> TrainingRun:
    """Return a run of rock, paper, scissors in which both agents play an ensemble of throws."""
    run = make_run([[THIRD, throws[0]], [THIRD, throws[0]]], game="rock_paper_scissors", seed=seed)
    more = tuple(playing(throw) for throw in throws[1:])
    return replace(run, more_actors=(more, more)) if more else run


def meeting(make_run: RunMaker, left: bool, *, seed: int) -> TrainingRun:
    """Return a run of anti-coordination that has settled on one of its two conventions."""
    first, second = (LEFT, RIGHT) if left else (RIGHT, LEFT)
    return make_run([[EVEN, first], [EVEN, second]], game="anti_coordination", seed=seed)


def value(frame: pd.DataFrame, **where: str) -> float:
    chosen = frame
    for column, wanted in where.items():
        chosen = chosen[chosen[column] == wanted]
    assert len(chosen) == 1
    return float(chosen["value"].iloc[0])


class TestPopulation:
    def test_every_run_brings_itself_its_members_and_itself_halfway(self, make_run: RunMaker) -> None:
        found = population({"ensemble": [throwing(make_run, ROCK, PAPER, seed=4)]})
        assert [(entry.part, entry.last, entry.step) for entry in found] == [
            ("whole", True, 100),
            ("0", True, 100),
            ("1", True, 100),
            ("whole", False, 0),
        ]
        assert {entry.run for entry in found} == {("ensemble", 4)}

    def test_a_run_without_ensembles_has_no_members(self, make_run: RunMaker) -> None:
        found = population({"single": [throwing(make_run, ROCK, seed=0)]})
        assert [entry.part for entry in found] == ["whole", "whole"]

    def test_sides_meet_or_strangers_join(self) -> None:
        pennies, team = match_of(make("matching_pennies")), match_of(make("anti_coordination"))
        assert pennies is not None
        assert team is not None
        assert (pennies.members, pennies.others, pennies.has_sides) == ((0,), (1,), True)
        assert (team.first, team.has_sides) == (STRANGER, False)
        assert match_of(make("volunteers_dilemma")) is None  # three sides

    def test_strangers_never_draw_their_members_together(self, make_run: RunMaker) -> None:
        def both(seed: int) -> Entry:
            run = make_run([[EVEN, LEFT], [EVEN, RIGHT]], game="anti_coordination", seed=seed)
            whole = replace(run, more_actors=((playing(RIGHT),), (playing(LEFT),)))
            return population({"ensemble": [whole]})[0]

        game, match = make("anti_coordination"), match_of(make("anti_coordination"))
        assert match is not None
        one, other = both(0), both(1)
        rng = np.random.default_rng(0)
        together = [
            joint_returns(game, joint, n_episodes=2, rng=rng).values[0, 0] for joint in line_ups(match, one, one)
        ]
        apart = [
            joint_returns(game, joint, n_episodes=2, rng=rng).values[0, 0] for joint in line_ups(match, one, other)
        ]
        # team-mates that draw one convention always differ; strangers draw each on its own and differ half of the time
        np.testing.assert_allclose(together, [1.0, 1.0])
        np.testing.assert_allclose(apart, [0.5, 0.5])
        assert isinstance(one.policies[0], MixturePolicy)


def test_expectations_of_ensembles_are_what_episodes_give_on_average(make_run: RunMaker) -> None:
    # an independent way to the same number: the draws of `play` against the enumeration of draws
    run = make_run([[EVEN, [0.9, 0.1]], [EVEN, [0.2, 0.8]]], game="anti_coordination", seed=0)
    whole = replace(run, more_actors=((playing([0.3, 0.7]),), (playing([0.6, 0.4]),)))
    game = make("anti_coordination")
    exact = joint_returns(game, whole.policies(), n_episodes=1, rng=np.random.default_rng(0))
    played = play(game, whole.policies(), n_episodes=40_000, rng=np.random.default_rng(0)).returns
    # (.9 · .8 + .1 · .2 + .3 · .4 + .7 · .6) / 2 = .64, and four standard errors of 40,000 episodes
    assert exact.values[0, 0] == pytest.approx(0.64, abs=1e-6)
    assert played[:, 0].mean() == pytest.approx(0.64, abs=4 * np.sqrt(0.64 * 0.36 / 40_000))


class TestTensor:
    def test_cells_of_a_matrix_game_are_expectations_in_both_seats(self, make_run: RunMaker) -> None:
        entries = population({"single": [throwing(make_run, t, seed=k) for k, t in enumerate((ROCK, PAPER))]})
        game = make("rock_paper_scissors")
        match = match_of(game)
        assert match is not None
        tensor = payoff_tensor(game, match, entries, explore=True, seed=0)
        rows = tensor.chosen(part="whole", last=True)
        assert tensor.bound == "exact"
        assert tensor.n_episodes == 1
        np.testing.assert_allclose(tensor.first[np.ix_(rows, rows)].mean(axis=2), [[0, -1], [1, 0]], atol=1e-9)
        np.testing.assert_allclose(tensor.second, -tensor.first, atol=1e-12)

    def test_two_members_do_not_meet(self, make_run: RunMaker) -> None:
        entries = population({"ensemble": [throwing(make_run, ROCK, PAPER, seed=0)]})
        game = make("rock_paper_scissors")
        match = match_of(game)
        assert match is not None
        tensor = payoff_tensor(game, match, entries, explore=True, seed=0)
        members = [k for k, entry in enumerate(entries) if not entry.is_whole]
        assert np.isnan(tensor.first[np.ix_(members, members)]).all()
        assert not np.isnan(tensor.first[0]).any()

    def test_worlds_are_played_on_common_random_numbers(self, make_run: RunMaker) -> None:
        game = make("simple_push", max_cycles=3)
        blank = [
            ActorSnapshots(
                weights=(np.zeros((2, n, 5), dtype=np.float32),), biases=(np.zeros((2, 5), dtype=np.float32),)
            )
            for n in game.spec.observation_sizes
        ]
        kinds = {side: {"kind": "maddpg"} for side in game.spec.sides}
        run = make_run([[EVEN, LEFT], [EVEN, LEFT]], spec=game.spec, actors=tuple(blank), algorithm=kinds)
        match = match_of(game)
        assert match is not None
        entries = population({"single": [run, replace(run, seed=1)]})
        tensor = payoff_tensor(game, match, entries, n_episodes=4, explore=True, seed=0)
        assert tensor.bound == "estimate"
        assert (tensor.first == tensor.first[0, 0]).all()  # equal policies, equal worlds, equal noise
        assert "adversary_on_goal" in tensor.counts

    def test_entries_and_episodes_are_checked(self) -> None:
        game = make("rock_paper_scissors")
        match = match_of(game)
        assert match is not None
        with pytest.raises(ValueError, match="entries must be at least one"):
            payoff_tensor(game, match, [], explore=True, seed=0)


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


class TestTrainedOpponents:
    def test_the_best_response_of_a_matrix_game_is_computed(self, make_run: RunMaker) -> None:
        # paper beats rock; against rock or paper, evenly, it wins half and ties half
        game = make("rock_paper_scissors")
        for throws, expected in (((ROCK,), -1.0), ((ROCK, PAPER), -0.5), ((ROCK, PAPER, SCISSORS), 0.0)):
            rows = list(INSTRUMENT.measure(throwing(make_run, *throws, seed=0), game))
            assert values_of(rows, AGAINST) == pytest.approx([expected] * 2)
            assert values_of(rows, PARTNER) == pytest.approx([0.0] * 2)
            assert {row["bound"] for row in rows if row["metric"] == AGAINST} == {"exact"}

    def test_of_several_best_responses_the_worst_for_the_side_counts(self, make_run: RunMaker) -> None:
        # both actions of the second agent pay it nothing; of the first agent's 1 and −1 the −1 counts
        game = NormalFormGame([[[1.0, -1.0], [1.0, -1.0]], np.zeros((2, 2))])
        run = make_run([[EVEN, LEFT], [EVEN, LEFT]], spec=game.spec)
        assert values_of(list(opponent_rows(run, game)), AGAINST) == [-1.0, 0.0]

    def test_in_a_world_the_other_side_learns_against_the_side(self) -> None:
        game = make("simple_push", max_cycles=5)
        run = train(game, config.parse(TINY), seeds=[3], steps=120, n_snapshots=2)[0]
        rows = list(opponent_rows(run, game))
        assert rows == list(opponent_rows(run, game))
        assert [(r["agent"], r["bound"], r["n"]) for r in rows if r["metric"] == AGAINST] == [
            ("adversary", "estimate", 200),  # nobody's loss is the other's gain here, so that it bounds nothing
            ("agents", "estimate", 200),
        ]
        assert values_of(rows, STEPS) == [60.0, 60.0]
        # the same episodes by another way: the run's own policies, played with the same numbers
        rng = child(3, "cross_play", "opponent episodes", 1)
        expected = play(game, run.policies(), n_episodes=200, rng=rng).returns[:, 1].mean()
        assert values_of(rows, PARTNER, agent="agents") == [pytest.approx(expected)]

    def test_a_game_of_one_side_has_no_opponents(self, make_run: RunMaker) -> None:
        assert list(opponent_rows(meeting(make_run, True, seed=0), make("anti_coordination"))) == []

    def test_another_game_than_the_run_s_is_refused(self, make_run: RunMaker) -> None:
        run = throwing(make_run, ROCK, seed=0)
        with pytest.raises(ValueError, match="game must be the one that was trained on: its name"):
            list(INSTRUMENT.measure(run, make("matching_pennies")))
        with pytest.raises(ValueError, match="game must be the one that was trained on: its name"):
            INSTRUMENT.compare({"single": [run]}, make("matching_pennies"), label="pennies")


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


TINY = {
    "kind": "maddpg",
    "hidden": [8],
    "batch_size": 16,
    "rollout": {"n_envs": 2, "replay_capacity": 1000, "warmup_steps": 20, "update_every_steps": 20},
}
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


@pytest.mark.parametrize(
    ("measured", "constant_sum", "bounds"),
    [
        ("exact", True, ["exact", "exact"]),
        ("upper", True, ["upper", "lower"]),
        ("estimate", False, ["estimate", "estimate"]),
    ],
)
def test_a_trained_opponent_bounds_the_best_response_only_where_gains_are_losses(
    measured: str, constant_sum: bool, bounds: list[str]
) -> None:
    facts = GameFacts(label="g", matrix=False, constant_sum=constant_sum, span=0.0, agents=("a", "b"), sides=("a", "b"))
    rows = [
        {"game": "g", "algorithm": "e", "agent": "a", "metric": metric, "seed": k, "value": k + shift, "bound": bound}
        for k in range(5)
        for metric, shift, bound in ((AGAINST, 0.0, measured), (PARTNER, 2.0, measured))
    ]
    found = run_frames(pd.DataFrame(rows), {"g": facts})["opponents"]
    assert found["bound"].tolist() == bounds
    assert found["value"].tolist() == [2.0, 2.0]  # 0 to 4, and 2 less with everyone's partner
