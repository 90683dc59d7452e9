"""Anchors of scores: what random play and a better play that was not learned get in each game of a suite.

A score is 0 where a run gets what random play gets and 1 where it gets what the better anchor gets: the highest sum of
payoffs of any joint action in a matrix game, and rules of thumb in a particle world. Anchors are never the best and the
worst of the runs themselves: then a score would change with the company that a run is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nashlens.games import Game, NormalFormGame, anchor_policies, make, play
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports import atomic
from nashlens.reports.conventions import GameFacts
from nashlens.reports.safe_files import read_json
from nashlens.reports.store import Store

VERSION = 1
N_EPISODES = 1_000
FOLDER = "anchors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The scale of a game's scores; returns are undiscounted, of an episode, and means over agents.

    Attributes
    ----------
    random : what random play gets.
    better : what the better anchor gets; NaN where there is none.
    name : what the better anchor is.
    random_error, better_error : standard errors over episodes; 0 where the number is exact.
    n : episodes of each anchor; 0 where both are exact.
    reason : why the game has no score; empty if it has one.
    """

    random: float
    better: float
    name: str
    random_error: float = 0.0
    better_error: float = 0.0
    n: int = 0
    reason: str = ""

    def score(self, value: float) -> float:
        """Return the score of a return."""
        return (value - self.random) / (self.better - self.random)


def anchors_of(store: Store, facts: Mapping[str, GameFacts], *, anew: bool = False) -> dict[str, Anchors]:
    """Return the anchors of every game by its label, measured once a store.

    Parameters
    ----------
    store : keeps them.
    facts : of every game, by label.
    anew : True to measure them again instead of reading what the store keeps; nothing is kept then.
    """
    if anew:
        return {label: measured_anchors(make(about.name, **about.parameters)) for label, about in facts.items()}
    return {label: _kept(store, about) for label, about in facts.items()}


def measured_anchors(game: Game) -> Anchors:
    """Return the anchors of one game.

    Parameters
    ----------
    game : exact in matrix games; in particle worlds episodes are played, always the same ones.
    """
    nothing = float("nan")
    if isinstance(game, NormalFormGame):
        total = game.payoffs.mean(axis=0)
        found = Anchors(random=float(total.mean()), better=float(total.max()), name="highest sum of payoffs")
        constant = "its payoffs add to a constant, whatever is played"
        return replace(found, reason=constant) if found.better - found.random <= 1e-9 else found
    if len(set(game.spec.sides)) > 1:
        reason = "its sides play against each other: a return says as much of the opponent"
        return Anchors(random=nothing, better=nothing, name="", reason=reason)
    policies = anchor_policies(game) if isinstance(game, ParticleWorld) else {}
    if "heuristic" not in policies:
        reason = "no play better than random is known of it beforehand"
        return Anchors(random=nothing, better=nothing, name="", reason=reason)
    means, errors = {}, {}
    for name in ("random", "heuristic"):
        played = play(game, policies[name], n_episodes=N_EPISODES, rng=child(0, "anchors", name))
        each = played.returns.mean(axis=1)
        means[name], errors[name] = float(each.mean()), float(each.std(ddof=1) / np.sqrt(N_EPISODES))
    found = Anchors(
        random=means["random"],
        better=means["heuristic"],
        name="rules of thumb",
        random_error=errors["random"],
        better_error=errors["heuristic"],
        n=N_EPISODES,
    )
    clear = found.better - found.random > 4 * (found.better_error + found.random_error)
    return found if clear else replace(found, reason="its rules of thumb get no more than random play")


def _kept(store: Store, about: GameFacts) -> Anchors:
    """Return what the store keeps of a game's anchors, measured now where it keeps none that can be read."""
    key = {"version": VERSION, "game": about.name, "parameters": dict(about.parameters), "n": N_EPISODES}
    path = store.path(FOLDER) / f"{atomic.digest(atomic.canonical_json(key).encode())}.json"
    try:
        kept: dict[str, Any] = read_json(path)
        fields: dict[str, Any] = {name: float("nan") if value is None else value for name, value in kept.items()}
        return Anchors(**fields)
    except (FileNotFoundError, TypeError, ValueError):
        found = measured_anchors(make(about.name, **about.parameters))
    plain = {name: None if value != value else value for name, value in asdict(found).items()}  # noqa: PLR0124 NaN
    with suppress(OSError):  # a full disk keeps no anchors; the next report measures the same ones again
        store.folder(FOLDER)
        atomic.write_json(path, plain)
    return found
