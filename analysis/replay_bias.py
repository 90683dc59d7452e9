"""What replay does to an independent learner's action values in a matrix game, exactly.

A learner that averages rewards over a buffer learns the value of its actions against the mixture of the policies that
filled it, not against the current ones. Importance weights of the others repair that; so does a critic that keeps the
joint action apart and averages over the current policies only when it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.normal_form import NormalFormGame, Profile

LEARNERS = ("independent", "weighted", "joint")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayBias:
    """An agent's action values against the current policies, and what three learners make of a buffer.

    Attributes
    ----------
    true : ``[A_i]``; expected payoff of each own action against the others' current policies.
    independent : ``[A_i]``; mean reward of each own action in the buffer.
    weighted : ``[A_i]``; the same with each transition weighted for the others' change.
    joint : ``[A_i]``; mean reward of each joint action, averaged over the others' current policies.
    agent : i.

    Entries are NaN for own actions that the buffer does not hold, and for `joint` where it lacks a joint action that
    the current policies take.
    """

    true: Array
    independent: Array
    weighted: Array
    joint: Array
    agent: int
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def bias(self, learner: str) -> Array:
        """Return ``[A_i]``; what one of the learners believes less what is true, payoff units.

        Raises
        ------
        ValueError : `learner` is not one of independent, weighted and joint.
        """
        if learner not in LEARNERS:
            raise ValueError(f"learner must be one of {LEARNERS}, not {learner!r}")
        difference: Array = getattr(self, learner) - self.true
        return difference

    def to_records(self) -> list[Record]:
        """Return the bias of each learner at each own action."""
        return [
            {
                "metric": f"replay_bias_{learner}",
                "agent": self.agent,
                "action": a,
                "value": float(value),
                "true": float(self.true[a]),
                "bound": self.bound,
                "reason": "" if np.isfinite(value) else "the buffer lacks what would be needed",
            }
            for learner in LEARNERS
            for a, value in enumerate(self.bias(learner))
        ]


def replay_bias(
    game: NormalFormGame, current: Profile, *, snapshots: Profile, weights: npt.ArrayLike | None = None, agent: int
) -> ReplayBias:
    """Bias of action values learned from a buffer that several snapshots of all policies filled.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    current : the policies now, one ``[A_j]`` an agent; the agent's own does not matter.
    snapshots : the policies that filled the buffer, ``[T, A_j]`` an agent. The agent's own decide which of its actions
        met which of the others' policies.
    weights : ``[T]``; share of the buffer that each snapshot made; equal if left out.
    agent : i, who learns.

    Returns
    -------
    ReplayBias; its `bound` is ``exact``: the limit of an infinite buffer.

    Raises
    ------
    ValueError : a profile or `weights` does not fit, or there is no such agent.

    Notes
    -----
    Weights repair nothing where the current policies do what a snapshot never did: their bias then shows it.
    Cost O(T · A_1 ⋯ A_N).

    References
    ----------
    Foerster et al. (2017), arXiv:1702.08887, for the weights.
    """
    game.check_profile(current)
    game.check_profile(snapshots)
    if current.batch_shape != () or len(snapshots.batch_shape) != 1 or not snapshots.batch_shape[0]:
        raise ValueError(
            f"current must be one profile and snapshots a batch [T], not {current.batch_shape} and "
            f"{snapshots.batch_shape}"
        )
    if not 0 <= agent < game.n_agents:
        raise ValueError(f"agent must be one of 0 to {game.n_agents - 1}, not {agent}")
    shares = _checked_shares(weights, snapshots.batch_shape[0])
    rewards = np.moveaxis(game.payoffs[agent], agent, 0).reshape(game.n_actions[agent], -1)  # [A_i, others' choices]
    then = _others(snapshots, agent)  # [T, others' choices]
    now = _others(Profile([s[None] for s in current]), agent)[0]
    taken = shares[:, None] * snapshots[agent]  # [T, A_i]
    present = taken.sum(axis=0)
    held = np.einsum("ta,tb->ab", taken, then)  # mass of each joint action in the buffer
    ratio = np.divide(now, then, out=np.zeros_like(then), where=then > 0)
    reweighted = np.einsum("ta,tb,tb->ab", taken, then, ratio)
    safe = np.where(present > 0, present, 1.0)
    seen = held > 0
    joint_q = np.divide(held * rewards, held, out=np.zeros_like(held), where=seen)
    complete = ~((now > 0) & ~seen).any(axis=1)
    return ReplayBias(
        true=read_only(rewards @ now),
        independent=read_only(np.where(present > 0, (held * rewards).sum(axis=1) / safe, np.nan)),
        weighted=read_only(np.where(present > 0, (reweighted * rewards).sum(axis=1) / safe, np.nan)),
        joint=read_only(np.where(complete, joint_q @ now, np.nan)),
        agent=agent,
    )


def _others(profile: Profile, agent: int) -> Array:
    """Return the product distribution of the others' strategies ``[T, Π A_j]``, in order."""
    joint = np.ones((len(profile[0]), 1))
    for j, strategy in enumerate(profile):
        if j != agent:
            joint = (joint[:, :, None] * strategy[:, None, :]).reshape(len(joint), -1)
    return joint


def _checked_shares(weights: npt.ArrayLike | None, n_snapshots: int) -> Array:
    raw = np.ones(n_snapshots) if weights is None else numbers(weights, name="weights")
    if raw.shape != (n_snapshots,) or not (np.isfinite(raw).all() and (raw >= 0).all() and raw.sum() > 0):
        raise ValueError(f"weights must be {n_snapshots} finite numbers of at least 0, not all 0; not {raw.tolist()}")
    shares: Array = raw / raw.sum()
    return shares
