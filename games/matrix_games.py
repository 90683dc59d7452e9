"""Named games of two agents, each with the facts that are known of it.

``<game>()`` makes a game and ``<game>_facts()`` says what is known of it, for the same arguments. Tables are written as
in textbooks: rows are the first agent's actions, columns the second's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from nashlens.games.arguments import real_number
from nashlens.games.known import COMMON_INTEREST, DERIVED, SYMMETRIC_2X2, Known, pure_profiles
from nashlens.games.normal_form import NormalFormGame, Profile


def _symmetric(
    table: Sequence[Sequence[float]], name: str, actions: tuple[str, ...], **parameters: Any
) -> NormalFormGame:
    mine = np.asarray(table, dtype=np.float64)
    return NormalFormGame([mine, mine.T], name=name, parameters=parameters, action_names=[actions] * 2)


def prisoners_dilemma() -> NormalFormGame:
    """Temptation 5, reward 3, punishment 1, sucker's payoff 0: to defect is better whatever the other does."""
    return _symmetric([[3, 0], [5, 1]], "prisoners_dilemma", ("cooperate", "defect"))


def prisoners_dilemma_facts() -> Known:
    """Both defect, the only equilibrium and a third of the best welfare."""
    return Known(
        equilibria=pure_profiles(2, (1, 1)),
        welfare=6.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"The price of anarchy is 3. {SYMMETRIC_2X2}",
    )


def stag_hunt() -> NormalFormGame:
    """Stag hunt: a stag is worth 4 each to two hunters and 0 to one; a hare is worth 3 whatever the other does."""
    return _symmetric([[4, 0], [3, 3]], "stag_hunt", ("stag", "hare"))


def stag_hunt_facts() -> Known:
    """Two pure equilibria, one better and one safer, and a mixed one."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 0), (1, 1)), Profile([[3 / 4, 1 / 4]] * 2)),
        welfare=8.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"Both stag is payoff-dominant, both hare is risk-dominant. {SYMMETRIC_2X2}",
    )


def chicken() -> NormalFormGame:
    """Both swerve 6 each; who dares gets 7 and the other 2; if both dare they get 0."""
    return _symmetric([[6, 2], [7, 0]], "chicken", ("swerve", "dare"))


def chicken_facts() -> Known:
    """One swerves and one dares, or both mix."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 1), (1, 0)), Profile([[2 / 3, 1 / 3]] * 2)),
        welfare=12.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"The best correlated equilibrium has welfare 10.5, more than any Nash equilibrium. {SYMMETRIC_2X2}",
    )


def battle_of_the_sexes() -> NormalFormGame:
    """Both want to meet; each prefers its own place, 2 to 1."""
    payoffs = [[[2, 0], [0, 1]], [[1, 0], [0, 2]]]
    return NormalFormGame(payoffs, name="battle_of_the_sexes", action_names=[("first", "second")] * 2)


