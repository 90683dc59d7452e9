"""Several tests at once: Holm for a family that was fixed beforehand, Benjamini-Hochberg for exploration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdjustedPValues:
    """The p-values of a family of tests, adjusted for there being several.

    Attributes
    ----------
    p : ``[m]``; as given.
    adjusted : ``[m]``; a test is rejected at level α if its adjusted p-value is at most α.
    method : ``holm`` (family-wise error rate) or ``benjamini-hochberg`` (false discovery rate).
    """

    p: Array
    adjusted: Array
    method: str
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def rejected(self, alpha: float = 0.05) -> BoolArray:
        """Return ``[m]``; which tests are rejected at a level."""
        return self.adjusted <= alpha

    def to_records(self) -> list[Record]:
        """Return one row a test."""
        return [
            {"metric": "adjusted_p_value", "index_0": k, "value": float(a), "p": float(p), "method": self.method}
            | {"bound": self.bound}
            for k, (a, p) in enumerate(zip(self.adjusted, self.p, strict=True))
        ]


def holm(p_values: npt.ArrayLike) -> AdjustedPValues:
    """Adjust p-values so that the chance of any false rejection keeps the level.

    The k-th smallest of m is multiplied by ``m − k + 1``, and none may fall below a smaller one's.

    Parameters
    ----------
    p_values : ``[m]``, each in [0, 1].

    Raises
    ------
    ValueError : a p-value is missing or outside [0, 1]; a test without a p-value must be left out knowingly.

    Examples
    --------
    >>> holm([0.005, 0.01, 0.03, 0.04]).adjusted.tolist()
    [0.02, 0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return AdjustedPValues(p=read_only(p), adjusted=_restored(stepped, order), method="holm")


def benjamini_hochberg(p_values: npt.ArrayLike) -> AdjustedPValues:
    """Adjust p-values so that the expected share of false rejections among all rejections keeps the level.

    The k-th smallest of m is multiplied by ``m / k``, and none may exceed a larger one's.

    Parameters
    ----------
    p_values : ``[m]``, each in [0, 1].

    Raises
    ------
    ValueError : a p-value is missing or outside [0, 1].

    Notes
    -----
    Holds for independent or positively dependent tests.

    Examples
    --------
    >>> benjamini_hochberg([0.005, 0.01, 0.03, 0.04]).adjusted.tolist()
    [0.02, 0.02, 0.04, 0.04]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    stepped = np.minimum.accumulate(scaled[::-1])[::-1]
    return AdjustedPValues(p=read_only(p), adjusted=_restored(stepped, order), method="benjamini-hochberg")


def _checked(p_values: npt.ArrayLike) -> Array:
    p = np.array(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p_values must be one row of numbers in [0, 1], not {p.tolist()}")
    return p


def _restored(stepped: Array, order: npt.NDArray[np.intp]) -> Array:
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1.0)
    return read_only(adjusted)
