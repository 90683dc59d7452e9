"""A report: everything that a page says, computed before any of it is rendered."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.analysis.aggregates import REFERENCE as SCORES
from nashlens.reports.algorithm_comparisons import compared
from nashlens.reports.anchors import anchors_of
from nashlens.reports.answers import answers
from nashlens.reports.bibliography import references_of
from nashlens.reports.chapters import chapters
from nashlens.reports.compared_scores import compared_scores
from nashlens.reports.comparison_table import comparison_table
from nashlens.reports.conventions import algorithms_table, conventions_table, game_facts
from nashlens.reports.estimates import final_estimates, merged_agents
from nashlens.reports.figures import Figure
from nashlens.reports.frames import inventory, load_frame, lost_cells
from nashlens.reports.headline import headlines
from nashlens.reports.instruments.chapters import instrument_chapters
from nashlens.reports.method_status import status_table
from nashlens.reports.phase_chapter import phase_figure
from nashlens.reports.provenance import gather
from nashlens.reports.published import SOURCE as LOWE
from nashlens.reports.published_table import COMPARED, published_table
from nashlens.reports.quantities import DIVERGENCE, LAST, PROBABILITY, QUANTITIES, SCORE
from nashlens.reports.replay_chapter import replay_figure
from nashlens.reports.score_chapter import score_chapter
from nashlens.reports.score_tables import anchors_table
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite
from nashlens.reports.suite_config import FULL
from nashlens.reports.tables import Table, definitions_table, estimates_table, failures_table, runs_table
from nashlens.reports.unmeasured import Unmeasured, unmeasured_lines, unmeasured_table

MADE = "report made"  # the entry of the provenance that another building of the same report changes
NOT_TABLED = ("reward_drift_joint",)
NOT_TABLED_FAMILIES = (DIVERGENCE, PROBABILITY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """What a page says.

    Attributes
    ----------
    name, question : of the suite.
    headlines : the answer in a few sentences.
    figures, tables : in their order, those of the suite's instruments first.
    provenance : what the runs and this report were made with, word by word.
    frame : the tidy frame that all of it comes from.
    references : what its quantities and methods cite.
    """

    name: str
    question: str
    headlines: tuple[str, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    provenance: tuple[tuple[str, str], ...]
    frame: pd.DataFrame
    references: tuple[str, ...] = ()


def assemble(store: Store, suite: Suite, *, anew: bool = False) -> Report:
    """Return the report of a suite from its stored runs; what is missing or failed is in it as such.

    Parameters
    ----------
    store : where the runs are.
    suite : what was asked for.
    anew : True to measure every run again.

    Raises
    ------
    StoreError, ValueError : as for `frames.load_frame`.
    """
    with _rare_collection():
        return _assembled(store, suite, anew=anew)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Look for circles of dead objects less often: drawing makes millions of objects, and looking takes a tenth."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _assembled(store: Store, suite: Suite, *, anew: bool) -> Report:
    lost: list[Unmeasured] = []
    frame = load_frame(store, suite, anew=anew, lost=lost)
    words = [column for column in frame.columns if isinstance(frame[column].dtype, pd.StringDtype)]
    frame = frame.astype(dict.fromkeys(words, object))  # rows are picked thousands of times, of Arrow's strings slowly
    runs = inventory(store, suite)
    facts = game_facts(suite)
    merged = merged_agents(frame)
    order = [name for name in _order(merged) if _is_tabled(name)]
    estimates = _by_game(final_estimates(_without_lesser_returns(merged), order), suite)
    chapter, more = instrument_chapters(store, suite, facts, anew=anew, lost=lost)
    anchors = anchors_of(store, facts, anew=anew)
    profile, scored = score_chapter(frame, anchors if len(facts) > 1 else {})
    scores = compared_scores(frame, facts, anchors)
    comparisons = compared(scores)
    figures = (
        *chapter.figures,
        *chapters(merged, facts),
        profile,
        phase_figure(frame, suite),
        replay_figure(store, suite, frame),
    )
    by_score = [SCORE] if any(each.metric == SCORE for each in scores) else []
    defined = [*order, *by_score, *dict.fromkeys(more["metric"] if len(more) else ())]
    scored = scored or ((anchors_table(anchors),) if by_score else ())
    tables = (
        *chapter.tables,
        estimates_table(estimates, lost_cells(runs, frame)),
        comparison_table(comparisons),
        published_table(final_estimates(merged, COMPARED), facts),
        *scored,
        runs_table(runs),
        failures_table(runs),
        unmeasured_table(lost),
        conventions_table(suite),
        algorithms_table(suite),
        definitions_table(defined),
        status_table(suite),
    )
    return Report(
        name=suite.name,
        question=suite.config.question,
        headlines=(
            *(chapter.answers or answers(comparisons)),
            *_size(suite),
            *headlines(merged, facts, runs),
            *unmeasured_lines(lost, runs),
        ),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tuple(table for table in tables if table is not None),
        provenance=_provenance(store, runs),
        references=references_of(defined, _more_sources(suite, scored=bool(scored))),
        frame=frame if more.empty else pd.concat([frame, more], ignore_index=True),
    )


def _more_sources(suite: Suite, *, scored: bool) -> tuple[str, ...]:
    """Return the sources of learners and of scores, which no quantity cites."""
    kinds = {str(each["kind"]) for cell in suite.cells for each in cell.runs[0].algorithm.values()}
    return (*((LOWE,) if kinds & {"maddpg", "ddpg"} else ()), *((SCORES,) if scored else ()))


def _size(suite: Suite) -> tuple[str, ...]:
    if suite.config.size == FULL:
        return ()
    return (f"This is the {suite.config.size} size of the suite: a first look with fewer runs than its full size.",)


def _is_tabled(metric: str) -> bool:
    """Say whether a metric has rows in the table of estimates: of the divergences one does, in both directions."""
    if metric in NOT_TABLED or metric.startswith(NOT_TABLED_FAMILIES):
        return False
    return not metric.startswith(LAST) or metric.endswith("_target_replay")


def _without_lesser_returns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without the returns of training where a game has a better number of the same thing."""
    better = set(frame.loc[frame["metric"].isin(["final_return", "expected_payoff"]), "game"])
    return frame[~(frame["game"].isin(better) & frame["metric"].isin(["training_return", "evaluation_return"]))]


