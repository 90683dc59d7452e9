"""The chapter on joint action values: how far they get, what they hold and cost, and where they stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import ALL_AGENTS, MIN_SEEDS, by_seed, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.estimate_rows import estimates_as_table
from nashlens.reports.instruments.joint_limits import (
    Joint,
    joint_sizes,
    refused_rows,
    sizes_table,
    where_it_stops,
)
from nashlens.reports.instruments.seed_estimates import seed_estimate
from nashlens.reports.tables import Table
from nashlens.reports.verdicts import Statement, Verdict, plain, written
from nashlens.reports.words import counted, estimate_words, listed, number


def joint_q_chapter(
    frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
) -> Chapter:
    """Return answers, figures and tables of what the instrument measured.

    Parameters
    ----------
    frame : tidy.
    comparisons : what was compared, by game.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Joint action values were not measured: no run is finished.",))
    sizes = joint_sizes(comparisons)
    kept = frame.assign(agent=ALL_AGENTS)
    shares = kept[kept["metric"] == "jq_share"]
    figures = (_share_figure(shares, sizes, facts), _memory_figure(kept, sizes, facts))
    times = pd.concat([found["times"] for found in comparisons.values()], ignore_index=True)
    return Chapter(
        answers=(*where_it_stops(sizes), *_answers(shares, facts), *_growth(kept, facts), *_times_said(times, facts)),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(*(sizes_table(sizes),) * bool(sizes), _times_table(times)),
    )


def _n_agents(facts: Mapping[str, GameFacts], game: str) -> int:
    return len(facts[game].agents)


def _algorithms(frame: pd.DataFrame) -> list[str]:
    return [str(each) for each in frame["algorithm"].unique()]


