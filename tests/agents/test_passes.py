"""Passes written out against automatic differentiation, in float64, and on their own."""

import numpy as np
import pytest
import torch

from nashlens.agents import passes
from nashlens.agents.config import Sharing
from nashlens.agents.networks import Stack
from nashlens.agents.sharing import assign

CPU = torch.device("cpu")
SHARINGS = {
    "none": Sharing(),
    "none, index": Sharing(index=True),
    "side": Sharing(mode="side", index=True),
    "full": Sharing(mode="full"),
}


def a_stack(sharing, *, n_seeds=2, hidden=(7, 5), sides=("a", "a", "b")):
    rngs = [np.random.default_rng(seed) for seed in range(n_seeds)]
    stack = Stack.initial(4, hidden, 3, slots=assign(sharing, sides), device=CPU, rngs=rngs)
    g = torch.Generator().manual_seed(1)
    weights = [w.double() for w in stack.weights]
    biases = [b.double() + torch.randn(b.shape, generator=g, dtype=torch.float64) for b in stack.biases]
    return Stack(weights, biases, stack.slots)


def drawn(*shape, seed=2):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("n_seeds", [1, 2])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)], ids=str)
@pytest.mark.parametrize("sharing", SHARINGS.values(), ids=SHARINGS)
def test_gradients_equal_those_of_automatic_differentiation(sharing, hidden, n_seeds):
    stack = a_stack(sharing, n_seeds=n_seeds, hidden=hidden).trained()
    inputs, slope = drawn(n_seeds, 3, 11, 4), drawn(n_seeds, 3, 11, 3, seed=3)
    expected = torch.autograd.grad(stack(inputs), stack.tensors, slope)
    packed = a_stack(sharing, n_seeds=n_seeds, hidden=hidden)
    for tensor in packed.tensors:
        tensor.grad = torch.full_like(tensor, 9.0)  # what was there before must not remain
    activations = passes.forward(packed, packed.rows(inputs))
    assert torch.allclose(activations[-1].view(slope.shape), stack(inputs), atol=1e-12)
    passes.descend(packed, activations, slope.flatten(0, 1))
    for tensor, gradient in zip(packed.tensors, expected, strict=True):
        assert torch.allclose(tensor.grad, gradient, atol=1e-11)


APART = [slice(0, 2), slice(3, 4), slice(1, 3)]
IN_LINE = [slice(1, 2), slice(2, 3), slice(3, 4)]


@pytest.mark.parametrize(
    ("columns", "most"), [(APART, 2), (IN_LINE, 1), (IN_LINE, 2)], ids=["apart", "in line", "wide"]
)
@pytest.mark.parametrize("sharing", SHARINGS.values(), ids=SHARINGS)
def test_slopes_in_some_inputs_equal_those_of_automatic_differentiation(sharing, columns, most):
    stack = a_stack(sharing)
    inputs, slope = drawn(2, 3, 11, 4).requires_grad_(True), drawn(2, 3, 11, 3, seed=3)
    (whole,) = torch.autograd.grad(stack(inputs), inputs, slope)
    activations = passes.forward(stack, stack.rows(inputs.detach()))
    found = passes.slope_in_inputs(stack, activations, slope.flatten(0, 1), columns, width=most).view(2, 3, 11, most)
    for k, here in enumerate(columns):
        width = here.stop - here.start
        assert torch.allclose(found[:, k, :, :width], whole[:, k, :, here], atol=1e-12)
        assert not found[:, k, :, width:].any()


def test_a_slope_is_cut_where_a_unit_is_at_rest():
    # One hidden unit of weight 1: for x = 2 it passes the slope 3 on as 3 · 2; for x = −2 it rests, and so does W.
    weights = [torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)]
    biases = [torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)]
    stack = Stack(weights, biases, assign(Sharing(), ["a"]))
    for x, gradient in ((2.0, 6.0), (-2.0, 0.0)):
        for tensor in stack.tensors:
            tensor.grad = torch.zeros_like(tensor)
        passes.descend(stack, passes.forward(stack, torch.full((1, 1, 1), x)), torch.full((1, 1, 1), 3.0))
        assert stack.weights[0].grad.item() == gradient
        assert stack.biases[1].grad.item() == 3.0


def test_many_rows_give_what_each_part_of_them_gives():
    stack, n_rows = a_stack(Sharing()), 2 * passes.ROWS + 5
    inputs = drawn(2, 3, n_rows, 4)
    found = passes.outputs(stack, inputs)
    assert found.shape == (2, 3, n_rows, 3)
    assert torch.allclose(found, stack(inputs), atol=1e-12)


def test_a_seed_alone_and_among_others_has_the_same_gradient():
    rngs = [np.random.default_rng(seed) for seed in range(3)]
    slots = assign(Sharing(), ["a"])
    among = Stack.initial(4, (64, 64), 1, slots=slots, device=CPU, rngs=rngs)
    alone = Stack([w[1:2].clone() for w in among.weights], [b[1:2].clone() for b in among.biases], slots).packed()
    among.packed()
    inputs, slope = drawn(3, 1, 100, 4).float(), drawn(3, 100, 1).float()
    passes.descend(among, passes.forward(among, among.rows(inputs)), slope)
    passes.descend(alone, passes.forward(alone, alone.rows(inputs[1:2])), slope[1:2])
    for a, b in zip(among.tensors, alone.tensors, strict=True):
        assert torch.equal(a.grad[1:2], b.grad)
