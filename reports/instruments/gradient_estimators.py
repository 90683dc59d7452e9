"""Estimators of one agent's policy gradient at the policies and critics of a stored run, at the same moments for all.

Each estimator says how it would move the logits at every moment; the plain network pulls that back to its parameters.
What is left of a run is enough: actors, critics, and the game to play. Others' replayed actions are drawn from the
policies of snapshots that a replay buffer would hold, since the buffer itself is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nashlens.analysis.logit_gradients import all_action_gradient, relaxed_gradient, score_gradient
from nashlens.games import Game, JointPolicy
from nashlens.games.categorical import softmax
from nashlens.games.core import Array, Choice
from nashlens.games.network_policy import NetworkPolicy

if TYPE_CHECKING:
    from nashlens.agents.critic import Critic
    from nashlens.agents.training_run import TrainingRun

N_MARGINAL = 4  # draws of the others' actions over which a decentralised value is averaged


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """Whose gradient is estimated, and what is known of the others.

    Attributes
    ----------
    agent : index of the agent.
    policies : of the last snapshot.
    earlier : joint policies of the snapshots since the first update, the last among them: what replay holds.
    critic : the agent's critic at the last snapshot.
    gamma : discount of the run.
    temperature : of the relaxed action through which the deterministic gradient passes.
    """

    agent: int
    policies: JointPolicy
    earlier: Sequence[JointPolicy]
    critic: Critic
    gamma: float
    temperature: float

    @property
    def policy(self) -> NetworkPolicy:
        """The agent's own policy."""
        own = self.policies[self.agent]
        assert isinstance(own, NetworkPolicy)
        return own


def applies(run: TrainingRun, game: Game) -> bool:
    """Say whether network gradients can be compared: plain networks over one hard choice, and critics that were kept.

    Parameters
    ----------
    run : as stored.
    game : the game of the run.
    """
    spec = game.spec
    hard = not spec.soft_actions and not spec.masked and spec.horizon > 1
    single = all(isinstance(space, Choice) and len(space.factors) == 1 for space in spec.action_spaces)
    return hard and single and all(isinstance(each, NetworkPolicy) for each in run.policies())


