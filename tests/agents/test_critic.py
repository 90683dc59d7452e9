from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.agents.critic import Critic
from nashlens.games import Choice, GameSpec
from nashlens.games.network_policy import Network

SPEC = GameSpec(
    name="pair",
    agents=("a", "b"),
    sides=("a", "b"),
    observation_sizes=(1, 2),
    action_spaces=(Choice((2,)), Choice((3,))),
    horizon=1,
)


def linear(weights, bias=0.0, index=()):
    return Network(weights=(np.array(weights, float)[:, None],), biases=(np.array([bias]),), index=index)


def random_critic(seed, *, central=True, n_networks=1):
    rng = np.random.default_rng(seed)
    n_in = 8 if central else 5
    networks = tuple(
        Network(
            weights=(rng.normal(size=(n_in, 6)), rng.normal(size=(6, 4)), rng.normal(size=(4, 1))),
            biases=(rng.normal(size=6), rng.normal(size=4), rng.normal(size=1)),
        )
        for _ in range(n_networks)
    )
    return Critic(networks, spec=SPEC, agent=1, central=central)


def test_a_central_critic_reads_all_observations_then_all_actions():
    critic = Critic((linear([1, 2, 3, 10, 20, 30, 40, 50], 0.5),), spec=SPEC, agent=0, central=True)
    # 1·1 + 2·2 + 3·3 + 20·1 + 30·1 + 0.5, by hand
    value = critic(np.array([[1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 1.0, 0.0, 0.0]]))
    assert value.tolist() == [64.5]
    assert value.dtype == np.float64


def test_a_local_critic_reads_its_own_agents_part_and_the_index():
    network = linear([1, 2, 10, 20, 30, 7], index=(1.0,))
    critic = Critic((network,), spec=SPEC, agent=1, central=False)
    # agent b sees (2, 3) and does (0, 0, 1): 2 + 6 + 30 + 7
    observations, actions = np.array([[1.0, 2.0, 3.0]]), np.array([[9.0, 9.0, 0.0, 0.0, 1.0]])
    assert critic(observations, actions).tolist() == [45.0]
    assert critic.action_gradient(observations, actions).tolist() == [[0.0, 0.0, 10.0, 20.0, 30.0]]


def test_of_two_networks_the_smaller_value_and_its_gradient_count():
    networks = (linear([0, 0, 0, 1, 0, 0, 0, 0]), linear([0, 0, 0, 0, 1, 0, 0, 0]))
    critic = Critic(networks, spec=SPEC, agent=0, central=True)
    observations, actions = np.zeros((2, 3)), np.array([[3.0, 2.0, 0, 0, 0], [1.0, 4.0, 0, 0, 0]])
    assert critic(observations, actions).tolist() == [2.0, 1.0]
    assert critic.action_gradient(observations, actions)[:, :2].tolist() == [[0.0, 1.0], [1.0, 0.0]]


@given(seed=st.integers(0, 200), central=st.booleans(), n_networks=st.integers(1, 2))
def test_the_gradient_is_the_difference_quotient(seed, central, n_networks):
    critic = random_critic(seed, central=central, n_networks=n_networks)
    rng = np.random.default_rng(seed + 1)
    observations, actions = rng.normal(size=(4, 3)), rng.normal(size=(4, 5))
    gradient = critic.action_gradient(observations, actions)
    step = 1e-7
    for column in range(5):
        moved = actions.copy()
        moved[:, column] += step
        # piecewise linear: the quotient is the gradient wherever no kink lies within the step
        quotient = (critic(observations, moved) - critic(observations, actions)) / step
        np.testing.assert_allclose(gradient[:, column], quotient, atol=1e-5)


@pytest.mark.parametrize("shapes", [((2, 2), (2, 5)), ((2, 3), (2, 4)), ((2, 3), (3, 5)), ((3,), (5,)), ((), ())])
def test_vectors_that_are_not_the_games_are_refused(shapes):
    with pytest.raises(ValueError, match=r"joint vectors \[B, 3\] and \[B, 5\] of pair"):
        random_critic(0)(np.zeros(shapes[0]), np.zeros(shapes[1]))
    with pytest.raises(ValueError, match=r"joint vectors \[B, 3\] and \[B, 5\] of pair"):
        random_critic(0).action_gradient(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="networks must be at least one"):
        Critic((), spec=SPEC, agent=0, central=True)
    with pytest.raises(ValueError, match="network must have 3 inputs"):
        Critic((linear([1.0] * 8),), spec=SPEC, agent=0, central=False)
