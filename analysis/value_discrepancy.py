"""What a model's divergence costs in value: the error itself, and the chain of bounds that lead to it.

The error ``ΔQ = E_true Q − E_model Q`` is at most the span of Q times total variation, which Pinsker's and Bretagnolle
and Huber's inequalities bound by the Kullback-Leibler divergence; and at most ``√(Var_model Q · χ²)``. Pinsker's says
nothing from 2 nats on. To first order ``|ΔQ| = |ρ| sd_true(Q) √(2 KL)``, with ρ the correlation of Q with the log
ratio: a high divergence with a small error in value is a small ρ, or a Q that hardly depends on the action.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.chi_square import chi_square
from nashlens.analysis.divergence import kullback_leibler, total_variation
from nashlens.analysis.probes import checked_action_values, checked_pair
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import checked_row
from nashlens.analysis.transport import wasserstein

BOUNDS = ("chi_square", "total_variation", "pinsker", "bretagnolle_huber", "transport")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueDiscrepancy:
    """Error in value of using a model in place of a policy, at each of P probes; reward units.

    Attributes
    ----------
    delta_q : ``[P]``; ``E_true Q − E_model Q``.
    delta_q_direct : ``[P]``; the critic's value at the policy's encoding less that at the model's, with the encoding
        that the critic is fed; None if not given. What enters a target is this one.
    chi_square, total_variation, pinsker, bretagnolle_huber : ``[P]``; bounds on ``|delta_q|``.
    transport : ``[P]``; bound by Q's Lipschitz constant times the 1-Wasserstein distance; None without distances.
    spread : ``[P]``; standard deviation of Q under the policy.
    relevance : ``[P]``; ``|delta_q| / (spread √(2 KL))``: near a perfect model at most 1, elsewhere a diagnostic, no
        bound; NaN where the divergence or the spread is 0, 0 where the divergence is infinite.
    value_spread : standard deviation over probes of the policy's value, to hold errors against.
    """

    delta_q: Array
    delta_q_direct: Array | None
    chi_square: Array
    total_variation: Array
    pinsker: Array
    bretagnolle_huber: Array
    transport: Array | None
    spread: Array
    relevance: Array
    value_spread: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def propagated(self, *, discount: float) -> float:
        """Return what errors of this size in every target can add up to: ``γ / (1 − γ) · max |ΔQ|``.

        An upper bound for the values of a fixed point, over the probes given.

        Raises
        ------
        ValueError : `discount` is outside [0, 1).
        """
        if not 0 <= discount < 1:
            raise ValueError(f"discount must be in [0, 1), not {discount}")
        return discount / (1 - discount) * float(np.abs(self.delta_q).max())

    def to_records(self) -> list[Record]:
        """Return mean absolute errors, raw and relative, the bounds' means, and the relevance."""
        n = len(self.delta_q)
        note = {"n": n, "unit": "observation"}
        errors = {"delta_q": self.delta_q}
        if self.delta_q_direct is not None:
            errors["delta_q_direct"] = self.delta_q_direct
        rows: list[Record] = []
        for name, values in errors.items():
            size = float(np.abs(values).mean())
            row = {"metric": name, "value": size, "mean": float(values.mean()), "bound": self.bound, **note}
            rows.append(row | {"relative": size / self.value_spread if self.value_spread > 0 else np.nan})
        for name in BOUNDS:
            values = getattr(self, name)
            if values is not None:
                rows.append({"metric": f"delta_q_{name}", "value": float(values.mean()), "bound": "upper", **note})
        known = ~np.isnan(self.relevance)
        reason = "" if known.all() else f"{n - int(known.sum())} of {n} probes have no divergence or no spread"
        value = float(self.relevance[known].mean()) if known.any() else np.nan
        row = {"metric": "relevance", "value": value, "bound": self.bound, "reason": reason}
        return [*rows, row | {"n": int(known.sum()), "unit": "observation"}]


