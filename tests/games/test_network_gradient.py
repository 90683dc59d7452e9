"""Gradients of plain networks: one line by hand, automatic differentiation, finite differences, refusals."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from nashlens.games.network_gradient import n_parameters, parameter_gradients
from nashlens.games.network_policy import Network


def random_network(rng, widths, index=()):
    sizes = [widths[0] + len(index), *widths[1:]]
    return Network(
        weights=tuple(rng.normal(size=pair) for pair in pairwise(sizes)),
        biases=tuple(rng.normal(size=n) for n in sizes[1:]),
        index=index,
    )


def test_gradients_of_one_rectified_unit_by_hand():
    # f(x) = 3 max(2 x + 1, 0) + 5 at x = 1: unit 3; df/dw1 = 3·1, db1 = 3, dw2 = 3, db2 = 1. At x = −1 it is shut.
    network = Network(weights=(np.array([[2.0]]), np.array([[3.0]])), biases=(np.array([1.0]), np.array([5.0])))
    found = parameter_gradients(network, np.array([[[1.0]], [[-1.0]]]), np.ones((2, 1, 1)))
    assert found.tolist() == [[3.0, 3.0, 3.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    assert n_parameters(network) == 4


@pytest.mark.parametrize("index", [(), (0.0, 1.0)])
def test_gradients_are_those_of_automatic_differentiation(index):
    rng = np.random.default_rng(0)
    network = random_network(rng, (4, 7, 6, 3), index)
    x, c = rng.normal(size=(5, 8, 4)), rng.normal(size=(5, 8, 3))
    found = parameter_gradients(network, x, c)
    tensors = [
        torch.tensor(t, requires_grad=True) for p in zip(network.weights, network.biases, strict=True) for t in p
    ]
    for m in range(5):
        layer = torch.tensor(np.concatenate([x[m], np.tile(index, (8, 1))], axis=1) if index else x[m])
        for k in range(0, 6, 2):
            layer = layer @ tensors[k] + tensors[k + 1]
            layer = torch.relu(layer) if k < 4 else layer
        expected = torch.autograd.grad((layer * torch.tensor(c[m])).sum(), tensors)
        np.testing.assert_allclose(found[m], np.concatenate([t.numpy().ravel() for t in expected]), atol=1e-12)


def test_gradients_are_slopes():
    rng = np.random.default_rng(1)
    network = random_network(rng, (3, 5, 2))
    x, c = rng.normal(size=(1, 4, 3)), rng.normal(size=(1, 4, 2))
    found = parameter_gradients(network, x, c)[0]
    moved = network.weights[0].copy()
    moved[1, 2] += 1e-6
    other = Network(weights=(moved, network.weights[1]), biases=network.biases)
    slope = ((other(x[0]) - network(x[0])) * c[0]).sum() / 1e-6
    assert found[1 * 5 + 2] == pytest.approx(slope, abs=1e-5)
    assert found.shape == (n_parameters(network),)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 2)), ((1, 2, 4), (1, 2, 2)), ((1, 2, 3), (1, 3, 2))])
def test_gradients_refuse_other_shapes(shapes):
    network = random_network(np.random.default_rng(0), (3, 2))
    with pytest.raises(ValueError, match="inputs and cotangents must be"):
        parameter_gradients(network, np.zeros(shapes[0]), np.zeros(shapes[1]))
