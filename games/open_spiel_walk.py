"""A walk over all states of an OpenSpiel game, a depth at a time, that writes the arrays of a `GameTree`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nashlens.games.core import Array
from nashlens.games.game_tree import CHANCE, TERMINAL, GameTree, InformationSets
from nashlens.games.tree_observations import TreeObservations, remembered, stacked_rows, tells_apart

NOTHING = np.iinfo(np.int64).min


class _Node(NamedTuple):
    """A state that the walk has reached but not written: how it was reached, and what was known before it."""

    state: Any
    parent: int
    action: int
    chance: float
    paid: list[float]
    memories: tuple[str, ...]


class Walk:
    """All states of a turn-based game.

    Parameters
    ----------
    game : a turn-based ``pyspiel.Game`` with listed chance moves.
    max_histories : the walk stops with an error beyond this many.
    perfect_recall : True to add what an agent saw and did at its earlier moves to what it knows.

    Raises
    ------
    ValueError : the game is too large, or says nothing about what its agents observe.
    """

    def __init__(self, game: Any, *, max_histories: int, perfect_recall: bool) -> None:
        import pyspiel

        kind = game.get_type()
        self._game = game
        self._limit = max_histories
        self._remembers = perfect_recall
        self._n_agents: int = game.num_players()
        self._pays_early: bool = kind.reward_model == pyspiel.GameType.RewardModel.REWARDS
        self._names_states: bool = kind.provides_information_state_string
        if not self._names_states and not kind.provides_observation_string:
            raise ValueError(f"game: {kind.short_name} does not say what its agents observe, so it has no tree")
        self._has_tensors: bool = kind.provides_information_state_tensor
        self._nodes: list[tuple[int, int, int, float, int]] = []
        self._paid: list[list[float]] = []
        self._sets: list[dict[str, int]] = [{} for _ in range(self._n_agents)]
        self._legal: list[list[list[int]]] = [[] for _ in range(self._n_agents)]
        self._acting: list[list[Any]] = [[] for _ in range(self._n_agents)]
        self._views: list[dict[str, int]] = [{} for _ in range(self._n_agents)]
        self._waiting: list[list[Any]] = [[] for _ in range(self._n_agents)]
        self._seen: list[list[int]] = []
        self._visit_all()

    def tree(self) -> GameTree:
        """Return the game tree."""
        players, parents, actions, chance, sets = zip(*self._nodes, strict=True)
        before = np.array(parents, dtype=np.int64)
        totals = np.array(self._paid, dtype=np.float64)
        rewards = totals.copy()
        rewards[1:] -= totals[before[1:]]
        return GameTree(
            players=np.array(players),
            parents=before,
            actions=np.array(actions),
            chance=np.array(chance),
            information_sets=np.array(sets),
            rewards=rewards,
            agents=tuple(self._information_sets(i) for i in range(self._n_agents)),
        )

    def observations(self, tree: GameTree) -> TreeObservations:
        """Return what the agents of `tree` see: information-state tensors if they differ everywhere, else one-hot."""
        if not self._has_tensors:
            return remembered(tree)
        width = self._game.information_state_tensor_size()
        acting = [_table(rows, width) for rows in self._acting]
        if not all(tells_apart(rows) for rows in acting):
            return remembered(tree)
        rows = tuple(stacked_rows(a, _table(w, width)) for a, w in zip(acting, self._waiting, strict=True))
        seen = np.array(self._seen, dtype=np.int64)
        n_sets = np.array([len(a) for a in acting])
        blank = np.array([len(r) - 1 for r in rows])
        index = np.where(seen == NOTHING, blank, np.where(seen >= 0, seen, n_sets - 1 - seen))
        return TreeObservations(rows=rows, index=index, kind="tensor")

    def _information_sets(self, agent: int) -> InformationSets:
        legal = np.zeros((len(self._sets[agent]), self._game.num_distinct_actions()), dtype=np.bool_)
        for row, actions in zip(legal, self._legal[agent], strict=True):
            row[actions] = True
        return InformationSets(labels=tuple(self._sets[agent]), legal=legal)

    def _visit_all(self) -> None:
        nothing = [0.0] * self._n_agents
        level = [_Node(self._game.new_initial_state(), -1, -1, 1.0, nothing, ("",) * self._n_agents)]
        reached, depth = 1, 0
        while level:
            following: list[_Node] = []
            for node in level:
                children = self._visit(node)
                reached += len(children)
                if reached > self._limit:
                    raise ValueError(self._too_large(depth))
                following += children
            level, depth = following, depth + 1

    def _too_large(self, depth: int) -> str:
        sets = sum(len(each) for each in self._sets)
        return (
            f"max_histories: {self._game.get_type().short_name} has more than {self._limit} histories; "
            f"{len(self._nodes)} were visited to depth {depth}, with {sets} information sets so far, and its longest "
            f"play takes {self._game.max_game_length()} moves. Choose smaller parameters, or raise max_histories"
        )

    def _visit(self, node: _Node) -> list[_Node]:
        state, number = node.state, len(self._nodes)
        if state.is_chance_node():
            self._write(node, CHANCE, -1, node.paid, [NOTHING] * self._n_agents)
            return [
                _Node(state.child(outcome), number, k, probability, node.paid, node.memories)
                for k, (outcome, probability) in enumerate(state.chance_outcomes())
            ]
        if state.is_terminal():
            self._write(node, TERMINAL, -1, state.returns(), [NOTHING] * self._n_agents)
            return []
        paid = state.returns() if self._pays_early else node.paid
        player, legal = state.current_player(), state.legal_actions()
        knowledge = self._knowledge(node)
        sets = self._sets[player]
        if knowledge[player] not in sets:
            sets[knowledge[player]] = len(sets)
            self._legal[player].append(legal)
            if self._has_tensors:
                self._acting[player].append(state.information_state_tensor(player))
        chosen = sets[knowledge[player]]
        seen = [chosen if i == player else self._view(state, i, knowledge[i]) for i in range(self._n_agents)]
        self._write(node, player, chosen, paid, seen)
        return [
            _Node(state.child(action), number, action, 1.0, paid, self._recalled(knowledge, node, player, action))
            for action in legal
        ]

    def _knowledge(self, node: _Node) -> tuple[str, ...]:
        """Return a string an agent that says all it knows here."""
        state, before = node.state, node.memories
        say = state.information_state_string if self._names_states else state.observation_string
        return tuple(before[i] + say(i) for i in range(self._n_agents))

    def _recalled(self, knowledge: tuple[str, ...], node: _Node, player: int, action: int) -> tuple[str, ...]:
        """Return what each agent carries along: nothing where the game's own strings already hold the past."""
        if not self._names_states:
            return tuple(f"{known}\n[{action}] " if i == player else f"{known}\n" for i, known in enumerate(knowledge))
        if not self._remembers:
            return node.memories
        number = self._sets[player][knowledge[player]]
        return tuple(f"[{number}: {action}] " if i == player else before for i, before in enumerate(node.memories))

    def _view(self, state: Any, agent: int, knowledge: str) -> int:
        """Return -1 - k for the k-th different thing that a waiting agent has seen."""
        if not self._has_tensors:
            return NOTHING
        views = self._views[agent]
        if knowledge not in views:
            views[knowledge] = len(views)
            self._waiting[agent].append(state.information_state_tensor(agent))
        return -1 - views[knowledge]

    def _write(self, node: _Node, player: int, information_set: int, paid: list[float], seen: list[int]) -> None:
        self._nodes.append((player, node.parent, node.action, node.chance, information_set))
        self._paid.append(paid)
        self._seen.append(seen)


def _table(rows: list[Any], width: int) -> Array:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)
