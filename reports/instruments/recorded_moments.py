"""Whole episodes of fixed policies, moment by moment: what was seen, done and paid, and where play could go on from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.games import Game, JointPolicy
from nashlens.games.core import Array
from nashlens.games.randomness import Streams

State = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """T moments of each of M episodes.

    Attributes
    ----------
    observations, actions : of each agent ``[M, T, O_i]`` and ``[M, T, A_i]``.
    rewards : ``[M, T, N]``; 0 behind the end of an episode.
    running : ``[M, T]``; whether the episode still went on.
    states : one a moment: what `Batch.restore` takes, all M episodes together.
    """

    observations: tuple[Array, ...]
    actions: tuple[Array, ...]
    rewards: Array
    running: npt.NDArray[np.bool_]
    states: tuple[State, ...]

    def joint(self, which: tuple[Array, ...]) -> Array:
        """Return the joint vectors ``[M · T, Σ]`` of observations or actions."""
        return np.concatenate([part.reshape(-1, part.shape[-1]) for part in which], axis=1)

    def returns_to_go(self, agent: int, *, gamma: float) -> Array:
        """Return ``[M, T]``: the discounted sum of an agent's rewards from each moment to the end of the episode."""
        rewards = self.rewards[:, :, agent]
        found = np.zeros_like(rewards)
        later = np.zeros(len(rewards))
        for t in range(rewards.shape[1] - 1, -1, -1):
            later = rewards[:, t] + gamma * later
            found[:, t] = later
        return found


def record(game: Game, policies: JointPolicy, *, n_episodes: int, rng: np.random.Generator) -> Moments:
    """Play M episodes side by side to the horizon and keep every moment.

    Parameters
    ----------
    game : what is played; without action masks.
    policies : one an agent, without memory; they sample their actions.
    n_episodes : M.
    rng : source of the game's and the policies' draws.

    Raises
    ------
    ValueError : the game masks actions, or a policy has a memory or reads others' observations.
    """
    if game.spec.masked or any(p.memory_size or p.central for p in policies):
        raise ValueError(f"policies must be plain ones of a game without masks, not of {game.spec.name}")
    world, chance = rng.spawn(2)
    batch = game.begin(Streams(world, n_episodes))
    seen: list[tuple[Array, ...]] = []
    done: list[list[Array]] = []
    rewards, running, states = [], [], []
    going = np.ones(n_episodes, dtype=np.bool_)
    for _ in range(game.spec.horizon):
        states.append(batch.state())
        seen.append(tuple(each.copy() for each in batch.observations))
        done.append([p.sample(o, rng=chance) for p, o in zip(policies, seen[-1], strict=True)])
        step = batch.step(done[-1])
        rewards.append(step.rewards * going[:, None])
        running.append(going.copy())
        going &= ~step.ended
    agents = range(game.spec.n_agents)
    return Moments(
        observations=tuple(np.stack([each[i] for each in seen], axis=1) for i in agents),
        actions=tuple(np.stack([each[i] for each in done], axis=1) for i in agents),
        rewards=np.stack(rewards, axis=1),
        running=np.stack(running, axis=1),
        states=tuple(states),
    )
