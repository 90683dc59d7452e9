"""What wrong stand-ins do to an actor's gradient: two critics of one agent that differ in one target alone.

The critic that a run kept was moved towards targets in which stand-ins take the others' next actions. On transitions of
fresh episodes its last layer is corrected by what those targets were wrong by, through least squares on its centred
features; the corrected critic is what one backup with the true target policies would have made of it. The gradients of
both in the logits of the agent's actor, at the same observations and actions, are compared: an error in value that is
the same for all own actions leaves no trace in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.inference_error import GradientEffect, gradient_effect
from nashlens.analysis.results import Array
from nashlens.games import Game, JointPolicy
from nashlens.games.core import Box, Choice
from nashlens.games.network_policy import Network
from nashlens.games.policy import Policy
from nashlens.games.randomness import Streams
from nashlens.reports.instruments.box_stand_ins import moments_of, true_and_fed_moments, values_under
from nashlens.reports.instruments.inference_values import columns_of, expected_values, split_observations
from nashlens.reports.instruments.played_actions import LEAST, gumbel_noise, soft_points
from nashlens.reports.instruments.stand_ins import LOG_PROBABILITIES, StandIn, true_and_fed

if TYPE_CHECKING:
    from nashlens.agents.critic import Critic
    from nashlens.agents.records import TrainingRun

N_ENVS = 64
MOST_STEPS = 8
CONDITION = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transitions:
    """n transitions of a joint policy.

    Attributes
    ----------
    observations, next_observations : ``[n, ΣO]``.
    actions : ``[n, ΣA]``, as they were executed.
    going_on : ``[n]``; 0 where the game was over, 1 elsewhere.
    """

    observations: Array
    actions: Array
    next_observations: Array
    going_on: Array


def sampled_transitions(game: Game, policies: JointPolicy, *, rng: np.random.Generator) -> Transitions:
    """Return the transitions of `N_ENVS` episodes side by side, at `MOST_STEPS` moments spread over them.

    Parameters
    ----------
    game : without masks.
    policies : without memory; they sample their actions.
    rng : source of the game's and the policies' draws.
    """
    world, chance = rng.spawn(2)
    batch = game.begin(Streams(world, N_ENVS))
    n_moments = min(MOST_STEPS, game.spec.horizon)
    moments = {int(m) for m in np.linspace(0, game.spec.horizon - 1, n_moments)}
    columns: list[list[Array]] = [[], [], [], []]
    for moment in range(max(moments) + 1):
        seen = [each.copy() for each in batch.observations]
        actions = [policy.sample(each, rng=chance) for policy, each in zip(policies, seen, strict=True)]
        step = batch.step(actions)
        if moment in moments:
            going_on: Array = 1.0 - step.terminated.astype(np.float64)
            parts = (np.hstack(seen), np.hstack(actions), np.hstack(step.next_observations), going_on)
            for column, part in zip(columns, parts, strict=True):
                column.append(part)
    before, acted, after, kept = (np.concatenate(column) for column in columns)
    return Transitions(observations=before, actions=acted, next_observations=after, going_on=kept)


def actor_gradient_effect(
    run: TrainingRun, game: Game, *, agent: int, snapshot: int, how: StandIn, rng: np.random.Generator
) -> GradientEffect | None:
    """Return how an actor's gradient differs between a critic on true targets and the critic that the run kept.

    Parameters
    ----------
    run : one that kept its learners.
    game : its game.
    agent : whose actor and critic.
    snapshot : which.
    how : how the agent comes by the policies of the others.
    rng : source of the episodes and of all draws.

    Returns
    -------
    GradientEffect of gradients in the logits, or in the numbers of a `Box`, over all transitions, an estimate; None
    where the game always ends at once, so that no next action enters any target.
    """
    policies = run.policies(snapshot)
    found = sampled_transitions(game, policies, rng=rng)
    if not found.going_on.any():
        return None
    critic, before = run.critic(agent, snapshot), found.observations
    actions = found.actions
    if how.fed_as == LOG_PROBABILITIES:
        actions = _others_as_logs(run, agent, found, snapshot=snapshot)
    errors = found.going_on * how.gamma * _next_errors(run, agent, found, snapshot=snapshot, how=how, rng=rng)
    here, space = columns_of(run.spec, agent), run.spec.action_spaces[agent]
    seen = split_observations(before, run.spec.observation_sizes)[agent]
    at, corrected = actions.copy(), _corrected(critic, before, actions, errors)
    if isinstance(space, Box):
        at[:, here] = policies[agent].sample(seen, rng=rng)
        return gradient_effect(*(each.action_gradient(before, at)[:, here] for each in (corrected, critic)))
    at[:, here], heat = _own_points(policies[agent], seen, space, rng=rng)
    slopes = [each.action_gradient(before, at)[:, here] for each in (corrected, critic)]
    return gradient_effect(*(_in_logits(slope, at[:, here], space) / heat for slope in slopes))


def _next_errors(
    run: TrainingRun, agent: int, found: Transitions, *, snapshot: int, how: StandIn, rng: np.random.Generator
) -> Array:
    """Return ``[n]``: the target critic's value at the successors under the true policies, less that in use."""
    spec = run.spec
    seen = split_observations(found.next_observations, spec.observation_sizes)
    targets = tuple(run.target_policy(j, snapshot) for j in range(spec.n_agents))
    if isinstance(spec.action_spaces[agent], Box):
        moments = [
            (moments_of(targets[j], seen[j]),) * 2
            if j == agent
            else true_and_fed_moments(run, agent, j, seen[j], snapshot=snapshot)
            for j in range(spec.n_agents)
        ]
        target = run.critic(agent, snapshot, target=True)
        values = values_under(target, found.next_observations, moments, other=None, rng=rng).mean(axis=(1, 2))
        difference: Array = values[0] - values[1]
        return difference
    own = targets[agent].probabilities(seen[agent])
    both = [
        (own, own) if j == agent else true_and_fed(run, agent, j, seen[j], snapshot=snapshot)
        for j in range(spec.n_agents)
    ]
    seed = int(rng.integers(2**63))
    true, fed = (
        expected_values(
            run.critic(agent, snapshot, target=True),
            targets,
            found.next_observations,
            chances=[pair[k] for pair in both],
            fed_as=how.fed_as,
            rng=np.random.default_rng(seed),
        )
        for k in (0, 1)
    )
    return true - fed


