from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from nashlens.analysis.results import Estimate
from nashlens.games import make
from nashlens.reports.instruments.homogeneity import INSTRUMENT
from nashlens.reports.instruments.homogeneity_chapter import homogeneity_chapter
from nashlens.reports.instruments.homogeneity_summary import in_short
from nashlens.reports.instruments.homogeneity_table import exact_gap
from nashlens.reports.instruments.homogeneity_verdicts import Judged, judged, value_of
from tests.reports.homogeneity_runs import EVEN, LEFT, RIGHT, RunMaker, cell, sharing


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
