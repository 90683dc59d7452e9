"""Partial observability: an agent sees only its nearest neighbours, nearest first.

A world that limits neighbours keeps the observation's length: places for which there is no neighbour hold zeros.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nashlens.games.core import Array
from nashlens.games.particle.geometry import length


def nearest(relative: Array, limit: int | None, *, attached: Sequence[Array] = ()) -> tuple[Array, ...]:
    """Return the nearest of some things, with what belongs to each of them.

    Parameters
    ----------
    relative : ``[n, 2, E]``; positions relative to the one who looks.
    limit : how many places there are; None returns everything as it is.
    attached : more about the same n things, each ``[n, k, E]``.

    Returns
    -------
    `relative` and each of `attached`, ``[limit, …, E]``, sorted by distance; places that stay empty are zeros.
    """
    if limit is None:
        return (relative, *attached)
    nearest_first = np.argsort(length(relative), axis=0, kind="stable")[:limit, None]
    return tuple(_filled(np.take_along_axis(values, nearest_first, axis=0), limit) for values in (relative, *attached))


def _filled(values: Array, limit: int) -> Array:
    if len(values) == limit:
        return values
    empty = np.zeros((limit - len(values), *values.shape[1:]))
    return np.concatenate([values, empty])
