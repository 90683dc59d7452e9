"""The learner's step against computations by hand."""

import numpy as np
import pytest
import torch

from nashlens.agents.replay import Minibatch
from nashlens.agents.settings import Sharing
from nashlens.agents.value_learning import ValueLearner
from nashlens.agents.value_settings import DQN

CPU = torch.device("cpu")
ALIVE = torch.ones(2, dtype=torch.bool)
N_ROWS = 16


def a_learner(game, *, sharing=None, fingerprint=False, **settings):
    learner = ValueLearner(
        game.spec,
        [0, 1],
        DQN(**{"hidden": (8,), **settings}),
        sharing=sharing or Sharing(),
        fingerprint=fingerprint,
        device=CPU,
        rngs=[np.random.default_rng(seed) for seed in range(2)],
    )
    for tensor in learner.target.tensors:
        tensor.mul_(-1.5)  # the target differs from the online network
    return learner


def a_batch(learner, *, masked=False):
    g = torch.Generator().manual_seed(7)

    def draw(width):
        return torch.rand(2, 2, N_ROWS, width, generator=g)

    places = torch.randint(0, 3, (2, 2, N_ROWS), generator=g)
    vectors = learner.alternatives.vectors(places)
    actions = torch.cat([vectors[:, :1, :, :3], vectors[:, 1:]], dim=-1).expand(-1, 2, -1, -1)
    masks = (draw(8) < 0.5) if masked else None
    if masks is not None:
        masks[..., [0, 3, 5]] = True  # something is always legal
    return Minibatch(
        observations=draw(6),
        actions=actions,
        rewards=draw(2),
        next_observations=draw(6),
        terminated=(draw(1) > 0.5).float().squeeze(-1),
        log_densities=draw(2),
        masks=masks,
        next_masks=masks,
        fingerprints=draw(2),
    )


def by_hand(stack, seed, agent, inputs):
    layer = inputs
    for k, (w, b) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        layer = layer @ w[seed, agent] + b[seed, agent]
        layer = torch.relu(layer) if k < len(stack.weights) - 1 else layer
    return layer


def rows_legal(batch, s, i, row):
    """Which alternatives of agent i are legal at the successor of a row, by enumeration."""
    if batch.next_masks is None:
        return [True] * (3 if i == 0 else 6)
    mask = batch.next_masks[s, i, row]
    if i == 0:
        return mask[:3].tolist()
    return [bool(mask[3 + a] and mask[5 + b]) for a in range(2) for b in range(3)]