def _answers(shares: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[str]:
    """Say for each number of agents what share of the optimum each algorithm gets, and which are apart."""
    said = []
    statements: dict[str, Sequence[Statement]] = {}
    for game in sorted(shares["game"].unique(), key=lambda label: _n_agents(facts, str(label))):
        part = shares[shares["game"] == game]
        ends = {name: by_seed(part, algorithm=name) for name in _algorithms(part)}
        words = [f"{estimate_words(seed_estimate(v, least=0.0, most=1.0))} under {name}" for name, v in ends.items()]
        counts = listed(sorted({str(len(v)) for v in ends.values()}))
        said.append(
            (
                str(game),
                f"With N = {_n_agents(facts, str(game))} agents the joint action without exploration gets a share of "
                f"the optimum of {listed(words)} (n = {counts} seeds, each exact).",
            )
        )
        statements[str(game)] = [_apart(ends)] if len(ends) > 1 else []
    told = written(statements)
    return [f"{sentence} {told[game]}".strip() for game, sentence in said]


def _apart(ends: Mapping[str, pd.Series]) -> Statement:
    pairs = [(a, b) for a, b in combinations(ends, 2) if len(ends[a].index.intersection(ends[b].index)) >= MIN_SEEDS]

    def write(verdicts: Sequence[Verdict]) -> str:
        told = []
        for (first, second), verdict in zip(pairs, verdicts, strict=True):
            if verdict.sign:
                more, less = (first, second) if verdict.sign > 0 else (second, first)
                told.append(f"{more} gets more than {less} ({first} less {second}: {verdict.evidence})")
        if not pairs:
            return "Too few seeds to compare."
        if told:
            return f"{'; '.join(told)}."
        of = counted(verdicts[0].n_comparisons, "comparison")
        return f"No difference between them is shown after Holm's correction for {of}."

    return Statement(differences=tuple(difference(ends[a], ends[b]) for a, b in pairs), write=write)


def _growth(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[str]:
    """Say how parameters grow with the number of agents."""
    said = []
    rows = frame[frame["metric"] == "jq_parameters"]
    for name in _algorithms(rows):
        own = rows[rows["algorithm"] == name].groupby("game")["value"].first()
        counts = np.array([_n_agents(facts, str(game)) for game in own.index], dtype=np.float64)
        if len(set(counts)) < 2:
            continue
        order = counts.argsort()
        n, held = counts[order], own.to_numpy(dtype=np.float64)[order]
        exponent = float(np.polyfit(np.log(n), np.log(held), 1)[0])
        last = (held[-1] / held[-2]) ** (1 / (n[-1] - n[-2]))
        ends = [f"{number(held[k], decimals=0)} at N = {n[k]:.0f}" for k in (0, -1)]
        said.append(
            f"under {name} from {ends[0]} to {ends[1]}, about as N^{number(exponent)} over that range, the last agent "
            f"multiplying them by {number(float(last))}"
        )
    return [f"Parameters, counted exactly, grow {'; '.join(said)}."] if said else []


def _times_said(times: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[str]:
    """Say how the time of an update grows with the number of agents."""
    known = times[times["value"].notna()]
    said = []
    for name in _algorithms(known):
        own = known[known["algorithm"] == name]
        spent = sorted((_n_agents(facts, str(row["game"])), float(row["value"])) for row in own.to_dict("records"))
        (few, least), (many, most) = spent[0], spent[-1]
        if few < many:
            said.append(
                f"under {name} from {number(1000 * least)} ms at N = {few} to {number(1000 * most)} ms at N = {many}"
            )
    if not said:
        return []
    return [
        f"An update takes {'; '.join(said)}: processor time of a seed, environment steps included and in the first "
        "cell of a worker process what loading takes; an estimate without an interval."
    ]


def _share_figure(shares: pd.DataFrame, sizes: Sequence[Joint], facts: Mapping[str, GameFacts]) -> Figure | None:
    if shares.empty:
        return None
    refused = any(each.refusal for each in sizes)
    ends = shares[shares["step"] == shares.groupby("game")["step"].transform("max")]
    return curve_figure(
        _by_family(ends, facts),
        name="jq-share",
        title="Share of the optimum against the number of agents",
        about="What the last joint action without exploration pays, over the most that any pays; every seed's number "
        f"is exact.{' The line of the joint learner ends where it is refused.' if refused else ''}",
        say=lambda part, game: [plain("Which differences hold is said at the head of the report.")],
        zero=True,
        x_label="number of agents",
    )


def _memory_figure(frame: pd.DataFrame, sizes: Sequence[Joint], facts: Mapping[str, GameFacts]) -> Figure | None:
    rows = frame[frame["metric"] == "jq_log_bytes"]
    if rows.empty:
        return None
    return curve_figure(
        _by_family(pd.concat([rows, refused_rows(rows, sizes)], ignore_index=True), facts),
        name="jq-memory",
        title="Memory of the parameters against the number of agents",
        about="Decimal logarithm of the bytes of one seed's parameters, their gradient, targets and the optimiser's "
        "moments, counted from the settings and so the same for every seed. Refused sizes are counted, not trained; "
        "their line sets out from the last size that can be made.",
        say=lambda part, game: [plain("A straight line is growth by one factor an agent; a bent one, slower growth.")],
        x_label="number of agents",
    )


def _by_family(rows: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[pd.DataFrame]:
    """Return one frame a family of games, the number of agents in the place of the step."""
    family = rows["game"].map(lambda label: facts[str(label)].name)
    told = rows.assign(step=rows["game"].map(lambda label: _n_agents(facts, str(label))), game=family)
    return [part for _, part in told.groupby("game", sort=False)]


def _times_table(times: pd.DataFrame) -> Table:
    return estimates_as_table(
        times,
        name="joint-times",
        title="Processor seconds an update",
        caption="Processor time of one seed's training over its updates, environment steps and snapshots included; "
        "seeds are trained together on one thread, so that a cell has one time; the first cell of a worker process "
        "carries what loading takes, too. An estimate, on the machine that is named under the provenance of the runs.",
        labels={"game": "game", "algorithm": "algorithm"},
    )
