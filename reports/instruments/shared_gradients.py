"""Each agent's own policy gradient of the parameters that it shares, from a stored run.

In a matrix game the gradient is exact: that of the agent's expected payoff in the logits of its own strategy, carried
back through the network. In other games it is the deterministic policy gradient of the kept critic at observations of
the run's own episodes, one sample a minibatch: the others' actions are drawn from their policies, the own action is the
softmax itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.best_response import best_response
from nashlens.analysis.results import Array
from nashlens.analysis.sharing_conflict import sharing_conflict
from nashlens.games import Game, JointPolicy, NormalFormGame, Profile
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.games.randomness import child
from nashlens.reports.instruments.last_policies import SEPARATE
from nashlens.reports.instruments.roles import Role
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import first_learned
from nashlens.reports.probes import can_be_probed, probe_observations

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_PROBES = 1024
N_EPISODES = 64
N_MINIBATCHES = 16


def conflict_rows(run: TrainingRun, game: Game, role: Role, *, label: str) -> Iterator[Row]:
    """Yield conflict and cancellation of the gradients of one role's shared actor.

    Parameters
    ----------
    run : as stored.
    game : its game.
    role : whose exchangeable agents share an actor.
    label : how the rows call the role; empty where there is one only.

    Yields
    ------
    Two rows at the last snapshot. In a matrix game they are means over the snapshots since the first update, each
    exact; elsewhere over minibatches at the last one, if the run kept its critics. None where the role's agents share
    no actor, or it is no plain network of alternatives.
    """
    if len(role.exchangeable) < 2 or not shares_an_actor(run, role):
        return
    if not all(_is_plain(policy) for policy in run.policies()):
        return
    if isinstance(game, NormalFormGame):
        steps = range(first_learned(run), len(run.snapshot_steps))
        gradients, bound, unit = np.stack([_exact(game, run.policies(t), role) for t in steps]), "exact", "snapshot"
    elif run.learners and can_be_probed(game, run.policies()):
        gradients, bound, unit = _sampled(run, game, role), "estimate", "minibatch"
    else:
        return
    found = sharing_conflict(gradients, unit=unit)
    for name, values in (("gradient_conflict", found.conflict_rate), ("gradient_cancellation", found.cancellation)):
        kept = {"agent": label, "step": run.snapshot_steps[-1], "bound": bound, "unit": unit, "n": found.n_samples}
        yield row(name, float(values.values), **kept)


def shares_an_actor(run: TrainingRun, role: Role) -> bool:
    """Say whether the exchangeable agents of a role share one actor, with or without an index."""
    sides = {run.spec.sides[i] for i in role.exchangeable}
    modes = {str((run.algorithm[side].get("sharing") or {}).get("mode", SEPARATE)) for side in sides}
    return modes == {"full"} or (modes == {"side"} and len(sides) == 1)


def parameter_gradient(network: Network, observations: Array, output_gradients: Array) -> Array:
    """Return the gradient ``[d]`` of a sum over rows in all weights and biases of a network, layer by layer.

    Parameters
    ----------
    network : with rectified hidden layers; `Network.index` is appended to every row.
    observations : ``[B, in]``.
    output_gradients : ``[B, out]``; the gradient of each row's objective in the network's outputs.

    Examples
    --------
    >>> line = Network(weights=(np.array([[2.0]]),), biases=(np.array([0.0]),))
    >>> parameter_gradient(line, np.array([[3.0]]), np.array([[1.0]])).tolist()
    [3.0, 1.0]
    """
    layer = np.asarray(observations, dtype=np.float64)
    if network.index:
        layer = np.concatenate([layer, np.broadcast_to(network.index, (len(layer), len(network.index)))], axis=1)
    inputs = [layer]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        inputs.append(np.maximum(inputs[-1] @ weight + bias, 0.0))
    back = np.asarray(output_gradients, dtype=np.float64)
    parts: list[Array] = []
    for k in reversed(range(len(network.weights))):
        parts = [(inputs[k].T @ back).ravel(), back.sum(axis=0), *parts]
        back = (back @ network.weights[k].T) * (inputs[k] > 0)
    return np.concatenate(parts)


def _is_plain(policy: object) -> bool:
    return isinstance(policy, NetworkPolicy) and not policy.memory_size


def _exact(game: NormalFormGame, policies: JointPolicy, role: Role) -> Array:
    """Return the gradients ``[n, d]`` of each agent's expected payoff."""
    seen = np.ones((1, 1))
    profile = Profile([policy.probabilities(seen)[0] for policy in policies])
    values = best_response(game, profile).action_values
    return np.stack([_gradient_of(policies[i], seen, values[i][None]) for i in role.exchangeable])


def _sampled(run: TrainingRun, game: Game, role: Role) -> Array:
    """Return the gradients ``[M, n, d]`` of M minibatches."""
    policies = run.policies()
    rng = child(run.seed, "homogeneity", "gradients")
    probes = probe_observations(game, policies, n_probes=N_PROBES, n_episodes=N_EPISODES, rng=rng)
    drawn = [policy.sample(seen, rng=rng) for policy, seen in zip(policies, probes, strict=True)]
    ends = np.cumsum([0, *game.spec.action_widths])
    joint = np.concatenate(probes, axis=1)
    found = []
    for i in role.exchangeable:
        acts = [*drawn[:i], policies[i].probabilities(probes[i]), *drawn[i + 1 :]]
        slopes = run.critic(i).action_gradient(joint, np.concatenate(acts, axis=1))[:, ends[i] : ends[i + 1]]
        batches = np.array_split(np.arange(len(joint)), N_MINIBATCHES)
        found.append(np.stack([_gradient_of(policies[i], probes[i][b], slopes[b]) / len(b) for b in batches]))
    return np.stack(found, axis=1)


def _gradient_of(policy: object, observations: Array, slopes: Array) -> Array:
    """Return the gradient in a network's parameters of ``Σ_a slope_a softmax_a``, summed over rows."""
    assert isinstance(policy, NetworkPolicy)
    assert isinstance(policy.action_space, Choice)
    chances = policy.probabilities(observations)
    back = np.zeros_like(chances)
    for part in policy.action_space.slices:
        p, s = chances[:, part], slopes[:, part]
        back[:, part] = p * (s - (p * s).sum(axis=1, keepdims=True))
    return parameter_gradient(policy.network, observations, back)
