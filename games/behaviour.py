"""Behavioural profiles: what every agent does at each of its information sets, for one profile or a batch of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array
from nashlens.games.game_tree import GameTree

BEHAVIOUR_TOLERANCE = 1e-9


class BehaviouralProfile(tuple[Array, ...]):
    """One behavioural strategy ``[…, I_i, A_i]`` an agent; leading axes are a batch of profiles.

    ``I_i`` information sets and ``A_i`` actions as in `GameTree`: the action of waiting, which the game as an
    environment adds, is not among them.

    Parameters
    ----------
    strategies : N arrays with the same leading axes; the last axis of each is a distribution.

    Raises
    ------
    ValueError : a distribution is off the simplex by more than ``1e-9``, or the leading axes differ.
    """

    __slots__ = ()

    def __new__(cls, strategies: Sequence[npt.ArrayLike]) -> BehaviouralProfile:
        """Check and freeze the strategies."""
        arrays = tuple(np.array(s, dtype=np.float64) for s in strategies)
        if not arrays:
            raise ValueError("strategies must be one or more arrays, one an agent")
        for i, array in enumerate(arrays):
            if array.ndim < 2 or array.shape[:-2] != arrays[0].shape[:-2]:
                raise ValueError(
                    f"strategies must be [..., I_i, A_i] with shared leading axes; agent {i} has shape {array.shape}, "
                    f"agent 0 has {arrays[0].shape}"
                )
            sums = array.sum(axis=-1)
            off = ~np.isfinite(array).all() or (array < -BEHAVIOUR_TOLERANCE).any()
            if off or (np.abs(sums - 1) > BEHAVIOUR_TOLERANCE).any():
                raise ValueError(
                    f"the strategy of agent {i} must be non-negative and sum to 1 within {BEHAVIOUR_TOLERANCE} at "
                    f"every information set; its sums run from {sums.min()} to {sums.max()}"
                )
            array.flags.writeable = False
        return super().__new__(cls, arrays)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes, ``()`` for one profile."""
        return self[0].shape[:-2]

    @classmethod
    def uniform(cls, tree: GameTree) -> BehaviouralProfile:
        """Return the profile that plays every legal action with the same probability everywhere."""
        return cls([sets.legal / sets.legal.sum(axis=1, keepdims=True) for sets in tree.agents])

    @classmethod
    def stack(cls, profiles: Sequence[BehaviouralProfile]) -> BehaviouralProfile:
        """Return T profiles as one batch ``[T, …, I_i, A_i]``.

        Raises
        ------
        ValueError : there is no profile, or the shapes differ.
        """
        if not profiles or any([s.shape for s in p] != [s.shape for s in profiles[0]] for p in profiles):
            raise ValueError("profiles must be one or more behavioural profiles of the same shapes")
        return cls([np.stack(strategies) for strategies in zip(*profiles, strict=True)])

    def replace(self, agent: int, strategy: npt.ArrayLike) -> BehaviouralProfile:
        """Return the profile in which one agent plays `strategy` ``[…, I_i, A_i]`` and the others what they did."""
        return BehaviouralProfile([strategy if i == agent else own for i, own in enumerate(self)])


def check_behaviour(tree: GameTree, profile: BehaviouralProfile) -> BehaviouralProfile:
    """Return the profile, or say why it is not one of this tree.

    Raises
    ------
    ValueError : the number of agents, information sets or actions differs, or an illegal action has a probability
        above ``1e-9``.
    """
    expected = tuple(sets.legal.shape for sets in tree.agents)
    found = tuple(strategy.shape[-2:] for strategy in profile)
    if found != expected:
        raise ValueError(f"profile must have shapes [I_i, A_i] = {expected}, not {found}")
    for i, (sets, strategy) in enumerate(zip(tree.agents, profile, strict=True)):
        illegal = (np.where(sets.legal, 0.0, strategy) > BEHAVIOUR_TOLERANCE).any(axis=-1)
        if illegal.any():
            label = sets.labels[int(np.argwhere(illegal)[0][-1])]
            raise ValueError(f"profile must play legal actions only; agent {i} does not at {label!r}")
    return profile
