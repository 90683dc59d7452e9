import subprocess
import sys

import numpy as np
import pytest
import torch

from nashlens.agents.adam import Adam, BlockAdam
from nashlens.agents.config import Sharing
from nashlens.agents.networks import Stack
from nashlens.agents.sharing import assign

CPU = torch.device("cpu")


def a_stack(n_seeds=2, *, skip=0):
    rngs = [np.random.default_rng(seed) for seed in range(skip, skip + n_seeds)]
    return Stack.initial(4, (7, 5), 3, slots=assign(Sharing(), ["a", "b"]), device=CPU, rngs=rngs)


def set_gradients(stack, step, *, first=0):
    """Draw a gradient for every parameter, seed by seed from generators of their own."""
    for k in range(len(stack.weights[0])):
        g = torch.Generator().manual_seed(100 * step + first + k)
        for tensor in stack.tensors:
            tensor.grad[k] = torch.randn(tensor.shape[1:], generator=g)


def test_adam_is_the_adam_of_torch_bit_by_bit():
    mine, other = a_stack().trained(), a_stack().trained()
    ours, theirs = Adam(mine.tensors, 0.01), torch.optim.Adam(other.tensors, lr=0.01)
    generator = torch.Generator().manual_seed(0)
    for step in range(30):
        for a, b in zip(mine.tensors, other.tensors, strict=True):
            a.grad = torch.randn(a.shape, generator=generator) * 10.0 ** (step % 5 - 3)
            b.grad = a.grad.clone()
        mine.biases[0].grad = other.biases[0].grad = None if step % 3 == 0 else mine.biases[0].grad
        ours.step()
        theirs.step()
    for a, b in zip(mine.tensors, other.tensors, strict=True):
        assert torch.equal(a, b)


def test_gradients_are_forgotten():
    stack = a_stack().trained()
    stack(torch.ones(2, 2, 3, 4)).sum().backward()
    assert all(tensor.grad is not None for tensor in stack.tensors)
    Adam(stack.tensors, 0.01).zero_grad()
    assert all(tensor.grad is None for tensor in stack.tensors)


def test_no_learner_loads_the_compiler_of_torch():
    code = """
import sys
from nashlens import games
from nashlens.agents import train
from nashlens.agents.config import MADDPG, Rollout
how = Rollout(n_envs=2, warmup_steps=8, update_every_steps=4, replay_capacity=64)
train(games.make("matching_pennies"), MADDPG(batch_size=8, rollout=how), seeds=[0], steps=24, n_snapshots=2)
assert "torch._dynamo" not in sys.modules, "a training process pays for the compiler of torch"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_block_adam_is_the_adam_of_torch():
    blocks, plain = a_stack().packed(), a_stack().trained()
    ours, theirs = BlockAdam([blocks], 0.01), torch.optim.Adam(plain.tensors, lr=0.01)
    for step in range(20):
        set_gradients(blocks, step)
        for mine, other in zip(blocks.tensors, plain.tensors, strict=True):
            other.grad = mine.grad.clone()
        ours.step()
        theirs.step()
    for mine, other in zip(blocks.tensors, plain.tensors, strict=True):
        assert torch.allclose(mine, other, rtol=1e-5, atol=1e-7)


def test_a_seed_is_moved_alike_alone_and_among_others():
    among, alone = a_stack(3).packed(), a_stack(1, skip=1).packed()
    optimisers = BlockAdam([among], 0.01), BlockAdam([alone], 0.01)
    for step in range(10):
        set_gradients(among, step)
        set_gradients(alone, step, first=1)
        for optimiser in optimisers:
            optimiser.step()
    for a, b in zip(among.tensors, alone.tensors, strict=True):
        assert torch.equal(a[1:2], b)


def test_state_restores_the_moments():
    whole, resumed = a_stack().packed(), a_stack().packed()
    first, second = BlockAdam([whole], 0.01), BlockAdam([resumed], 0.01)
    for step in range(6):
        set_gradients(whole, step)
        first.step()
        if step == 2:
            second.load(first.state())
            resumed.block.copy_(whole.block)
        if step > 2:
            set_gradients(resumed, step)
            second.step()
    assert torch.equal(whole.block, resumed.block)


def test_block_adam_refuses_a_stack_that_is_not_packed():
    with pytest.raises(ValueError, match="stacks must be packed"):
        BlockAdam([a_stack()], 0.01)
