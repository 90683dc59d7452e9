"""What a report says of policy gradients: Proposition 1 beside its samples, then networks, in answers from numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.proposition_one import ESTIMATORS, Estimator, Reward
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.gradient_directions import uphill
from nashlens.reports.instruments.gradient_figures import agreement_figure, snr_figure, sources_figure
from nashlens.reports.instruments.gradient_numbers import (
    Counted,
    agreement_rate,
    counts,
    exact_snr,
    exact_snr_rate,
    mean_over_seeds,
    network_games,
    network_rate,
    rate_p,
)
from nashlens.reports.instruments.gradient_tables import networks_table, proposition_table, sources_table
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, estimate_words, has_interval, listed, number

PROPOSITION_RATE = -1.0
REWARDS: tuple[Reward, ...] = ("all_ones", "all_equal")


def gradient_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return the chapter.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    facts : of every game by label.
    """
    answers = gradient_answers(frame, facts)
    if frame.empty:
        return Chapter(answers=answers)
    found = {reward: counts(frame, facts, reward) for reward in REWARDS}
    games = network_games(frame, facts)
    figures = (agreement_figure(found), snr_figure(frame, found, games), sources_figure(frame, games))
    tables = (proposition_table(found), networks_table(frame, games), sources_table(frame, games))
    return Chapter(
        answers=answers,
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tuple(table for table in tables if table is not None),
    )


