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

from nashlens.agents.snapshot_kinds import from_plain, to_plain
from nashlens.agents.snapshots import ActorSnapshots, Snapshots
from nashlens.games import JointPolicy, Policy
from nashlens.games.core import Box, Choice, GameSpec
from nashlens.games.mixture_policy import MixturePolicy

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

__all__ = ["ActorSnapshots", "TrainingRun", "joint_policy", "pack", "spec_from_settings", "spec_to_settings", "unpack"]


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

    def policies(self, snapshot: int = -1) -> JointPolicy:
        """Return the joint policy of one snapshot, the last if left out.

        An ensemble is a mixture that is drawn once an episode; under the setting ``draw="side"`` the agents of a side
        draw together.

        Raises
        ------
        ValueError : there is no such snapshot.
        """
        n_snapshots = len(self.snapshot_steps)
        if not -n_snapshots <= snapshot < n_snapshots:
            raise ValueError(f"snapshot must be within the {n_snapshots} of this run, not {snapshot}")
        actors = [self.sub_actors(i) for i in range(len(self.actors))]
        return joint_policy(self.spec, self.algorithm, actors, snapshot=snapshot)

    def sub_actors(self, agent: int) -> tuple[Snapshots, ...]:
        """Return the snapshots of all K sub-policies of an agent; one without ensembles."""
        return (self.actors[agent], *(self.more_actors[agent] if self.more_actors else ()))


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


def pack(run: TrainingRun) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return a run as arrays by name and settings of plain values, for whoever keeps it."""
    arrays: dict[str, npt.NDArray[Any]] = {
        name: getattr(run, name)
        for name in ("snapshot_steps", "episode_steps", "episode_returns", "evaluation_returns", "update_steps")
    }
    arrays |= {f"losses.{name}": curve for name, curve in run.losses.items()}
    actors, kept = _packed_actors(run)
    arrays |= kept
    names = (
        *("seed", "algorithm", "n_steps", "n_updates", "status", "reason"),
        *("n_evaluation_episodes", "explored", "parameter_hash"),
    )
    settings = {name: getattr(run, name) for name in names}
    settings["spec"] = spec_to_settings(run.spec)
    settings["actors"] = actors
    return arrays, settings


def unpack(arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> TrainingRun:
    """Return the run that `pack` took apart.

    Raises
    ------
    ValueError : an array or a setting is missing.
    """
    try:
        plain = {key: value for key, value in settings.items() if key not in {"spec", "actors"}}
        actors = [
            tuple(
                from_plain(_part(arrays, about.get("arrays", f"actor{i}.{sub}") + "."), about)
                for sub, about in enumerate(each)
            )
            for i, each in enumerate(settings["actors"])
        ]
        curves: dict[str, Any] = {
            name: arrays[name]
            for name in ("snapshot_steps", "episode_steps", "episode_returns", "evaluation_returns", "update_steps")
        }
        losses = {key.removeprefix("losses."): a for key, a in arrays.items() if key.startswith("losses.")}
        return TrainingRun(
            spec=spec_from_settings(settings["spec"]),
            actors=tuple(each[0] for each in actors),
            more_actors=tuple(each[1:] for each in actors),
            losses=losses,
            **curves,
            **plain,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"settings and arrays must be those of a packed run; {error} is missing or wrong") from error


def _packed_actors(run: TrainingRun) -> tuple[list[list[dict[str, Any]]], dict[str, npt.NDArray[Any]]]:
    """Return the actors' settings and arrays; arrays that several actors share are kept once, and named by the rest."""
    homes: dict[tuple[int, ...], str] = {}
    settings: list[list[dict[str, Any]]] = []
    kept: dict[str, npt.NDArray[Any]] = {}
    for i in range(len(run.actors)):
        settings.append([])
        for sub, actor in enumerate(run.sub_actors(i)):
            arrays, about = to_plain(actor)
            name = f"actor{i}.{sub}"
            home = homes.setdefault(tuple(id(array) for array in arrays.values()), name)
            if home == name:
                kept |= {f"{name}.{key}": array for key, array in arrays.items()}
            else:
                about["arrays"] = home
            settings[-1].append(about)
    return settings, kept


def _part(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}


def spec_to_settings(spec: GameSpec) -> dict[str, Any]:
    """Return a game's specification as plain values."""
    plain = {name: getattr(spec, name) for name in ("name", "horizon", "common_reward", "soft_actions", "masked")}
    plain["parameters"] = dict(spec.parameters)
    plain |= {name: list(getattr(spec, name)) for name in ("agents", "sides", "observation_sizes")}
    plain["action_spaces"] = [
        {"factors": list(s.factors)} if isinstance(s, Choice) else {"low": list(s.low), "high": list(s.high)}
        for s in spec.action_spaces
    ]
    return plain


def spec_from_settings(settings: Mapping[str, Any]) -> GameSpec:
    """Return the specification that `spec_to_settings` wrote down."""
    spaces = tuple(
        Choice(tuple(s["factors"])) if "factors" in s else Box(tuple(s["low"]), tuple(s["high"]))
        for s in settings["action_spaces"]
    )
    listed: dict[str, Any] = {name: tuple(settings[name]) for name in ("agents", "sides", "observation_sizes")}
    rest = {k: v for k, v in settings.items() if k not in {"action_spaces", *listed}}
    return GameSpec(action_spaces=spaces, **listed, **rest)
