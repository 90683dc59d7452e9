"""What agents gain by the deviations that are at hand: a lower bound of NashConv that costs no training.

An agent may change to any policy that is there for its place: the same agent's of other runs, or a policy that was not
learned. None of them was made to exploit the others, so that the bound is a weak one; but every gain that it shows is
there. The deviation is chosen on one half of the episodes and measured on the other, each half in turn, because the
largest of several noisy means is too large by chance. Keeping the own policy is one of the choices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games import Game, Policy
from nashlens.games.policy import JointPolicy, check_joint_policy
from nashlens.games.randomness import child
from nashlens.reports.instruments.joint_returns import joint_returns


def deviation_gains_at_hand(
    game: Game,
    policies: JointPolicy,
    candidates: Sequence[Sequence[Policy]],
    *,
    n_episodes: int,
    explore: bool = True,
    seed: int,
) -> Array:
    """Gain of each agent by the best of its candidates, ``[N]`` in units of the return; in expectation lower bounds.

    Parameters
    ----------
    game : what is played.
    policies : the joint policy.
    candidates : one sequence of policies an agent, each for its place; an agent without any gains 0.
    n_episodes : episodes of each deviation, two or more, on the same random numbers; where returns are expectations
        there are none, and the gain is that of the best candidate.
    explore : True to sample actions in episodes.
    seed : of the episodes' draws.

    Raises
    ------
    ValueError : there is not one sequence of candidates an agent, a policy does not fit its place, or there are fewer
        than two episodes.
    """
    joint = check_joint_policy(game.spec, policies, central=True)
    if len(candidates) != len(joint):
        raise ValueError(f"candidates must be {len(joint)} sequences, one an agent, not {len(candidates)}")
    if n_episodes < 2:
        raise ValueError(f"n_episodes must be at least 2, one half to choose and one to measure, not {n_episodes}")

    def returns(played: JointPolicy, agent: int) -> Array:
        rng = child(seed, "deviations at hand")
        found = joint_returns(game, played, n_episodes=n_episodes, explore=explore, rng=rng).values[:, agent]
        return np.repeat(found, 2) if len(found) == 1 else found

    gains = np.zeros(len(joint))
    for i, choices in enumerate(candidates):
        stay = returns(joint, i)
        moved = [returns((*joint[:i], each, *joint[i + 1 :]), i) for each in choices]
        gains[i] = _cross_fitted(np.stack([stay, *moved]) - stay)
    return gains


def _cross_fitted(gains_DE: Array) -> float:
    """Return the gain of the deviation that one half of the episodes chooses, measured on the other, both ways."""
    even = np.arange(gains_DE.shape[1]) % 2 == 0
    found = [
        gains_DE[int(gains_DE[:, chooses].mean(axis=1).argmax()), reports].mean()
        for chooses, reports in ((even, ~even), (~even, even))
    ]
    return float(np.mean(found))
