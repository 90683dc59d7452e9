from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nashlens.games import make, play
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.population import STRANGER, Entry, line_ups, match_of, population
from tests.reports.cross_play_runs import EVEN, LEFT, PAPER, RIGHT, ROCK, RunMaker, playing, throwing


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
