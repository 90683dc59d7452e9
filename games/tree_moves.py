"""How plays move through a game tree: an agent's action to the next history, and chance up to the next decision.

Chance may move several times in a row, as when cards are dealt. For every history where it begins to, `TreeMoves`
lists the histories at which it can leave the play, so that one draw settles the whole deal.
"""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Array, BoolArray, IntArray
from nashlens.games.game_tree import CHANCE, TERMINAL, GameTree


class TreeMoves:
    """Moves through one tree, for many plays at once.

    Parameters
    ----------
    tree : the game tree.

    Attributes
    ----------
    ends : ``[H]``; whether the game is over.

    Raises
    ------
    ValueError : a play of the tree ends, or pays, before any agent has moved.
    """

    def __init__(self, tree: GameTree) -> None:
        untouched = (tree.last_sequences < 0).all(axis=1)
        if (untouched & ((tree.players == TERMINAL) | tree.rewards.any(axis=1))).any():
            raise ValueError("tree must not end or pay before an agent has moved, to be played as an environment")
        self.ends: BoolArray = tree.players == TERMINAL
        self._tree = tree
        self._ranks = tuple(_ranks(sets.legal) for sets in tree.agents)
        self._list_landings()

    def follow(self, histories: IntArray, agent: int, chosen: IntArray) -> IntArray:
        """Return where an agent's actions lead, -1 where the action is not legal.

        Parameters
        ----------
        histories : ``[B]``; histories at which the agent moves.
        agent : index of the agent.
        chosen : ``[B]``; its actions, where ``A_i`` itself stands for waiting.
        """
        sets = self._tree.information_sets.take(histories)
        ranks = self._ranks[agent]
        rank = ranks.reshape(-1).take(sets * ranks.shape[1] + chosen)
        return np.where(rank < 0, -1, self._tree.first_children.take(histories) + rank)

    def at_chance(self, histories: IntArray) -> BoolArray:
        """Return ``[B]``; whether chance moves at a history."""
        where: BoolArray = self._rows.take(histories) >= 0
        return where

    def settle(self, histories: IntArray, draws: Array) -> tuple[IntArray, Array]:
        """Let chance move until it is an agent's turn or the game is over.

        Parameters
        ----------
        histories : ``[B]``; histories at which chance begins to move.
        draws : ``[B]``; uniform numbers from 0 to 1.

        Returns
        -------
        The histories ``[B]`` that chance leads to, and what is paid on the way, ``[B, N]``.
        """
        rows = self._rows.take(histories)
        place = np.minimum(self._cumulative.searchsorted(rows + draws, side="right"), self._last.take(rows))
        return self._landings.take(place), self._paid.take(place, axis=0)

    def _list_landings(self) -> None:
        tree = self._tree
        after_chance = np.concatenate([[False], tree.players[tree.parents[1:]] == CHANCE])
        begins = np.flatnonzero((tree.players == CHANCE) & ~after_chance)
        self._rows = np.full(tree.n_histories, -1, dtype=np.int64)
        self._rows[begins] = np.arange(len(begins))
        rows, nodes = np.arange(len(begins)), begins
        weights, paid = np.ones(len(begins)), np.zeros((len(begins), tree.n_agents))
        while (moving := tree.players[nodes] == CHANCE).any():
            counts = np.where(moving, tree.n_children[nodes], 1)
            source = np.repeat(np.arange(len(nodes)), counts)
            order = np.arange(len(source)) - np.repeat(counts.cumsum() - counts, counts)
            moved = moving[source]
            nodes = np.where(moved, tree.first_children[nodes[source]] + order, nodes[source])
            rows, weights, paid = rows[source], weights[source].copy(), paid[source].copy()
            weights[moved] *= tree.chance[nodes[moved]]
            paid[moved] += tree.rewards[nodes[moved]]
        possible = weights > 0
        self._landings, self._paid = nodes[possible], paid[possible]
        ends = np.searchsorted(rows[possible], np.arange(len(begins)), side="right")
        self._last = ends - 1
        self._cumulative = _cumulative(weights[possible], rows[possible], ends)


def _cumulative(weights: Array, rows: IntArray, ends: IntArray) -> Array:
    """Return ``row + cumulative probability within the row``, rising over all rows."""
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    starts = np.concatenate([[0], ends[:-1]])[rows]
    within = (sums[1:] - sums[starts]) / (sums[ends[rows]] - sums[starts])
    cumulative: Array = rows + within
    return cumulative


def _ranks(legal: BoolArray) -> IntArray:
    """Return ``[I_i, A_i + 1]``; which child an action leads to, -1 where it is illegal, as waiting always is."""
    ranks = np.full((len(legal), legal.shape[1] + 1), -1, dtype=np.int64)
    ranks[:, :-1] = np.where(legal, legal.cumsum(axis=1) - 1, -1)
    return ranks