def gradient_answers(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> tuple[str, ...]:
    """Return the sentences that open the report: Proposition 1, both readings, then networks game by game.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    facts : of every game by label.
    """
    if frame.empty:
        return ("Gradients: no run could be examined.",)
    answers = [*proposition_answers(counts(frame, facts, "all_ones")), as_printed(counts(frame, facts, "all_equal"))]
    for name, sizes in network_games(frame, facts).items():
        answers += [rates(frame, name, sizes), *at_most(frame, name, sizes)]
    return tuple(answer for answer in answers if answer)


def proposition_answers(found: Sequence[Counted]) -> list[str]:
    """Say at which rate agreement falls where all must play 1, and which estimators escape.

    Parameters
    ----------
    found : counts of the game ``all_ones``.
    """
    rate = agreement_rate(found, "reinforce")
    if rate is None:
        return []
    sizes = sorted({each.n_agents for each in found})
    trials = sum(each.trials for each in found if each.estimator == "reinforce")
    inside = sum(each.holds for each in found)
    if has_interval(rate):
        where = "inside" if rate.low <= PROPOSITION_RATE <= rate.high else "outside"
        verdict = f"; the proposition's −1 lies {where} the interval"
    else:
        verdict = ""
    first = (
        f"Proposition 1, reward 1 if all play 1: log2 of the probability that one REINFORCE sample agrees in sign with "
        f"the true gradient changes by {estimate_words(rate)} with each further agent at uniform play, N = {sizes[0]} "
        f"to {sizes[-1]} (binomial regression, n = {counted(trials, 'gradient sample')}){verdict}. {inside} of "
        f"{len(found)} sampled shares, all estimators, hold their closed form in their 95% Wilson interval."
    )
    return [first, _escapes(found, sizes)]


def _escapes(found: Sequence[Counted], sizes: Sequence[int]) -> str:
    """Say how the squared signal-to-noise ratio of each estimator changes with the agents, in closed form."""
    last = sizes[-1]
    exact = {e: exact_snr(last, e, "all_ones") for e in ESTIMATORS}
    falling, flat, silent = [], [], []
    for estimator, value in exact.items():
        words = names.NAMES[estimator]
        if np.isinf(value):
            silent.append(words)
        elif value >= exact_snr(max(2, sizes[0]), estimator, "all_ones") * (1 - 1e-9):
            flat.append(f"{words} ({number(value)})")
        else:
            falling.append(f"{words} ({number(value)})")
    agreement = agreement_rate(found, "reinforce_baseline")
    beside = ""
    if agreement is not None and has_interval(agreement):
        share = next(e.exact for e in found if e.estimator == "reinforce_baseline" and e.n_agents == last)
        beside = (
            f" Agreement alone misleads: a constant baseline lifts it to {number(share)} at N = {last}, where the "
            f"ratio is {number(exact['reinforce_baseline'])} with it and {number(exact['reinforce'])} without."
        )
    return (
        f"Who escapes there, by the squared signal-to-noise ratio in closed form at N = {last}: "
        f"{'it falls with N for ' + listed(falling) if falling else 'it falls for none'}; "
        f"{'it does not fall for ' + listed(flat) if flat else 'it stays for none'}; "
        f"{'there is no noise in ' + listed(silent) if silent else 'none is without noise'}.{beside}"
    )


def as_printed(found: Sequence[Counted]) -> str:
    """Say what is left of the proposition with the reward that it prints.

    Parameters
    ----------
    found : counts of the game ``all_equal``.
    """
    many = [each for each in found if each.n_agents > 1]
    if not many:
        return ""
    agreed, trials = sum(each.agreed for each in many), sum(each.trials for each in many)
    if agreed:
        return (
            f"With the reward as printed, 1 if all play the same, {agreed:,} of {trials:,} gradient samples agreed "
            "with the true gradient at uniform play; none should, since it is 0 there."
        )
    return (
        "With the reward as printed, 1 if all play the same, the true gradient at uniform play is 0: none of "
        f"{trials:,} gradient samples of any estimator agrees with it, and the proposition says nothing there."
    )


def rates(frame: pd.DataFrame, name: str, sizes: Mapping[int, str]) -> str:
    """Say how the squared signal-to-noise ratio of networks' gradients changes with the number of agents.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    name : the registry's name of the game.
    sizes : label by number of agents.
    """
    found = {e: rate for e in ESTIMATORS if (rate := network_rate(frame, sizes, e)) is not None}
    if not found:
        return ""
    told = {e: rate_p(rate) for e, rate in found.items() if has_interval(rate.rate)}
    adjusted = dict(zip(told, holm(list(told.values())).adjusted.tolist(), strict=True)) if told else {}
    parts = []
    for estimator, rate in found.items():
        p = adjusted.get(estimator, float("nan"))
        verdict = "no statement" if np.isnan(p) else "no change is shown"
        if p <= ALPHA:
            verdict = "falls" if rate.rate.value < 0 else "rises"
        told_as = estimate_words(rate.rate)
        if np.isnan(rate.rate.value):
            told_as, verdict = "no statement", rate.rate.reason
        parts.append(f"{names.NETWORK_NAMES[estimator]} {told_as} ({verdict})")
    exact = exact_snr_rate(list(sizes), "reinforce")
    n = next(iter(found.values())).rate.n
    return (
        f"{name}, N = {listed([str(n) for n in sizes])}, at the policies that were learned: doublings of the squared "
        f"signal-to-noise ratio of one episode's gradient with each further agent: {'; '.join(parts)}. Proposition 1's "
        f"game has {number(exact)} for REINFORCE over the same N. Directions after Holm's correction for "
        f"{counted(len(told), 'rate')}; n = {counted(n, 'seed')} in all."
    )


def at_most(frame: pd.DataFrame, name: str, sizes: Mapping[int, str]) -> list[str]:
    """Say, at the largest number of agents, what carries the variance and whether estimators point uphill.

    Parameters
    ----------
    frame, name, sizes : as in `rates`.
    """
    n_agents, label = list(sizes.items())[-1]
    chosen: tuple[Estimator, ...] = ("reinforce", "counterfactual", "dpg_replayed", "dpg_reevaluated")
    shares = []
    for estimator in chosen:
        others, own = (
            mean_over_seeds(frame, label, f"{names.SHARE}{source}", estimator)
            for source in ("others_actions", "own_action")
        )
        if others.n:
            words = names.NETWORK_NAMES[estimator]
            shares.append(f"{words} {estimate_words(others)} to the others' actions, {estimate_words(own)} to its own")
    totals = _total_indices(frame, label, chosen)
    n = mean_over_seeds(frame, label, names.SIGN, "reinforce").n
    said = []
    if shares:
        said.append(
            f"{name}, N = {n_agents}: shares of the variance of the gradient at single moments: {'; '.join(shares)} "
            f"(n = {counted(n, 'seed')})."
        )
    if totals:
        said.append(
            f"{name}, N = {n_agents}: share of that variance that would be gone if all but one action were known, the "
            f"own action's beside one other agent's: {'; '.join(totals)} (n = {counted(n, 'seed')})."
        )
    if directions := uphill(frame, label):
        said.append(f"{name}, N = {n_agents}: {directions}")
    return said


def _total_indices(frame: pd.DataFrame, label: str, chosen: Sequence[Estimator]) -> list[str]:
    found = []
    for estimator in chosen:
        own, other = (mean_over_seeds(frame, label, m, estimator) for m in (names.TOTAL_OWN, names.TOTAL_OTHERS))
        if own.n and other.n:
            found.append(f"{names.NETWORK_NAMES[estimator]} {estimate_words(own)} beside {estimate_words(other)}")
    return found
