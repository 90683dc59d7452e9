"""Players: what a page shows step by step, as plain values that were computed before it is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SCALE = 1_000  # numbers are written as whole thousandths


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Player:
    """Something to be played, paused and stepped through.

    Attributes
    ----------
    name : unique in the page.
    title : what stands above it.
    data : plain values, as its drawing in the templates expects them.
    """

    name: str
    title: str
    data: Mapping[str, Any]


def thousandths(values: npt.ArrayLike) -> Any:
    """Return numbers as nested lists of whole thousandths.

    >>> thousandths([[0.12345, -1.0]])
    [[123, -1000]]
    """
    return np.rint(np.asarray(values, dtype=np.float64) * SCALE).astype(np.int64).tolist()
