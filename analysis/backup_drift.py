"""How an independent learner's Bellman backup moves while the others learn: one Q, backed up in two worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_game import (
    MarkovGame,
    as_markov_game,
    check_discount,
    check_snapshot_axis,
    induced_kernel,
    induced_reward,
)
from nashlens.analysis.nonstationarity import checked_weights, kernel_drift, reward_drift, weighted_mean
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.snapshots import Against, check_snapshots, snapshot_pairs
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BackupDrift:
    """How far each agent's backup of one Q moved between snapshots; entry k belongs to snapshot k + 1.

    Attributes
    ----------
    mean, sup : ``[T − 1, N]``; average and largest absolute change over states and own actions, reward units.
    upper : ``[T − 1, N]``; what the drift of rewards and transitions allows at most:
        ``sup |ΔR| + γ sup TV · span(max_a Q)``.
    against : the snapshot that each is compared with.
    discount : γ.
    """

    mean: Array
    sup: Array
    upper: Array
    against: Against
    discount: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for each pair of snapshots and agent."""
        return [
            {
                "metric": "backup_drift",
                "snapshot": t + 1,
                "agent": i,
                "value": float(self.mean[t, i]),
                "sup": float(self.sup[t, i]),
                "upper": float(self.upper[t, i]),
                "bound": self.bound,
                "against": self.against,
            }
            for t, i in np.ndindex(self.mean.shape)
        ]


def backup_drift(
    game: MarkovGame | NormalFormGame,
    profile: Profile,
    *,
    q: Sequence[npt.ArrayLike],
    discount: float,
    against: Against = "previous",
    weights: Sequence[Array] | None = None,
) -> BackupDrift:
    """Change of ``(T_π Q)(s, a_i) = R_i^π(s, a_i) + γ Σ_s' P_i^π(s'|s, a_i) max_a' Q(s', a')`` for one fixed Q.

    Parameters
    ----------
    game, profile, against, weights : as in `nonstationarity.reward_drift`; the mean alone is weighted.
    q : one ``[S, A_i]`` an agent; the Q that is backed up in both worlds.
    discount : γ, in [0, 1).

    Raises
    ------
    ValueError : there are not two snapshots or more, or `profile`, `q`, `weights` or `discount` does not fit.
    """
    check_discount(discount)
    table, policies = as_markov_game(game, profile)
    check_snapshot_axis(policies)
    check_snapshots(policies[0], against)
    tables = [np.asarray(each, dtype=np.float64) for each in q]
    expected = [(table.n_states, n) for n in table.n_actions]
    if [each.shape for each in tables] != expected or not all(np.isfinite(each).all() for each in tables):
        raise ValueError(f"q must be finite, of the shapes {expected}, not {[each.shape for each in tables]}")
    means, sups = [], []
    for i, (own, nu) in enumerate(zip(tables, checked_weights(table, weights), strict=True)):
        following = induced_kernel(table, policies, agent=i) @ own.max(axis=1)
        old, new = snapshot_pairs(induced_reward(table, policies, agent=i) + discount * following, against)
        change = np.abs(new - old)
        means.append(weighted_mean(change, nu))
        sups.append(change.reshape(len(change), -1).max(axis=1))
    spans = np.array([np.ptp(own.max(axis=1)) for own in tables])
    rewards = reward_drift(table, policies, against=against)
    kernels = kernel_drift(table, policies, against=against)
    return BackupDrift(
        mean=read_only(np.stack(means, axis=1)),
        sup=read_only(np.stack(sups, axis=1)),
        upper=read_only(rewards.sup + discount * kernels.sup * spans),
        against=against,
        discount=discount,
    )
