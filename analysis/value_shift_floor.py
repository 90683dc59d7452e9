"""How much of a measured change of value is the luck of episodes: the same split with old and new policies swapped.

Sizes of sampled changes are biased upwards, and so is nobody's share in them 0 where nothing moved. If an agent's
change of policy does not matter, its old and its new policy can be swapped within any episode that was played at every
mixture of both with the same random numbers. So every agent's labels are swapped at random in every episode, and the
split is taken again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.core import IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValueShiftFloor:
    """The others' part in sampled changes of value beside what it is with labels swapped.

    Attributes
    ----------
    others : ``[N]``; size of the mean change by all agents but i, added over changes; units of return.
    others_floor : ``[N]``; its mean over swaps.
    share : ``[N]``; `others` over the sizes of own, others' and interaction part together; NaN if nothing changed.
    share_floor : ``[N]``; its mean over swaps.
    p : ``[N]``; share of swaps, the data counted among them, at which `others` is at least as large.
    n_permutations, n_episodes : swaps, and episodes behind each mean.
    """

    others: Array
    others_floor: Array
    share: Array
    share_floor: Array
    p: Array
    n_permutations: int
    n_episodes: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return two rows an agent."""
        note = {"n": self.n_episodes, "unit": "episode", "bound": self.bound, "n_permutations": self.n_permutations}
        rows: list[Record] = []
        for i in range(len(self.others)):
            for name in ("others", "share"):
                value, floor = float(getattr(self, name)[i]), float(getattr(self, f"{name}_floor")[i])
                row: Record = {"metric": f"value_shift_{name}", "agent": i, "value": value, "floor": floor}
                rows.append(row | {"p": float(self.p[i])} | note)
        return rows


def value_shift_floor(
    corners: npt.ArrayLike, *, n_permutations: int = 199, rng: np.random.Generator
) -> ValueShiftFloor:
    """Return the others' part in changes of value with its noise floor.

    Parameters
    ----------
    corners : ``[2, …, 2, K, E, N]``; returns of E episodes for each of K changes at every mixture of old and new
        policies, N axes of length 2, agent j's being 1 where it plays its new policy; episode e begins alike and draws
        the same numbers at every mixture.
    n_permutations : swaps, at least 1.
    rng : source of the swaps.

    Raises
    ------
    ValueError : the axes do not fit the number of agents, a return is not finite, or `n_permutations` is below 1.

    Notes
    -----
    The p-value is valid for the null that no change of policy, of whatever agents, alters the law of returns; it is
    conservative where an agent's own change does. Cost O(n_permutations · N · K · E).
    """
    values = np.asarray(corners, dtype=np.float64)
    n = values.shape[-1] if values.ndim else 0
    if n < 2 or values.ndim != n + 3 or values.shape[:n] != (2,) * n or 0 in values.shape:
        raise ValueError(
            f"corners must be [2, …, 2, K, E, N] with N axes of length 2 for two or more agents, not {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("corners must be finite")
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, not {n_permutations}")
    flat = values.reshape(2**n, *values.shape[n:])
    n_changes, n_episodes = flat.shape[1:3]
    others, share = _sizes(flat, np.zeros((n_changes, n_episodes), dtype=np.int64))
    swapped = [_sizes(flat, rng.integers(2**n, size=(n_changes, n_episodes))) for _ in range(n_permutations)]
    floors, shares = (np.stack([each[k] for each in swapped]) for k in range(2))
    slack = 1e-12 * max(1.0, float(np.abs(values).max()))
    # Where nothing ever changed every swap has a share of NaN, and so has their mean.
    moved = np.isfinite(shares)
    mean_share = np.where(moved, shares, 0.0).sum(axis=0) / np.where(moved.any(axis=0), moved.sum(axis=0), 1)
    return ValueShiftFloor(
        others=read_only(others),
        others_floor=read_only(floors.mean(axis=0)),
        share=read_only(share),
        share_floor=read_only(np.where(moved.any(axis=0), mean_share, np.nan)),
        p=read_only((1 + (floors >= others - slack).sum(axis=0)) / (1 + n_permutations)),
        n_permutations=n_permutations,
        n_episodes=n_episodes,
    )


def _sizes(flat: Array, swaps: IntArray) -> tuple[Array, Array]:
    """Return the size of the others' part and its share, each ``[N]``.

    Parameters
    ----------
    flat : ``[2^N, K, E, N]``; the first agent's bit is the highest.
    swaps : ``[K, E]``; bits of the agents whose labels are swapped.
    """
    n = flat.shape[-1]
    k, e = np.indices(swaps.shape)

    def mean_at(corner: int, agent: int) -> Array:
        means: Array = flat[swaps ^ corner, k, e, agent].mean(axis=1)
        return means

    others, shares = np.zeros(n), np.full(n, np.nan)
    for i in range(n):
        own_bit, everyone = 1 << (n - 1 - i), 2**n - 1
        old, new = mean_at(0, i), mean_at(everyone, i)
        own, rest = mean_at(own_bit, i) - old, mean_at(everyone ^ own_bit, i) - old
        others[i] = np.abs(rest).sum()
        whole = others[i] + np.abs(own).sum() + np.abs(new - old - own - rest).sum()
        shares[i] = others[i] / whole if whole > 1e-12 else np.nan
    return others, shares
