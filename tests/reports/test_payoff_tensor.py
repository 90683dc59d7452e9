from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nashlens.agents.records import ActorSnapshots
from nashlens.games import make
from nashlens.reports.instruments.payoff_tensor import payoff_tensor
from nashlens.reports.instruments.population import match_of, population
from tests.reports.cross_play_runs import EVEN, LEFT, PAPER, ROCK, RunMaker, throwing


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
