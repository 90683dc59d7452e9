"""Why models are far off and the reward is good: six explanations, each with the number that would refute it.

A cause explains a divergence if it accounts for more than half of it; that it does, or does not, is said where the
intervals of part and whole decide it, and not shown otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from nashlens.reports.instruments.dose_response_words import EQUIVALENT, LOWER, REPLACEMENTS, Response, responses
from nashlens.reports.instruments.inference_figures import PAPERS_WEIGHT
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, number, with_interval

YES, NO, OPEN = "supported", "refuted", "not shown"
HALF, TENTH = 0.5, 0.1
WHOLE = "inference_kl_true_model"
Ends = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One explanation held against one pair of agents.

    Attributes
    ----------
    game, pair : where.
    claim : the explanation.
    evidence : the numbers that decide.
    verdict : supported, refuted or not shown.
    n : seeds.
    """

    game: str
    pair: str
    claim: str
    evidence: str
    verdict: str
    n: int


def explanations_table(models: pd.DataFrame, differences: pd.DataFrame) -> Table | None:
    """Return a table of every explanation, held against every pair of agents; None where no model was fitted.

    Parameters
    ----------
    models : final estimates of fitted models that are read as actions, with ``entropy_weight``.
    differences : as `dose_response` returns them.
    """
    own = models[models["entropy_weight"] == PAPERS_WEIGHT]
    if own.empty:
        return None
    found: list[Finding] = []
    for (game, pair), part in own.groupby(["game", "agent"], sort=False):
        if (part["metric"] == WHOLE).any():
            found += _of_pair(str(game), str(pair), by_metric(part))
    found += _structural(differences, own)
    return _table(found) if found else None


def _of_pair(game: str, pair: str, by: Mapping[str, Ends]) -> Iterator[Finding]:
    whole = by[WHOLE]
    causes = (
        ("H1: the entropy weight of the fit", "inference_regulariser"),
        ("H2: only the temperature is off", "inference_calibration"),
        ("H2: play is soft, and its mean is no policy", "inference_softness"),
    )
    for claim, part in causes:
        if part in by:
            yield _share(game, pair, claim, by[part], whole)
    if "inference_lag" in by:
        yield _lagging(game, pair, by)
    if "inference_shift" in by:
        shift = by["inference_shift"]
        verdict = OPEN if not has_ends(shift) else YES if shift["low"] > 0 else NO if shift["high"] < 0 else OPEN
        evidence = f"KL on new less on older observations {in_words(shift)} nats"
        yield Finding(
            game=game,
            pair=pair,
            claim="H4: off where the policies go",
            evidence=evidence,
            verdict=verdict,
            n=shift["n"],
        )
    if "inference_relevant" in by:
        share = _share(game, pair, "", by["inference_relevant"], whole)
        turned = {YES: NO, NO: YES, OPEN: OPEN}[share.verdict]
        claim = "H5: most of it is not about value"
        yield Finding(game=game, pair=pair, claim=claim, evidence=share.evidence, verdict=turned, n=share.n)
    if "inference_delta_q_relative" in by:
        error = by["inference_delta_q_relative"]
        verdict = OPEN
        if has_ends(error):
            verdict = YES if error["high"] < TENTH else NO if error["low"] > TENTH else OPEN
        evidence = f"error in value as fed {in_words(error)} standard deviations of the value"
        claim = "H5: the error in value is below a tenth of the spread of values"
        yield Finding(game=game, pair=pair, claim=claim, evidence=evidence, verdict=verdict, n=error["n"])


def _lagging(game: str, pair: str, by: Mapping[str, Ends]) -> Finding:
    """Return whether older data explain a model: they are far from the policy, and the model is nearer to them."""
    lag, fit = by["inference_lag"], by["inference_fit"]
    share = _share(game, pair, "H3: the data are of older policies", lag, by["inference_kl_replay"])
    verdict = OPEN
    if has_ends(lag) and has_ends(fit):
        if share.verdict == NO or fit["low"] > lag["high"]:
            verdict = NO
        elif share.verdict == YES and fit["high"] < lag["low"]:
            verdict = YES
    return replace(share, verdict=verdict, evidence=f"{share.evidence}; the fit to the replay lacks {in_words(fit)}")


def _share(game: str, pair: str, claim: str, part: Ends, total: Ends) -> Finding:
    """Return whether a part is more than half of a whole, as far as both intervals decide it."""
    verdict = OPEN
    if has_ends(part) and has_ends(total):
        if part["low"] > HALF * total["high"]:
            verdict = YES
        elif part["high"] < HALF * total["low"]:
            verdict = NO
    ratio = part["value"] / total["value"] if total["value"] else float("nan")
    evidence = f"{in_words(part)} of {in_words(total)} nats, a share of {number(ratio)}"
    return Finding(game=game, pair=pair, claim=claim, evidence=evidence, verdict=verdict, n=part["n"])


def _structural(differences: pd.DataFrame, own: pd.DataFrame) -> Iterator[Finding]:
    """Yield whether the return stays the same even if the others' policies are replaced outright (H6)."""
    if differences.empty:
        return
    for game, arms in responses(differences).items():
        whole = [each for each in arms if each.row["family"] in REPLACEMENTS and each.row["dose"] == 1]
        if not whole or game not in set(own["game"]):
            continue
        verdicts = {each.verdict for each in whole}
        verdict = NO if LOWER in verdicts else YES if verdicts == {EQUIVALENT} else OPEN
        yield Finding(
            game=game,
            pair="all",
            claim="H6: nothing that moves the actors reads them",
            evidence="; ".join(response_in_words(each) for each in whole),
            verdict=verdict,
            n=min(int(each.row["n"]) for each in whole),
        )


def response_in_words(each: Response) -> str:
    """Return an arm's difference and what is said of it."""
    return f"{each.words}: {each.verdict}"


def _table(found: list[Finding]) -> Table:
    rows = tuple(
        (each.game, each.pair, each.claim, each.evidence, each.verdict, counted(int(each.n), "seed")) for each in found
    )
    header = ("game", "whose", "explanation", "evidence", "verdict", "n")
    return Table(
        name="inference-explanations",
        title="Why models are off and the reward is good",
        caption="Fitted models with the paper's entropy weight, at the end of training. H1 and H2 are supported "
        "where a "
        "cause accounts for more than half of the divergence and refuted where for less, decided by the 95% intervals "
        "of part and whole; H3 where the replay is that far from the policy and the model nearer to it, refuted where "
        "either is not so; H4 where the divergence on new observations exceeds that on the replay's; H5 where less "
        "than "
        "half is about value, and where the error in value is small; H6 where replacing the policies outright leaves "
        "the return equivalent, refuted where it lowers it. Else not shown. Each by itself, uncorrected; they do not "
        "exclude one another.",
        header=header,
        rows=rows,
        numeric=frozenset({5}),
        data=pd.DataFrame(rows, columns=list(header)),
    )


def by_metric(part: pd.DataFrame) -> dict[str, Ends]:
    """Return the rows of one pair by metric."""
    return {str(row["metric"]): row for row in part.to_dict("records")}


def has_ends(row: Ends) -> bool:
    """Say whether a row has an interval."""
    return bool(pd.notna(row["low"]) and pd.notna(row["high"]))


def in_words(row: Ends) -> str:
    """Return a row's value with its interval, if it has one."""
    return with_interval(row["value"], row["low"], row["high"]) if has_ends(row) else number(row["value"])
