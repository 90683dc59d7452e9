"""What follows an own action in a particle world while the others play by their policies: samples at probe states.

Probe states come from episodes of uniformly random play, so that they are the same for every snapshot and algorithm of
a seed. At each of them the agent follows a script, drawn once and the same for every snapshot; only the others play
their policies. So whatever differs between two snapshots is the others' doing. Given everybody's script the world has
nothing left to differ by, which is the control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games import JointPolicy
from nashlens.games.core import Array, Batch
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.policy import seen_by, uniform_for
from nashlens.games.randomness import Streams


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorldProbes:
    """K states of a particle world, and what each agent is told to do from there on.

    Attributes
    ----------
    states : as `Batch.state` returns them, ``[K, …]``; their clock stands at 0.
    scripts : one ``[H, K, A_i]`` an agent: its actions in the H steps after each state.
    """

    states: Mapping[str, npt.NDArray[Any]]
    scripts: tuple[Array, ...]

    @property
    def n_probes(self) -> int:
        """K."""
        return len(self.states["clock"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """What an agent sees and gets after some steps from each probe state.

    Attributes
    ----------
    observations : ``[K, M, O_i]``; after the last of the steps, or where its episode ended before.
    rewards : ``[K, M]``; sum over the steps.
    """

    observations: Array
    rewards: Array


def world_probes(
    game: ParticleWorld, *, n_probes: int, n_episodes: int, n_steps: int, rng: np.random.Generator
) -> WorldProbes:
    """Draw probe states from uniformly random play, and scripts.

    Parameters
    ----------
    game : the world.
    n_probes : K; no more than the states that the episodes have.
    n_episodes : episodes that they come from.
    n_steps : H, the length of the scripts, at most the game's horizon.
    rng : source of all draws.

    Raises
    ------
    ValueError : a count is below 1, there are more probes than states, or the scripts are longer than an episode.
    """
    horizon = game.spec.horizon
    if min(n_probes, n_episodes) < 1 or n_probes > n_episodes * horizon:
        raise ValueError(
            f"n_probes must be from 1 to the {n_episodes * horizon} states of n_episodes = {n_episodes} episodes, not "
            f"{n_probes}"
        )
    if not 1 <= n_steps <= horizon:
        raise ValueError(f"n_steps must be from 1 to the horizon {horizon} of {game.spec.name}, not {n_steps}")
    world, chance, choice, script = rng.spawn(4)
    batch = game.begin(Streams(world, n_episodes))
    random = [uniform_for(space) for space in game.spec.action_spaces]
    nothing = np.ones((n_episodes, 1))
    seen = []
    for _ in range(horizon):
        seen.append(batch.state())
        batch.step([policy.sample(nothing, rng=chance) for policy in random])
    chosen = choice.permutation(n_episodes * horizon)[:n_probes]
    states = {name: np.concatenate([state[name] for state in seen])[chosen] for name in seen[0]}
    states["clock"] = np.zeros_like(states["clock"])
    lines = np.ones((n_steps * n_probes, 1))
    scripts = tuple(policy.sample(lines, rng=script).reshape(n_steps, n_probes, -1) for policy in random)
    return WorldProbes(states=states, scripts=scripts)


def sampled_outcomes(
    game: ParticleWorld,
    probes: WorldProbes,
    *,
    policies: JointPolicy | None,
    agent: int,
    n_samples: int,
    horizons: Sequence[int],
    rng: np.random.Generator,
) -> dict[int, Outcomes]:
    """Return what follows, at each probe state, by the agent's script and the others' policies.

    Parameters
    ----------
    game : the world.
    probes : where, and the scripts.
    policies : one an agent, without memory; None for everybody's script, the control.
    agent : i, who follows its script.
    n_samples : M, at each probe.
    horizons : after how many steps, each from 1 to the length of the scripts.
    rng : source of the world's and the policies' draws.

    Raises
    ------
    ValueError : a horizon or a count is out of range.
    """
    n_steps = len(probes.scripts[0])
    if n_samples < 1 or not horizons or not all(1 <= h <= n_steps for h in horizons):
        raise ValueError(
            f"n_samples must be at least 1 and horizons from 1 to {n_steps}, not {n_samples} and {list(horizons)}"
        )
    world, chance = rng.spawn(2)
    batch = game.begin(Streams(world, probes.n_probes * n_samples))
    batch.restore({name: np.repeat(values, n_samples, axis=0) for name, values in probes.states.items()})
    last = batch.observations[agent].copy()
    total = np.zeros(len(last))
    running = np.ones(len(last), dtype=np.bool_)
    found = {}
    for t in range(max(horizons)):
        step = batch.step(_actions(batch, probes, t, policies=policies, agent=agent, n_samples=n_samples, rng=chance))
        last = np.where(running[:, None], step.next_observations[agent], last)
        total += np.where(running, step.rewards[:, agent], 0.0)
        running &= ~step.ended
        if t + 1 in horizons:
            shape = (probes.n_probes, n_samples)
            found[t + 1] = Outcomes(observations=last.reshape(*shape, -1), rewards=total.reshape(shape).copy())
    return found


def travelled(game: ParticleWorld, probes: WorldProbes, outcomes: Outcomes, *, agent: int) -> float:
    """Return the mean distance between what an agent sees at the probe states and later on."""
    batch = game.begin(Streams(np.random.default_rng(0), probes.n_probes))  # nothing is drawn once it is restored
    batch.restore(probes.states)
    return float(np.linalg.norm(outcomes.observations - batch.observations[agent][:, None], axis=-1).mean())


def _actions(
    batch: Batch,
    probes: WorldProbes,
    t: int,
    *,
    policies: JointPolicy | None,
    agent: int,
    n_samples: int,
    rng: np.random.Generator,
) -> list[Array]:
    actions = []
    for j, script in enumerate(probes.scripts):
        if policies is None or j == agent:
            actions.append(np.repeat(script[t], n_samples, axis=0))
        else:
            actions.append(policies[j].sample(seen_by(policies[j], j, batch.observations)[0], rng=rng))
    return actions
