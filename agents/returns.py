"""What a step was worth: discounted returns, n-step returns, TD(λ) targets, generalised advantages.

Time is the first axis; all other axes are episodes, environments, seeds or agents, which do not meet. An episode may
begin and end anywhere on the time axis. Where it terminated nothing follows; where it was cut off, by its time limit or
by the end of the array, the value of the successor stands for what would have followed.

Letters: T time, V a value function. ``next_values[t]`` is the value of the successor of step t, before any restart.
"""

from __future__ import annotations

import torch
from torch import Tensor


def lambda_returns(
    rewards: Tensor, next_values: Tensor, terminated: Tensor, ended: Tensor, *, gamma: float, trace: float
) -> Tensor:
    """Return the TD(λ) targets ``G_t = r_t + γ ((1 − λ) V(s_{t+1}) + λ G_{t+1})``.

    At a cut the target is ``r_t + γ V(s_{t+1})``, at a termination ``r_t``. With λ = 0 these are the one-step targets,
    with λ = 1 the discounted returns with the value behind a cut.

    Parameters
    ----------
    rewards, next_values : ``[T, …]``.
    terminated : ``[T, …]``; 1 where the game was over after the step.
    ended : ``[T, …]``; 1 where the episode ended after the step, for either reason.
    gamma : discount γ.
    trace : λ.

    Raises
    ------
    ValueError : the shapes differ, there is no step, or γ or λ is not from 0 to 1.
    """
    _check(rewards, next_values, terminated, ended)
    _check_share("gamma", gamma)
    _check_share("trace", trace)
    targets = torch.empty_like(rewards)
    following = next_values[-1]
    for t in range(len(rewards) - 1, -1, -1):
        mixed = torch.where(ended[t] > 0, next_values[t], (1 - trace) * next_values[t] + trace * following)
        following = rewards[t] + gamma * (1 - terminated[t]) * mixed
        targets[t] = following
    return targets


def discounted_returns(rewards: Tensor, ended: Tensor, *, gamma: float) -> Tensor:
    """Return ``Σ_k γ^k r_{t+k}`` up to the end of the episode, ``[T, …]``; nothing is supposed behind the end.

    Parameters
    ----------
    rewards : ``[T, …]``.
    ended : ``[T, …]``; 1 where the episode ended after the step.
    gamma : discount.

    Raises
    ------
    ValueError : the shapes differ, there is no step, or γ is not from 0 to 1.
    """
    nothing = torch.zeros_like(rewards)
    return lambda_returns(rewards, nothing, ended, ended, gamma=gamma, trace=1.0)


def n_step_returns(
    rewards: Tensor, next_values: Tensor, terminated: Tensor, ended: Tensor, *, gamma: float, n_steps: int
) -> Tensor:
    """Return ``r_t + γ r_{t+1} + … + γ^m V(s_{t+m})`` with m = `n_steps`, or fewer where the episode ends before.

    Parameters
    ----------
    rewards, next_values, terminated, ended, gamma : as in `lambda_returns`.
    n_steps : rewards before the value, at least 1.

    Raises
    ------
    ValueError : the shapes differ, there is no step, γ is not from 0 to 1, or `n_steps` is below 1.
    """
    _check(rewards, next_values, terminated, ended)
    _check_share("gamma", gamma)
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, not {n_steps!r}")
    behind = next_values
    for step in range(min(n_steps, len(rewards))):
        if step:
            later = torch.cat([behind[1:], next_values[-1:]])
            behind = torch.where(ended > 0, next_values, later)
        behind = rewards + gamma * (1 - terminated) * behind
    return behind


def generalised_advantages(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    ended: Tensor,
    *,
    gamma: float,
    trace: float,
) -> Tensor:
    """Return the generalised advantage estimates ``A_t = Σ_k (γλ)^k δ_{t+k}`` up to the end of the episode.

    ``δ_t = r_t + γ V(s_{t+1}) − V(s_t)``, without the middle term at a termination.

    Parameters
    ----------
    values : ``[T, …]``; of the state before each step.
    rewards, next_values, terminated, ended, gamma, trace : as in `lambda_returns`.

    Raises
    ------
    ValueError : the shapes differ, there is no step, or γ or λ is not from 0 to 1.
    """
    _check(rewards, values, next_values, terminated, ended)
    _check_share("gamma", gamma)
    _check_share("trace", trace)
    surprises = rewards + gamma * (1 - terminated) * next_values - values
    advantages = torch.empty_like(rewards)
    following = torch.zeros_like(rewards[0])
    for t in range(len(rewards) - 1, -1, -1):
        following = surprises[t] + gamma * trace * (1 - ended[t]) * following
        advantages[t] = following
    return advantages


def _check(*arrays: Tensor) -> None:
    shapes = [tuple(array.shape) for array in arrays]
    if any(shape != shapes[0] for shape in shapes) or not shapes[0] or shapes[0][0] == 0:
        raise ValueError(f"rewards and all beside them must have one shape [T, …] with T at least 1, not {shapes}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, not {value!r}")
