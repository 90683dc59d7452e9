"""What the steps of an on-policy learner's episodes were worth: the advantage that its actor climbs, and its returns.

Arrays are ``[W, …]``: time first, as in `returns`.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nashlens.agents.on_policy_settings import REINFORCE, TRPO, AdvantageActorCritic, OnPolicy
from nashlens.agents.returns import discounted_returns, generalised_advantages, n_step_returns


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What steps were worth.

    Attributes
    ----------
    advantages : what the actor climbs.
    returns : what the critic is fitted to, of the same shape.
    """

    advantages: Tensor
    returns: Tensor


def judgement(
    settings: OnPolicy, rewards: Tensor, values: Tensor, next_values: Tensor, *, terminated: Tensor, ended: Tensor
) -> Judgement:
    """Return advantages and returns by the estimator that the settings name.

    REINFORCE takes the return of the episode, whatever ended it, less the value. The actor-critics take generalised
    advantages or n-step returns, which go on through a cut with the value of the successor; their critic is fitted to
    advantages plus values.

    Parameters
    ----------
    settings : of REINFORCE, actor-critic or TRPO.
    rewards, values, next_values : ``[W, …]``; values before and after each step, zeros where there is no critic.
    terminated, ended : ``[W, …]``; 1 where the game was over, and where the episode ended for either reason.

    Raises
    ------
    ValueError : the settings are of an algorithm that judges its steps in another way.
    """
    if isinstance(settings, REINFORCE):
        returns = discounted_returns(rewards, ended, gamma=settings.gamma)
        return Judgement(advantages=returns - values, returns=returns)
    if not isinstance(settings, AdvantageActorCritic | TRPO):
        raise ValueError(f"settings must be of REINFORCE, actor-critic or TRPO, not {type(settings).__name__}")
    how, gamma = settings.advantage, settings.gamma
    if how.estimator == "n_step":
        returns = n_step_returns(rewards, next_values, terminated, ended, gamma=gamma, n_steps=how.n_steps)
        return Judgement(advantages=returns - values, returns=returns)
    advantages = generalised_advantages(rewards, values, next_values, terminated, ended, gamma=gamma, trace=how.trace)
    return Judgement(advantages=advantages, returns=advantages + values)
