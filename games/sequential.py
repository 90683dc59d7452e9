"""Sequential games: a whole game tree as a value for exact analysis and, through `start`, as an environment.

`SequentialGame.tree` holds the arrays, `SequentialGame.values` evaluates a batch of behavioural profiles in one sweep
down the tree. As an environment the game is a Markov game with one mover at a time (see `sequential_batch`): each
agent has the actions of the tree and one more, the last, which is to wait. Waiting is legal only when it is not the
agent's turn, and then it is all that is legal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nashlens.games.behaviour import BehaviouralProfile, check_behaviour
from nashlens.games.core import Array, Batch, BoolArray, Choice, Game, GameSpec, IntArray
from nashlens.games.game_tree import GameTree
from nashlens.games.randomness import Streams
from nashlens.games.sequential_batch import SequentialBatch
from nashlens.games.tree_observations import ObservationIndex, TreeObservations, remembered
from nashlens.games.view_sequences import ViewSequences, view_sequences

SWEEP_ENTRIES = 20_000_000


class SequentialGame(Game):
    """A game given by its whole tree.

    Parameters
    ----------
    tree : the game tree.
    name : the name in the specification.
    parameters : what the registry made it from.
    observations : what the agents see; if left out, the one-hot vectors of their information sets.
    agents : names of the agents; ``agent_0`` and so on if left out.
    sides : side of each agent; if left out, one side for all if they always get the same, else one an agent.

    Attributes
    ----------
    tree, observations : as given.

    Raises
    ------
    ValueError : `observations` do not fit the tree, no agent ever moves, or names do not fit.
    """

    def __init__(
        self,
        tree: GameTree,
        *,
        name: str = "sequential",
        parameters: Mapping[str, Any] | None = None,
        observations: TreeObservations | None = None,
        agents: Sequence[str] | None = None,
        sides: Sequence[str] | None = None,
    ) -> None:
        self.tree = tree
        self._indices: dict[int, ObservationIndex] = {}
        self._sequences: dict[int, ViewSequences | None] = {}
        self.observations = _checked(tree, remembered(tree) if observations is None else observations)
        common = bool((tree.rewards == tree.rewards[:, :1]).all())
        self.spec = GameSpec(
            name=name,
            parameters=dict(parameters or {}),
            agents=tuple(agents or (f"agent_{i}" for i in range(tree.n_agents))),
            sides=tuple(sides or ("all" if common else f"agent_{i}" for i in range(tree.n_agents))),
            observation_sizes=tuple(rows.shape[1] for rows in self.observations.rows),
            action_spaces=tuple(Choice((sets.n_actions + 1,)) for sets in tree.agents),
            horizon=_longest_play(tree),
            common_reward=common,
            masked=True,
        )

    @property
    def n_agents(self) -> int:
        """N."""
        return self.tree.n_agents

    @property
    def has_perfect_recall(self) -> bool:
        """Whether no agent ever forgets what it knew or did."""
        return self.tree.has_perfect_recall

    def is_constant_sum(self, *, tolerance: float = 1e-9) -> bool:
        """Say whether the returns add to one number at every end, within `tolerance` times the largest return."""
        sums = self.tree.returns.sum(axis=1)
        largest = max(float(np.abs(self.tree.returns).max()), np.finfo(np.float64).tiny)
        return bool(np.ptp(sums) <= tolerance * largest)

    def uniform_profile(self) -> BehaviouralProfile:
        """Return the profile that plays every legal action with the same probability everywhere."""
        return BehaviouralProfile.uniform(self.tree)

    def check_profile(self, profile: BehaviouralProfile) -> BehaviouralProfile:
        """Return the profile, or say why it is not one of this game.

        Raises
        ------
        ValueError : numbers of agents, information sets or actions differ, or an illegal action is played.
        """
        return check_behaviour(self.tree, profile)

    def acting_observations(self, agent: int) -> Array:
        """Return ``[I_i, O_i]``; what an agent sees at each of its information sets."""
        return self.observations.rows[agent][: len(self.tree.agents[agent])]

    def acting_masks(self, agent: int) -> BoolArray:
        """Return ``[I_i, A_i + 1]``; the actions of `spec` that are legal at each information set; never waiting."""
        legal = self.tree.agents[agent].legal
        return np.concatenate([legal, np.zeros((len(legal), 1), dtype=np.bool_)], axis=1)

    def find_information_sets(self, agent: int, observations: Array) -> IntArray:
        """Return ``[B]``; the information set that each observation ``[B, O_i]`` shows, -1 where the agent waits.

        Raises
        ------
        ValueError : an observation of the agent's turn is not one of this game's.
        """
        if agent not in self._indices:
            self._indices[agent] = ObservationIndex(self.acting_observations(agent))
        found = self._indices[agent].find(observations)
        lost = (found < 0) & (observations[:, 0] != 0)
        if lost.any():
            raise ValueError(
                f"observations of {self.spec.agents[agent]} must be those of {self.spec.name}; row "
                f"{int(lost.argmax())} belongs to none of its {len(self.tree.agents[agent])} information sets"
            )
        return found

    def view_sequences(self, agent: int) -> ViewSequences | None:
        """Return what an agent may have seen in order; None where an information set does not tell."""
        if agent not in self._sequences:
            self._sequences[agent] = view_sequences(self.tree, self.observations, agent)
        return self._sequences[agent]

    def values(self, profile: BehaviouralProfile) -> Array:
        """Return the expected returns of every agent.

        The sum over histories of the probability of reaching them times what they pay.

        Parameters
        ----------
        profile : one behavioural profile or a batch of them.

        Returns
        -------
        ``[…, N]`` with the leading axes of `profile`, in the game's units of reward; exact.

        Raises
        ------
        ValueError : the profile is not one of this game.

        Notes
        -----
        Cost O(H) for each profile, in gathers over whole depths of the tree. Large batches are swept in parts, so
        that the reach probabilities never need more than some hundred megabytes.
        """
        self.check_profile(profile)
        n_profiles = math.prod(profile.batch_shape)
        flat = [s.reshape(n_profiles, *s.shape[-2:]) for s in profile]
        paying = np.flatnonzero(self.tree.rewards.any(axis=1))
        part = max(1, SWEEP_ENTRIES // self.tree.n_histories)
        answers = [np.zeros((0, self.n_agents))]
        for begin in range(0, n_profiles, part):
            reach = reach_probabilities(self.tree, [s[begin : begin + part] for s in flat])
            answers.append(reach[paying].T @ self.tree.rewards[paying])
        return np.concatenate(answers).reshape(*profile.batch_shape, self.n_agents)

    def begin(self, streams: Streams) -> Batch:
        """Return environments that stand where the first agent is to move.

        Raises
        ------
        ValueError : a play of the game ends, or pays, before any agent has moved.
        """
        return SequentialBatch(self.spec, self.tree, self.observations, streams)


def reach_probabilities(tree: GameTree, strategies: Sequence[Array], *, without: int | None = None) -> Array:
    """Return the probability of reaching each history.

    Parameters
    ----------
    tree : the game tree.
    strategies : one ``[T, I_i, A_i]`` an agent.
    without : an agent whose own moves count as certain: then the counterfactual reach, of chance and of the others.

    Returns
    -------
    ``[H, T]``; histories first, so that a depth of the tree is one block of memory.
    """
    n_profiles = len(strategies[0])
    reach: Array = np.repeat(tree.chance[:, None], n_profiles, axis=1)
    movers = tree.players[tree.parents[1:]]
    for i, strategy in enumerate(strategies):
        if i == without:
            continue
        moved = np.flatnonzero(movers == i) + 1
        sequences = tree.last_sequences[moved, i]
        reach[moved] = strategy.reshape(n_profiles, math.prod(strategy.shape[1:])).T[sequences]
    for level in tree.levels[1:]:
        reach[level] *= reach[tree.parents[level]]
    return reach


def _longest_play(tree: GameTree) -> int:
    moves = np.zeros(tree.n_histories, dtype=np.int64)
    for level in tree.levels[1:]:
        parents = tree.parents[level]
        moves[level] = moves[parents] + (tree.players[parents] >= 0)
    if not moves.any():
        raise ValueError("tree must have a history at which an agent moves")
    return int(moves.max())


def _checked(tree: GameTree, observations: TreeObservations) -> TreeObservations:
    if len(observations.rows) != tree.n_agents or observations.index.shape != (tree.n_histories, tree.n_agents):
        raise ValueError(
            f"observations must have rows of {tree.n_agents} agents and an index [{tree.n_histories}, "
            f"{tree.n_agents}], not {len(observations.rows)} and {observations.index.shape}"
        )
    for i, sets in enumerate(tree.agents):
        where = tree.members(i)
        if (observations.index[where, i] != tree.information_sets[where]).any():
            raise ValueError(f"observations of agent {i} must show row k at information set k, {len(sets)} in all")
    return observations
