"""The chapter on non-stationarity: how far each agent's world moved, what a joint critic removes, and what stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import ALL_AGENTS, MIN_SEEDS, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, TARGET_PARTS, drift_name, floor_name
from nashlens.reports.instruments.nonstationarity_table import nonstationarity_table
from nashlens.reports.instruments.seed_estimates import seed_counts, seed_estimate, seed_halves, seed_means
from nashlens.reports.verdicts import Statement, Verdict, plain
from nashlens.reports.words import counted, estimate_words, listed, number

DRIFTS = (*(drift_name(h) for h in reversed(HORIZONS)), "ns_kernel_drift", "ns_reward_drift")
SHORT = {drift_name(h): "drift" for h in HORIZONS} | {floor_name(h): "noise floor" for h in HORIZONS}
SHORT_TARGETS = {"ns_target_total": "all", "ns_target_policy": "by policies", "ns_target_critic": "by the critic"}
WORDS = {
    "ns_kernel_drift": ("what follows its actions", "in total variation"),
    "ns_reward_drift": ("the reward of its actions", "in units of reward"),
    **{
        drift_name(h): (f"what it sees {counted(h, 'step')} later", "in 2-Wasserstein distance of observations")
        for h in HORIZONS
    },
}


def nonstationarity_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return answers, figures and a table of what the instrument measured.

    Parameters
    ----------
    frame : tidy.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Non-stationarity was not measured: no finished run is one that it applies to.",))
    merged = over_agents(frame)
    games = [str(game) for game in merged["game"].unique()]
    said = [sentence for game in games for sentence in _answers(merged[merged["game"] == game], game)]
    figures = (_drift_figure(merged, games), _target_figure(merged, games))
    return Chapter(
        answers=tuple(said),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(nonstationarity_table(merged),),
    )


def over_agents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a tidy frame with the mean over agents in place of each agent's numbers.

    Parameters
    ----------
    frame : tidy; drifts of several agents have one unit and may be averaged, unlike what they win.
    """
    keys = ["game", "algorithm", "run_id", "seed", "step", "metric", "bound", "unit", "n"]
    averaged = frame.groupby(keys, sort=False, dropna=False)["value"].agg(_whole_mean).reset_index()
    return averaged.assign(agent=ALL_AGENTS)


def drift_of(frame: pd.DataFrame) -> str:
    """Return the metric that says most of how far the worlds of a game moved; the longest horizon of a particle world.

    Parameters
    ----------
    frame : tidy, of one game.
    """
    present = set(frame["metric"])
    return next(name for name in DRIFTS if name in present)


def _whole_mean(values: pd.Series) -> float:
    return float(values.mean(skipna=False))


def _algorithms(frame: pd.DataFrame) -> list[str]:
    return [str(each) for each in frame["algorithm"].unique()]


def _answers(part: pd.DataFrame, game: str) -> list[str]:
    metric = drift_of(part)
    what, unit = WORDS[metric]
    floor = metric.replace("_drift_", "_floor_") if metric.startswith("ns_outcome") else ""
    each = []
    for algorithm in _algorithms(part):
        own = seed_means(part, metric, algorithm=algorithm)
        words = f"{estimate_words(seed_estimate(own, least=0.0))} under {algorithm}"
        if floor:
            words += f" (noise floor {number(float(seed_means(part, floor, algorithm=algorithm).mean()))})"
        each.append(words)
    kind = "estimates at probe states" if floor else "each seed's number exact"
    said = [
        f"{game}. To an agent that knows its own action only, {what} moves from one snapshot to the next by "
        f"{listed(each)}, {unit} ({seed_counts(part)}; mean over snapshots and agents, {kind}). {_control(part)}"
    ]
    said += [words for words in (_shares(part), _targets(part)) if words]
    return [" ".join(said)]


def _control(part: pd.DataFrame) -> str:
    """Say what the control gave, in how many runs."""
    control = part[part["metric"] == "ns_joint_drift"]
    runs = counted(control["run_id"].nunique(), "run")
    largest = float(control["value"].max())
    if largest == 0:
        return (
            f"Given everybody's action it moves by exactly 0 in all {runs}: a critic of the joint action has a world "
            "that stands still."
        )
    return (
        f"Given everybody's action it should not move at all, and moved by up to {number(largest)} in {runs}: the "
        "control fails, and the drift above cannot be trusted."
    )


def _shares(part: pd.DataFrame) -> str:
    """Say how much of the change of value is the others' doing."""
    each = []
    for algorithm in _algorithms(part):
        share = seed_means(part, "ns_others_share", algorithm=algorithm)
        if len(share):
            each.append(f"{estimate_words(seed_estimate(share, least=0.0))} under {algorithm}")
    return f"Of the changes of an agent's value, in size, the others' policies make a share of {listed(each)}." * bool(
        each
    )


