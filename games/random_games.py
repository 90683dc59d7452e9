"""Random games: seeded draws from families of normal-form games, each with one structure and otherwise arbitrary.

One seed always gives the same game; the families draw from different generators, so that equal seeds do not make games
of different families alike. Payoffs are built from standard normal numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from nashlens.games.arguments import real_number, whole_number
from nashlens.games.core import Array
from nashlens.games.normal_form import NormalFormGame
from nashlens.games.randomness import child
from nashlens.games.registry import Entry

MAX_ENTRIES = 2_000_000
MAX_AGENTS = 20


def random_zero_sum(n_actions: int | Sequence[int] = 3, seed: int = 0) -> NormalFormGame:
    """Two agents; what one wins the other loses.

    Parameters
    ----------
    n_actions : actions of both agents, or one number for each.
    seed : whole number, at least 0.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.
    """
    shape = _shape(n_actions, 2)
    first = child(seed, "random_games", "zero_sum").standard_normal(shape)
    return _game("random_zero_sum", [first, -first], n_actions=shape, seed=seed)


def random_common_interest(n_agents: int = 2, n_actions: int | Sequence[int] = 3, *, seed: int = 0) -> NormalFormGame:
    """N agents who always get the same.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.
    """
    shape = _shape(n_actions, n_agents)
    team = child(seed, "random_games", "common_interest").standard_normal(shape)
    return _game("random_common_interest", [team] * len(shape), n_agents=len(shape), n_actions=shape, seed=seed)


def random_potential(n_agents: int = 2, n_actions: int | Sequence[int] = 3, *, seed: int = 0) -> NormalFormGame:
    """N agents with an exact potential: a common function plus, for each agent, one that its own action leaves alone.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.
    """
    shape = _shape(n_actions, n_agents)
    rng = child(seed, "random_games", "potential")
    potential = rng.standard_normal(shape)
    dummies = [rng.standard_normal((*shape[:i], 1, *shape[i + 1 :])) for i in range(len(shape))]
    payoffs = [potential + dummy for dummy in dummies]
    return _game("random_potential", payoffs, n_agents=len(shape), n_actions=shape, seed=seed)


def random_covariant(
    n_agents: int = 2, n_actions: int | Sequence[int] = 3, *, correlation: float = 0.0, seed: int = 0
) -> NormalFormGame:
    """N agents whose payoffs at a joint action are normal, each pair with the same correlation.

    Parameters
    ----------
    n_agents, n_actions, seed : as in the other families.
    correlation : ρ, from -1/(N-1), where the payoffs add to 0, to 1, where all get the same.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.

    Notes
    -----
    The covariance ``(1-ρ) I + ρ 1 1'`` has the eigenvalue ``1 + (N-1) ρ`` along the mean of the agents and ``1 - ρ``
    across it, so that independent numbers are scaled along both by the roots.
    """
    shape = _shape(n_actions, n_agents)
    n = len(shape)
    rho = real_number(correlation, "correlation", low=-1 / (n - 1), high=1.0)
    draws = child(seed, "random_games", "covariant").standard_normal((n, *shape))
    mean = draws.mean(axis=0)
    along, across = np.sqrt(max(1 + (n - 1) * rho, 0.0)), np.sqrt(1 - rho)
    # at the upper end the agents' payoffs are one and the same array, not only equal up to rounding
    payoffs = along * mean + (across * (draws - mean) if rho < 1 else np.zeros((n, *shape)))
    return _game("random_covariant", payoffs, n_agents=n, n_actions=shape, correlation=rho, seed=seed)


def random_dominance_solvable(
    n_agents: int = 2, n_actions: int | Sequence[int] = 3, *, seed: int = 0
) -> NormalFormGame:
    """N agents; deleting strictly dominated actions one after the other leaves a single joint action.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.

    Notes
    -----
    A random order of deletion is drawn first. From its end to its beginning, each deleted action is put below a random
    one of those that outlive it, by a random margin, wherever the others play what they still have.
    """
    shape = _shape(n_actions, n_agents)
    rng = child(seed, "random_games", "dominance_solvable")
    payoffs = rng.standard_normal((len(shape), *shape))
    order = rng.permutation([agent for agent, n in enumerate(shape) for _ in range(n - 1)])
    alive = [list(rng.permutation(n)) for n in shape]
    deletions = []
    for agent in order:
        deleted = alive[agent].pop()
        deletions.append((int(agent), deleted, rng.choice(alive[agent]), [sorted(actions) for actions in alive]))
    for agent, deleted, dominating, left in reversed(deletions):
        others = [actions for j, actions in enumerate(left) if j != agent]
        mine = np.moveaxis(payoffs[agent], agent, 0)
        where = np.ix_(*others)
        mine[deleted][where] = mine[dominating][where] - rng.uniform(0.1, 1.0, size=mine[deleted][where].shape)
    return _game("random_dominance_solvable", payoffs, n_agents=len(shape), n_actions=shape, seed=seed)


def random_congestion(n_agents: int = 3, n_resources: int = 3, *, seed: int = 0) -> NormalFormGame:
    """N agents choose one resource each; what it pays falls with the number of agents who chose it.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.
    """
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    shape = _shape(whole_number(n_resources, "n_resources", low=1), n, label="n_resources")
    worth = child(seed, "random_games", "congestion").standard_normal((shape[0], n))
    worth = -np.sort(-worth, axis=1)  # [resource, users - 1], falling
    choices = np.indices(shape)
    users = (choices[:, None] == np.arange(shape[0]).reshape(1, -1, *(1,) * n)).sum(axis=0)
    payoffs = [worth[own, np.take_along_axis(users, own[None], axis=0)[0] - 1] for own in choices]
    return _game("random_congestion", payoffs, n_agents=n, n_resources=shape[0], seed=seed)


def random_polymatrix(n_agents: int = 3, n_actions: int | Sequence[int] = 2, *, seed: int = 0) -> NormalFormGame:
    """N agents; each plays a game of two with every other, with one action for all, and gets the sum.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.
    """
    shape = _shape(n_actions, n_agents)
    rng = child(seed, "random_games", "polymatrix")
    payoffs = np.zeros((len(shape), *shape))
    for i, mine in enumerate(shape):
        for j, theirs in enumerate(shape):
            if i != j:
                pair = rng.standard_normal((mine, theirs)) if i < j else rng.standard_normal((theirs, mine))
                axes = [n if k in (i, j) else 1 for k, n in enumerate(shape)]
                payoffs[i] += pair.reshape(axes)
    return _game("random_polymatrix", payoffs, n_agents=len(shape), n_actions=shape, seed=seed)


def _shape(n_actions: int | Sequence[int], n_agents: int, *, label: str = "n_actions") -> tuple[int, ...]:
    n = whole_number(n_agents, "n_agents", low=2, high=MAX_AGENTS)
    each = n_actions if isinstance(n_actions, list | tuple) else [n_actions] * n
    if len(each) != n:
        raise ValueError(f"{label} must be one number, or one for each of the {n} agents, not {n_actions!r}")
    shape = tuple(whole_number(count, label, low=1) for count in each)
    if n * prod(shape) > MAX_ENTRIES:
        raise ValueError(
            f"n_agents and {label} must give at most {MAX_ENTRIES} payoffs, not {n * prod(shape)} ({n} x {shape})"
        )
    return shape


def _game(name: str, payoffs: Array | Sequence[Array], **parameters: object) -> NormalFormGame:
    return NormalFormGame(np.stack(list(payoffs)), name=name, parameters=parameters)


def entries() -> tuple[Entry, ...]:
    """Return the registry's entries of all random games."""
    families: dict[Callable[..., NormalFormGame], str] = {
        random_zero_sum: "two agents, payoffs add to 0",
        random_common_interest: "N agents get the same",
        random_potential: "N agents with an exact potential",
        random_covariant: "N agents, any two payoffs with one correlation",
        random_dominance_solvable: "N agents, iterated strict dominance leaves one joint action",
        random_congestion: "N agents share resources that pay less to more",
        random_polymatrix: "N agents, sums of games of two",
    }
    return tuple(Entry(name=f.__name__, family="random", summary=line, factory=f) for f, line in families.items())
