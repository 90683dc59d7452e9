from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nashlens.agents import config
from nashlens.agents.training import train
from nashlens.games import NormalFormGame, make, play
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.cross_play import INSTRUMENT
from nashlens.reports.instruments.cross_play_runs import run_frames
from nashlens.reports.instruments.trained_opponents import AGAINST, PARTNER, STEPS, opponent_rows
from tests.reports.cross_play_runs import EVEN, LEFT, PAPER, ROCK, SCISSORS, RunMaker, meeting, throwing
from tests.reports.instrument_runs import values_of


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


TINY = {
    "kind": "maddpg",
    "hidden": [8],
    "batch_size": 16,
    "rollout": {"n_envs": 2, "replay_capacity": 1000, "warmup_steps": 20, "update_every_steps": 20},
}


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
