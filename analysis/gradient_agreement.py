"""How often sampled gradients point the way of a reference that was taken from other samples.

The reference stands for the true gradient. If a sample is part of the mean that it is compared with, agreement is
inflated by about 1/M: the two must be disjoint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.gradient_noise import checked_samples
from nashlens.analysis.proportions import wilson
from nashlens.analysis.results import Bound, Estimate, Record
from nashlens.analysis.statistics import numbers, student_t

_LABELS = ("sign_agreement", "sign_opposition", "component_agreement", "mean_cosine")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientAgreement:
    """Agreement of M gradient samples with a disjoint reference.

    Attributes
    ----------
    sign_agreement, sign_opposition : shares of samples whose inner product with the reference is above and below 0,
        Wilson's interval; the rest is silent.
    component_agreement : mean share of components with the reference's sign, components where it is 0 left out.
    mean_cosine : mean cosine, 0 for samples that are 0; Student's interval.
    n_samples, n_reference : samples, and rows behind the reference (1 if it was given as one vector).
    bound, references : estimates; none.
    """

    sign_agreement: Estimate
    sign_opposition: Estimate
    component_agreement: Estimate
    mean_cosine: Estimate
    n_samples: int
    n_reference: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row a measure."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": f"gradient_{label}", "n_reference": self.n_reference}
            | {name: getattr(getattr(self, label), name) for name in names}
            for label in _LABELS
        ]


def gradient_agreement(
    samples: npt.ArrayLike, reference: npt.ArrayLike, *, level: float = 0.95, unit: str = "episode"
) -> GradientAgreement:
    """Agreement of gradient samples with a reference from other samples at the same parameters.

    Parameters
    ----------
    samples : ``[M, d]``.
    reference : ``[M', d]`` further samples, whose mean is the reference; or ``[d]``, the reference itself.
    level : confidence level of the intervals, which are for this reference: its own error is not in them.
    unit : what a sample is.

    Returns
    -------
    GradientAgreement.

    Raises
    ------
    ValueError : shapes do not fit, a number is not finite, the reference is 0, or it shares memory with `samples`.

    Notes
    -----
    For ``ĝ ~ N(g, σ² I_d)`` the expected agreement is ``Φ(‖g‖/σ)``; for random directions ½ and a cosine of
    0 ± 1/√d.
    """
    rows = checked_samples(samples)
    given = numbers(reference, name="reference")
    if np.shares_memory(np.asarray(samples), np.asarray(reference)):
        raise ValueError("reference must be disjoint from samples; both are the same memory")
    others = checked_samples(given[None] if given.ndim == 1 else given, name="reference")
    if others.shape[1] != rows.shape[1]:
        raise ValueError(f"reference must have the {rows.shape[1]} columns of samples, not {others.shape[1]}")
    direction = others.mean(axis=0)
    if not direction.any():
        raise ValueError("reference must not be 0: a direction is needed to agree with")
    n = len(rows)
    inner = rows @ direction
    lengths = np.sqrt((rows**2).sum(axis=1)) * np.sqrt(direction @ direction)
    cosines = np.divide(inner, lengths, out=np.zeros(n), where=lengths > 0)
    counted = np.array([(cosines > 1e-12).sum(), (cosines < -1e-12).sum()])
    signs = wilson(counted, n, level=level, unit=unit)
    told = direction != 0
    same = (np.sign(rows[:, told]) == np.sign(direction[told])).mean(axis=1)
    means = student_t(np.stack([same, cosines], axis=1), level=level, unit=unit)
    return GradientAgreement(
        sign_agreement=signs.at(0),
        sign_opposition=signs.at(1),
        component_agreement=means.at(0),
        mean_cosine=means.at(1),
        n_samples=n,
        n_reference=len(others),
    )
