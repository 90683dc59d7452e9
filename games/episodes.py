"""Playing policies in a game: whole episodes, their returns and what the game measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nashlens.games.arguments import whole_number
from nashlens.games.core import Array, Game, IntArray
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import Policy, check_joint_policy, seen_by
from nashlens.games.randomness import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """M episodes of one joint policy.

    Attributes
    ----------
    returns : ``[M, N]``; undiscounted sum of each agent's rewards.
    lengths : ``[M]``; steps.
    measures : what the game measured, averaged over an episode's steps, each ``[M]`` or ``[M, N]``.
    last_measures : the same at each episode's last step.
    """

    returns: Array
    lengths: IntArray
    measures: Mapping[str, Array]
    last_measures: Mapping[str, Array] = field(default_factory=dict)


def play(
    game: Game, policies: Sequence[Policy], *, n_episodes: int, explore: bool = True, rng: np.random.Generator
) -> Episodes:
    """Play episodes and return what they gave.

    All episodes run side by side, one an environment, so that none is favoured for ending early.

    Parameters
    ----------
    game : the game.
    policies : one an agent.
    n_episodes : M, at least 1.
    explore : True to sample actions, False for the action without exploration noise.
    rng : the source of the games' and the policies' draws.

    Raises
    ------
    ValueError : the policies do not fit the game, `n_episodes` is no whole number of at least 1, or an episode goes on
        after the game's horizon.
    """
    joint = check_joint_policy(game.spec, policies, central=True)
    n_episodes = whole_number(n_episodes, "n_episodes", low=1)
    world, chance = rng.spawn(2)
    batch = game.begin(Streams(world, n_episodes))
    memories = initial_memories(joint, n_episodes, rng=chance)
    returns_MN = np.zeros((n_episodes, game.spec.n_agents))
    lengths_M = np.zeros(n_episodes, dtype=np.int64)
    totals: dict[str, Array] = {}
    lasts: dict[str, Array] = {}
    running = np.ones(n_episodes, dtype=np.bool_)
    for _ in range(game.spec.horizon):
        actions = []
        for i, policy in enumerate(joint):
            seen, masks = seen_by(policy, i, batch.observations, batch.masks)
            memories[i] = policy.next_memory(seen, memories[i])
            if explore:
                actions.append(policy.sample(seen, masks=masks, memory=memories[i], rng=chance))
            else:
                actions.append(policy.mode(seen, masks=masks, memory=memories[i]))
        step = batch.step(actions)
        returns_MN += step.rewards * running[:, None]
        lengths_M += running
        for name, value in step.measures.items():
            now = running if value.ndim == 1 else running[:, None]
            counted = np.where(now, value, 0.0)
            totals[name] = totals[name] + counted if name in totals else counted
            lasts[name] = np.where(now, value, lasts.get(name, 0.0))
        running &= ~step.ended
        if not running.any():
            break
    if running.any():
        raise ValueError(f"game must end within its horizon; {game.spec.name} goes on after {game.spec.horizon} steps")
    measures = {name: (total.T / lengths_M).T for name, total in totals.items()}
    return Episodes(returns=returns_MN, lengths=lengths_M, measures=measures, last_measures=lasts)


def initial_memories(policies: Sequence[Policy], n_episodes: int, *, rng: np.random.Generator) -> list[Array]:
    """Return every agent's first memory; equally weighted mixtures of one group begin with the same index."""
    shared: dict[tuple[str, bytes], Array] = {}
    memories = []
    for policy in policies:
        if isinstance(policy, MixturePolicy) and policy.group is not None:
            key = (policy.group, policy.weights.tobytes())
            if key not in shared:
                shared[key] = policy.initial_memory(n_episodes, rng=rng)
            memories.append(shared[key].copy())
        else:
            memories.append(policy.initial_memory(n_episodes, rng=rng))
    return memories
