"""Whose learning changed whose value, as rows: parts, Shapley shares, and the others' share beside its null."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.analysis.value_shift import ValueShift, split_value_shift
from nashlens.analysis.value_shift_floor import value_shift_floor
from nashlens.games import BehaviouralProfile, Game, SequentialGame, play
from nashlens.games.core import IntArray
from nashlens.games.randomness import child
from nashlens.reports.instruments.movement_quantities import PARTS, shapley_name
from nashlens.reports.measure_rows import Row, rows_per_agent

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "nonstationarity"
N_EPISODES = 64
N_MOMENTS = 5
MAX_PLAYED_AGENTS = 5  # agents up to which episodes are played at all 2^N mixtures of old and new policies


def value_rows(run: TrainingRun, shift: ValueShift, steps: IntArray, *, n: int = 1) -> Iterator[Row]:
    """Yield the parts of every change of value, Shapley shares of three agents or more, and the share of the others.

    Parameters
    ----------
    run : whose snapshots.
    shift : ``[T', N]``.
    steps : ``[T']``; the later snapshot of each change.
    n : episodes behind each part where they are estimates.
    """
    agents, bound = run.spec.agents, shift.bound
    unit = "snapshot" if bound == "exact" else "episode"
    columns = {f"ns_value_{part}": getattr(shift, part) for part in PARTS}
    if len(agents) > 2:
        columns |= {shapley_name(j): shift.shapley[..., j] for j in range(len(agents))}
    for name, values_TN in columns.items():
        for step, values in zip(steps, values_TN, strict=True):
            yield from rows_per_agent(agents, name, values, step=int(step), bound=bound, unit=unit, n=n)
    sizes = {part: np.abs(getattr(shift, part)).sum(axis=0) for part in PARTS}
    total = sum(sizes.values())
    share = np.where(total > 1e-12, sizes["others"] / np.where(total > 1e-12, total, 1.0), np.nan)
    yield from rows_per_agent(agents, "ns_others_share", share, step=int(steps[-1]), bound=bound, unit="run", n=1)


def episode_value_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield the same from episodes between a few snapshots, and the share of the others if no change mattered.

    Every mixture of old and new policies plays the same beginnings with the same random numbers, so that what differs
    is what the policies changed.
    """
    n_agents = run.spec.n_agents
    if n_agents > MAX_PLAYED_AGENTS:
        return
    moments = np.unique(np.linspace(0, len(run.snapshot_steps) - 1, N_MOMENTS).astype(int))
    shape = (2,) * n_agents
    corners: Array = np.zeros((*shape, len(moments) - 1, N_EPISODES, n_agents))
    for k, (before, after) in enumerate(pairwise(moments)):
        old, new = run.policies(int(before)), run.policies(int(after))
        for corner in np.ndindex(*shape):
            mixed = tuple(new[j] if moved else old[j] for j, moved in enumerate(corner))
            rng = child(run.seed, NAME, "values", k)
            corners[*corner, k] = play(game, mixed, n_episodes=N_EPISODES, rng=rng).returns
    shift = split_value_shift(corners.mean(axis=-2), bound="estimate")
    steps = run.snapshot_steps[moments[1:]]
    yield from value_rows(run, shift, steps, n=N_EPISODES)
    floor = value_shift_floor(corners, rng=child(run.seed, NAME, "swaps"))
    for name, values in (("ns_others_share_floor", floor.share_floor), ("ns_others_p", floor.p)):
        yield from rows_per_agent(run.spec.agents, name, values, step=int(steps[-1]), unit="episode", n=N_EPISODES)


def tree_corners(game: SequentialGame, profiles: BehaviouralProfile) -> Array:
    """Return ``[2, …, 2, T − 1, N]``: expected returns at every mixture of one snapshot's strategies and the next's."""
    corners = []
    for corner in product((0, 1), repeat=game.n_agents):
        mixed = [s[1:] if new else s[:-1] for s, new in zip(profiles, corner, strict=True)]
        corners.append(game.values(BehaviouralProfile(mixed)))
    return np.stack(corners).reshape(*(2,) * game.n_agents, *corners[0].shape)
