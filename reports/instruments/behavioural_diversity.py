"""How differently agents of one role act at the same observations: System Neural Diversity of a stored run.

All agents of a role are asked at the same observations, pooled from what each of them saw in episodes of the run's own
final policies. Every distance is a share of the largest one that two actions can have. Which distance there is depends
on what an action is: one of several alternatives, the force that it exerts, or real numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.diversity import mean_distance
from nashlens.analysis.policy_distances import categorical_distances, deterministic_distances, gaussian_distances
from nashlens.analysis.results import Array, Bound
from nashlens.games import Game, JointPolicy, NormalFormGame, Policy
from nashlens.games.core import Box, Choice
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.particle.controls import DIRECTIONS, MOVES
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports.instruments.roles import Role
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.probes import can_be_probed, probe_observations

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_PROBES = 128
N_EPISODES = 32
FORCE_GROUND = np.sqrt(((DIRECTIONS[:, None] - DIRECTIONS[None]) ** 2).sum(axis=-1))
LARGEST_FORCE = float(FORCE_GROUND.max())


def diversity_rows(run: TrainingRun, game: Game, role: Role, *, label: str) -> Iterator[Row]:
    """Yield the diversity of the last policies of one role, by every distance that its actions have.

    Parameters
    ----------
    run : as stored.
    game : its game.
    role : whose exchangeable agents are compared.
    label : how the rows call the role; empty where there is one only.

    Yields
    ------
    One row a distance; none where fewer than two agents can change places, policies remember, or one reads what others
    see. In a matrix game there is one observation and the numbers are exact.
    """
    policies = run.policies()
    own = [policies[i] for i in role.exchangeable]
    if len(own) < 2 or not can_be_probed(game, policies) or any(policy.central for policy in own):
        return
    seen = pooled_observations(game, policies, role, seed=run.seed)
    bound: Bound = "exact" if isinstance(game, NormalFormGame) else "estimate"
    for name, value in diversities(game, own, seen, agent=role.exchangeable[0]).items():
        yield row(name, value, agent=label, step=run.snapshot_steps[-1], bound=bound, unit="observation", n=len(seen))


def pooled_observations(game: Game, policies: JointPolicy, role: Role, *, seed: int) -> Array:
    """Return ``[P, O]``; what the role's exchangeable agents saw in episodes, one after the other."""
    if isinstance(game, NormalFormGame):
        return np.ones((1, 1))
    rng = child(seed, "homogeneity", "probes")
    probes = probe_observations(game, policies, n_probes=N_PROBES, n_episodes=N_EPISODES, rng=rng)
    return np.concatenate([probes[i] for i in role.exchangeable])


def diversities(game: Game, policies: Sequence[Policy], observations: Array, *, agent: int) -> dict[str, float]:
    """Return the diversity of policies over observations by the name of the distance, each from 0 to 1.

    Parameters
    ----------
    game : whose actions they are.
    policies : two or more, which read and act in the same spaces.
    observations : ``[P, O]``.
    agent : one of the agents whose policies they are.

    Returns
    -------
    ``diversity_choice`` for alternatives, by total variation; ``diversity_force`` for moves of a particle world, by the
    force of each alternative (2-Wasserstein), or of the action without noise where soft or real-valued actions are
    played; ``diversity_gaussian`` for real numbers, of means and standard deviations.
    """
    space = game.spec.action_spaces[agent]
    found: dict[str, float] = {}
    if isinstance(space, Choice):
        answers = np.stack([policy.probabilities(observations) for policy in policies])
        apart = [categorical_distances(answers[..., part], order=1) for part in space.slices]
        found["diversity_choice"] = mean_distance(sum(apart, start=np.zeros_like(apart[0]))) / len(apart)
    else:
        means, stds = (np.stack(each) for each in zip(*(p.moments(observations) for p in policies), strict=True))
        diagonal = float(np.linalg.norm(np.subtract(space.high, space.low)))
        found["diversity_gaussian"] = mean_distance(gaussian_distances(means, stds)) / diagonal
    mixed = any(isinstance(policy, MixturePolicy) for policy in policies)  # has no action without noise to compare
    if moves_a_body(game, agent) and not mixed:
        found["diversity_force"] = _force_diversity(policies, observations, soft=_plays_as_is(game, space))
    return found


def moves_a_body(game: Game, agent: int) -> bool:
    """Say whether an agent's first choice exerts a force in a particle world."""
    return isinstance(game, ParticleWorld) and game.physics.movers.start <= agent < game.physics.movers.stop


def _plays_as_is(game: Game, space: Choice | Box) -> bool:
    return game.spec.soft_actions or isinstance(space, Box)


def _force_diversity(policies: Sequence[Policy], observations: Array, *, soft: bool) -> float:
    n = len(MOVES)
    if soft:
        acts = np.stack([policy.mode(observations)[:, :n] for policy in policies])
        return mean_distance(deterministic_distances(np.clip(acts, 0.0, 1.0) @ DIRECTIONS)) / LARGEST_FORCE
    answers = np.stack([policy.probabilities(observations)[:, :n] for policy in policies])
    return mean_distance(categorical_distances(answers, ground=FORCE_GROUND, order=2)) / LARGEST_FORCE
