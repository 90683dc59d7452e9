"""How an agent's world moved in particle worlds: estimates at probe states, each with its noise floor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.outcome_drift import outcome_drift
from nashlens.analysis.results import Array
from nashlens.analysis.value_shift import split_value_shift
from nashlens.games import Game, play
from nashlens.games.core import Choice
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports.instruments.nonstationarity_exact import tortuosity_rows, value_rows
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, drift_name, floor_name
from nashlens.reports.instruments.outcome_sampling import (
    Outcomes,
    WorldProbes,
    sampled_outcomes,
    travelled,
    world_probes,
)
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import N_PROBE_EPISODES, N_PROBES, answers
from nashlens.reports.probes import probe_observations

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "nonstationarity"
N_STATES = 32
N_STATE_EPISODES = 16
N_SAMPLES = 16
N_VALUE_EPISODES = 64
N_VALUE_MOMENTS = 5
MAX_AGENTS = 4  # agents up to which episodes are played at all 2^N mixtures of old and new policies


def outcome_rows(run: TrainingRun, game: ParticleWorld) -> Iterator[Row]:
    """Yield drift of what follows with its floor, the control, and how far observations move at all.

    Parameters
    ----------
    run : of a particle world; its policies have no memory.
    game : the run's game.
    """
    horizons = tuple(h for h in HORIZONS if h <= game.spec.horizon)
    probes = world_probes(
        game,
        n_probes=N_STATES,
        n_episodes=N_STATE_EPISODES,
        n_steps=horizons[-1],
        rng=child(run.seed, NAME, "probes"),
    )
    joint = [run.policies(t) for t in range(len(run.snapshot_steps))]
    for i, agent in enumerate(run.spec.agents):
        each = [
            sampled_outcomes(
                game,
                probes,
                policies=policies,
                agent=i,
                n_samples=N_SAMPLES,
                horizons=horizons,
                rng=child(run.seed, NAME, "outcomes", i, t),
            )
            for t, policies in enumerate(joint)
        ]
        for t, step in enumerate(run.snapshot_steps[1:], start=1):
            rng = child(run.seed, NAME, "shuffles", i, t)
            for name, value in _compared(each[t], each[t - 1], horizons, rng=rng).items():
                yield row(name, value, agent=agent, step=step, unit="probe state", n=N_STATES)
        scale = float(np.mean([travelled(game, probes, found[horizons[-1]], agent=i) for found in each]))
        yield row("ns_outcome_travel", scale, agent=agent, step=run.snapshot_steps[-1], unit="probe state", n=N_STATES)
        yield from _control(run, game, probes, i, horizons)


def policy_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield how crooked each agent's path was, on what it saw in episodes of the final policies."""
    if not all(isinstance(space, Choice) for space in run.spec.action_spaces):
        return
    seen = probe_observations(
        game, run.policies(), n_probes=N_PROBES, n_episodes=N_PROBE_EPISODES, rng=child(run.seed, NAME, "seen")
    )
    joint = [run.policies(t) for t in range(len(run.snapshot_steps))]
    strategies = [np.stack([answers(each[i], i, seen) for each in joint]) for i in range(run.spec.n_agents)]
    factors = [space.factors for space in run.spec.action_spaces if isinstance(space, Choice)]
    yield from tortuosity_rows(run, strategies, bound_exact=False, factors=factors)


def episode_value_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield own, others' and interaction part of the change of returns between a few snapshots.

    Every mixture of old and new policies plays the same beginnings with the same random numbers, so that what differs
    is what the policies changed.
    """
    n_agents = run.spec.n_agents
    if n_agents > MAX_AGENTS:
        return
    moments = np.unique(np.linspace(0, len(run.snapshot_steps) - 1, N_VALUE_MOMENTS).astype(int))
    shape = (2,) * n_agents
    corners: Array = np.zeros((*shape, len(moments) - 1, n_agents))
    for k, (before, after) in enumerate(pairwise(moments)):
        old, new = run.policies(int(before)), run.policies(int(after))
        for corner in np.ndindex(*shape):
            mixed = tuple(new[j] if moved else old[j] for j, moved in enumerate(corner))
            rng = child(run.seed, NAME, "values", k)
            corners[*corner, k] = play(game, mixed, n_episodes=N_VALUE_EPISODES, rng=rng).returns.mean(axis=0)
    shift = split_value_shift(corners, bound="estimate")
    yield from value_rows(run, shift, run.snapshot_steps[moments[1:]], n=N_VALUE_EPISODES)


def _compared(
    new: dict[int, Outcomes], old: dict[int, Outcomes], horizons: tuple[int, ...], *, rng: np.random.Generator
) -> dict[str, float]:
    found: dict[str, float] = {}
    for h in horizons:
        drift = outcome_drift(new[h].observations, old[h].observations, rng=rng)
        found |= {drift_name(h): drift.wasserstein, floor_name(h): drift.wasserstein_floor}
        if h == horizons[-1]:
            found |= {"ns_outcome_energy": drift.energy, "ns_outcome_p": drift.p}
            paid = outcome_drift(new[h].rewards[..., None], old[h].rewards[..., None], rng=rng)
            found["ns_outcome_reward_drift"] = paid.wasserstein
            found["ns_outcome_reward_floor"] = paid.wasserstein_floor
    return found


def _control(
    run: TrainingRun, game: ParticleWorld, probes: WorldProbes, agent: int, horizons: tuple[int, ...]
) -> Iterator[Row]:
    """Yield how far anything differs between two rounds of everybody's script, which no policy enters."""
    first, second = (
        sampled_outcomes(
            game,
            probes,
            policies=None,
            agent=agent,
            n_samples=1,
            horizons=horizons,
            rng=child(run.seed, NAME, "control", agent, round_),
        )
        for round_ in range(2)
    )
    largest = max(
        max(
            float(np.abs(first[h].observations - second[h].observations).max()),
            float(np.abs(first[h].rewards - second[h].rewards).max()),
        )
        for h in horizons
    )
    name, step = run.spec.agents[agent], run.snapshot_steps[-1]
    yield row("ns_joint_drift", largest, agent=name, step=step, unit="probe state", n=N_STATES)
