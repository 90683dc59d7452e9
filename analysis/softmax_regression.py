"""Regression of labels on numbers by a softmax of linear log odds, with a ridge penalty."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from nashlens.analysis.results import Array
from nashlens.games.core import IntArray

MAX_STEPS = 200
TOLERANCE = 1e-7  # relative change of the loss at which a fit ends


def softmax_weights(features: Array, labels: IntArray, *, start: Array, penalty: float) -> Array:
    """Return the weights ``[d, K]`` that minimise the log loss of ``start + features @ weights``, plus a penalty.

    ``−Σ log softmax(start + x W)_label + ½ penalty ‖W‖²``, which is convex and has one minimum.

    Parameters
    ----------
    features : ``[n, d]``.
    labels : ``[n]``; from 0 to K − 1.
    start : ``[n, K]``; log odds that are given.
    penalty : above 0.

    Raises
    ------
    ValueError : `penalty` is not above 0, or the shapes do not fit.

    Notes
    -----
    By L-BFGS, O(n · d · K) a step.
    """
    if not penalty > 0:
        raise ValueError(f"penalty must be above 0, not {penalty}")
    if features.ndim != 2 or start.ndim != 2 or not len(features) == len(labels) == len(start):
        raise ValueError(
            f"features, labels and start must have as many rows, not shapes {features.shape}, {labels.shape} and "
            f"{start.shape}"
        )
    shape = (features.shape[1], start.shape[1])
    target = np.eye(shape[1])[labels]

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape)
        logs = special.log_softmax(start + features @ weights, axis=1)
        slope = features.T @ (np.exp(logs) - target) + penalty * weights
        return float(-(target * logs).sum() + 0.5 * penalty * (flat @ flat)), slope.ravel()

    found = optimize.minimize(
        loss,
        np.zeros(shape[0] * shape[1]),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_STEPS, "ftol": TOLERANCE},
    )
    weights: Array = found.x.reshape(shape)
    return weights


def log_losses(log_odds: Array, labels: IntArray) -> Array:
    """Return the log loss ``[n]`` of log odds ``[n, K]`` at labels ``[n]``, nats."""
    losses: Array = -special.log_softmax(log_odds, axis=1)[np.arange(len(labels)), labels]
    return losses
