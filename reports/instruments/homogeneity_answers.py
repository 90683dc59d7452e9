"""The sentences on homogeneity: where sharing was enough, what explains it, and what to hold against the answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from nashlens.reports.estimates import by_seed
from nashlens.reports.instruments import critic_deviation
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.homogeneity_summary import in_short
from nashlens.reports.instruments.homogeneity_verdicts import TOLERATED, Judged, rows_where, value_of
from nashlens.reports.instruments.seed_estimates import seed_estimate
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, estimate_words, has_interval, listed, number


def answers(
    sharing: pd.DataFrame, anchors: pd.DataFrame, measures: pd.DataFrame, verdicts: Sequence[Judged]
) -> tuple[str, ...]:
    """Return the sentences that open the report: where sharing was enough, what explains it, and the weak points.

    Parameters
    ----------
    sharing, anchors : as `homogeneity` compares them, all games.
    measures : the tidy frame of what single runs were measured, agents merged.
    verdicts : of `homogeneity_verdicts.judged`.
    """
    shared = [each for each in verdicts if each.shares]
    said = [
        in_short(anchors, shared),
        verdict_sentence([each for each in shared if not each.indexed], "Sharing one policy without an index"),
        verdict_sentence([each for each in shared if each.indexed], "Sharing one policy that reads the agent's index"),
        gap_sentence(anchors),
        shortfall_sentence(sharing, anchors, shared),
        clone_sentence(sharing, shared),
        equilibrium_sentence(sharing, shared),
        critic_sentence(measures, shared),
        weak_points(sharing, verdicts),
    ]
    return tuple(sentence for sentence in said if sentence)


def verdict_sentence(verdicts: Sequence[Judged], whose: str) -> str:
    """Return where one way to share was enough, where it cost common return, and where nothing is decided."""
    if not verdicts:
        return ""
    said = []
    for word, before in (
        ("enough", "was enough in"),
        ("costs", "cost common return in"),
        ("not decided", "was neither shown to be enough nor to cost anything in"),
        ("no statement", "allows no statement in"),
    ):
        chosen = [each for each in verdicts if each.verdict == word]
        if chosen:
            said.append(f"{before} {listed([_judged_words(each) for each in chosen])}")
    return (
        f"{whose} {'; it '.join(said)}. Differences are to separate policies, paired by seed, their intervals "
        f"unadjusted; enough means that no more than {TOLERATED:.0%} of the gain of separate policies over random play "
        "is lost, cost that the difference is below 0 after Holm's correction for all such differences."
    )


def gap_sentence(anchors: pd.DataFrame) -> str:
    """Return what any shared policy without memory, index or other observations must lose, where that is computed."""
    said = []
    for (game, _), part in anchors.groupby(["game", "role"], sort=False):
        best, shared = (value_of(part, quantity=name) for name in ("best_return", "best_shared_return"))
        if not math.isfinite(best):
            continue
        exact = part.loc[part["quantity"] == "best_shared_return", "bound"].iloc[0] == "exact"
        if best - shared <= 1e-9 * max(1.0, abs(best)):
            said.append(f"nothing in {game}")
        else:
            said.append(f"{'' if exact else 'at most '}{number(best - shared)} of {number(best)} in {game}")
    if not said:
        return ""
    return (
        f"Computed from the payoffs, agents with one shared strategy and the same view must lose {listed(said)}: no "
        "longer training wins that back, only what tells the agents apart."
    )


def shortfall_sentence(sharing: pd.DataFrame, anchors: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return whether training found the best shared strategy where it is computed: what it lost beyond the gap."""
    short: list[str] = []
    reached: list[str] = []
    for each in shared:
        best = value_of(anchors, game=each.game, role=each.role, quantity="best_shared_return")
        where = {"game": each.game, "role": each.role, "algorithm": each.algorithm, "quantity": "common_return"}
        chosen = rows_where(sharing, **where)
        if each.indexed or not math.isfinite(best) or chosen.empty:
            continue
        found = estimate_of(chosen.to_dict("records")[0])
        if has_interval(found):
            words = f"{estimate_words(found)} against {number(best)} ({each.game}, {each.algorithm})"
            (short if found.high < best else reached).append(words)
    if not short and not reached:
        return ""
    parts = [f"ended below the best shared strategy with {listed(short)}"] if short else []
    parts += [f"is not shown to have ended below it with {listed(reached)}"] if reached else []
    beyond = " What is lost beyond the gap is lost in learning, not by what a shared policy can be." if short else ""
    return f"Training of a shared policy {' and '.join(parts)} (intervals over seeds, unadjusted).{beyond}"


