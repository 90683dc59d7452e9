"""Homogeneity of runs made by hand, whose common returns, losses and diversity are known in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.analysis.results import Estimate
from nashlens.games import make
from nashlens.games.network_policy import Network
from nashlens.games.policy import ConstantPolicy
from nashlens.reports.conventions import game_facts
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments.behavioural_diversity import diversities
from nashlens.reports.instruments.chapters import instrument_chapters
from nashlens.reports.instruments.deviations_at_hand import deviation_gains_at_hand
from nashlens.reports.instruments.homogeneity import INSTRUMENT
from nashlens.reports.instruments.homogeneity_chapter import homogeneity_chapter
from nashlens.reports.instruments.homogeneity_summary import in_short
from nashlens.reports.instruments.homogeneity_table import exact_gap
from nashlens.reports.instruments.homogeneity_verdicts import Judged, judged, value_of
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.roles import Role, mounted, orders, placed, roles
from nashlens.reports.instruments.shared_gradients import parameter_gradient
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite

RunMaker = Callable[..., TrainingRun]
LEFT, RIGHT, EVEN = [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]


def sharing(mode: str, *, index: bool = False, sides: Sequence[str] = ("all",)) -> dict[str, Any]:
    return {side: {"kind": "maddpg", "sharing": {"mode": mode, "index": index}} for side in sides}


def pair(make_run: RunMaker, first: list[float], second: list[float], *, seed: int, mode: str = "none") -> TrainingRun:
    return make_run([[EVEN, first], [EVEN, second]], game="anti_coordination", seed=seed, algorithm=sharing(mode))


def cell(make_run: RunMaker, first: list[float], second: list[float], *, mode: str, n: int = 5) -> list[TrainingRun]:
    return [pair(make_run, first, second, seed=k, mode=mode) for k in range(n)]


def number(frame: pd.DataFrame, algorithm: str, quantity: str, column: str = "value") -> float:
    row = frame[(frame["algorithm"] == algorithm) & (frame["quantity"] == quantity)]
    return float(row[column].iloc[0])


class TestRoles:
    def test_all_agents_of_a_symmetric_matrix_game_can_change_places(self) -> None:
        (role,) = roles(make("volunteers_dilemma"))
        assert role == Role(label="all", members=(0, 1, 2), exchangeable=(0, 1, 2), summed=True)

    def test_in_a_team_game_the_common_reward_counts_once(self) -> None:
        (role,) = roles(make("anti_coordination"))
        assert role.common_return(np.array([[3.0, 3.0]])).tolist() == [3.0]

    def test_agents_whose_payoffs_add_to_a_constant_have_nothing_in_common(self) -> None:
        assert roles(make("matching_pennies")) == roles(make("rock_paper_scissors")) == ()

    def test_predators_can_change_places_and_the_prey_cannot(self) -> None:
        (role,) = roles(make("simple_tag"))
        assert (role.label, role.members, role.exchangeable) == ("predators", (0, 1, 2), (0, 1, 2))

    def test_a_speaker_cannot_stand_in_for_a_listener(self) -> None:
        (role,) = roles(make("simple_speaker_listener"))
        assert (role.members, role.exchangeable) == ((0, 1), ())

    def test_orders_are_all_permutations_of_few_and_rotations_of_many(self) -> None:
        assert len(orders(4)) == 24
        five = orders(5)
        assert len(five) == 5
        assert not (five[1:] == np.arange(5)).any()
        assert orders(3)[0].tolist() == five[0, :3].tolist() == [0, 1, 2]

    def test_policies_are_placed_and_mounted_where_they_belong(self) -> None:
        game = make("simple_tag")
        (role,) = roles(game)
        own = tuple(ConstantPolicy(np.full(5, 0.2), observation_size=n) for n in game.spec.observation_sizes)
        moved = placed(own, role, [2, 0, 1])
        assert [own.index(each) for each in moved] == [2, 0, 1, 3]
        others = tuple(ConstantPolicy(np.full(5, 0.2), observation_size=n) for n in game.spec.observation_sizes)
        assert mounted(own, others, role.members) == (*own[:3], others[3])


class TestReturns:
    def test_a_matrix_game_is_not_played_but_computed(self) -> None:
        game = make("volunteers_dilemma")
        half = tuple(ConstantPolicy(EVEN) for _ in range(3))
        found = joint_returns(game, half, n_episodes=7, rng=np.random.default_rng(0))
        # someone volunteers with probability 7/8, and each pays 1/4 with probability 1/2
        assert found.bound == "exact"
        np.testing.assert_allclose(found.values, [[7 / 8 - 1 / 8] * 3])

    def test_a_game_tree_is_computed_too(self) -> None:
        game = make("kuhn_poker")
        from nashlens.games import random_policy

        uniform = tuple(random_policy(game.spec, i) for i in range(2))
        found = joint_returns(game, uniform, n_episodes=7, rng=np.random.default_rng(0))
        assert found.values[0, 0] == pytest.approx(0.125)  # OpenSpiel: the first player's value of uniform play
        assert found.n_episodes == 1

    def test_policies_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(ValueError, match="policies must be 2"):
            joint_returns(make("chicken"), [ConstantPolicy(EVEN)], n_episodes=1, rng=np.random.default_rng(0))


class TestDiversity:
    def test_forces_lie_apart_as_they_push(self) -> None:
        game = make("simple_spread", n_agents=2)
        stay, left, right = (ConstantPolicy(np.eye(5)[a], observation_size=12) for a in (0, 1, 2))
        seen = np.zeros((3, 12))
        apart = diversities(game, [left, right], seen, agent=0)
        # left and right differ in every draw, and their forces as far as any two moves do
        assert apart == {"diversity_choice": 1.0, "diversity_force": 1.0}
        near = diversities(game, [stay, left], seen, agent=0)
        assert near == {"diversity_choice": 1.0, "diversity_force": 0.5}  # one unit of force, of at most two

    def test_soft_actions_are_compared_by_the_force_they_exert(self) -> None:
        game = make("simple_spread", n_agents=2, actions="soft")
        snapshots = [
            ActorSnapshots(
                weights=(np.zeros((1, 12, 5), dtype=np.float32),),
                biases=(np.log(np.array([chances], dtype=np.float32)),),
                soft=True,
            )
            for chances in ([0.2, 0.4, 0.2, 0.1, 0.1], [0.2, 0.2, 0.4, 0.1, 0.1])
        ]
        policies = [each.policy(game.spec, i, 0) for i, each in enumerate(snapshots)]
        found = diversities(game, policies, np.zeros((2, 12)), agent=0)
        # total variation 0.2; forces (−0.2, 0) and (0.2, 0): 0.4 of at most 2
        assert found["diversity_choice"] == pytest.approx(0.2)
        assert found["diversity_force"] == pytest.approx(0.2)

    def test_real_actions_are_compared_as_gaussians(self) -> None:
        game = make("simple_spread", n_agents=2, actions="continuous")
        blank = [
            ActorSnapshots(
                weights=(np.zeros((1, 12, 10), dtype=np.float32),),
                biases=(np.array([[place] * 5 + [0.0] * 5], dtype=np.float32),),
            )
            for place in (-30.0, 30.0)
        ]
        policies = [each.policy(game.spec, i, 0) for i, each in enumerate(blank)]
        found = diversities(game, policies, np.zeros((2, 12)), agent=0)
        assert found["diversity_gaussian"] == pytest.approx(1.0)  # means 0 and 1 in all five, the same deviations
        assert found["diversity_force"] == pytest.approx(0.0)  # all five at once push nowhere

    def test_measured_of_a_run(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.9, 0.1], [0.2, 0.8], seed=3)
        rows = list(INSTRUMENT.measure(run, make("anti_coordination")))
        assert [(row["metric"], row["bound"], row["n"]) for row in rows] == [("diversity_choice", "exact", 1)]
        assert rows[0]["value"] == pytest.approx(0.7)


class TestGradients:
    def test_the_parameter_gradient_is_that_of_finite_differences(self) -> None:
        rng = np.random.default_rng(0)
        shapes = [(4, 6), (6, 5), (5, 3)]
        weights = tuple(rng.normal(size=shape) for shape in shapes)
        biases = tuple(rng.normal(size=shape[1]) for shape in shapes)
        seen, slopes = rng.normal(size=(7, 3)), rng.normal(size=(7, 3))
        found = parameter_gradient(Network(weights=weights, biases=biases, index=(1.0,)), seen, slopes)

        def objective(flat: np.ndarray[Any, np.dtype[np.float64]]) -> float:
            parts, start = [], 0
            for rows, columns in shapes:
                parts.append((flat[start : start + rows * columns].reshape(rows, columns), rows * columns + start))
                start += rows * columns + columns
            net = Network(
                weights=tuple(w for w, _ in parts),
                biases=tuple(flat[end : end + shape[1]] for (_, end), shape in zip(parts, shapes, strict=True)),
                index=(1.0,),
            )
            return float((net(seen) * slopes).sum())

        flat = np.concatenate([np.concatenate([w.ravel(), b]) for w, b in zip(weights, biases, strict=True)])
        steps = np.eye(len(flat)) * 1e-6
        numeric = np.array([(objective(flat + step) - objective(flat - step)) / 2e-6 for step in steps])
        np.testing.assert_allclose(found, numeric, rtol=1e-5, atol=1e-6)

    def test_agents_of_one_policy_pull_the_same_way_in_anti_coordination(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.6, 0.4], [0.6, 0.4], seed=0, mode="full")
        rows = {row["metric"]: row["value"] for row in INSTRUMENT.measure(run, make("anti_coordination"))}
        # θ = .6 shared: both gradients are 1 − 2θ = −.2 in θ, so that there is no conflict though half is lost
        assert rows == pytest.approx({"diversity_choice": 0.0, "gradient_conflict": 0.0, "gradient_cancellation": 0.0})

    def test_opposite_pulls_cancel(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.6, 0.4], [0.4, 0.6], seed=0, mode="full")
        rows = {row["metric"]: row["value"] for row in INSTRUMENT.measure(run, make("anti_coordination"))}
        # the first wants more of its 0 and the second more of its 1, equally: total cancellation
        assert rows["gradient_conflict"] == 1.0
        assert rows["gradient_cancellation"] == pytest.approx(1.0)


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


class TestChapter:
    def chapter(self, make_run: RunMaker, shared: list[float], *, index: bool = False, n: int = 5) -> tuple[str, ...]:
        full = [
            make_run(
                [[EVEN, shared], [EVEN, shared[::-1] if index else shared]],
                game="anti_coordination",
                seed=k,
                algorithm=sharing("full", index=index),
            )
            for k in range(n)
        ]
        runs = {"none": cell(make_run, LEFT, RIGHT, mode="none", n=n), "shared": full}
        found = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        chapter = homogeneity_chapter(pd.DataFrame(), {"anti": found})
        assert chapter.tables[0].rows
        assert len(chapter.figures[0].panels) == 1
        return chapter.answers

    def test_a_loss_is_called_a_cost(self, make_run: RunMaker) -> None:
        answers = self.chapter(make_run, EVEN)
        assert answers[0] == (
            "One policy for all was enough in 0 of 1 game, cost common return in 1, and is undecided in 0. "
            "Without an index it cost in 1 of the 1 game whose payoffs alone say that it must."
        )
        assert answers[1].startswith("Sharing one policy without an index cost common return in anti (shared: −0.500")
        assert answers[1].endswith(
            "cost that the difference is below 0 after Holm's correction for all such differences."
        )
        assert "must lose 0.500 of 1.00 in anti" in answers[2]
        assert "is not shown to have ended below it with 0.500 [0.500, 0.500] against 0.500" in answers[3]
        assert (
            "in 1 game separately trained agents lose by being copies of their best, and sharing cost in 1"
            in (answers[4])
        )
        assert answers[5].startswith("NashConv of the policies that lose by sharing is 0 [0, 0]")

    def test_training_that_ends_below_the_best_shared_strategy_is_told_apart(self, make_run: RunMaker) -> None:
        assert "ended below the best shared strategy with 0 [0, 0] against 0.500" in self.chapter(make_run, LEFT)[3]

    def test_the_table_says_what_sharing_must_lose_where_that_is_computed(self, make_run: RunMaker) -> None:
        runs = {
            "none": cell(make_run, LEFT, RIGHT, mode="none"),
            "full": cell(make_run, EVEN, EVEN, mode="full"),
            "full-index": [
                make_run(
                    [[EVEN, LEFT], [EVEN, RIGHT]],
                    game="anti_coordination",
                    seed=k,
                    algorithm=sharing("full", index=True),
                )
                for k in range(5)
            ],
        }
        found = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        table, *_ = homogeneity_chapter(pd.DataFrame(), {"anti": found}).tables
        column = table.header.index("exact gap")
        # a shared strategy (θ, 1 − θ) pays 2θ(1 − θ), at most 1/2 of 1; an index tells the agents apart
        assert [row[column] for row in table.rows] == ["0", "0.500", "0"]
        assert value_of(table.data, quantity="best_shared_return") == pytest.approx(0.5)
        shared = found["sharing"][found["sharing"]["algorithm"] == "full"]
        anchors = found["anchors"]
        climbed = anchors.assign(bound=["lower"] * len(anchors))
        assert exact_gap(climbed, shared) == "≤ 0.500"
        assert exact_gap(anchors[anchors["quantity"] == "random_return"], shared) == "—"

    def test_no_loss_is_called_enough(self, make_run: RunMaker) -> None:
        answers = self.chapter(make_run, LEFT, index=True)
        assert answers[0] == (
            "With the agent's index in its observation it was enough in 1 of 1 game, cost common return in "
            "0, and is undecided in 0."
        )
        assert answers[1].startswith("Sharing one policy that reads the agent's index was enough in anti (shared: 0")

    def test_a_gain_by_sharing_is_called_one(self, make_run: RunMaker) -> None:
        full = [
            make_run([[EVEN, LEFT], [EVEN, RIGHT]], game="anti_coordination", seed=k, algorithm=sharing("full"))
            for k in range(5)
        ]
        runs = {"none": cell(make_run, [0.8, 0.2], [0.4, 0.6], mode="none"), "shared": full}
        found = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        # separate: .8 · .6 + .2 · .4 = .56 of 1
        assert (
            "was enough in anti (shared: 0.440 [0.440, 0.440], a gain)"
            in (homogeneity_chapter(pd.DataFrame(), {"anti": found}).answers[1])
        )

    def test_a_clone_loss_that_is_only_bounded_from_above_is_not_shown(self, make_run: RunMaker) -> None:
        runs = {"none": cell(make_run, LEFT, RIGHT, mode="none"), "full": cell(make_run, EVEN, EVEN, mode="full")}
        found = INSTRUMENT.compare(runs, make("anti_coordination"), label="anti")
        exact, anchors = found["sharing"], found["anchors"]
        bounded = exact.assign(each=exact["each"].where(exact["quantity"] != "clone_loss", "upper"))
        for frame, words in ((exact, "lose by being copies"), (bounded, "are not shown to lose by it")):
            chapter = homogeneity_chapter(pd.DataFrame(), {"anti": {"sharing": frame, "anchors": anchors}})
            (said,) = (answer for answer in chapter.answers if answer.startswith("Clone test"))
            assert f"in 1 game separately trained agents {words}" in said
            column = chapter.tables[0].header.index("clone loss")
            # separate policies lose all of 1; those of one network are copies, so that 0 is no bound but exact
            losses = [row[column] for row in chapter.tables[0].rows]
            assert losses == [f"{'≤ ' if frame is bounded else ''}1.000 [1.000, 1.000]", "0 [0, 0]"]

    def test_few_seeds_allow_no_statement(self, make_run: RunMaker) -> None:
        assert "allows no statement in anti" in self.chapter(make_run, EVEN, n=4)[1]

    def test_without_a_game_for_it_the_chapter_says_so(self, make_run: RunMaker) -> None:
        run = make_run([[EVEN, LEFT], [EVEN, RIGHT]])
        found = INSTRUMENT.compare({"ddpg": [run]}, make("matching_pennies"), label="pennies")
        assert (
            "No game of this suite has two agents of one side"
            in (homogeneity_chapter(pd.DataFrame(), {"pennies": found}).answers[0])
        )

    def test_what_is_neither_shown_nor_excluded_is_not_decided(self) -> None:
        columns = {"game": "g", "role": "all", "level": 0.95, "method": "student-t", "n": 5, "unit": "seed"}
        columns |= {"bound": "estimate", "higher_is_better": None, "reason": "", "indexed": "False", "each": "exact"}
        frame = pd.DataFrame(
            [
                {**columns, "algorithm": "none", "sharing": "none", "reference": "True", "quantity": "common_return"}
                | {"value": 1.0, "low": 0.9, "high": 1.1},
                {**columns, "algorithm": "full", "sharing": "full", "reference": "False"}
                | {"quantity": "sharing_difference", "value": -0.1, "low": -0.3, "high": 0.1},
            ]
        )
        anchors = pd.DataFrame([{**columns, "quantity": "random_return", "value": 0.0}])
        (found,) = judged(frame, anchors)
        assert (found.verdict, found.margin) == ("not decided", pytest.approx(0.05))


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


class TestSummary:
    def judged(self, game: str, verdict: Any, *, indexed: bool = False) -> Judged:
        return Judged(
            game=game,
            role="all",
            algorithm="full",
            shares=True,
            indexed=indexed,
            difference=Estimate(value=0.0, low=0.0, high=0.0, level=0.95, method="student-t", n=5, unit="seed"),
            margin=0.1,
            adjusted_p=1.0,
            verdict=verdict,
        )

    def anchors(self, **known: tuple[float, float, str]) -> pd.DataFrame:
        rows = []
        for game, (best, shared, bound) in known.items():
            place = {"game": game, "role": "all"}
            rows.append({**place, "quantity": "best_return", "value": best, "bound": "exact"})
            rows.append({**place, "quantity": "best_shared_return", "value": shared, "bound": bound})
        return pd.DataFrame(rows, columns=["game", "role", "quantity", "value", "bound"])

    def test_games_are_counted_by_their_gravest_verdict(self) -> None:
        ways = [self.judged("a", "enough"), self.judged("a", "costs"), self.judged("b", "not decided")]
        ways += [self.judged("b", "enough"), self.judged("a", "no statement", indexed=True)]
        assert in_short(self.anchors(), ways) == (
            "One policy for all was enough in 1 of 2 games, cost common return in 1, and is undecided in 0; "
            "with the agent's index in its observation it was enough in 0 of 1 game, cost common return in 0, and is "
            "undecided in 1."
        )
        assert in_short(self.anchors(), []) == ""

    def test_only_a_certain_gap_foretells(self) -> None:
        anchors = self.anchors(a=(1.0, 0.5, "exact"), b=(1.0, 0.5, "lower"), c=(1.0, 1.0, "exact"))
        ways = [self.judged("a", "not decided"), self.judged("b", "costs"), self.judged("c", "enough")]
        assert in_short(anchors, ways).endswith(
            "Without an index it cost in 0 of the 1 game whose payoffs alone say that it must, and in 1 of the 2 "
            "others."
        )
