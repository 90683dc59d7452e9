"""Lag and fit: how much of a model's error comes from data of older policies, and how much from fitting them badly.

A model that is fitted to a replay buffer aims at the mixture b of the policies that filled it, not at the current one.
The divergence splits into what a perfect fit would leave, what the fit lacks, and an interaction of either sign. The
fitting loss has its own ledger: the middle term is why it cannot fall below a plateau.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.ledgers import Ledger, comparable, split_divergence
from nashlens.analysis.probes import checked_distributions, checked_pair
from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers
from nashlens.analysis.tilting import log_probabilities


def lag_ledger(
    true: npt.ArrayLike,
    model: npt.ArrayLike,
    *,
    snapshots: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    floor: float = 0.0,
) -> Ledger:
    """Split KL(true‖model) into lag, fit and interaction.

    ``KL(p‖q) = KL(p‖b) + KL(b‖q) + ⟨p − b, ln(b/q)⟩`` with b the buffer's mixture of policies at each probe.

    Parameters
    ----------
    true, model : ``[P, A]``; the current policy, and the model of it.
    snapshots : ``[T, P, A]``; the policies that filled the buffer, at the same probes.
    weights : ``[T]``, or ``[T, P]``; how many of the buffer's transitions each contributed, at each probe if the
        observations differ much between policies; equal if left out.
    floor : under the model's probabilities, as in `opponent_divergence`.

    Returns
    -------
    Ledger with parts ``lag``, ``fit`` and ``interaction``. Where the buffer lacks an action that is taken, or the
    model one that the buffer has, the total is called infinite, since no finite parts add to it.

    Raises
    ------
    ValueError : an array is off the simplex, shapes differ, or `weights` are negative or add to 0.
    """
    p, q = checked_pair(true, model)
    policies, shares = _checked_buffer(snapshots, weights, p.shape)
    b = np.einsum("tp,tpa->pa", shares, policies)
    p, q, finite, clipped = comparable(p, q, floor)
    usable = finite & ~((p > 0) & (b == 0)).any(axis=1) & ~((b > 0) & (q == 0)).any(axis=1)
    b, q = (np.where(usable[:, None], each, p) for each in (b, q))
    seen = b > 0
    ratio = np.where(seen, log_probabilities(np.where(seen, b, 1.0)) - log_probabilities(np.where(seen, q, 1.0)), 0.0)
    return split_divergence(
        "lag_ledger",
        np.where(usable, kullback_leibler(p, q), np.inf),
        parts={
            "lag": kullback_leibler(p, b),
            "fit": kullback_leibler(b, q),
            "interaction": ((p - b) * ratio).sum(axis=1),
        },
        details={},
        floor=floor,
        clipped=clipped,
    )


def fitting_loss_ledger(
    snapshots: npt.ArrayLike, model: npt.ArrayLike, *, weights: npt.ArrayLike | None = None, floor: float = 0.0
) -> Ledger:
    """Split the model's expected loss on the buffer, ``−E_b ln q``, into noise, age and fit.

    ``−E_b ln q = Σ_k w_k H(π_k) + I(age; action | o) + KL(b‖q)``: the first two remain under a perfect fit.

    Parameters
    ----------
    snapshots, weights : as in `lag_ledger`.
    model : ``[P, A]``.
    floor : under the model's probabilities.

    Returns
    -------
    Ledger with parts ``entropy``, ``age_information`` and ``fit``.

    Raises
    ------
    ValueError : as in `lag_ledger`.
    """
    q = checked_distributions(model, name="model")
    policies, shares = _checked_buffer(snapshots, weights, q.shape)
    b = np.einsum("tp,tpa->pa", shares, policies)
    b, q, finite, clipped = comparable(b, q, floor)
    return split_divergence(
        "fitting_loss_ledger",
        np.where(finite, -special.xlogy(b, np.where(b > 0, q, 1.0)).sum(axis=1), np.inf),
        parts={
            "entropy": (shares * special.entr(policies).sum(axis=2)).sum(axis=0),
            "age_information": (shares * kullback_leibler(policies, b[None])).sum(axis=0),
            "fit": kullback_leibler(b, q),
        },
        details={},
        floor=floor,
        clipped=clipped,
    )


def _checked_buffer(
    snapshots: npt.ArrayLike, weights: npt.ArrayLike | None, shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """Return policies ``[T, P, A]`` and their shares ``[T, P]``, which add to 1 at each probe."""
    given = numbers(snapshots, name="snapshots")
    if given.ndim != 3 or given.shape[1:] != shape or not len(given):
        raise ValueError(f"snapshots must be [T, P, A] with the probes and actions {shape}, not shape {given.shape}")
    policies = checked_distributions(given.reshape(-1, shape[1]), name="snapshots").reshape(given.shape)
    raw = np.ones(len(given)) if weights is None else numbers(weights, name="weights")
    if raw.shape not in {(len(given),), (len(given), shape[0])}:
        raise ValueError(f"weights must be [T] or [T, P] for {given.shape[:2]}, not shape {raw.shape}")
    table = np.broadcast_to(raw[:, None] if raw.ndim == 1 else raw, given.shape[:2])
    if not (np.isfinite(table).all() and (table >= 0).all() and (table.sum(axis=0) > 0).all()):
        raise ValueError(f"weights must be finite and non-negative, not all 0 at a probe; not {raw.tolist()}")
    return policies, table / table.sum(axis=0)
