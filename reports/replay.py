"""Replays: one episode of what a stored run learned, from the run alone.

Episodes of one number begin alike in every run of a game, whatever its seed and its learner, so that what differs
between two of them is how they were played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nashlens.games import make
from nashlens.games.particle.recording import Recording, record
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports.players import SCALE, thousandths

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MAX_STEPS = 400  # of an episode that a page shows
EDGE = 1.15  # half the width of what is shown at least: the square that most worlds begin in, and a little more


def replay(run: TrainingRun, *, episode: int = 0) -> Recording:
    """Return an episode of the policies of a run's last snapshot.

    Parameters
    ----------
    run : a run in a particle world.
    episode : which; the world's draws depend on it and on nothing else.

    Raises
    ------
    ValueError : the run was not in a particle world, its policies do not fit the world, or `episode` is negative.
    """
    world = make(run.spec.name, **run.spec.parameters)
    if not isinstance(world, ParticleWorld):
        raise ValueError(f"run must be in a particle world to be replayed; {run.spec.name} is none")
    return record(world, run.policies(), explore=run.explored, rng=child(episode, "replay"))


def n_numbers(world: ParticleWorld) -> int:
    """Return about how many numbers a page needs for one episode of a world."""
    n_signals = world.n_signals * int(world.controls.speaks.sum())
    return (min(world.spec.horizon, MAX_STEPS) + 1) * (
        2 * (world.n_agents + world.n_landmarks) + world.n_agents + n_signals
    )


def item(recording: Recording) -> dict[str, Any]:
    """Return an episode as the page's player reads it: whole thousandths, at most `MAX_STEPS` steps.

    Parameters
    ----------
    recording : the episode.
    """
    shown = slice(min(recording.n_steps, MAX_STEPS) + 1)
    positions = recording.positions[shown]
    centre, reach = window(recording)
    speaks = recording.speaks
    return {
        "positions": thousandths(np.where(np.abs(positions) < 1e6, positions, 0.0).reshape(len(positions), -1)),
        "rewards": thousandths(recording.rewards[: len(positions) - 1]),
        "messages": [
            [thousandths(said) if can else 0 for said, can in zip(moment, speaks, strict=True)]
            for moment in recording.messages[shown]
        ]
        if speaks.any()
        else [],
        "targets": once(recording.targets[shown]),
        "standing": once(recording.standing[shown]),
        "facts": {
            name: once(values[shown])
            for name, values in recording.facts.items()
            if values.dtype != np.float64 and name != "alive"
        },
        "centre": [round(float(c), 3) for c in centre],
        "reach": round(reach, 3),
        "n_steps": recording.n_steps,
    }


def about_world(world: ParticleWorld) -> dict[str, Any]:
    """Return what the page's player must know of a world."""
    sizes = [round(float(size), 4) for size in world.physics.sizes]
    spec = world.spec
    return {
        "kind": "episodes",
        "scale": SCALE,
        "agents": [
            {"name": name, "side": side, "size": size}
            for name, side, size in zip(spec.agents, spec.sides, sizes[: spec.n_agents], strict=True)
        ],
        "landmarks": sizes[spec.n_agents :],
        "choices": [["algorithm", "learner"], ["seed", "seed"]],
    }


def window(recording: Recording) -> tuple[npt.NDArray[np.float64], float]:
    """Return the centre ``[2]`` and half the width of the square that holds all agents and standing landmarks."""
    n = recording.rewards.shape[1]
    agents = recording.positions[:, :n].reshape(-1, 2)
    landmarks = recording.positions[:, n:][recording.standing]
    points = np.concatenate([agents, landmarks])
    if np.abs(points).max() <= EDGE:
        return np.zeros(2), EDGE
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, 1.08 * float((high - low).max()) / 2 + 0.1


def once(rows: npt.NDArray[Any]) -> Any:
    """Return rows as lists, or only the first where all are alike."""
    whole = np.asarray(rows).astype(np.int64)
    return whole[:1].tolist() if bool((whole == whole[:1]).all()) else whole.tolist()
