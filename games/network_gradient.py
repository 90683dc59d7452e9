"""Derivatives of a plain network in its parameters, by a reverse pass written by hand: arrays in, arrays out, float64.

It stands beside the network that it differentiates, so that whoever holds a network and knows how an output should move
gets the gradient of many samples at once, without a learning library.
"""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Array
from nashlens.games.network_policy import Network


def n_parameters(network: Network) -> int:
    """Return how many parameters a network has."""
    return sum(w.size + b.size for w, b in zip(network.weights, network.biases, strict=True))


def parameter_gradients(network: Network, inputs: Array, cotangents: Array) -> Array:
    """Return for each of M samples the gradient of ``Σ_t c_t · f(x_t)`` in the parameters.

    Parameters
    ----------
    network : f, with rectified hidden layers.
    inputs : ``[M, T, in]``; T inputs a sample, without the appended index.
    cotangents : ``[M, T, out]``; c, constants.

    Returns
    -------
    ``[M, d]``; layer by layer the weights ``[in, out]``, raveled, then the biases.

    Raises
    ------
    ValueError : the shapes do not fit the network or each other.

    Notes
    -----
    At the kink of a rectified unit the derivative is that of its flat side, 0. Memory O(M d).

    Examples
    --------
    >>> line = Network(weights=(np.array([[2.0]]),), biases=(np.array([1.0]),))
    >>> parameter_gradients(line, np.array([[[3.0], [4.0]]]), np.array([[[1.0], [10.0]]])).tolist()
    [[43.0, 11.0]]
    """
    x, c = np.asarray(inputs, dtype=np.float64), np.asarray(cotangents, dtype=np.float64)
    n_in, n_out = len(network.weights[0]) - len(network.index), network.weights[-1].shape[1]
    if x.ndim != 3 or x.shape[2] != n_in or c.shape != (*x.shape[:2], n_out):
        raise ValueError(
            f"inputs and cotangents must be [M, T, {n_in}] and [M, T, {n_out}], not {x.shape} and {c.shape}"
        )
    if network.index:
        x = np.concatenate([x, np.broadcast_to(network.index, (*x.shape[:2], len(network.index)))], axis=2)
    layers = [x]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        layers.append(np.maximum(layers[-1] @ weight + bias, 0.0))
    parts: list[Array] = []
    for k in reversed(range(len(layers))):
        parts += [c.sum(axis=1), (layers[k].swapaxes(1, 2) @ c).reshape(len(x), -1)]
        if k:
            c = (c @ network.weights[k].T) * (layers[k] > 0)
    return np.concatenate(parts[::-1], axis=1)
