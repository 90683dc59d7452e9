"""Rows of the tidy frame, as the measures of one run fill them in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Bound

EVERYONE = ""

Row = dict[str, Any]


def row(
    metric: str,
    value: np.floating[Any] | float,
    *,
    agent: str = EVERYONE,
    step: np.int64 | int,
    bound: Bound = "estimate",
    unit: str,
    n: int,
) -> Row:
    """Return one row; `agent` is empty for what belongs to all agents.

    Parameters
    ----------
    metric, value : the number and its name.
    agent : whose it is.
    step : environment steps at which it was taken.
    bound : what it is to the quantity.
    unit, n : what it rests on, and how many of them.
    """
    return {
        "step": int(step),
        "agent": agent,
        "metric": metric,
        "value": float(value),
        "bound": bound,
        "unit": unit,
        "n": n,
    }


def rows_per_agent(
    agents: tuple[str, ...],
    metric: str,
    values: npt.NDArray[np.floating[Any]],
    *,
    step: np.int64 | int,
    bound: Bound = "estimate",
    unit: str,
    n: int,
) -> Iterator[Row]:
    """Yield one row an agent.

    Parameters
    ----------
    agents : N names.
    metric : name of the numbers.
    values : ``[N]``.
    step, bound, unit, n : as in `row`.
    """
    for agent, value in zip(agents, values, strict=True):
        yield row(metric, value, agent=agent, step=step, bound=bound, unit=unit, n=n)
