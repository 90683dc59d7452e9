"""The own cell against torch's, and the memory's beginning and end."""

import numpy as np
import pytest
import torch

from nashlens.agents.recurrent import RecurrentStack
from nashlens.agents.recurrent_snapshots import RecurrentSnapshots
from nashlens.agents.settings import Sharing
from nashlens.agents.sharing import assign
from nashlens.games.core import Box, Choice, GameSpec

CPU = torch.device("cpu")


def a_stack(*, mode="none", index=False, n_seeds=2, n_outputs=3):
    slots = assign(Sharing(mode=mode, index=index), ["a", "b"])
    rngs = [np.random.default_rng(seed) for seed in range(n_seeds)]
    stack = RecurrentStack.drawn(4, 5, 6, n_outputs, slots=slots, device=CPU, rngs=rngs)
    g = torch.Generator().manual_seed(9)
    for bias in stack.biases:
        bias.uniform_(-1, 1, generator=g)
    return stack


def draw(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def torch_cell(stack, seed, slot):
    cell = torch.nn.utils.skip_init(torch.nn.GRUCell, 5, 6)  # no draw from the global generator
    with torch.no_grad():
        cell.weight_ih.copy_(stack.weights[1][seed, slot].T)
        cell.weight_hh.copy_(stack.weights[2][seed, slot].T)
        cell.bias_ih.copy_(stack.biases[1][seed, slot, 0])
        cell.bias_hh.copy_(stack.biases[2][seed, slot, 0])
    return cell


@pytest.mark.parametrize(("mode", "index"), [("none", False), ("full", True)])
def test_step_is_that_of_torchs_gru_cell(mode, index):
    stack, inputs, memory = a_stack(mode=mode, index=index), draw(2, 2, 7, 4), draw(2, 2, 7, 6, seed=1)
    outputs, following = stack.step(inputs, memory)
    for s in range(2):
        for i in range(2):
            slot = stack.slots.of_agent[i]
            seen = torch.cat([inputs[s, i], torch.tensor(stack.slots.index[i]).expand(7, -1)], dim=1)
            encoded = torch.relu(seen @ stack.weights[0][s, slot] + stack.biases[0][s, slot])
            expected = torch_cell(stack, s, slot)(encoded, memory[s, i])
            assert torch.allclose(following[s, i], expected, atol=1e-6)
            assert torch.allclose(
                outputs[s, i], expected @ stack.weights[3][s, slot] + stack.biases[3][s, slot], atol=1e-6
            )


def test_unrolling_is_stepping_with_an_empty_memory_where_episodes_begin_and_nowhere_else():
    stack, inputs = a_stack(), draw(2, 2, 5, 3, 4)
    began = torch.zeros(2, 5, 3)
    began[0, 2, 1] = began[1, 4, 0] = began[1, 0, 2] = 1
    outputs, memories = stack.unroll(inputs, began)
    memory = torch.zeros(2, 2, 3, 6)
    for t in range(5):
        memory = torch.where(began[:, None, t, :, None] > 0, 0.0, memory)
        expected, memory = stack.step(inputs[:, :, t], memory)
        assert torch.allclose(outputs[:, :, t], expected, atol=1e-6)
        assert torch.allclose(memories[:, :, t], memory, atol=1e-6)
    # The memory of an episode does not reach back over its beginning, and does reach back within it.
    moved = inputs.clone()
    moved[0, :, 1, 1] += 1
    again, _ = stack.unroll(moved, began)
    assert torch.equal(again[0, :, 2:, 1], outputs[0, :, 2:, 1])
    within, _ = stack.unroll(moved, torch.zeros(2, 5, 3))
    whole, _ = stack.unroll(inputs, torch.zeros(2, 5, 3))
    assert not torch.allclose(within[0, :, 2:, 1], whole[0, :, 2:, 1])


def test_calling_the_stack_is_the_first_step_of_an_episode():
    stack, inputs = a_stack(), draw(2, 2, 7, 4)
    assert torch.equal(stack(inputs), stack.step(inputs, torch.zeros(2, 2, 7, 6))[0])


def test_gradients_are_those_of_torchs_cell_through_time():
    stack = a_stack(n_seeds=1).trained()
    inputs = draw(1, 2, 4, 3, 4)
    outputs, _ = stack.unroll(inputs, torch.zeros(1, 4, 3))
    outputs.square().sum().backward()
    cell = torch_cell(stack, 0, 1)
    memory, total = torch.zeros(3, 6), torch.zeros(())
    for t in range(4):
        encoded = torch.relu(inputs[0, 1, t] @ stack.weights[0][0, 1] + stack.biases[0][0, 1]).detach()
        memory = cell(encoded, memory)
        total = total + (memory @ stack.weights[3][0, 1].detach() + stack.biases[3][0, 1].detach()).square().sum()
    total.backward()
    assert torch.allclose(stack.weights[2].grad[0, 1], cell.weight_hh.grad.T, atol=1e-4)
    assert torch.allclose(stack.biases[1].grad[0, 1, 0], cell.bias_ih.grad, atol=1e-4)


def test_a_seed_alone_computes_the_same_bits_as_among_others():
    three, inputs = a_stack(n_seeds=3), draw(3, 2, 5, 3, 4)
    parts = [[t[1:2].clone() for t in tensors] for tensors in (three.weights, three.biases)]
    one = RecurrentStack(parts[0], parts[1], three.slots)
    began = (draw(3, 5, 3, seed=4) > 0.5).float()
    among = three.trained().unroll(inputs, began)[0]
    alone = one.trained().unroll(inputs[1:2], began[1:2])[0]
    assert torch.equal(among[1], alone[0])
    among.square().sum().backward()
    alone.square().sum().backward()
    for a, b in zip(three.tensors, one.tensors, strict=True):
        assert torch.equal(a.grad[1], b.grad[0])


def test_copies_are_equal_and_their_own():
    stack = a_stack()
    copied = stack.copy()
    copied.weights[0].add_(1)
    assert not torch.equal(copied.weights[0], stack.weights[0])
    assert torch.equal(copied.weights[2], stack.weights[2])
    assert isinstance(copied, RecurrentStack)


@pytest.mark.parametrize("space", [Choice((3,)), Box((-1.0,), (2.0,))], ids=str)
def test_a_snapshots_policy_is_the_stack_step_by_step(space):
    n_outputs = 3 if isinstance(space, Choice) else 2
    stack = a_stack(mode="full", index=True, n_outputs=n_outputs)
    kept = RecurrentSnapshots(
        weights=tuple(w[1:2, 0].numpy() for w in stack.weights),
        biases=tuple(b[1:2, 0, 0].numpy() for b in stack.biases),
        index=(0.0, 1.0),
    )
    spec = GameSpec(name="any", agents=("x",), sides=("s",), observation_sizes=(4,), action_spaces=(space,), horizon=9)
    policy = kept.policy(spec, 0, 0)
    assert policy.memory_size == 6
    carried = policy.initial_memory(7, rng=np.random.default_rng(0))
    assert not carried.any()
    memory = torch.zeros(2, 2, 7, 6)
    for t in range(4):
        seen = draw(2, 2, 7, 4, seed=t)
        outputs, memory = stack.step(seen, memory)
        observed = seen[1, 1].double().numpy()
        carried = policy.next_memory(observed, carried)
        np.testing.assert_allclose(carried, memory[1, 1], atol=1e-6)
        if isinstance(space, Choice):
            expected = torch.softmax(outputs[1, 1], dim=-1)
            np.testing.assert_allclose(policy.probabilities(observed, memory=carried), expected, atol=1e-6)
        else:
            mean = 0.5 + 1.5 * torch.tanh(outputs[1, 1, :, :1])
            np.testing.assert_allclose(policy.moments(observed, memory=carried)[0], mean, atol=1e-6)
