"""Losses and gradients of recurrent actors against a memory of one number that is worked out by hand.

The encoder is ``relu(w x)``; the gates' weights on r and z are 0, so that both are σ(0) = ½; then
``n = tanh(relu(w x) + ½ u h)`` and ``h' = ½ n + ½ h``. The logits of the two alternatives are ``(h, 0)``.
"""

import numpy as np
import pytest
import torch

from nashlens.agents import config
from nashlens.agents.config import Windows
from nashlens.agents.distributions import Noise
from nashlens.agents.layout import Layout
from nashlens.agents.recurrent_learner import RecurrentLearner
from nashlens.agents.sequence_replay import SequenceBatch
from nashlens.games.core import Choice, GameSpec

CPU = torch.device("cpu")
SPEC = GameSpec(
    name="any",
    agents=("own", "other"),
    sides=("s", "s"),
    observation_sizes=(1, 1),
    action_spaces=(Choice((2,)), Choice((2,))),
    horizon=9,
)
ENCODER, RECURRENCE, VALUE = 0.7, 0.6, 2.0
SEEN = [0.4, 1.1, 0.3, 0.9, 0.5]
BEGAN = [0, 0, 0, 1, 0]
ALIVE = torch.ones(1, dtype=torch.bool)


def a_learner(*, burn_in=0, n_steps=5, **settings):
    """Return the learner of agent 0, its networks set to what the module says."""
    how = {"memory": 1, "hidden": (1,), "clip": 1e9, "gamma": 0.9, "batch_size": n_steps, **settings}
    learner = RecurrentLearner(
        SPEC,
        [0],
        config.MADDPG(**how),
        windows=Windows(steps=n_steps, burn_in_steps=burn_in),
        memories=Layout([1, 1]),
        device=CPU,
        rngs=[np.random.default_rng(0)],
    )
    with torch.no_grad():
        for actor in (learner.actor, learner.target_actor):
            for tensor in actor.tensors:
                tensor.zero_()
            actor.weights[0][...] = ENCODER
            actor.weights[1][..., 2] = 1.0
            actor.weights[2][..., 2] = RECURRENCE
            actor.weights[3][..., 0] = 1.0
        for critic, constant in ((learner.critic, 0.3), (learner.target_critic, 0.5)):
            for tensor in critic.tensors:
                tensor.zero_()
            critic.weights[0][0, 0, 2, 0] = 1.0  # reads the own first alternative, behind two observations
            critic.weights[1][...] = VALUE
            critic.biases[1][...] = constant
    return learner


def a_batch(*, seen=SEEN, memory=0.25, first=1.0):
    """Return one window; the own action was the first alternative with weight `first`."""
    n = len(seen)
    observations = torch.zeros(1, 1, n, 1, 2)
    observations[0, 0, :, 0, 0] = torch.tensor(seen)
    actions = torch.tensor([first, 1 - first, 0.0, 1.0]).expand(1, 1, n, 1, 4).clone()
    rewards = torch.zeros(1, 1, n, 1, 2)
    rewards[0, 0, :, 0, 0] = torch.arange(n) + 1.0
    rewards[..., 1] = 99.0
    return SequenceBatch(
        observations=observations,
        actions=actions,
        rewards=rewards,
        next_observations=observations + 0.1,
        terminated=torch.tensor([0, 0, 1.0, 0, 0][:n])[None, None, :, None],
        began=torch.tensor(BEGAN[:n], dtype=torch.float32)[None, None, :, None],
        memories=torch.tensor([[[[memory, -0.8]]]]),
    )


def memories_by_hand(seen=SEEN, began=BEGAN, memory=0.25, *, encoder=ENCODER, recurrence=RECURRENCE):
    found = []
    for x, new in zip(seen, began, strict=True):
        memory = 0.0 if new else memory
        memory = 0.5 * np.tanh(max(encoder * x, 0.0) + 0.5 * recurrence * memory) + 0.5 * memory
        found.append(memory)
    return np.array(found)


