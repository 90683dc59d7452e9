"""How deviators learn: as the examined run learned where it is of the MADDPG family, and by DDPG elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nashlens.agents.snapshots import ActorSnapshots

if TYPE_CHECKING:
    from nashlens.agents.config import MADDPGFamily
    from nashlens.agents.training_run import TrainingRun

FAMILY = ("maddpg", "ddpg")
# Another run's settings are kept but for what belongs to many agents or is no part of a response.
LEFT_OUT = ("kind", "critic", "sharing", "critic_sharing", "ensemble", "inference", "minimax", "memory", "windows")
UPDATES = 200  # least number of updates that a response to another family's run makes


def responder(run: TrainingRun, agents: Sequence[int]) -> MADDPGFamily:
    """Return the settings by which some agents learn to respond.

    One agent learns by DDPG, several of a side by MADDPG with a central critic over themselves, each with networks of
    its own; everything else is as in the run, where its learners are of that family. Memories are left out: the
    response is feed-forward, which makes its bound looser.

    Parameters
    ----------
    run : the run that is examined.
    agents : who deviates, of one side.
    """
    from nashlens.agents import config

    given = run.algorithm[run.spec.sides[agents[0]]]
    soft = run.spec.soft_actions
    settings = _kept(given) if given.get("kind") in FAMILY else _own(given, n_steps=run.n_steps, soft=soft)
    found = config.parse({"kind": "maddpg" if len(agents) > 1 else "ddpg", **settings})
    assert isinstance(found, config.MADDPG | config.DDPG)
    return found


def can_begin_from(run: TrainingRun, agents: Sequence[int]) -> bool:
    """Say whether a response may begin from the run's own actors: plain networks of the shape that the response has.

    Parameters
    ----------
    run : the run that is examined.
    agents : who deviates.
    """
    hidden = tuple(responder(run, agents).hidden)
    for i in agents:
        actor = run.actors[i]
        if not isinstance(actor, ActorSnapshots) or actor.index or run.sub_actors(i)[1:]:
            return False
        if tuple(w.shape[2] for w in actor.weights[:-1]) != hidden:
            return False
    return True


def _kept(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in LEFT_OUT}


def _own(given: Mapping[str, Any], *, n_steps: int, soft: bool) -> dict[str, Any]:
    every = max(1, min(50, n_steps // (2 * UPDATES)))
    return {
        "estimator": "soft" if soft else "straight_through",
        "learning_rate": 0.003,
        "batch_size": 256,
        "hidden": list(given.get("hidden", (64, 64))),
        "rollout": {"n_envs": 8, "warmup_steps": max(1, n_steps // 10), "update_every_steps": every},
    }
