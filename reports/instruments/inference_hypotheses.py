"""Why models are far off and the reward is good: six explanations, each with the number that would refute it.

A cause explains a divergence if it accounts for more than half of it; that it does, or does not, is said where the
intervals of part and whole decide it, and not shown otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.reports.instruments.dose_response_words import EQUIVALENT, LOWER, REPLACEMENTS, Response, responses
from nashlens.reports.instruments.inference_figures import PAPERS_WEIGHT
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed, number, with_interval

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


def hypotheses(models: pd.DataFrame, differences: pd.DataFrame) -> tuple[list[str], Table | None]:
    """Return sentences on the models that are furthest off in each game, and a table of every explanation.

    Parameters
    ----------
    models : final estimates of fitted models that are read as actions, with ``entropy_weight``.
    differences : as `dose_response` returns them.
    """
    own = models[models["entropy_weight"] == PAPERS_WEIGHT]
    if own.empty:
        return [], None
    found: list[Finding] = []
    for (game, pair), part in own.groupby(["game", "agent"], sort=False):
        if (part["metric"] == WHOLE).any():
            found += _of_pair(str(game), str(pair), _by_metric(part))
    found += _structural(differences, own)
    sentences = [*_worst(own), *_entropy(models), *_together(own, differences)]
    return sentences, _table(found) if found else None


def _of_pair(game: str, pair: str, by: Mapping[str, Ends]) -> Iterator[Finding]:
    whole = by[WHOLE]
    causes = (
        ("H1: the entropy weight of the fit", "inference_regulariser"),
        ("H2: only the temperature is off", "inference_calibration"),
        ("H2: play is soft, and its mean is no policy", "inference_softness"),
        ("H3: the data are of older policies", "inference_lag"),
    )
    for claim, part in causes:
        if part in by:
            total = by["inference_kl_replay"] if part == "inference_lag" else whole
            yield _share(game, pair, claim, by[part], total)
    if "inference_shift" in by:
        shift = by["inference_shift"]
        verdict = OPEN if not _has_ends(shift) else YES if shift["low"] > 0 else NO if shift["high"] < 0 else OPEN
        evidence = f"KL on new less on older observations {_words(shift)} nats"
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
        if _has_ends(error):
            verdict = YES if error["high"] < TENTH else NO if error["low"] > TENTH else OPEN
        evidence = f"error in value as fed {_words(error)} standard deviations of the value"
        claim = "H5: the error in value is below a tenth of the spread of values"
        yield Finding(game=game, pair=pair, claim=claim, evidence=evidence, verdict=verdict, n=error["n"])


def _share(game: str, pair: str, claim: str, part: Ends, total: Ends) -> Finding:
    """Return whether a part is more than half of a whole, as far as both intervals decide it."""
    verdict = OPEN
    if _has_ends(part) and _has_ends(total):
        if part["low"] > HALF * total["high"]:
            verdict = YES
        elif part["high"] < HALF * total["low"]:
            verdict = NO
    ratio = part["value"] / total["value"] if total["value"] else float("nan")
    evidence = f"{_words(part)} of {_words(total)} nats, a share of {number(ratio)}"
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
            evidence="; ".join(_response(each) for each in whole),
            verdict=verdict,
            n=min(int(each.row["n"]) for each in whole),
        )


def _response(each: Response) -> str:
    return f"{each.words}: {each.verdict}"


def _worst(own: pd.DataFrame) -> Iterator[str]:
    """Yield, for the pair of each game whose model is furthest off, how far, and what explains it."""
    for game, part in own.groupby("game", sort=False):
        whole = part[part["metric"] == WHOLE]
        if whole.empty:
            continue
        pair = str(whole["agent"].iloc[int(whole["value"].to_numpy().argmax())])
        by = _by_metric(part[part["agent"] == pair])
        parts = {
            "the entropy weight": "inference_regulariser",
            "temperature": "inference_calibration",
            "softness of play": "inference_softness",
            "what value feels": "inference_relevant",
        }
        shares = [
            f"{name} {number(by[metric]['value'] / by[WHOLE]['value'], decimals=2)}"
            for name, metric in parts.items()
            if metric in by and by[WHOLE]["value"]
        ]
        yield (
            f"{game}: the model that is furthest off, {pair}, ends {_words(by['inference_tv'])} in total variation and "
            f"{_words(by[WHOLE])} nats from the true target policy (KL(true‖model); "
            f"{_words(by['inference_kl_model_true'])} "
            f"the other way round), and prefers the same action in {_words(by['inference_agreement'])} of the "
            f"observations ({counted(int(by[WHOLE]['n']), 'seed')}). Shares of that divergence, of different ledgers: "
            f"{listed(shares)}."
        )
        if "inference_delta_q_relative" in by:
            yield (
                f"{game}: as the critic is fed, that model is wrong by {_words(by['inference_delta_q_direct'])} in "
                f"reward "
                f"units, {_words(by['inference_delta_q_relative'])} standard deviations of the value over observations."
            )


def _entropy(models: pd.DataFrame) -> Iterator[str]:
    """Yield the divergence under each entropy weight, pair by pair, where a game has several."""
    whole = models[models["metric"] == WHOLE]
    for (game, pair), part in whole.groupby(["game", "agent"], sort=False):
        if part["entropy_weight"].nunique() > 1:
            listed_ = [
                f"λ = {row['entropy_weight']:g}: {_words(row)}"
                for row in part.sort_values("entropy_weight").to_dict("records")
            ]
            yield f"{game}, {pair}: KL(true‖model) in nats at {'; '.join(listed_)}."


def _together(own: pd.DataFrame, differences: pd.DataFrame) -> Iterator[str]:
    """Yield whether the games in which inference costs reward are those in which models are further off."""
    if differences.empty:
        return
    whole = own[own["metric"] == WHOLE].groupby("game", sort=False)["value"].max()
    verdicts = {
        game: each
        for game, arms in responses(differences).items()
        for each in arms
        if each.row["algorithm"] in set(own.loc[own["game"] == game, "algorithm"])
    }
    ordered = [str(game) for game in whole.sort_values().index if game in verdicts]
    if len(ordered) < 2:
        return
    shown = [f"{game} {number(whole[game])} nats, {_response(verdicts[game])}" for game in ordered]
    harmed = [game for game in ordered if verdicts[game].verdict == LOWER]
    spared = [game for game in ordered if verdicts[game].verdict == EQUIVALENT]
    text = f"Divergence of the worst model and return with inferred policies, game by game: {'; '.join(shown)}."
    if any(ordered.index(a) < ordered.index(b) for a in harmed for b in spared):
        text += " So a small divergence can cost reward where a larger one costs none."
    elif not harmed or not spared:
        text += " That divergence and loss of reward go together, or do not, is not shown by these games."
    yield text


def _table(found: list[Finding]) -> Table:
    rows = tuple(
        (each.game, each.pair, each.claim, each.evidence, each.verdict, counted(int(each.n), "seed")) for each in found
    )
    header = ("game", "whose", "explanation", "evidence", "verdict", "n")
    return Table(
        name="inference-explanations",
        title="Why models are off and the reward is good",
        caption="Fitted models with the paper's entropy weight, at the end of training. H1 to H3 are supported where "
        "a cause "
        "accounts for more than half of the divergence and refuted where for less, decided by the 95% intervals of "
        "part "
        "and whole; H4 where the divergence on new observations exceeds that on the replay's; H5 where less than "
        "half is "
        "about value, and where the error in value is small; H6 where replacing the policies outright leaves the "
        "return "
        "equivalent, refuted where it lowers it. Else not shown. Each by itself, uncorrected.",
        header=header,
        rows=rows,
        numeric=frozenset({5}),
        data=pd.DataFrame(rows, columns=list(header)),
    )


def _by_metric(part: pd.DataFrame) -> dict[str, Ends]:
    return {str(row["metric"]): row for row in part.to_dict("records")}


def _has_ends(row: Ends) -> bool:
    return bool(pd.notna(row["low"]) and pd.notna(row["high"]))


def _words(row: Ends) -> str:
    return with_interval(row["value"], row["low"], row["high"]) if _has_ends(row) else number(row["value"])