def values_by_hand(memories):
    """Q = 2 σ(h) + 0.3: without noise the soft point of the logits (h, 0) gives the first alternative σ(h)."""
    return VALUE / (1 + np.exp(-memories)) + 0.3


def quiet(n_rows):
    return Noise(torch.zeros(1, 1, n_rows, 2))


def descend_actor(learner, batch, n_rows):
    return learner.step_actor(batch, batch.actions, quiet(n_rows), ALIVE, n_updates=0)


def test_outputs_are_those_of_the_stored_memory_unrolled_and_emptied_where_an_episode_begins():
    outputs = a_learner().own_outputs(a_batch())
    np.testing.assert_allclose(outputs[0, 0, :, 0].detach(), memories_by_hand(), atol=1e-6)
    assert not outputs[0, 0, :, 1].detach().any()


def test_what_was_before_an_episode_does_not_reach_into_it_and_what_is_inside_does():
    learner, plain = a_learner(), a_learner().own_outputs(a_batch()).detach()
    moved = learner.own_outputs(a_batch(memory=0.9)).detach()
    assert (moved[0, 0, :3, 0] != plain[0, 0, :3, 0]).all()  # the stored memory: up to the end of its episode
    assert torch.equal(moved[0, 0, 3:], plain[0, 0, 3:])
    later = learner.own_outputs(a_batch(seen=[0.4, 1.1, 0.3, 0.2, 0.5])).detach()  # step 3 begins an episode
    assert torch.equal(later[0, 0, :3], plain[0, 0, :3])
    assert (later[0, 0, 3:, 0] != plain[0, 0, 3:, 0]).all()


def test_burn_in_brings_the_memory_up_to_date_and_does_not_count():
    outputs = a_learner(burn_in=2, n_steps=3).own_outputs(a_batch())
    assert outputs.shape == (1, 1, 3, 2)
    np.testing.assert_allclose(outputs[0, 0, :, 0].detach(), memories_by_hand()[2:], atol=1e-6)


@pytest.mark.parametrize("burn_in", [0, 2])
def test_critic_loss_by_hand(burn_in):
    # Q = 2 · 1 + 0.3 = 2.3 of the stored action; the target action has ¼ of the first: Q' = 2 · ¼ + 0.5 = 1.
    # y = r + 0.9 · 1 but after the third step, which ended the game; r = 1 … 5, the own agent's.
    learner, batch = a_learner(burn_in=burn_in, n_steps=5 - burn_in), a_batch()
    following = torch.tensor([0.25, 0.75, 1.0, 0.0]).expand(1, 1, 5, 1, 4)
    loss = learner.step_critic(batch, following, ALIVE)
    targets = np.array([1.9, 2.9, 3.0, 4.9, 5.9])
    np.testing.assert_allclose(loss, [[((2.3 - targets[burn_in:]) ** 2).mean()]], rtol=1e-6)
    # d loss / d (output bias) = mean 2 (Q − y)
    np.testing.assert_allclose(learner.critic.biases[1].grad.item(), 2 * (2.3 - targets[burn_in:]).mean(), rtol=1e-5)


@pytest.mark.parametrize("burn_in", [0, 2])
def test_actor_loss_by_hand(burn_in):
    # −mean Q plus 0.01 times the mean squared logit, (h² + 0) / 2.
    learner = a_learner(burn_in=burn_in, n_steps=5 - burn_in, logit_penalty=0.01)
    h = memories_by_hand()[burn_in:]
    loss = descend_actor(learner, a_batch(), 5 - burn_in)
    np.testing.assert_allclose(loss, [[-values_by_hand(h).mean() + 0.01 * (h**2).mean() / 2]], rtol=1e-6)


