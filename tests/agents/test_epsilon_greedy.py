import numpy as np
import torch

from nashlens.agents.epsilon_greedy import by_agent, joint_choice, joint_log_probabilities
from nashlens.agents.settings import Sharing
from nashlens.agents.value_learning import ValueLearner
from nashlens.agents.value_settings import DQN

CPU = torch.device("cpu")


def a_learner(game, agents):
    return ValueLearner(
        game.spec,
        agents,
        DQN(hidden=(8,)),
        sharing=Sharing(),
        fingerprint=False,
        device=CPU,
        rngs=[np.random.default_rng(seed) for seed in range(2)],
    )


def generators():
    return [torch.Generator().manual_seed(seed) for seed in range(2)]


def test_actions_stand_in_the_order_of_the_agents_whoever_learns_them(uneven):
    game = uneven()
    swapped = [a_learner(game, [1]), a_learner(game, [0])]
    observations = torch.rand(2, 9, 6, generator=torch.Generator().manual_seed(0))
    actions, logs = joint_choice(swapped, observations, None, None, epsilon=0.0, generators=generators())
    assert actions.shape == (2, 9, 8)
    assert logs.shape == (2, 9, 3)
    for part in (slice(0, 3), slice(3, 5), slice(5, 8)):
        assert torch.equal(actions[..., part].sum(dim=-1), torch.ones(2, 9))
    best = swapped[1].values(observations, None)[:, 0, :, :3].argmax(dim=-1)
    assert torch.equal(actions[..., :3].argmax(dim=-1), best)


def test_log_probabilities_of_what_was_drawn_are_those_that_came_with_it(uneven):
    game = uneven(masked=True)
    learners = [a_learner(game, [0, 1])]
    g = torch.Generator().manual_seed(0)
    observations, masks = torch.rand(2, 50, 6, generator=g), torch.rand(2, 50, 8, generator=g) < 0.6
    masks[..., [0, 3, 5]] = True
    actions, logs = joint_choice(learners, observations, masks, None, epsilon=0.4, generators=generators())
    assert not actions[~masks].any()
    again = joint_log_probabilities(learners, observations, masks, None, actions=actions, epsilon=0.4)
    assert torch.equal(logs, again)
    assert bool((logs <= 0).all())
    # The probabilities of all joint actions of one situation sum to 1, by enumeration.
    total = torch.zeros(2)
    for a, b, c in np.ndindex(3, 2, 3):
        vector = torch.cat([torch.eye(3)[a], torch.eye(2)[b], torch.eye(3)[c]])
        each = joint_log_probabilities(
            learners, observations[:, :1], masks[:, :1], None, actions=vector.expand(2, 1, 8), epsilon=0.4
        )
        total += each.sum(dim=-1).exp()[:, 0]
    torch.testing.assert_close(total, torch.ones(2))


def test_by_agent_sums_the_factors_of_each():
    # Agents with 1, 2 and 1 factors: 1, 2 + 3, 4.
    assert by_agent(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]), [1, 2, 1]).tolist() == [[[1.0, 5.0, 4.0]]]
