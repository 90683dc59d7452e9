"""Tabular policies of sequential games: behavioural strategies as `Policy` objects, and every `Policy` as a table.

A table has one row an information set. Any policy becomes one by being asked at each information set's observation; a
policy that is drawn once an episode (`MixturePolicy`) becomes the behavioural strategy that reaches every history
with the same probability, which exists where the agent has perfect recall (Kuhn's theorem).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.categorical import renormalise
from nashlens.games.core import Array, BoolArray, Choice
from nashlens.games.game_tree import GameTree
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import ChoicePolicy, JointPolicy, Policy, check_joint_policy
from nashlens.games.sequential import SequentialGame
from nashlens.games.view_sequences import remembered_probabilities


class TabularPolicy(ChoicePolicy):
    """One agent's behavioural strategy, as a policy over the game's observations; it waits when others move.

    Parameters
    ----------
    game : the sequential game.
    agent : index of the agent.
    strategy : ``[I_i, A_i]``; legal actions only, each row a distribution.

    Attributes
    ----------
    strategy : as given, read-only.

    Raises
    ------
    ValueError : `agent` or `strategy` does not fit the game.
    """

    action_space: Choice

    def __init__(self, game: SequentialGame, agent: int, *, strategy: npt.ArrayLike) -> None:
        if not 0 <= agent < game.n_agents:
            raise ValueError(f"agent must be from 0 to {game.n_agents - 1}, not {agent}")
        profile = game.check_profile(game.uniform_profile().replace(agent, strategy))
        if profile[agent].ndim != 2:
            raise ValueError(f"strategy must be one table [I_i, A_i], not shape {profile[agent].shape}")
        self.game = game
        self.agent = agent
        self.strategy = profile[agent]
        self.action_space = Choice((self.strategy.shape[1] + 1,))
        self.observation_size = game.spec.observation_sizes[agent]
        waits = np.zeros((1, self.action_space.width))
        waits[0, -1] = 1.0
        padded = np.concatenate([self.strategy, np.zeros((len(self.strategy), 1))], axis=1)
        self._rows = np.concatenate([padded, waits])

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the row of the information set that each observation shows.

        Raises
        ------
        ValueError : an observation is not one of the game's.
        """
        answer = self._rows[self.game.find_information_sets(self.agent, observations)]
        return answer if masks is None else renormalise(answer, self.action_space, masks)


def to_policies(game: SequentialGame, profile: BehaviouralProfile) -> JointPolicy:
    """Return one behavioural profile as policies that play the game as an environment.

    Raises
    ------
    ValueError : it is a batch of profiles, or not one of this game.
    """
    if game.check_profile(profile).batch_shape:
        raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
    return tuple(TabularPolicy(game, i, strategy=strategy) for i, strategy in enumerate(profile))


def to_behaviour(game: SequentialGame, policies: Sequence[Policy]) -> BehaviouralProfile:
    """Return the behavioural profile that policies play.

    Parameters
    ----------
    game : the sequential game.
    policies : one an agent; without memory, a `MixturePolicy`, or with a memory that is empty at the beginning, where
        information sets tell all that an agent saw before.

    Returns
    -------
    One profile; exact: each policy is asked at every information set's observation, with its legal actions.

    Raises
    ------
    ValueError : the policies do not fit the game, a policy begins with a memory that is drawn and is no mixture, the
        information sets of an agent with memory do not tell what it saw, or an agent with a mixture has no perfect
        recall.
    """
    return BehaviouralProfile(
        [_table(game, i, policy) for i, policy in enumerate(check_joint_policy(game.spec, policies))]
    )


def realisation_weights(tree: GameTree, agent: int, strategies: Array) -> Array:
    """Return the probability that an agent's own moves allow each information set.

    Parameters
    ----------
    tree : the game tree.
    agent : index of the agent.
    strategies : ``[K, I_i, A_i]``.

    Returns
    -------
    ``[K, I_i]``; the product of the agent's own probabilities on the way there; 1 before its first move.

    Raises
    ------
    ValueError : the agent has no perfect recall.
    """
    previous, depths = tree.previous_sequences(agent), tree.own_depths(agent)
    flat = strategies.reshape(len(strategies), -1)
    n_actions = tree.agents[agent].n_actions
    weights = np.ones((len(strategies), len(previous)))
    for depth in range(1, int(depths.max(initial=0)) + 1):
        sets = np.flatnonzero(depths == depth)
        before = previous[sets]
        weights[:, sets] = weights[:, before // n_actions] * flat[:, before]
    return weights


def average_strategy(tree: GameTree, agent: int, strategies: Array, *, weights: npt.ArrayLike) -> Array:
    """Return the behavioural strategy of playing one of K strategies, drawn once before the game.

    Parameters
    ----------
    tree : the game tree.
    agent : index of the agent.
    strategies : ``[K, I_i, A_i]``.
    weights : ``[K]``; the probability of each.

    Returns
    -------
    ``[I_i, A_i]``; at each information set the strategies' average, each weighted by its probability and by how likely
    its own moves lead there. Where none leads there, the plain average.

    Raises
    ------
    ValueError : the agent has no perfect recall.

    Notes
    -----
    The average of the tables themselves would play another game: it forgets that early moves tell which of the
    strategies was drawn.
    """
    share = np.asarray(weights, dtype=np.float64)[:, None] * realisation_weights(tree, agent, strategies)
    total = share.sum(axis=0)
    plain = np.broadcast_to(np.asarray(weights, dtype=np.float64)[:, None], share.shape)
    used = np.where(total > 0, share / np.where(total > 0, total, 1.0), plain)
    average: Array = np.einsum("ki,kia->ia", used, strategies)
    return average


def _table(game: SequentialGame, agent: int, policy: Policy) -> Array:
    if isinstance(policy, MixturePolicy):
        members = np.stack([_table(game, agent, member) for member in policy.members])
        return average_strategy(game.tree, agent, members, weights=policy.weights)
    masks = game.acting_masks(agent)
    if policy.memory_size:
        answer = _remembered(game, agent, policy, masks)
    else:
        answer = policy.probabilities(game.acting_observations(agent), masks=masks)
    return renormalise(answer, Choice((masks.shape[1],)), masks)[:, :-1]


def _remembered(game: SequentialGame, agent: int, policy: Policy, masks: BoolArray) -> Array:
    name, sequences = game.spec.agents[agent], game.view_sequences(agent)
    if type(policy).initial_memory is not Policy.initial_memory:
        raise ValueError(f"the policy of {name} must begin with an empty memory or none, or be a MixturePolicy")
    if sequences is None:
        raise ValueError(f"the policy of {name} must have no memory: its information sets do not tell what it saw")
    return remembered_probabilities(policy, sequences, game.observations.rows[agent], masks=masks)
