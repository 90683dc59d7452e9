"""How far inferred policies are from the true ones, over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nashlens.reports import published
from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import alternative_of, interval_note
from nashlens.reports.estimates import MIN_SEEDS, curves, final_estimates
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.words import number, with_interval

DRAWN = "kl_model_true_target_replay"
LAST_DRAWN = f"last_{DRAWN}"


def divergence_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return the divergence of inferred from true policies over training, one panel a game and pair of agents.

    Parameters
    ----------
    frame : tidy, agents merged.
    facts : of every game, by label.
    """
    panels, paragraphs, data = [], [], []
    for label, part in frame[frame["metric"] == DRAWN].groupby("game", sort=False):
        about = facts[str(label)]
        comparable = published.is_comparable(about.name, about.parameters)
        for pair in part["agent"].unique():
            own = part[part["agent"] == pair]
            ours = curves(own, [DRAWN]).assign(source="measured")
            drawn = ours.assign(line=ours["algorithm"])
            if comparable:
                drawn = pd.concat([drawn, _theirs(drawn, str(pair))], ignore_index=True)
            panels.append(_panel(own, drawn, label=str(label), pair=str(pair)))
            data.append(drawn)
        late = frame[(frame["game"] == label) & (frame["metric"] == LAST_DRAWN)]
        paragraphs.append(f"{label}. {divergence_words(late, comparable=comparable)}")
    if not panels:
        return None
    together = pd.concat(data, ignore_index=True)
    note = interval_note(together[together["source"] == "measured"])
    theirs = ""
    if (together["source"] == "published").any():
        theirs = (
            f" Dashed: {published.SOURCE}, figure 7, read off the paper's drawing and without interval, each of its "
            "updates set at environment step 25,600 + 100 times its number."
        )
    return Figure(
        name="divergence",
        title="Divergence of inferred from true policies",
        caption="Kullback–Leibler divergence, in nats, of what one agent believes of another from what the other does: "
        "target networks of both, averaged over the replay minibatch and over windows of updates. “a of b” is agent "
        f"a's model of agent b.{theirs} {note}",
        paragraphs=tuple(paragraphs),
        panels=tuple(panels),
        data=together,
    )


def divergence_words(late: pd.DataFrame, *, comparable: bool) -> str:
    """Say where the divergences ended, and what the paper's did.

    Parameters
    ----------
    late : tidy, the means over the last updates.
    comparable : whether the paper's numbers are of the same game.
    """
    rows = final_estimates(late).to_dict("records")
    theirs = published.last_divergences() if comparable else {}
    sentences = []
    for pair in dict.fromkeys(row["agent"] for row in rows):
        ends = [
            f"{row['algorithm']} {with_interval(row['value'], row['low'], row['high'])}"
            for row in rows
            if row["agent"] == pair
        ]
        beside = f"; published {number(theirs[pair])}" if pair in theirs else ""
        sentences.append(f"{pair}, mean over the last 500 updates: {'; '.join(ends)}{beside}.")
    return " ".join(sentences)


def _theirs(drawn: pd.DataFrame, pair: str) -> pd.DataFrame:
    curve = published.divergence_curves()
    curve = curve[curve["pair"] == pair].drop(columns=["pair", "kind"])
    first = drawn.iloc[0]
    return curve.assign(
        game=first["game"],
        algorithm=curve["line"],
        metric=DRAWN,
        agent=pair,
        low=np.nan,
        high=np.nan,
        n=0,
        source="published",
    )


def _panel(own: pd.DataFrame, drawn: pd.DataFrame, *, label: str, pair: str) -> Panel:
    lines = [str(line) for line in drawn["line"].unique()]
    few = bool((drawn.loc[drawn["source"] == "measured", "n"] < MIN_SEEDS).any())
    seeds = own.assign(line=own["algorithm"])
    title = f"{label}: {pair}"
    return curve_panel(
        drawn,
        seeds if few else seeds.iloc[:0],
        name=f"divergence-{label}-{pair}".replace(".", "_").replace(" ", "-"),
        title=title,
        lines=lines,
        dashed=[line for line in lines if line == published.LABEL],
        y_label="divergence (nats)",
        alternative=alternative_of(drawn, title=title, what="Divergence of inferred from true policies"),
        colours={line: k for k, line in enumerate(lines)},
        zero=True,
    )
