"""Moments of episodes with what agents saw and might do there: probes of games that mask illegal actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games import Game, JointPolicy
from nashlens.games.core import Array, BoolArray
from nashlens.games.policy import seen_by
from nashlens.games.randomness import Streams
from nashlens.reports.probes import remembers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """P moments at which a game went on.

    Attributes
    ----------
    observations : one ``[P, O_i]`` an agent.
    masks : one ``[P, A_i]`` an agent, True for legal actions; None where the game masks none.
    """

    observations: tuple[Array, ...]
    masks: tuple[BoolArray, ...] | None


def probe_moments(
    game: Game, policies: JointPolicy, *, n_probes: int, n_episodes: int, rng: np.random.Generator
) -> Moments:
    """Return moments from several episodes of one joint policy, masks included.

    As `probe_observations`, for games with action masks too: episodes run side by side, one that ends begins anew, and
    moments are drawn without replacement.

    Parameters
    ----------
    game : what is played.
    policies : one an agent, without memory.
    n_probes : P, moments to draw; all there are if there are fewer.
    n_episodes : episodes side by side.
    rng : source of the game's, the policies' and the choice's draws.

    Raises
    ------
    ValueError : a count is below 1, or a policy has memory.
    """
    if n_probes < 1 or n_episodes < 1:
        raise ValueError(f"n_probes and n_episodes must be at least 1, not {n_probes} and {n_episodes}")
    if any(policy.memory_size or remembers(policy) for policy in policies):
        raise ValueError(f"policies must be without memory to be probed at single moments of {game.spec.name}")
    world, chance, choice = rng.spawn(3)
    batch = game.begin(Streams(world, n_episodes))
    seen: list[tuple[Array, ...]] = []
    legal: list[tuple[BoolArray, ...]] = []
    for _ in range(game.spec.horizon):
        now, masks = tuple(each.copy() for each in batch.observations), batch.masks
        seen.append(now)
        if masks is not None:
            legal.append(tuple(each.copy() for each in masks))
        pairs = [seen_by(policy, i, now, masks) for i, policy in enumerate(policies)]
        batch.step([p.sample(own, masks=mask, rng=chance) for p, (own, mask) in zip(policies, pairs, strict=True)])
    chosen = choice.permutation(len(seen) * n_episodes)[:n_probes]
    return Moments(
        observations=tuple(np.concatenate(each)[chosen] for each in zip(*seen, strict=True)),
        masks=tuple(np.concatenate(each)[chosen] for each in zip(*legal, strict=True)) if legal else None,
    )
