"""Whether a model is wrong about which action, or only about how sure: its temperature apart from its shape.

Tempering a model, ``q^{(β)} ∝ q^β``, keeps the order of its actions. What the best temperature removes of the
divergence is calibration; what it leaves is an error of shape, which no temperature repairs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.ledgers import Ledger, comparable, split_divergence
from nashlens.analysis.probes import checked_pair
from nashlens.analysis.results import Array
from nashlens.analysis.tilting import log_divergence, log_probabilities, tilt, tilted_to_match


def calibration_ledger(
    true: npt.ArrayLike, model: npt.ArrayLike, *, shared: bool = False, floor: float = 0.0
) -> Ledger:
    """Split KL(true‖model) into what the best temperature removes and what it leaves.

    ``KL(p‖q) = [KL(p‖q) − KL(p‖q^{(β*)})] + KL(p‖q^{(β*)})`` with the β ≥ 0 that makes the last term least. For
    ``0 < β* < ∞`` the bracket equals ``KL(q^{(β*)}‖q)``.

    Parameters
    ----------
    true, model : ``[P, A]``.
    shared : one β for all probes, which is calibration proper; otherwise one a probe, which bounds from above what
        recalibration can repair. A shared β may make single probes worse, never their mean.
    floor : under the model's probabilities, as in `opponent_divergence`.

    Returns
    -------
    Ledger with parts ``calibration`` and ``shape``; detail ``beta``: above 1 where the model is not sure enough,
    infinite where only its most probable actions are taken, 1 where the model is uniform and β has no effect.

    Raises
    ------
    ValueError : an array is off the simplex, or the shapes differ.

    Examples
    --------
    >>> ledger = calibration_ledger([[1.0, 0.0, 0.0]], [[0.4, 0.3, 0.3]])
    >>> round(float(ledger.parts["calibration"][0]), 6), float(ledger.parts["shape"][0])
    (0.916291, 0.0)
    """
    p, q = checked_pair(true, model)
    p, q, finite, clipped = comparable(p, q, floor)
    log_p, log_q = log_probabilities(p), log_probabilities(q)
    log_best, beta = _shared_temper(p, log_q, finite) if shared else _tempered(p, log_q)
    shape = log_divergence(p, log_p=log_p, log_q=log_best)
    total = kullback_leibler(p, q)
    return split_divergence(
        "calibration_ledger",
        np.where(finite, total, np.inf),
        parts={"calibration": total - shape, "shape": shape},
        details={"beta": beta},
        floor=floor,
        clipped=clipped,
    )


def _tempered(p: Array, log_q: Array) -> tuple[Array, Array]:
    """Return the best tempering at each probe: a tilt of the uniform distribution on the support by ln q."""
    support = np.isfinite(log_q)
    flat, logs = np.where(support, 0.0, -np.inf), np.where(support, log_q, 0.0)
    log_best, beta = tilted_to_match(p, flat, logs)
    cold = beta < 0  # the policy prefers what the model does not: the best it can do is to be indifferent
    log_best[cold] = tilt(flat[cold], np.zeros_like(logs[cold]))
    beta = np.where(cold, 0.0, beta)
    highest = np.where(support, log_q, -np.inf).max(axis=1)
    uniform = highest - np.where(support, log_q, np.inf).min(axis=1) <= 1e-12
    return log_best, np.where(uniform, 1.0, beta)


def _shared_temper(p: Array, log_q: Array, finite: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the tempering by the one β that makes the mean divergence least, by bisection of its slope."""
    support = np.isfinite(log_q)
    flat, logs = np.where(support, 0.0, -np.inf), np.where(support, log_q, 0.0)
    top = logs >= np.where(support, log_q, -np.inf).max(axis=1, keepdims=True) - 1e-12
    counted = finite & (p.shape[1] > 1)
    if counted.any() and not ((p > 0) & ~top)[counted].any():
        return tilt(np.where(top & support, 0.0, -np.inf), np.zeros_like(logs)), np.full(len(p), np.inf)

    def slope(beta: float) -> float:
        q = np.exp(tilt(flat, beta * logs))
        return float(((q - p) * logs).sum(axis=1)[counted].sum())

    low, high = 0.0, 1.0
    if slope(0.0) >= 0:
        high = 0.0
    while slope(high) < 0 and high < 2.0**60:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return tilt(flat, high * logs), np.full(len(p), high)
