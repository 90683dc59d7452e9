"""What replacing the others' policies does to the return, in words and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.analysis.multiple_comparisons import holm
from nashlens.reports.instruments.dose_response import MARGIN_SHARE, NO_ANSWER
from nashlens.reports.instruments.estimate_rows import estimate_of, estimate_words, few_note
from nashlens.reports.instruments.stand_ins import REPLAY
from nashlens.reports.tables import Table
from nashlens.reports.verdicts import ALPHA, p_value
from nashlens.reports.words import counted, listed, number, p_words

LOWER, HIGHER, EQUIVALENT, OPEN, SILENT = "lower", "higher", "equivalent", "not shown", NO_ANSWER
REPLACEMENTS = ("uniform", "permuted", "frozen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One arm's difference from the true policies.

    Attributes
    ----------
    row : of the frame ``differences``.
    p, adjusted_p : of the difference against 0, before and after Holm's correction over all arms of all games; NaN
        without an interval.
    adjusted_p_equivalence : of equivalence, after Holm's correction over the same arms; NaN without a test.
    verdict : ``equivalent`` where that is shown, however sure the difference; else ``lower`` or ``higher`` where that
        holds, else ``not shown``, or ``no answer``.
    """

    row: Mapping[Any, Any]
    p: float
    adjusted_p: float
    adjusted_p_equivalence: float

    @property
    def words(self) -> str:
        """The arm and its difference."""
        return f"{self.row['algorithm']} {estimate_words(self.row)}"

    @property
    def equivalence(self) -> str:
        """Whether the arm is shown to be equivalent, in words."""
        if self.row["verdict"] == NO_ANSWER:
            return NO_ANSWER
        return EQUIVALENT if self.adjusted_p_equivalence <= ALPHA else OPEN

    @property
    def verdict(self) -> str:
        """What holds of the arm."""
        if self.equivalence != EQUIVALENT and self.adjusted_p <= ALPHA:
            return LOWER if self.row["value"] < 0 else HIGHER
        return self.equivalence


def responses(differences: pd.DataFrame) -> dict[str, list[Response]]:
    """Return every arm's response by game; the arms of all games are one family of each kind of test.

    Parameters
    ----------
    differences : as `dose_response` returns them.
    """
    rows = differences.to_dict("records")
    p_values = [p_value(estimate_of(row)) for row in rows]
    adjusted = _adjusted(p_values)
    equivalence = _adjusted([float(row["p_equivalence"]) for row in rows])
    found: dict[str, list[Response]] = {}
    for row, p, after, same in zip(rows, p_values, adjusted, equivalence, strict=True):
        each = Response(row=row, p=p, adjusted_p=after, adjusted_p_equivalence=same)
        found.setdefault(str(row["game"]), []).append(each)
    return found


def _adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values after Holm's correction; those that are missing stay so, and do not count."""
    adjusted = iter(holm([p for p in p_values if not math.isnan(p)]).adjusted.tolist())
    return [math.nan if math.isnan(p) else float(next(adjusted)) for p in p_values]


def response_sentences(differences: pd.DataFrame, returns: pd.DataFrame) -> Iterator[str]:
    """Yield one paragraph a game: the reference, its margin, and which arms are lower, equivalent, or neither.

    Parameters
    ----------
    differences, returns : as `dose_response` returns them.
    """
    if differences.empty:
        return
    found = responses(differences)
    n_tested = sum(not math.isnan(each.p) for arms in found.values() for each in arms)
    for game, arms in found.items():
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
                how = "paired on shared seeds"
                if verdict == OPEN:
                    how += f"; intervals before, verdicts after Holm's correction over {counted(n_tested, 'arm')}"
                yield f"{game}. {words}: {'; '.join(each.words for each in here)} ({how})."
    yield from _replayed(found)
    yield from _control(found)


def responses_table(returns: pd.DataFrame, differences: pd.DataFrame) -> Table:
    """Return every arm with its return, its difference, and both verdicts.

    Parameters
    ----------
    returns, differences : as `dose_response` returns them.
    """
    rows, data = [], []
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
                    p_words(each.p),
                    p_words(each.adjusted_p),
                    "no margin" if math.isnan(margin) else f"±{number(margin)}",
                    p_words(float(row["p_equivalence"])),
                    p_words(each.adjusted_p_equivalence),
                    each.verdict,
                    counted(int(row["n"]), str(row["unit"])),
                )
            )
            adjusted = {"adjusted_p": each.adjusted_p, "adjusted_p_equivalence": each.adjusted_p_equivalence}
            data.append({**row, "verdict": each.verdict, "p": each.p, **adjusted})
    header = ("game", "arm", "return", "difference", "p", "Holm p", "margin", "p of equivalence", "Holm p of it")
    return Table(
        name="dose-response",
        title="What replacing the others' policies does to the return",
        caption="Return: mean over agents of the last policies, exact for each seed where the game allows it, else "
        "of its evaluation episodes; mean over seeds, Student's t. Difference from the arm with the true target "
        "policies, paired on shared seeds, unadjusted interval. Equivalence: two one-sided t-tests within "
        f"{MARGIN_SHARE:.0%} of what the true policies gain over untrained ones. Holm p: after Holm's correction over "
        f"all arms of this table, of each kind of test by itself; a verdict needs at most {ALPHA}. A difference of "
        f"which neither is shown may be large.{few_note(differences)}",
        header=(*header, "verdict", "n"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6, 7, 8, 10}),
        data=pd.DataFrame(data),
    )


def _replayed(found: Mapping[str, list[Response]]) -> Iterator[str]:
    """Say what comes of targets that ask no policy at all."""
    for game, arms in found.items():
        for each in arms:
            if each.row["family"] == REPLAY:
                yield (
                    f"{game}: with what the others did next in the replay, in place of any policy or model of it, the "
                    f"return is off by {estimate_words(each.row)} from that with the true policies: {each.verdict}."
                )


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
            same = [str(each.row["algorithm"]) for each in arms if each.verdict == EQUIVALENT]
            said = "no loss is shown where the others' policies are replaced outright, and "
            said += f"equivalence only for {listed(same)}" if same else "no equivalence either"
        where = f"; that such a loss can be found shows in {listed(harmed)}" if harmed else ""
        yield f"{game}: {said}{where}."
    if harmed:
        yield f"{listed(harmed)}: stand-ins that are wrong enough cost reward."
