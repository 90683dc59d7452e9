"""What an agent's target critic makes of another agent's action, and of what stands in for it.

The value of each of the other's alternatives, the others at their true target policies, is what ledgers of relevance
need. What enters a target is the critic at the encoding that it is fed: an alternative, a soft point, or log
probabilities; the error there is measured with common random numbers for the truth and its stand-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games.core import Choice, GameSpec
from nashlens.games.policy import Policy
from nashlens.reports.instruments.played_actions import LEAST, gumbel_noise, is_soft, soft_points
from nashlens.reports.instruments.stand_ins import LOG_PROBABILITIES

if TYPE_CHECKING:
    from nashlens.agents.critic import Critic

N_DRAWS = 8
MOST_ALTERNATIVES = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairValues:
    """Values of agent i's target critic at P probes, as far as agent j's action goes.

    Attributes
    ----------
    q_values : ``[P, K]``; of each of j's K joint alternatives; None where the critic reads log probabilities, which
        leave no alternatives to value.
    at_true, at_fed : ``[P]``; the critic's value with j's true target policy encoded, and with its stand-in.
    """

    q_values: Array | None
    at_true: Array
    at_fed: Array


def pair_values(
    critic: Critic,
    policies: tuple[Policy, ...],
    joint_observations: Array,
    *,
    other: int,
    true: Array,
    fed: Array,
    fed_as: str,
    rng: np.random.Generator,
) -> PairValues:
    """Return what a critic makes of one other agent's action.

    Parameters
    ----------
    critic : agent i's target critic.
    policies : the true target policies of all agents.
    joint_observations : ``[P, ΣO]``.
    other : j.
    true, fed : ``[P, A_j]``; j's target policy and its stand-in, factor by factor.
    fed_as : how the critic reads the others.
    rng : draws of actions, where there are too many to list.

    Notes
    -----
    Where the alternatives of all agents but j are at most `MOST_ALTERNATIVES` and play is one-hot they are listed, and
    the result is exact; elsewhere it is a mean over `N_DRAWS` draws of them.
    """
    spec = critic.spec
    seen = split_observations(joint_observations, spec.observation_sizes)
    chances = [true if j == other else policies[j].probabilities(seen[j]) for j in range(spec.n_agents)]
    logs = fed_as == LOG_PROBABILITIES
    contexts, weights = _contexts(critic, policies, chances, other=other, logs=logs, rng=rng)
    here = columns_of(spec, other)

    def value(parts: Array) -> Array:
        """Return ``[P]`` with j's part of the joint action given, ``[C, P, A_j]``."""
        total = np.zeros(len(joint_observations))
        for context, weight, part in zip(contexts, weights, parts, strict=True):
            filled = context.copy()
            filled[:, here] = part
            total += weight * critic(joint_observations, filled)
        return total

    n_contexts = len(contexts)
    if logs:
        at_true, at_fed = (
            value(np.broadcast_to(np.log(np.maximum(each, LEAST)), (n_contexts, *each.shape))) for each in (true, fed)
        )
        return PairValues(q_values=None, at_true=at_true, at_fed=at_fed)
    space = spec.action_spaces[other]
    assert isinstance(space, Choice)
    vertices = alternatives(space)
    q_values = np.stack([value(np.broadcast_to(vertex, (n_contexts, *true.shape))) for vertex in vertices], axis=1)
    if not is_soft(policies[other]):
        both = (joint_probabilities(each, space) for each in (true, fed))
        at_true, at_fed = ((each * q_values).sum(axis=1) for each in both)
        return PairValues(q_values=q_values, at_true=at_true, at_fed=at_fed)
    noise = rng.gumbel(size=(n_contexts, *true.shape))
    heat = float(getattr(policies[other], "temperature", 1.0))
    at_true, at_fed = (value(soft_points(each, noise, space, temperature=heat)) for each in (true, fed))
    return PairValues(q_values=q_values, at_true=at_true, at_fed=at_fed)


