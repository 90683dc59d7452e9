"""What is known of a game beforehand: its equilibria, its best welfare, how near it is to a potential game, and why."""

from __future__ import annotations

from dataclasses import dataclass

from nashlens.games.normal_form import Profile

COMMON_INTEREST = "All agents get the same, so that the common payoff is a potential."
SYMMETRIC_2X2 = "Every symmetric game of two agents with two actions has an exact potential."
DERIVED = "closed form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Facts about one named game.

    Attributes
    ----------
    equilibria : the Nash equilibria that are listed, in mixed strategies.
    complete : True if the game has no others.
    which : which equilibria are listed, in words.
    welfare : the social optimum, that is the highest sum of payoffs over joint actions.
    potentialness : share of the game's strategic part that is a potential game's, 0 to 1; None where no closed form is
        known. It is ``|u_P| / (|u_P| + |u_H|)`` with the payoffs' potential and harmonic parts.
    source : where payoffs and equilibria come from.
    notes : what else a reader should know.

    References
    ----------
    Candogan, Menache, Ozdaglar, Parrilo (2011), arXiv:1005.2405 (the decomposition);
    Bichler, Legacci, Mertikopoulos, Oberlechner, Pradelski (2025), arXiv:2503.16285 (potentialness).
    """

    equilibria: tuple[Profile, ...]
    welfare: float
    source: str
    complete: bool = True
    which: str = "all"
    potentialness: float | None = None
    notes: str = ""


def pure_profiles(n_actions: int, *joint_actions: tuple[int, ...]) -> tuple[Profile, ...]:
    """Return one pure profile for each joint action, every agent having `n_actions` actions."""
    return tuple(Profile.pure(actions, (n_actions,) * len(actions)) for actions in joint_actions)
