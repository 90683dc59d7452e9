"""What an agent's critic takes another agent to do next: its true target policy, a model of it, or a dose of another.

The settings of a run say which; its kept learners say with which probabilities. All is that of the target networks,
because these stand in the critic's target and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games.core import Box, Choice
from nashlens.games.randomness import child
from nashlens.reports.instruments.played_actions import N_DRAWS, gumbel_noise, mean_played

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

INFERRED, TRUE, REPLAY = "inferred", "true", "replay"
ACTIONS, LOG_PROBABILITIES = "actions", "log_probabilities"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """How an agent comes by the policies of the others.

    Attributes
    ----------
    source : ``inferred``, ``true``, or ``replay``: what the others did next there.
    entropy_weight : λ of the models' fit.
    fed_as : ``actions`` or ``log_probabilities``.
    dose : share that is replaced.
    dose_of : by what: ``uniform``, ``permuted`` or ``frozen``.
    gamma : discount of the agent's critic.
    """

    source: str = TRUE
    entropy_weight: float = 0.0
    fed_as: str = ACTIONS
    dose: float = 0.0
    dose_of: str = "uniform"
    gamma: float = 0.95

    @property
    def is_true(self) -> bool:
        """Whether the true target policies stand in undiluted, read as actions: what others are compared with."""
        return self.source == TRUE and self.dose == 0 and self.fed_as == ACTIONS


def stand_in_of(run: TrainingRun, agent: int) -> StandIn | None:
    """Return the settings of an agent, None where its critic reads no other agent's action.

    Parameters
    ----------
    run : as stored.
    agent : whose critic.
    """
    settings = run.algorithm[run.spec.sides[agent]]
    if settings.get("kind") != "maddpg" or settings.get("critic", "central") != "central":
        return None
    inference = settings.get("inference")
    gamma = float(settings.get("gamma", 0.95))
    if inference is None:
        return StandIn(gamma=gamma)
    known = ("source", "entropy_weight", "fed_as", "dose", "dose_of")
    return StandIn(gamma=gamma, **{name: inference[name] for name in known})


def true_and_fed(
    run: TrainingRun, agent: int, other: int, observations: Array, *, snapshot: int
) -> tuple[Array, Array]:
    """Return the other's true target policy and what stands in for it, each ``[P, A_j]``, factor by factor.

    Parameters
    ----------
    run : one that kept its learners.
    agent, other : whose critic, and whose policy.
    observations : ``[P, O_j]``, of the other agent.
    snapshot : which.

    Raises
    ------
    ValueError : the run kept no learners, the observations are not the other agent's, or its actions are no `Choice`.

    Notes
    -----
    What stands in where actions are taken from the replay is the mean of what the policies played that filled it.
    """
    how = checked_stand_in(run, agent, other, observations, kind=Choice)
    true = run.target_policy(other, snapshot).probabilities(observations)
    base = true
    if how.source == REPLAY:
        base = _in_replay(run, other, observations, snapshot=snapshot)
    if how.source == INFERRED:
        base = run.model(agent, other, snapshot, target=True).probabilities(observations)
    if how.dose == 0:
        return true, base
    if how.dose_of == "frozen":
        instead = run.model(agent, other, 0).probabilities(observations)
    else:
        instead = np.empty_like(base)
        space = run.spec.action_spaces[other]
        assert isinstance(space, Choice)
        for part, n in zip(space.slices, space.factors, strict=True):
            instead[:, part] = 1 / n if how.dose_of == "uniform" else np.roll(base[:, part], 1, axis=1)
    return true, (1 - how.dose) * base + how.dose * instead


def checked_stand_in(
    run: TrainingRun, agent: int, other: int, observations: Array, *, kind: type[Choice] | type[Box]
) -> StandIn:
    """Return what stands in for an agent in another's critic.

    Parameters
    ----------
    run, agent, other, observations : as for `true_and_fed`.
    kind : what the other's actions must be.

    Raises
    ------
    ValueError : the actions are of another kind, the observations not the other agent's, or the critic reads nobody.
    """
    space = run.spec.action_spaces[other]
    if not isinstance(space, kind):
        raise ValueError(
            f"the actions of {run.spec.agents[other]} must be a {kind.__name__}, not {type(space).__name__}"
        )
    check_observations(run, other, observations)
    how = stand_in_of(run, agent)
    if how is None:
        raise ValueError(f"the critic of {run.spec.agents[agent]} reads no other agent's action")
    return how


def check_observations(run: TrainingRun, agent: int, observations: Array) -> None:
    """Refuse observations that cannot be an agent's.

    Raises
    ------
    ValueError : they have another width than the agent's observations.
    """
    size = run.spec.observation_sizes[agent]
    if observations.ndim != 2 or observations.shape[1] != size:
        raise ValueError(
            f"observations must be [P, {size}], those of {run.spec.agents[agent]} in {run.spec.name}, not "
            f"{observations.shape}: probes of another agent or game"
        )


def replay_weights(run: TrainingRun, *, snapshot: int) -> Array:
    """Return ``[t + 1]``: what share of the replay each snapshot's policies filled, by the steps since the one before.

    Parameters
    ----------
    run : as stored; where its settings name the capacity of the replay, what was pushed out does not count.
    snapshot : t; 0 stands for itself.
    """
    steps = run.snapshot_steps[: snapshot + 1].astype(np.float64)
    rollouts = [settings.get("rollout", {}) for settings in run.algorithm.values()]
    capacity = min(float(rollout.get("replay_capacity", np.inf)) for rollout in rollouts)
    ends = np.maximum(steps - max(steps[-1] - capacity, 0.0), 0.0)
    held = np.diff(ends, prepend=ends[0])
    if not held.any():
        held[-1] = 1.0
    shares: Array = held / held.sum()
    return shares


def _in_replay(run: TrainingRun, other: int, observations: Array, *, snapshot: int) -> Array:
    space = run.spec.action_spaces[other]
    weights = replay_weights(run, snapshot=snapshot)
    noise = gumbel_noise(N_DRAWS, space.width, rng=child(run.seed, "stand_in", "noise", other))
    played = [
        weight * mean_played(run.policies(t)[other], observations, noise=noise)
        for t, weight in enumerate(weights)
        if weight
    ]
    found: Array = np.sum(played, axis=0)
    return found
