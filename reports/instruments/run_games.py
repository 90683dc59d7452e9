"""What instruments ask of a run and its game before they measure: that they belong together, and what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashlens.games import Game

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


def check_game(run: TrainingRun, game: Game) -> None:
    """Refuse a game that is not the run's: its policies would be asked at what they never saw.

    Raises
    ------
    ValueError : the names, the agents, what they see or what they can do differ.
    """
    for part in ("name", "agents", "sides", "observation_sizes", "action_spaces", "horizon"):
        expected, found = getattr(run.spec, part), getattr(game.spec, part)
        if expected != found:
            raise ValueError(f"game must be the one that was trained on: its {part} must be {expected}, not {found}")


def discount_of(run: TrainingRun) -> float:
    """Return the discount that the learners of a run share.

    Raises
    ------
    ValueError : the sides of the run discount differently.
    """
    found = sorted({float(settings["gamma"]) for settings in run.algorithm.values()})
    if len(found) != 1:
        raise ValueError(f"algorithm: the sides must discount alike, not by {found}")
    return found[0]
