"""Best responses in a game tree: one maximum for each information set, for a whole batch of profiles in one sweep.

A deviator knows its information set and not the history. What an action is worth there is the sum over the set's
histories, weighted by their counterfactual reach: the probability that chance and the others bring the game there. One
maximum a history instead would be a deviator who sees everything.

With perfect recall every payment belongs to the last own move before it, and every information set to the one own move
that leads to it. So the payments, weighted by counterfactual reach, are added up by own last move, and the sweep runs
over the agent's own moves from the last to the first: take the best action, add its value to the move before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from nashlens.analysis.best_response import check_tolerance
from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.game_tree import GameTree
from nashlens.games.sequential import SequentialGame, reach_probabilities

REFERENCE = "Lanctot et al. (2017), arXiv:1711.00832"
_SWEEP_ENTRIES = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeBestResponse:
    """Every agent's best responses to the others in a profile of a game tree, or in each profile of a batch.

    Attributes
    ----------
    action_values : one ``[…, I_i, A_i]`` an agent; what each action is worth at each information set if the agent
        plays on as well as it can, weighted by the counterfactual reach of the set; minus infinity where illegal.
    values : ``[…, N]``; expected return of the best response.
    gains : ``[…, N]``; that less the expected return under the profile.
    actions : one ``[…, I_i, A_i]`` an agent; True where an action is best within `tolerance`.
    tolerance : payoff units, weighted by counterfactual reach like `action_values`.
    """

    action_values: tuple[Array, ...]
    values: Array
    gains: Array
    actions: tuple[BoolArray, ...]
    tolerance: float
    bound: Bound = "exact"
    references: tuple[str, ...] = (REFERENCE,)

    @property
    def on_policy(self) -> Array:
        """``[…, N]``; expected return under the profile."""
        return np.asarray(self.values - self.gains)

    def to_records(self) -> list[Record]:
        """Return one row for each profile of the batch and agent."""
        rows: list[Record] = []
        for *batch, agent in np.ndindex(self.values.shape):
            row = {"metric": "best_response_value", "agent": agent, "value": float(self.values[(*batch, agent)])}
            row |= {f"index_{k}": position for k, position in enumerate(batch)}
            rows.append(row | {"bound": self.bound, "tolerance": self.tolerance})
        return rows


def tree_best_response(
    game: SequentialGame, profile: BehaviouralProfile, *, tolerance: float = 1e-9
) -> TreeBestResponse:
    """Every agent's best responses against the others' behaviour, by one maximum for each information set.

    Parameters
    ----------
    game : a game whose agents have perfect recall.
    profile : one behavioural strategy ``[…, I_i, A_i]`` an agent; leading axes are a batch of profiles.
    tolerance : actions this close to the best count as best responses.

    Returns
    -------
    TreeBestResponse; its `bound` is ``exact``.

    Raises
    ------
    ValueError : `profile` does not fit `game`, an agent has no perfect recall, or `tolerance` is negative.

    Notes
    -----
    Cost O(N² H) for each profile of H histories, in gathers over whole depths of the tree.

    References
    ----------
    Lanctot et al. (2017), arXiv:1711.00832.
    """
    check_tolerance(tolerance)
    values, gains, tables = _swept(game, profile)
    best = [table.max(axis=-1, keepdims=True) for table in tables]
    return TreeBestResponse(
        action_values=tuple(read_only(table) for table in tables),
        values=read_only(values),
        gains=read_only(gains),
        actions=tuple(table >= top - tolerance for table, top in zip(tables, best, strict=True)),
        tolerance=tolerance,
    )


def tree_deviation_gains(game: SequentialGame, profile: BehaviouralProfile) -> Array:
    """Return what each agent could gain by deviating alone, ``[…, N]`` in the game's units of reward.

    The sum over own information sets of the own probability of reaching them times the regret there against the best
    continuation: best-response value less the value of the profile, and never below 0 by rounding.

    Parameters
    ----------
    game, profile : as in `tree_best_response`.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or an agent has no perfect recall.
    """
    return _swept(game, profile)[1]


def _swept(game: SequentialGame, profile: BehaviouralProfile) -> tuple[Array, Array, list[Array]]:
    """Return values ``[…, N]``, gains ``[…, N]`` and one ``[…, I_i, A_i]`` of action values an agent."""
    tree = game.tree
    game.check_profile(profile)
    shape, n_agents = profile.batch_shape, tree.n_agents
    flat = [s.reshape(int(np.prod(shape, dtype=np.int64)), *s.shape[-2:]) for s in profile]
    sweeps = [_AgentSweep(tree, i) for i in range(n_agents)]
    values, gains = np.zeros((2, len(flat[0]), n_agents))
    tables = [np.zeros(s.shape) for s in flat]
    step = max(1, _SWEEP_ENTRIES // tree.n_histories)
    for start in range(0, len(flat[0]), step):
        rows = slice(start, start + step)
        part = [s[rows] for s in flat]
        for i, sweep in enumerate(sweeps):
            values[rows, i], tables[i][rows] = sweep.best(part)
            gains[rows, i] = sweep.gain(part[i], tables[i][rows])
    return (
        values.reshape(*shape, n_agents),
        gains.reshape(*shape, n_agents),
        [table.reshape(strategy.shape) for table, strategy in zip(tables, profile, strict=True)],
    )


class _AgentSweep:
    """One agent's moves in a tree, grouped by how many own moves lie before them."""

    def __init__(self, tree: GameTree, agent: int) -> None:
        self.tree, self.agent = tree, agent
        self.legal = tree.agents[agent].legal
        self.previous = tree.previous_sequences(agent)
        depths = tree.own_depths(agent)
        self.levels = [np.flatnonzero(depths == d) for d in range(int(depths.max(initial=-1)) + 1)]
        self.paying = np.flatnonzero(tree.rewards[:, agent])
        sequences = tree.last_sequences[self.paying, agent] + 1
        shape = (self.legal.size + 1, len(self.paying))
        rewards = tree.rewards[self.paying, agent]
        self.payments = sparse.csr_array((rewards, (sequences, np.arange(len(self.paying)))), shape=shape)

    def best(self, strategies: Sequence[Array]) -> tuple[Array, Array]:
        """Return the value ``[T]`` of the best response and the action values ``[T, I_i, A_i]``."""
        reach = reach_probabilities(self.tree, strategies, without=self.agent)[self.paying]
        sums = np.asarray(self.payments @ reach)  # [1 + I_i A_i, T]; row 0 is paid before the agent's first move
        table = sums[1:].reshape(*self.legal.shape, sums.shape[1])
        table[~self.legal] = -np.inf
        flat = table.reshape(self.legal.size, sums.shape[1])
        for sets in reversed(self.levels[1:]):
            np.add.at(flat, self.previous[sets], table[sets].max(axis=1))
        start = sum((table[sets].max(axis=1).sum(axis=0) for sets in self.levels[:1]), np.zeros(sums.shape[1]))
        return sums[0] + start, np.moveaxis(table, -1, 0)

    def gain(self, strategy: Array, table: Array) -> Array:
        """Return ``[T]``; regret against the best continuation, weighted by the own probability of getting there."""
        played = np.where(self.legal, np.maximum(strategy, 0.0), 0.0)
        regrets = table.max(axis=-1, keepdims=True) - np.where(self.legal, table, 0.0)
        lost = (played * regrets).sum(axis=-1)
        own = np.ones(lost.shape)
        moves = played.reshape(len(played), -1)
        width = self.legal.shape[1]
        for sets in self.levels[1:]:
            before = self.previous[sets]
            own[:, sets] = own[:, before // width] * moves[:, before]
        gain: Array = (own * lost).sum(axis=1)
        return gain
