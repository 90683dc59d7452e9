"""Anchors: policies that were not learned, whose returns give a learner's returns a scale.

Random play exists in every game. Rules of thumb exist for the particle worlds, see `particle.heuristics`.
"""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Choice, Game, GameSpec
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.games.policy import JointPolicy, Policy, uniform_for


def random_policy(spec: GameSpec, agent: int) -> Policy:
    """Return the policy of one agent that knows nothing and prefers nothing.

    Uniform over alternatives, or over a box; where the game takes soft actions, a Gumbel-softmax point at equal logits
    and temperature 1, which is how an untrained network of the paper's released code plays.

    Parameters
    ----------
    spec : of the game.
    agent : index of the agent.

    Raises
    ------
    ValueError : there is no such agent.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.
    """
    if agent not in range(spec.n_agents):
        raise ValueError(f"agent must be a number from 0 to {spec.n_agents - 1}, not {agent!r}")
    space, size = spec.action_spaces[agent], spec.observation_sizes[agent]
    if spec.soft_actions and isinstance(space, Choice):
        blank = Network(weights=(np.zeros((size, space.width)),), biases=(np.zeros(space.width),))
        return NetworkPolicy(blank, action_space=space, observation_size=size, soft=True)
    return uniform_for(space, observation_size=size)


def anchor_policies(game: Game) -> dict[str, JointPolicy]:
    """Return the joint policies of a game that were not learned, by name.

    Returns
    -------
    ``random``, in every game; ``heuristic``, in particle worlds, a rule of thumb for each agent; ``uninformed``, in
    speaker-listener and reference, the same without attention to what is said. A side is anchored by putting its
    members' policies of one anchor beside the other sides' policies of another.

    Examples
    --------
    >>> from nashlens import games
    >>> sorted(anchor_policies(games.make("simple_speaker_listener")))
    ['heuristic', 'random', 'uninformed']
    >>> sorted(anchor_policies(games.make("stag_hunt")))
    ['random']
    """
    from nashlens.games.particle.heuristics import heuristics
    from nashlens.games.particle.world import ParticleWorld

    found: dict[str, JointPolicy] = {"random": tuple(random_policy(game.spec, i) for i in range(game.spec.n_agents))}
    if isinstance(game, ParticleWorld):
        for name, listening in (("heuristic", True), ("uninformed", False)):
            joint = heuristics(game, listening=listening)
            if joint is not None:
                found[name] = joint
    return found
