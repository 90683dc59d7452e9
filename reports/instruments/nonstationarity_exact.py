"""How an agent's world moved in games that are known as a whole: matrix, repeated and sequential games, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.nonstationarity import kernel_drift, reward_drift
from nashlens.analysis.policy_drift import policy_drift
from nashlens.analysis.repeated_model import RepeatedModel
from nashlens.analysis.results import Array, BoolArray, Bound
from nashlens.analysis.tree_drift import tree_drift
from nashlens.analysis.value_shift import ValueShift, split_value_shift, value_shift
from nashlens.analysis.variation_budget import variation_budget
from nashlens.games import BehaviouralProfile, NormalFormGame, Profile, SequentialGame
from nashlens.games.core import IntArray
from nashlens.games.tabular_policy import to_behaviour
from nashlens.reports.instruments.nonstationarity_quantities import PARTS
from nashlens.reports.instruments.run_games import discount_of
from nashlens.reports.measure_rows import Row, row, rows_per_agent
from nashlens.reports.measures import strategies_of

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MAX_AGENTS = 8  # agents up to which the values of all 2^N mixtures of old and new policies are computed
MAX_JOINT_ACTIONS = 5_000  # and joint actions of a matrix game, over each of which all mixtures are averaged


def matrix_rows(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield drift, control, budgets, value changes and tortuosity of a run of a matrix game, all exact."""
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
    for name, values in (("kernel_drift", own.kernel), ("reward_drift", own.reward), ("joint_drift", control)):
        yield from _exact(run, f"ns_{name}", values, steps[1:])
    yield from rows_per_agent(
        agents, "ns_budget_reward", own.reward_sup.sum(axis=0), step=steps[-1], bound="exact", unit="run", n=1
    )
    yield from rows_per_agent(
        agents, "ns_budget_kernel", 2 * own.kernel_sup.sum(axis=0), step=steps[-1], bound="exact", unit="run", n=1
    )
    yield from tortuosity_rows(run, [s.reshape(len(steps), -1, s.shape[-1]) for s in profiles], bound_exact=True)
    if game.n_agents <= MAX_AGENTS:
        yield from value_rows(run, split_value_shift(_tree_corners(game, profiles)), steps[1:])


def repeated_strategies(run: TrainingRun, model: RepeatedModel) -> Profile:
    """Return what each snapshot of a run plays in every state of its repeated game, ``[T, S, A_i]`` an agent."""
    each = [model.profile(run.policies(t)) for t in range(len(run.snapshot_steps))]
    return Profile([np.stack([profile[i] for profile in each]) for i in range(run.spec.n_agents)])


def value_rows(run: TrainingRun, shift: ValueShift, steps: IntArray, *, n: int = 1) -> Iterator[Row]:
    """Yield the parts of every change of value, and the share of the others in all changes.

    Parameters
    ----------
    run : whose snapshots.
    shift : ``[T', N]``.
    steps : ``[T']``; the later snapshot of each change.
    n : episodes behind each part where they are estimates.
    """
    unit = "snapshot" if shift.bound == "exact" else "episode"
    for part in PARTS:
        for step, values in zip(steps, getattr(shift, part), strict=True):
            yield from rows_per_agent(
                run.spec.agents, f"ns_value_{part}", values, step=int(step), bound=shift.bound, unit=unit, n=n
            )
    sizes = {part: np.abs(getattr(shift, part)).sum(axis=0) for part in PARTS}
    total = sum(sizes.values())
    share = np.where(total > 1e-12, sizes["others"] / np.where(total > 1e-12, total, 1.0), np.nan)
    yield from rows_per_agent(
        run.spec.agents, "ns_others_share", share, step=int(steps[-1]), bound=shift.bound, unit="run", n=1
    )


def tortuosity_rows(
    run: TrainingRun,
    strategies: Sequence[Array],
    *,
    bound_exact: bool,
    factors: Sequence[tuple[int, ...]] | None = None,
) -> Iterator[Row]:
    """Yield how crooked each agent's path was; NaN where it ended where it began.

    Parameters
    ----------
    run : whose snapshots.
    strategies : ``[T, …, A_i]`` an agent.
    bound_exact : whether the strategies are known everywhere, or at probes only.
    factors : sizes of each agent's choices; one choice an agent if left out.
    """
    crooked = policy_drift(strategies, factors=factors).tortuosity[-1]
    bound: Bound = "exact" if bound_exact else "estimate"
    for agent, value in zip(run.spec.agents, crooked, strict=True):
        finite = float(value) if np.isfinite(value) else np.nan
        yield row("ns_tortuosity", finite, agent=agent, step=run.snapshot_steps[-1], bound=bound, unit="run", n=1)


def _table_rows(
    run: TrainingRun,
    game: MarkovGame | NormalFormGame,
    strategies: Profile,
    *,
    weights: Sequence[Array] | None,
    playing: BoolArray | None = None,
) -> Iterator[Row]:
    """Yield drift, control, budgets and tortuosity of strategies ``[T, …, A_i]`` in a tabular game."""
    steps = run.snapshot_steps
    moving = ("reward",) if isinstance(game, NormalFormGame) else ("reward", "kernel")  # one state cannot be left
    joint = [measure(game, strategies, conditioning="joint").sup for measure in _MEASURES.values()]
    budget = variation_budget(game, strategies, steps=steps)
    for name in moving:
        yield from _exact(run, f"ns_{name}_drift", _MEASURES[name](game, strategies, weights=weights).mean, steps[1:])
        yield from rows_per_agent(
            run.spec.agents, f"ns_budget_{name}", getattr(budget, name), step=steps[-1], bound="exact", unit="run", n=1
        )
    yield from _exact(run, "ns_joint_drift", np.maximum(*joint), steps[1:])
    played = strategies if playing is None else [s[:, playing] for s in strategies]
    yield from tortuosity_rows(run, list(played), bound_exact=True)


_MEASURES = {"reward": reward_drift, "kernel": kernel_drift}


def _exact(run: TrainingRun, name: str, values_TN: Array, steps: IntArray) -> Iterator[Row]:
    for step, values in zip(steps, values_TN, strict=True):
        yield from rows_per_agent(run.spec.agents, name, values, step=step, bound="exact", unit="snapshot", n=1)


def _tree_corners(game: SequentialGame, profiles: BehaviouralProfile) -> Array:
    """Return ``[2, …, 2, T − 1, N]``: expected returns at every mixture of one snapshot's strategies and the next's."""
    corners = []
    for corner in product((0, 1), repeat=game.n_agents):
        mixed = [s[1:] if new else s[:-1] for s, new in zip(profiles, corner, strict=True)]
        corners.append(game.values(BehaviouralProfile(mixed)))
    return np.stack(corners).reshape(*(2,) * game.n_agents, *corners[0].shape)
