"""How an agent's world moved in particle worlds: estimates at probe states, each with its noise floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.outcome_drift import outcome_drift
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, drift_name, floor_name
from nashlens.reports.instruments.outcome_sampling import (
    Outcomes,
    WorldProbes,
    sampled_outcomes,
    travelled,
    world_probes,
)
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "nonstationarity"
N_STATES = 32
N_STATE_EPISODES = 16
N_SAMPLES = 16
BUDGETS = {
    "ns_budget_outcome_reward": "ns_outcome_reward_drift",
    "ns_budget_outcome_reward_floor": "ns_outcome_reward_floor",
}


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
        compared = [
            _compared(new, old, horizons, rng=child(run.seed, NAME, "shuffles", i, t))
            for t, (old, new) in enumerate(pairwise(each), start=1)
        ]
        for step, found in zip(run.snapshot_steps[1:], compared, strict=True):
            for name, value in found.items():
                yield row(name, value, agent=agent, step=step, unit="probe state", n=N_STATES)
        yield from _budget_rows(run, agent, compared, horizons)
        scale = float(np.mean([travelled(game, probes, found[horizons[-1]], agent=i) for found in each]))
        yield row("ns_outcome_travel", scale, agent=agent, step=run.snapshot_steps[-1], unit="probe state", n=N_STATES)
        yield from _control(run, game, probes, i, horizons)


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


def _budget_rows(
    run: TrainingRun, agent: str, compared: Sequence[Mapping[str, float]], horizons: tuple[int, ...]
) -> Iterator[Row]:
    """Yield sums over snapshots of drifts and of their floors, at the longest horizon."""
    last = horizons[-1]
    summed = {"ns_budget_outcome": drift_name(last), "ns_budget_outcome_floor": floor_name(last)} | BUDGETS
    for name, metric in summed.items():
        total = sum(found[metric] for found in compared)
        yield row(name, total, agent=agent, step=run.snapshot_steps[-1], unit="probe state", n=N_STATES)


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
