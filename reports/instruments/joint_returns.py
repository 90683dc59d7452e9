"""What a joint policy returns: exactly where the game is known as a whole, by episodes elsewhere.

A game in normal form and a game tree give every agent's expected return without playing. What counts as one episode is
then the expectation itself, so that whoever averages over episodes gets it back. Everywhere else episodes are played,
and two joint policies that are played with generators of one seed meet the same worlds and the same noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from nashlens.analysis.results import Array, Bound, read_only
from nashlens.games import Game, NormalFormGame, SequentialGame, play
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import JointPolicy, Policy, check_joint_policy
from nashlens.games.tabular_policy import to_behaviour
from nashlens.reports.correlated_measures import draws_together, joint_distribution


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointReturns:
    """Returns of one joint policy.

    Attributes
    ----------
    values : ``[E, N]``; undiscounted returns of E episodes; E is 1 where they are expectations.
    bound : ``exact`` for expectations, ``estimate`` from episodes.
    counts : what the game measures as one number a step, summed over an episode, each ``[E]``; none for expectations.
    """

    values: Array
    bound: Bound
    counts: Mapping[str, Array] = field(default_factory=dict)

    @property
    def n_episodes(self) -> int:
        """E."""
        return len(self.values)


def joint_returns(
    game: Game, policies: Sequence[Policy], *, n_episodes: int, explore: bool = True, rng: np.random.Generator
) -> JointReturns:
    """Return what a joint policy gets.

    Parameters
    ----------
    game : what is played.
    policies : one an agent, from one run or from several.
    n_episodes : episodes where the game is not known as a whole.
    explore : True to sample actions in episodes; expectations are always those of the strategies themselves.
    rng : source of the episodes' draws; not used for expectations.

    Raises
    ------
    ValueError : the policies do not fit the game, or `n_episodes` is below 1.
    """
    joint = check_joint_policy(game.spec, policies, central=True)
    if isinstance(game, NormalFormGame) and not any(policy.central for policy in joint):
        return _expected(_matrix_values(game, joint))
    if isinstance(game, SequentialGame) and _is_tabular(game, joint):
        return _expected(_tree_values(game, joint))
    played = play(game, joint, n_episodes=n_episodes, explore=explore, rng=rng)
    counts = {name: read_only(each * played.lengths) for name, each in played.measures.items() if each.ndim == 1}
    return JointReturns(values=read_only(played.returns), bound="estimate", counts=counts)


def is_exact(game: Game, policies: Sequence[Policy]) -> bool:
    """Say whether `joint_returns` gives expectations for such policies."""
    joint = check_joint_policy(game.spec, policies, central=True)
    if isinstance(game, NormalFormGame):
        return not any(policy.central for policy in joint)
    return isinstance(game, SequentialGame) and _is_tabular(game, joint)


def _matrix_values(game: NormalFormGame, joint: JointPolicy) -> Array:
    distribution = joint_distribution(joint)
    values: Array = (game.payoffs * distribution).reshape(game.n_agents, -1).sum(axis=1)
    return values


def _is_tabular(game: SequentialGame, joint: JointPolicy) -> bool:
    """Say whether policies are strategies of a game tree, once the common draws of ensembles are known."""
    mixed = [policy for policy in joint if isinstance(policy, MixturePolicy)]
    plain = all(not policy.memory_size or isinstance(policy, MixturePolicy) for policy in joint)
    return plain and not any(policy.central for policy in joint) and (game.has_perfect_recall or not mixed)


def _tree_values(game: SequentialGame, joint: JointPolicy) -> Array:
    total = np.zeros(game.n_agents)
    for weight, drawn in _draws(joint):
        total += weight * game.values(to_behaviour(game, drawn))
    return total


def _draws(joint: JointPolicy) -> list[tuple[float, JointPolicy]]:
    """Return each common draw of the ensembles that draw together: its probability and the joint policy it leaves."""
    if not draws_together(joint):
        return [(1.0, joint)]
    groups = {p.group: p.weights for p in joint if isinstance(p, MixturePolicy) and p.group is not None}
    found = []
    for chosen in product(*(range(len(weights)) for weights in groups.values())):
        of = dict(zip(groups, chosen, strict=True))
        weight = float(np.prod([weights[k] for weights, k in zip(groups.values(), chosen, strict=True)]))
        found.append((weight, tuple(_member(policy, of) for policy in joint)))
    return found


def _member(policy: Policy, of: Mapping[str, int]) -> Policy:
    if isinstance(policy, MixturePolicy) and policy.group is not None:
        return policy.members[of[policy.group]]
    return policy


def _expected(values: Array) -> JointReturns:
    return JointReturns(values=read_only(values[None]), bound="exact")