def expected_values(
    critic: Critic,
    policies: tuple[Policy, ...],
    joint_observations: Array,
    *,
    chances: list[Array],
    fed_as: str,
    rng: np.random.Generator,
) -> Array:
    """Return ``[P]``: a critic's value where every agent acts by given probabilities.

    Parameters
    ----------
    critic, policies, joint_observations, fed_as : as in `pair_values`; of the policies only softness counts.
    chances : one ``[P, A_j]`` an agent, factor by factor.
    rng : draws of actions, where there are too many to list; generators in the same state draw alike.
    """
    logs = fed_as == LOG_PROBABILITIES
    contexts, weights = _contexts(critic, policies, chances, other=None, logs=logs, rng=rng)
    found: Array = np.sum([w * critic(joint_observations, c) for c, w in zip(contexts, weights, strict=True)], axis=0)
    return found


def alternatives(space: Choice) -> Array:
    """Return every joint alternative of a space's factors as an action vector, ``[K, A]``, the first factor slowest."""
    eyes = [np.eye(n) for n in space.factors]
    return np.array([np.concatenate(rows) for rows in product(*eyes)])


def joint_probabilities(probabilities: Array, space: Choice) -> Array:
    """Return ``[P, K]``: the probability of each joint alternative, in the order of `alternatives`."""
    joint = np.ones((len(probabilities), 1))
    for part in space.slices:
        joint = (joint[:, :, None] * probabilities[:, None, part]).reshape(len(probabilities), -1)
    return joint


def _contexts(
    critic: Critic,
    policies: tuple[Policy, ...],
    chances: list[Array],
    *,
    other: int | None,
    logs: bool,
    rng: np.random.Generator,
) -> tuple[list[Array], list[Array]]:
    """Return joint actions ``[P, ΣA]`` of all agents but `other`, whose part is 0, and the weight ``[P]`` of each.

    Where the critic reads log probabilities, only its own agent's action is drawn or listed.
    """
    spec, n_probes = critic.spec, len(chances[0])
    rest = [j for j in range(spec.n_agents) if j != other]
    base = np.zeros((n_probes, sum(spec.action_widths)))
    if logs:
        for j in rest:
            base[:, columns_of(spec, j)] = np.log(np.maximum(chances[j], LEAST))
        rest = [critic.agent]
    spaces = {j: space for j in rest if isinstance(space := spec.action_spaces[j], Choice)}
    n_joint = int(np.prod([np.prod(space.factors) for space in spaces.values()]))
    if n_joint <= MOST_ALTERNATIVES and not any(is_soft(policies[j]) for j in rest):
        contexts, weights = [base], [np.ones(n_probes)]
        for j, space in spaces.items():
            vertices, likely = alternatives(space), joint_probabilities(chances[j], space)
            grown = [(c, w, k) for c, w in zip(contexts, weights, strict=True) for k in range(len(vertices))]
            contexts = [_with(c, columns_of(spec, j), vertices[k]) for c, _, k in grown]
            weights = [w * likely[:, k] for _, w, k in grown]
        return contexts, weights
    contexts = []
    for _ in range(N_DRAWS):
        joint = base
        for j, space in spaces.items():
            joint = _with(joint, columns_of(spec, j), drawn_actions(policies[j], chances[j], space, rng=rng))
        contexts.append(joint)
    return contexts, [np.full(n_probes, 1 / N_DRAWS)] * N_DRAWS


def drawn_actions(policy: Policy, chances: Array, space: Choice, *, rng: np.random.Generator) -> Array:
    """Return one executed action a probe, ``[P, A]``, by the Gumbel-max rule or as a soft point."""
    noise = gumbel_noise(len(chances), space.width, rng=rng)
    if is_soft(policy):
        return soft_points(chances, noise, space, temperature=float(getattr(policy, "temperature", 1.0)))
    noisy = np.log(np.maximum(chances, LEAST)) + noise
    chosen = np.zeros_like(chances)
    for part in space.slices:
        chosen[np.arange(len(chances)), part.start + noisy[:, part].argmax(axis=1)] = 1.0
    return chosen


def _with(joint: Array, columns: slice, part: Array) -> Array:
    filled = joint.copy()
    filled[:, columns] = part
    return filled


def columns_of(spec: GameSpec, agent: int) -> slice:
    """Return where an agent's part of a joint action stands."""
    start = sum(spec.action_widths[:agent])
    return slice(start, start + spec.action_widths[agent])


def split_observations(joint: Array, sizes: tuple[int, ...]) -> list[Array]:
    """Return each agent's part of joint observations."""
    return np.split(joint, np.cumsum(sizes)[:-1], axis=1)
