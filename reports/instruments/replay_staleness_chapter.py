"""The chapter on stale replay: what it is worth as agents are added, what ages say, and what learned values miss."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.agents_figure import agents_figure
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.drift_frames import algorithms_of, over_agents
from nashlens.reports.instruments.left_out import is_left_out, left_out_words
from nashlens.reports.instruments.replay_figures import (
    error_figure,
    insertion_figure,
    late_errors,
    nearer,
    others_figure,
    played_figure,
    share_per_other,
)
from nashlens.reports.instruments.replay_quantities import CLIP
from nashlens.reports.instruments.replay_table import P_LEVEL, replay_table
from nashlens.reports.instruments.seed_estimates import seed_counts, seed_estimate, seed_means
from nashlens.reports.quantities import quantity
from nashlens.reports.verdicts import written
from nashlens.reports.words import counted, estimate_words, listed

RATIOS = {
    "rs_age_ratio_epsilon": "with ε for a fingerprint",
    "rs_age_ratio_quarter": "with the quarter of the updates",
}
TESTS = {
    "own": "given its own action",
    "epsilon": "given ε too",
    "quarter": "given the quarter of the updates too",
    "joint": "given everybody's action, the control",
}
AGES = {
    "rs_age_own": "given its own action",
    "rs_age_epsilon": "given ε too",
    "rs_age_fingerprint": "given a fingerprint of both ε and the updates made",
    "rs_age_quarter": "given only the quarter of the updates",
    "rs_age_joint": "given everybody's action",
}


def replay_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return answers, figures and a table of what the instrument measured.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Stale replay was not measured: no finished run is one that it applies to.",))
    left_out = left_out_words(frame)
    weighed = frame[~is_left_out(frame)]
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
    return Chapter(
        answers=(*answers, *([f"Of stale replay nothing is said of some runs. {left_out}"] if left_out else [])),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(replay_table(weighed, left_out=left_out),),
    )


def _means(part: pd.DataFrame, metric: str) -> str:
    """Return a metric of every algorithm in words, empty where none has it."""
    each = []
    for algorithm in algorithms_of(part):
        values = seed_means(part, metric, algorithm=algorithm)
        if len(values.dropna()):
            least = quantity(metric).least
            each.append(f"{estimate_words(seed_estimate(values, least=least))} under {algorithm}")
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
    said += [_clipped(part), _ages(part), _ratios(part), _tests(single), _gains(part, single), _errors(part, told)]
    return " ".join(words for words in said if words)


def _ages(part: pd.DataFrame) -> str:
    """Say what a transition's age tells exactly, and what a fingerprint leaves of it."""
    said = [f"{given}: {words}" for name, given in AGES.items() if (words := _means(part, name))]
    return f"What a transition's age tells of its outcome, exactly and in nats: {'; '.join(said)}." if said else ""


def _clipped(part: pd.DataFrame) -> str:
    """Say what share of the weights clipping would touch, where it would any."""
    touched = part[(part["metric"] == "rs_clip_fraction") & (part["value"] > 0)]
    if touched.empty:
        return ""
    return (
        f"Clipping weights at {CLIP:g} would touch a share of {_means(part, 'rs_clip_fraction')}, and make the replay "
        f"worth {_means(part, 'rs_clipped_share')}, for a bias."
    )


def _ratios(part: pd.DataFrame) -> str:
    """Say what share of the information in ages fingerprints leave."""
    said = [f"{words} {given}" for name, given in RATIOS.items() if (words := _means(part, name))]
    return f"Of what age tells given the own action a share is left of {'; '.join(said)}." if said else ""


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
        f"the next observation is known too, by at least {own} nats; who knows everybody's, by {joint} (the control). "
        f"The gain is more than luck (p ≤ {P_LEVEL}) in {_counted(single, 'rs_age_gain_p_{}', TESTS)}."
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
