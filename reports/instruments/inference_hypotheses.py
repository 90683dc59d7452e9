"""Why models are far off and the reward is good: six explanations, each with the number that would refute it.

A cause explains a divergence if it accounts for more than half of it; that it does, or does not, is said where the
part less half of the whole, seed by seed, is shown to be above or below 0, and not shown otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.results import Estimate
from nashlens.reports.estimates import MIN_SEEDS
from nashlens.reports.instruments.dose_response_words import EQUIVALENT, LOWER, REPLACEMENTS, Response, responses
from nashlens.reports.instruments.estimate_rows import estimate_row, over_seeds
from nashlens.reports.instruments.inference_figures import PAPERS_WEIGHT
from nashlens.reports.instruments.judged_claims import NO, OPEN, YES, Claim, judged_claims, n_margins
from nashlens.reports.instruments.shift_within_runs import RESAMPLED, shift_counts
from nashlens.reports.tables import Table
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, number, p_words, with_interval

HALF, TENTH = 0.5, 0.1
TINY = 1e-6
WHOLE = "inference_kl_true_model"
OFF = "H4: off where the policies go"
Ends = Mapping[Any, Any]


def explanations(models: pd.DataFrame, differences: pd.DataFrame) -> list[Claim]:
    """Return every explanation, held against every pair of agents and judged; none where no model was fitted.

    Parameters
    ----------
    models : final estimates of fitted models that are read as actions, with ``entropy_weight``.
    differences : as `dose_response` returns them.
    """
    own = models[models["entropy_weight"] == PAPERS_WEIGHT]
    found: list[Claim] = []
    for (game, pair), part in own.groupby(["game", "agent"], sort=False):
        if (part["metric"] == WHOLE).any():
            found += _of_pair(str(game), str(pair), by_metric(part))
    found += _structural(differences, own)
    return judged_claims(found)


def _of_pair(game: str, pair: str, by: Mapping[str, Ends]) -> Iterator[Claim]:
    whole = by[WHOLE]
    causes = (
        ("H1: the entropy weight of the fit", "inference_regulariser"),
        ("H2: only the temperature is off", "inference_calibration"),
        ("H2: play is soft, and its mean is no policy", "inference_softness"),
    )
    for words, part in causes:
        if part in by:
            yield _share(game, pair, words, by[part], whole)
    if "inference_lag" in by:
        yield _lagging(game, pair, by)
    if "inference_shift" in by:
        shift = by["inference_shift"]
        evidence = f"KL on new less on the replay's observations {in_words(shift)} nats; {shift_counts(by).in_words}"
        yield _claim(game, pair, OFF, evidence, margins=(_margin(shift),))
    if "inference_relevant" in by:
        relevant = by["inference_relevant"]
        turned = (_margin(whole, relevant, weights=(HALF, -1.0)),)
        yield replace(_share(game, pair, "H5: most of it is not about value", relevant, whole), margins=turned)
    if "inference_delta_q_relative" in by:
        error = by["inference_delta_q_relative"]
        evidence = f"error in value as fed {in_words(error)} standard deviations of the value"
        words = "H5: the error in value is below a tenth of the spread of values"
        yield _claim(game, pair, words, evidence, margins=(_margin(error, weights=(-1.0,), offset=TENTH),))


def _lagging(game: str, pair: str, by: Mapping[str, Ends]) -> Claim:
    """Return whether older data explain a model: they are far from the policy, and the model is nearer to them."""
    lag, fit = by["inference_lag"], by["inference_fit"]
    share = _share(game, pair, "H3: the data are of older policies", lag, by["inference_kl_replay"])
    nearer = _margin(lag, fit, weights=(1.0, -1.0))
    evidence = f"{share.evidence}; the fit to the replay lacks {in_words(fit)}"
    return replace(share, evidence=evidence, margins=(*share.margins, nearer))


def _share(game: str, pair: str, claim: str, part: Ends, total: Ends) -> Claim:
    """Return the claim that a part is more than half of a whole, seed by seed; an infinite whole has no parts."""
    if math.isinf(total["value"]):
        evidence = "the divergence is infinite, since the supports differ, and has no parts"
    else:
        ratio = part["value"] / total["value"] if total["value"] else float("nan")
        share = "below 0.000001" if 0 < ratio < TINY else number(ratio)
        evidence = f"{in_words(part)} of {in_words(total)} nats, a share of {share}"
    return _claim(game, pair, claim, evidence, margins=(_margin(part, total, weights=(1.0, -HALF)),))


def _claim(game: str, pair: str, claim: str, evidence: str, *, margins: tuple[Estimate, ...]) -> Claim:
    return Claim(game=game, pair=pair, claim=claim, evidence=evidence, n=margins[0].n, margins=margins)


def _margin(*rows: Ends, weights: tuple[float, ...] = (1.0,), offset: float = 0.0) -> Estimate:
    """Return a weighted sum of several numbers of the same seeds, mean over them."""
    values = [np.asarray(row["values"], dtype=np.float64) for row in rows]
    if len({len(each) for each in values}) > 1:
        return over_seeds([])
    with np.errstate(invalid="ignore"):  # of two infinite numbers there is no difference, and so no margin
        return over_seeds(offset + sum(weight * each for weight, each in zip(weights, values, strict=True)))


def _structural(differences: pd.DataFrame, own: pd.DataFrame) -> Iterator[Claim]:
    """Yield whether the return stays the same even if the others' policies are replaced outright (H6)."""
    if differences.empty:
        return
    for game, arms in responses(differences).items():
        whole = [each for each in arms if each.row["family"] in REPLACEMENTS and each.row["dose"] == 1]
        if not whole or game not in set(own["game"]):
            continue
        lower = [each for each in whole if each.verdict == LOWER]
        same = all(each.verdict == EQUIVALENT for each in whole)
        p = after = math.nan
        if lower:
            p, after = min((each.p, each.adjusted_p) for each in lower)
        elif same:
            p, after = max((float(each.row["p_equivalence"]), each.adjusted_p_equivalence) for each in whole)
        yield Claim(
            game=game,
            pair="all",
            claim="H6: nothing that moves the actors reads them",
            evidence="; ".join(response_in_words(each) for each in whole),
            n=min(int(each.row["n"]) for each in whole),
            verdict=NO if lower else YES if same else OPEN,
            p=p,
            adjusted_p=after,
        )


