"""What a training run leaves behind: arrays and settings, readable without torch.

A `TrainingRun` belongs to one seed. It holds the game's name and arguments, the settings of every side, the curves, and
T snapshots of every actor, from which `policies` builds plain policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nashlens.agents.critic import Critic
from nashlens.agents.learner_snapshots import LearnerSnapshots
from nashlens.agents.snapshots import Snapshots
from nashlens.games import JointPolicy, Policy
from nashlens.games.core import GameSpec
from nashlens.games.mixture_policy import MixturePolicy

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """One seed's training, from its settings to its last policies.

    Attributes
    ----------
    spec : the game as it was played; ``spec.name`` and ``spec.parameters`` make it again.
    seed : the seed of every draw.
    algorithm : settings of each side, as plain values.
    n_steps : environment steps that were taken (all parallel environments counted).
    n_updates : gradient updates that were made.
    status : ``done``, or ``failed`` if the seed was stopped early.
    reason : why a failed seed was stopped, with the step; empty otherwise.
    snapshot_steps : ``[T]``; environment steps at each snapshot; the first is 0, before any training.
    actors : the snapshots of each agent's policy.
    episode_steps : ``[M]``; environment steps at the end of each training episode.
    episode_returns : ``[M, N]``; undiscounted returns of the training episodes, exploration noise included.
    evaluation_returns : ``[T, N]``; mean return of fresh episodes at each snapshot; NaN where none were asked for.
    n_evaluation_episodes : episodes behind each entry of `evaluation_returns`.
    explored : whether the evaluation sampled its actions (True) or played without exploration noise (False).
    losses : per update curves by name: ``critic_loss`` and ``actor_loss`` ``[U, N]``, NaN where an actor was not
        moved; under inference ``kl_{direction}_{against}_{where}`` ``[U, N, N]`` in nats, entry (i, j) of agent i's
        model of agent j: ``model_true`` or ``true_model``, the ``target`` or the ``online`` pair, on the ``replay``
        minibatch or the ``fresh`` transitions since the last update. Of Q-learning ``value_loss`` ``[U, N]`` and, under
        importance weights, their mean ``importance_mean``, effective share of the minibatch ``importance_ess`` and
        share at the bound ``importance_clipped``.
    update_steps : ``[U]``; environment steps at each recorded update.
    parameter_hash : SHA-256 over all final parameters, targets included.
    more_actors : under ensembles, every agent's further sub-policies; `actors` are the first.
    learners : of each agent's sub-policies what their learners held beside the actors, where `train` was told to
        ``keep_critics`` and the algorithm has critics; empty otherwise.
    """

    spec: GameSpec
    seed: int
    algorithm: Mapping[str, Any]
    n_steps: int
    n_updates: int
    status: Literal["done", "failed"]
    reason: str
    snapshot_steps: Counts
    actors: tuple[Snapshots, ...]
    episode_steps: Counts
    episode_returns: Floats
    evaluation_returns: Doubles
    n_evaluation_episodes: int
    explored: bool
    losses: Mapping[str, Floats]
    update_steps: Counts
    parameter_hash: str
    more_actors: tuple[tuple[Snapshots, ...], ...] = ()
    learners: tuple[tuple[LearnerSnapshots, ...], ...] = ()

    def policies(self, snapshot: int = -1) -> JointPolicy:
        """Return the joint policy of one snapshot, the last if left out.

        An ensemble is a mixture that is drawn once an episode; under the setting ``draw="side"`` the agents of a side
        draw together.

        Raises
        ------
        ValueError : there is no such snapshot.
        """
        self._check_snapshot(snapshot)
        actors = [self.sub_actors(i) for i in range(len(self.actors))]
        return joint_policy(self.spec, self.algorithm, actors, snapshot=snapshot)

    def sub_actors(self, agent: int) -> tuple[Snapshots, ...]:
        """Return the snapshots of all K sub-policies of an agent; one without ensembles."""
        return (self.actors[agent], *(self.more_actors[agent] if self.more_actors else ()))

    def critic(self, agent: int, snapshot: int = -1, *, target: bool = False, sub: int = 0) -> Critic:
        """Return one snapshot of an agent's critic: the online one that its actor climbs, or the target.

        Parameters
        ----------
        agent : whose.
        snapshot : which, the last if left out.
        target : whether to return the slow copy; under MATD3 it is the smaller of two.
        sub : whose sub-policy's, under ensembles.

        Raises
        ------
        ValueError : there is no such agent, sub-policy or snapshot, or this run kept no critics.
        """
        return self._learner(agent, snapshot, sub).critic(self.spec, agent, snapshot, target=target)

    def target_policy(self, agent: int, snapshot: int = -1, *, sub: int = 0) -> Policy:
        """Return one snapshot of the slow copy of an agent's actor, from which critics' targets are made.

        Parameters
        ----------
        agent, snapshot, sub : as for `critic`.

        Raises
        ------
        ValueError : there is no such agent, sub-policy or snapshot, or this run kept no critics.
        """
        return self._learner(agent, snapshot, sub).target_actor.policy(self.spec, agent, snapshot)

    def model(self, agent: int, other: int, snapshot: int = -1, *, target: bool = False) -> Policy:
        """Return one snapshot of an agent's model of another, as a policy of the other.

        Parameters
        ----------
        agent, other : whose model, of whom.
        snapshot : which, the last if left out.
        target : whether to return the slow copy, which stands in the critic's target.

        Raises
        ------
        ValueError : there is no such agent or snapshot, this run kept no critics and models, or the agent has no model
            of the other.
        """
        learner = self._learner(agent, snapshot, 0)
        models = learner.target_models if target else learner.models
        if other not in models:
            known = f"it has models of agents {sorted(models)}" if models else "it inferred no one's policy"
            raise ValueError(f"other must be an agent that agent {agent} has a model of, not {other}: {known}")
        return models[other].policy(self.spec, other, snapshot)

    def _learner(self, agent: int, snapshot: int, sub: int) -> LearnerSnapshots:
        n_agents = self.spec.n_agents
        if not 0 <= agent < n_agents:
            raise ValueError(f"agent must be within the {n_agents} of {self.spec.name}, not {agent}")
        if not self.learners:
            raise ValueError(
                "this run kept no critics, targets and models: they are kept where train or the suite says "
                "keep_critics and the algorithm is MADDPG or DDPG"
            )
        self._check_snapshot(snapshot)
        if not 0 <= sub < len(self.learners[agent]):
            raise ValueError(f"sub must be within the {len(self.learners[agent])} of agent {agent}, not {sub}")
        return self.learners[agent][sub]

    def _check_snapshot(self, snapshot: int) -> None:
        n_snapshots = len(self.snapshot_steps)
        if not -n_snapshots <= snapshot < n_snapshots:
            raise ValueError(f"snapshot must be within the {n_snapshots} of this run, not {snapshot}")


def joint_policy(
    spec: GameSpec, algorithm: Mapping[str, Any], actors: Sequence[Sequence[Snapshots]], *, snapshot: int
) -> JointPolicy:
    """Return the joint policy of one snapshot.

    Parameters
    ----------
    spec : the game.
    algorithm : settings of each side, as plain values.
    actors : of each agent the snapshots of its sub-policies.
    snapshot : which.
    """
    policies = []
    for i, subs in enumerate(actors):
        draw = algorithm[spec.sides[i]].get("ensemble", {}).get("draw", "side")
        each = [actor.policy(spec, i, snapshot) for actor in subs]
        policies.append(mixed(each, spec, i, draw=draw))
    return tuple(policies)


def mixed(policies: Sequence[Policy], spec: GameSpec, agent: int, *, draw: str) -> Policy:
    """Return an agent's sub-policies as one policy: itself if there is one, else the uniform mixture of them."""
    if len(policies) == 1:
        return policies[0]
    return MixturePolicy(policies, group=spec.sides[agent] if draw == "side" else None)
