"""Figures of inferred policies: the response of the return to each arm, and parts of the divergence over training."""

from __future__ import annotations

import pandas as pd

from nashlens.reports.curve_figures import alternative_of, interval_note
from nashlens.reports.estimates import MIN_SEEDS, curves
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.instruments.dose_response import MARGIN_SHARE
from nashlens.reports.instruments.dose_response_words import responses
from nashlens.reports.instruments.stand_ins import INFERRED
from nashlens.reports.interval_figures import interval_panel, marks_note
from nashlens.reports.words import number

MARKERS = ("o", "s", "D", "^", "v", "P")
TOTAL = "inference_kl_true_model"
RELEVANCE = "inference_relevance"
PARTS = {
    TOTAL: "whole",
    "inference_calibration": "repaired by temperature",
    "inference_softness": "softness of play",
    "inference_relevant": "about value",
    "inference_regulariser": "entropy weight",
}
PAPERS_WEIGHT = 0.001


def response_figure(finals: pd.DataFrame, differences: pd.DataFrame) -> Figure | None:
    """Return the difference of every arm from the true policies, one panel a game; None where there is none.

    Parameters
    ----------
    finals : estimates of the measures at the end, for the distance of each arm's stand-ins.
    differences : as `dose_response` returns them.
    """
    if differences.empty:
        return None
    panels, drawn = [], []
    for game, part in differences.groupby("game", sort=False):
        rows = part.assign(
            row=[f"{each} (TV {_distance(finals, str(game), str(each))})" for each in part["algorithm"]],
            kind=part["family"].str.replace("_", " "),
        )
        margin = float(part["margin"].iloc[0])
        lines = {} if pd.isna(margin) else {"margin": margin, "margin below": -margin}
        name = f"dose-response-{game}".replace(".", "_")
        label = "difference in return"
        panels.append(
            interval_panel(
                rows,
                name=name,
                title=str(game),
                x_label=label,
                references={"no difference": 0.0} | lines,
                markers=MARKERS,
            )
        )
        drawn.append(rows)
    counts = {game: [each.verdict for each in arms].count("lower") for game, arms in responses(differences).items()}
    said = tuple(
        f"{game}. {n} of {len(differences[differences['game'] == game])} arms are lower after Holm's correction."
        for game, n in counts.items()
    )
    return Figure(
        name="dose-response-returns",
        title="Return against what stands in for the others",
        caption="Difference in return from the arm with the true target policies, paired on shared seeds. "
        f"{marks_note(differences)} TV: total variation of the true target policy from what stands in for it (of "
        "actions from the replay, the mean of what filled it) at "
        f"the end, mean over pairs of agents and seeds. Margin: {MARGIN_SHARE:.0%} of what the true policies gain over "
        "untrained ones; equivalence needs the 90% interval within it.",
        paragraphs=said,
        panels=tuple(panels),
        data=pd.concat(drawn, ignore_index=True),
    )


def ledger_figure(frame: pd.DataFrame, returns: pd.DataFrame) -> Figure | None:
    """Return the parts of the divergence of fitted models over training, one panel a game and pair.

    Parameters
    ----------
    frame : tidy.
    returns : as `dose_response` returns them, to tell which arms fit models with the paper's entropy weight.
    """
    if returns.empty:
        return None
    arms = returns[(returns["family"] == INFERRED) & (returns["entropy_weight"] == PAPERS_WEIGHT)]
    panels: list[Panel] = []
    data, said = [], []
    for game, algorithm in arms[["game", "algorithm"]].itertuples(index=False):
        own = frame[(frame["game"] == game) & (frame["algorithm"] == algorithm) & frame["metric"].isin(PARTS)]
        for pair, part in own.groupby("agent", sort=False):
            curve = curves(part, list(PARTS)).assign(line=lambda each: each["metric"].map(PARTS))
            panels.append(_panel(curve, part, game=str(game), pair=str(pair)))
            data.append(curve)
            whole = curve[curve["metric"] == TOTAL].sort_values("step")["mean"]
            said.append(
                f"{game}, {pair}. KL(true‖model) is {number(whole.iloc[0])} nats before training, "
                f"{number(whole.max())} at most and {number(whole.iloc[-1])} at the end."
            )
    if not panels:
        return None
    together = pd.concat(data, ignore_index=True)
    return Figure(
        name="inference-parts",
        title="Parts of the divergence of inferred policies",
        caption="KL(true‖model), target networks of both, on observations of the current policies, and what single "
        "causes "
        "would explain of it: the best temperature at each probe, the softness of what is played, the least divergence "
        "that explains the error in value, the entropy weight of the fit. These are of different ledgers and do not "
        "add. " + interval_note(together),
        paragraphs=tuple(said),
        panels=tuple(panels),
        data=together,
    )