def value_discrepancy(
    true: npt.ArrayLike,
    model: npt.ArrayLike,
    *,
    q_values: npt.ArrayLike,
    encoded_true: npt.ArrayLike | None = None,
    encoded_model: npt.ArrayLike | None = None,
    distances: npt.ArrayLike | None = None,
) -> ValueDiscrepancy:
    """Error in expected value of a model, with its bounds, at every probe.

    Parameters
    ----------
    true, model : ``[P, A]``.
    q_values : ``[P, A]``, or ``[A]`` for all probes; reward units.
    encoded_true, encoded_model : ``[P]``; the critic's value when it is fed the policy's and the model's encoding
        (probabilities, their logarithms, a sample); both or neither.
    distances : ``[A, A]`` between actions, for the transport bound.

    Raises
    ------
    ValueError : an array is off the simplex, shapes differ, or only one of the encoded values is given.

    Notes
    -----
    Where supports differ, the χ² bound is infinite and Pinsker's is none; the others hold.

    Examples
    --------
    >>> found = value_discrepancy([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]], q_values=[1.0, 0.0, 0.8])
    >>> round(float(found.delta_q[0]), 9), round(float(found.pinsker[0]), 6)
    (0.16, 0.43208)
    """
    p, q = checked_pair(true, model)
    values = checked_action_values(q_values, p.shape)
    delta = ((p - q) * values).sum(axis=1)
    span, kl, tv = np.ptp(values, axis=1), kullback_leibler(p, q), total_variation(p, q)
    mean, spread = (p * values).sum(axis=1), _spread(p, values)
    varied = span > 0  # a constant Q is wrong nowhere, whatever the divergence
    with np.errstate(invalid="ignore", divide="ignore"):
        relevance = np.abs(delta) / (spread * np.sqrt(2 * kl))
        by_variance = np.where(varied, _spread(q, values) * np.sqrt(chi_square(p, q)), 0.0)
        pinsker = np.where(varied, span * np.sqrt(kl / 2), 0.0)
    by_variance = np.where(np.isnan(by_variance), np.inf, by_variance)
    return ValueDiscrepancy(
        delta_q=read_only(delta),
        delta_q_direct=_direct(encoded_true, encoded_model, len(p)),
        chi_square=read_only(by_variance),
        total_variation=read_only(span * tv),
        pinsker=read_only(pinsker),
        bretagnolle_huber=read_only(span * np.sqrt(-np.expm1(-kl))),
        transport=None if distances is None else _transport(p, q, values, distances),
        spread=read_only(spread),
        relevance=read_only(np.where((kl > 0) & (spread > 0), relevance, np.nan)),
        value_spread=float(mean.std()),
    )


def _spread(p: Array, values: Array) -> Array:
    centred = values - (p * values).sum(axis=1, keepdims=True)
    spread: Array = np.sqrt((p * centred**2).sum(axis=1))
    return spread


def _direct(encoded_true: npt.ArrayLike | None, encoded_model: npt.ArrayLike | None, n_probes: int) -> Array | None:
    if encoded_true is None and encoded_model is None:
        return None
    if encoded_true is None or encoded_model is None:
        raise ValueError("encoded_true and encoded_model must be given both, or neither")
    own, other = checked_row(encoded_true, name="encoded_true"), checked_row(encoded_model, name="encoded_model")
    for name, row in (("encoded_true", own), ("encoded_model", other)):
        if row.shape != (n_probes,) or not np.isfinite(row).all():
            raise ValueError(f"{name} must be {n_probes} finite values, one a probe, not shape {row.shape}")
    return read_only(own - other)


def _transport(p: Array, q: Array, values: Array, distances: npt.ArrayLike) -> Array:
    ground = np.asarray(distances, dtype=np.float64)
    moved = wasserstein(p, q, distances=ground, order=1.0)
    apart = np.abs(values[:, :, None] - values[:, None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.where(ground > 0, apart / ground, np.where(apart > 0, np.inf, 0.0))
    lipschitz = slopes.max(axis=(1, 2))
    return read_only(np.where(moved > 0, lipschitz * np.where(moved > 0, moved, 1.0), 0.0))