def battle_of_the_sexes_facts() -> Known:
    """Both meetings, and a mixed equilibrium that is worse for both."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 0), (1, 1)), Profile([[2 / 3, 1 / 3], [1 / 3, 2 / 3]])),
        welfare=3.0,
        potentialness=1.0,
        source=DERIVED,
        notes="The mixed equilibrium pays 2/3 each, less than the worse place.",
    )


def climbing() -> NormalFormGame:
    """Climbing game: 11, 7 and 5 on the diagonal for both, and heavy penalties beside the 11."""
    team = [[11, -30, 0], [-30, 7, 6], [0, 0, 5]]
    return NormalFormGame([team, team], name="climbing", action_names=[("first", "second", "third")] * 2)


def climbing_facts() -> Known:
    """Both agents at 11, both at 7, and a mixed equilibrium."""
    return Known(
        equilibria=(*pure_profiles(3, (0, 0), (1, 1)), Profile([[5 / 16, 0, 11 / 16]] * 2)),
        welfare=22.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"NashConv is 0 at payoff 7 although 11 is possible. {COMMON_INTEREST}",
    )


def penalty(k: float = -100.0) -> NormalFormGame:
    """Two best joint actions at opposite corners, and the penalty `k` for taking one half of each.

    Raises
    ------
    ValueError : `k` is above 0, or no finite number.
    """
    k = real_number(k, "k", high=0.0)
    return _symmetric([[10, 0, k], [0, 2, 0], [k, 0, 10]], "penalty", ("first", "middle", "last"), k=k)


def penalty_facts(k: float = -100.0) -> Known:
    """Three pure and two mixed equilibria, and two more mixed ones where the penalty is below 10 in size."""
    sixth, half = (1 / 6, 5 / 6), (1 / 2, 0, 1 / 2)
    equilibria = [
        *pure_profiles(3, (0, 0), (1, 1), (2, 2)),
        Profile([[*sixth, 0]] * 2),
        Profile([[0, *reversed(sixth)]] * 2),
    ]
    if k > -10:
        all_three = (2 / (14 + k), (10 + k) / (14 + k), 2 / (14 + k))
        equilibria += [Profile([half] * 2), Profile([all_three] * 2)]
    elif k == -10:
        equilibria += [Profile([half] * 2)]
    return Known(
        equilibria=tuple(equilibria),
        complete=k != -10,
        which="all" if k != -10 else "all symmetric ones",
        welfare=20.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"At k = -10 the game is degenerate. {COMMON_INTEREST}",
    )


def anti_coordination() -> NormalFormGame:
    """Anti-coordination: both get 1 if their actions differ, else 0."""
    return _symmetric([[0, 1], [1, 0]], "anti_coordination", ("0", "1"))


def anti_coordination_facts() -> Known:
    """Both ways to differ, and the even mixture, which is the best that one shared policy can do."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 1), (1, 0)), Profile.uniform(2, 2)),
        welfare=2.0,
        potentialness=1.0,
        source=DERIVED,
        notes=f"The even mixture has NashConv 0 and half the best welfare. {COMMON_INTEREST}",
    )


def matching_pennies() -> NormalFormGame:
    """Pennies: if they match, the second agent pays the first 1; if they differ, the first pays the second.

    >>> matching_pennies().is_constant_sum()
    True
    """
    wins = np.array([[1, -1], [-1, 1]])
    return NormalFormGame([wins, -wins], name="matching_pennies", action_names=[("heads", "tails")] * 2)


def matching_pennies_facts() -> Known:
    """Both mix evenly; the value is 0."""
    return Known(
        equilibria=(Profile.uniform(2, 2),),
        welfare=0.0,
        potentialness=0.0,
        source=DERIVED,
        notes="Zero-sum, value 0; NashConv at (p, q) is |2p - 1| + |2q - 1|.",
    )


def rock_paper_scissors() -> NormalFormGame:
    """Rock beats scissors, scissors paper, paper rock; a win is worth 1 and a loss -1."""
    wins = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    names = [("rock", "paper", "scissors")] * 2
    return NormalFormGame([wins, -wins], name="rock_paper_scissors", action_names=names)


def rock_paper_scissors_facts() -> Known:
    """Both mix evenly; the value is 0."""
    return Known(
        equilibria=(Profile.uniform(3, 3),),
        welfare=0.0,
        potentialness=0.0,
        source=DERIVED,
        notes="Zero-sum, value 0.",
    )


def shapley() -> NormalFormGame:
    """Shapley's game: the first agent wins 1 on equal actions, the second on its next one; else nobody does."""
    payoffs = [np.eye(3), np.roll(np.eye(3), 1, axis=1)]
    return NormalFormGame(payoffs, name="shapley", action_names=[("first", "second", "third")] * 2)


def shapley_facts() -> Known:
    """Both mix evenly, a third each."""
    return Known(
        equilibria=(Profile.uniform(3, 3),),
        welfare=1.0,
        potentialness=(sqrt(3) - 1) / 2,
        source=DERIVED,
        notes="Learning by best replies to the past cycles through the six joint actions that pay.",
    )
