"""Numbers of the chapter on gradients: pooled counts of Proposition 1, rates against the agents, means over seeds.

Pooled counts are joint actions sampled under every seed; each is one trial. Of networks the unit is the seed, and rates
rest on ratios of means over seeds, one ratio a number of agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from nashlens.analysis.binomial_trend import binomial_trend
from nashlens.analysis.doubling_rate import DoublingRate, doubling_rate
from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.proportions import wilson
from nashlens.analysis.proposition_one import ESTIMATORS, Estimator, Reward, proposition_one, samples_needed
from nashlens.analysis.proposition_sobol import MOST_AGENTS, proposition_sobol
from nashlens.analysis.results import Array, Estimate
from nashlens.reports import estimates
from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import ALL_AGENTS, LEVEL, MIN_SEEDS
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.words import counted, has_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often sampled gradients of Proposition 1's game agreed, at one number of agents.

    Attributes
    ----------
    estimator : which.
    n_agents : N.
    agreed, trials : counts, all seeds together.
    share : their ratio, with Wilson's interval.
    exact : the closed form.
    """

    estimator: Estimator
    n_agents: int
    agreed: int
    trials: int
    share: Estimate
    exact: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the closed form."""
        return self.share.low - 1e-12 <= self.exact <= self.share.high + 1e-12


def counts(frame: pd.DataFrame, facts: Mapping[str, GameFacts], reward: Reward) -> list[Counted]:
    """Return the counts of every estimator and number of agents, in the order of both.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    facts : of every game by label.
    reward : which of Proposition 1's games.
    """
    own = frame[frame["metric"] == names.SAMPLED_AT_HALF]
    found = []
    for game, part in own.groupby("game", sort=False):
        n_agents = int(facts[str(game)].parameters.get("n_agents", 0))
        if facts[str(game)].name != reward:
            continue
        for suffix, n in ((names.ALONE, 1), ("", n_agents)) if n_agents == 2 else (("", n_agents),):
            for estimator in ESTIMATORS:
                rows = part[part["agent"].isin([f"{names.NAMES[estimator]}{suffix}", ALL_AGENTS])]
                if len(rows):
                    found.append(_counted(rows, estimator, n, reward))
    return sorted(found, key=lambda each: (ESTIMATORS.index(each.estimator), each.n_agents))


def _counted(rows: pd.DataFrame, estimator: Estimator, n_agents: int, reward: Reward) -> Counted:
    agreed, trials = int((rows["value"] * rows["n"]).round().sum()), int(rows["n"].sum())
    return Counted(
        estimator=estimator,
        n_agents=n_agents,
        agreed=agreed,
        trials=trials,
        share=wilson(agreed, trials, level=LEVEL, unit="gradient sample").at(),
        exact=proposition_one(n_agents, estimator=estimator, reward=reward).p_positive,
    )


def agreement_rate(counted: Sequence[Counted], estimator: Estimator) -> Estimate | None:
    """Return the slope of ``log₂ P(agreement)`` against the number of agents, or None for fewer than two numbers."""
    own = [each for each in counted if each.estimator == estimator]
    if len({each.n_agents for each in own}) < 2:
        return None
    trend = binomial_trend([c.agreed for c in own], [c.trials for c in own], at=[c.n_agents for c in own], level=LEVEL)
    return trend.slope


def exact_snr(n_agents: int, estimator: Estimator, reward: Reward) -> float:
    """Return the closed form of the squared signal-to-noise ratio at uniform play; infinite without variance."""
    return float(proposition_one(n_agents, estimator=estimator, reward=reward).snr ** 2)


def exact_snr_rate(sizes: Sequence[int], estimator: Estimator) -> float:
    """Return Proposition 1's rate over some numbers of agents: the slope of ``log₂ SNR²``; NaN where there is none."""
    with np.errstate(divide="ignore"):
        logs = np.log2([exact_snr(n, estimator, "all_ones") for n in sizes])
    if len(set(sizes)) < 2 or not np.isfinite(logs).all():
        return float("nan")
    return float(np.polyfit(np.asarray(sizes, dtype=np.float64), logs, 1)[0])


