"""How far what critics bootstrap from moves between snapshots, split by what moved it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.analysis.target_drift import TargetDrift, target_drift
from nashlens.games import Game
from nashlens.games.policy import Policy
from nashlens.games.randomness import child
from nashlens.games.value_policy import EpsilonGreedyPolicy
from nashlens.reports.instruments.nonstationarity_quantities import TARGET_PARTS
from nashlens.reports.instruments.probe_moments import Moments, probe_moments
from nashlens.reports.instruments.run_games import discount_of
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import N_PROBE_EPISODES, N_PROBES
from nashlens.reports.probes import probe_observations, remembers

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "nonstationarity"


def target_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield the drift of every agent's target between snapshots, where the run kept critics or learned action values.

    The target policies' actions are drawn with the same random numbers at every snapshot. A game of one step has no
    target to bootstrap from, so that it has no row; neither have ensembles, whose critics are several, and critics that
    read the others' log probabilities instead of their actions.

    Parameters
    ----------
    run : its critics, target critics and target policies, or its action values.
    game : the run's game.
    """
    if game.spec.horizon == 1 or any(remembers(policy) for policy in run.policies()):
        return
    whose = [_has_target(run, i) for i in range(run.spec.n_agents)]
    if not any(whose):
        return
    probes = _probes(run, game)
    seen = probes.observations
    chosen = None if not run.learners else [_target_actions(run, t, probes) for t in range(len(run.snapshot_steps))]
    for i, agent in enumerate(run.spec.agents):
        for t, step in enumerate(run.snapshot_steps[1:], start=1) if whose[i] else ():
            if chosen is None:
                parts = {"total": np.abs(_greedy_change(run, i, t, probes)).mean()}
            else:
                split = _split(run, i, t, np.concatenate(seen, axis=1), chosen)
                parts = {part: np.abs(_part(split, part)).mean() for part in TARGET_PARTS}
            for part, size in parts.items():
                yield row(f"ns_target_{part}", size, agent=agent, step=step, unit="observation", n=len(seen[i]))


def _probes(run: TrainingRun, game: Game) -> Moments:
    """Return what was seen in episodes of the final policies, with legal actions where the game masks others."""
    probed = probe_moments if game.spec.masked else probe_observations
    found = probed(
        game, run.policies(), n_probes=N_PROBES, n_episodes=N_PROBE_EPISODES, rng=child(run.seed, NAME, "targets")
    )
    return found if isinstance(found, Moments) else Moments(observations=found, masks=None)


def _has_target(run: TrainingRun, agent: int) -> bool:
    if run.learners:
        inference = run.algorithm[run.spec.sides[agent]].get("inference") or {}
        return len(run.learners[agent]) == 1 and inference.get("fed_as") != "log_probabilities"
    return isinstance(run.policies()[agent], EpsilonGreedyPolicy)


def _target_actions(run: TrainingRun, snapshot: int, probes: Moments) -> list[Array]:
    """Return the action ``[P, A_j]`` of each agent's target policy, from the same random numbers at every snapshot."""
    drawn = []
    for j in range(run.spec.n_agents):
        policy: Policy = run.target_policy(j, snapshot)
        legal = None if probes.masks is None else probes.masks[j]
        drawn.append(policy.sample(probes.observations[j], masks=legal, rng=child(run.seed, NAME, "target actions", j)))
    return drawn


def _split(
    run: TrainingRun, agent: int, snapshot: int, joint_observations: Array, chosen: Sequence[Sequence[Array]]
) -> TargetDrift:
    """Return the change of one agent's targets from the snapshot before to this one, split."""
    old, new = (run.critic(agent, t, target=True) for t in (snapshot - 1, snapshot))
    before, after = chosen[snapshot - 1], chosen[snapshot]
    others = [before[j] if j == agent else after[j] for j in range(run.spec.n_agents)]

    def value(critic: object, actions: Sequence[Array]) -> Array:
        assert callable(critic)
        values: Array = critic(joint_observations, np.concatenate(actions, axis=1))
        return values

    return target_drift(
        value(old, before),
        value(new, before),
        new_policy=value(old, after),
        after=value(new, after),
        new_others=value(old, others),
        discount=discount_of(run),
    )


def _part(split: TargetDrift, part: str) -> Array:
    found = getattr(split, part)
    assert found is not None
    values: Array = found
    return values


def _greedy_change(run: TrainingRun, agent: int, snapshot: int, probes: Moments) -> Array:
    """Return the change ``[P]`` of the discounted greedy value from the snapshot before to this one."""
    best = []
    for t in (snapshot - 1, snapshot):
        policy = run.policies(t)[agent]
        assert isinstance(policy, EpsilonGreedyPolicy)
        values = policy.values(probes.observations[agent])
        legal = True if probes.masks is None else probes.masks[agent]
        best.append(np.where(legal, values, -np.inf).max(axis=1))
    change: Array = discount_of(run) * (best[1] - best[0])
    return change
