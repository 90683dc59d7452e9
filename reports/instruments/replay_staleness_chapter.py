"""The chapter on stale replay: what it is worth as agents are added, what ages say, and what learned values miss."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.agents_figure import agents_figure, by_number, share_per_agent
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.drift_frames import algorithms_of, over_agents
from nashlens.reports.instruments.replay_figures import (
    error_figure,
    insertion_figure,
    late_errors,
    nearer,
    others_figure,
    played_figure,
    share_per_other,
)
from nashlens.reports.instruments.replay_quantities import LEFT_OUT
from nashlens.reports.instruments.replay_table import P_LEVEL, replay_table
from nashlens.reports.instruments.seed_estimates import known_estimate, seed_counts, seed_estimate, seed_means
from nashlens.reports.quantities import quantity
from nashlens.reports.verdicts import written
from nashlens.reports.words import counted, estimate_words, listed

RATIOS = {
    "rs_age_ratio_epsilon": "with ε for a fingerprint",
    "rs_age_ratio_fingerprint": "with the share of the updates made (and ε, where there is one)",
    "rs_age_ratio_quarter": "with only the quarter of the updates",
}
TESTS = {
    "own": "given its own action",
    "epsilon": "given ε too",
    "quarter": "given the quarter of the updates too",
    "joint": "given everybody's action, the control",
}
AGES = {"rs_age_own": "given its own action", "rs_age_joint": "given everybody's action"}


def replay_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return answers, figures and a table of what the instrument measured.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Stale replay was not measured: no finished run is one that it applies to.",))
    left_out = LEFT_OUT.words(frame)
    weighed = frame[~LEFT_OUT.is_in(frame)]
    if weighed.empty:
        return Chapter(answers=(f"Stale replay was not measured. {left_out}",))
    merged = over_agents(weighed)
    games = [str(game) for game in merged["game"].unique()]
    told = written({game: nearer(late_errors(merged[merged["game"] == game])) for game in games})
    figures = (
        agents_figure(merged, facts),
        *(make(merged, games) for make in (others_figure, insertion_figure, played_figure, error_figure)),
    )
    answers = [
        _answer(merged[merged["game"] == game], weighed[weighed["game"] == game], game, told=told[game])
        for game in games
    ]
    unsaid = [f"Of stale replay nothing is said of some runs. {left_out}"] if left_out else []
    return Chapter(
        answers=(*answers, *_added(merged, facts), *unsaid),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(replay_table(weighed, left_out=left_out),),
    )


def _added(merged: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[str]:
    """Say what one more agent does to the share in each game that is played by several numbers of agents."""
    said = []
    for part in by_number(merged, facts):
        factors = {name: f for name in algorithms_of(part) if len(f := share_per_agent(part, name))}
        words = [f"{estimate_words(seed_estimate(f, least=0.0))} under {name}" for name, f in factors.items()]
        numbers = listed([str(int(n)) for n in sorted(part["step"].unique())])
        if words:
            said.append(
                f"{part['game'].iloc[0]} with {numbers} agents. One more agent multiplies the share of its transitions "
                f"that a replay is worth by {listed(words)}."
            )
    return said


def _means(part: pd.DataFrame, metric: str) -> str:
    """Return a metric of every algorithm in words, empty where none has it."""
    what = quantity(metric)
    each = []
    for algorithm in algorithms_of(part):
        values = seed_means(part, metric, algorithm=algorithm)
        if len(values.dropna()):
            each.append(f"{estimate_words(known_estimate(values, what))} under {algorithm}")
    return listed(each)


def _answer(part: pd.DataFrame, single: pd.DataFrame, game: str, *, told: str) -> str:
    said = [
        f"{game}. At the end of training the replay is worth a share of {_means(part, 'rs_effective_share')} of its "
        f"transitions to an agent, the others being what they are now ({seed_counts(part)}; mean over agents, an "
        "estimate from episodes of the snapshots that filled it)."
    ]
    factors = {name: values for name in algorithms_of(part) if len(values := share_per_other(part, name))}
    if factors:
        words = [f"{estimate_words(seed_estimate(v, least=0.0))} under {name}" for name, v in factors.items()]
        said.append(f"One more other multiplies that share by {listed(words)}.")
    said += [_ages(part), _ratios(part), _tests(single), _gains(part, single), _errors(part, told)]
    return " ".join(words for words in said if words)


def _ages(part: pd.DataFrame) -> str:
    """Say what a transition's age tells exactly, and what a fingerprint leaves of it."""
    said = [f"{given}: {words}" for name, given in AGES.items() if (words := _means(part, name))]
    return f"What a transition's age tells of its outcome, exactly and in nats: {'; '.join(said)}." if said else ""


def _ratios(part: pd.DataFrame) -> str:
    """Say what share of the information in ages fingerprints leave."""
    said = [f"{words} {given}" for name, given in RATIOS.items() if (words := _means(part, name))]
    return f"Of what age tells given the own action this share is left: {'; '.join(said)}." if said else ""


def _tests(single: pd.DataFrame) -> str:
    """Say how often the tests on the sampled replay found that age tells something."""
    said = _counted(single, "rs_age_p_{}", TESTS)
    return f"On the sampled replay age tells something (p ≤ {P_LEVEL}) in {said}." if said else ""


def _gains(part: pd.DataFrame, single: pd.DataFrame) -> str:
    """Say what next observations add to telling ages where no observation recurs."""
    own, joint = (_means(part, f"rs_age_gain_{kind}") for kind in ("own", "joint"))
    if not own:
        return ""
    return (
        "Whoever knows an agent's observation and action tells the older from the newer half of its replay better once "
        f"the next observation is known too, by at least, in nats, {own}; who knows everybody's, by {joint} (the "
        f"control). The gain is more than luck (p ≤ {P_LEVEL}) in {_counted(single, 'rs_age_gain_p_{}', TESTS)}."
    )


def _counted(single: pd.DataFrame, metric: str, kinds: Mapping[str, str]) -> str:
    """Return in how many tests of each kind p is small; empty where there are none."""
    said = []
    for kind, given in kinds.items():
        tests = single[(single["metric"] == metric.format(kind)) & single["value"].notna()]
        if len(tests):
            found = int((tests["value"] <= P_LEVEL).sum())
            said.append(f"{found} of {counted(len(tests), 'test')} {given}")
    return listed(said)


def _errors(part: pd.DataFrame, told: str) -> str:
    """Say how far learned action values are off in the second half of training, and who is nearer."""
    late = late_errors(part)
    if not late:
        return ""
    words = [f"{estimate_words(seed_estimate(values, least=0.0))} under {name}" for name, values in late.items()]
    return (
        f"Over the second half of training the learned action values miss their exact value by {listed(words)}, in "
        f"units of return. {told}"
    ).strip()
