"""At what rate a ratio changes with a number: doublings for each step of it, from seeds at every value.

Under Proposition 1 the squared signal-to-noise ratio is ``1/(2^N − 1)``, about one halving for every further agent.
Single seeds' estimates of so small a ratio may be negative, and have no logarithm; the ratio of means over seeds has
one. The line ``log₂ ratio = intercept + rate · n`` is fitted by least squares to one ratio a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.statistics import check_level, numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoublingRate:
    """The rate at which a ratio of means doubles.

    Attributes
    ----------
    rate : doublings for each unit of n, with its interval; −1 halves the ratio at every step.
    at : ``[G]``; n of each group.
    ratios : ``[G]``; mean numerator over mean denominator of each group.
    bound, references : an estimate; none.
    """

    rate: Estimate
    at: Array
    ratios: Array
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the rate."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [{"metric": "doubling_rate"} | {name: getattr(self.rate, name) for name in names}]


def doubling_rate(
    numerators: Sequence[npt.ArrayLike],
    denominators: Sequence[npt.ArrayLike],
    *,
    at: npt.ArrayLike,
    level: float = 0.95,
    unit: str = "seed",
) -> DoublingRate:
    """Fit ``log₂ (mean numerator / mean denominator) = intercept + rate · n`` over groups of seeds.

    Parameters
    ----------
    numerators, denominators : one row ``[S_g]`` a group; each seed's two numbers. For a plain mean give ones below.
    at : ``[G]``; n of each group, two different values or more.
    level : confidence level.
    unit : what an entry of a row is.

    Returns
    -------
    DoublingRate; its interval is Student's, from the jackknife over the seeds of each group, with ``Σ (S_g − 1)``
    degrees of freedom. A reason instead where a ratio is not above 0, with or without some seed, or a group has one
    seed.

    Raises
    ------
    ValueError : rows do not fit each other or `at`, a number is not finite, `at` is constant, or `level` is out of
        range.

    Notes
    -----
    The seeds of different groups are taken as independent. The line is a description: the interval holds the seeds'
    noise and not how far the groups are from a line.

    Examples
    --------
    >>> found = doubling_rate([[8, 8], [4, 4], [2, 2]], [[1, 1]] * 3, at=[1, 2, 3])
    >>> round(found.rate.value, 12)
    -1.0
    """
    check_level(level)
    above, below, x = _checked(numerators, denominators, at)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.array([a.mean() / b.mean() for a, b in zip(above, below, strict=True)])
        logs, parts = np.log2(ratios), [_left_out(a, b) for a, b in zip(above, below, strict=True)]
    n = sum(len(row) for row in above)
    reason = ""
    if not np.isfinite(logs).all():
        reason = f"the ratio is not above 0 at {', '.join(f'{each:g}' for each in x[~np.isfinite(logs)])}"
    elif min(len(row) for row in above) < 2:
        reason = f"n = 1 {unit} in a group; an interval needs at least 2"
    elif not all(np.isfinite(part).all() for part in parts):
        reason = f"a ratio is not above 0 without some {unit}"
    slopes = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    value = float(slopes @ logs) if np.isfinite(logs).all() else float("nan")
    half = float("nan")
    if not reason:
        spread = np.array([(len(p) - 1) / len(p) * ((p - p.mean()) ** 2).sum() for p in parts])
        freedom = n - len(above)
        half = float(special.stdtrit(freedom, (1 + level) / 2)) * float(np.sqrt(slopes**2 @ spread))
    rate = Estimate(
        value=value,
        low=value - half,
        high=value + half,
        level=level,
        method="jackknife of a log-linear fit",
        n=n,
        unit=unit,
        reason=reason,
    )
    return DoublingRate(rate=rate, at=read_only(x), ratios=read_only(ratios))


def _left_out(above: Array, below: Array) -> Array:
    """Return ``[S]``: the logarithm of a group's ratio without each seed."""
    logs: Array = np.log2((above.sum() - above) / (below.sum() - below))
    return logs


def _checked(
    numerators: Sequence[npt.ArrayLike], denominators: Sequence[npt.ArrayLike], at: npt.ArrayLike
) -> tuple[list[Array], list[Array], Array]:
    above = [numbers(row, name="numerators") for row in numerators]
    below = [numbers(row, name="denominators") for row in denominators]
    x = numbers(at, name="at")
    shapes = [row.shape for row in above]
    if shapes != [row.shape for row in below] or any(len(s) != 1 or s[0] < 1 for s in shapes):
        raise ValueError(
            f"numerators and denominators must be rows of the same lengths, not {shapes} and "
            f"{[row.shape for row in below]}"
        )
    if x.shape != (len(above),) or not np.isfinite(x).all() or len(x) < 2 or np.ptp(x) == 0:
        raise ValueError(f"at must be {len(above)} finite numbers, two different ones at least, not {x.tolist()}")
    if not all(np.isfinite(row).all() for row in (*above, *below)):
        raise ValueError("numerators and denominators must be finite")
    return above, below, x
