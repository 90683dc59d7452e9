"""What every instrument returns: values that say what they are.

A result is a frozen dataclass that says whether its numbers are exact, bounds or estimates (`Bound`), which tolerance
it used, where its definition comes from, and that turns itself into plain rows for a table (`to_records`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Bound = Literal["exact", "lower", "upper", "estimate"]
Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Record = dict[str, Any]


@runtime_checkable
class Result(Protocol):
    """What every public function of this room returns.

    Attributes
    ----------
    bound : what the numbers are to the quantity: ``exact``, a ``lower`` or ``upper`` bound, or an ``estimate``.
    references : where the definition stands.
    """

    @property
    def bound(self) -> Bound:
        """Say what the numbers are to the quantity."""
        ...

    @property
    def references(self) -> tuple[str, ...]:
        """Name the sources of the definition."""
        ...

    def to_records(self) -> list[Record]:
        """Return plain rows: ``metric``, ``value``, ``bound``, and what tells the rows apart."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval, and what both rest on.

    Attributes
    ----------
    value : the point estimate; NaN if there is none, and then `reason` says why.
    low, high : ends of the interval; NaN if there is none, and then `reason` says why.
    level : confidence level of the interval, such as 0.95.
    method : how the interval was made, such as ``student-t`` or ``bca-bootstrap``.
    n : how many units the estimate rests on.
    unit : the unit of replication: ``seed``, ``episode`` or ``observation``.
    bound : what `value` is to the quantity.
    higher_is_better : True or False where the quantity has a direction, None where it has none.
    reason : why the value or the interval is missing; empty if nothing is.
    """

    value: float
    low: float
    high: float
    level: float
    method: str
    n: int
    unit: str
    bound: Bound = "estimate"
    higher_is_better: bool | None = None
    reason: str = ""


def read_only(array: npt.ArrayLike) -> Array:
    """Return a float64 copy that cannot be written to, for a result to own."""
    owned = np.array(array, dtype=np.float64)
    owned.flags.writeable = False
    return owned
