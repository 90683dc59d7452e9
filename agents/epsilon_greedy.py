"""What the ε-greedy policies of all learners do together, and how probable it was.

Every function works at joint observations ``[S, R, ΣO]`` and joint masks ``[S, R, ΣA]`` (None where the game has none).
Log probabilities are ``[S, R, ΣF]``, one a factor of each agent's choice, in the order of the agents.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents.layout import Layout
from nashlens.agents.value_learning import ValueLearner


@torch.no_grad()
def joint_choice(
    learners: Sequence[ValueLearner],
    observations: Tensor,
    masks: Tensor | None,
    fingerprints: Tensor | None,
    *,
    epsilon: float,
    generators: Sequence[torch.Generator],
) -> tuple[Tensor, Tensor]:
    """Draw joint actions ``[S, R, ΣA]``; return them with their log probabilities.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    observations, masks : where all agents stand.
    fingerprints : ``[S, R, 2]``, for learners that read them.
    epsilon : ε.
    generators : one a seed.
    """
    actions: dict[int, Tensor] = {}
    logs: dict[int, Tensor] = {}
    for learner in learners:
        legal, options = learner.masks(masks), learner.alternatives
        greedy = options.greedy(learner.values(observations, fingerprints), legal)
        chosen = options.explore(greedy, legal, epsilon=epsilon, generators=generators)
        chances = options.log_probabilities(greedy, chosen, legal, epsilon=epsilon)
        for k, i in enumerate(learner.agents):
            actions[i] = chosen[:, k, :, : learner.actions.widths[i]]
            logs[i] = chances[:, k, :, : learner.n_factors[k]]
    return _in_order(actions), _in_order(logs)


@torch.no_grad()
def joint_log_probabilities(
    learners: Sequence[ValueLearner],
    observations: Tensor,
    masks: Tensor | None,
    fingerprints: Tensor | None,
    *,
    actions: Tensor,
    epsilon: float,
) -> Tensor:
    """Return the log probabilities of joint actions ``[S, R, ΣA]`` under the present policies; −∞ for impossible ones.

    Parameters
    ----------
    learners, observations, masks, fingerprints, epsilon : as in `joint_choice`.
    actions : one-hot vectors.
    """
    logs: dict[int, Tensor] = {}
    for learner in learners:
        legal, options = learner.masks(masks), learner.alternatives
        greedy = options.greedy(learner.values(observations, fingerprints), legal)
        chances = options.log_probabilities(greedy, learner.own_actions(actions), legal, epsilon=epsilon)
        logs |= {i: chances[:, k, :, : learner.n_factors[k]] for k, i in enumerate(learner.agents)}
    return _in_order(logs)


def by_agent(logs: Tensor, n_factors: Sequence[int]) -> Tensor:
    """Return ``[S, R, N]``: the sums over each agent's factors, of which agent i has ``n_factors[i]``."""
    return torch.stack([logs[..., part].sum(dim=-1) for part in Layout(n_factors).slices], dim=-1)


def _in_order(parts: dict[int, Tensor]) -> Tensor:
    return torch.cat([parts[i] for i in sorted(parts)], dim=-1)
