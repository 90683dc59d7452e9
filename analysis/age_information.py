"""What a transition's age says about its outcome: non-stationarity as information, exact for tabular games.

If the world stood still, the age of a stored transition would say nothing about its reward and next state once state
and action are known. ``I(age; reward, next state | state, own action)`` is what it says to an agent that conditions on
its own action; given the joint action it is exactly 0. A fingerprint, something stored with the transition such as the
iteration, restores stationarity as far as it removes the information.

Conditioning matters: unconditionally the age can be told from the states alone, in a stationary world too.

References
----------
Foerster et al. (2017), arXiv:1702.08887, for fingerprints; the measure is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.effective_sample_size import FOERSTER
from nashlens.analysis.markov_game import MarkovGame, as_markov_game, averaged, check_snapshot_axis
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeInformation:
    """Information between a transition's age and its outcome, nats.

    Attributes
    ----------
    own : given state and own action.
    joint : given state and joint action; 0 in every Markov game.
    residual : given state, own action and fingerprint; NaN without a fingerprint.
    largest : entropy of the age, which none can exceed.
    agent : whose transitions.
    """

    own: float
    joint: float
    residual: float
    largest: float
    agent: int
    bound: Bound = "exact"
    references: tuple[str, ...] = (FOERSTER,)

    @property
    def ratio(self) -> float:
        """`residual` over `own`: 0 where the fingerprint restores stationarity; NaN if there is nothing to restore."""
        return self.residual / self.own if self.own > 1e-12 else np.nan

    def to_records(self) -> list[Record]:
        """Return one row a quantity."""
        note = {"agent": self.agent, "bound": self.bound, "largest": self.largest}
        names = ("own", "joint", *(("residual", "ratio") if np.isfinite(self.residual) else ()))
        return [{"metric": f"age_information_{name}", "value": getattr(self, name), **note} for name in names]


def age_information(
    game: MarkovGame | NormalFormGame,
    profile: Profile,
    *,
    agent: int,
    weights: npt.ArrayLike | None = None,
    occupancy: npt.ArrayLike | None = None,
    fingerprint: Sequence[object] | None = None,
) -> AgeInformation:
    """Information that the age of a stored transition has about its outcome.

    ``I(K; (r_i, s') | s, a_i) = Σ P(s, a_i) Σ_k P(k|s, a_i) KL(P_k(r_i, s'|s, a_i) ‖ mixture over k)``.

    Parameters
    ----------
    game : a Markov game, or a game in normal form.
    profile : the policies of T ages, ``[T, S, A_j]`` an agent; ``[T, A_j]`` in normal form.
    agent : i.
    weights : ``[T]``; share of the buffer of each age; equal if left out.
    occupancy : ``[T, S]``; distribution of the states at each age; uniform if left out.
    fingerprint : one label for each age, what the transition stores beside itself; ages of one label look alike.

    Raises
    ------
    ValueError : `profile`, `weights`, `occupancy` or `fingerprint` does not fit, or there is no such agent.

    Notes
    -----
    Rewards count as outcomes by their exact values. Cost O(T · S² · A_1 ⋯ A_N · number of different rewards).

    References
    ----------
    Foerster et al. (2017), arXiv:1702.08887, for fingerprints.
    """
    table, policies = as_markov_game(game, profile)
    check_snapshot_axis(policies)
    if not 0 <= agent < table.n_agents:
        raise ValueError(f"agent must be one of 0 to {table.n_agents - 1}, not {agent}")
    n_ages = len(policies[0])
    shares = _checked_rows(np.ones(n_ages) if weights is None else weights, (n_ages,), "weights")
    shape = (n_ages, table.n_states)
    states = _checked_rows(np.ones(shape) if occupancy is None else occupancy, shape, "occupancy")
    if fingerprint is not None and len(fingerprint) != n_ages:
        raise ValueError(f"fingerprint must have one label for each of {n_ages} ages, not {len(fingerprint)}")
    outcomes = _outcomes(table, agent)
    others = [j for j in range(table.n_agents) if j != agent]
    arrived = shares[:, None] * states
    own_mass = arrived[..., None] * policies[agent]  # [T, S, A_i]
    own_law = averaged(outcomes, policies, over=others)  # [T, S, A_i, outcomes]
    joint_mass, joint_law = arrived, np.broadcast_to(outcomes, (n_ages, *outcomes.shape))
    for j, strategy in enumerate(policies):
        spread = strategy.reshape(n_ages, table.n_states, *(1,) * j, -1)
        joint_mass = joint_mass[..., None] * spread
    residual = np.nan
    if fingerprint is not None:
        labels = np.array([list(dict.fromkeys(fingerprint)).index(label) for label in fingerprint])
        groups = [labels == k for k in range(int(labels.max()) + 1)]
        residual = sum(_information(own_mass[g], own_law[g]) for g in groups)
    present = shares[shares > 0]
    return AgeInformation(
        own=_information(own_mass, own_law),
        joint=_information(joint_mass, joint_law),
        residual=residual,
        largest=max(0.0, float(-(present * np.log(present)).sum())),
        agent=agent,
    )


def _outcomes(table: MarkovGame, agent: int) -> Array:
    """Return the distribution of reward and next state for each state and joint action, ``[S, A_1, …, A_N, R · S]``."""
    rewards = table.rewards[agent]
    levels = np.unique(rewards)
    which = (rewards[..., None] == levels).astype(np.float64)
    both: Array = which[..., :, None] * table.kernel[..., None, :]
    return both.reshape(*rewards.shape, -1)


def _information(mass: Array, law: Array) -> float:
    """Return the information between the first axis and an outcome, given the axes between.

    Parameters
    ----------
    mass : ``[T, …]``; joint weight of age and context.
    law : ``[T, …, Y]``; distribution of the outcome for each.
    """
    context = mass.sum(axis=0)
    mean = np.einsum("t...,t...y->...y", mass, law) / np.where(context > 0, context, 1.0)[..., None]
    apart = kullback_leibler(law, np.where((context > 0)[..., None], mean, law))
    return float((mass * np.where(mass > 0, apart, 0.0)).sum())


def _checked_rows(values: npt.ArrayLike, shape: tuple[int, ...], name: str) -> Array:
    """Return non-negative numbers of a shape, scaled to add to 1 over the last axis."""
    raw = numbers(values, name=name)
    if raw.shape != shape or not (np.isfinite(raw).all() and (raw >= 0).all() and (raw.sum(axis=-1) > 0).all()):
        raise ValueError(f"{name} must be finite and non-negative, of shape {shape}, no row all 0; not {raw.shape}")
    return read_only(raw / raw.sum(axis=-1, keepdims=True))
