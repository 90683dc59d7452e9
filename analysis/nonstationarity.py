"""How an agent's world moves while the others learn: drift of its induced rewards and transitions.

An agent that conditions on its own action alone sees ``P_i^π(s'|s, a_i)`` and ``R_i^π(s, a_i)``, which change whenever
another's policy does. One that conditions on the joint action sees the game itself, which does not: the same
measurement with ``conditioning="joint"`` is the control, exactly 0 for every sequence of policies.

The control speaks of the model, not of the critic's target: ``Q^π(s, a) = r + γ E[Q^π(s', π(s'))]`` still moves with
the policies wherever γ > 0 (see `target_drift`).

Drift is averaged over states and own actions with weights that are the same on both sides of every comparison, uniform
unless given; with the state distributions of two checkpoints one would measure those instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nashlens.analysis.divergence import kullback_leibler, total_variation
from nashlens.analysis.markov_game import MarkovGame, as_markov_game, averaged, check_snapshot_axis
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.snapshots import Against, check_snapshots, snapshot_pairs
from nashlens.games.normal_form import NormalFormGame, Profile

Conditioning = Literal["own", "joint"]
LOWE = "Lowe et al. (2017), arXiv:1706.02275"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drift:
    """How far each agent's world moved between snapshots; entry k belongs to snapshot k + 1.

    Attributes
    ----------
    metric : ``reward_drift`` or ``kernel_drift``.
    mean : ``[T − 1, N]``; average over states and own actions; reward units, or total variation in [0, 1].
    sup : ``[T − 1, N]``; largest over states and own actions.
    upper : ``[T − 1, N]``; what the others' policy change allows at most: the sum over the others of their largest
        total variation, times the reward span for rewards.
    kl_new_old, kl_old_new : ``[T − 1, N]``; averages of the Kullback-Leibler divergence in nats, infinite where a
        transition appears or vanishes; None for rewards.
    against : the snapshot that each is compared with.
    conditioning : ``own`` action, or the ``joint`` action as the control.
    """

    metric: str
    mean: Array
    sup: Array
    upper: Array
    kl_new_old: Array | None
    kl_old_new: Array | None
    against: Against
    conditioning: Conditioning
    bound: Bound = "exact"
    references: tuple[str, ...] = (LOWE,)

    def to_records(self) -> list[Record]:
        """Return one row for each pair of snapshots and agent."""
        note = {"bound": self.bound, "against": self.against, "conditioning": self.conditioning}
        return [
            {
                "metric": self.metric,
                "snapshot": t + 1,
                "agent": i,
                "value": float(self.mean[t, i]),
                "sup": float(self.sup[t, i]),
                "upper": float(self.upper[t, i]),
                **note,
            }
            for t, i in np.ndindex(self.mean.shape)
        ]


def reward_drift(
    game: MarkovGame | NormalFormGame,
    profile: Profile,
    *,
    against: Against = "previous",
    conditioning: Conditioning = "own",
    weights: Sequence[Array] | None = None,
) -> Drift:
    """Mean and largest change of each agent's induced reward between snapshots of all policies.

    ``E_ν |R_i^{π_t}(s, a_i) − R_i^{π_t'}(s, a_i)|``. In a one-shot game this is the only drift there is.

    Parameters
    ----------
    game : a Markov game, or a game in normal form as its one-state case.
    profile : T snapshots, ``[T, S, A_i]`` an agent; ``[T, A_i]`` for a game in normal form.
    against : compare each snapshot with the ``previous`` or with the ``first``.
    conditioning : on the ``own`` action, or on the ``joint`` action, which is the control and exactly 0.
    weights : ν, one ``[S, A_i]`` an agent, adding to 1; uniform if left out. Only for ``own``.

    Raises
    ------
    ValueError : there are not two snapshots or more, `profile` or `weights` do not fit, or an option is unknown.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275, states the change that is measured here; the measure is ours.
    """
    table, policies = _checked(game, profile, against, conditioning)
    averages, sups = [], []
    for i, nu in enumerate(_weights_for(table, weights, conditioning)):
        seen = averaged(table.rewards[i], policies, over=_unseen(table, i, conditioning))
        old, new = snapshot_pairs(seen, against)
        change = np.abs(new - old)
        averages.append(weighted_mean(change, nu))
        sups.append(change.reshape(len(change), -1).max(axis=1))
    return Drift(
        metric="reward_drift",
        mean=read_only(np.stack(averages, axis=1)),
        sup=read_only(np.stack(sups, axis=1)),
        upper=read_only(table.spans * _others_change(policies, against)),
        kl_new_old=None,
        kl_old_new=None,
        against=against,
        conditioning=conditioning,
    )


def kernel_drift(
    game: MarkovGame | NormalFormGame,
    profile: Profile,
    *,
    against: Against = "previous",
    conditioning: Conditioning = "own",
    weights: Sequence[Array] | None = None,
) -> Drift:
    """Mean and largest change of each agent's induced transitions between snapshots of all policies.

    ``E_ν TV(P_i^{π_t}(·|s, a_i), P_i^{π_t'}(·|s, a_i))``, with the Kullback-Leibler divergences both ways. 0 for a
    game in normal form, which has one state.

    Parameters
    ----------
    game, profile, against, conditioning, weights : as in `reward_drift`.

    Raises
    ------
    ValueError : as in `reward_drift`.

    Notes
    -----
    Cost O(T S² A_1 ⋯ A_N). Total variation is half the L1 distance; variation budgets use the L1 distance.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275, states the change that is measured here; the measure is ours.
    """
    table, policies = _checked(game, profile, against, conditioning)
    means, sups, forth, back = [], [], [], []
    for i, nu in enumerate(_weights_for(table, weights, conditioning)):
        seen = averaged(table.kernel, policies, over=_unseen(table, i, conditioning))
        old, new = snapshot_pairs(seen, against)
        tv = total_variation(new, old)
        means.append(weighted_mean(tv, nu))
        sups.append(tv.reshape(len(tv), -1).max(axis=1))
        forth.append(weighted_mean(kullback_leibler(new, old), nu))
        back.append(weighted_mean(kullback_leibler(old, new), nu))
    return Drift(
        metric="kernel_drift",
        mean=read_only(np.stack(means, axis=1)),
        sup=read_only(np.stack(sups, axis=1)),
        upper=read_only(np.minimum(_others_change(policies, against), 1.0)),
        kl_new_old=read_only(np.stack(forth, axis=1)),
        kl_old_new=read_only(np.stack(back, axis=1)),
        against=against,
        conditioning=conditioning,
    )


def checked_weights(game: MarkovGame, weights: Sequence[Array] | None) -> Sequence[Array | None]:
    """Return weights over states and own actions, one ``[S, A_i]`` an agent; None for even ones.

    Raises
    ------
    ValueError : they do not fit, are negative or do not add to 1.
    """
    if weights is None:
        return [None] * game.n_agents
    shapes = [(game.n_states, n) for n in game.n_actions]
    checked = [np.asarray(w, dtype=np.float64) for w in weights]
    if [w.shape for w in checked] != shapes:
        raise ValueError(f"weights must have the shapes {shapes}, not {[w.shape for w in checked]}")
    if any((w < 0).any() or not abs(w.sum() - 1) <= 1e-9 for w in checked):
        raise ValueError("weights must be non-negative and add to 1 for each agent")
    return checked


def weighted_mean(change: Array, weights: Array | None) -> Array:
    """Return the mean ``[T − 1]`` of changes ``[T − 1, …]``; entries of no weight do not count, not even infinite ones.

    Parameters
    ----------
    change : of every state and action.
    weights : of the same shape but for the first axis, adding to 1; None for even ones.
    """
    flat = change.reshape(len(change), -1)
    if weights is None:
        means: Array = flat.mean(axis=1)
        return means
    counted = weights.ravel() > 0
    weighted: Array = flat[:, counted] @ weights.ravel()[counted]
    return weighted


def _checked(
    game: MarkovGame | NormalFormGame, profile: Profile, against: Against, conditioning: Conditioning
) -> tuple[MarkovGame, Profile]:
    if conditioning not in {"own", "joint"}:
        raise ValueError(f"conditioning must be 'own' or 'joint', not {conditioning!r}")
    table, policies = as_markov_game(game, profile)
    check_snapshot_axis(policies)
    check_snapshots(policies[0], against)
    return table, policies


def _unseen(game: MarkovGame, agent: int, conditioning: Conditioning) -> list[int]:
    return [j for j in range(game.n_agents) if j != agent] if conditioning == "own" else []


def _weights_for(
    game: MarkovGame, weights: Sequence[Array] | None, conditioning: Conditioning
) -> Sequence[Array | None]:
    if weights is not None and conditioning == "joint":
        raise ValueError("weights must be left out with conditioning='joint': they stand over own actions")
    return checked_weights(game, weights)


def _others_change(policies: Profile, against: Against) -> Array:
    """Return ``[T − 1, N]``: for each agent the largest over states of the sum over the others of total variations."""
    each = np.stack([total_variation(*reversed(snapshot_pairs(p, against))) for p in policies], axis=-1)
    largest: Array = (each.sum(axis=-1, keepdims=True) - each).max(axis=1)
    return largest
