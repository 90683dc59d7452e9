"""The first lines of a report: what came out, in numbers that carry their interval."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import final_estimates
from nashlens.reports.quantities import quantity
from nashlens.reports.words import counted, listed, with_interval

EXACT = ("nash_conv", "nash_conv_average")
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
    lines = [_game_line(frame[frame["game"] == game], facts[str(game)]) for game in frame["game"].unique()]
    states = runs["state"].value_counts()
    done, failed = int(states.get("done", 0)), int(states.get("failed", 0))
    lines.append(f"{done} of {counted(len(runs), 'run')} done, {failed} failed, {len(runs) - done - failed} not run.")
    return tuple(lines)


def _game_line(frame: pd.DataFrame, facts: GameFacts) -> str:
    present = [name for name in (*EXACT, *BY_PREFERENCE) if (frame["metric"] == name).any()]
    chosen = present[: len(EXACT)] if EXACT[0] in present else present[:1]
    chosen += [name for name in SHARES if (frame["metric"] == name).any()]
    estimates = final_estimates(frame, chosen)
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
    n = listed([str(k) for k in sorted({int(k) for k in estimates["n"]})])
    return f"{facts.label}. {'. '.join(said)} (n = {n} seeds; mean and 95% interval)."