def _corrected(critic: Critic, observations: Array, actions: Array, errors: Array) -> Critic:
    """Return the critic with its last layer moved by the least squares of the errors on its centred features."""
    from nashlens.agents.critic import Critic

    network = critic.networks[0]
    inputs = np.concatenate([observations[:, critic.observation_columns], actions[:, critic.action_columns]], axis=1)
    features = _last_features(network, inputs)
    centred = features - features.mean(axis=0)
    slopes = np.linalg.lstsq(centred, errors - errors.mean(), rcond=CONDITION)[0]
    moved = Network(
        weights=(*network.weights[:-1], network.weights[-1] + slopes[:, None]),
        biases=(*network.biases[:-1], network.biases[-1] + errors.mean() - features.mean(axis=0) @ slopes),
        index=network.index,
    )
    return Critic((moved,), spec=critic.spec, agent=critic.agent, central=critic.central)


def _last_features(network: Network, inputs: Array) -> Array:
    layer = inputs
    if network.index:
        layer = np.concatenate([layer, np.broadcast_to(network.index, (len(layer), len(network.index)))], axis=1)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        layer = np.maximum(layer @ weight + bias, 0.0)
    return layer


def _own_points(policy: Policy, seen: Array, space: Choice, *, rng: np.random.Generator) -> tuple[Array, float]:
    """Return the soft points at which an actor's gradient is taken, and their temperature."""
    heat = float(getattr(policy, "temperature", 1.0))
    noise = gumbel_noise(len(seen), space.width, rng=rng)
    return soft_points(policy.probabilities(seen), noise, space, temperature=heat), heat


def _in_logits(slope: Array, point: Array, space: Choice) -> Array:
    """Return the gradient in the logits of soft points, from that in the points: ``p ∘ (g − p · g)`` a factor."""
    moved = np.empty_like(slope)
    for part in space.slices:
        p, g = point[:, part], slope[:, part]
        moved[:, part] = p * (g - (p * g).sum(axis=1, keepdims=True))
    return moved


def _others_as_logs(run: TrainingRun, agent: int, found: Transitions, *, snapshot: int) -> Array:
    """Return the actions with the others' parts as their policies' log probabilities."""
    actions = found.actions.copy()
    seen = split_observations(found.observations, run.spec.observation_sizes)
    for j, policy in enumerate(run.policies(snapshot)):
        if j != agent:
            actions[:, columns_of(run.spec, j)] = np.log(np.maximum(policy.probabilities(seen[j]), LEAST))
    return actions
