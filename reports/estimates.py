"""From runs to estimates: the mean over seeds of each number of the tidy frame, with its interval.

The unit of replication is the training seed. Fewer than five seeds get no interval: figures and tables then show the
seeds themselves and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.comparisons import paired_difference
from nashlens.analysis.proportions import wilson
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import Intervals, student_t
from nashlens.reports.quantities import quantity

LEVEL = 0.95
MIN_SEEDS = 5
ALL_AGENTS = "every agent"
CELL = ["game", "algorithm", "metric", "agent"]
CURVE_COLUMNS = [*CELL, "step", "mean", "low", "high", "n"]


def merged_agents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with agents that always have the same value written once, as `ALL_AGENTS`.

    Parameters
    ----------
    frame : tidy.

    Notes
    -----
    Agents are merged where they agree in every seed, step and algorithm of a game, as under a common reward.
    """
    parts = []
    for _, part in frame.groupby(["game", "metric"], sort=False):
        agents = part["agent"].unique()
        wide = part.pivot_table(index=["algorithm", "seed", "step"], columns="agent", values="value").to_numpy()
        if len(agents) > 1 and bool((wide == wide[:, :1]).all()):
            parts.append(part[part["agent"] == agents[0]].assign(agent=ALL_AGENTS))
        else:
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else frame


def curves(frame: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Return mean and interval over seeds at every step, one row a point.

    Parameters
    ----------
    frame : tidy.
    metrics : which metrics.

    Returns
    -------
    Frame with ``game, algorithm, metric, agent, step, mean, low, high, n``; `low` and `high` are NaN where there are
    fewer than `MIN_SEEDS` seeds, and pointwise: nothing is said about a whole curve.
    """
    rows = []
    for key, steps, values_SK in _by_cell(frame[frame["metric"].isin(metrics)]):
        intervals = _intervals(values_SK, metric=key[2])
        low, high = _cut(key[2], intervals.low, intervals.high)
        if len(values_SK) < MIN_SEEDS:
            low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
        for k, step in enumerate(steps):
            rows.append((*key, step, intervals.values[k], low[k], high[k], len(values_SK)))
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def final_estimates(frame: pd.DataFrame, metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """Return mean and interval over seeds at the last step of each metric, one row an estimate.

    Parameters
    ----------
    frame : tidy.
    metrics : which metrics, in which order; all if left out.

    Returns
    -------
    Frame with ``game, algorithm, metric, agent, step, value, low, high, level, method, n, unit, each, values, reason``;
    `each` says what every seed's number is (exact or an estimate), `values` lists the seeds' numbers.
    """
    chosen = list(metrics) if metrics is not None else list(frame["metric"].unique())
    rows: list[dict[str, Any]] = []
    for key, steps, values_SK in _by_cell(frame[frame["metric"].isin(chosen)]):
        estimate, low, high = _estimate(values_SK[:, -1], metric=key[2])
        each = frame[(frame["metric"] == key[2]) & (frame["game"] == key[0])]["bound"].unique()
        rows.append(
            dict(zip(CELL, key, strict=True))
            | {"step": int(steps[-1]), "value": estimate.value, "low": low, "high": high, "level": estimate.level}
            | {"method": estimate.method, "n": estimate.n, "unit": estimate.unit, "each": ", ".join(each)}
            | {"values": tuple(values_SK[:, -1]), "reason": _reason(estimate, values_SK[:, -1], metric=key[2])}
        )
    order = {name: k for k, name in enumerate(chosen)}
    rows.sort(key=lambda row: order[row["metric"]])
    return pd.DataFrame(rows)


def difference(first: pd.Series, second: pd.Series) -> Estimate:
    """Return the mean difference over shared seeds, with the interval of the paired differences.

    Fewer than `MIN_SEEDS` shared seeds have no interval, and a reason instead.

    Parameters
    ----------
    first, second : values by seed; seeds that only one of them has do not count.
    """
    shared = first.index.intersection(second.index)
    found = paired_difference(first.loc[shared].to_numpy(), second.loc[shared].to_numpy(), level=LEVEL).at()
    if found.n >= MIN_SEEDS:
        return found
    seeds = "1 seed" if found.n == 1 else f"{found.n} seeds"
    return replace(found, low=np.nan, high=np.nan, reason=f"{seeds}; an interval needs at least {MIN_SEEDS}")


def by_seed(frame: pd.DataFrame, *, step: int | None = None, **where: str) -> pd.Series:
    """Return the values of one metric by seed, at one step or at the last; several agents are averaged.

    Parameters
    ----------
    frame : tidy, of agents that share a goal: see `by_side`.
    step : the step; the last one if left out.
    where : the value of other columns, such as ``game`` and ``metric``.
    """
    chosen = frame
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    if chosen.empty:
        return pd.Series(dtype=np.float64)
    wanted = int(chosen["step"].max()) if step is None else step
    return chosen[chosen["step"] == wanted].groupby("seed")["value"].mean()


def by_side(frame: pd.DataFrame, sides: Mapping[str, str]) -> list[pd.DataFrame]:
    """Return a frame in parts that may be averaged over agents: one a side.

    Parameters
    ----------
    frame : tidy.
    sides : the side of each agent; what is no agent's own stands by itself.
    """
    side = frame["agent"].map(lambda agent: f"side {sides[agent]}" if agent in sides else str(agent))
    return [part for _, part in frame.groupby(side, sort=False)]


def _estimate(values_S: Array, *, metric: str) -> tuple[Estimate, float, float]:
    estimate = _intervals(values_S, metric=metric).at()
    if len(values_S) < MIN_SEEDS:
        return estimate, float("nan"), float("nan")
    low, high = _cut(metric, np.array([estimate.low]), np.array([estimate.high]))
    return estimate, float(low[0]), float(high[0])


def _reason(estimate: Estimate, values_S: Array, *, metric: str) -> str:
    missing = quantity(metric).missing
    return f"{estimate.reason}: {missing}" if missing and not np.isfinite(values_S).all() else estimate.reason


def _intervals(values_S: Array, *, metric: str) -> Intervals:
    """Return means over seeds, the first axis: with Wilson's interval for shares of seeds, Student's t elsewhere."""
    what = quantity(metric)
    if what.share and np.isfinite(values_S).all():
        successes = values_S.sum(axis=0)
        return wilson(
            successes, len(values_S), level=LEVEL, unit="seed", metric=metric, higher_is_better=what.higher_is_better
        )
    return student_t(values_S, level=LEVEL, higher_is_better=what.higher_is_better)


def _by_cell(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], Array, Array]]:
    for key, part in frame.groupby(CELL, sort=False):
        wide = part.pivot_table(index="seed", columns="step", values="value", dropna=False)
        yield tuple(str(word) for word in key), wide.columns.to_numpy(), wide.to_numpy(dtype=np.float64)


def _cut(metric: str, low: Array, high: Array) -> tuple[Array, Array]:
    least = quantity(metric).least
    return (low, high) if least is None else (np.maximum(low, least), np.maximum(high, least))
