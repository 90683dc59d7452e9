"""What each agent could gain by deviating alone where that is known: matrix games, game trees, quadratic games.

Elsewhere there is no exact number, and None stands for it. Policies are taken as they act: with their exploration.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.quadratic_game import QuadraticGame
from nashlens.analysis.random_quadratic_play import clipped_normal_moments, random_play_nash_conv
from nashlens.games import Game, NormalFormGame, Policy, Profile, SequentialGame
from nashlens.games.continuous_games import ContinuousGame
from nashlens.games.core import Array
from nashlens.games.network_policy import GaussianPolicy
from nashlens.games.tabular_policy import to_behaviour


def exact_gains(game: Game, policies: Sequence[Policy]) -> Array | None:
    """Return the exact deviation gains ``[N]`` of independent policies, or None where they are not known.

    Parameters
    ----------
    game : what is played.
    policies : one an agent, none of them central.

    Raises
    ------
    ValueError : the policies do not fit the game.
    """
    if isinstance(game, NormalFormGame):
        return nash_conv(game, Profile([each.probabilities(np.ones((1, 1)))[0] for each in policies])).gains
    if isinstance(game, SequentialGame):
        return nash_conv(game, to_behaviour(game, policies)).gains if game.has_perfect_recall else None
    if isinstance(game, ContinuousGame) and all(isinstance(each, GaussianPolicy) for each in policies):
        moments = [each.moments(np.ones((1, 1))) for each in policies]
        mean, std = (np.array([part[k][0, 0] for part in moments]) for k in range(2))
        first, second = clipped_normal_moments(mean, std, low=game.low, high=game.high)
        return random_play_nash_conv(quadratic(game), first, second).gains
    return None


def quadratic(game: ContinuousGame) -> QuadraticGame:
    """Return a game in real numbers as analysis knows it."""
    return QuadraticGame(linear=game.linear, quadratic=game.quadratic, low=game.low, high=game.high)
