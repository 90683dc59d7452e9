"""How an agent's world moved in games that are known as a whole: matrix, repeated and sequential games, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.backup_drift import backup_drift
from nashlens.analysis.markov_best_response import optimal_action_values
from nashlens.analysis.markov_game import MarkovGame, induced_kernel, induced_reward
from nashlens.analysis.nonstationarity import kernel_drift, reward_drift
from nashlens.analysis.repeated_model import RepeatedModel
from nashlens.analysis.results import Array, BoolArray
from nashlens.analysis.tree_drift import tree_drift
from nashlens.analysis.value_shift import split_value_shift, value_shift
from nashlens.analysis.variation_budget import variation_budget
from nashlens.games import BehaviouralProfile, NormalFormGame, Profile, SequentialGame
from nashlens.games.core import IntArray
from nashlens.games.tabular_policy import to_behaviour
from nashlens.reports.instruments.movement_quantities import MAX_AGENTS
from nashlens.reports.instruments.policy_movement import known_policy_rows
from nashlens.reports.instruments.run_games import discount_of
from nashlens.reports.instruments.value_movement import tree_corners, value_rows
from nashlens.reports.measure_rows import Row, rows_per_agent
from nashlens.reports.measures import strategies_of

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MAX_JOINT_ACTIONS = 5_000  # joint actions of a matrix game, over which all mixtures of old and new are averaged


def matrix_rows(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield drift, control, budgets, value changes and movement of policies of a run of a matrix game, all exact."""
    strategies = strategies_of(run, game)
    yield from _table_rows(run, game, strategies, weights=None)
    if game.n_agents <= MAX_AGENTS and prod(game.n_actions) <= MAX_JOINT_ACTIONS:
        before, after = (Profile([s[part] for s in strategies]) for part in (slice(0, -1), slice(1, None)))
        yield from value_rows(run, value_shift(game, before, after, discount=0.0), run.snapshot_steps[1:])


def repeated_rows(run: TrainingRun, model: RepeatedModel) -> Iterator[Row]:
    """Yield the same of a run of a repeated game; values are discounted as the learners do.

    Parameters
    ----------
    run : its snapshots become policies at every round and memory.
    model : the run's game.
    """
    strategies = repeated_strategies(run, model)
    yield from _table_rows(run, model.game, strategies, weights=model.even_weights(), playing=model.playing)
    yield from _exact(run, "ns_backup_drift", _backups(run, model, strategies), run.snapshot_steps[1:])
    if model.game.n_agents <= MAX_AGENTS:
        before, after = (Profile([s[part] for s in strategies]) for part in (slice(0, -1), slice(1, None)))
        shift = value_shift(model.game, before, after, discount=discount_of(run), start=model.start)
        yield from value_rows(run, shift, run.snapshot_steps[1:])


def tree_rows(run: TrainingRun, game: SequentialGame) -> Iterator[Row]:
    """Yield the same of a run of a sequential game with perfect recall; values are expected returns."""
    steps, agents = run.snapshot_steps, run.spec.agents
    profiles = BehaviouralProfile.stack([to_behaviour(game, run.policies(t)) for t in range(len(steps))])
    own, joint = tree_drift(game, profiles), tree_drift(game, profiles, conditioning="joint")
    control = np.maximum(joint.kernel_sup, joint.reward_sup)
    columns = {"kernel_drift": own.kernel, "kernel_kl": own.kl_new_old, "reward_drift": own.reward}
    for name, values in (columns | {"joint_drift": control}).items():
        yield from _exact(run, f"ns_{name}", values, steps[1:])
    yield from rows_per_agent(
        agents, "ns_budget_reward", own.reward_sup.sum(axis=0), step=steps[-1], bound="exact", unit="run", n=1
    )
    yield from rows_per_agent(
        agents, "ns_budget_kernel", 2 * own.kernel_sup.sum(axis=0), step=steps[-1], bound="exact", unit="run", n=1
    )
    yield from known_policy_rows(run, profiles)
    if game.n_agents <= MAX_AGENTS:
        yield from value_rows(run, split_value_shift(tree_corners(game, profiles)), steps[1:])


def repeated_strategies(run: TrainingRun, model: RepeatedModel) -> Profile:
    """Return what each snapshot of a run plays in every state of its repeated game, ``[T, S, A_i]`` an agent."""
    each = [model.profile(run.policies(t)) for t in range(len(run.snapshot_steps))]
    return Profile([np.stack([profile[i] for profile in each]) for i in range(run.spec.n_agents)])


def _table_rows(
    run: TrainingRun,
    game: MarkovGame | NormalFormGame,
    strategies: Profile,
    *,
    weights: Sequence[Array] | None,
    playing: BoolArray | None = None,
) -> Iterator[Row]:
    """Yield drift, control, budgets and movement of strategies ``[T, …, A_i]`` in a tabular game."""
    steps = run.snapshot_steps
    moving = ("reward",) if isinstance(game, NormalFormGame) else ("reward", "kernel")  # one state cannot be left
    joint = [measure(game, strategies, conditioning="joint").sup for measure in _MEASURES.values()]
    budget = variation_budget(game, strategies, steps=steps)
    for name in moving:
        drift = _MEASURES[name](game, strategies, weights=weights)
        yield from _exact(run, f"ns_{name}_drift", drift.mean, steps[1:])
        if drift.kl_new_old is not None:
            yield from _exact(run, "ns_kernel_kl", drift.kl_new_old, steps[1:])
        yield from rows_per_agent(
            run.spec.agents, f"ns_budget_{name}", getattr(budget, name), step=steps[-1], bound="exact", unit="run", n=1
        )
    yield from _exact(run, "ns_joint_drift", np.maximum(*joint), steps[1:])
    played = strategies if playing is None else [s[:, playing] for s in strategies]
    yield from known_policy_rows(run, list(played))


def _backups(run: TrainingRun, model: RepeatedModel, strategies: Profile) -> Array:
    """Return ``[T − 1, N]``; how far the backup of the optimal action values of each snapshot moved to the next."""
    discount, n_agents = discount_of(run), model.game.n_agents
    best = [
        optimal_action_values(
            induced_kernel(model.game, strategies, agent=i),
            induced_reward(model.game, strategies, agent=i),
            discount=discount,
        )
        for i in range(n_agents)
    ]
    moved = [
        backup_drift(
            model.game,
            Profile([s[t : t + 2] for s in strategies]),
            q=[own[t] for own in best],
            discount=discount,
            weights=model.even_weights(),
        ).mean[0]
        for t in range(len(run.snapshot_steps) - 1)
    ]
    return np.stack(moved)


_MEASURES = {"reward": reward_drift, "kernel": kernel_drift}


def _exact(run: TrainingRun, name: str, values_TN: Array, steps: IntArray) -> Iterator[Row]:
    for step, values in zip(steps, values_TN, strict=True):
        yield from rows_per_agent(run.spec.agents, name, values, step=step, bound="exact", unit="snapshot", n=1)
