"""Age information: the XOR game, the joint control, fingerprints, properties, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.age_information import age_information
from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile

XOR_KERNEL = np.array([[[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]]] * 2)
XOR = MarkovGame(kernel=XOR_KERNEL, rewards=np.zeros((2, 2, 2, 2)))
AGES = Profile([np.full((2, 2, 2), 0.5), np.array([[[0.9, 0.1]] * 2, [[0.1, 0.9]] * 2])])


def random_case(seed, n_ages=3):
    source = np.random.default_rng(seed)
    rewards = source.integers(0, 3, size=(2, 3, 2, 2)).astype(float)
    game = MarkovGame(kernel=source.dirichlet(np.ones(3), size=(3, 2, 2)), rewards=rewards)
    profile = Profile([source.dirichlet(np.ones(2), size=(n_ages, 3)) for _ in range(2)])
    return game, profile, source


def test_age_information_of_the_xor_game():
    # T06: s' = a_1 ⊕ a_2, a_2 one with chance .1 or .9 in equal shares: ln 2 − H(.1) = .368064; given both actions 0.
    found = age_information(XOR, AGES, agent=0)
    assert found.own == pytest.approx(0.368064, abs=5e-7)
    assert found.joint == 0
    assert found.largest == pytest.approx(np.log(2))
    assert np.isnan(found.residual)


def test_age_information_with_a_reward_that_repeats_the_state_is_the_same():
    game = MarkovGame(kernel=XOR_KERNEL, rewards=np.broadcast_to(XOR_KERNEL[..., 1], (2, 2, 2, 2)))
    assert age_information(game, AGES, agent=0).own == pytest.approx(0.368064, abs=5e-7)


def test_age_information_in_a_one_shot_game_is_in_its_rewards():
    # Matching pennies against P(H) = .9 or .1: win or lose tells as much as the XOR's next state.
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    profile = Profile([[[0.5, 0.5]] * 2, [[0.9, 0.1], [0.1, 0.9]]])
    assert age_information(pennies, profile, agent=0).own == pytest.approx(0.368064, abs=5e-7)
    # The opponent's own world stands still: the other always played evenly.
    assert age_information(pennies, profile, agent=1).own == pytest.approx(0, abs=1e-15)


def test_age_information_given_a_fingerprint():
    # One that tells the ages apart leaves nothing, one that does not leaves all.
    told = age_information(XOR, AGES, agent=0, fingerprint=["old", "new"])
    assert (told.residual, told.ratio) == (pytest.approx(0, abs=1e-15), pytest.approx(0, abs=1e-15))
    mute = age_information(XOR, AGES, agent=0, fingerprint=[0.1, 0.1])
    assert mute.ratio == pytest.approx(1)
    assert isinstance(mute, Result)
    assert [row["metric"] for row in mute.to_records()] == [
        "age_information_own",
        "age_information_joint",
        "age_information_residual",
        "age_information_ratio",
    ]


@given(st.integers(0, 2**32 - 1), st.integers(0, 1))
def test_age_information_keeps_its_range_and_the_joint_control_is_zero(seed, agent):
    game, profile, source = random_case(seed)
    weights, occupancy = source.uniform(0.1, 1, size=3), source.dirichlet(np.ones(3), size=3)
    found = age_information(
        game, profile, agent=agent, weights=weights, occupancy=occupancy, fingerprint=["a", "a", "b"]
    )
    assert 0 <= found.residual <= found.own + 1e-12
    assert found.own <= found.largest + 1e-12
    assert abs(found.joint) < 1e-12


@given(st.integers(0, 2**32 - 1))
def test_age_information_of_policies_that_stand_still_is_zero_whatever_the_states(seed):
    # The pitfall: states alone may tell the age, and that is no evidence.
    game, profile, source = random_case(seed)
    still = Profile([np.repeat(s[:1], 3, axis=0) for s in profile])
    assert age_information(game, still, agent=0, occupancy=source.dirichlet(np.ones(3), size=3)).own < 1e-12


def test_age_information_of_a_single_age_is_zero():
    single = Profile([s[:1] for s in AGES])
    found = age_information(XOR, single, agent=0)
    assert (found.own, found.largest) == (0.0, 0.0)
    assert np.isnan(found.ratio)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agent": 2}, "agent must be one of 0 to 1, not 2"),
        ({"weights": [1.0]}, r"weights must be finite and non-negative, of shape \(2,\), no row all 0; not \(1,\)"),
        ({"weights": [0.0, 0.0]}, "no row all 0"),
        ({"occupancy": [[1.0, 0.0]]}, "occupancy must be finite"),
        ({"fingerprint": [1]}, "fingerprint must have one label for each of 2 ages, not 1"),
        ({"profile": Profile([s[0] for s in AGES])}, "one leading axis of T snapshots"),
    ],
)
def test_age_information_says_what_does_not_fit(changes, message):
    given_arguments = {"profile": AGES, "agent": 0, **changes}
    with pytest.raises(ValueError, match=message):
        age_information(XOR, given_arguments.pop("profile"), **given_arguments)
