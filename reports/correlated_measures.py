"""Measures of a run of a matrix game whose agents draw their sub-policies together: exact, from the joint distribution.

The agents of a side that change their sub-policies together play a correlated distribution over joint actions: the mean
over k of the profiles of the k-th sub-policies. The product of each agent's own mixture is another distribution, under
which nobody plays, so that nothing here is computed from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.correlated_gaps import correlated_gaps
from nashlens.analysis.policy_drift import policy_drift
from nashlens.games import JointPolicy, NormalFormGame, Profile
from nashlens.games.core import Array
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import Policy
from nashlens.reports.measure_rows import Row, row, rows_per_agent

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

SEEN = np.ones((1, 1))


def draws_together(policies: JointPolicy) -> bool:
    """Return whether some agents draw their sub-policies together, so that their play is correlated."""
    groups = Counter(p.group for p in policies if isinstance(p, MixturePolicy) and p.group is not None)
    return any(n > 1 for n in groups.values())


def joint_distribution(policies: JointPolicy) -> Array:
    """Return the distribution ``[A_1, …, A_N]`` over joint actions of policies in a game without observations.

    Parameters
    ----------
    policies : one an agent; mixtures of one group play the same member, all others are independent.
    """
    members: dict[str, Array] = {}
    for policy in policies:
        if isinstance(policy, MixturePolicy) and policy.group is not None:
            members[policy.group] = policy.weights
    joint = np.zeros([policy.action_space.width for policy in policies])
    for chosen in product(*(range(len(weights)) for weights in members.values())):
        plays = dict(zip(members, chosen, strict=True))
        weight = np.prod([members[group][k] for group, k in plays.items()])
        strategies = [_strategy(policy, plays) for policy in policies]
        outer = strategies[0]
        for strategy in strategies[1:]:
            outer = np.multiply.outer(outer, strategy)
        joint += weight * outer
    normalised: Array = joint / joint.sum()
    return normalised


def joint_measures(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield coarse correlated gap, payoffs, welfare gap and drift of each snapshot, all exact.

    Parameters
    ----------
    run : its agents draw sub-policies together.
    game : the run's game.

    Notes
    -----
    NashConv, its time average, turns and reward drift are defined for independent strategies and have no rows. Drift is
    that of each agent's own mixture.
    """
    steps, agents = run.snapshot_steps, run.spec.agents
    snapshots = [run.policies(t) for t in range(len(steps))]
    joint_T = np.stack([joint_distribution(policies) for policies in snapshots])
    axes = tuple(range(-game.n_agents, 0))
    payoffs_TN = np.stack([(joint_T * payoffs).sum(axis=axes) for payoffs in game.payoffs], axis=1)
    gaps = {"cce_gap": correlated_gaps(game, joint_T).cce_gap}
    if not game.is_constant_sum():
        best = float(game.payoffs.sum(axis=0).max())
        gaps["welfare_gap"] = np.maximum(best - payoffs_TN.sum(axis=1), 0.0)
    for name, values in gaps.items():
        for step, value in zip(steps, values, strict=True):
            yield row(name, value, step=step, bound="exact", unit="snapshot", n=1)
    for step, values in zip(steps, payoffs_TN, strict=True):
        yield from rows_per_agent(agents, "expected_payoff", values, step=step, bound="exact", unit="snapshot", n=1)
    own = Profile([np.stack([each[i].probabilities(SEEN)[0] for each in snapshots]) for i in range(game.n_agents)])
    for step, values in zip(steps[1:], policy_drift(own).distances["tv"], strict=True):
        yield from rows_per_agent(agents, "policy_drift", values, step=step, bound="exact", unit="snapshot", n=1)


def _strategy(policy: Policy, plays: dict[str, int]) -> Array:
    """Return what an agent plays while its group, if it has one, plays the chosen member."""
    if isinstance(policy, MixturePolicy) and policy.group is not None:
        policy = policy.members[plays[policy.group]]
    strategy: Array = policy.probabilities(SEEN)[0]
    return strategy
