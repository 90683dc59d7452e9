"""What a replay is worth as agents are added: one game at several numbers of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.drift_frames import algorithms_of
from nashlens.reports.instruments.seed_estimates import seed_estimate, seed_means
from nashlens.reports.verdicts import Statement, Verdict
from nashlens.reports.words import estimate_words, listed

SHARE = "rs_effective_share"


def agents_figure(merged: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return the effective share against the number of agents, one panel for each game that has several.

    Parameters
    ----------
    merged : tidy, agents averaged.
    facts : of every game by label.
    """
    return curve_figure(
        by_number(merged, facts),
        name="rs-agents",
        title="What a replay is worth as agents are added",
        about="Effective share of the replay at the end of training against the number of agents, over the suite's "
        "versions of one game: every agent learns, and every other one counts; 1 if their policies had not moved.",
        say=lambda part, _: [_fall(part, name) for name in algorithms_of(part)],
        zero=True,
        x_label="agents",
    )


def by_number(merged: pd.DataFrame, facts: Mapping[str, GameFacts]) -> list[pd.DataFrame]:
    """Return the shares of each game that is played by several numbers of agents, ``step`` their number.

    Parameters
    ----------
    merged : tidy, agents averaged.
    facts : of every game by label; versions of one game have one name.
    """
    shares = merged[merged["metric"] == SHARE]
    shares = shares[shares["game"].isin(list(facts))]
    if shares.empty:
        return []
    numbered = shares.assign(
        step=[len(facts[str(game)].agents) for game in shares["game"]],
        game=[facts[str(game)].name for game in shares["game"]],
    )
    parts = [part for _, part in numbered.groupby("game", sort=False)]
    return [part for part in parts if part["step"].nunique() > 1]


def share_per_agent(part: pd.DataFrame, algorithm: str) -> pd.Series:
    """Return by seed the factor by which one more agent multiplies the effective share.

    Parameters
    ----------
    part : tidy, of one game at several numbers of agents, which ``step`` tells.
    algorithm : label.

    Notes
    -----
    The exponential of the least-squares slope of the share's logarithm in the number of agents.
    """
    own = part[(part["algorithm"] == algorithm) & (part["value"] > 0)]
    found = {}
    for seed, rows in own.groupby("seed"):
        if rows["step"].nunique() > 1:
            counts, logs = (rows[name].to_numpy(dtype=np.float64) for name in ("step", "value"))
            found[seed] = float(np.exp(np.polyfit(counts, np.log(logs), 1)[0]))
    return pd.Series(found, dtype=np.float64)


def _fall(part: pd.DataFrame, algorithm: str) -> Statement:
    counts = sorted(int(n) for n in part.loc[part["algorithm"] == algorithm, "step"].unique())
    ends = [seed_means(part[part["step"] == n], SHARE, algorithm=algorithm) for n in (counts[0], counts[-1])]
    factor = share_per_agent(part, algorithm)

    def write(verdicts: Sequence[Verdict]) -> str:
        means = listed(
            [
                estimate_words(seed_estimate(seed_means(part[part["step"] == n], SHARE, algorithm=algorithm), least=0))
                for n in counts
            ]
        )
        said = f"Under {algorithm} the share is {means} with {listed([str(n) for n in counts])} agents"
        verdict = verdicts[0].word(up="it grows", down="it falls", neither="it is not shown to fall or to grow")
        if not verdicts[0].silent:
            said += f": {verdict} (last less first: {verdicts[0].evidence})"
        if len(factor):
            said += f"; one more agent multiplies it by {estimate_words(seed_estimate(factor, least=0))}"
        return said + "."

    return Statement(differences=(difference(ends[1], ends[0]),), write=write)
