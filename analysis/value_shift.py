"""Whose learning changed an agent's value: its own, the others', or both together.

With every agent either at its old or at its new policy there are ``2^N`` corners. For agent i the own part changes only
its own policy, the others' part all but its own, and the interaction is the remainder: the three add up to the total
change exactly. The Shapley value splits the total over single agents, also exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import factorial

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_game import MarkovGame, as_markov_game, checked_start, state_values
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

MAX_AGENTS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueShift:
    """The change of every agent's value between two joint policies, split by whose policy changed.

    Attributes
    ----------
    own : ``[…, N]``; of changing the agent's own policy alone.
    others : ``[…, N]``; of changing all policies but its own.
    interaction : ``[…, N]``; the remainder: own, others and interaction add to `total`.
    total : ``[…, N]``; of changing all policies.
    shapley : ``[…, N, N]``; entry ``[i, j]`` is agent j's share in the change of agent i's value; the last axis adds to
        `total`.
    """

    own: Array
    others: Array
    interaction: Array
    total: Array
    shapley: Array
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return four rows an agent, and one for each pair of agents."""
        rows: list[Record] = []
        for *batch, i in np.ndindex(self.total.shape):
            where = (*batch, i)
            place = {f"index_{k}": position for k, position in enumerate(batch)} | {"agent": i, "bound": self.bound}
            rows += [
                {"metric": f"value_shift_{name}", "value": float(getattr(self, name)[where]), **place}
                for name in ("own", "others", "interaction", "total")
            ]
            rows += [
                {"metric": "value_shift_shapley", "other": j, "value": float(share), **place}
                for j, share in enumerate(self.shapley[where])
            ]
        return rows


def corner_values(
    game: MarkovGame | NormalFormGame,
    before: Profile,
    after: Profile,
    *,
    discount: float,
    start: npt.ArrayLike | None = None,
) -> Array:
    """Return every agent's discounted value at every mixture of old and new policies.

    Parameters
    ----------
    game : a Markov game, or a game in normal form, played for ever.
    before, after : policies ``[…, S, A_i]`` an agent (``[…, A_i]`` in normal form), with the same leading axes.
    discount : γ, in [0, 1).
    start : ``[S]`` distribution of the first state; uniform if left out.

    Returns
    -------
    ``[2, …, 2, …, N]``; N axes of length 2, agent j's being 1 where it plays its new policy, then the leading axes.

    Raises
    ------
    ValueError : a profile, `start` or `discount` does not fit, or there are more than 12 agents.
    """
    table, old = as_markov_game(game, before)
    _, new = as_markov_game(game, after)
    if old.batch_shape != new.batch_shape:
        raise ValueError(f"after must have the leading axes {old.batch_shape[:-1]}, not {new.batch_shape[:-1]}")
    if table.n_agents > MAX_AGENTS:
        raise ValueError(f"game must have at most {MAX_AGENTS} agents for 2^N corners, not {table.n_agents}")
    first = checked_start(table, start)
    shape = old.batch_shape[:-1]
    flat = [Profile([s.reshape(-1, *s.shape[-2:]) for s in each]) for each in (old, new)]
    corners = []
    for corner in product((0, 1), repeat=table.n_agents):
        mixed = Profile([flat[chosen][j] for j, chosen in enumerate(corner)])
        corners.append((state_values(table, mixed, discount=discount) @ first).reshape(*shape, table.n_agents))
    return np.stack(corners).reshape(*(2,) * table.n_agents, *shape, table.n_agents)


def split_value_shift(corners: npt.ArrayLike, *, bound: Bound = "exact") -> ValueShift:
    """Split the change of every agent's value, given its value at all ``2^N`` corners.

    Parameters
    ----------
    corners : ``[2, …, 2, …, N]`` as `corner_values` returns it, or returns of episodes played at every corner.
    bound : what the corners are: ``exact`` values, or an ``estimate``.

    Raises
    ------
    ValueError : the axes of length 2 do not match the number of agents.

    Notes
    -----
    Cost O(N² 2^N). The Shapley value of agent j averages its marginal change over all orders in which agents could
    have moved to their new policies.
    """
    values = np.asarray(corners, dtype=np.float64)
    n_agents = values.shape[-1] if values.ndim else 0
    if n_agents == 0 or values.ndim <= n_agents or values.shape[:n_agents] != (2,) * n_agents:
        raise ValueError(f"corners must be [2, …, 2, …, N] with N axes of length 2, not shape {values.shape}")
    old, new = (0,) * n_agents, (1,) * n_agents
    own, others = [], []
    for i in range(n_agents):
        alone = tuple(int(j == i) for j in range(n_agents))
        own.append(values[alone][..., i] - values[old][..., i])
        others.append(values[tuple(1 - c for c in alone)][..., i] - values[old][..., i])
    total = values[new] - values[old]
    own_part, others_part = np.stack(own, axis=-1), np.stack(others, axis=-1)
    return ValueShift(
        own=read_only(own_part),
        others=read_only(others_part),
        interaction=read_only(total - own_part - others_part),
        total=read_only(total),
        shapley=read_only(_shapley(values, n_agents)),
        bound=bound,
    )


def value_shift(
    game: MarkovGame | NormalFormGame,
    before: Profile,
    after: Profile,
    *,
    discount: float,
    start: npt.ArrayLike | None = None,
) -> ValueShift:
    """Own, others' and interaction part of the change of every agent's discounted value.

    Parameters
    ----------
    game, before, after, discount, start : as in `corner_values`.

    Raises
    ------
    ValueError : as in `corner_values`.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> shift = value_shift(pennies, Profile.pure([0, 0], [2, 2]), Profile.pure([1, 1], [2, 2]), discount=0.0)
    >>> shift.own[0].item(), shift.others[0].item(), shift.interaction[0].item()
    (-2.0, -2.0, 4.0)
    """
    return split_value_shift(corner_values(game, before, after, discount=discount, start=start))


def _shapley(values: Array, n_agents: int) -> Array:
    """Return ``[…, N, N]``: agent j's weighted marginal changes, over every set of agents that moved before it."""
    shares = []
    for j in range(n_agents):
        share = np.zeros(values.shape[n_agents:])
        for moved in product((0, 1), repeat=n_agents - 1):
            n_moved = sum(moved)
            weight = factorial(n_moved) * factorial(n_agents - 1 - n_moved) / factorial(n_agents)
            without, with_j = (*moved[:j], 0, *moved[j:]), (*moved[:j], 1, *moved[j:])
            share += weight * (values[with_j] - values[without])
        shares.append(share)
    return np.stack(shares, axis=-1)
