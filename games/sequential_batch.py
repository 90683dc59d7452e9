"""A game tree as an environment: thousands of episodes in lock-step, by array look-up.

Every environment stands at a history where one agent is to move. A step follows that agent's action to a child, then
draws chance's moves until an agent is to move again or the game is over. The others must wait; what they put into
their action vectors is not read. An action vector's highest entry is the action.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray, IntArray, Step, check_actions
from nashlens.games.game_tree import CHANCE, TERMINAL, GameTree
from nashlens.games.randomness import Streams

if TYPE_CHECKING:
    from nashlens.games.sequential import SequentialGame


class SequentialBatch(Batch):
    """E plays of one `SequentialGame`."""

    masks: tuple[BoolArray, ...]

    def __init__(self, game: SequentialGame, streams: Streams) -> None:
        self.spec = game.spec
        self.n_envs = streams.n_envs
        self._tree = game.tree
        self._seen = game.observations
        self._streams = streams
        self._chance_rows, self._cumulative = _chance_table(game.tree)
        self._ranks = tuple(np.where(s.legal, s.legal.cumsum(axis=1) - 1, -1) for s in game.tree.agents)
        self._mask_rows = tuple(_mask_rows(game.acting_masks(i)) for i in range(game.n_agents))
        _check_opening(game.tree)
        self._histories = np.zeros(self.n_envs, dtype=np.int64)
        self._histories = self._after_chance(self._histories, np.zeros((self.n_envs, game.n_agents)))
        self.observations, self.masks = self._look(self._histories)

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        """Follow the movers' actions and then chance; plays that are over begin again.

        Raises
        ------
        ValueError : a shape does not fit, or a mover's action is not legal (waiting included).
        """
        played = check_actions(self.spec, actions, self.n_envs)
        histories = self._after_agents(played)
        rewards = self._tree.rewards[histories]
        histories = self._after_chance(histories, rewards)
        ended = self._tree.players[histories] == TERMINAL
        next_observations, next_masks = self._look(histories)
        self._histories = histories
        self.observations, self.masks = next_observations, next_masks
        if ended.any():
            self._histories = self._after_chance(np.where(ended, 0, histories), np.zeros_like(rewards))
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
        index = self._seen.index[histories]
        seen = tuple(rows[index[:, i]] for i, rows in enumerate(self._seen.rows))
        movers, sets = self._tree.players[histories], self._tree.information_sets[histories]
        masks = tuple(rows[np.where(movers == i, sets, -1)] for i, rows in enumerate(self._mask_rows))
        return seen, masks

    def _after_agents(self, played: tuple[Array, ...]) -> IntArray:
        histories, tree = self._histories, self._tree
        movers, sets = tree.players[histories], tree.information_sets[histories]
        children = tree.first_children[histories]
        for i, (action, ranks) in enumerate(zip(played, self._ranks, strict=True)):
            where = np.flatnonzero(movers == i)
            chosen = action[where].argmax(axis=1)
            waits = chosen == ranks.shape[1]
            rank = ranks[sets[where], np.where(waits, 0, chosen)]
            wrong = waits | (rank < 0)
            if wrong.any():
                k = int(wrong.argmax())
                label = tree.agents[i].labels[sets[where[k]]]
                raise ValueError(
                    f"actions of {self.spec.agents[i]} must be legal; environment {where[k]} got action {chosen[k]} "
                    f"at {label!r}, where {np.flatnonzero(tree.agents[i].legal[sets[where[k]]]).tolist()} are"
                )
            children[where] += rank
        return children

    def _after_chance(self, histories: IntArray, rewards: Array) -> IntArray:
        tree = self._tree
        while (at_chance := tree.players[histories] == CHANCE).any():
            where = np.flatnonzero(at_chance)
            draws = self._streams.uniform(0.0, 1.0, (1,), at_chance)
            cumulative = self._cumulative[self._chance_rows[histories[where]]]
            outcome = (cumulative <= draws).sum(axis=1)
            histories = histories.copy()
            histories[where] = tree.first_children[histories[where]] + outcome
            rewards[where] += tree.rewards[histories[where]]
        return histories


def _mask_rows(acting: BoolArray) -> BoolArray:
    waiting = np.zeros((1, acting.shape[1]), dtype=np.bool_)
    waiting[0, -1] = True
    return np.concatenate([acting, waiting])


def _chance_table(tree: GameTree) -> tuple[IntArray, Array]:
    """Return the row ``[H]`` of each chance history and cumulative probabilities ``[C, outcomes]``, 2 where none."""
    where = tree.members(CHANCE)
    rows = np.full(tree.n_histories, -1, dtype=np.int64)
    rows[where] = np.arange(len(where))
    counts = tree.n_children[where]
    outcomes = np.arange(counts.max(initial=0))
    real = outcomes < counts[:, None]
    children = np.where(real, tree.first_children[where, None] + outcomes, 0)
    cumulative = np.cumsum(np.where(real, tree.chance[children], 0.0), axis=1)
    return rows, np.where(real, cumulative / cumulative[:, -1:], 2.0)


def _check_opening(tree: GameTree) -> None:
    untouched = (tree.last_sequences < 0).all(axis=1)
    if (untouched & ((tree.players == TERMINAL) | tree.rewards.any(axis=1))).any():
        raise ValueError("tree must not end or pay before an agent has moved, to be played as an environment")
