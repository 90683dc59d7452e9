"""The first lines of a report: what came out, in numbers that carry their interval."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import LEVEL, MIN_SEEDS, final_estimates
from nashlens.reports.frames import lost_cells
from nashlens.reports.quantities import quantity
from nashlens.reports.words import NO_VALUE, counted, listed, with_interval

EXACT = ("nash_conv", "nash_conv_average", "cce_gap")
BY_PREFERENCE = ("expected_payoff", "final_return", "evaluation_return", "training_return")
SHARES = ("success",)


def headlines(frame: pd.DataFrame, facts: Mapping[str, GameFacts], runs: pd.DataFrame) -> tuple[str, ...]:
    """Return one line a game, and one on what is missing.

    Parameters
    ----------
    frame : tidy, agents merged.
    facts : of every game, by label.
    runs : as `frames.inventory` returns them.
    """
    lost = lost_cells(runs, frame)
    named = {*frame["game"].unique(), *lost["game"]}
    lines = [
        _game_line(frame[frame["game"] == game], facts[str(game)], lost[lost["game"] == game])
        for game in runs["game"].unique()
        if game in named
    ]
    states = runs["state"].value_counts()
    done, failed = int(states.get("done", 0)), int(states.get("failed", 0))
    lines.append(f"{done} of {counted(len(runs), 'run')} done, {failed} failed, {len(runs) - done - failed} not run.")
    return tuple(lines)


def _game_line(frame: pd.DataFrame, facts: GameFacts, lost: pd.DataFrame) -> str:
    metrics = set(frame["metric"])
    chosen = [name for name in EXACT if name in metrics]
    if EXACT[0] not in metrics:
        chosen += [name for name in BY_PREFERENCE if name in metrics][:1]
    chosen += [name for name in SHARES if name in metrics]
    estimates = final_estimates(frame, chosen)
    gone = [f"{row['algorithm']} {NO_VALUE}: {row['reason']}" for row in lost.to_dict("records")]
    said = []
    for metric in chosen:
        rows = estimates[estimates["metric"] == metric]
        several = rows["agent"].nunique() > 1
        each = [
            f"{row['algorithm']}{' ' + str(row['agent']) if several else ''} "
            f"{with_interval(row['value'], row['low'], row['high'])}"
            for row in rows.to_dict("records")
        ]
        said.append(f"{quantity(metric).title}: {listed(each)}")
    if said:
        said[-1] += f" ({_basis(estimates)})"
    if gone:
        said.append(listed(gone))
    return f"{facts.label}. {'. '.join(said)}."


def _basis(estimates: pd.DataFrame) -> str:
    """Say on how many seeds the numbers of a line rest, and what stands in brackets where anything does."""
    counts = sorted({int(k) for k in estimates["n"]})
    n = f"n = {listed([str(k) for k in counts])} seed{'' if counts == [1] else 's'}"
    shown = estimates["low"].notna() & estimates["high"].notna()
    if shown.all():
        return f"{n}; mean and {LEVEL:.0%} interval"
    few = f"fewer than {MIN_SEEDS} seeds have no interval" if (estimates["n"] < MIN_SEEDS).any() else "no interval"
    return f"{n}; mean, and {LEVEL:.0%} interval where one stands" if shown.any() else f"{n}; mean; {few}"
