"""All stand-ins of one critic at once: the error in value that they make together, and whose share of it is whose.

Errors of several stand-ins may add up or cancel. Swapping one after another telescopes to the whole, by an order that
nobody chose; Shapley's shares average over all orders. Of two agents there is one stand-in, and its error is the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.joint_value_error import joint_value_error
from nashlens.analysis.results import Array
from nashlens.games.core import Choice
from nashlens.reports.instruments.inference_distances import Numbers
from nashlens.reports.instruments.inference_probes import Probes
from nashlens.reports.instruments.inference_values import alternatives, joint_probabilities
from nashlens.reports.instruments.stand_ins import ACTIONS, StandIn, true_and_fed

if TYPE_CHECKING:
    from nashlens.agents.critic import Critic
    from nashlens.agents.records import TrainingRun

MOST_JOINT = 256  # joint alternatives of all agents up to which they are listed


def joint_error_numbers(
    run: TrainingRun, agent: int, *, how: StandIn, snapshot: int, probes: Probes
) -> tuple[Numbers, dict[int, Numbers]]:
    """Return the error of all stand-ins together, and each other agent's share by its index.

    Nothing with fewer than two others, too many joint alternatives to list, numbers for actions, or a critic that reads
    log probabilities.

    Parameters
    ----------
    run : one that kept its learners.
    agent : whose critic.
    how : how the agent comes by the policies of the others.
    snapshot : which.
    probes : where.
    """
    spec = run.spec
    spaces = [space for space in spec.action_spaces if isinstance(space, Choice)]
    counts = [int(np.prod(space.factors)) for space in spaces]
    others = [j for j in range(spec.n_agents) if j != agent]
    listable = len(spaces) == spec.n_agents and int(np.prod(counts)) <= MOST_JOINT
    if len(others) < 2 or not listable or how.fed_as != ACTIONS:
        return {}, {}
    pairs = {j: true_and_fed(run, agent, j, probes.observations[j], snapshot=snapshot) for j in others}
    true, fed = ({j: joint_probabilities(pair[k], spaces[j]) for j, pair in pairs.items()} for k in (0, 1))
    acting = run.target_policy(agent, snapshot).probabilities(probes.observations[agent])
    own = joint_probabilities(acting, spaces[agent])
    table = joint_values(run.critic(agent, snapshot, target=True), spaces, probes)
    over_own = np.einsum("pk...,pk->p...", np.moveaxis(table, 1 + agent, 1), own)
    found = [
        joint_value_error([true[j][p] for j in others], [fed[j][p] for j in others], q_values=values)
        for p, values in enumerate(over_own)
    ]
    shares = np.stack([each.shares for each in found])
    total = np.array([each.total for each in found])
    each = {j: {"inference_joint_share": probes.mean(shares[:, k])} for k, j in enumerate(others)}
    return {"inference_joint_error": probes.mean(np.abs(total)), "inference_joint_error_mean": probes.mean(total)}, each


def joint_values(critic: Critic, spaces: list[Choice], probes: Probes) -> Array:
    """Return ``[P, K_1, …, K_N]``: a critic's value of every joint alternative of all agents.

    Parameters
    ----------
    critic : whose.
    spaces : of all agents.
    probes : where.
    """
    vertices = [alternatives(space) for space in spaces]
    counts = tuple(len(each) for each in vertices)
    n_probes = len(probes.weights)
    table = np.empty((n_probes, *counts))
    for joint in np.ndindex(*counts):
        row = np.concatenate([each[k] for each, k in zip(vertices, joint, strict=True)])
        table[(slice(None), *joint)] = critic(probes.joint, np.broadcast_to(row, (n_probes, len(row))))
    return table
