"""The bootstrap over runs of several algorithms: within each, runs are drawn anew, as many as there were.

For statistics of a whole population that are no means of single runs, such as what an algorithm's runs weigh together
in an equilibrium. A run that is drawn twice stands twice in the population.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from nashlens.analysis.bootstrap import MIN_UNITS, check_resamples
from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import Intervals, check_level
from nashlens.games.core import IntArray

PopulationStatistic = Callable[[IntArray], Array]


def grouped_bootstrap(
    groups: Sequence[Hashable],
    statistic: PopulationStatistic,
    *,
    level: float = 0.95,
    n_resamples: int = 200,
    min_units: int = MIN_UNITS,
    unit: str = "run",
    metric: str = "statistic",
    rng: np.random.Generator,
) -> Intervals:
    """Statistics of a population with percentile intervals over runs that are resampled within their groups.

    Parameters
    ----------
    groups : which group each of R runs belongs to, such as its algorithm.
    statistic : takes which runs are in the population, ``[R]`` numbers from 0 to R − 1, the i-th one always of the i-th
        run's group, and returns ``[M]``.
    level : confidence level.
    n_resamples : bootstrap draws.
    min_units : a group with fewer runs than this leaves no interval.
    unit, metric : carried into the result.
    rng : source of the draws.

    Returns
    -------
    Intervals ``[M]``, with n the runs of the smallest group. Draws in which a statistic is NaN are left out of its
    interval; if that are more than half, it has none.

    Raises
    ------
    ValueError : there is no run, or `level` or `n_resamples` is out of range.

    Notes
    -----
    Percentiles of few runs are narrow: of the difference of two groups' means at nominal .95 they covered .86 (five
    runs a group) and .92 (ten) of 400 samples. Weights of an equilibrium jump as runs come and go, and their intervals
    promise no more than to show by how much.
    """
    check_level(level)
    check_resamples(n_resamples)
    if not len(groups):
        raise ValueError("groups must name the group of one run or more; there is none")
    members = {group: np.flatnonzero([each == group for each in groups]) for group in dict.fromkeys(groups)}
    n = min(len(each) for each in members.values())
    values = np.asarray(statistic(np.arange(len(groups))), dtype=np.float64)
    low, high = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    reasons = [f"n = {n} {unit}{'s' * (n > 1)}; a bootstrap interval needs at least {min_units}"] * len(values)
    if n >= min_units:
        drawn = np.stack([statistic(_drawn(groups, members, rng)) for _ in range(n_resamples)])
        for k in range(len(values)):
            defined = drawn[~np.isnan(drawn[:, k]), k]
            if 2 * len(defined) < n_resamples:
                reasons[k] = f"the statistic is defined in {len(defined)} of {n_resamples} resamples only"
            else:
                low[k], high[k] = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
                reasons[k] = ""
    return Intervals(
        values=read_only(values),
        low=read_only(low),
        high=read_only(high),
        reasons=np.array(reasons),
        level=level,
        method="grouped-bootstrap",
        n=n,
        unit=unit,
        metric=metric,
        higher_is_better=None,
    )


def _drawn(groups: Sequence[Hashable], members: dict[Hashable, IntArray], rng: np.random.Generator) -> IntArray:
    """Return a population ``[R]``: into each run's place one of its own group, drawn with replacement."""
    population = np.empty(len(groups), dtype=np.int64)
    for each in members.values():
        population[each] = rng.choice(each, size=len(each))
    return population
