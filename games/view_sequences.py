"""What an agent of a game tree has seen so far, in order: all that a policy with memory can know.

A policy with memory is given an observation at every step of a play, its own turns and the others', and acts by what it
kept of them. Where each information set can be reached by one sequence of observations only, as in most games with
perfect recall, such a policy is a behavioural strategy like any other, and exact analysis applies to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games.core import Array, BoolArray, IntArray
from nashlens.games.game_tree import GameTree
from nashlens.games.policy import Policy
from nashlens.games.tree_observations import TreeObservations


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewSequences:
    """The Q sequences of observations that an agent may have seen when somebody is to move.

    Attributes
    ----------
    previous : ``[Q]``; the sequence without its last observation; -1 for those of one observation. A sequence comes
        after its previous one.
    views : ``[Q]``; the row of the agent's observations that it ends with.
    lengths : ``[Q]``; observations in it.
    of_sets : ``[I_i]``; the sequence that leads to each information set of the agent.
    """

    previous: IntArray
    views: IntArray
    lengths: IntArray
    of_sets: IntArray


def view_sequences(tree: GameTree, observations: TreeObservations, agent: int) -> ViewSequences | None:
    """Return what an agent may have seen, or None if an information set can be reached by different sequences.

    Parameters
    ----------
    tree, observations : of the game.
    agent : index of the agent.

    Notes
    -----
    Cost O(H).
    """
    _, same = np.unique(observations.rows[agent], axis=0, return_inverse=True)
    shown = np.asarray(same).reshape(-1)[observations.index[:, agent]]
    found: dict[tuple[int, int], int] = {}
    views: list[int] = []
    carried = np.full(tree.n_histories, -1, dtype=np.int64)  # the sequence seen up to a history, itself included
    for level in tree.levels:
        here = np.arange(level.start, level.stop)
        before = np.where(tree.parents[here] < 0, -1, carried[tree.parents[here]])
        carried[here] = before
        deciding = here[tree.players[here] >= 0]
        for history in deciding:
            key = (int(carried[history]), int(shown[history]))
            if key not in found:
                found[key] = len(views)
                views.append(int(observations.index[history, agent]))
            carried[history] = found[key]
    previous = np.array([key[0] for key in found], dtype=np.int64)
    own = tree.members(agent)
    of_sets = np.full(len(tree.agents[agent]), -1, dtype=np.int64)
    of_sets[tree.information_sets[own]] = carried[own]
    if (of_sets[tree.information_sets[own]] != carried[own]).any():
        return None
    lengths = np.ones(len(previous), dtype=np.int64)
    for q, former in enumerate(previous):
        lengths[q] = 1 if former < 0 else lengths[former] + 1
    return ViewSequences(previous=previous, views=np.array(views, dtype=np.int64), lengths=lengths, of_sets=of_sets)


def remembered_probabilities(policy: Policy, sequences: ViewSequences, rows: Array, *, masks: BoolArray) -> Array:
    """Return what a policy with memory plays at each information set, ``[I_i, A_i + 1]``.

    Parameters
    ----------
    policy : its memory is empty at the beginning.
    sequences : what its agent may have seen.
    rows : the agent's observations.
    masks : ``[I_i, A_i + 1]``; legal actions at the information sets.
    """
    memory = np.zeros((len(sequences.previous), policy.memory_size))
    for length in range(1, int(sequences.lengths.max(initial=0)) + 1):
        now = np.flatnonzero(sequences.lengths == length)
        before = np.zeros((len(now), policy.memory_size)) if length == 1 else memory[sequences.previous[now]]
        memory[now] = policy.next_memory(rows[sequences.views[now]], before)
    at = sequences.of_sets
    return policy.probabilities(rows[sequences.views[at]], masks=masks, memory=memory[at])
