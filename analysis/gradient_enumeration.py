"""Policy-gradient estimators in any team game of two actions, by enumeration of all joint actions.

This knows nothing of counts and symmetry: every estimator is written for a reward tensor and one probability an agent.
It is the independent check of `proposition_one`, and the general case beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashlens.analysis.gradient_quality import GradientQuality, expected_quality
from nashlens.analysis.proposition_one import ESTIMATORS, REFERENCES, Estimator, check_theta
from nashlens.analysis.results import Array


def enumerated_quality(
    rewards: npt.ArrayLike, thetas: npt.ArrayLike, *, estimator: Estimator = "reinforce"
) -> GradientQuality:
    """Exact quality of one single-sample estimator of ``∂J/∂θ_i``, each agent with its own θ.

    Parameters
    ----------
    rewards : ``[2, …, 2]``, one axis an agent; the common reward of each joint action.
    thetas : ``[N]``, each inside (0, 1); probability that an agent plays action 1.
    estimator : as in `proposition_one.proposition_one`.

    Returns
    -------
    GradientQuality, exact, with one component an agent.

    Raises
    ------
    ValueError : `rewards` is no finite tensor of two actions an agent, `thetas` does not fit, or `estimator` is
        unknown.

    Notes
    -----
    Cost O(N 2^N). The constant baseline is one number for all agents, that of least total variance.

    Examples
    --------
    >>> enumerated_quality([[0, 0], [0, 1]], [0.5, 0.5]).p_positive
    0.25
    """
    table, probabilities = _checked(rewards, thetas)
    joint, weights = joint_actions(probabilities)
    expected = [_conditional(table, probabilities, i) for i in range(table.ndim)]  # [N][A_i]
    gradient = np.array([value[1] - value[0] for value in expected])
    scale = float(np.abs(table).max())
    gradient = np.where(np.abs(gradient) <= 1e-15 * scale, 0.0, gradient)
    estimates = gradient_estimates(table, probabilities, joint, gradient=gradient, estimator=estimator)
    return expected_quality(estimates, weights, gradient=gradient, estimator=estimator, references=REFERENCES)


def joint_actions(thetas: Array) -> tuple[npt.NDArray[np.int64], Array]:
    """Return all joint actions ``[2^N, N]``, in the order of a raveled reward tensor, and their probabilities."""
    joint = np.array(list(np.ndindex(*(2,) * len(thetas))), dtype=np.int64)
    weights: Array = np.where(joint == 1, thetas, 1 - thetas).prod(axis=1)
    return joint, weights


def gradient_estimates(
    rewards: Array, thetas: Array, joint: npt.NDArray[np.int64], *, gradient: Array, estimator: Estimator
) -> Array:
    """Return the estimate ``[K, N]`` that each of K joint actions ``[K, N]`` gives.

    Raises
    ------
    ValueError : `estimator` is unknown.
    """
    scores: Array = np.where(joint == 1, 1 / thetas, -1 / (1 - thetas))
    received: Array = rewards[tuple(joint.T)][:, None]
    if estimator in {"reinforce", "centralised_q"}:
        return np.asarray(scores * received)
    if estimator == "reinforce_baseline":
        return np.asarray(scores * (received - _best_constant(rewards, thetas)))
    if estimator == "decentralised_q":
        values = [_conditional(rewards, thetas, i) for i in range(len(thetas))]
        return np.asarray(scores * np.stack([v[joint[:, i]] for i, v in enumerate(values)], axis=1))
    if estimator == "dpg_reevaluated":
        return np.broadcast_to(gradient, joint.shape).astype(np.float64)
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}; not {estimator!r}")
    columns: list[Array] = []
    for i, theta in enumerate(thetas):
        if_zero, if_one = (rewards[_with(joint, i, action)] for action in (0, 1))
        if estimator == "counterfactual":
            columns.append(scores[:, i] * (received[:, 0] - theta * if_one - (1 - theta) * if_zero))
        else:
            columns.append(if_one - if_zero)
    return np.stack(columns, axis=1)


def _with(joint: npt.NDArray[np.int64], agent: int, action: int) -> tuple[npt.NDArray[np.int64], ...]:
    changed = joint.copy()
    changed[:, agent] = action
    return tuple(changed.T)


def _conditional(rewards: Array, thetas: Array, agent: int) -> Array:
    """Return ``E[R | a_i]``, ``[2]``."""
    value = np.moveaxis(rewards, agent, 0)
    for theta in np.delete(thetas, agent)[::-1]:
        value = value @ np.array([1 - theta, theta])
    return value


def _best_constant(rewards: Array, thetas: Array) -> float:
    """Return the b that minimises ``Σ_i Var((R − b) s_i)``, ``Σ E[R s_i²] / Σ E[s_i²]``."""
    values = [_conditional(rewards, thetas, i) for i in range(len(thetas))]
    weighted = [value[1] / theta + value[0] / (1 - theta) for value, theta in zip(values, thetas, strict=True)]
    return float(sum(weighted) / sum(1 / (t * (1 - t)) for t in thetas))


def _checked(rewards: npt.ArrayLike, thetas: npt.ArrayLike) -> tuple[Array, Array]:
    table, probabilities = np.asarray(rewards, dtype=np.float64), np.asarray(thetas, dtype=np.float64)
    if table.ndim == 0 or table.shape != (2,) * table.ndim or not np.isfinite(table).all():
        raise ValueError(f"rewards must be finite, with one axis of two actions an agent, not of shape {table.shape}")
    if probabilities.shape != (table.ndim,):
        raise ValueError(f"thetas must be {table.ndim} numbers, one an agent, not of shape {probabilities.shape}")
    values: Sequence[float] = probabilities.tolist()
    for theta in values:
        check_theta(theta)
    return table, probabilities
