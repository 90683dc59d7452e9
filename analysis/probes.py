"""Policies at probe observations: distributions that are checked, and comparable.

An instrument that compares a policy with a model of it asks both at the same P observations, and gets an array
``[P, A]`` from each. A floor under probabilities keeps logarithms finite; whoever uses one says how often it acted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers

SUM_TOLERANCE = 1e-6


def checked_distributions(values: npt.ArrayLike, *, name: str, factors: tuple[int, ...] | None = None) -> Array:
    """Return distributions ``[P, A]`` that sum to 1, or say what does not fit.

    Parameters
    ----------
    values : ``[P, A]``, or ``[A]`` for one probe. With `factors` the probabilities of each factor, one after the other.
    name : of the argument, for the message.
    factors : sizes of independent choices that add to the width; then the product distribution ``[P, Π A]`` returns.

    Raises
    ------
    ValueError : not one or two axes, empty, not finite, negative, off the simplex by more than ``1e-6``, or `factors`
        does not add up.
    """
    rows = np.atleast_2d(numbers(values, name=name))
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"{name} must be probabilities [P, A], not shape {np.shape(values)}")
    if not np.isfinite(rows).all() or (rows < -SUM_TOLERANCE).any():
        worst = rows[~(np.isfinite(rows) & (rows >= -SUM_TOLERANCE))][0]
        raise ValueError(f"{name} must be finite and non-negative, not {worst}")
    sizes = (rows.shape[1],) if factors is None else factors
    if sum(sizes) != rows.shape[1]:
        raise ValueError(f"factors must add to the {rows.shape[1]} columns of {name}, not {sizes}")
    joint = np.ones((len(rows), 1))
    for part in np.split(rows, np.cumsum(sizes)[:-1], axis=1):
        sums = part.sum(axis=1, keepdims=True)
        if (np.abs(sums - 1) > SUM_TOLERANCE).any():
            raise ValueError(
                f"{name} must sum to 1 within {SUM_TOLERANCE} at each probe; sums run from {sums.min()} to {sums.max()}"
            )
        clean = np.maximum(part, 0.0)
        clean = clean / clean.sum(axis=1, keepdims=True)
        joint = (joint[:, :, None] * clean[:, None, :]).reshape(len(rows), -1)
    return joint


def checked_pair(
    true: npt.ArrayLike, model: npt.ArrayLike, *, factors: tuple[int, ...] | None = None
) -> tuple[Array, Array]:
    """Return a policy and its model as distributions ``[P, A]`` of one shape.

    Raises
    ------
    ValueError : one is no distribution, or the shapes differ: probes of another game, or of another agent.
    """
    p = checked_distributions(true, name="true", factors=factors)
    q = checked_distributions(model, name="model", factors=factors)
    if p.shape != q.shape:
        raise ValueError(f"model must have the shape {p.shape} of true, probes by actions, not {q.shape}")
    return p, q


def checked_action_values(q_values: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Return action values ``[P, A]``; one row ``[A]`` stands for all probes.

    Raises
    ------
    ValueError : the shape does not fit, or a value is not finite.
    """
    given = numbers(q_values, name="q_values")
    values = np.broadcast_to(given, shape) if given.shape == shape[1:] else given
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"q_values must be finite, of shape {shape} or {shape[1:]}, not {given.shape}")
    return values


def floored(p: Array, floor: float) -> tuple[Array, float]:
    """Return distributions with no entry below a floor, and the share of entries that were raised.

    Raised rows are divided by their new sums, so that they stay distributions.

    Raises
    ------
    ValueError : `floor` is not in ``[0, 1 / A)``.

    >>> raised, share = floored(np.array([[1.0, 0.0]]), 0.01)
    >>> raised.round(4).tolist(), share
    ([[0.9901, 0.0099]], 0.5)
    """
    if not 0 <= floor < 1 / p.shape[-1]:
        raise ValueError(f"floor must be at least 0 and below 1/{p.shape[-1]}, not {floor}")
    below = p < floor
    raised = np.maximum(p, floor)
    return raised / raised.sum(axis=-1, keepdims=True), float(below.mean())
