"""Whether agents need to differ: diversity, swapping, cloning, and what it costs to share one policy.

Four questions that are easily taken for one. Do agents act differently (System Neural Diversity)? Does it matter who
stands where (swapping)? Do they gain by being different (cloning)? And what does sharing cost, in training as it went
and, where it is known exactly, for any shared policy without memory (the homogeneity gap)? NashConv answers none of
them: in a symmetric team game the best shared strategy is an equilibrium, however much it loses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.analysis.homogeneity_gap import homogeneity_gap
from nashlens.analysis.results import Estimate
from nashlens.games import Game, NormalFormGame
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.behavioural_diversity import diversity_rows
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.critic_deviation import critic_gain_rows
from nashlens.reports.instruments.estimate_rows import estimate_row
from nashlens.reports.instruments.homogeneity_chapter import homogeneity_chapter
from nashlens.reports.instruments.homogeneity_comparison import anchor_rows, sharing_rows
from nashlens.reports.instruments.homogeneity_quantities import QUANTITIES
from nashlens.reports.instruments.roles import roles
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.shared_gradients import conflict_rows
from nashlens.reports.measure_rows import EVERYONE, Row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


class Homogeneity:
    """Compares runs whose agents share parameters with runs whose agents do not."""

    name = "homogeneity"
    version = 4
    quantities = QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield the diversity of each role's last policies, the conflict of its shared gradients, and gains by critics.

        Parameters
        ----------
        run : as stored.
        game : the run's game, made again.

        Raises
        ------
        ValueError : the game is not the run's.
        """
        check_game(run, game)
        found = roles(game)
        for role in found:
            label = EVERYONE if len(found) == 1 else role.label
            yield from diversity_rows(run, game, role, label=label)
            yield from conflict_rows(run, game, role, label=label)
        if found and isinstance(game, NormalFormGame):
            yield from critic_gain_rows(run, game)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return common returns, differences, losses and NashConv (``sharing``), random play and exact values.

        Frames
        ------
        ``sharing`` : one row a role, algorithm and quantity; see `homogeneity_comparison`.
        ``anchors`` : the return of random play, the exact best joint return, and that of the best shared policy.

        Raises
        ------
        ValueError : the game is not that of every run.
        """
        anchors = anchor_rows(runs, game, label=label)
        exact = pd.DataFrame(list(_exact_rows(game, label=label)), columns=list(anchors.columns))
        whole = [frame for frame in (anchors, exact) if len(frame)]
        return {
            "sharing": sharing_rows(runs, game, label=label),
            "anchors": pd.concat(whole, ignore_index=True) if whole else anchors,
        }

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return when sharing was enough, one table and one figure."""
        return homogeneity_chapter(frame, comparisons)


def _exact_rows(game: Game, *, label: str) -> Iterator[dict[str, object]]:
    if not isinstance(game, NormalFormGame) or len(set(game.n_actions)) != 1:
        return
    for role in roles(game):
        if len(role.members) < game.n_agents:
            continue
        gap = homogeneity_gap(game)
        shared = "exact" if gap.bound == "exact" else "lower"
        for quantity, value, bound in (
            ("best_return", gap.heterogeneous, "exact"),
            ("best_shared_return", gap.homogeneous, shared),
        ):
            exact = Estimate(
                value=value,
                low=np.nan,
                high=np.nan,
                level=np.nan,
                method="computed",
                n=1,
                unit="game",
                bound="exact" if bound == "exact" else "lower",
                higher_is_better=True,
            )
            yield estimate_row(exact, game=label, role=role.label, quantity=quantity)


INSTRUMENT = Homogeneity()
