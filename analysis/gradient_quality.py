"""How good a gradient estimator is, from its whole distribution: agreement in sign, variance, signal to noise, cosine.

Agreement alone is a poor measure: adding a constant baseline to a silent estimator makes it agree half of the time
without making it tell more. So the signal-to-noise ratio and the normalised squared error always stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.results import Array, Bound, Record, read_only

_ROUNDING = 1e-12
_NAMES = ("p_positive", "p_negative", "mean_cosine", "snr", "normalised_error", "total_variance")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientQuality:
    """One estimator ĝ of one gradient g.

    Attributes
    ----------
    estimator : its name.
    gradient : ``[d]``; the true gradient g.
    mean : ``[d]``; expectation of ĝ; equal to `gradient` if it is unbiased.
    variance : ``[d]``; of each component.
    p_positive, p_negative : probabilities that ``⟨ĝ, g⟩`` is above and below 0; both 0 where g is 0.
    mean_cosine : expected cosine of ĝ and g, 0 where either is 0.
    bound, tolerance, references : exact; inner products this far from 0, as a share of the largest, count as 0.
    """

    estimator: str
    gradient: Array
    mean: Array
    variance: Array
    p_positive: float
    p_negative: float
    mean_cosine: float
    bound: Bound = "exact"
    tolerance: float = _ROUNDING
    references: tuple[str, ...] = ()

    @property
    def total_variance(self) -> float:
        """Trace of the covariance."""
        return float(self.variance.sum())

    @property
    def component_snr(self) -> Array:
        """``[d]``; ``|E ĝ_k| / sd(ĝ_k)``; infinite without variance, NaN where there is nothing at all."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = np.abs(self.mean) / np.sqrt(self.variance)
        return ratio

    @property
    def snr(self) -> float:
        """``‖E ĝ‖ / √tr Σ``; infinite without variance, NaN where there is nothing at all."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.sqrt((self.mean**2).sum()) / np.sqrt(np.float64(self.total_variance)))

    @property
    def normalised_error(self) -> float:
        """``E‖ĝ − g‖² / ‖g‖²``; NaN where g is 0."""
        squared = float((self.gradient**2).sum())
        error = self.total_variance + float(((self.mean - self.gradient) ** 2).sum())
        return error / squared if squared > 0 else float("nan")

    @property
    def conditional_accuracy(self) -> float:
        """Share of agreement among the samples that are not silent; NaN if all are."""
        heard = self.p_positive + self.p_negative
        return self.p_positive / heard if heard > 0 else float("nan")

    def to_records(self) -> list[Record]:
        """Return one row a measure."""
        note = {"estimator": self.estimator, "bound": self.bound, "tolerance": self.tolerance}
        reason = "" if (self.gradient != 0).any() else "the true gradient is 0"
        return [
            {"metric": f"gradient_{name}", "value": getattr(self, name), "reason": reason} | note for name in _NAMES
        ]


def expected_quality(
    estimates: Array,
    weights: Array,
    *,
    gradient: Array,
    estimator: str,
    exchangeable: bool = False,
    references: tuple[str, ...] = (),
) -> GradientQuality:
    """Quality of an estimator from its distribution.

    Parameters
    ----------
    estimates : ``[K, d]``; the values it can take.
    weights : ``[K]``; their probabilities.
    gradient : ``[d]``; the truth.
    estimator : its name.
    exchangeable : True if one row stands for all its rearrangements, and `gradient` is constant: then mean and
        variance are averaged over components.
    references : carried into the result.

    Raises
    ------
    ValueError : the shapes do not fit.
    """
    if estimates.ndim != 2 or weights.shape != estimates.shape[:1] or gradient.shape != estimates.shape[1:]:
        raise ValueError(
            f"estimates must be [K, d] with weights [K] and gradient [d]; the shapes are {estimates.shape}, "
            f"{weights.shape} and {gradient.shape}"
        )
    mean = weights @ estimates
    if exchangeable:
        mean = np.full_like(gradient, mean.mean())
    second = weights @ estimates**2
    # Where the mean is the gradient up to rounding, deviations from the gradient are the more exact.
    deviations = estimates - np.where(np.abs(mean - gradient) <= 1e-9 * np.sqrt(second), gradient, mean)
    variance = weights @ deviations**2
    if exchangeable:
        variance, second = np.full_like(gradient, variance.mean()), np.full_like(gradient, second.mean())
    inner = estimates @ gradient
    size = np.sqrt((estimates**2).sum(axis=1))
    length = float(np.sqrt((gradient**2).sum()))
    slack = _ROUNDING * size * length
    cosines = np.divide(inner, size * length, out=np.zeros_like(inner), where=np.abs(inner) > slack)
    return GradientQuality(
        estimator=estimator,
        gradient=read_only(gradient),
        mean=read_only(mean),
        variance=read_only(np.where(variance <= _ROUNDING**2 * second, 0.0, variance)),
        p_positive=float(weights[inner > slack].sum()),
        p_negative=float(weights[inner < -slack].sum()),
        mean_cosine=float(weights @ cosines),
        references=references,
    )
