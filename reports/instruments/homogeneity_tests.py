"""The tests of swapping and cloning, all of a report judged as one family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.multiple_comparisons import holm
from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.instruments.estimate_rows import estimate_words
from nashlens.reports.instruments.last_policies import SEPARATE
from nashlens.reports.tables import Table
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, p_words

TESTS = {"swap_loss": "swapping", "clone_loss": "cloning"}
SHOWN = {"swap_loss": "places matter", "clone_loss": "copies lose"}


def homogeneity_tests(sharing: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a test, with ``adjusted_p``: Holm's, over all that leave something to test.

    Agents that share one policy without an index are copies in any place: nothing is tested of them. A loss that is
    computed exactly and is 0 in every seed leaves nothing to test either: its ``adjusted_p`` is NaN.

    Parameters
    ----------
    sharing : as `homogeneity` compares runs, all games.
    """
    copies = (sharing["sharing"] != SEPARATE) & (sharing["indexed"] == "False")
    own = sharing[sharing["quantity"].isin(list(TESTS)) & sharing["p"].notna() & ~copies].reset_index(drop=True)
    known = (own["each"] == "exact") & (own[["value", "low", "high"]] == 0).all(axis=1)
    adjusted = np.full(len(own), np.nan)
    if not known.all():
        adjusted[~known] = holm(own.loc[~known, "p"].to_numpy(dtype=float)).adjusted
    return own.assign(adjusted_p=adjusted)


def homogeneity_tests_table(sharing: pd.DataFrame) -> Table | None:
    """Return one row a test, or None where nobody could be swapped or cloned.

    Parameters
    ----------
    sharing : as `homogeneity` compares runs, all games.
    """
    tests = homogeneity_tests(sharing)
    if tests.empty:
        return None
    rows = tuple(
        (
            str(row["game"]) if row["role"] == "all" else f"{row['game']}: {row['role']}",
            str(row["algorithm"]),
            TESTS[str(row["quantity"])],
            f"{'≤ ' if row['each'] == 'upper' else ''}{estimate_words(row)}",
            *(_p_words(row, name) for name in ("p", "adjusted_p", "smallest_p")),
            counted(int(row["n"]), str(row["unit"])),
            _verdict(row),
        )
        for row in tests.to_dict("records")
    )
    return Table(
        name="homogeneity-tests",
        title="Whether it matters who stands where, and whether copies would do",
        caption=_caption(int(tests["adjusted_p"].notna().sum())),
        header=("game", "sharing", "test", "loss", "p", "Holm p", "smallest p", "n", "verdict"),
        rows=rows,
        numeric=frozenset({3, 4, 5, 6, 7}),
        data=tests,
    )


def _caption(n_tests: int) -> str:
    return (
        "Swapping: the return in place less the mean return of the other orders of the policies, exact one-sided "
        "permutation p. Cloning: the return less that of copies of the best agent, exact two-sided sign-flip p; with ≤ "
        "an upper bound, as the best copy is chosen by episodes. One policy without an index is its own copy and not "
        f"tested, nor is a loss that is exactly 0 in every seed. Means over seeds, {LEVEL:.0%} intervals of Student's "
        "t, unadjusted; where episodes are played they are floored at the errors of each seed's episodes. Fewer than "
        f"{MIN_SEEDS} seeds have none. Smallest p: what so many seeds can reach at all. Holm p: after Holm's "
        f"correction for the {counted(n_tests, 'test')} left; a verdict needs at most {ALPHA}."
    )


def _p_words(row: Mapping[Any, Any], name: str) -> str:
    return "—" if math.isnan(row["adjusted_p"]) else p_words(float(row[name]))


def _verdict(row: Mapping[Any, Any]) -> str:
    if math.isnan(row["adjusted_p"]):
        return "no loss, exactly"
    if math.isnan(row["value"]) or row["adjusted_p"] > ALPHA:
        return "not shown"
    if row["value"] < 0:
        return "copies gain" if row["quantity"] == "clone_loss" else "not shown"
    return "not shown, a bound only" if row["each"] == "upper" else SHOWN[str(row["quantity"])]
