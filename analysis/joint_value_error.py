"""Several modelled agents at once: each model's share of the error in value.

Swapping one agent's policy for its model after another telescopes to the whole error, in shares that depend on the
order. The Shapley shares average over all orders, and add up all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.analysis.value_shift import split_value_shift
from nashlens.games.normal_form import Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointValueError:
    """Error in value of using models for several agents, by agent; reward units.

    Attributes
    ----------
    total : ``E_true Q − E_model Q``.
    shares : ``[n]``; each modelled agent's Shapley share; they add to `total`.
    """

    total: float
    shares: Array
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return the total, and each agent's share."""
        rows: list[Record] = [{"metric": "joint_value_error", "value": self.total, "bound": self.bound}]
        for j, share in enumerate(self.shares):
            rows.append({"metric": "joint_value_error_share", "other": j, "value": float(share), "bound": self.bound})
        return rows


def joint_value_error(
    true: Sequence[npt.ArrayLike], model: Sequence[npt.ArrayLike], *, q_values: npt.ArrayLike
) -> JointValueError:
    """Error in value of several models at once, ``E_true Q − E_model Q``, with each agent's Shapley share.

    Parameters
    ----------
    true, model : one ``[A_j]`` distribution each for n modelled agents.
    q_values : ``[A_1, …, A_n]``.

    Raises
    ------
    ValueError : an entry is off the simplex, or the shapes do not fit.

    Notes
    -----
    Cost O(2^n · A_1 ⋯ A_n).
    """
    p, q = Profile(true), Profile(model)
    values = numbers(q_values, name="q_values")
    if not values.shape == tuple(len(s) for s in p) == tuple(len(s) for s in q):
        raise ValueError(
            f"q_values, true and model must agree on the actions, not {values.shape}, {[s.shape for s in p]} and "
            f"{[s.shape for s in q]}"
        )
    n = len(p)
    corners = np.empty((2,) * n)
    for corner in np.ndindex(corners.shape):
        left = values
        for j, chosen in enumerate(corner):
            left = np.tensordot((p if chosen else q)[j], left, axes=(0, 0))
        corners[corner] = float(left)
    shift = split_value_shift(np.repeat(corners[..., None], n, axis=-1))
    return JointValueError(total=float(shift.total[0]), shares=read_only(shift.shapley[0]))
