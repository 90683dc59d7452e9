"""How often states of an episode are visited: by hand, by counting, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.occupancy import episode_occupancy
from nashlens.analysis.repeated_model import repeated_model
from nashlens.games import Profile, make
from nashlens.games.repeated import RepeatedGame


def test_episode_occupancy_of_two_rounds_by_hand() -> None:
    # two rounds of matching pennies, (.7, .3) against (.9, .1): the first state half of the time, and the four
    # memories of the second round half of the time, each with the probability of its joint action
    game = make("repeated", stage="matching_pennies", rounds=2, memory=1)
    assert isinstance(game, RepeatedGame)
    model = repeated_model(game)
    profile = Profile([np.broadcast_to(p, (1, 6, 2)) for p in ([0.7, 0.3], [0.9, 0.1])])
    found = episode_occupancy(model.game, profile, start=model.start, playing=model.playing, n_steps=2)
    assert found[0].tolist() == pytest.approx([0.5, 0.315, 0.035, 0.135, 0.015, 0.0])


def test_episode_occupancy_counts_each_snapshot_by_itself_and_adds_to_one() -> None:
    game = make("repeated", stage="rock_paper_scissors", rounds=4, memory=1)
    assert isinstance(game, RepeatedGame)
    model = repeated_model(game)
    rng = np.random.default_rng(0)
    profile = Profile([rng.dirichlet(np.ones(3), size=(2, model.game.n_states)) for _ in range(2)])
    found = episode_occupancy(model.game, profile, start=model.start, playing=model.playing, n_steps=4)
    assert found.sum(axis=1).tolist() == pytest.approx([1.0, 1.0])
    assert found[:, -1].tolist() == [0.0, 0.0]
    assert found[:, 0].tolist() == pytest.approx([0.25, 0.25])  # one of four rounds
    second = episode_occupancy(
        model.game, Profile([s[1:] for s in profile]), start=model.start, playing=model.playing, n_steps=4
    )
    assert second[0].tolist() == pytest.approx(found[1].tolist())


def test_episode_occupancy_refuses_what_does_not_fit() -> None:
    game = MarkovGame(kernel=np.ones((1, 2, 1)), rewards=np.zeros((1, 1, 2)))
    profile = Profile([np.full((1, 1, 2), 0.5)])
    with pytest.raises(ValueError, match="n_steps must be at least 1, not 0"):
        episode_occupancy(game, profile, start=[1.0], playing=[True], n_steps=0)
    with pytest.raises(ValueError, match="playing must say it of each of 1 states"):
        episode_occupancy(game, profile, start=[1.0], playing=[True, True], n_steps=1)
    with pytest.raises(ValueError, match="start must lead to a state that is played"):
        episode_occupancy(game, profile, start=[1.0], playing=[False], n_steps=1)
