"""The tables of cross-play: gains and diversity of ensembles, pairings, robustness, self-play, and the meta-game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from nashlens.analysis.alpha_sweep import ALPHAS
from nashlens.reports.instruments.estimate_rows import estimates_as_table
from nashlens.reports.instruments.known_returns import CUT_NOTE
from nashlens.reports.instruments.meta_comparison import share_at
from nashlens.reports.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one frame becomes a table.

    Attributes
    ----------
    title, caption : of the table.
    labels : header of each column that tells rows apart, by the column's name.
    """

    title: str
    caption: str
    labels: Mapping[str, str]


WORDS = {
    "mean": "mean over held-out opponents",
    "worst_case": "worst case",
    "cvar": "mean of the worst quarter",
    "generalisation_gap": "training opponent less held-out",
    "trained_opponent": "against a trained opponent",
    "lost_to_trained": "training opponent less trained opponent",
    "self_play": "with training partners",
    "cross_play": "with strangers",
    "gap": "difference",
    "correlation": "difference as a share (joint-policy correlation)",
    "mixture_worst": "worst case, trained as an ensemble",
    "mean_single_worst": "worst case, mean of its members",
    "mixing_gain": "gain by mixing",
    "post_hoc_worst": "worst case, trained apart and mixed",
    "training_gain": "gain by training as an ensemble",
    "behavioural_rank": "members that differ in what they get, less one",
    "nash_weight": "weight in the equilibrium of most entropy",
    **{share_at(alpha): f"share under α-rank, α = {alpha:g}" for alpha in ALPHAS},
    "elo": "mean Elo rating",
    "cyclic_share": "cyclic share of the results",
    "uniform_nash_conv": "NashConv of meeting all equally often",
    "equilibrium_nash_conv": "NashConv of the equilibrium in the true game, at most",
}
EMPTY = {"n_empty": "empty cells"}
SHARED_NOTE = (
    "Where cells are played, all share their episodes: what these leave open is in intervals that are called “crossed”."
)
CHOICE_NOTE = "Opponents are taken as chosen: what their choice owes to the shared episodes is not in the intervals."
LAYOUTS = {
    "ensembles": Layout(
        title="What ensembles gain",
        caption=f"Means over seeds with 95% intervals (Student's t); returns of the side. {SHARED_NOTE} {CUT_NOTE} "
        "Worst cases are over the whole policies of all runs, last and halfway, with which none of the compared was "
        f"trained; chosen on half of the episodes, measured on the other. {CHOICE_NOTE} Policies “trained apart” are "
        "as many single runs as the ensemble has members. The rank counts members whose payoffs differ by more than "
        "noise; 0 means that all are alike, and its interval is over seeds alone.",
        labels={"game": "game", "side": "side", "algorithm": "ensemble", "against": "apart", "quantity": "quantity"}
        | EMPTY,
    ),
    "choices": Layout(
        title="An ensemble instead of a single policy",
        caption="Difference of what a side gets with an ensemble and with a single policy, against one kind of "
        "opponent from all other seeds, paired by seed and episode; 95% intervals (Student's t), unadjusted. "
        f"{SHARED_NOTE}",
        labels={
            "game": "game",
            "side": "side",
            "algorithm": "ensemble",
            "against": "instead of",
            "opponent": "opponents",
        },
    ),
    "sub_policies": Layout(
        title="Diversity of sub-policies",
        caption="How differently the sub-policies of one agent's ensemble act at the same observations, as a share of "
        "the largest distance: the mean distance of every two; 0 where all are alike. Mean over seeds with its 95% "
        "interval (Student's t); of each seed exact in matrix games, over probe observations elsewhere.",
        labels={"game": "game", "agent": "agent", "algorithm": "ensemble"},
    ),
    "pairings": Layout(
        title="Pairings",
        caption="What the sides get when policies of independent runs meet, and what the game counts in an episode; "
        "two policies of one run are left out. 95% bootstrap intervals over the runs of both sides (two-way) and, if "
        "cells are played, the episodes that all share (three-way): of five runs a side they cover .88 and .93, of ten "
        f".94 in simulations. {CUT_NOTE} Where a game has one side, a stranger joins a team of another run at each "
        "place in turn.",
        labels={"game": "game", "first": "first side brings", "second": "second side brings", "score": "score"},
    ),
    "robustness": Layout(
        title="Robustness",
        caption="Return of a side's runs against the whole policies of all other runs, last and halfway: mean, worst "
        "case and mean of the worst quarter (opponents ordered by half of the episodes and measured on the other: "
        "upper bounds in expectation), and what is lost from the training opponent. Against a trained opponent: the "
        "other side's agents learned against these policies for half of the run's own steps (in matrix games of two "
        "agents the best response is computed). Where one side's gain is the other's loss, this bounds from above what "
        "is left against the best response; in other games it is what is left against this one opponent. 95% intervals "
        f"over runs (Student's t), for these opponents. {SHARED_NOTE} {CHOICE_NOTE} Trained opponents are met in "
        f"episodes of each run's own. {CUT_NOTE}",
        labels={"game": "game", "side": "side", "algorithm": "algorithm", "quantity": "quantity"} | EMPTY,
    ),
    "self_play": Layout(
        title="Training partners and strangers",
        caption="What a side gets with those it was trained with and with those of the algorithm's other runs; 95% "
        f"jackknife intervals over runs. {SHARED_NOTE} {CUT_NOTE} Under a common reward the difference is the gap of "
        "zero-shot coordination. As a share it means nothing where returns are not all above 0, and is left out.",
        labels={"game": "game", "side": "side", "algorithm": "algorithm", "quantity": "quantity"} | EMPTY,
    ),
    "meta": Layout(
        title="The meta-game of runs",
        caption="Every two runs play a return match, each once on either side in the same worlds; the payoff is the "
        "share of matches won less that lost (in exact games the difference of returns over the largest). Solved as a "
        "symmetric zero-sum game: equilibrium of most entropy, α-rank (populations of 50, at selection pressures α "
        "from 0.1 to 1,000), Elo. 95% percentile bootstrap intervals over runs, drawn anew within each algorithm, and "
        "the episodes that all pairs share: over runs alone they cover a mean in .86 at five and .92 at ten in "
        "simulations; weights of an equilibrium jump, and theirs show by how much. Episodes drawn anew are noisier, "
        "and noise is cyclic and can be exploited: intervals of the cyclic share and of NashConv reach too high.",
        labels={"game": "game", "algorithm": "algorithm", "quantity": "quantity"} | EMPTY,
    ),
}


def cross_play_tables(frames: Mapping[str, pd.DataFrame]) -> tuple[Table, ...]:
    """Return a table of every frame that has rows.

    Parameters
    ----------
    frames : of `cross_play`, and those of `cross_play_runs.run_frames`, each of all games.
    """
    given = {**frames, "robustness": pd.concat([frames["robustness"], frames["opponents"]], ignore_index=True)}
    return tuple(
        estimates_as_table(
            _worded(given[name]),
            name=f"cross-play-{name.replace('_', '-')}",
            title=layout.title,
            caption=layout.caption,
            labels=layout.labels,
        )
        for name, layout in LAYOUTS.items()
        if len(given[name])
    )


def _worded(frame: pd.DataFrame) -> pd.DataFrame:
    if "quantity" not in frame:
        return frame.assign(score=frame["score"].str.replace("_", " ")) if "score" in frame else frame
    return frame.assign(quantity=frame["quantity"].map(WORDS))
