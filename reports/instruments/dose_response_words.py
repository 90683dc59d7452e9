"""What replacing the others' policies does to the return, in words and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.results import Estimate
from nashlens.reports.instruments.dose_response import MARGIN_SHARE, NO_ANSWER
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS, estimate_words
from nashlens.reports.tables import Table
from nashlens.reports.verdicts import ALPHA, p_value
from nashlens.reports.words import counted, has_interval, listed, number

LOWER, HIGHER, EQUIVALENT, OPEN, SILENT = "lower", "higher", "equivalent", "not shown", NO_ANSWER
REPLACEMENTS = ("uniform", "permuted", "frozen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One arm's difference from the true policies.

    Attributes
    ----------
    row : of the frame ``differences``.
    adjusted_p : Holm's, of the difference against 0, over the arms of its game; NaN without an interval.
    verdict : ``equivalent`` where that is shown, however sure the difference; else ``lower`` or ``higher`` where that
        holds, else ``not shown``, or ``no answer``.
    """

    row: Mapping[Any, Any]
    adjusted_p: float
    verdict: str

    @property
    def words(self) -> str:
        """The arm and its difference."""
        return f"{self.row['algorithm']} {estimate_words(self.row)}"


def responses(differences: pd.DataFrame) -> dict[str, list[Response]]:
    """Return every arm's response by game, judged together within a game.

    Parameters
    ----------
    differences : as `dose_response` returns them.
    """
    found: dict[str, list[Response]] = {}
    for game, part in differences.groupby("game", sort=False):
        rows = part.to_dict("records")
        estimates = [estimate_of(row) for row in rows]
        tested = [each for each in estimates if has_interval(each)]
        adjusted = iter(holm([p_value(each) for each in tested]).adjusted.tolist())
        found[str(game)] = [
            Response(row=row, adjusted_p=p, verdict=_verdict(row, p))
            for row, estimate in zip(rows, estimates, strict=True)
            for p in [next(adjusted) if has_interval(estimate) else math.nan]
        ]
    return found


def response_sentences(differences: pd.DataFrame, returns: pd.DataFrame) -> Iterator[str]:
    """Yield one paragraph a game: the reference, its margin, and which arms are lower, equivalent, or neither.

    Parameters
    ----------
    differences, returns : as `dose_response` returns them.
    """
    if differences.empty:
        return
    for game, arms in responses(differences).items():
        first = arms[0].row
        own = returns[(returns["game"] == game) & (returns["algorithm"] == first["reference"])].to_dict("records")[0]
        text = (
            f"{game}: with the true policies of the others the return is {estimate_words(own)} "
            f"({counted(int(own['n']), own['unit'])})"
        )
        if math.isnan(first["margin"]):
            yield f"{text}; that they gained over untrained policies is not shown, so that nothing here has a margin."
        else:
            yield (
                f"{text}, {number(first['scale'])} above untrained policies; two returns count as equivalent within "
                f"{number(first['margin'])}, {MARGIN_SHARE:.0%} of that."
            )
        for verdict, words in (
            (LOWER, "Lower than with the true policies"),
            (HIGHER, "Higher than with the true policies"),
            (EQUIVALENT, "Equivalent"),
            (OPEN, "Neither a difference nor equivalence is shown"),
            (SILENT, "No answer"),
        ):
            here = [each for each in arms if each.verdict == verdict]
            if here:
                yield f"{game}. {words}: {'; '.join(each.words for each in here)} (paired on shared seeds)."
    yield from _control(responses(differences))


def responses_table(returns: pd.DataFrame, differences: pd.DataFrame) -> Table:
    """Return every arm with its return, its difference, and both verdicts.

    Parameters
    ----------
    returns, differences : as `dose_response` returns them.
    """
    rows = []
    for game, arms in responses(differences).items():
        own = {row["algorithm"]: row for row in returns[returns["game"] == game].to_dict("records")}
        for each in arms:
            row, margin = each.row, float(each.row["margin"])
            rows.append(
                (
                    game,
                    str(row["algorithm"]),
                    estimate_words(own[row["algorithm"]]),
                    estimate_words(row),
                    _p_words(each.adjusted_p),
                    "no margin" if math.isnan(margin) else f"±{number(margin)}",
                    str(row["verdict"]),
                    _p_words(float(row["p_equivalence"])),
                    counted(int(row["n"]), str(row["unit"])),
                )
            )
    return Table(
        name="dose-response",
        title="What replacing the others' policies does to the return",
        caption="Return: mean over agents of the last policies, exact for each seed where the game allows it, else "
        "of its "
        "evaluation episodes; mean over seeds, Student's t. Difference from the arm with the true target policies, "
        "paired on shared seeds; p after Holm's correction over the arms of a game. Equivalence: two one-sided "
        "t-tests at "
        f"level {ALPHA}, each by itself, within {MARGIN_SHARE:.0%} of what the true policies gain over untrained "
        f"ones. A "
        "difference of which neither is shown may be large.",
        header=("game", "arm", "return", "difference", "p", "margin", "equivalence", "p of it", "n"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 7, 8}),
        data=differences,
    )


def _p_words(p: float) -> str:
    return "no value" if math.isnan(p) else "< 0.001" if p < 0.001 else number(p, decimals=3)


def estimate_of(row: Mapping[Any, Any]) -> Estimate:
    """Return the estimate of a row of estimates."""
    return Estimate(**{column: row[column] for column in ESTIMATE_COLUMNS})


def _verdict(row: Mapping[Any, Any], adjusted_p: float) -> str:
    if row["verdict"] == EQUIVALENT:
        return EQUIVALENT
    if not math.isnan(adjusted_p) and adjusted_p <= ALPHA:
        return LOWER if row["value"] < 0 else HIGHER
    return str(row["verdict"])


def _control(found: Mapping[str, list[Response]]) -> Iterator[str]:
    """Say where replaced policies did harm, so that it is known whether harm could have been found."""
    whole = {
        game: [each for each in arms if each.row["family"] in REPLACEMENTS and each.row["dose"] == 1]
        for game, arms in found.items()
    }
    harmed = [game for game, arms in whole.items() if any(each.verdict == LOWER for each in arms)]
    for game, arms in whole.items():
        if not arms or game in harmed:
            continue
        if all(each.verdict == EQUIVALENT for each in arms):
            said = "replacing the others' policies outright leaves the return equivalent"
        elif any(each.verdict == HIGHER for each in arms):
            said = "replacing the others' policies outright lowers the return in no arm, and raises it in one"
        else:
            said = "no loss is shown where the others' policies are replaced outright, and no equivalence either"
        where = f"; that such a loss can be found shows in {listed(harmed)}" if harmed else ""
        yield f"{game}: {said}{where}."
    if harmed:
        yield f"{listed(harmed)}: stand-ins that are wrong enough cost reward."
