"""Measures of a run of a sequential game: exact, from the behavioural profile of each snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.exploitability import nash_conv
from nashlens.games import BehaviouralProfile, SequentialGame
from nashlens.games.core import Array
from nashlens.games.sequential import reach_probabilities
from nashlens.games.tabular_policy import average_strategy, to_behaviour
from nashlens.reports.measure_rows import Row, row, rows_per_agent

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


def tree_measures(run: TrainingRun, game: SequentialGame, *, first: int) -> Iterator[Row]:
    """Yield expected returns, drift, and NashConv of last iterate and time average of each snapshot, all exact.

    Parameters
    ----------
    run : its snapshots become behavioural profiles.
    game : the run's game.
    first : the snapshot with which the time average begins.

    Notes
    -----
    Where an agent forgets what it knew or did there is no NashConv and no time average: both need perfect recall.
    """
    steps, agents = run.snapshot_steps, run.spec.agents
    profiles = BehaviouralProfile.stack([to_behaviour(game, run.policies(t)) for t in range(len(steps))])
    for step, values in zip(steps, game.values(profiles), strict=True):
        yield from rows_per_agent(agents, "expected_payoff", values, step=step, bound="exact", unit="snapshot", n=1)
    for step, moved in zip(steps[1:], reached_drift(game, profiles), strict=True):
        yield from rows_per_agent(agents, "policy_drift", moved, step=step, bound="exact", unit="snapshot", n=1)
    if not game.has_perfect_recall:
        return
    totals = {
        "nash_conv": nash_conv(game, profiles).nash_conv,
        "nash_conv_average": nash_conv(game, averages(game, profiles, first=first)).nash_conv,
    }
    for name, gaps in totals.items():
        for step, value in zip(steps, gaps, strict=True):
            yield row(name, value, step=step, bound="exact", unit="snapshot", n=1)


def averages(game: SequentialGame, profiles: BehaviouralProfile, *, first: int = 0) -> BehaviouralProfile:
    """Return the running average over snapshots, each agent's by itself.

    At every snapshot it is the behavioural strategy of playing one of the strategies since `first`, drawn once before
    the game: information sets are averaged by how likely the own moves of each strategy lead there.

    Parameters
    ----------
    game : the game, with perfect recall.
    profiles : ``[T, I_i, A_i]`` an agent.
    first : the snapshot with which it begins; the ones before it stay as they are.

    Returns
    -------
    Profiles ``[T, I_i, A_i]``.

    Raises
    ------
    ValueError : `first` is not one of the T snapshots, or an agent has no perfect recall.
    """
    n_snapshots = profiles.batch_shape[0]
    if not 0 <= first < n_snapshots:
        raise ValueError(f"first must be one of the {n_snapshots} snapshots, from 0, not {first}")
    found = []
    for agent, strategies in enumerate(profiles):
        mean = strategies.copy()
        for t in range(first, n_snapshots):
            n = t - first + 1
            mean[t] = average_strategy(game.tree, agent, strategies[first : t + 1], weights=np.full(n, 1 / n))
        found.append(mean / mean.sum(axis=-1, keepdims=True))
    return BehaviouralProfile(found)


def reached_drift(game: SequentialGame, profiles: BehaviouralProfile) -> Array:
    """Return how far each agent's strategy moved between snapshots, where play goes.

    The total variation distance at each information set, averaged with the probabilities of reaching them, which are
    the mean of those under the two snapshots' joint profiles.

    Parameters
    ----------
    game : the game.
    profiles : ``[T, I_i, A_i]`` an agent.

    Returns
    -------
    ``[T − 1, N]``, from 0 to 1; 0 for an agent that is never to move.
    """
    reach_HT = reach_probabilities(game.tree, list(profiles))
    moved = np.zeros((profiles.batch_shape[0] - 1, game.n_agents))
    for agent, strategies in enumerate(profiles):
        members = game.tree.members(agent)
        reached_IT = np.zeros((strategies.shape[1], strategies.shape[0]))
        np.add.at(reached_IT, game.tree.information_sets[members], reach_HT[members])
        weights = (reached_IT[:, 1:] + reached_IT[:, :-1]).T
        distances = 0.5 * np.abs(np.diff(strategies, axis=0)).sum(axis=-1)
        total = weights.sum(axis=1)
        moved[:, agent] = (weights * distances).sum(axis=1) / np.where(total > 0, total, 1.0)
    return moved