def relevance_figure(frame: pd.DataFrame, returns: pd.DataFrame) -> Figure | None:
    """Return the relevance ratio of fitted models over training, one panel a game and pair, one line a weight λ.

    Parameters
    ----------
    frame : tidy.
    returns : as `dose_response` returns them, to tell which arms fit models.
    """
    if returns.empty:
        return None
    arms = returns[returns["family"] == INFERRED][["game", "algorithm", "entropy_weight"]]
    own = frame[frame["metric"] == RELEVANCE].merge(arms, on=["game", "algorithm"])
    own = own.assign(line=[f"λ = {weight:g}" for weight in own["entropy_weight"]])
    panels: list[Panel] = []
    data, said = [], []
    for (game, pair), part in own.groupby(["game", "agent"], sort=False):
        names = dict(zip(part["algorithm"], part["line"], strict=True))
        curve = curves(part, [RELEVANCE])
        curve = curve.assign(line=curve["algorithm"].map(names))
        few = bool((curve["n"] < MIN_SEEDS).any())
        title = f"{game}: {pair}"
        lines = sorted({str(line) for line in curve["line"]}, key=lambda line: float(line.removeprefix("λ = ")))
        panels.append(
            curve_panel(
                curve,
                part if few else part.iloc[:0],
                name=f"inference-relevance-{game}-{pair}".replace(".", "_").replace(" ", "-"),
                title=title,
                lines=lines,
                y_label="relevance ratio",
                alternative=alternative_of(curve, title=title, what="Relevance ratio"),
                colours={line: k for k, line in enumerate(lines)},
                zero=True,
            )
        )
        data.append(curve)
        ends = [curve[curve["line"] == line].sort_values("step")["mean"].iloc[-1] for line in lines]
        words = "; ".join(f"{number(end)} at {line}" for end, line in zip(ends, lines, strict=True))
        said.append(f"{title}. At the end {words}.")
    if not panels:
        return None
    together = pd.concat(data, ignore_index=True)
    return Figure(
        name="inference-relevance",
        title="How much of what a divergence could do to value it does",
        caption="|ΔQ| / (sd Q · √(2 KL)), mean over situations: about 1 where the model is wrong in the direction in "
        "which value changes most, near 0 where value does not feel it. A diagnostic, no bound far from a perfect "
        "model; 0 where the divergence is infinite, left out where there is none. " + interval_note(together),
        paragraphs=tuple(said),
        panels=tuple(panels),
        data=together,
    )


def _panel(curve: pd.DataFrame, part: pd.DataFrame, *, game: str, pair: str) -> Panel:
    lines = [str(line) for line in curve["line"].unique()]
    few = bool((curve["n"] < MIN_SEEDS).any())
    seeds = part.assign(line=part["metric"].map(PARTS))
    title = f"{game}: {pair}"
    return curve_panel(
        curve,
        seeds if few else seeds.iloc[:0],
        name=f"inference-parts-{game}-{pair}".replace(".", "_").replace(" ", "-"),
        title=title,
        lines=lines,
        y_label="KL (nats)",
        alternative=alternative_of(curve, title=title, what="Parts of KL(true‖model)"),
        colours={line: k for k, line in enumerate(lines)},
        zero=True,
    )


def _distance(finals: pd.DataFrame, game: str, algorithm: str) -> str:
    if finals.empty:
        return "not measured"
    own = finals[(finals["game"] == game) & (finals["algorithm"] == algorithm) & (finals["metric"] == "inference_tv")]
    return number(float(own["value"].mean())) if len(own) else "not measured"
