"""A game tree as an environment: thousands of episodes in lock-step, by array look-up.

Every environment stands at a history where one agent is to move. A step follows that agent's action to a child, then
draws chance's moves until an agent is to move again or the game is over. The others must wait; what they put into
their action vectors is not read. An action vector's highest entry is the action.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray, GameSpec, IntArray, Step, check_actions
from nashlens.games.game_tree import CHANCE, GameTree
from nashlens.games.randomness import Streams
from nashlens.games.tree_moves import TreeMoves
from nashlens.games.tree_observations import TreeObservations


class SequentialBatch(Batch):
    """E plays of one tree.

    Parameters
    ----------
    spec : the specification of the game.
    tree, observations : the tree and what the agents see of it.
    streams : where chance draws from, one block of environments after the other.

    Raises
    ------
    ValueError : a play of the tree ends, or pays, before any agent has moved.
    """

    masks: tuple[BoolArray, ...]

    def __init__(self, spec: GameSpec, tree: GameTree, observations: TreeObservations, streams: Streams) -> None:
        self.spec = spec
        self.n_envs = streams.n_envs
        self._tree = tree
        self._streams = streams
        self._moves = TreeMoves(tree)
        self._rows = observations.rows
        self._views = tuple(np.ascontiguousarray(column) for column in observations.index.T)
        self._mask_rows = tuple(_mask_rows(sets.legal) for sets in tree.agents)
        self._mask_views = tuple(
            np.where(tree.players == i, tree.information_sets, len(sets)) for i, sets in enumerate(tree.agents)
        )
        self._histories = self._opened(np.ones(self.n_envs, dtype=np.bool_), np.zeros(self.n_envs, dtype=np.int64))
        self.observations, self.masks = self._look(self._histories)

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        """Follow the movers' actions and then chance; plays that are over begin again.

        Raises
        ------
        ValueError : a shape does not fit, or a mover's action is not legal (waiting included).
        """
        histories = self._after_agents(check_actions(self.spec, actions, self.n_envs))
        rewards = self._tree.rewards.take(histories, axis=0)
        at_chance = self._moves.at_chance(histories)
        if at_chance.any():
            draws = self._streams.uniform(0.0, 1.0, (), at_chance)
            histories[at_chance], paid = self._moves.settle(histories[at_chance], draws)
            rewards[at_chance] += paid
        ended = self._moves.ends.take(histories)
        next_observations, next_masks = self._look(histories)
        self._histories, self.observations, self.masks = histories, next_observations, next_masks
        if ended.any():
            self._histories = self._opened(ended, histories)
            self.observations, self.masks = self._look(self._histories)
        return Step(
            next_observations=next_observations,
            rewards=rewards,
            terminated=ended,
            truncated=np.zeros(self.n_envs, dtype=np.bool_),
            next_masks=next_masks,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the history ``[E]`` of every environment."""
        return {"histories": self._histories.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Put every environment back to its history.

        Raises
        ------
        ValueError : the histories are not E of this game's at which an agent moves.
        """
        histories = np.array(state["histories"], dtype=np.int64)
        inside = histories.shape == (self.n_envs,) and bool(
            ((histories >= 0) & (histories < self._tree.n_histories)).all()
        )
        if not inside or (self._tree.players[histories] < 0).any():
            raise ValueError(f"state must hold {self.n_envs} histories at which an agent of {self.spec.name} moves")
        self._histories = histories
        self.observations, self.masks = self._look(histories)

    def _look(self, histories: IntArray) -> tuple[tuple[Array, ...], tuple[BoolArray, ...]]:
        """Return what every agent sees and may do.

        One block of memory holds all agents' observations: for large batches, asking the system for memory costs more
        than filling it. `take` is several times faster than indexing for short rows.
        """
        block = np.empty(self.n_envs * sum(self.spec.observation_sizes))
        parts = np.split(block, np.cumsum(self.spec.observation_sizes)[:-1] * self.n_envs)
        seen = tuple(
            rows.take(view.take(histories), axis=0, out=part.reshape(self.n_envs, -1), mode="clip")
            for rows, view, part in zip(self._rows, self._views, parts, strict=True)
        )
        masks = tuple(
            rows.take(view.take(histories), axis=0)
            for rows, view in zip(self._mask_rows, self._mask_views, strict=True)
        )
        return seen, masks

    def _opened(self, where: BoolArray, histories: IntArray) -> IntArray:
        """Return the histories, those marked by `where` replaced by new openings."""
        opened = np.where(where, 0, histories)
        if self._tree.players[0] == CHANCE:
            draws = self._streams.uniform(0.0, 1.0, (), where)
            opened[where] = self._moves.settle(opened[where], draws)[0]
        return opened

    def _after_agents(self, played: tuple[Array, ...]) -> IntArray:
        histories = self._histories
        movers = self._tree.players.take(histories)
        following = np.empty_like(histories)
        for i, action in enumerate(played):
            where = np.flatnonzero(movers == i)
            chosen = action.take(where, axis=0).argmax(axis=1)
            reached = self._moves.follow(histories.take(where), i, chosen)
            if (reached < 0).any():
                k = int(reached.argmin())
                self._refuse(i, int(where[k]), int(chosen[k]))
            following[where] = reached
        return following

    def _refuse(self, agent: int, env: int, chosen: int) -> None:
        sets = self._tree.agents[agent]
        number = int(self._tree.information_sets[self._histories[env]])
        raise ValueError(
            f"actions of {self.spec.agents[agent]} must be legal; environment {env} got action {chosen} at "
            f"{sets.labels[number]!r}, where {np.flatnonzero(sets.legal[number]).tolist()} are"
        )


def _mask_rows(legal: BoolArray) -> BoolArray:
    """Return ``[I_i + 1, A_i + 1]``; the legal actions at each information set, and at last waiting alone."""
    rows = np.zeros((len(legal) + 1, legal.shape[1] + 1), dtype=np.bool_)
    rows[:-1, :-1] = legal
    rows[-1, -1] = True
    return rows
