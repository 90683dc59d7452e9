"""Replay bias: matching pennies, random games, buffers that lack something."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.replay_bias import replay_bias
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
NOW = Profile([[0.5, 0.5], [0.1, 0.9]])
BUFFER = Profile([[[0.5, 0.5]] * 2, [[0.9, 0.1], [0.1, 0.9]]])


def test_replay_bias_of_matching_pennies():
    # T05: Half the buffer against P(H) = .9, half against .1, now .1: Q(H) is learned as 0 and is −.8.
    found = replay_bias(PENNIES, NOW, snapshots=BUFFER, agent=0)
    assert found.true.tolist() == pytest.approx([-0.8, 0.8])
    assert found.independent.tolist() == pytest.approx([0, 0], abs=1e-15)
    assert found.bias("independent").tolist() == pytest.approx([0.8, -0.8])
    assert found.bias("weighted").tolist() == pytest.approx([0, 0], abs=1e-15)
    assert found.bias("joint").tolist() == pytest.approx([0, 0], abs=1e-15)
    assert isinstance(found, Result)
    assert len(found.to_records()) == 6


def test_replay_bias_counts_which_actions_met_which_policies():
    # Heads was only played against .9, tails only against .1: each remembers its own opponent.
    buffer = Profile([[[1.0, 0.0], [0.0, 1.0]], [[0.9, 0.1], [0.1, 0.9]]])
    found = replay_bias(PENNIES, NOW, snapshots=buffer, agent=0)
    assert found.independent.tolist() == pytest.approx([0.8, 0.8])


@given(st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_replay_bias_is_repaired_by_weights_and_by_joint_actions(seed, agent):
    source = np.random.default_rng(seed)
    game = NormalFormGame(source.normal(size=(3, 2, 3, 2)))
    now = Profile([source.dirichlet(np.ones(n)) for n in (2, 3, 2)])
    buffer = Profile([source.dirichlet(np.ones(n), size=4) for n in (2, 3, 2)])
    found = replay_bias(game, now, snapshots=buffer, weights=source.uniform(0.1, 1, size=4), agent=agent)
    np.testing.assert_allclose(found.true, action_payoffs(game.payoffs, now)[agent], rtol=0, atol=1e-12)
    for learner in ("weighted", "joint"):
        np.testing.assert_allclose(found.bias(learner), 0, rtol=0, atol=1e-9)
    fresh = replay_bias(game, now, snapshots=Profile([s[None] for s in now]), agent=agent)
    np.testing.assert_allclose(fresh.bias("independent"), 0, rtol=0, atol=1e-12)


def test_replay_bias_of_what_the_buffer_lacks():
    # Tails never played: nothing is known of it. The opponent never played heads: weights cannot make it up.
    found = replay_bias(PENNIES, NOW, snapshots=Profile([[[1.0, 0.0]], [[0.0, 1.0]]]), agent=0)
    assert np.isnan(found.independent).tolist() == [False, True]
    assert found.weighted[0] == pytest.approx(-0.9)
    assert np.isnan(found.joint).all()
    assert found.to_records()[1]["reason"] == "the buffer lacks what would be needed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agent": 2}, "agent must be one of 0 to 1, not 2"),
        ({"snapshots": NOW}, r"current must be one profile and snapshots a batch \[T\], not \(\) and \(\)"),
        ({"weights": [1.0]}, "weights must be 2 finite numbers of at least 0"),
        ({"weights": [0.0, 0.0]}, "not all 0"),
        ({"snapshots": Profile([[[1.0]], [[1.0]]])}, "profile must have"),
    ],
)
def test_replay_bias_says_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=message):
        replay_bias(PENNIES, NOW, **{"snapshots": BUFFER, "agent": 0, **changes})
    with pytest.raises(ValueError, match="learner must be one of"):
        replay_bias(PENNIES, NOW, snapshots=BUFFER, agent=0).bias("none")
