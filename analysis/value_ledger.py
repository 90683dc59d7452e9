"""Which part of a model's divergence is about value: ledgers against the action values that the model feeds.

A model may be far from the policy in ways that no action value notices. The least divergence that explains the error
in value, ``E_true Q − E_model Q``, is that of the model tilted by Q until the error is gone; the rest is irrelevant to
Q. A second tilt, by the model's own logarithm, takes out what a temperature would repair.

The relevant part does not change when Q is rescaled: it says which share of the divergence is about value, not how
much value is lost. Read `value_discrepancy` beside it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.ledgers import Ledger, comparable, split_divergence
from nashlens.analysis.probes import checked_action_values, checked_pair
from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers
from nashlens.analysis.tilting import log_divergence, log_probabilities, tilted_to_match
from nashlens.analysis.twofold_tilting import tilted_to_match_both


def value_ledger(true: npt.ArrayLike, model: npt.ArrayLike, *, q_values: npt.ArrayLike, floor: float = 0.0) -> Ledger:
    """Split KL(true‖model) into a part that is relevant to Q and one that is not.

    ``KL(p‖q) = KL(p‖r) + KL(r‖q)`` with ``r ∝ q e^{ηQ}`` and ``E_r Q = E_p Q``.

    Parameters
    ----------
    true, model : ``[P, A]``.
    q_values : ``[P, A]``, or ``[A]`` for all probes; value of each of the modelled agent's actions.
    floor : under the model's probabilities, as in `opponent_divergence`.

    Returns
    -------
    Ledger with parts ``relevant`` (0 exactly if there is no error in value) and ``irrelevant``; details ``delta_q``,
    ``E_true Q − E_model Q`` of the raised model, and ``eta``, infinite where E_true Q is the largest or smallest value
    that the model allows.

    Raises
    ------
    ValueError : an array is off the simplex, or shapes differ.

    Notes
    -----
    ``relevant ≥ 2 ΔQ² / span²``, and about ``ΔQ² / 2 Var_model Q`` for small errors.

    Examples
    --------
    >>> ledger = value_ledger([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]], q_values=[[1.0, 0.0, 0.8]])
    >>> {name: round(float(part[0]), 6) for name, part in ledger.parts.items()}
    {'relevant': 0.085577, 'irrelevant': 0.287809}
    """
    p, q = checked_pair(true, model)
    values = checked_action_values(q_values, p.shape)
    p, q, finite, clipped = comparable(p, q, floor)
    log_p, log_q = log_probabilities(p), log_probabilities(q)
    log_r, eta = tilted_to_match(p, log_q, values)
    return split_divergence(
        "value_ledger",
        np.where(finite, kullback_leibler(p, q), np.inf),
        parts={
            "relevant": log_divergence(np.exp(log_r), log_p=log_r, log_q=log_q),
            "irrelevant": log_divergence(p, log_p=log_p, log_q=log_r),
        },
        details={"delta_q": ((p - q) * values).sum(axis=1), "eta": eta},
        floor=floor,
        clipped=clipped,
    )


def nested_ledger(true: npt.ArrayLike, model: npt.ArrayLike, *, q_values: npt.ArrayLike, floor: float = 0.0) -> Ledger:
    """Split KL(true‖model) into value, temperature beyond value, and a residual.

    ``KL(p‖q) = KL(r_1‖q) + KL(r_2‖r_1) + KL(p‖r_2)`` with ``r_1 ∝ q e^{ηQ}`` that has p's mean of Q, and
    ``r_2 ∝ q^β e^{η'Q}`` that has p's means of Q and of ln q.

    Parameters
    ----------
    true, model, q_values, floor : as in `value_ledger`.

    Returns
    -------
    Ledger with parts ``value``, ``temperature`` and ``residual``, none negative. β is free here, and may be negative.

    Raises
    ------
    ValueError : as in `value_ledger`.

    Notes
    -----
    Where a policy mixes actions only whose values differ by less than 1e-6 of their span, the second tilt is
    ill-conditioned, and the sum is exact to about 1e-6; see `Ledger.error`.
    """
    p, q = checked_pair(true, model)
    values = checked_action_values(q_values, p.shape)
    p, q, finite, clipped = comparable(p, q, floor)
    log_p, log_q = log_probabilities(p), log_probabilities(q)
    log_first, _ = tilted_to_match(p, log_q, values)
    log_second = tilted_to_match_both(p, log_first, log_q, values)
    return split_divergence(
        "nested_ledger",
        np.where(finite, kullback_leibler(p, q), np.inf),
        parts={
            "value": log_divergence(np.exp(log_first), log_p=log_first, log_q=log_q),
            "temperature": log_divergence(np.exp(log_second), log_p=log_second, log_q=log_first),
            "residual": log_divergence(p, log_p=log_p, log_q=log_second),
        },
        details={},
        floor=floor,
        clipped=clipped,
    )


def continuous_value_ledger(
    actions: npt.ArrayLike, model_actions: npt.ArrayLike, *, gradients: npt.ArrayLike, noise: float
) -> Ledger:
    """Split the divergence of deterministic or equally spread Gaussian policies along and across the value gradient.

    ``‖Δ‖² / 2σ² = Δ_∥² / 2σ² + Δ_⊥² / 2σ²`` with Δ_∥ the action error along ``g = ∇_a Q``.

    Parameters
    ----------
    actions, model_actions : ``[P, D]``; means, action units.
    gradients : ``[P, D]``; of the value in the modelled agent's action.
    noise : σ, above 0; stated or assumed.

    Returns
    -------
    Ledger with parts ``relevant`` and ``irrelevant``; without a gradient all is irrelevant. Detail ``delta_q`` is the
    error in value to first order, ``g · Δ``.

    Raises
    ------
    ValueError : shapes differ, something is not finite, or `noise` is not above 0.
    """
    if not (np.isfinite(noise) and noise > 0):
        raise ValueError(f"noise must be finite and above 0, not {noise}")
    given = {"actions": actions, "model_actions": model_actions, "gradients": gradients}
    a, b, g = (_checked_rows(values, name) for name, values in given.items())
    for name, array in (("model_actions", b), ("gradients", g)):
        if array.shape != a.shape:
            raise ValueError(f"{name} must have the shape {a.shape} of actions, not {array.shape}")
    delta = a - b
    steepness = np.sqrt((g**2).sum(axis=1, keepdims=True))
    direction = np.divide(g, steepness, out=np.zeros_like(g), where=steepness > 0)
    along = (delta * direction).sum(axis=1)
    across = delta - along[:, None] * direction
    return split_divergence(
        "value_ledger",
        (delta**2).sum(axis=1) / (2 * noise**2),
        parts={"relevant": along**2 / (2 * noise**2), "irrelevant": (across**2).sum(axis=1) / (2 * noise**2)},
        details={"delta_q": (g * delta).sum(axis=1)},
    )


def _checked_rows(values: npt.ArrayLike, name: str) -> Array:
    rows = np.atleast_2d(numbers(values, name=name))
    if rows.ndim != 2 or rows.size == 0 or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite, [P, D], not shape {rows.shape}")
    return rows