def network_games(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> dict[str, dict[int, str]]:
    """Return the labels of the games whose networks were measured, by the registry's name and number of agents."""
    found: dict[str, dict[int, str]] = {}
    for label in frame.loc[frame["metric"] == names.NORM, "game"].unique():
        about = facts[str(label)]
        found.setdefault(about.name, {})[len(about.agents)] = str(label)
    return {name: dict(sorted(sizes.items())) for name, sizes in found.items()}


def by_seed_of(frame: pd.DataFrame, game: str, metric: str, estimator: Estimator) -> pd.Series:
    """Return one number a seed: the mean over the agents and algorithms whose gradient was measured."""
    own = frame[(frame["game"] == game) & (frame["metric"] == metric)]
    own = own[(own["agent"].map(names.estimator_of) == estimator) | (own["agent"] == ALL_AGENTS)]
    return own.groupby("seed")["value"].mean()


def mean_over_seeds(frame: pd.DataFrame, game: str, metric: str, estimator: Estimator) -> Estimate:
    """Return the mean over seeds, its interval cut to what the metric can be; without one for too few seeds."""
    values = by_seed_of(frame, game, metric, estimator).to_numpy(dtype=np.float64)
    return estimates.mean_over_seeds(values, metric=metric) if len(values) else _none(0, "nothing was measured")


def network_rate(
    frame: pd.DataFrame, sizes: Mapping[int, str], estimator: Estimator, *, noise: bool = False
) -> DoublingRate | None:
    """Return how the squared signal-to-noise ratio changes with the number of agents, or the variance alone.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    sizes : label of the game by its number of agents.
    estimator : which.
    noise : True for the total variance instead of the ratio.

    Returns
    -------
    DoublingRate, or None where there are fewer than two sizes.
    """
    if len(sizes) < 2:
        return None
    variances = [by_seed_of(frame, label, names.VARIANCE, estimator).to_numpy() for label in sizes.values()]
    if noise:
        found = doubling_rate(variances, [np.ones_like(v) for v in variances], at=list(sizes), level=LEVEL)
    else:
        norms = [by_seed_of(frame, label, names.NORM, estimator).to_numpy() for label in sizes.values()]
        found = doubling_rate(norms, variances, at=list(sizes), level=LEVEL)
    fewest = min(len(each) for each in variances)
    if fewest >= MIN_SEEDS:
        return found
    reason = found.rate.reason or f"{counted(fewest, 'seed')}; an interval needs at least {MIN_SEEDS}"
    return replace(found, rate=replace(found.rate, low=float("nan"), high=float("nan"), reason=reason))


def rate_p(rate: DoublingRate) -> float:
    """Return the two-sided p-value of Student's t that a rate is 0; NaN without an interval."""
    own = rate.rate
    if not has_interval(own):
        return float("nan")
    freedom = own.n - len(rate.at)
    half = (own.high - own.low) / 2
    if half == 0:
        return 1.0 if own.value == 0 else 0.0
    quantile = float(special.stdtrit(freedom, (1 + own.level) / 2))
    return 2 * float(special.stdtr(freedom, -abs(own.value) / half * quantile))


def log_ratio(frame: pd.DataFrame, game: str, estimator: Estimator) -> Estimate:
    """Return ``log₂ SNR²`` of means over seeds with its jackknife interval; NaN where the ratio is not above 0."""
    norms = by_seed_of(frame, game, names.NORM, estimator).to_numpy(dtype=np.float64)
    variances = by_seed_of(frame, game, names.VARIANCE, estimator).to_numpy(dtype=np.float64)
    n = len(norms)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log2(norms.mean() / variances.mean())
        left_out: Array = np.log2((norms.sum() - norms) / (variances.sum() - variances))
    if not np.isfinite(value):
        return _none(n, "the squared length found is not above 0")
    if n < MIN_SEEDS or not np.isfinite(left_out).all():
        reason = f"{n} seeds" if n < MIN_SEEDS else "no signal without some seed"
        return _none(n, reason, value=float(value))
    return jackknife(np.asarray(value), left_out, level=LEVEL, unit="seed").at()


def noise_scale(frame: pd.DataFrame, game: str, estimator: Estimator) -> Estimate:
    """Return the episodes at which noise and signal are equal, ``1 / SNR²`` of means over seeds, and its interval.

    The interval is that of `log_ratio` turned over.
    """
    ratio = log_ratio(frame, game, estimator)
    low, high = 2.0**-ratio.high, 2.0**-ratio.low
    return replace(ratio, value=2.0**-ratio.value, low=low, high=high, higher_is_better=False)


def signal_of_returns(frame: pd.DataFrame, game: str) -> Estimate:
    """Return which share of the squared length of the gradient of returns is signal, with its jackknife interval.

    A mean over M episodes has the squared length ``‖g‖² + tr Σ / M`` in expectation; its signal is the share
    ``M SNR² / (1 + M SNR²)``, the squared cosine with the true gradient where the dimensions are many.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    game : label.
    """
    ratio = log_ratio(frame, game, "reinforce_baseline")
    value, low, high = (1 / (1 + 2.0**-each / names.N_RETURNS) for each in (ratio.value, ratio.low, ratio.high))
    return replace(ratio, value=value, low=low, high=high)


def exact_total_indices(n_agents: int, estimator: Estimator, reward: Reward) -> tuple[float, float]:
    """Return the total Sobol indices of the own action and of another agent's at uniform play; NaN where none is."""
    if n_agents > MOST_AGENTS:
        return float("nan"), float("nan")
    total = proposition_sobol(n_agents, estimator=estimator, reward=reward).total
    return float(total[0]), float(total[1]) if n_agents > 1 else float("nan")


def exact_samples_needed(n_agents: int, estimator: Estimator, reward: Reward) -> int | None:
    """Return how many samples must be averaged to agree in sign with probability ½ at uniform play.

    None where samples that are not silent may be wrong, so that no count of loud ones decides, or none ever agrees.
    """
    exact = proposition_one(n_agents, estimator=estimator, reward=reward)
    if exact.p_positive <= 0 or exact.p_negative > 0:
        return None
    return samples_needed(min(exact.p_positive, 1.0))


def _none(n: int, reason: str, *, value: float = float("nan")) -> Estimate:
    nothing = float("nan")
    return Estimate(value=value, low=nothing, high=nothing, level=LEVEL, method="none", n=n, unit="seed", reason=reason)
