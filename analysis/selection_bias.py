"""What choosing the best of several noisy estimates adds to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import integrate, special

from nashlens.analysis.results import Bound, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionBias:
    """The expected excess of the best of R equally good candidates over their true mean.

    Attributes
    ----------
    bias : the excess, in the units of the estimates.
    factor : the expected maximum of R independent standard normal numbers, ``c_R``.
    n_candidates : R.
    standard_error : of each estimate.
    """

    bias: float
    factor: float
    n_candidates: int
    standard_error: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("factor", "n_candidates", "standard_error", "bound")
        return [{"metric": "selection_bias", "value": self.bias} | {name: getattr(self, name) for name in named}]


def selection_bias(n_candidates: int, *, standard_error: float = 1.0) -> SelectionBias:
    """Bias of reporting the best of R estimates on the episodes that chose it: ``c_R`` standard errors.

    For R candidates of one true mean with independent normal errors of standard deviation σ/√n,
    ``E[max] = μ + c_R σ/√n``. It grows with R; choose on some episodes and report on others.

    Parameters
    ----------
    n_candidates : R, at least 1.
    standard_error : σ/√n of each estimate.

    Raises
    ------
    ValueError : `n_candidates` is below 1, or `standard_error` is negative or not finite.

    Notes
    -----
    Exact for normal errors: the integral of ``x R φ(x) Φ(x)^(R−1)``, by quadrature.

    Examples
    --------
    >>> round(selection_bias(5).bias, 5)
    1.16296
    """
    if n_candidates < 1:
        raise ValueError(f"n_candidates must be at least 1, not {n_candidates}")
    if not (np.isfinite(standard_error) and standard_error >= 0):
        raise ValueError(f"standard_error must be finite and at least 0, not {standard_error}")

    def integrand(x: float) -> float:
        density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        return float(x * n_candidates * density * special.ndtr(x) ** (n_candidates - 1))

    factor = float(integrate.quad(integrand, -12.0, 12.0, points=[0.0], epsabs=1e-12, epsrel=1e-12, limit=200)[0])
    return SelectionBias(
        bias=factor * standard_error, factor=factor, n_candidates=n_candidates, standard_error=standard_error
    )
