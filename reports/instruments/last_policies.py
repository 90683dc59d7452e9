"""The last policies of finished runs: what instruments that set runs beside one another ask of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nashlens.games import Game, JointPolicy
from nashlens.reports.instruments.run_games import check_game

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

SEPARATE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The last policies of all runs of one algorithm.

    Attributes
    ----------
    seeds : of the runs.
    policies : one joint policy a run.
    explored : whether evaluation samples actions.
    settings : of each side, as plain values.
    """

    seeds: tuple[int, ...]
    policies: tuple[JointPolicy, ...]
    explored: bool
    settings: Mapping[str, Any]

    def sharing_of(self, side: str) -> tuple[str, bool]:
        """Return the mode of sharing of one side, and whether its agents see their index."""
        sharing = self.settings[side].get("sharing") or {}
        return str(sharing.get("mode", SEPARATE)), bool(sharing.get("index", False))


def ends_of(runs: Sequence[TrainingRun], game: Game) -> Ends:
    """Return the last policies of the runs of one algorithm.

    Parameters
    ----------
    runs : finished, at least one.
    game : what they were trained on, made again.

    Raises
    ------
    ValueError : the game is not that of every run.
    """
    read = list(runs)
    for run in read:
        check_game(run, game)
    return Ends(
        seeds=tuple(run.seed for run in read),
        policies=tuple(run.policies() for run in read),
        explored=read[0].explored,
        settings=read[0].algorithm,
    )
