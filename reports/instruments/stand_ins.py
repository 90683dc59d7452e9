"""What an agent's critic takes another agent to do next: its true target policy, a model of it, or a dose of another.

The settings of a run say which; its kept learners say with which probabilities. All is that of the target networks,
because these stand in the critic's target and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games.core import Choice

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

INFERRED, TRUE = "inferred", "true"
ACTIONS, LOG_PROBABILITIES = "actions", "log_probabilities"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """How an agent comes by the policies of the others.

    Attributes
    ----------
    source : ``inferred`` or ``true``.
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
    """
    space, size = run.spec.action_spaces[other], run.spec.observation_sizes[other]
    if not isinstance(space, Choice):
        raise ValueError(f"the actions of {run.spec.agents[other]} must be a Choice, not {type(space).__name__}")
    if observations.ndim != 2 or observations.shape[1] != size:
        raise ValueError(
            f"observations must be [P, {size}], those of {run.spec.agents[other]} in {run.spec.name}, not "
            f"{observations.shape}: probes of another agent or game"
        )
    how = stand_in_of(run, agent)
    if how is None:
        raise ValueError(f"the critic of {run.spec.agents[agent]} reads no other agent's action")
    true = run.target_policy(other, snapshot).probabilities(observations)
    base = true
    if how.source == INFERRED:
        base = run.model(agent, other, snapshot, target=True).probabilities(observations)
    if how.dose == 0:
        return true, base
    if how.dose_of == "frozen":
        instead = run.model(agent, other, 0).probabilities(observations)
    else:
        instead = np.empty_like(base)
        for part, n in zip(space.slices, space.factors, strict=True):
            instead[:, part] = 1 / n if how.dose_of == "uniform" else np.roll(base[:, part], 1, axis=1)
    return true, (1 - how.dose) * base + how.dose * instead
