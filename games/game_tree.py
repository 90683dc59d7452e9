"""A finite game tree as arrays: histories, information sets, chance and what each history pays.

Histories are numbered breadth first: a history comes after its parent, the histories of one depth stand side by side
(`GameTree.levels`), and so do the children of one history, in the order of its legal actions. A sweep over the tree
is therefore a loop over depths, and everything inside a depth is one gather.

Letters: N agents, H histories, Z terminal histories, ``I_i`` information sets and ``A_i`` actions of agent i.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, BoolArray, IntArray

CHANCE = -1
TERMINAL = -2
PROBABILITY_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationSets:
    """What one agent can tell apart where it moves.

    Attributes
    ----------
    labels : ``I_i`` printable names, unique; numbered in the order in which the histories first reach them.
    legal : ``[I_i, A_i]``; the actions that are legal there, at least one each; read-only.
    """

    labels: tuple[str, ...]
    legal: BoolArray

    def __post_init__(self) -> None:
        legal = np.array(self.legal, dtype=np.bool_)
        if legal.ndim != 2 or len(legal) != len(self.labels) or legal.shape[1] == 0:
            raise ValueError(f"legal must have shape [{len(self.labels)}, A_i], not {legal.shape}")
        if not legal.any(axis=1).all():
            raise ValueError(f"legal must allow an action at {self.labels[int((~legal.any(axis=1)).argmax())]!r}")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must be unique, one an information set")
        object.__setattr__(self, "legal", _frozen(legal))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_actions(self) -> int:
        """``A_i``."""
        return int(self.legal.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class GameTree:
    """A whole game tree; all arrays are read-only.

    Attributes
    ----------
    players : ``[H]``; the agent that moves, `CHANCE` or `TERMINAL`.
    parents : ``[H]``; the history before, never decreasing; -1 for the root, which is history 0.
    actions : ``[H]``; the action of the parent's mover that leads here (for chance: the number of the outcome, from
        0); -1 for the root.
    chance : ``[H]``; the probability with which chance leads here from the parent; 1 where chance does not move there.
    information_sets : ``[H]``; which information set of its mover a history belongs to; -1 at chance and at the end.
    rewards : ``[H, N]``; what is paid on reaching a history. Most games pay at terminal histories only.
    agents : one `InformationSets` an agent.
    depths : ``[H]``; moves from the root, chance included.
    levels : the histories of each depth, as slices.
    first_children, n_children : ``[H]``; the children of h are ``first_children[h] + range(n_children[h])``.
    terminals : ``[Z]``; the terminal histories, rising.
    returns : ``[Z, N]``; sum of the rewards on the way to each terminal history.
    last_sequences : ``[H, N]``; each agent's own last information set and action before a history, as the number
        ``information set · A_i + action``; -1 before its first move.

    Raises
    ------
    ValueError : the arrays do not describe a tree, or the histories of an information set differ in legal actions.
    """

    players: IntArray
    parents: IntArray
    actions: IntArray
    chance: Array
    information_sets: IntArray
    rewards: Array
    agents: tuple[InformationSets, ...]
    depths: IntArray = field(init=False)
    levels: tuple[slice, ...] = field(init=False)
    first_children: IntArray = field(init=False)
    n_children: IntArray = field(init=False)
    terminals: IntArray = field(init=False)
    returns: Array = field(init=False)
    last_sequences: IntArray = field(init=False)

    def __post_init__(self) -> None:
        for name in ("players", "parents", "actions", "information_sets"):
            object.__setattr__(self, name, _frozen(np.array(getattr(self, name), dtype=np.int64)))
        for name in ("chance", "rewards"):
            object.__setattr__(self, name, _frozen(np.array(getattr(self, name), dtype=np.float64)))
        self._check_shapes()
        counts = np.bincount(self.parents[1:], minlength=self.n_histories)
        firsts = np.searchsorted(self.parents[1:], np.arange(self.n_histories)) + 1
        object.__setattr__(self, "n_children", _frozen(counts.astype(np.int64)))
        object.__setattr__(self, "first_children", _frozen(firsts.astype(np.int64)))
        self._check_moves()
        self._sweep_down()

    @property
    def n_histories(self) -> int:
        """H."""
        return len(self.players)

    @property
    def n_agents(self) -> int:
        """N."""
        return len(self.agents)

    @property
    def has_perfect_recall(self) -> bool:
        """Whether no agent ever forgets: all histories of an information set share the mover's own past."""
        return all(self._recalls(i) for i in range(self.n_agents))

    def members(self, agent: int) -> IntArray:
        """Return the histories at which an agent moves, rising."""
        return np.flatnonzero(self.players == agent)

    def children(self, history: int) -> IntArray:
        """Return the children of one history, in the order of its legal actions."""
        first = int(self.first_children[history])
        return np.arange(first, first + int(self.n_children[history]), dtype=np.int64)

    def previous_sequences(self, agent: int) -> IntArray:
        """Return for each information set the agent's own last sequence before it.

        Parameters
        ----------
        agent : index of the agent.

        Returns
        -------
        ``[I_i]``; numbers as in `last_sequences`, -1 where the agent has not moved before. An earlier information set
        has a smaller number.

        Raises
        ------
        ValueError : the agent has no perfect recall, so that there is no one answer.
        """
        if not self._recalls(agent):
            raise ValueError(f"agent {agent} must have perfect recall: it forgets some of its own moves in this tree")
        previous = np.full(len(self.agents[agent]), -1, dtype=np.int64)
        where = self.members(agent)
        previous[self.information_sets[where]] = self.last_sequences[where, agent]
        return previous

    def own_depths(self, agent: int) -> IntArray:
        """Return ``[I_i]``; how many own moves lie before each information set.

        Raises
        ------
        ValueError : the agent has no perfect recall.
        """
        previous = self.previous_sequences(agent)
        depths = np.zeros(len(previous), dtype=np.int64)
        for k in np.flatnonzero(previous >= 0):
            depths[k] = depths[previous[k] // self.agents[agent].n_actions] + 1
        return depths

    def _recalls(self, agent: int) -> bool:
        where = self.members(agent)
        sets, past = self.information_sets[where], self.last_sequences[where, agent]
        expected = np.zeros(len(self.agents[agent]), dtype=np.int64)
        expected[sets] = past
        return bool((expected[sets] == past).all())

    def _check_shapes(self) -> None:
        n, n_agents = len(self.players), len(self.agents)
        if n == 0 or n_agents == 0:
            raise ValueError(f"players and agents must not be empty; there are {n} histories, {n_agents} agents")
        for name in ("players", "parents", "actions", "information_sets", "chance"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} must have shape ({n},), not {getattr(self, name).shape}")
        if self.rewards.shape != (n, n_agents) or not np.isfinite(self.rewards).all():
            raise ValueError(f"rewards must be finite, of shape ({n}, {n_agents}); their shape is {self.rewards.shape}")
        before = self.parents[1:]
        if self.parents[0] != -1 or (before < 0).any() or (before >= np.arange(1, n)).any():
            raise ValueError("parents must be -1 for the root, and an earlier history for every other one")
        if (np.diff(self.parents) < 0).any():
            raise ValueError("parents must never decrease: histories are numbered breadth first")
        if ((self.players < TERMINAL) | (self.players >= n_agents)).any():
            raise ValueError(f"players must be agents 0 to {n_agents - 1}, {CHANCE} (chance) or {TERMINAL} (the end)")

    def _check_moves(self) -> None:
        ends = self.players == TERMINAL
        if (ends != (self.n_children == 0)).any():
            worst = int((ends != (self.n_children == 0)).argmax())
            raise ValueError(f"players must be {TERMINAL} exactly where no child follows; history {worst} is not so")
        mover = self.players[self.parents[1:]]
        totals = np.bincount(self.parents[1:], weights=self.chance[1:], minlength=self.n_histories)
        off = (self.players == CHANCE) & (np.abs(totals - 1) > PROBABILITY_TOLERANCE)
        if off.any() or (self.chance < 0).any() or (self.chance[1:][mover != CHANCE] != 1).any():
            raise ValueError(
                "chance must be probabilities that sum to 1 after every chance history, and 1 after every other one"
            )
        for i, sets in enumerate(self.agents):
            self._check_agent(i, sets)

    def _check_agent(self, agent: int, sets: InformationSets) -> None:
        where = self.members(agent)
        index = self.information_sets[where]
        if ((index < 0) | (index >= len(sets))).any() or len(np.unique(index)) != len(sets):
            raise ValueError(f"information_sets of agent {agent} must be 0 to {len(sets) - 1}, each with a history")
        if (np.diff(np.unique(index, return_index=True)[1]) < 0).any():
            raise ValueError(f"information_sets of agent {agent} must be numbered as the histories first reach them")
        moved = np.flatnonzero(self.players[self.parents[1:]] == agent) + 1
        expected = np.nonzero(sets.legal[index])[1]
        if len(expected) != len(moved) or (self.actions[moved] != expected).any():
            raise ValueError(
                f"actions must be the legal ones of the information set, rising, at every history of agent {agent}"
            )

    def _sweep_down(self) -> None:
        depths = np.zeros(self.n_histories, dtype=np.int64)
        totals = self.rewards.copy()
        last = np.full((self.n_histories, self.n_agents), -1, dtype=np.int64)
        widths = np.array([sets.n_actions for sets in self.agents])
        levels = [slice(0, 1)]
        while (begin := levels[-1].stop) < self.n_histories:
            level = slice(begin, int(np.searchsorted(self.parents, begin)))
            parents = self.parents[level]
            depths[level] = len(levels)
            totals[level] += totals[parents]
            last[level] = last[parents]
            acting = np.flatnonzero(self.players[parents] >= 0)
            mover = self.players[parents][acting]
            sequence = self.information_sets[parents][acting] * widths[mover] + self.actions[level][acting]
            last[begin + acting, mover] = sequence
            levels.append(level)
        terminals = np.flatnonzero(self.players == TERMINAL)
        object.__setattr__(self, "depths", _frozen(depths))
        object.__setattr__(self, "levels", tuple(levels))
        object.__setattr__(self, "terminals", _frozen(terminals))
        object.__setattr__(self, "returns", _frozen(totals[terminals]))
        object.__setattr__(self, "last_sequences", _frozen(last))


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.flags.writeable = False
    return array
