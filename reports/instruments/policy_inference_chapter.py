"""What is said of inferred policies: why models are off, what that costs, and whether replacing them does harm.

Every sentence follows from numbers by a rule: a difference counts where Holm's correction over all arms leaves
it, equivalence where two one-sided tests show it after the same correction, a share where it is on one side of a half.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nashlens.reports.estimates import final_estimates
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.dose_response_words import response_sentences, responses_table
from nashlens.reports.instruments.estimate_rows import few_note
from nashlens.reports.instruments.inference_answers import model_sentences
from nashlens.reports.instruments.inference_figures import (
    PAPERS_WEIGHT,
    ledger_figure,
    relevance_figure,
    response_figure,
)
from nashlens.reports.instruments.inference_hypotheses import explanations, explanations_table
from nashlens.reports.instruments.inference_regulariser import regulariser_table
from nashlens.reports.instruments.inference_shift_words import shift_sentences, whole_ledger_table
from nashlens.reports.instruments.policy_inference_quantities import DISTANCES, GRADIENTS, LEDGERS, VALUES
from nashlens.reports.instruments.stand_ins import INFERRED
from nashlens.reports.quantities import quantity
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, with_interval, without_interval


def policy_inference_chapter(frame: pd.DataFrame, comparisons: Mapping[str, Comparisons]) -> Chapter:
    """Return the chapter on inferred policies.

    Parameters
    ----------
    frame : tidy, of what the instrument measured.
    comparisons : ``returns`` and ``differences`` by game.
    """
    returns, differences = (_joined(comparisons, name) for name in ("returns", "differences"))
    finals = final_estimates(at_the_end(frame)) if len(frame) else pd.DataFrame()
    answers = [*response_sentences(differences, returns)]
    tables: list[Table] = []
    if len(differences):
        tables.append(responses_table(returns, differences))
    if len(finals):
        inferred = models_of(finals, returns)
        own = inferred[inferred["entropy_weight"] == PAPERS_WEIGHT]
        claims = explanations(inferred, differences)
        answers += [*model_sentences(inferred, differences), *shift_sentences(own, claims)]
        found = (explanations_table(claims), whole_ledger_table(own), regulariser_table(inferred))
        tables += [each for each in found if each is not None]
        tables.append(ledgers_table(finals))
    figures: list[Figure | None] = []
    if len(frame):
        figures = [
            response_figure(finals, differences),
            ledger_figure(frame, returns),
            relevance_figure(frame, returns),
        ]
    return Chapter(
        answers=tuple(answers), figures=tuple(each for each in figures if each is not None), tables=tuple(tables)
    )


def at_the_end(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each number's last step."""
    keys = ["game", "algorithm", "metric", "agent"]
    return frame[frame["step"] == frame.groupby(keys, sort=False)["step"].transform("max")]


def models_of(finals: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of arms whose models are fitted and read as actions, with ``entropy_weight`` beside them."""
    if returns.empty:
        return finals.iloc[:0].assign(entropy_weight=[])
    arms = returns[(returns["family"] == INFERRED)][["game", "algorithm", "entropy_weight"]]
    return finals.merge(arms, on=["game", "algorithm"])


def ledgers_table(finals: pd.DataFrame) -> Table:
    """Return every divergence, part and error at the end of training, one row each.

    Parameters
    ----------
    finals : as `estimates.final_estimates` returns them.
    """
    order = {each.name: k for k, each in enumerate((*DISTANCES, *LEDGERS, *VALUES, *GRADIENTS))}
    rows = sorted(
        finals.to_dict("records"), key=lambda row: (row["game"], row["agent"], row["algorithm"], order[row["metric"]])
    )
    words = tuple(
        (
            str(row["game"]),
            str(row["agent"]),
            str(row["algorithm"]),
            quantity(str(row["metric"])).title,
            _value(row),
            quantity(str(row["metric"])).value_unit,
            counted(int(row["n"]), "seed"),
            str(row["each"]),
        )
        for row in rows
    )
    data = pd.DataFrame(rows).drop(columns="values")
    return Table(
        name="inference-ledgers",
        title="Divergences, their parts, and errors in value at the end of training",
        caption="“a of b” is what agent a's critic takes agent b to do next, target networks of both. Parts of one "
        "ledger "
        "add to KL(true‖stand-in): about value or not (L1); value, temperature, rest (L3); repaired by temperature or "
        "not (L2); preferred action or tail, agreement or not (L4); lag, fit and interaction on observations like the "
        "replay's (L5), plus the shift from there (L6); entropy weight and rest; softness of play, fit and "
        "interaction. "
        "Mean over seeds, Student's t; “is” says what each seed's number is: exact where all situations are listed."
        f"{few_note(data)}",
        header=("game", "whose", "arm", "quantity", "value [interval]", "in units of", "n", "is"),
        rows=words,
        numeric=frozenset({4, 6}),
        data=data,
    )


def _value(row: Mapping[Any, Any]) -> str:
    if row["reason"] and not pd.notna(row["low"]):
        return without_interval(float(row["value"]), str(row["reason"]))
    return with_interval(row["value"], row["low"], row["high"])


def _joined(comparisons: Mapping[str, Comparisons], name: str) -> pd.DataFrame:
    parts = [each[name] for each in comparisons.values() if len(each[name])]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
