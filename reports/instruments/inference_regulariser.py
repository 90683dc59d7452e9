"""What the entropy weight of the fit explains, weight by weight: the ledger of the regulariser as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from nashlens.reports.instruments.inference_hypotheses import TINY, by_metric, in_words
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, number

WHOLE, PART, REST = "inference_kl_true_model", "inference_regulariser", "inference_residual"


def regulariser_table(models: pd.DataFrame) -> Table | None:
    """Return the divergence under each entropy weight, with the part that the weight explains; None without models.

    Parameters
    ----------
    models : final estimates of fitted models that are read as actions, with ``entropy_weight``.
    """
    rows, data = [], []
    for (game, pair, weight), part in models.groupby(["game", "agent", "entropy_weight"]):
        by = by_metric(part)
        if not {WHOLE, PART, REST} <= by.keys():
            continue
        own = [by[name] for name in (WHOLE, PART, REST)]
        labels = (str(game), str(pair), f"{weight:g}")
        rows.append((*labels, *(in_words(each) for each in own), _share(by), counted(int(own[0]["n"]), "seed")))
        data += [{**each, "entropy_weight": weight} for each in own]
    if not rows:
        return None
    return Table(
        name="inference-regulariser",
        title="What the entropy weight of the fit explains",
        caption="KL(true‖model) at the end of training, target networks of both, in nats, under each weight λ of the "
        "entropy in the models' loss. Explained: KL from the true policy of the distribution that minimises that loss "
        "exactly, which is what a perfect fit would leave; rest: what is beyond it, of either sign; they add to the "
        "whole for each seed. Means over seeds, Student's t. Where the whole is infinite there are no parts.",
        header=("game", "whose", "λ", "KL(true‖model)", "explained by λ", "rest", "share explained", "n"),
        rows=tuple(rows),
        numeric=frozenset({2, 3, 4, 5, 6, 7}),
        data=pd.DataFrame(data).drop(columns="values"),
    )


def _share(by: Mapping[str, Mapping[Any, Any]]) -> str:
    whole, part = float(by[WHOLE]["value"]), float(by[PART]["value"])
    if not whole or math.isinf(whole) or math.isnan(part):
        return "no value"
    return "below 0.000001" if 0 < part / whole < TINY else number(part / whole)
