"""Where the seeds of a small matrix game ended, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games import NormalFormGame, Profile
from nashlens.games.core import Array
from nashlens.reports.words import counted, number

NEAR = 0.1  # total variation of every agent's strategy from those of an equilibrium


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """The strategies of one cell's seeds in a small matrix game.

    Attributes
    ----------
    label, algorithm : of the cell.
    game : two agents with two or three actions each.
    seeds : S seeds.
    steps : environment steps of the T snapshots.
    strategies : one ``[S, T, A]`` an agent.
    equilibria : the profiles that the game is known to have.
    complete : whether there are no others, mixtures of them in degenerate games aside.
    """

    label: str
    algorithm: str
    game: NormalFormGame
    seeds: tuple[int, ...]
    steps: tuple[int, ...]
    strategies: tuple[Array, Array]
    equilibria: tuple[Profile, ...]
    complete: bool


def ending_words(runs: Runs) -> str:
    """Say at which equilibria the seeds of a cell ended, and how many at none.

    Parameters
    ----------
    runs : one cell.
    """
    distances_SE = np.array(
        [
            np.max([0.5 * np.abs(s[:, -1] - e).sum(axis=-1) for s, e in zip(runs.strategies, profile, strict=True)], 0)
            for profile in runs.equilibria
        ]
    ).T
    n_seeds = len(runs.seeds)
    nearest, near = distances_SE.argmin(axis=1), distances_SE.min(axis=1) <= NEAR
    said = [
        f"{int((near & (nearest == k)).sum())} at {_profile_words(runs.game, profile)}"
        for k, profile in enumerate(runs.equilibria)
        if (near & (nearest == k)).any()
    ]
    ends = ", ".join(said) if said else "none at an equilibrium"
    elsewhere = int((~near).sum())
    rest = f", {elsewhere} elsewhere" if said and elsewhere else ""
    known = "all equilibria" if runs.complete else "the equilibria found"
    middle = number(float(np.median(distances_SE.min(axis=1))))
    return (
        f"{runs.algorithm}: of {counted(n_seeds, 'seed')} {ends}{rest} ({counted(len(runs.equilibria), 'equilibrium')}"
        f" in the game, {known}; median distance from the nearest {middle})."
    ).replace("equilibriums", "equilibria")


def _profile_words(game: NormalFormGame, profile: Profile) -> str:
    words = []
    for i, strategy in enumerate(profile):
        played = np.flatnonzero(strategy > 1e-9)
        mixed = "/".join(number(float(p)) for p in strategy)
        words.append(game.action_names[i][int(played[0])] if len(played) == 1 else mixed)
    return f"({', '.join(words)})"