def test_actor_gradient_reaches_back_through_time():
    # Central differences of the loss above, in float64, in the encoder's and the recurrent weight.
    learner = a_learner(logit_penalty=0.0)
    descend_actor(learner, a_batch(), 5)

    def loss(**weights):
        return -values_by_hand(memories_by_hand(**weights)).mean()

    step = 1e-5
    for name, value, found in [
        ("encoder", ENCODER, learner.actor.weights[0].grad.item()),
        ("recurrence", RECURRENCE, learner.actor.weights[2].grad[0, 0, 0, 2].item()),
    ]:
        expected = (loss(**{name: value + step}) - loss(**{name: value - step})) / (2 * step)
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    # Were the memory cut between steps, the encoder's gradient would be that of each step alone: it is not.
    cut = np.concatenate([[0.25], memories_by_hand()[:-1]])

    def alone(encoder):
        each = [memories_by_hand([x], [new], h, encoder=encoder)[0] for x, new, h in zip(SEEN, BEGAN, cut, strict=True)]
        return -values_by_hand(np.array(each)).mean()

    without = (alone(ENCODER + step) - alone(ENCODER - step)) / (2 * step)
    assert abs(without - learner.actor.weights[0].grad.item()) > 0.1 * abs(without)


def test_no_gradient_passes_through_burn_in():
    learner = a_learner(burn_in=2, n_steps=3, logit_penalty=0.0)
    descend_actor(learner, a_batch(), 3)
    at_its_end = memories_by_hand()[1]  # a constant, however it came about

    def loss(encoder):
        return -values_by_hand(memories_by_hand(SEEN[2:], BEGAN[2:], at_its_end, encoder=encoder)).mean()

    expected = (loss(ENCODER + 1e-5) - loss(ENCODER - 1e-5)) / 2e-5
    np.testing.assert_allclose(learner.actor.weights[0].grad.item(), expected, rtol=1e-4)


def test_score_loss_by_hand():
    # Gumbel noise (9, 0) draws the first alternative everywhere: Q = 2.3, and −mean log σ(h) · 2.3.
    learner = a_learner(gradient="score", logit_penalty=0.0)
    noise = Noise(torch.tensor([9.0, 0.0]).expand(1, 1, 5, 2))
    batch = a_batch(first=0.0)
    loss = learner.step_actor(batch, batch.actions, noise, ALIVE, n_updates=0)
    expected = -(2.3 * -np.log1p(np.exp(-memories_by_hand()))).mean()
    np.testing.assert_allclose(loss, [[expected]], rtol=1e-6)
    step = 1e-5
    ends = [(2.3 * np.log1p(np.exp(-memories_by_hand(encoder=ENCODER + s)))).mean() for s in (step, -step)]
    np.testing.assert_allclose(learner.actor.weights[0].grad.item(), (ends[0] - ends[1]) / (2 * step), rtol=1e-4)


def test_steps_move_nothing_of_a_stopped_seed():
    learner = a_learner()
    before = [t.detach().clone() for stack in learner.stacks.values() for t in stack.tensors]
    batch, stopped = a_batch(), torch.zeros(1, dtype=torch.bool)
    learner.step_critic(batch, batch.actions, stopped)
    learner.step_actor(batch, batch.actions, quiet(5), stopped, n_updates=0)
    after = [t for stack in learner.stacks.values() for t in stack.tensors]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_targets_follow_by_tau():
    learner = a_learner(tau=0.25)
    with torch.no_grad():
        learner.actor.biases[3].fill_(1.0)
        learner.critic.biases[1].fill_(4.5)
    learner.follow()
    assert learner.target_actor.biases[3].flatten().tolist() == [0.25, 0.25]
    assert learner.target_critic.biases[1].item() == pytest.approx(0.5 + 0.25 * 4)


def test_a_local_critic_reads_its_own_agent_only():
    learner = RecurrentLearner(
        SPEC,
        [0],
        config.DDPG(memory=3, hidden=(4,), batch_size=5),
        windows=Windows(steps=5),
        memories=Layout([3, 3]),
        device=CPU,
        rngs=[np.random.default_rng(0)],
    )
    assert learner.critic.weights[0].shape[2] == 1 + 2
    assert (learner.n_windows, learner.memory_size) == (1, 3)


@pytest.mark.parametrize(("batch_size", "n_windows"), [(1, 1), (5, 1), (6, 2), (1024, 205)])
def test_a_minibatch_is_as_many_whole_windows_as_hold_the_batch(batch_size, n_windows):
    assert a_learner(batch_size=batch_size).n_windows == n_windows