def _targets(part: pd.DataFrame) -> str:
    """Say how far the targets of critics still move, and by whom."""
    each = []
    for algorithm in _algorithms(part):
        total = seed_means(part, "ns_target_total", algorithm=algorithm)
        if not len(total):
            continue
        words = f"{estimate_words(seed_estimate(total, least=0.0))} under {algorithm}"
        others = seed_means(part, "ns_target_others", algorithm=algorithm)
        if len(others):
            critic = seed_means(part, "ns_target_critic", algorithm=algorithm)
            words += (
                f" ({estimate_words(seed_estimate(critic, least=0.0))} by the target critic itself, "
                f"{estimate_words(seed_estimate(others, least=0.0))} by the others' target policies)"
            )
        each.append(words)
    return f"What no critic is spared is its moving target: it moves by {listed(each)}, in units of return." * bool(
        each
    )


def _drift_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    parts = []
    for game in games:
        own = merged[merged["game"] == game]
        metric = drift_of(own)
        parts.append(own[own["metric"].isin([metric, metric.replace("_drift_", "_floor_")])])
    return curve_figure(
        parts,
        name="ns-drift",
        title="How far each agent's world moves while the others learn",
        about="Change from one snapshot to the next of what an agent's own actions lead to, mean over agents: in "
        "sequential and repeated games total variation of what follows, in matrix games the expected reward, both "
        "exact; in particle worlds the 2-Wasserstein distance of what is seen at the longest horizon, an estimate that "
        "is biased upwards by sampling and stands beside its noise floor. Given everybody's action the same is 0.",
        say=_drift_statements,
        zero=True,
        short=SHORT,
    )


def _drift_statements(part: pd.DataFrame, game: str) -> list[Statement]:
    metric = drift_of(part)
    floor = metric.replace("_drift_", "_floor_")
    said = []
    for algorithm in _algorithms(part):
        early, late = seed_halves(part, metric, algorithm=algorithm)
        said.append(_halves(algorithm, early, late))
        if (part["metric"] == floor).any() and floor != metric:
            own = seed_means(part, metric, algorithm=algorithm)
            said.append(_above_floor(algorithm, own, seed_means(part, floor, algorithm=algorithm)))
    names = _algorithms(part)
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            one, other = (seed_means(part, metric, algorithm=name) for name in (first, second))
            if len(one.index.intersection(other.index)) >= MIN_SEEDS:
                said.append(_apart(first, second, one, other))
    return said


def _halves(algorithm: str, early: pd.Series, late: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        change = verdicts[0]
        verdict = change.word(
            up="moves more in the second half of training than in the first",
            down="moves less in the second half of training than in the first",
            neither="is not shown to move less or more in the second half of training than in the first",
        )
        means = f"{number(early.mean())}, then {number(late.mean())}"
        if change.silent:
            return f"Under {algorithm} the world moved by {means} in the halves of training; {verdict}."
        return f"Under {algorithm} the world {verdict}: {means} (difference {change.evidence})."

    return Statement(differences=(difference(late, early),), write=write)


def _above_floor(algorithm: str, own: pd.Series, floor: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        verdict = verdicts[0].word(
            up="lies above its noise floor",
            down="lies below its noise floor, which sampling alone would not give",
            neither="is not shown to be more than sampling noise",
        )
        if verdicts[0].silent:
            return f"The drift under {algorithm} beside its noise floor: {verdict}."
        return f"The drift under {algorithm} {verdict} (excess {verdicts[0].evidence})."

    return Statement(differences=(difference(own, floor),), write=write)


def _apart(first: str, second: str, one: pd.Series, other: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        verdict = verdicts[0].word(
            up="more than", down="less than", neither="neither more nor less, as far as shown, than"
        )
        return f"Worlds move {verdict} under {first} beside {second} (difference {verdicts[0].evidence})."

    return Statement(differences=(difference(one, other),), write=write)


def _target_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    parts = []
    for game in games:
        own = merged[(merged["game"] == game) & merged["metric"].isin(list(SHORT_TARGETS))]
        if len(own):
            parts.append(own)
    return curve_figure(
        parts,
        name="ns-targets",
        title="What stays: how far the critics' targets move",
        about="Mean size of the change from one snapshot to the next of what the targets bootstrap from, at what was "
        "seen in episodes of the final policies: all of it, and the parts that the target critic and the target "
        "policies make alone. Q-learning has no target policy, and its online network stands for the target.",
        say=lambda part, game: [plain(_remains(part))],
        zero=True,
        short=SHORT_TARGETS,
    )


def _remains(part: pd.DataFrame) -> str:
    said = []
    for algorithm in _algorithms(part):
        sizes = {name: seed_means(part, f"ns_target_{name}", algorithm=algorithm) for name in TARGET_PARTS}
        if len(sizes["policy"]) and float(sizes["total"].mean()) > 0:
            share = sizes["policy"] / sizes["total"]
            said.append(
                f"Under {algorithm} the part that the target policies move alone is "
                f"{estimate_words(seed_estimate(share, least=0.0))} of the whole in size."
            )
    return " ".join(said)
