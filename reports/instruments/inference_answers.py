"""What is said of fitted models at the end of training: how far off, why, and whether reward goes with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from nashlens.reports.instruments.dose_response_words import EQUIVALENT, LOWER, responses
from nashlens.reports.instruments.inference_figures import PAPERS_WEIGHT
from nashlens.reports.instruments.inference_hypotheses import WHOLE, Ends, by_metric, in_words, response_in_words
from nashlens.reports.instruments.inference_shift_words import whole_ledger_sentence
from nashlens.reports.words import counted, listed, number


def model_sentences(models: pd.DataFrame, differences: pd.DataFrame) -> Iterator[str]:
    """Yield what is said of the models that are furthest off in each game, of λ, and of divergence and return.

    Parameters
    ----------
    models : final estimates of fitted models that are read as actions, with ``entropy_weight``.
    differences : as `dose_response` returns them.
    """
    own = models[models["entropy_weight"] == PAPERS_WEIGHT]
    yield from worst_sentences(own)
    yield from entropy_sentences(models)
    yield from divergence_and_return(own, differences)


def worst_sentences(own: pd.DataFrame) -> Iterator[str]:
    """Yield, for the pair of each game whose model is furthest off, how far, and what explains it.

    Where the divergence is infinite total variation decides which that is, and the reason stands in place of the parts.
    """
    for game, part in own.groupby("game", sort=False):
        pair = worst_pair(part)
        if pair is None:
            continue
        by = by_metric(part[part["agent"] == pair])
        yield _how_far(str(game), pair, by)
        if line := whole_ledger_sentence(str(game), pair, by):
            yield line
        if "inference_kl_everywhere" in by:
            everywhere = in_words(by["inference_kl_everywhere"])
            yield f"{game}: over all situations alike, met or not, it is {everywhere} nats off."
        if "inference_delta_q_relative" in by:
            error, relative = (in_words(by[f"inference_delta_q_{name}"]) for name in ("direct", "relative"))
            yield (
                f"{game}: as the critic is fed, that model is wrong by {error} in reward units, {relative} standard "
                "deviations of the value over observations."
            )


def worst_pair(part: pd.DataFrame) -> str | None:
    """Return whose model of whom is furthest off, by divergence and, where several are infinite, by total variation."""
    wide = part.pivot_table(index="agent", columns="metric", values="value", sort=False)
    if WHOLE not in wide:
        return None
    return str(wide[wide[WHOLE].notna()].sort_values([WHOLE, "inference_tv"]).index[-1])


def _how_far(game: str, pair: str, by: Mapping[str, Ends]) -> str:
    """Say how far a model is from the policy: total variation first, then the divergence and its parts, or why none."""
    whole = by[WHOLE]
    tv, kl, back = (in_words(by[f"inference_{name}"]) for name in ("tv", "kl_true_model", "kl_model_true"))
    first = f"{game}: the model that is furthest off, {pair}, ends {tv} in total variation"
    if "inference_agreement" in by:
        alike = f"prefers the same action in {in_words(by['inference_agreement'])} of the observations"
    else:
        alike = f"misses its mean action by {in_words(by['inference_rmse'])}, root mean square, in action units"
    agrees = f"{alike} ({counted(int(whole['n']), 'seed')}){_over_probes(by)}."
    if math.isinf(whole["value"]):
        return f"{first} from the true target policy and {agrees} {_infinite(by, back)}"
    parts = {
        "the entropy weight": "inference_regulariser",
        "temperature": "inference_calibration",
        "softness of play": "inference_softness",
        "what value feels": "inference_relevant",
    }
    shares = [
        f"{name} {number(by[metric]['value'] / whole['value'], decimals=2)}"
        for name, metric in parts.items()
        if metric in by and whole["value"]
    ]
    told = f" Shares of that divergence, of different ledgers: {listed(shares)}." if shares else ""
    return (
        f"{first} and {kl} nats from the true target policy (KL(true‖model); {back} the other way round), and "
        f"{agrees}{told}"
    )


def _over_probes(by: Mapping[str, Ends]) -> str:
    """Say how unevenly the divergence lies over observations, where that was measured."""
    if "inference_kl_median" not in by:
        return ""
    median, high = (number(by[f"inference_kl_{name}"]["value"]) for name in ("median", "high"))
    return f"; over observations the divergence has the median {median} and the 90th percentile {high}"


def _infinite(by: Mapping[str, Ends], back: str) -> str:
    """Say why a divergence is infinite, where it is so, and what a floor makes of it."""
    values = [float(value) for value in by[WHOLE]["values"]]
    n_infinite = sum(math.isinf(value) for value in values)
    text = f"KL(true‖model) is infinite in {n_infinite} of {counted(len(values), 'seed')}"
    if "inference_infinite" in by:
        share = number(by["inference_infinite"]["value"])
        text += (
            f", because in a share of {share} of the observations (mean over seeds) the model rules out an action that "
            "the policy takes"
        )
    if "inference_kl_floored" in by:
        text += (
            f"; over a floor of 1e−8, which raises a share of {number(by['inference_clamped']['value'])} of the "
            f"model's probabilities, it is {in_words(by['inference_kl_floored'])} nats"
        )
    return f"{text} ({back} the other way round). An infinite divergence has no parts."


def entropy_sentences(models: pd.DataFrame) -> Iterator[str]:
    """Yield the divergence under each entropy weight, pair by pair, where a game has several."""
    whole = models[models["metric"] == WHOLE]
    for (game, pair), part in whole.groupby(["game", "agent"], sort=False):
        if part["entropy_weight"].nunique() > 1:
            listed_ = [
                f"λ = {row['entropy_weight']:g}: {in_words(row)}"
                for row in part.sort_values("entropy_weight").to_dict("records")
            ]
            yield f"{game}, {pair}: KL(true‖model) in nats at {'; '.join(listed_)}."


def divergence_and_return(own: pd.DataFrame, differences: pd.DataFrame) -> Iterator[str]:
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
    shown = [f"{game} {number(whole[game])} nats, {response_in_words(verdicts[game])}" for game in ordered]
    harmed = [game for game in ordered if verdicts[game].verdict == LOWER]
    spared = [game for game in ordered if verdicts[game].verdict == EQUIVALENT]
    text = f"Divergence of the worst model and return with inferred policies, game by game: {'; '.join(shown)}."
    if any(ordered.index(a) < ordered.index(b) for a in harmed for b in spared):
        text += " So a small divergence can cost reward where a larger one costs none."
    elif not harmed or not spared:
        text += " That divergence and loss of reward go together, or do not, is not shown by these games."
    yield text
