"""How far policies moved: step by step, along their path, and from where they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.policy_drift import PolicyDrift, gaussian_policy_drift, policy_drift
from nashlens.analysis.results import Array, Bound
from nashlens.games import Game
from nashlens.games.core import Box, Choice, IntArray
from nashlens.games.policy import Policy, seen_by
from nashlens.games.randomness import child
from nashlens.reports.instruments.movement_quantities import DISTANCES, RATE_STEPS
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import N_PROBE_EPISODES, N_PROBES, answers
from nashlens.reports.probes import probe_observations

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "nonstationarity"


def known_policy_rows(run: TrainingRun, strategies: Sequence[Array]) -> Iterator[Row]:
    """Yield the movement of strategies that are known in every state.

    Parameters
    ----------
    run : whose snapshots.
    strategies : ``[T, …, A_i]`` an agent.
    """
    for agent, own in zip(run.spec.agents, strategies, strict=True):
        yield from _movement_rows(run, agent, policy_drift([own], steps=run.snapshot_steps), bound="exact")


def probed_policy_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield the movement of policies at what was seen in episodes of the final ones, discrete or real-valued.

    Parameters
    ----------
    run : its policies have no memory.
    game : the run's game, without masks.
    """
    seen = probe_observations(
        game, run.policies(), n_probes=N_PROBES, n_episodes=N_PROBE_EPISODES, rng=child(run.seed, NAME, "seen")
    )
    joint = [run.policies(t) for t in range(len(run.snapshot_steps))]
    for i, agent in enumerate(run.spec.agents):
        drift = _drift_at([each[i] for each in joint], i, seen, steps=run.snapshot_steps)
        yield from _movement_rows(run, agent, drift, bound="estimate")


def _drift_at(policies: Sequence[Policy], agent: int, seen: Sequence[Array], *, steps: IntArray) -> PolicyDrift:
    """Return one agent's drift over its snapshots' policies at observations of all agents."""
    space = policies[0].action_space
    if isinstance(space, Choice):
        table = np.stack([answers(policy, agent, seen) for policy in policies])
        return policy_drift([table], steps=steps, factors=[space.factors])
    assert isinstance(space, Box)
    pairs = [policy.moments(seen_by(policy, agent, seen)[0]) for policy in policies]
    means, stds = (np.stack([pair[k] for pair in pairs]) for k in range(2))
    return gaussian_policy_drift([means], [stds], steps=steps)


def _movement_rows(run: TrainingRun, agent: str, drift: PolicyDrift, *, bound: Bound) -> Iterator[Row]:
    """Yield one agent's distances, rate and path at each snapshot, and how crooked its whole path was."""
    columns = {f"ns_policy_{name}": drift.distances[name] for name in DISTANCES if name in drift.distances}
    columns["ns_policy_rate"] = RATE_STEPS * drift.rates[drift.length]
    columns |= {"ns_policy_path": drift.path, "ns_policy_straight": drift.straight}
    for name, values in columns.items():
        for step, value in zip(run.snapshot_steps[1:], values[:, 0], strict=True):
            yield row(name, value, agent=agent, step=step, bound=bound, unit="observation", n=drift.n_probes)
    crooked = float(drift.tortuosity[-1, 0])
    finite = crooked if np.isfinite(crooked) else np.nan
    yield row("ns_tortuosity", finite, agent=agent, step=run.snapshot_steps[-1], bound=bound, unit="run", n=1)
