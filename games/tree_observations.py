"""What the agents of a game tree see, as tables that a history looks up.

An observation begins with a 1 where it is the agent's turn and a 0 where it waits; the rest tells the information
sets apart. While others move an agent goes on seeing what it knows, so that all agents' observations together still
say where the game stands; before its first move, and after the end, it may see zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, IntArray
from nashlens.games.game_tree import TERMINAL, GameTree

MAX_TABLE_ENTRIES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeObservations:
    """Tables of observations, and which row each history shows.

    Attributes
    ----------
    rows : one ``[R_i, O_i]`` an agent; its first ``I_i`` rows are those of its information sets, its last is zero.
    index : ``[H, N]``; the row that each agent sees at a history.
    kind : ``tensor`` (what the game itself says) or ``one_hot`` (which information set): what follows the turn.
    """

    rows: tuple[Array, ...]
    index: IntArray
    kind: str


def remembered(tree: GameTree, features: Sequence[Array] | None = None) -> TreeObservations:
    """Return observations in which a waiting agent sees its own last information set again.

    Parameters
    ----------
    tree : the game tree.
    features : one ``[I_i, F_i]`` an agent, a different vector for every information set; if left out, the one-hot
        vectors of the information sets' numbers.

    Raises
    ------
    ValueError : two information sets of an agent have the same features, or the one-hot table would be too large.
    """
    rows = []
    index = np.zeros((tree.n_histories, tree.n_agents), dtype=np.int64)
    for i, sets in enumerate(tree.agents):
        n_sets = len(sets)
        vectors = one_hot_features(n_sets) if features is None else np.asarray(features[i], dtype=np.float64)
        if features is not None and (vectors.shape[:1] != (n_sets,) or not tells_apart(vectors)):
            raise ValueError(f"features of agent {i} must be {n_sets} different vectors, not shape {vectors.shape}")
        rows.append(stacked_rows(vectors, vectors))
        last = tree.last_sequences[:, i]
        waiting = np.where(last >= 0, n_sets + last // sets.n_actions, 2 * n_sets)
        index[:, i] = np.where(tree.players == i, tree.information_sets, waiting)
        index[tree.players == TERMINAL, i] = 2 * n_sets
    return TreeObservations(rows=tuple(rows), index=index, kind="one_hot" if features is None else "tensor")


class ObservationIndex:
    """Finds the information set that an observation belongs to, for many observations at once.

    Parameters
    ----------
    rows : ``[I, O]``; the observations of the information sets, all different.

    Notes
    -----
    Rows are compared by a hash of their bits first, then exactly; an observation must be bit for bit the game's.
    """

    def __init__(self, rows: Array) -> None:
        self._weights = np.random.PCG64(0).random_raw(rows.shape[1]) | np.uint64(1)
        hashes = self._hash(rows)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]
        self._rows = rows
        assert len(np.unique(hashes)) == len(hashes), "two different observations have one hash"

    def find(self, observations: Array) -> IntArray:
        """Return ``[B]``; the information set of each observation ``[B, O]``, -1 where it belongs to none."""
        if len(self._rows) == 0:
            return np.full(len(observations), -1, dtype=np.int64)
        place = np.searchsorted(self._hashes, self._hash(observations))
        candidates = self._order[np.minimum(place, len(self._rows) - 1)]
        return np.where((self._rows[candidates] == observations).all(axis=1), candidates, -1)

    def _hash(self, rows: Array) -> npt.NDArray[np.uint64]:
        bits = np.ascontiguousarray(rows + 0.0, dtype=np.float64).view(np.uint64)
        hashes: npt.NDArray[np.uint64] = ((bits ^ (bits >> np.uint64(29))) * self._weights).sum(axis=1, dtype=np.uint64)
        return hashes


def stacked_rows(acting: Array, waiting: Array) -> Array:
    """Return ``[I + W + 1, 1 + F]``: acting rows behind a 1, waiting rows behind a 0, and the row of zeros."""
    width = acting.shape[1]
    return np.concatenate(
        [
            np.concatenate([np.ones((len(acting), 1)), acting], axis=1),
            np.concatenate([np.zeros((len(waiting), 1)), waiting], axis=1),
            np.zeros((1, width + 1)),
        ]
    )


def tells_apart(vectors: Array) -> bool:
    """Say whether no two rows of ``[I, F]`` are equal."""
    return len(vectors) < 2 or len(np.unique(vectors, axis=0)) == len(vectors)


def one_hot_features(n_sets: int) -> Array:
    """Return the identity ``[I, max(I, 1)]``.

    Raises
    ------
    ValueError : the table of both acting and waiting rows would have more than `MAX_TABLE_ENTRIES` entries.
    """
    if 2 * n_sets * n_sets > MAX_TABLE_ENTRIES:
        raise ValueError(
            f"one-hot observations of {n_sets} information sets would need {2 * n_sets * n_sets} numbers, more than "
            f"{MAX_TABLE_ENTRIES}; the game must be smaller, or describe its information sets by a tensor"
        )
    return np.eye(n_sets, max(n_sets, 1))
