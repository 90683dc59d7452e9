"""Which learners the settings of an on-policy run ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from nashlens.agents.coma import COMALearner
from nashlens.agents.on_policy_engine import OnPolicyEngine
from nashlens.agents.on_policy_settings import COMA, TRPO, OnPolicy
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.trust_region import TrustRegionLearner
from nashlens.games.core import Box, GameSpec
from nashlens.games.randomness import child


def on_policy_engine(
    spec: GameSpec, algorithms: Mapping[str, OnPolicy], *, seeds: Sequence[int], device: torch.device
) -> OnPolicyEngine:
    """Return the engine of one run.

    Agents of equal settings and one kind of action space share a stack.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    device : where networks and experience live.

    Raises
    ------
    ValueError : the sides gather experience differently, or a setting does not fit the game.
    """
    rollouts = [a.rollout for a in algorithms.values()]
    if any(r != rollouts[0] for r in rollouts):
        raise ValueError(f"algorithm: the sides {list(algorithms)} must have equal rollout settings")
    groups: dict[tuple[OnPolicy, bool], list[int]] = {}
    for i, (side, space) in enumerate(zip(spec.sides, spec.action_spaces, strict=True)):
        groups.setdefault((algorithms[side], isinstance(space, Box)), []).append(i)
    learners = []
    for (settings, _), agents in groups.items():
        rngs = [child(seed, "initial parameters", *agents) for seed in seeds]
        learners.append(_learner(spec, agents, settings, device=device, rngs=rngs))
    return OnPolicyEngine(spec, learners, n_seeds=len(seeds), device=device)


def _learner(
    spec: GameSpec,
    agents: Sequence[int],
    settings: OnPolicy,
    *,
    device: torch.device,
    rngs: Sequence[np.random.Generator],
) -> PolicyLearner:
    if isinstance(settings, COMA):
        return COMALearner(spec, agents, settings, device=device, rngs=rngs)
    kind = TrustRegionLearner if isinstance(settings, TRPO) else PolicyLearner
    return kind(spec, agents, settings, device=device, rngs=rngs)
