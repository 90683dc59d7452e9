"""Training runs as arrays by name and plain values, for whoever keeps them, and back; readable without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from nashlens.agents.learner_snapshots import pack_learners, unpack_learners
from nashlens.agents.snapshot_kinds import from_plain, to_plain
from nashlens.agents.snapshots import ActorSnapshots
from nashlens.agents.spec_settings import spec_from_settings, spec_to_settings
from nashlens.agents.training_run import TrainingRun, joint_policy, mixed

__all__ = [
    "ActorSnapshots",
    "TrainingRun",
    "joint_policy",
    "mixed",
    "pack",
    "spec_from_settings",
    "spec_to_settings",
    "unpack",
]


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
    if run.learners:
        settings["learners"], beside = pack_learners(run.learners)
        arrays |= beside
    return arrays, settings


def unpack(arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> TrainingRun:
    """Return the run that `pack` took apart.

    Raises
    ------
    ValueError : an array or a setting is missing.
    """
    try:
        plain = {key: value for key, value in settings.items() if key not in {"spec", "actors", "learners"}}
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
            learners=unpack_learners(arrays, settings.get("learners", ())),
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
