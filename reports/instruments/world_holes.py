"""Positive controls in particle worlds: an agent with a handicap, and what a rule of thumb gains.

All others play randomly. The handicapped agent always takes the one action that costs it most, and is known to gain at
least what the best of its fixed actions would: an instrument that does not find that is broken. A rule of thumb against
random play is a hole of realistic difficulty: which share of it is found says what the training budget can see. Both
sizes are estimates, on other episodes than those that chose agent and actions.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from nashlens.analysis.random_effects import errors_over_episodes
from nashlens.games import Game, JointPolicy, Policy, play
from nashlens.games.anchors import anchor_policies, random_policy
from nashlens.games.core import Array, Choice
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.policy import ConstantPolicy
from nashlens.reports.instruments.planted import Planted

N_EPISODES = 400
SHOWN = 3  # standard errors by which a gain must be above 0


def handicap(game: Game, *, rng: np.random.Generator) -> Planted | None:
    """Return random play by all but one agent, who always takes its worst action, or None outside particle worlds.

    Parameters
    ----------
    game : what is played.
    rng : source of the episodes.

    Returns
    -------
    Planted; its gain is what the best fixed action gets more than the worst, of the agent for whom that stands out most
    from its noise; None if it does for nobody.
    """
    if not isinstance(game, ParticleWorld):
        return None
    choosing, measuring = (int(seed) for seed in rng.integers(2**63, size=2))
    best: tuple[float, int, Policy, Policy] | None = None
    for i, space in enumerate(game.spec.action_spaces):
        if isinstance(space, Choice):
            fixed = _fixed_actions(space, game.spec.observation_sizes[i])
            returns = np.stack([_returns(game, i, each, choosing) for each in fixed])
            low, high = (int(k) for k in (returns.mean(axis=1).argmin(), returns.mean(axis=1).argmax()))
            score = _score(returns[high] - returns[low])
            if best is None or score > best[0]:
                best = (score, i, fixed[low], fixed[high])
    if best is None:
        return None
    _, agent, worst, better = best
    gains = _returns(game, agent, better, measuring) - _returns(game, agent, worst, measuring)
    return _planted(_with(game, agent, worst), agent, gains)


def rule_of_thumb(game: Game, *, rng: np.random.Generator) -> Planted | None:
    """Return random play by all, with what the rule of thumb of one agent gains, or None where there is no such rule.

    Parameters
    ----------
    game : what is played.
    rng : source of the episodes.

    Returns
    -------
    Planted; its agent is the one for whom the gain stands out most from its noise; None if it does for nobody.
    """
    rules = anchor_policies(game).get("heuristic")
    if rules is None:
        return None
    choosing, measuring = (int(seed) for seed in rng.integers(2**63, size=2))

    def gains(i: int, seed: int) -> Array:
        return _returns(game, i, rules[i], seed) - _returns(game, i, random_policy(game.spec, i), seed)

    agent = int(np.argmax([_score(gains(i, choosing)) for i in range(game.spec.n_agents)]))
    return _planted(_with(game, agent, random_policy(game.spec, agent)), agent, gains(agent, measuring))


def _fixed_actions(space: Choice, size: int) -> list[ConstantPolicy]:
    """Return a policy for each combination of alternatives that always takes it."""
    found = []
    for chosen in product(*(range(n) for n in space.factors)):
        vector = np.concatenate([np.eye(n)[k] for n, k in zip(space.factors, chosen, strict=True)])
        found.append(ConstantPolicy(vector, action_space=space, observation_size=size))
    return found


def _with(game: Game, agent: int, policy: Policy) -> JointPolicy:
    return tuple(policy if i == agent else random_policy(game.spec, i) for i in range(game.spec.n_agents))


def _returns(game: Game, agent: int, policy: Policy, seed: int) -> Array:
    """Return what an agent gets by a policy against random play ``[E]``, in the same episodes for every policy."""
    rng = np.random.default_rng(seed)
    return play(game, _with(game, agent, policy), n_episodes=N_EPISODES, rng=rng).returns[:, agent]


def _score(gains: Array) -> float:
    return float(gains.mean() / max(float(errors_over_episodes(gains)), 1e-12))


def _planted(policies: JointPolicy, agent: int, gains: Array) -> Planted | None:
    if _score(gains) < SHOWN:
        return None
    return Planted(
        policies=policies,
        agent=agent,
        gain=float(gains.mean()),
        bound="estimate",
        n=len(gains),
        error=float(errors_over_episodes(gains)),
    )