@pytest.mark.parametrize("double", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_step_regresses_the_played_alternative_on_the_target_and_stops_at_the_end(uneven, double, masked):
    game = uneven(masked=masked)
    learner = a_learner(game, double=double)
    batch = a_batch(learner, masked=masked)
    expected = torch.zeros(2, 2)
    widths = ((slice(0, 2), 2), (slice(2, 6), 4))
    for s in range(2):
        for i, (here, width) in enumerate(widths):
            pad = torch.zeros(N_ROWS, 4 - width)
            now = torch.cat([batch.observations[s, i][:, here], pad], dim=1)
            then = torch.cat([batch.next_observations[s, i][:, here], pad], dim=1)
            online, judge = (by_hand(stack, s, i, then).detach() for stack in (learner.online, learner.target))
            total = 0.0
            for row in range(N_ROWS):
                action = batch.actions[s, i, row]
                short, long = int(action[:3].argmax()), 3 * int(action[3:5].argmax()) + int(action[5:].argmax())
                place = (short, long)[i]
                allowed = [k for k, yes in enumerate(rows_legal(batch, s, i, row)) if yes]
                chooser = online if double else judge
                best = max(allowed, key=lambda k: float(chooser[row, k]))
                bootstrap = 0.95 * judge[row, best] * (1 - batch.terminated[s, i, row])
                value = by_hand(learner.online, s, i, now).detach()[row, place]
                total += float((value - batch.rewards[s, i, row, i] - bootstrap) ** 2)
            expected[s, i] = total / N_ROWS
    torch.testing.assert_close(learner.step(batch, None, ALIVE), expected, rtol=1e-4, atol=1e-6)


def test_weights_multiply_the_loss_of_each_transition(uneven):
    game = uneven()
    plain, weighted = a_learner(game), a_learner(game)
    batch = a_batch(plain)
    torch.testing.assert_close(
        2 * plain.step(batch, None, ALIVE), weighted.step(batch, torch.full((2, 2, N_ROWS), 2.0), ALIVE)
    )
    half = torch.zeros(2, 2, N_ROWS)
    half[..., :4] = 1.0
    first = Minibatch(
        **{
            name: None if getattr(batch, name) is None else getattr(batch, name)[:, :, :4]
            for name in ("observations", "actions", "rewards", "next_observations", "terminated", "log_densities")
        }
    )
    torch.testing.assert_close(
        a_learner(game).step(batch, half, ALIVE), a_learner(game).step(first, None, ALIVE) * 4 / N_ROWS
    )


def test_fingerprints_stand_behind_the_padded_observation(uneven):
    learner = a_learner(uneven(), fingerprint=True)
    assert learner.online.weights[0].shape == (2, 2, 4 + 2, 8)
    observations = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(0))
    when = torch.tensor([0.3, 0.7]).expand(2, 5, 2)
    values = learner.values(observations, when)
    expected = by_hand(learner.online, 1, 0, torch.cat([observations[1, :, :2], torch.zeros(5, 2), when[1]], dim=1))
    torch.testing.assert_close(values[1, 0], expected)
    assert learner.place_of(0).inputs == (0, 1, 4, 5)
    assert learner.place_of(1).inputs == (0, 1, 2, 3, 4, 5)
    assert learner.place_of(0).outputs == (0, 1, 2)
    # The stored fingerprint is read in the loss: another one gives another loss.
    batch = a_batch(learner)
    first = learner.step(batch, None, ALIVE)
    again = a_learner(uneven(), fingerprint=True)
    other = Minibatch(
        **{
            name: getattr(batch, name) + (1.0 if name == "fingerprints" else 0.0)
            for name in (
                *("observations", "actions", "rewards", "next_observations", "terminated", "log_densities"),
                "fingerprints",
            )
        }
    )
    assert not torch.allclose(first, again.step(other, None, ALIVE))


def test_without_fingerprints_they_are_not_read(uneven):
    learner = a_learner(uneven())
    observations = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(learner.values(observations, torch.ones(2, 5, 2)), learner.values(observations, None))


def test_step_leaves_the_target_alone_and_follow_moves_it_by_tau(uneven):
    learner = a_learner(uneven(), tau=0.25)
    before = [t.clone() for t in learner.target.tensors]
    online = [t.detach().clone() for t in learner.online.tensors]
    learner.step(a_batch(learner), None, ALIVE)
    assert all(torch.equal(a, b) for a, b in zip(before, learner.target.tensors, strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(online, learner.online.tensors, strict=True))
    learner.follow()
    for old, new, target in zip(before, learner.online.tensors, learner.target.tensors, strict=True):
        torch.testing.assert_close(target, 0.75 * old + 0.25 * new.detach())


def test_dead_seeds_do_not_move(uneven):
    learner = a_learner(uneven())
    before = [t.detach().clone() for t in learner.online.tensors]
    learner.step(a_batch(learner), None, torch.tensor([True, False]))
    for old, new in zip(before, learner.online.tensors, strict=True):
        assert torch.equal(old[1], new[1])
    assert any(not torch.equal(old[0], new[0]) for old, new in zip(before, learner.online.tensors, strict=True))


def test_a_shared_network_is_one_slot_and_reads_the_index_if_asked(uneven):
    shared = a_learner(uneven(), sharing=Sharing(mode="full", index=True))
    assert shared.online.weights[0].shape == (2, 1, 4 + 2, 8)
    assert shared.place_of(1).inputs == (0, 1, 2, 3, 4, 5)
    assert (shared.place_of(0).index, shared.place_of(1).index) == ((1.0, 0.0), (0.0, 1.0))


def test_state_restores_parameters_and_moments(uneven):
    learner = a_learner(uneven())
    batch = a_batch(learner)
    learner.step(batch, None, ALIVE)
    again = a_learner(uneven())
    again.load(learner.state())
    first, second = learner.step(batch, None, ALIVE), again.step(batch, None, ALIVE)
    assert torch.equal(first, second)
    for a, b in zip(learner.online.tensors, again.online.tensors, strict=True):
        assert torch.equal(a, b)