def clone_sentence(sharing: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return whether the clone test of separate policies foretold where sharing without an index costs.

    A loss that is only bounded from above, as in games that are played and not computed, is not shown to be one.
    """
    tested = sharing[(sharing["quantity"] == "clone_loss") & (sharing["reference"] == "True")]
    plain = [each for each in shared if not each.indexed and each.verdict != "no statement"]
    counts = {True: [0, 0], False: [0, 0]}
    for row in tested.to_dict("records"):
        loss = estimate_of(row)
        own = [each for each in plain if each.place == (row["game"], row["role"])]
        if not has_interval(loss) or not own:
            continue
        loses = loss.low > 0 and row["each"] != "upper"
        counts[loses][0] += 1
        counts[loses][1] += any(each.verdict == "costs" for each in own)
    if not counts[True][0] + counts[False][0]:
        return ""
    parts = []
    for loses, words in ((True, "lose by being copies of their best"), (False, "are not shown to lose by it")):
        total, costly = counts[loses]
        if total:
            parts.append(f"in {counted(total, 'game')} separately trained agents {words}, and sharing cost in {costly}")
    return f"Clone test against outcome: {'; '.join(parts)} (without an index; intervals over seeds, unadjusted)."


def equilibrium_sentence(sharing: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return how far from equilibrium the policies are that lose by sharing, where that is exact."""
    said = []
    for each in shared:
        where = {"game": each.game, "role": each.role, "algorithm": each.algorithm}
        row = rows_where(sharing, **where, quantity="nash_conv")
        if each.verdict == "costs" and len(row) and row["each"].iloc[0] == "exact":
            found = estimate_of(row.to_dict("records")[0])
            least = replace(found, low=max(found.low, 0.0)) if has_interval(found) else found
            said.append(f"{estimate_words(least)} ({each.game}, {each.algorithm})")
    if not said:
        return ""
    return f"NashConv of the policies that lose by sharing is {listed(said)}: it measures stability, not this loss."


def critic_sentence(measures: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return what agents that lose by sharing would gain alone by what their own critics value most."""
    found = []
    for each in shared if len(measures) else ():
        own = by_seed(measures, game=each.game, algorithm=each.algorithm, metric=critic_deviation.NAME)
        if each.verdict == "costs" and len(own):
            found.append((each, seed_estimate(own, least=0.0)))
    if not found:
        return ""
    said = [f"{estimate_words(gain)} ({each.game}, {each.algorithm})" for each, gain in found]
    known_better = [each.game for each, gain in found if has_interval(gain) and gain.low > 0]
    meaning = (
        f" In {listed(list(dict.fromkeys(known_better)))} the critics know of something better, which a policy that "
        "must answer for all agents alike cannot follow (intervals over seeds above 0, unadjusted)."
        if known_better
        else ""
    )
    return (
        "Each agent alone, playing what its own critic values most in the place of a policy that loses by sharing, "
        f"would gain: over the agents these gains add to {listed(said)}, a lower bound of NashConv.{meaning}"
    )


def weak_points(sharing: pd.DataFrame, verdicts: Sequence[Judged]) -> str:
    """Return what the reader should hold against these answers."""
    seeds = sorted({int(n) for n in sharing.loc[sharing["quantity"] == "common_return", "n"]})
    n = counted(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {counted(seeds[-1], 'seed')}"
    undecided = sum(each.verdict in {"not decided", "no statement"} for each in verdicts)
    several = sharing.loc[sharing["role"] != "all", "role"].nunique() > 0
    sides = " With several sides a role plays opponents that it did not meet in training." if several else ""
    return (
        f"Weak points: {n} a cell, equal numbers of environment steps and not of parameters unless an algorithm's name "
        f"says so, no tuning of its own for any way to share; {undecided} of {counted(len(verdicts), 'comparison')} "
        f"undecided.{sides}"
    )


def _judged_words(each: Judged) -> str:
    where = each.game if each.role == "all" else f"{each.game} ({each.role})"
    note = ", a gain" if each.adjusted_p <= ALPHA and each.difference.value > 0 else ""
    if math.isnan(each.margin):
        note += "; separate policies do not beat random play there"
    return f"{where} ({each.algorithm}: {estimate_words(each.difference)}{note})"