def subject_of(run: TrainingRun, agent: int, *, first: int) -> Subject:
    """Return what is needed of a run to estimate one agent's gradient.

    Parameters
    ----------
    run : as stored, with critics.
    agent : index of the agent.
    first : the first snapshot after an update.

    Raises
    ------
    ValueError : the run was stored without critics.
    """
    settings = run.algorithm[run.spec.sides[agent]]
    return Subject(
        agent=agent,
        policies=run.policies(),
        earlier=[run.policies(t) for t in range(first, len(run.snapshot_steps))],
        critic=run.critic(agent, -1),
        gamma=float(settings["gamma"]),
        temperature=float(settings["temperature"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """R moments at which all estimators are asked.

    Attributes
    ----------
    seen, played : of each agent ``[R, O_i]`` and ``[R, A_i]``.
    returns : ``[R]``; the agent's discounted rewards from there on.
    baselines : ``[R]``; what is taken off them.
    marginal : `N_MARGINAL` draws of everybody's actions from the present policies.
    replayed : everybody's actions as replay holds them.
    noise : ``[R, A]``; Gumbel noise of the relaxed own action.
    """

    seen: Sequence[Array]
    played: Sequence[Array]
    returns: Array
    baselines: Array
    marginal: Sequence[Sequence[Array]]
    replayed: Sequence[Array]
    noise: Array

    def at(self, rows: npt.NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        return Rows(
            seen=[each[rows] for each in self.seen],
            played=[each[rows] for each in self.played],
            returns=self.returns[rows],
            baselines=self.baselines[rows],
            marginal=[[each[rows] for each in draw] for draw in self.marginal],
            replayed=[each[rows] for each in self.replayed],
            noise=self.noise[rows],
        )


def drawn_rows(
    subject: Subject,
    seen: Sequence[Array],
    played: Sequence[Array],
    returns: Array,
    baselines: Array,
    *,
    rng: np.random.Generator,
) -> Rows:
    """Return rows with everything that estimators draw for themselves.

    Parameters
    ----------
    subject : whose gradient.
    seen, played, returns, baselines : as in `Rows`.
    rng : source of the draws of others' actions and of the relaxation's noise.
    """
    present = [[p.sample(o, rng=rng) for p, o in zip(subject.policies, seen, strict=True)] for _ in range(N_MARGINAL)]
    replayed = others_replayed(subject, seen, rng=rng)
    noise = rng.gumbel(size=played[subject.agent].shape)
    return Rows(
        seen=seen,
        played=played,
        returns=returns,
        baselines=baselines,
        marginal=present,
        replayed=replayed,
        noise=noise,
    )


def others_replayed(subject: Subject, seen: Sequence[Array], *, rng: np.random.Generator) -> list[Array]:
    """Return joint actions ``[R, A_i]`` at observations ``[R, O_i]``, each row by one snapshot's policies."""
    which = rng.integers(len(subject.earlier), size=len(seen[0]))
    drawn = [np.zeros((len(o), p.action_space.width)) for o, p in zip(seen, subject.policies, strict=True)]
    for k, joint in enumerate(subject.earlier):
        rows = np.flatnonzero(which == k)
        for i, policy in enumerate(joint if len(rows) else ()):
            drawn[i][rows] = policy.sample(seen[i][rows], rng=rng)
    return drawn


def logit_gradients(subject: Subject, rows: Rows) -> dict[str, Array]:
    """Return for every estimator the gradient at the agent's logits, ``[R, A]``.

    Parameters
    ----------
    subject : whose gradient.
    rows : where.
    """
    i, policy = subject.agent, subject.policy
    joint_seen, taken = np.concatenate(rows.seen, axis=1), rows.played[i]
    probabilities = policy.probabilities(rows.seen[i])
    values = own_values(subject.critic, joint_seen, rows.played, agent=i)
    drawn = [own_values(subject.critic, joint_seen, each, agent=i) for each in rows.marginal]
    of_taken, marginal = ((each * taken).sum(axis=1) for each in (values, np.mean(drawn, axis=0)))
    weights = {
        "reinforce": rows.returns,
        "reinforce_baseline": rows.returns - rows.baselines,
        "centralised_q": of_taken,
        "decentralised_q": marginal,
        "counterfactual": of_taken - (probabilities * values).sum(axis=1),
    }
    found = {name: score_gradient(probabilities, taken, weights=weight) for name, weight in weights.items()}
    assert isinstance(policy.action_space, Choice)
    point = softmax((policy.network(rows.seen[i]) + rows.noise) / subject.temperature, policy.action_space)
    present = [p.probabilities(o) for p, o in zip(subject.policies, rows.seen, strict=True)]
    return found | {
        "all_action": all_action_gradient(probabilities, values),
        "dpg_replayed": _deterministic(subject, joint_seen, rows.replayed, point),
        "dpg_reevaluated": _deterministic(subject, joint_seen, present, point),
    }


def own_values(critic: Critic, observations: Array, actions: Sequence[Array], *, agent: int) -> Array:
    """Return ``[R, A_i]``: the critic's value of every own alternative, the others acting as given.

    Parameters
    ----------
    critic : the agent's.
    observations : joint vectors ``[R, ΣO]``.
    actions : of each agent ``[R, A_i]``.
    agent : whose alternatives.
    """
    n_rows, width = actions[agent].shape
    columns = []
    for k in range(width):
        own = np.zeros((n_rows, width))
        own[:, k] = 1.0
        columns.append(critic(observations, np.concatenate([*actions[:agent], own, *actions[agent + 1 :]], axis=1)))
    return np.stack(columns, axis=1)


def _deterministic(subject: Subject, observations: Array, actions: Sequence[Array], point: Array) -> Array:
    i = subject.agent
    joint = np.concatenate([*actions[:i], point, *actions[i + 1 :]], axis=1)
    start = sum(a.shape[1] for a in actions[:i])
    slopes = subject.critic.action_gradient(observations, joint)[:, start : start + point.shape[1]]
    return relaxed_gradient(point, slopes, temperature=subject.temperature)
