"""From runs to estimates: the mean over seeds of each number of the tidy frame, with its interval.

The unit of replication is the training seed. Fewer than five seeds get no interval: figures and tables then show the
seeds themselves and say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
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
FINAL_COLUMNS = [
    *CELL,
    *("step", "value", "low", "high", "level", "method", "n", "unit", "bound", "higher_is_better"),
    *("each", "values", "reason"),
]
CURVE_COLUMNS = [*CELL, "step", "mean", "low", "high", "n"]


def merged_agents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with agents that always have the same value written once: all of them as `ALL_AGENTS`.

    Parameters
    ----------
    frame : tidy.

    Notes
    -----
    Agents are merged where they agree in every seed, step and algorithm of a game, as under a common reward of all
    agents or of one side; where only some agree, their names stand together.
    """
    parts = []
    for _, part in frame.groupby(["game", "metric"], sort=False):
        agents = list(part["agent"].unique())
        wide = part.pivot_table(index=["algorithm", "seed", "step"], columns="agent", values="value")
        for alike in _alike(wide.reindex(columns=agents).to_numpy()) if len(agents) > 1 else [[0]]:
            names = [str(agents[k]) for k in alike]
            whole = len(names) == len(agents) > 1
            kept = part[part["agent"] == names[0]]
            parts.append(kept.assign(agent=ALL_AGENTS if whole else _together(names)) if len(names) > 1 else kept)
    return pd.concat(parts, ignore_index=True) if parts else frame


def _together(names: Sequence[str]) -> str:
    """Return several names as one, numbered ones by their range.

    >>> _together(["hunter_0", "hunter_1", "hunter_2"]), _together(["a", "b"])
    ('hunter_0–2', 'a, b')
    """
    stems, numbers = zip(*(name.rpartition("_")[::2] for name in names), strict=True)
    runs = len(set(stems)) == 1 and all(number.isdigit() for number in numbers)
    if runs and [int(number) for number in numbers] == list(range(int(numbers[0]), int(numbers[0]) + len(names))):
        return f"{names[0]}–{numbers[-1]}"
    return ", ".join(names)


