"""The table of algorithms compared: one row a pair, with everything that its verdict rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from nashlens.reports.algorithm_comparisons import ALL_PAIRS, Comparison
from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.tables import CELL_COLUMNS, Table
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, estimate_words, number, p_words


def comparison_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Return one row a comparison, or None where there is none.

    Parameters
    ----------
    comparisons : as `algorithm_comparisons.compared` returns them.
    """
    if not comparisons:
        return None
    return Table(
        name="comparisons",
        title="Algorithms compared",
        caption=_caption(comparisons),
        header=("game", "score", "first", "second", "first less second", "p", "Holm p", "exact p", "n", "verdict"),
        rows=tuple(
            (
                each.score.game,
                each.score.words,
                each.first,
                each.second,
                _difference(each),
                p_words(each.p),
                p_words(each.adjusted_p),
                p_words(each.exact.p) if each.estimate.n >= MIN_SEEDS else p_words(math.nan),
                counted(each.estimate.n, "seed"),
                each.verdict,
            )
            for each in comparisons
        ),
        numeric=frozenset({4, 5, 6, 7, 8}),
        data=pd.DataFrame([_record(each) for each in comparisons]),
    )


def _difference(each: Comparison) -> str:
    if 0 < each.estimate.n < MIN_SEEDS:
        return f"{number(each.estimate.value)} ({'; '.join(number(gap) for gap in each.differences)})"
    return estimate_words(each.estimate)


def _caption(comparisons: Sequence[Comparison]) -> str:
    tested = comparisons[0].n_comparisons
    few = any(each.estimate.n < MIN_SEEDS for each in comparisons)
    many = any(len(each.score.ends) > ALL_PAIRS for each in comparisons)
    pairs = f"Of more than {ALL_PAIRS} algorithms each is compared with the first of the suite. " if many else ""
    holm_words = (
        f"Holm p: after Holm's correction for the {counted(tested, 'comparison')} of this table that have a p; a "
        f"verdict needs at most {ALPHA}. "
        if tested
        else ""
    )
    note = (
        f" Fewer than {MIN_SEEDS} seeds: the seeds' own differences stand in place of an interval, without a p."
        if few
        else ""
    )
    return (
        "Mean difference at the last step, first less second, paired on shared seeds; failed runs take no part. "
        f"{LEVEL:.0%} intervals of Student's t over seeds, unadjusted. {pairs}p: two-sided, Student's t; of shares of "
        f"seeds the exact one. {holm_words}Exact p: sign-flip test, which assumes no normal differences and cannot "
        f"fall below 2 to the power of 1 − n; unadjusted. n: shared seeds.{note}"
    )


def _record(each: Comparison) -> dict[str, object]:
    about: dict[str, object] = {"game": each.score.game, "metric": each.score.metric, "whose": each.score.whose}
    about |= {"first": each.first, "second": each.second, "value": each.estimate.value}
    cell = {column: getattr(each.estimate, column) for column in CELL_COLUMNS}
    return {**about, **cell} | {
        "differences": " ".join(repr(gap) for gap in each.differences),
        "p": each.p,
        "adjusted_p": each.adjusted_p,
        "n_comparisons": each.n_comparisons,
        "exact_p": each.exact.p if each.estimate.n >= MIN_SEEDS else math.nan,
        "smallest_exact_p": each.exact.smallest,
        "verdict": each.verdict,
    }
