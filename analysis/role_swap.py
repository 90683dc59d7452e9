"""Whether it matters which agent stands where: returns with the policies in place against returns with them swapped.

If the policies are interchangeable, the return in place is one of as many as there are permutations, and each is as
likely to be the largest. Only agents of one role can be swapped: a speaker's policy cannot listen. A loss of 0 does not
mean that the agents are alike: pure anti-coordination is as good with the roles exchanged. For that see `clone_test`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from nashlens.analysis.random_effects import errors_over_episodes, random_effects_mean
from nashlens.analysis.results import Array, Bound, Record
from nashlens.analysis.statistics import Intervals, numbers

_MAX_EXACT = 50_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoleSwap:
    """What swapping the policies costs.

    Attributes
    ----------
    loss : return in place less the mean return of the other permutations, with Student's interval over seeds, floored
        at the errors of each seed's episodes where there are several.
    p : probability of so large a mean loss if in every seed each permutation might as well be the one in place;
        one-sided; NaN if there is none, and then `reason` says why.
    smallest_p : the smallest p-value that this many permutations and seeds can reach.
    n_permutations : permutations that were played, that in place included.
    n_seeds : training seeds.
    bound : of `p`: ``exact`` if every rearrangement was counted, ``estimate`` if they were sampled.
    reason : why there is no p-value; empty if there is one.
    """

    loss: Intervals
    p: float
    smallest_p: float
    n_permutations: int
    n_seeds: int
    bound: Bound
    reason: str = ""
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the loss and one for the p-value."""
        return [
            *self.loss.to_records(),
            {
                "metric": "role_swap_p_value",
                "value": self.p,
                "smallest": self.smallest_p,
                "n": self.n_seeds,
                "unit": "seed",
                "bound": self.bound,
                "reason": self.reason,
            },
        ]


def role_swap(
    returns: npt.ArrayLike,
    permutations: npt.ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 9999,
    rng: np.random.Generator,
) -> RoleSwap:
    """Loss by swapping policies, ``J(id) − mean_{σ≠id} J(π_σ(1), …, π_σ(N))``, with an exact permutation test.

    Parameters
    ----------
    returns : ``[S, P]``, or ``[S, P, E]`` whose E episodes are averaged; returns of each seed under each permutation,
        on the same episodes' random numbers.
    permutations : ``[P, N]``; entry (k, i) is the policy at place i. The one in place, 0 … N − 1, is among them. Leave
        out those that put a policy where it cannot act.
    level : confidence level of the interval of the loss.
    n_resamples : draws where counting all ``P^S`` rearrangements is too much.
    rng : source of the draws; not used if all are counted.

    Returns
    -------
    RoleSwap. Agents that share one network without an index lose exactly 0 on common random numbers.

    Raises
    ------
    ValueError : shapes do not fit, a row of `permutations` is none or stands twice, that in place is missing, or
        `n_resamples` is below 1.
    """
    orders = _checked_permutations(permutations)
    table = numbers(returns, name="returns")
    if table.ndim not in {2, 3} or table.shape[1] != len(orders) or 0 in table.shape[1:]:
        raise ValueError(f"returns must be [S, {len(orders)}] or [S, {len(orders)}, E], not of shape {table.shape}")
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, not {n_resamples}")
    means = table.mean(axis=2) if table.ndim == 3 else table
    home = int(np.flatnonzero((orders == np.arange(orders.shape[1])).all(axis=1))[0])
    n_seeds, n_orders = means.shape
    with np.errstate(invalid="ignore"):
        losses = (means[:, :, None] - means[:, None]).sum(axis=2) / (n_orders - 1)  # as if each had been in place
    loss = random_effects_mean(losses[:, home], _errors(table, home), level=level, metric="role_swap_loss")
    if n_seeds == 0 or not np.isfinite(losses).all():
        n_bad = int((~np.isfinite(losses).all(axis=1)).sum())
        reason = f"{n_bad} of {n_seeds} seeds have no finite value" if n_seeds else "there is no seed"
        p, smallest, exact = float("nan"), float("nan"), False
    else:
        reason = ""
        p, smallest, exact = _p_value(losses, home, n_resamples, rng)
    return RoleSwap(
        loss=loss,
        p=p,
        smallest_p=smallest,
        n_permutations=n_orders,
        n_seeds=n_seeds,
        bound="exact" if exact else "estimate",
        reason=reason,
    )


def _errors(returns: Array, home: int) -> Array:
    """Return the standard error ``[S]`` of each seed's loss over its episodes; NaN where none are given."""
    if returns.ndim == 2:
        return np.full(len(returns), np.nan)
    others = np.delete(returns, home, axis=1)
    with np.errstate(invalid="ignore"):
        losses = (returns[:, home, None] - others).mean(axis=1)  # differences first: 0 stays 0
        return errors_over_episodes(losses)


def _p_value(losses: Array, home: int, n_resamples: int, rng: np.random.Generator) -> tuple[float, float, bool]:
    n_seeds, n_orders = losses.shape
    observed = float(losses[:, home].sum())
    slack = 1e-12 * max(1e-300, float(np.abs(losses).sum()))
    exact = n_orders**n_seeds <= _MAX_EXACT
    if exact:
        choices = np.array(list(product(range(n_orders), repeat=n_seeds)))
    else:
        choices = rng.integers(0, n_orders, size=(n_resamples, n_seeds))
    sums = losses[np.arange(n_seeds), choices].sum(axis=1)
    hits = int((sums >= observed - slack).sum())
    if exact:
        return hits / len(sums), float(n_orders) ** -n_seeds, True
    return (1 + hits) / (1 + n_resamples), 1 / (1 + n_resamples), False


def _checked_permutations(permutations: npt.ArrayLike) -> npt.NDArray[np.int64]:
    orders = np.asarray(permutations)
    if orders.ndim != 2 or len(orders) < 2 or orders.dtype.kind not in "iu":
        raise ValueError(f"permutations must be whole numbers [P, N] with P at least 2, not {orders.shape}")
    n_agents = orders.shape[1]
    if (np.sort(orders, axis=1) != np.arange(n_agents)).any():
        raise ValueError(f"permutations must each hold 0 to {n_agents - 1} once, not {orders.tolist()}")
    if len(np.unique(orders, axis=0)) != len(orders):
        raise ValueError("permutations must differ; one stands twice")
    if not (orders == np.arange(n_agents)).all(axis=1).any():
        raise ValueError(f"permutations must hold the one in place, {list(range(n_agents))}")
    return orders.astype(np.int64)