def _by_game(estimates: pd.DataFrame, suite: Suite) -> pd.DataFrame:
    """Return the estimates with those of one game together, games in the order of the suite."""
    if estimates.empty:
        return estimates
    place = {label: k for k, label in enumerate(suite.config.games)}
    return estimates.sort_values("game", key=lambda games: games.map(place), kind="stable", ignore_index=True)


def _order(frame: pd.DataFrame) -> list[str]:
    """Return the metrics of a frame: final ones first, then as in the catalogue, then what games measure."""
    present = list(frame["metric"].unique())
    first = ["success", "final_return", "nash_conv", "nash_conv_average", "cce_gap", "turns"]
    first += ["welfare_gap", "expected_payoff"]
    own = [name for name in present if name not in QUANTITIES and not name.startswith((DIVERGENCE, LAST, PROBABILITY))]
    inferred = sorted(name for name in present if name.startswith((DIVERGENCE, LAST)))
    rest = [name for name in QUANTITIES if name not in first]
    return [name for name in [*first, *own, *rest, *inferred] if name in present]


def _provenance(store: Store, runs: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return what runs were made with: each different value once, and what this report is made with."""
    found: dict[str, set[str]] = {}
    times = []
    for run_id in runs.loc[runs["state"] != "planned", "run_id"]:
        try:
            made = store.provenance(str(run_id))
            words = _words(made)
            times.append(str(made["time"]))
        except (StoreError, KeyError, TypeError, AttributeError):
            words = [("not known for run", str(run_id)[:10])]
        for label, value in words:
            found.setdefault(label, set()).add(value)
    lines = [(label, "; ".join(sorted(values))) for label, values in found.items()]
    if times:
        lines.append(("runs made", times[0] if min(times) == max(times) else f"{min(times)} to {max(times)}"))
    now = gather()
    lines.append((MADE, f"{now.time}, nashlens {now.versions.get('nashlens', '')}".rstrip(", ")))
    return tuple(lines)


def _words(made: Mapping[str, Any]) -> list[tuple[str, str]]:
    threads = ", ".join(f"{name} = {value}" for name, value in made["threads"].items())
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return [
        ("command", str(made["command"])),
        ("commit", str(made["commit"]) or "not a checkout"),
        ("platform", f"{made['platform']}, {made['processors']} processors"),
        ("threads", threads or "not limited"),
        ("versions", versions),
    ]
