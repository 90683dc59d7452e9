"""The losses of deterministic and score-function actor-critics, as functions of what they depend on.

Every loss is ``[S, n]``, one for each seed and learner, the mean over that learner's minibatch. Their sum may be
differentiated at once, because no learner's loss depends on another seed's parameters.
"""

from __future__ import annotations

from torch import Tensor


def temporal_difference_target(rewards: Tensor, next_values: Tensor, terminated: Tensor, *, gamma: float) -> Tensor:
    """Return ``y = r + γ (1 − terminated) Q'(x', a')``, all ``[S, n, B]``.

    A time limit is no termination: the value behind it counts.
    """
    return rewards + gamma * (1 - terminated) * next_values


def critic_loss(values: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of ``(Q(x, a) − y)²`` over the last axis; the target is a constant."""
    return (values - targets.detach()).square().mean(dim=-1)


def deterministic_actor_loss(values: Tensor, penalty: Tensor, *, penalty_weight: float) -> Tensor:
    """Return ``−mean Q(x, a_1, …, μ_i(o_i), …, a_N)`` plus the weighted penalty on the actor's outputs.

    Parameters
    ----------
    values : ``[S, n, B]``; they must depend on the actor through its action.
    penalty : ``[S, n]``.
    penalty_weight : weight of the penalty.
    """
    return penalty_weight * penalty - values.mean(dim=-1)


def score_actor_loss(log_densities: Tensor, values: Tensor, penalty: Tensor, *, penalty_weight: float) -> Tensor:
    """Return ``−mean log π_i(a_i | o_i) · Q(x, a)`` plus the weighted penalty; the values are constants.

    Parameters
    ----------
    log_densities, values : ``[S, n, B]``; of an action that the current policy drew afresh.
    penalty : ``[S, n]``.
    penalty_weight : weight of the penalty.
    """
    return penalty_weight * penalty - (log_densities * values.detach()).mean(dim=-1)
