"""What is said of where models are off: the divergence as one line of parts, and whether it shifts (H4).

Whether an explanation holds is decided over seeds. Beside that stands what each run says by itself: over its own
episodes its shift may be sure where the seeds disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from nashlens.reports.instruments.inference_hypotheses import OFF, WHOLE, Ends, by_metric, in_words
from nashlens.reports.instruments.inference_shift import SHIFT
from nashlens.reports.instruments.judged_claims import NO, OPEN, YES, Claim
from nashlens.reports.instruments.shift_within_runs import RESAMPLED, ShiftCounts, shift_counts, together
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed

PARTS = {SHIFT: "shift", "inference_lag": "lag", "inference_fit": "fit", "inference_interaction": "interaction"}


def whole_ledger_sentence(game: str, pair: str, by: Mapping[str, Ends]) -> str:
    """Return one pair's divergence as one line of parts; empty where there are none.

    Parameters
    ----------
    game, pair : whose.
    by : final estimates of the pair by metric.
    """
    if not {WHOLE, *PARTS} <= by.keys() or not all(math.isfinite(by[name]["value"]) for name in (WHOLE, *PARTS)):
        return ""
    parts = listed([f"{title} {in_words(by[name])}" for name, title in PARTS.items()])
    n = counted(int(by[WHOLE]["n"]), "seed")
    return f"{game}, {pair}: KL(true‖model) {in_words(by[WHOLE])} nats is the sum of {parts} (means over {n})."


def shift_sentences(own: pd.DataFrame, claims: Sequence[Claim]) -> Iterator[str]:
    """Yield for each game whether models are off where the policies go, over seeds and within runs, then by what.

    Parameters
    ----------
    own : final estimates of fitted models with the paper's entropy weight.
    claims : the judged explanations.
    """
    sampled = False
    for game, part in own.groupby("game", sort=False):
        counts = {str(by[SHIFT]["agent"]): shift_counts(by) for by in _pairs(part) if SHIFT in by}
        verdicts = {each.pair: each.verdict for each in claims if each.game == game and each.claim == OFF}
        if not counts or not verdicts:
            continue
        judged = [f"{verdict} for {list(verdicts.values()).count(verdict)}" for verdict in (YES, NO, OPEN)]
        found = together(counts.values())
        sampled = sampled or not found.exact
        yield (
            f"{game}: that models are off where the policies go (H4) is, over seeds, {listed(judged)} of "
            f"{counted(len(verdicts), 'pair')} of agents. The shift, KL on new observations less on the replay's, of "
            f"every pair and seed: {found.in_words}.{''.join(_single_runs(counts, verdicts))}"
        )
    if sampled:
        yield f"Of shifts (H4): {RESAMPLED}."


def whole_ledger_table(own: pd.DataFrame) -> Table | None:
    """Return the divergence of every pair as one line of parts, with its shift within runs; None where there is none.

    Parameters
    ----------
    own : final estimates of fitted models with the paper's entropy weight.
    """
    names = (WHOLE, *PARTS)
    kept = [by for by in _pairs(own) if set(names) <= by.keys()]
    if not kept:
        return None
    rows = [
        (
            str(by[WHOLE]["game"]),
            str(by[WHOLE]["agent"]),
            *(in_words(by[name]) for name in names),
            shift_counts(by).in_words,
            counted(int(by[WHOLE]["n"]), "seed"),
        )
        for by in kept
    ]
    return Table(
        name="inference-whole-ledger",
        title="The divergence in one line: shift, lag, fit and interaction",
        caption="KL(true‖model) on observations of the current policies, in nats, at the end of training, models with "
        "the paper's entropy weight: the shift there from observations like the replay's (L6), and on these lag, fit "
        "and interaction (L5). The four add to the whole in every seed, and so do their means, which intervals do not. "
        "Of Gaussian policies lag and fit are sampled, and the interaction is what is left. Mean over seeds, Student's "
        "t. Shift within runs: in how many seeds that seed's own 95% interval tells it apart from 0; "
        f"{RESAMPLED}. Where all situations are listed each run's shift is exact. An infinite divergence has no parts.",
        header=("game", "whose", "KL(true‖model)", *PARTS.values(), "shift within runs", "n"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6, 8}),
        data=pd.DataFrame([row for by in kept for row in _data(by)]).drop(columns="values"),
    )


def _data(by: Mapping[str, Ends]) -> Iterator[dict[str, Any]]:
    """Yield the estimates of one pair's line, with the counts of runs beside that of the shift."""
    counts = {f"n_runs_{name}": count for name, count in asdict(shift_counts(by)).items() if name != "exact"}
    for name in (WHOLE, *PARTS):
        yield {**by[name], **(counts if name == SHIFT else {})}


def _pairs(part: pd.DataFrame) -> Iterator[dict[str, Ends]]:
    for _, each in part.groupby(["game", "algorithm", "agent"], sort=False):
        yield by_metric(each)


def _single_runs(counts: Mapping[str, ShiftCounts], verdicts: Mapping[str, str]) -> Iterator[str]:
    """Yield what single runs add to the verdicts over seeds, pair by pair."""
    mixed = [pair for pair, each in counts.items() if each.above and each.below]
    left = [pair for pair in counts if verdicts.get(pair) == OPEN and pair not in mixed]
    alone = [pair for pair in left if counts[pair].above or counts[pair].below]
    calm = [pair for pair in left if counts[pair].open and pair not in alone]
    if mixed:
        yield f" Single runs shift both ways for {listed(mixed)}, which a mean over seeds does not tell."
    if alone:
        yield f" Single runs shift, and the seeds together are not shown to, for {listed(alone)}."
    if calm:
        yield f" No single run is told to shift either for {listed(calm)}."
