"""Cooperative communication beside the MADDPG paper: its curves over ours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nashlens.reports import published
from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import alternative_of, interval_note, with_lines
from nashlens.reports.estimates import MIN_SEEDS, curves
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.quantities import quantity
from nashlens.reports.words import with_interval

EPISODES = "training episodes"
MOST_LINES = 6


def published_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return rewards and shares of cooperative communication over episodes, with the paper's curves beside them.

    Parameters
    ----------
    frame : tidy, agents merged.
    facts : of every game, by label.
    """
    panels: list[Panel] = []
    data, paragraphs = [], []
    for label in frame["game"].unique():
        about = facts[str(label)]
        if not published.is_comparable(about.name, about.parameters):
            continue
        theirs = {
            "training_return": published.return_curves(about.kinds, inferring=about.infers),
            "success": published.success_curves(about.kinds),
        }
        said = []
        for metric, curve in theirs.items():
            own = frame[(frame["game"] == label) & (frame["metric"] == metric)]
            if own.empty or curve.empty:
                continue
            drawn = _beside(curves(own, [metric]), curve, horizon=about.horizon, kind_of=about.kind_of)
            panels += _panels(own, drawn, name=f"published-{metric}-{label}", label=str(label), about=about)
            data.append(drawn.drop(columns="kind"))
            said.append(beside_words(drawn, metric=metric))
        if said:
            paragraphs.append(f"{label}. {' '.join(said)}")
    if not panels:
        return None
    together = pd.concat(data, ignore_index=True)
    ours = together[together["source"] == "measured"]
    return Figure(
        name="published-curves",
        title="Beside the published curves",
        caption="Returns in training are sums over both agents, as in the paper's figures. Published curves "
        f"({published.SOURCE}, figures 4, 6 and 7) were read off the paper's drawings and carry no interval; an update "
        f"of figure 7 is set at episode 1,024 + 4 times its number. {interval_note(ours)}",
        paragraphs=tuple(paragraphs),
        panels=tuple(panels),
        data=together.rename(columns={"step": "episode"}),
    )


def beside_words(drawn: pd.DataFrame, *, metric: str) -> str:
    """Say where measured and published curves end.

    Parameters
    ----------
    drawn : ``line, step, mean, low, high, source``, steps counted in episodes.
    metric : what is drawn.
    """
    ends = []
    for line, part in drawn.groupby("line", sort=False):
        last = part.sort_values("step").iloc[-1]
        interval = with_interval(last["mean"], last["low"], last["high"])
        ends.append(f"{line} {interval} at episode {int(last['step']):,}")
    return f"{quantity(metric).title} ends at: {'; '.join(ends)}."


def _beside(ours: pd.DataFrame, theirs: pd.DataFrame, *, horizon: int, kind_of: Mapping[str, str]) -> pd.DataFrame:
    """Return both as one frame with steps in episodes, which all have the same length."""
    kinds = ours["algorithm"].map(kind_of).fillna("")
    measured = with_lines(ours).assign(source="measured", step=ours["step"] / horizon, kind=kinds)
    first = ours.iloc[0]
    beside = theirs.assign(
        source="published",
        game=first["game"],
        algorithm=theirs["line"],
        metric=first["metric"],
        agent=first["agent"],
        low=np.nan,
        high=np.nan,
        n=0,
    )
    return pd.concat([measured, beside], ignore_index=True)


def _panels(own: pd.DataFrame, drawn: pd.DataFrame, *, name: str, label: str, about: GameFacts) -> list[Panel]:
    """Return one panel, or one a kind of learner where together they would be too many lines to tell apart."""
    if drawn["line"].nunique() <= MOST_LINES:
        return [_panel(own, drawn, name=name, label=label, about=about)]
    panels = []
    for kind, part in drawn.groupby("kind", sort=False):
        mine = own[own["algorithm"].map(about.kind_of) == kind]
        if len(mine):
            title = f"{label}, {kind}"
            panels.append(_panel(mine, part, name=f"{name}-{kind}", label=title, about=about))
    return panels


def _panel(own: pd.DataFrame, drawn: pd.DataFrame, *, name: str, label: str, about: GameFacts) -> Panel:
    metric = str(own["metric"].iloc[0])
    lines = [str(line) for line in drawn["line"].unique()]
    few = bool((drawn.loc[drawn["source"] == "measured", "n"] < MIN_SEEDS).any())
    seeds = with_lines(own).assign(step=own["step"] / about.horizon)
    title = quantity(metric).title
    return curve_panel(
        drawn,
        seeds if few else seeds.iloc[:0],
        name=name.replace(".", "_"),
        title=f"{label}: {title[:1].lower()}{title[1:]}",
        lines=lines,
        dashed=[str(line) for line in drawn.loc[drawn["source"] == "published", "line"].unique()],
        x_label=EPISODES,
        y_label=title,
        alternative=alternative_of(drawn, title=label, what=title, against=EPISODES),
        colours={line: k for k, line in enumerate(lines)},
        zero=metric == "success",
    )
