"""Probe observations: what agents saw in episodes of a game, on which policies are then compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games import Game, JointPolicy
from nashlens.games.core import Array, IntArray
from nashlens.games.episodes import initial_memories
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import Policy, check_joint_policy, seen_by
from nashlens.games.randomness import Streams


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbedEpisodes:
    """P moments of episodes that ran side by side.

    Attributes
    ----------
    observations : one ``[P, O_i]`` an agent.
    episodes : ``[P]``; the place in which each was seen. Where a game ends before its horizon a place holds several
        episodes, one after the other, and is counted as one: moments of two places are independent.
    """

    observations: tuple[Array, ...]
    episodes: IntArray


def probe_observations(
    game: Game, policies: JointPolicy, *, n_probes: int, n_episodes: int, rng: np.random.Generator
) -> tuple[Array, ...]:
    """Return the observations of `probed_episodes`, one ``[P, O_i]`` an agent."""
    return probed_episodes(game, policies, n_probes=n_probes, n_episodes=n_episodes, rng=rng).observations


def probed_episodes(
    game: Game, policies: JointPolicy, *, n_probes: int, n_episodes: int, rng: np.random.Generator
) -> ProbedEpisodes:
    """Return observations from several episodes of one joint policy, with the episode of each.

    The episodes run side by side to the horizon of the game, an environment that ends earlier beginning anew; then
    moments are drawn without replacement, the same for all agents.

    Parameters
    ----------
    game : what is played; without action masks.
    policies : one an agent, without memory or an ensemble drawn once an episode; they sample their actions.
    n_probes : P, moments to draw; all there are if there are fewer.
    n_episodes : episodes side by side.
    rng : source of the game's, the policies' and the choice's draws.

    Raises
    ------
    ValueError : a count is below 1, the policies do not fit or have memory, or the game masks actions.
    """
    if n_probes < 1 or n_episodes < 1:
        raise ValueError(f"n_probes and n_episodes must be at least 1, not {n_probes} and {n_episodes}")
    joint = check_joint_policy(game.spec, policies, central=True)
    if not can_be_probed(game, joint):
        raise ValueError(f"policies without memory and games without masks can be probed, not {game.spec.name}")
    world, chance, choice = rng.spawn(3)
    batch = game.begin(Streams(world, n_episodes))
    memories = initial_memories(joint, n_episodes, rng=chance)
    seen: list[tuple[Array, ...]] = []
    for _ in range(game.spec.horizon):
        now = tuple(observations.copy() for observations in batch.observations)
        seen.append(now)
        batch.step(
            [
                policy.sample(seen_by(policy, i, now)[0], memory=memory, rng=chance)
                for i, (policy, memory) in enumerate(zip(joint, memories, strict=True))
            ]
        )
    moments = choice.permutation(len(seen) * n_episodes)[:n_probes]
    return ProbedEpisodes(
        observations=tuple(np.concatenate([now[i] for now in seen])[moments] for i in range(game.spec.n_agents)),
        episodes=moments % n_episodes,
    )


def can_be_probed(game: Game, policies: JointPolicy) -> bool:
    """Say whether policies can be asked at single observations: no masks, and no memory but an ensemble's."""
    return not game.spec.masked and not any(remembers(policy) for policy in policies)


def remembers(policy: Policy) -> bool:
    """Say whether a policy acts by what it saw before; an ensemble, drawn once an episode, does not."""
    return policy.memory_size > 0 and not isinstance(policy, MixturePolicy)