def _alike(values: Array) -> list[list[int]]:
    """Return the columns ``[…, K]`` in groups that are equal everywhere, in the order of the first of each."""
    groups: list[list[int]] = []
    for k in range(values.shape[1]):
        own = next((group for group in groups if bool((values[:, group[0]] == values[:, k]).all())), None)
        if own is None:
            groups.append([k])
        else:
            own.append(k)
    return groups


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
    Frame with `FINAL_COLUMNS`; `each` says what every seed's number is (exact, a bound or an estimate), `values` lists
    the seeds' numbers, and `bound` says what their mean is: an estimate, or a bound where every seed's number is one.
    """
    chosen = list(metrics) if metrics is not None else list(frame["metric"].unique())
    rows: list[dict[str, Any]] = []
    wanted = frame[frame["metric"].isin(chosen)]
    bounds = {pair: part.unique() for pair, part in wanted.groupby(["game", "metric"], sort=False)["bound"]}
    for key, steps, values_SK in _by_cell(wanted):
        estimate, low, high = _estimate(values_SK[:, -1], metric=key[2])
        each = bounds[key[0], key[2]]
        rows.append(
            dict(zip(CELL, key, strict=True))
            | {"step": int(steps[-1]), "value": estimate.value, "low": low, "high": high, "level": estimate.level}
            | {"method": estimate.method, "n": estimate.n, "unit": estimate.unit, "bound": _bound_of_mean(each)}
            | {"higher_is_better": quantity(key[2]).higher_is_better, "each": ", ".join(each)}
            | {"values": tuple(values_SK[:, -1]), "reason": _reason(estimate, values_SK[:, -1], metric=key[2])}
        )
    order = {name: k for k, name in enumerate(chosen)}
    rows.sort(key=lambda row: order[row["metric"]])
    return pd.DataFrame(rows, columns=FINAL_COLUMNS)


def difference(
    first: pd.Series, second: pd.Series, *, errors: pd.Series | None = None, higher_is_better: bool | None = None
) -> Estimate:
    """Return the mean difference over shared seeds, with the interval of the paired differences.

    Fewer than `MIN_SEEDS` shared seeds have no interval, and a reason instead.

    Parameters
    ----------
    first, second : values by seed; seeds that only one of them has do not count.
    errors : standard error of the difference by seed, at which the interval is floored; not floored if left out.
    higher_is_better : the direction of the quantity, None where it has none.
    """
    shared = first.index.intersection(second.index)
    found = paired_difference(
        first.loc[shared].to_numpy(),
        second.loc[shared].to_numpy(),
        errors=None if errors is None else errors.loc[shared].to_numpy(),
        level=LEVEL,
        higher_is_better=higher_is_better,
    ).at()
    if found.n >= MIN_SEEDS:
        return found
    return replace(found, low=np.nan, high=np.nan, reason=few_seeds(found.n))


def mean_over_seeds(values_S: Array, *, metric: str) -> Estimate:
    """Return the mean over seeds of one metric, with the interval that `final_estimates` gives it.

    Parameters
    ----------
    values_S : ``[S]``; one number a seed.
    metric : which; it decides the kind of interval, where it is cut, and its direction.
    """
    found, low, high = _estimate(values_S, metric=metric)
    return replace(found, low=low, high=high, reason=_reason(found, values_S, metric=metric))


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


def _bound_of_mean(each: npt.NDArray[Any]) -> str:
    """Return what a mean over seeds is to the quantity: a mean of exact numbers is an estimate, of bounds a bound."""
    only = each[0] if len(each) == 1 else ""
    return only if only in {"lower", "upper"} else "estimate"


def _reason(estimate: Estimate, values_S: Array, *, metric: str) -> str:
    """Return why a mean over seeds has no interval; empty where it has one."""
    missing = quantity(metric).missing
    if missing and not np.isfinite(values_S).all():
        return f"{estimate.reason}: {missing}"
    return estimate.reason or ("" if len(values_S) >= MIN_SEEDS else few_seeds(len(values_S)))


def few_seeds(n: int) -> str:
    """Return why so few seeds have no interval.

    >>> few_seeds(1), few_seeds(2)
    ('1 seed; an interval needs at least 5', '2 seeds; an interval needs at least 5')
    """
    return f"{n} seed{'' if n == 1 else 's'}; an interval needs at least {MIN_SEEDS}"


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
        steps, values_SK = _wide(part["seed"].to_numpy(), part["step"].to_numpy(), part["value"].to_numpy(np.float64))
        yield tuple(str(word) for word in key), steps, values_SK


def _wide(seeds: Array, steps: Array, values: Array) -> tuple[Array, Array]:
    """Return the steps ``[K]`` and the values of every seed at each ``[S, K]``; means where there are several."""
    seed, step = (np.unique(given, return_inverse=True) for given in (seeds, steps))
    n_seeds, n_steps = len(seed[0]), len(step[0])
    known = ~np.isnan(values)
    place = (seed[1] * n_steps + step[1])[known]
    counts = np.bincount(place, minlength=n_seeds * n_steps)
    sums = np.bincount(place, weights=values[known], minlength=n_seeds * n_steps)
    means = np.divide(sums, counts, out=np.full(n_seeds * n_steps, np.nan), where=counts > 0)
    return step[0], means.reshape(n_seeds, n_steps)


def _cut(metric: str, low: Array, high: Array) -> tuple[Array, Array]:
    what = quantity(metric)
    if what.least is not None:
        low, high = np.maximum(low, what.least), np.maximum(high, what.least)
    if what.ceiling is not None:
        low, high = np.minimum(low, what.ceiling), np.minimum(high, what.ceiling)
    return low, high
