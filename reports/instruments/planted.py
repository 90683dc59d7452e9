"""Controls of approximate exploitability: a profile with a hole that must be found, and an equilibrium without one.

The hole's size is exact in matrix games, game trees and quadratic games; for particle worlds see `world_holes`. An
instrument that misses it is blind; one that finds a gain at an equilibrium is deaf to its own noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.results import Bound
from nashlens.analysis.tree_best_response import tree_best_response
from nashlens.games import BehaviouralProfile, Game, JointPolicy, NormalFormGame, Profile, SequentialGame, catalog
from nashlens.games.continuous_games import ContinuousGame
from nashlens.games.core import Array, Box
from nashlens.games.network_policy import LOG_STD_RANGE, GaussianPolicy, Network
from nashlens.games.tabular_policy import average_strategy, to_policies
from nashlens.reports.instruments.exact_gains import exact_gains, quadratic

MAX_HISTORIES = 2_000
ITERATIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A profile of which it is known what one agent could gain.

    Attributes
    ----------
    policies : one an agent.
    agent : who deviates.
    gain : what it could gain, payoff units.
    bound : whether `gain` is exact, or an estimate from episodes.
    n : episodes behind an estimate, 1 for an exact number.
    error : standard error of an estimate, 0 of an exact number.
    """

    policies: JointPolicy
    agent: int
    gain: float
    bound: Bound
    n: int = 1
    error: float = 0.0


def planted_hole(game: Game) -> Planted | None:
    """Return a profile that one agent can exploit, with the exact gain, or None where none is known."""
    if isinstance(game, NormalFormGame):
        gains = np.stack([u.max(axis=i, keepdims=True) - u for i, u in enumerate(game.payoffs)])
        agent, *actions = (int(k) for k in np.unravel_index(gains.argmax(), gains.shape))
        policies = game.to_policies(Profile.pure(actions, game.n_actions))
        return _worth(Planted(policies=policies, agent=agent, gain=float(gains.max()), bound="exact"))
    if isinstance(game, SequentialGame) and game.has_perfect_recall:
        return _worth(_largest(game, to_policies(game, game.uniform_profile())))
    if isinstance(game, ContinuousGame):
        corner = tuple(fixed_number(game, i, low) for i, low in enumerate(game.low))
        return _worth(_largest(game, corner))
    return None


def planted_equilibrium(game: Game) -> Planted | None:
    """Return an equilibrium with what its first agent could still gain, about 0, or None where none is known.

    Catalogued ones of matrix games; of small two-agent constant-sum trees the average of fictitious play, which comes
    near one; of quadratic games the point where best replies meet.
    """
    if isinstance(game, NormalFormGame):
        known = catalog.known(game.spec.name, **game.spec.parameters)
        if known is None or not known.equilibria:
            return None
        return _of(game, game.to_policies(known.equilibria[0]), agent=0)
    if isinstance(game, SequentialGame):
        small = len(game.tree.returns) <= MAX_HISTORIES and game.n_agents == 2
        if not (small and game.has_perfect_recall and game.is_constant_sum()):
            return None
        return _of(game, to_policies(game, _fictitious_play(game)), agent=0)
    if isinstance(game, ContinuousGame):
        place = _meeting_point(game)
        if place is None:
            return None
        return _of(game, tuple(fixed_number(game, i, each) for i, each in enumerate(place)), agent=0)
    return None


def fixed_number(game: ContinuousGame, agent: int, value: float) -> GaussianPolicy:
    """Return a policy that plays about one number: a normal draw of the least width that learners may have."""
    space, size = game.spec.action_spaces[agent], game.spec.observation_sizes[agent]
    assert isinstance(space, Box)
    low, high = space.low[0], space.high[0]
    share = np.clip((value - (low + high) / 2) / ((high - low) / 2), -1 + 1e-6, 1 - 1e-6)
    bias = np.array([float(np.arctanh(share)), LOG_STD_RANGE[0]])
    return GaussianPolicy(
        Network(weights=(np.zeros((size, 2)),), biases=(bias,)), action_space=space, observation_size=size
    )


def _of(game: Game, policies: JointPolicy, *, agent: int) -> Planted | None:
    gains = exact_gains(game, policies)
    return None if gains is None else Planted(policies=policies, agent=agent, gain=float(gains[agent]), bound="exact")


def _largest(game: Game, policies: JointPolicy) -> Planted | None:
    gains = exact_gains(game, policies)
    return None if gains is None else _of(game, policies, agent=int(gains.argmax()))


def _worth(hole: Planted | None) -> Planted | None:
    return hole if hole is not None and hole.gain > 0 else None


def _fictitious_play(game: SequentialGame) -> BehaviouralProfile:
    """Return each agent's average of its best responses to the other's average so far."""
    played = [game.uniform_profile()]
    for _ in range(ITERATIONS):
        best = tree_best_response(game, _average(game, played)).actions
        played.append(BehaviouralProfile([each / each.sum(axis=-1, keepdims=True) for each in best]))
    return _average(game, played)


def _average(game: SequentialGame, played: list[BehaviouralProfile]) -> BehaviouralProfile:
    weights = np.full(len(played), 1 / len(played))
    means = [
        average_strategy(game.tree, i, np.stack([p[i] for p in played]), weights=weights) for i in range(game.n_agents)
    ]
    return BehaviouralProfile([mean / mean.sum(axis=-1, keepdims=True) for mean in means])


def _meeting_point(game: ContinuousGame) -> Array | None:
    """Return where best replies meet, by moving half of the way to them, or None if they do not."""
    known = quadratic(game)
    place: Array = (game.low + game.high) / 2
    for _ in range(ITERATIONS):
        if float(known.deviation_gains(place).max()) <= 1e-12:
            return place
        place = (place + known.best_replies(place)) / 2
    return None
