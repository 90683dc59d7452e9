"""Which equilibrium of a matrix game each run settled at, counted over seeds, exact for every seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.proportions import wilson
from nashlens.analysis.selection import selected_equilibrium
from nashlens.games import Game, NormalFormGame, Profile
from nashlens.reports.conventions import GameFacts
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.estimate_rows import estimate_row
from nashlens.reports.instruments.selection_chapter import NOWHERE, selection_chapter
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import strategies_of
from nashlens.reports.quantities import Quantity

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NEAR = 0.1  # total variation of each agent, on average, up to which a profile counts as settled at an equilibrium
FOUND = ["game", "algorithm", "outcome", "best"]

DISTANCE = Quantity(
    name="selection_distance",
    title="Distance to the nearest equilibrium",
    value_unit="total variation, mean over agents",
    definition="Total variation between the strategies of the last snapshot and the nearest Nash equilibrium, averaged "
    "over agents; 0 at an equilibrium.",
    higher_is_better=False,
    least=0.0,
)


class Selection:
    """Counts over seeds which equilibrium the last strategies are nearest to, where they are near one at all."""

    name = "selection"
    version = 1
    quantities = (DISTANCE,)

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield how far the last strategies are from the nearest equilibrium, where all equilibria are known."""
        known = _all_equilibria(game)
        if known is not None and isinstance(game, NormalFormGame) and not draws_together(run.policies()):
            _, distance = _nearest(run, game, known)
            yield row(DISTANCE.name, distance, step=run.snapshot_steps[-1], bound="exact", unit="snapshot", n=1)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return the share of seeds that settled at each equilibrium, one row an algorithm and equilibrium."""
        known = _all_equilibria(game)
        rows = []
        if known is not None and isinstance(game, NormalFormGame):
            outcomes = [*(_words(game, each.profile) for each in known.equilibria), NOWHERE]
            best = [each.welfare_rank == 1 for each in known.equilibria] + [False]
            for algorithm, each in runs.items():
                ends = [_outcome(run, game, known) for run in each if not draws_together(run.policies())]
                for k, outcome in enumerate(outcomes):
                    share = wilson(ends.count(k), len(ends), unit="seed", metric="share of seeds").at()
                    labels = {"game": label, "algorithm": algorithm, "outcome": outcome, "best": str(best[k])}
                    rows.append(estimate_row(share, higher_is_better=True if best[k] else None, **labels))
        frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=FOUND)
        return {"outcomes": frame}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return a table a game, algorithms by equilibria."""
        return selection_chapter({label: found["outcomes"] for label, found in comparisons.items()}, near=NEAR)


def _all_equilibria(game: Game) -> Equilibria | None:
    """Return the equilibria of a matrix game if the list is known to be whole."""
    if not isinstance(game, NormalFormGame) or game.n_agents != 2:
        return None
    found = find_equilibria(game)
    return found if found.is_complete and len(found) else None


def _nearest(run: TrainingRun, game: NormalFormGame, known: Equilibria) -> tuple[int, float]:
    last = Profile([strategy[-1] for strategy in strategies_of(run, game)])
    selected = selected_equilibrium(game, last, equilibria=known)
    return int(selected.index), float(selected.distance) / game.n_agents


def _outcome(run: TrainingRun, game: NormalFormGame, known: Equilibria) -> int:
    """Return the position of the equilibrium that a run settled at; one past the last if it settled at none."""
    index, distance = _nearest(run, game, known)
    return index if distance <= NEAR else len(known.equilibria)


def _words(game: NormalFormGame, profile: Profile) -> str:
    """Return the joint action of a pure profile, or the shares of a mixed one."""
    parts = []
    for names, strategy in zip(game.action_names, profile, strict=True):
        played = np.flatnonzero(strategy > 0)
        if len(played) == 1:
            parts.append(names[played[0]])
        else:
            parts.append(" + ".join(f"{strategy[a]:.2g} {names[a]}" for a in played))
    return f"({', '.join(parts)})"


INSTRUMENT = Selection()
