"""What rewarding a model's entropy does to it: the exact minimiser of the regularised fitting loss.

A model of a policy p that minimises ``−Σ p_a ln q_a − λ H(q)`` is flatter than p. The minimiser has a closed form, so
that the divergence which the regulariser causes can be told from what is left to blame on the fit: at λ = 0.001 it is
of the order of 1e-7 nats.

References
----------
The loss is equation 7 of Lowe et al. (2017), arXiv:1706.02275; the closed form is ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.ledgers import Ledger, comparable, split_divergence
from nashlens.analysis.opponent_divergence import LOWE
from nashlens.analysis.probes import checked_distributions, checked_pair
from nashlens.analysis.results import Array
from nashlens.analysis.tilting import log_probabilities

_TINY = 1e-9


def regularised_minimiser(true: npt.ArrayLike, *, weight: float) -> Array:
    """Minimiser over the simplex of ``−Σ p_a ln q_a − λ H(q)``.

    ``q_a = exp(W(p_a e^c / λ) − c)`` with Lambert's W and the one c at which q sums to 1; where ``p_a = 0``,
    ``q_a = e^{−c}``. For small λ, ``KL(p‖q) = (λ²/2) Var_p[ln p] + O(λ³)``.

    Parameters
    ----------
    true : ``[P, A]``; p.
    weight : λ, at least 0; with 0 the minimiser is p.

    Returns
    -------
    ``[P, A]``; q.

    Raises
    ------
    ValueError : `true` is off the simplex, or `weight` is negative or not finite.

    Notes
    -----
    Below ``λ = 1e-9`` the expansion ``p − λ p (ln p + H(p))`` takes its place, exact to double precision. W is taken of
    a logarithm (Wright's omega), so that small λ does not overflow. c lies between ``ln A`` and
    ``1/λ + ln A`` and is found by bisection, because every q_a falls as c rises.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275, equation 7, for the loss.

    Examples
    --------
    >>> regularised_minimiser([[0.9, 0.1]], weight=1.0).round(6).tolist()
    [[0.713488, 0.286512]]
    """
    p = checked_distributions(true, name="true")
    _check_weight(weight)
    if weight < _TINY:
        near: Array = p - weight * (special.xlogy(p, p) + p * special.entr(p).sum(axis=1, keepdims=True))
        return near
    logs = log_probabilities(p) - np.log(weight)
    low = np.full(len(p), np.log(p.shape[1]))
    high = low + 1 / weight
    for _ in range(200):
        middle = (low + high) / 2
        above = _densities(p, logs, middle, weight).sum(axis=1) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    q = _densities(p, logs, (low + high) / 2, weight)
    normalised: Array = q / q.sum(axis=1, keepdims=True)
    return normalised


def regulariser_ledger(true: npt.ArrayLike, model: npt.ArrayLike, *, weight: float, floor: float = 0.0) -> Ledger:
    """Split KL(true‖model) into what the entropy regulariser causes and a residual of the optimisation.

    ``KL(p‖q) = KL(p‖q*) + E_p ln(q*/q)`` with q* from `regularised_minimiser`.

    Parameters
    ----------
    true, model : ``[P, A]``.
    weight : λ, at least 0.
    floor : under the model's probabilities, as in `opponent_divergence`.

    Returns
    -------
    Ledger with parts ``regulariser`` and ``residual``; the residual is negative where the model is nearer to the
    policy than the minimiser is.

    Raises
    ------
    ValueError : an array is off the simplex, shapes differ, or `weight` is out of range.
    """
    p, q = checked_pair(true, model)
    best = regularised_minimiser(p, weight=weight)
    p, q, finite, clipped = comparable(p, q, floor)
    taken = p > 0
    ratio = log_probabilities(np.where(taken, best, 1.0)) - log_probabilities(np.where(taken, q, 1.0))
    return split_divergence(
        "regulariser_ledger",
        np.where(finite, kullback_leibler(p, q), np.inf),
        parts={"regulariser": kullback_leibler(p, best), "residual": (p * ratio).sum(axis=1)},
        details={},
        floor=floor,
        clipped=clipped,
        references=(LOWE,),
    )


def gaussian_regulariser(weight: float, *, n_dimensions: int) -> float:
    """KL from a diagonal Gaussian policy of the Gaussian that minimises the regularised fitting loss, nats.

    ``−E_p ln q − λ H(q)`` is least for the policy's own mean and the spread ``σ̂ = σ / √(1 − λ)``, whatever σ is, so
    that ``KL(p‖q) = −(D/2)(ln(1 − λ) + λ)``, about ``D λ²/4``.

    Parameters
    ----------
    weight : λ, from 0 to below 1; from 1 on the loss falls for ever as the spread grows.
    n_dimensions : D, at least 1.

    Raises
    ------
    ValueError : `weight` or `n_dimensions` is out of range.

    Examples
    --------
    >>> round(gaussian_regulariser(0.5, n_dimensions=2), 6)
    0.193147
    """
    _check_weight(weight)
    if weight >= 1 or n_dimensions < 1:
        raise ValueError(f"weight must be below 1 and n_dimensions at least 1, not {weight} and {n_dimensions}")
    return float(-n_dimensions / 2 * (np.log1p(-weight) + weight))


def _densities(p: Array, logs: Array, c: Array, weight: float) -> Array:
    """Return q at a multiplier c ``[P]``: ``e^{W − c}``, which is ``p / (λ W)`` where W is not small."""
    omega = np.real(special.wrightomega(np.where(p > 0, logs, 0.0) + c[:, None]))
    least = np.exp(-c)[:, None]
    return np.where(p > 0, np.where(omega > 1, p / (weight * omega), np.exp(np.minimum(omega, 1.0)) * least), least)


def _check_weight(weight: float) -> None:
    if not (np.isfinite(weight) and weight >= 0):
        raise ValueError(f"weight must be finite and at least 0, not {weight}")
