"""Roles: which agents of a game can change places, and what their common return is.

Agents can change places if they play on one side and read and act in the same spaces: a predator cannot stand in for
the prey, nor a speaker for a listener. In a matrix game whose payoffs stay the same when any two agents change places
all of them can, whatever their sides are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from nashlens.analysis.homogeneity_gap import check_symmetric
from nashlens.analysis.results import Array
from nashlens.games import Game, JointPolicy, NormalFormGame, Policy, SequentialGame
from nashlens.games.core import GameSpec, IntArray

ALL_ORDERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Agents that share a goal, and those of them that can change places.

    Attributes
    ----------
    label : name of the side; ``all`` where every agent is in it.
    members : the agents whose returns count.
    exchangeable : those of them that can change places; empty if fewer than two can.
    summed : whether the common return is the members' sum rather than their mean.
    """

    label: str
    members: tuple[int, ...]
    exchangeable: tuple[int, ...]
    summed: bool

    def common_return(self, returns: Array) -> Array:
        """Return the members' sum or mean ``[…]`` of returns ``[…, N]``."""
        own = returns[..., list(self.members)]
        common: Array = own.sum(axis=-1) if self.summed else own.mean(axis=-1)
        return common


def roles(game: Game) -> tuple[Role, ...]:
    """Return the roles of a game that have two members or more.

    Parameters
    ----------
    game : in a symmetric matrix game all agents are one role; elsewhere each side is one.

    Returns
    -------
    Roles in the order of the agents; none in a matrix game whose payoffs add to a constant, where agents have nothing
    in common. The common return is the sum of payoffs in a matrix game without a common reward, as welfare is, and the
    mean over members everywhere else.
    """
    spec = game.spec
    if isinstance(game, NormalFormGame) and not spec.common_reward and game.is_constant_sum():
        return ()
    everyone = tuple(range(spec.n_agents))
    if isinstance(game, NormalFormGame) and spec.n_agents > 1 and _is_symmetric(game):
        return (Role(label="all", members=everyone, exchangeable=everyone, summed=not spec.common_reward),)
    found = []
    for side in dict.fromkeys(spec.sides):
        members = spec.members(side)
        if len(members) > 1:
            alike = () if isinstance(game, NormalFormGame | SequentialGame) else _most_alike(spec, members)
            label = "all" if members == everyone else side
            found.append(Role(label=label, members=members, exchangeable=alike, summed=False))
    return tuple(found)


def orders(n: int) -> IntArray:
    """Return ways to place n policies at n places, ``[P, n]``, that in place first.

    All permutations of up to four; of more the n rotations, of which only the first leaves any policy where it was.

    >>> orders(2).tolist()
    [[0, 1], [1, 0]]
    """
    if n <= ALL_ORDERS:
        return np.array(list(permutations(range(n))), dtype=np.int64)
    return (np.arange(n)[:, None] + np.arange(n)[None]) % n


def placed(policies: JointPolicy, role: Role, order: Sequence[int]) -> JointPolicy:
    """Return the joint policy in which the role's k-th exchangeable place is held by its ``order[k]``-th policy.

    Parameters
    ----------
    policies : one an agent.
    role : whose policies move; all others stay.
    order : ``[n]``, whole numbers from 0 to n − 1; the same number twice places copies.
    """
    moved: list[Policy] = list(policies)
    for place, k in zip(role.exchangeable, order, strict=True):
        moved[place] = policies[role.exchangeable[k]]
    return tuple(moved)


def mounted(own: JointPolicy, others: JointPolicy, members: Sequence[int]) -> JointPolicy:
    """Return a joint policy whose `members` are played by `own` and everyone else by `others`."""
    return tuple(own[i] if i in members else others[i] for i in range(len(own)))


def _is_symmetric(game: NormalFormGame) -> bool:
    try:
        check_symmetric(game)
    except ValueError:
        return False
    return True


def _most_alike(spec: GameSpec, members: tuple[int, ...]) -> tuple[int, ...]:
    """Return the largest set of members with one space of observations and of actions; none if it has one agent."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for i in members:
        alike.setdefault((spec.observation_sizes[i], spec.action_spaces[i]), []).append(i)
    largest = max(alike.values(), key=len)
    return tuple(largest) if len(largest) > 1 else ()
