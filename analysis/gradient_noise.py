"""How loud a sampled gradient is beside its noise: variance, squared length without bias, signal to noise, noise scale.

The squared length of a mean gradient holds the noise of the mean: it is too large by ``tr Σ / M``. Subtracting that
leaves the mean inner product of different samples, which is unbiased and may be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.results import Array, Bound, Estimate, Record
from nashlens.analysis.statistics import numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientNoise:
    """Signal and noise of M gradient samples of one policy.

    Attributes
    ----------
    total_variance : ``tr Σ``, squared gradient units.
    squared_norm : ``‖g‖²`` without bias; may be negative.
    snr_squared : ``‖g‖² / tr Σ`` of one sample; may be negative.
    noise_scale : ``tr Σ / ‖g‖²``, the batch at which noise and signal are equal; its interval is that of
        `snr_squared` turned over, open above where that reaches 0.
    n_samples : M.
    unit : what a sample is: an ``episode``, or a ``minibatch`` of one fixed buffer, which measures another variance.
    bound, references : estimates, and the source.
    """

    total_variance: Estimate
    squared_norm: Estimate
    snr_squared: Estimate
    noise_scale: Estimate
    n_samples: int
    unit: str
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row a measure."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": f"gradient_{label}"} | {name: getattr(getattr(self, label), name) for name in names}
            for label in ("total_variance", "squared_norm", "snr_squared", "noise_scale")
        ]


def gradient_noise(samples: npt.ArrayLike, *, level: float = 0.95, unit: str = "episode") -> GradientNoise:
    """Signal and noise of gradient samples at frozen parameters.

    ``tr Σ = Σ‖g_m − ḡ‖² / (M − 1)`` and ``‖g‖² = ‖ḡ‖² − tr Σ / M``.

    Parameters
    ----------
    samples : ``[M, d]``, M at least 3; independent, taken before the optimiser and before any clipping.
    level : confidence level of the intervals.
    unit : what a sample is.

    Returns
    -------
    GradientNoise, with jackknife intervals.

    Raises
    ------
    ValueError : `samples` is not a finite matrix of three rows or more, or `level` is out of range.
    """
    rows = checked_samples(samples, min_samples=3)
    n = len(rows)
    total = rows.sum(axis=0)
    squares, inner, norm = (rows**2).sum(axis=1), rows @ total, float(total @ total)
    point = _measures(float(squares.sum()), norm, n)
    left_out = _measures(squares.sum() - squares, norm - 2 * inner + squares, n - 1)
    intervals = jackknife(point, left_out, level=level, unit=unit)
    variance, squared, snr = (intervals.at(k) for k in range(3))
    return GradientNoise(
        total_variance=variance,
        squared_norm=squared,
        snr_squared=snr,
        noise_scale=_turned_over(snr),
        n_samples=n,
        unit=unit,
    )


def _measures(squares: float | Array, norm: float | Array, n: int) -> Array:
    """Return variance, squared norm and their ratio, ``[…, 3]``, from ``Σ‖g‖²`` and ``‖Σg‖²`` of n samples."""
    variance = np.maximum((np.asarray(squares) - np.asarray(norm) / n) / (n - 1), 0.0)
    variance = np.where(variance <= 1e-14 * np.asarray(squares), 0.0, variance)
    squared = np.asarray(norm) / n**2 - variance / n
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = squared / variance
    return np.stack([variance, squared, ratio], axis=-1)


def _turned_over(snr: Estimate) -> Estimate:
    reason = snr.reason
    value = low = high = float("nan")
    if snr.value > 0:
        value = 1 / snr.value
        if not reason:
            low, high = 1 / snr.high, 1 / snr.low if snr.low > 0 else float("inf")
    elif not reason:
        reason = "the squared norm is not above 0: no signal was found"
    return Estimate(
        value=value, low=low, high=high, level=snr.level, method=snr.method, n=snr.n, unit=snr.unit, reason=reason
    )


def checked_samples(samples: npt.ArrayLike, *, name: str = "samples", min_samples: int = 1) -> Array:
    """Return ``[M, d]`` finite float64 rows, or say what does not fit.

    Raises
    ------
    ValueError : there are not two axes, too few rows, no column, or a value that is not finite.
    """
    rows = numbers(samples, name=name)
    if rows.ndim != 2 or rows.shape[1] == 0 or len(rows) < min_samples:
        raise ValueError(f"{name} must be [M, d] with M at least {min_samples}, not of shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite; row {int(np.argwhere(~np.isfinite(rows))[0, 0])} is not")
    return rows