def response_in_words(each: Response) -> str:
    """Return an arm's difference and what is said of it."""
    return f"{each.words}: {each.verdict}"


def explanations_table(found: Sequence[Claim]) -> Table | None:
    """Return a table of explanations; None without any.

    Parameters
    ----------
    found : as `explanations` returns them.
    """
    if not found:
        return None
    rows = tuple(
        (
            each.game,
            each.pair,
            each.claim,
            each.evidence,
            p_words(each.p),
            p_words(each.adjusted_p),
            each.verdict,
            counted(int(each.n), "seed"),
        )
        for each in found
    )
    return Table(
        name="inference-explanations",
        title="Why models are off and the reward is good",
        caption=_caption(n_margins(found), few=any(each.n < MIN_SEEDS for each in found)),
        header=("game", "whose", "explanation", "evidence", "p", "Holm p", "verdict", "n"),
        rows=rows,
        numeric=frozenset({4, 5, 7}),
        data=pd.DataFrame([row for each in found for row in _records(each)]),
    )


def _records(claim: Claim) -> Iterator[dict[str, Any]]:
    """Yield a row for every margin of a claim, and one without a number for a claim that another table decides."""
    names = ("game", "pair", "claim", "evidence", "p", "adjusted_p", "verdict")
    about = {name: getattr(claim, name) for name in names}
    elsewhere = replace(over_seeds([]), n=claim.n, reason="decided by the table of replaced policies")
    for margin in claim.margins or (elsewhere,):
        yield estimate_row(margin, higher_is_better=None, **about)


def _caption(n_tests: int, *, few: bool) -> str:
    return (
        "Fitted models with the paper's entropy weight, at the end of training. H1 and H2 are supported where a cause "
        "accounts for more than half of the divergence and refuted where for less; H3 where the replay is that far "
        "from the policy and the model nearer to it, refuted where either is not so; H4 where the divergence on new "
        "observations exceeds that on the replay's, mean over seeds, beside which stands what each seed's own 95% "
        f"interval says ({RESAMPLED}); H5 where less than half is about value, and where the error in "
        "value is below a tenth of its spread. p: two-sided Student's t over seeds of what must be above 0, such as "
        "the part less half of the whole in the same seed; of two such margins the one that decides. Holm p: after "
        f"Holm's correction for the {counted(n_tests, 'margin')} of this table; a verdict needs at most {ALPHA}. H6 "
        "where replacing the policies outright leaves the return equivalent, refuted where it lowers it: verdict and p "
        "are those of the table of replaced policies, corrected there. Intervals are unadjusted; explanations do not "
        f"exclude one another.{f' Fewer than {MIN_SEEDS} seeds have neither p nor interval.' if few else ''}"
    )


def by_metric(part: pd.DataFrame) -> dict[str, Ends]:
    """Return the rows of one pair by metric."""
    return {str(row["metric"]): row for row in part.to_dict("records")}


def has_ends(row: Ends) -> bool:
    """Say whether a row has an interval."""
    return bool(pd.notna(row["low"]) and pd.notna(row["high"]))


def in_words(row: Ends) -> str:
    """Return a row's value with its interval, if it has one; what is below a millionth as that."""
    if has_ends(row) and 0 < max(abs(row[end]) for end in ("value", "low", "high")) < TINY:
        return "below 0.000001"
    return with_interval(row["value"], row["low"], row["high"]) if has_ends(row) else number(row["value"])
