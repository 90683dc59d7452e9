"""A repeated game as a Markov game, exactly: the states are the rounds and what is remembered of the last ones.

The episode ends after the last round: from there on the game stands in one more state, the end, in which nothing is
paid. So every value is one of the game as it is played, whatever the discount, and nothing is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.results import Array, BoolArray, read_only
from nashlens.games.normal_form import Profile
from nashlens.games.policy import JointPolicy
from nashlens.games.randomness import Streams
from nashlens.games.repeated import RepeatedGame

MAX_ENTRIES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepeatedModel:
    """A repeated game of S states, the end included, which is the last.

    Attributes
    ----------
    game : kernel and rewards.
    observations : ``[S − 1, O_i]`` of each agent: what it sees in each state but the end.
    start : ``[S]``; the distribution of the first state.
    playing : ``[S]``; False at the end only.
    """

    game: MarkovGame
    observations: tuple[Array, ...]
    start: Array
    playing: BoolArray

    def even_weights(self) -> list[Array]:
        """Return ``[S, A_i]`` an agent: even weights over own actions in all states but the end."""
        n_playing = int(self.playing.sum())
        return [np.repeat(self.playing[:, None] / (n_playing * n), n, axis=1) for n in self.game.n_actions]

    def profile(self, policies: JointPolicy) -> Profile:
        """Return what policies of the repeated game play in every state, ``[S, A_i]`` an agent; uniformly at the end.

        Raises
        ------
        ValueError : a policy is central or has memory, or does not fit what is observed.
        """
        if any(policy.central or policy.memory_size for policy in policies):
            raise ValueError("policies must read their own agent's observations and have no memory")
        strategies = []
        for policy, seen, n in zip(policies, self.observations, self.game.n_actions, strict=True):
            strategies.append(np.concatenate([policy.probabilities(seen), np.full((1, n), 1 / n)]))
        return Profile(strategies)


def n_states(game: RepeatedGame) -> int:
    """Return S: one state for each round and memory, and the end.

    Parameters
    ----------
    game : of any size.
    """
    joint = prod(game.stage.n_actions)
    counts: list[int] = [joint ** min(played, game.memory) for played in range(game.rounds)]
    return 1 + sum(counts)


def repeated_model(game: RepeatedGame) -> RepeatedModel:
    """Return a repeated game as a Markov game, with what its agents see in every state.

    Parameters
    ----------
    game : with K joint actions of the stage, R rounds and memory m: S is the sum of ``K^min(t, m)`` over the rounds
        t = 0, …, R − 1, and 1.

    Raises
    ------
    ValueError : the kernel would have more than fifty million entries; the message says how many.

    Notes
    -----
    Cost and memory O(S² K).
    """
    joint = list(product(*(range(n) for n in game.stage.n_actions)))
    size = n_states(game)
    if size**2 * len(joint) > MAX_ENTRIES:
        raise ValueError(
            f"game must have a kernel of at most {MAX_ENTRIES:,} entries; {game.rounds} rounds with a memory of "
            f"{game.memory} have {size:,} states, and a kernel of {size**2 * len(joint):,}"
        )
    states = [
        (played, remembered)
        for played in range(game.rounds)
        for remembered in product(range(len(joint)), repeat=min(played, game.memory))
    ]
    place = {state: k for k, state in enumerate(states)}
    end = len(states)
    kernel = np.zeros((size, len(joint), size))
    rewards = np.zeros((game.stage.n_agents, size, len(joint)))
    payoffs = game.stage.payoffs.reshape(game.stage.n_agents, len(joint))
    kernel[end, :, end] = 1.0
    for k, (played, remembered) in enumerate(states):
        rewards[:, k] = payoffs * game.discount**played
        for a in range(len(joint)):
            after = (played + 1, (a, *remembered)[: game.memory])
            kernel[k, a, place.get(after, end)] = 1.0
    shape = game.stage.n_actions
    start = np.zeros(size)
    start[place[0, ()]] = 1.0
    return RepeatedModel(
        game=MarkovGame(
            kernel=kernel.reshape(size, *shape, size), rewards=rewards.reshape(game.stage.n_agents, size, *shape)
        ),
        observations=_observations(game, states, joint),
        start=read_only(start),
        playing=np.arange(size) < end,
    )


def _observations(
    game: RepeatedGame, states: list[tuple[int, tuple[int, ...]]], joint: list[tuple[int, ...]]
) -> tuple[Array, ...]:
    """Return what the game itself shows in each state: ``[S − 1, O_i]`` an agent."""
    widths = game.stage.n_actions
    vectors = np.array([np.concatenate([np.eye(n)[a] for n, a in zip(widths, each, strict=True)]) for each in joint])
    recent = np.zeros((len(states), game.memory, sum(widths)))
    for k, (_, remembered) in enumerate(states):
        for back, a in enumerate(remembered):
            recent[k, back] = vectors[a]
    batch = game.begin(Streams(np.random.default_rng(0), len(states)))  # a repeated game draws nothing
    batch.restore({"recent": recent, "round": np.array([played for played, _ in states], dtype=np.int64)})
    return tuple(read_only(seen) for seen in batch.observations)
