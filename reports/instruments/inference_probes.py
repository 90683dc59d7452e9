"""Where policies and models are compared: every situation of a small game with its weight, or sampled observations.

In matrix games, repeated games of few states and the handover game, all situations that an episode can meet are listed
with how often it meets them, so that means over them are exact. Elsewhere they are drawn from fresh episodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from nashlens.analysis.repeated_model import n_states, repeated_model
from nashlens.analysis.results import Array, Bound
from nashlens.games import Game, JointPolicy, NormalFormGame
from nashlens.games.core import IntArray
from nashlens.games.handover import Handover
from nashlens.games.repeated import RepeatedGame
from nashlens.reports.probes import can_be_probed, probed_episodes

N_PROBES = 128
N_EPISODES = 32
MOST_STATES = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probes:
    """Observations and their weights.

    Attributes
    ----------
    observations : one ``[P, O_i]`` an agent.
    weights : ``[P]``; they add to 1.
    exact : whether these are all situations, so that weighted means are exact.
    episodes : ``[P]``; of drawn observations the episode of each, by its number among those of the same policies; None
        where situations are listed.
    policies : ``[P]``; which of several joint policies each belongs to, from 0 on; None if all belong to one.
    """

    observations: tuple[Array, ...]
    weights: Array
    exact: bool
    episodes: IntArray | None = None
    policies: IntArray | None = None

    @property
    def joint(self) -> Array:
        """``[P, ΣO]``; the observations of all agents, one after the other."""
        return np.concatenate(self.observations, axis=1)

    @property
    def bound(self) -> Bound:
        """What means over these probes are."""
        return "exact" if self.exact else "estimate"

    @property
    def unit(self) -> str:
        """What is counted: situations, or observations that were drawn."""
        return "situation" if self.exact else "observation"

    def mean(self, values: Array) -> float:
        """Return the weighted mean of one number a probe; probes without weight do not count."""
        counted = self.weights > 0
        return float((self.weights[counted] * values[counted]).sum())

    def quantile(self, values: Array, share: float) -> float:
        """Return the least value that at least a share of the weight does not exceed; it may be infinite."""
        return float(np.quantile(values, share, weights=self.weights, method="inverted_cdf"))

    def spread(self, values: Array) -> float:
        """Return the weighted standard deviation of one number a probe."""
        centred = values - self.mean(values)
        return float(np.sqrt(max(self.mean(centred**2), 0.0)))


def can_be_compared(game: Game, policies: JointPolicy) -> bool:
    """Say whether models of the policies can be held against them: actions of one kind, and no masks."""
    alike = len({type(space) for space in game.spec.action_spaces}) == 1
    return alike and can_be_probed(game, policies) and not any(policy.memory_size for policy in policies)


def fresh_probes(game: Game, policies: JointPolicy, *, rng: np.random.Generator) -> Probes:
    """Return what agents see in episodes of their own policies.

    Parameters
    ----------
    game : what is played.
    policies : the joint policy; it samples its actions.
    rng : source of the draws, where there are any.

    Raises
    ------
    ValueError : the policies do not fit the game, or one has a memory.
    """
    if isinstance(game, NormalFormGame):
        seen = game.start(1, rng=rng).observations
        return Probes(observations=tuple(seen), weights=np.ones(1), exact=True)
    if isinstance(game, Handover):
        return Probes(observations=game.situations(), weights=game.visits(policies), exact=True)
    if isinstance(game, RepeatedGame) and n_states(game) <= MOST_STATES:
        return _of_repeated(game, policies)
    found = probed_episodes(game, policies, n_probes=N_PROBES, n_episodes=N_EPISODES, rng=rng)
    n_probes = len(found.episodes)
    weights = np.full(n_probes, 1 / n_probes)
    return Probes(observations=found.observations, weights=weights, exact=False, episodes=found.episodes)


def pooled(parts: list[Probes], shares: Array) -> Probes:
    """Return the situations of several policies in one, as in a buffer that all of them filled.

    Parameters
    ----------
    parts : probes of each policy.
    shares : how much each policy contributed; they need not add to 1.
    """
    weights = np.concatenate([share * part.weights for part, share in zip(parts, shares, strict=True)])
    joined = tuple(np.concatenate(each) for each in zip(*(part.observations for part in parts), strict=True))
    episodes = [part.episodes for part in parts if part.episodes is not None]
    return Probes(
        observations=joined,
        weights=weights / weights.sum(),
        exact=all(part.exact for part in parts),
        episodes=np.concatenate(episodes) if len(episodes) == len(parts) else None,
        policies=np.repeat(np.arange(len(parts)), [len(part.weights) for part in parts]),
    )


def _of_repeated(game: RepeatedGame, policies: JointPolicy) -> Probes:
    model = repeated_model(game)
    played = model.profile(policies)
    n_joint = prod(game.stage.n_actions)
    chances = np.ones((len(model.start), 1))
    for strategy in played:
        chances = (chances[:, :, None] * strategy[:, None, :]).reshape(len(model.start), -1)
    kernel = model.game.kernel.reshape(len(model.start), n_joint, -1)
    moves = np.einsum("sa,sat->st", chances, kernel)
    now, visits = model.start.copy(), np.zeros(len(model.start))
    for _ in range(game.rounds):
        visits += now
        now = now @ moves
    weights = visits[:-1] / visits[:-1].sum()
    return Probes(observations=model.observations, weights=weights, exact=True)
