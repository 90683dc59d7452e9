"""The tables of the chapter on gradients: Proposition 1's estimators, networks' signal and noise, and its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.proposition_one import ESTIMATORS, Reward
from nashlens.analysis.results import Estimate
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.estimate_rows import estimate_row, few_note
from nashlens.reports.instruments.gradient_numbers import (
    Counted,
    agreement_rate,
    exact_samples_needed,
    exact_snr,
    exact_snr_rate,
    exact_total_indices,
    log_ratio,
    mean_over_seeds,
    network_rate,
    noise_scale,
    signal_of_returns,
)
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, estimate_words, has_interval, number

BETTER = {names.NORM: None, names.VARIANCE: False} | dict.fromkeys(
    (names.SIGN, names.TRUE_SIGN, names.COSINE, names.TRUE_COSINE), True
)
Games = Mapping[str, Mapping[int, str]]


def proposition_table(found: Mapping[Reward, Sequence[Counted]]) -> Table | None:
    """Return closed forms beside samples, one row an estimator, reward and number of agents.

    Parameters
    ----------
    found : the counts of each reading of the reward.
    """
    rows, data = [], []
    for reward, each in found.items():
        for one in each:
            snr = exact_snr(one.n_agents, one.estimator, reward)
            needed = exact_samples_needed(one.n_agents, one.estimator, reward)
            indices = exact_total_indices(one.n_agents, one.estimator, reward)
            rows.append(
                (
                    *(reward, names.NAMES[one.estimator], str(one.n_agents), number(one.exact)),
                    *(estimate_words(one.share), counted(one.trials, "sample")),
                    *("yes" if one.holds else "no", _blank(snr), "" if needed is None else f"{needed:,}"),
                    *(_blank(each) for each in indices),
                )
            )
            about = {"reward": reward, "estimator": one.estimator, "n_agents": one.n_agents}
            exact = {"exact": one.exact, "snr_squared": snr, "samples_needed": np.nan if needed is None else needed}
            exact |= dict(zip(("total_index_own", "total_index_other"), indices, strict=True))
            data.append(estimate_row(one.share, higher_is_better=True, **about) | exact)
    if not rows:
        return None
    slopes = [(e, agreement_rate(found["all_ones"], e)) for e in ESTIMATORS] if found.get("all_ones") else []
    told = "; ".join(f"{names.NAMES[e]} {estimate_words(s)}" for e, s in slopes if s is not None and has_interval(s))
    return Table(
        name="gradient-proposition",
        title="Proposition 1: closed forms and samples",
        caption="Probability that one sampled gradient agrees in sign with the true one where every agent plays both "
        "actions with probability ½; sampled shares of all seeds together with Wilson's 95% interval. all_ones: "
        "reward 1 if all play 1; all_equal: if all play the same, as the proposition is printed. SNR²: squared length "
        "of the true gradient over the total variance of one sample, closed form. Samples: how many must be averaged "
        "to agree with probability ½; blank where a sample may also be wrong, or where none agrees. Total index: share "
        "of the variance of one agent's component that would be gone if all actions but one were known, its own and "
        "each other's, exact; blank where there is no variance. Change of log2 of the probability "
        f"with each further agent under all_ones (binomial regression): {told or 'none'}.",
        header=(
            *("reward", "estimator", "agents", "closed form", "sampled [interval]", "n", "holds", "SNR² (exact)"),
            *("samples for ½", "total index, own action", "total index, another's"),
        ),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 7, 8, 9, 10}),
        data=pd.DataFrame(data),
    )


def networks_table(frame: pd.DataFrame, games: Games) -> Table | None:
    """Return signal and noise of networks' gradients, and the rates against the number of agents.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    games : labels by name and number of agents.
    """
    metrics = (names.NORM, names.VARIANCE, names.SIGN, names.TRUE_SIGN, names.COSINE, names.TRUE_COSINE)
    rows, data = [], []
    for name, sizes in games.items():
        for estimator in ESTIMATORS:
            for n_agents, label in sizes.items():
                means = {m: mean_over_seeds(frame, label, m, estimator) for m in metrics}
                ratio = log_ratio(frame, label, estimator)
                turned = noise_scale(frame, label, estimator)
                scale = "no signal" if np.isnan(ratio.value) else estimate_words(turned)
                words = [estimate_words(means[m]) for m in metrics]
                n = counted(ratio.n, "seed")
                whose = (name, names.NETWORK_NAMES[estimator], str(n_agents))
                rows.append((*whose, estimate_words(ratio), *words, scale, n))
                about: dict[str, Any] = {"game": label, "estimator": estimator, "n_agents": n_agents}
                data += [estimate_row(each, higher_is_better=BETTER[m], metric=m, **about) for m, each in means.items()]
                data.append(estimate_row(ratio, higher_is_better=True, metric="log2_snr_squared", **about))
                data.append(estimate_row(turned, higher_is_better=False, metric=names.SCALE, **about))
                if estimator == "reinforce_baseline":
                    signal = signal_of_returns(frame, label)
                    data.append(estimate_row(signal, higher_is_better=True, metric="signal_of_returns", **about))
            rate, noise = network_rate(frame, sizes, estimator), network_rate(frame, sizes, estimator, noise=True)
            if rate is not None and noise is not None:
                exact = exact_snr_rate(list(sizes), estimator)
                beside = "" if np.isnan(exact) else f"Proposition 1: {number(exact)}"
                words = [estimate_words(rate.rate), "", estimate_words(noise.rate), "", "", "", "", beside]
                rows.append((name, names.NETWORK_NAMES[estimator], "rate", *words, counted(rate.rate.n, "seed")))
                for metric, each in (("rate_snr_squared", rate.rate), ("rate_variance", noise.rate)):
                    about = {"game": name, "estimator": estimator, "n_agents": 0}
                    better = metric == "rate_snr_squared"
                    data.append(estimate_row(each, higher_is_better=better, metric=metric, **about))
    if not rows:
        return None
    return Table(
        name="gradient-networks",
        title="Signal and noise of networks' gradients",
        caption="One episode's gradient in the parameters of the first agent's network, at the last policies of each "
        "run and before any optimiser: 256 episodes, and others for the directions they are compared with. log2 SNR² "
        "is of means over seeds (jackknife interval); the rest are means over seeds with Student's t intervals, 95%, "
        "cut to what a quantity can be. Agreement: share of episodes whose gradient has a positive inner product with "
        f"the direction; that of returns is the mean of {names.N_RETURNS:,} episodes of REINFORCE less the mean "
        "return, with noise of its own (its share of signal: signal_of_returns in the data); cosine: mean over "
        "episodes, 0 for a gradient that is 0. "
        "Noise scale: episodes at which noise and signal are equal, from the same ratio. Rows “rate”: doublings with "
        "each further agent, by least squares on logarithms of means over seeds, beside Proposition 1's closed form "
        f"of SNR² over the same numbers of agents, where it has one.{few_note(pd.DataFrame(data))}",
        header=(
            *("game", "estimator", "agents", "log2 SNR²", "squared length", "total variance", "agrees with own mean"),
            *("agrees with returns", "cosine with own mean", "cosine with returns", "noise scale (episodes)", "n"),
        ),
        rows=tuple(rows),
        numeric=frozenset(range(2, 12)),
        data=pd.DataFrame(data),
    )


def sources_table(frame: pd.DataFrame, games: Games) -> Table | None:
    """Return the shares of the variance by source.

    Parameters
    ----------
    frame, games : as in `networks_table`.
    """
    rows, data = [], []
    for name, sizes in games.items():
        for estimator in ESTIMATORS:
            for n_agents, label in sizes.items():
                shares: dict[str, Estimate] = {
                    s: mean_over_seeds(frame, label, f"{names.SHARE}{s}", estimator) for s in names.SOURCES
                }
                indices = {
                    m: mean_over_seeds(frame, label, m, estimator) for m in (names.TOTAL_OWN, names.TOTAL_OTHERS)
                }
                words = [estimate_words(each) for each in (*shares.values(), *indices.values())]
                n = counted(shares["state"].n, "seed")
                rows.append((name, names.NETWORK_NAMES[estimator], str(n_agents), *words, n))
                about: dict[str, Any] = {"game": label, "estimator": estimator, "n_agents": n_agents}
                data += [estimate_row(each, source=source, **about) for source, each in (shares | indices).items()]
    if not rows:
        return None
    return Table(
        name="gradient-sources",
        title="Where the variance of networks' gradients comes from",
        caption="Shares of the variance of the gradient at single moments, by nested resampling of 32 states, 3 own "
        "actions in each, 3 joint actions of the others in each of those, and 2 critics (last layers fitted again to "
        "resampled episodes) in each of those; for REINFORCE, which has no critic, two plays of the rest of the "
        "episode instead. Total index: share that would be gone if all but one action were known, at 128 moments, by "
        "drawing that action again while all else stays; of another agent the mean over the others. Shares by nesting "
        "add to 1, total indices count interactions once for each action in them. Means over seeds with Student's 95% "
        "intervals; a share near 0 may come out negative and a total index above 1, whose intervals are cut at 0.",
        header=(
            *("game", "estimator", "agents", "state", "own action", "others' actions", "critic or rest"),
            *("total index, own action", "total index, another's", "n"),
        ),
        rows=tuple(rows),
        numeric=frozenset(range(2, 10)),
        data=pd.DataFrame(data),
    )


def _blank(value: float) -> str:
    return "" if np.isnan(value) else number(value)
