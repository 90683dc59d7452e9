"""The instrument of non-stationarity: what an agent's world does while the others learn.

Exact in matrix, repeated and sequential games; estimates with noise floors at probe states in particle worlds; both
from the stored run alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from nashlens.analysis.repeated_model import repeated_model
from nashlens.games import Game, NormalFormGame, SequentialGame
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.repeated import RepeatedGame
from nashlens.reports.conventions import GameFacts
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.nonstationarity_chapter import nonstationarity_chapter
from nashlens.reports.instruments.nonstationarity_exact import matrix_rows, repeated_rows, tree_rows
from nashlens.reports.instruments.nonstationarity_quantities import LEFT_OUT, QUANTITIES
from nashlens.reports.instruments.nonstationarity_worlds import outcome_rows
from nashlens.reports.instruments.policy_movement import probed_policy_rows
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.target_movement import target_rows
from nashlens.reports.instruments.value_movement import episode_value_rows
from nashlens.reports.measure_rows import Row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


class Nonstationarity:
    """Drift of each agent's world, the control, whose learning changed its value, and what critics follow.

    Attributes
    ----------
    name, version, quantities : as in `Instrument`.
    keeps_agents : True: shares are told by agent, and means over agents count every one.
    """

    name = "nonstationarity"
    version = 2
    keeps_agents = True
    quantities = QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield the numbers of one run; why there are none, where the instrument does not apply.

        It applies neither to agents that draw together or that remember, nor in games that are neither tabular, nor
        trees with perfect recall, nor particle worlds.

        Parameters
        ----------
        run : as stored.
        game : the run's game, made again.

        Raises
        ------
        ValueError : the game is not the run's, or a repeated game is too large.
        """
        check_game(run, game)
        if reason := reason_to_leave_out(run, game):
            yield from LEFT_OUT.rows(run, reason)
        elif isinstance(game, NormalFormGame):
            yield from matrix_rows(run, game)
        elif isinstance(game, SequentialGame):
            yield from tree_rows(run, game)
            yield from target_rows(run, game)
        elif isinstance(game, RepeatedGame):
            yield from repeated_rows(run, repeated_model(game))
            yield from target_rows(run, game)
        elif isinstance(game, ParticleWorld):
            yield from outcome_rows(run, game)
            yield from probed_policy_rows(run, game)
            yield from episode_value_rows(run, game)
            yield from target_rows(run, game)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return no frame: everything is measured of one run at a time."""
        return {}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return what came out, in answers, figures and tables."""
        return nonstationarity_chapter(frame, facts)


def reason_to_leave_out(run: TrainingRun, game: Game) -> str:
    """Return why drift in a run cannot be measured, as a key of `LEFT_OUT`; empty where it can."""
    policies = run.policies()
    if draws_together(policies):
        return "together"
    if isinstance(game, NormalFormGame):
        return ""  # of one round: nothing is remembered, and all see the same
    if isinstance(game, SequentialGame):
        central = any(policy.central for policy in policies)
        return "" if game.has_perfect_recall and not central else "central" if central else "forgets"
    if not isinstance(game, RepeatedGame | ParticleWorld):
        return "untold"
    if any(policy.memory_size for policy in policies):
        return "memory"
    return "central" if isinstance(game, RepeatedGame) and any(policy.central for policy in policies) else ""


INSTRUMENT = Nonstationarity()
