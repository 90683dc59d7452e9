"""Players of small matrix games: the paths of a phase portrait, snapshot by snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.players import SCALE, Player, thousandths

MOST_SEEDS = 20  # of one portrait that a page can play


def strategy_player(groups: Sequence[dict[str, Any]], *, game: str, shape: str) -> Player:
    """Return the player of a game from the groups of its portraits.

    Parameters
    ----------
    groups : as `portrait_group` returns them.
    game : label of the game.
    shape : ``square`` or ``simplex``.
    """
    data = {
        "kind": "paths",
        "title": game,
        "shape": shape,
        "scale": SCALE,
        "groups": list(groups),
        "choices": [["algorithm", "learner"], ["seed", "seed"]],
    }
    return Player(name=f"data-phase-{game}", title=f"{game}, over training", data=data)


def portrait_group(
    points: pd.DataFrame, *, title: str, labels: Sequence[str], steps: Sequence[int], agents: Sequence[str]
) -> dict[str, Any]:
    """Return a portrait as plain values: field, paths and equilibria, in whole thousandths.

    Parameters
    ----------
    points : as `phase_chapter.portrait_data` returns them.
    title : tells the portrait from others of its game.
    labels : of the axes of a square or of the corners of a simplex.
    steps : environment steps of the snapshots.
    agents : whose paths there are where a seed has several; in their order.
    """
    field, walked, equilibria = (points[points["what"] == what] for what in ("field", "path", "equilibrium"))
    seeds = sorted(int(seed) for seed in walked["seed"].unique())[:MOST_SEEDS]
    paths = []
    for seed in seeds:
        own = walked[walked["seed"] == seed]
        several = own["path"].nunique() > 1
        for k, (_, path) in enumerate(own.groupby("path", sort=False)):
            paths.append(
                {
                    "label": f"seed {seed}",
                    "agent": agents[k] if several else "",
                    "points": thousandths(path[["x", "y"]].to_numpy().ravel()),
                }
            )
    return {
        "algorithm": title,
        "seeds": [f"seed {seed}" for seed in seeds],
        "labels": list(labels),
        "steps": [int(step) for step in steps],
        "paths": paths,
        "equilibria": thousandths(equilibria[["x", "y"]].to_numpy().ravel()),
        "field": thousandths(_directions(field).ravel()),
    }


def _directions(field: pd.DataFrame) -> Any:
    """Return ``[n, 4]``, where arrows stand and which way they point; those without a direction are left out."""
    values = field[["x", "y", "dx", "dy"]].to_numpy(dtype=np.float64)
    lengths = np.hypot(values[:, 2], values[:, 3])
    moving = lengths > 1e-12 * max(float(lengths.max(initial=0.0)), 1e-300)
    return np.concatenate([values[moving, :2], values[moving, 2:] / lengths[moving, None]], axis=1)
