"""The chapters that a suite's instruments add to its report."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import merged_agents
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.measuring import comparisons_by, frame_by, instruments_of
from nashlens.reports.instruments.registry import instrument
from nashlens.reports.run_records import COMMON
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.tables import Table
from nashlens.reports.unmeasured import Unmeasured, reason_of


def instrument_chapters(
    store: Store,
    suite: Suite,
    facts: Mapping[str, GameFacts],
    *,
    anew: bool = False,
    lost: list[Unmeasured] | None = None,
) -> tuple[Chapter, pd.DataFrame]:
    """Return what all instruments of a suite add to its report, as one chapter, and their tidy frame.

    Parameters
    ----------
    store : where the runs are.
    suite : what was asked for.
    facts : of every game by label.
    anew : True to measure and to compare every run again.
    lost : what cannot be measured or compared is added to it, and chapters that are left out for that.

    Raises
    ------
    StoreError, ValueError : as for `frames.load_frame`, or two chapters use one name.
    """
    chapters, frames = [], []
    for name in instruments_of(suite):
        frame = frame_by(name, store, suite, anew=anew, lost=lost)
        comparisons = comparisons_by(name, store, suite, anew=anew, lost=lost)
        chosen = instrument(name)
        told = frame if getattr(chosen, "keeps_agents", False) else merged_agents(frame)
        frames.append(frame)
        try:
            chapters.append(chosen.chapter(told, comparisons, facts))
        except Exception as error:
            # Of nothing missing it is a mistake of the chapter; otherwise that is told, and the other chapters go on.
            if lost is None or not any(each.instrument in {name, COMMON} for each in lost):
                raise
            reason = f"its chapter is left out: {reason_of(error, store)}"
            lost.append(Unmeasured(game="", algorithm="", seed=None, instrument=name, reason=reason))
    figures = tuple(chain.from_iterable(chapter.figures for chapter in chapters))
    tables = tuple(chain.from_iterable(chapter.tables for chapter in chapters))
    _check_names(figures, tables)
    answers = tuple(chain.from_iterable(chapter.answers for chapter in chapters))
    whole = [frame for frame in frames if len(frame)]
    together = pd.concat(whole, ignore_index=True) if whole else pd.DataFrame()
    return Chapter(answers=answers, figures=figures, tables=tables), together


def _check_names(figures: tuple[Figure, ...], tables: tuple[Table, ...]) -> None:
    for kind, names in (("figure", [each.name for each in figures]), ("table", [each.name for each in tables])):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name of a {kind} must not recur in a report: {', '.join(twice)}")
