"""Counterfactual multi-agent policy gradients: one central critic, and a baseline of what else one could have done.

The critic reads the joint observation, the actions of all other agents and who is asking, and answers with the value of
each alternative of that agent. Agent i's advantage is

    A_i(s, u) = Q(s, u) − Σ_a π_i(a | o_i) Q(s, (u_{−i}, a)),

by enumeration of its own alternatives, the others' actions held as they were. The critic is fitted to TD(λ) targets of
a target critic: inside an episode the value that follows is that of the next joint action, behind a time limit that of
a joint action drawn from the present policies.

Departures from the source: the critic reads no earlier actions, and one gradient step takes all time steps of the
episodes together rather than one after the other.

References
----------
Foerster et al. (2017), counterfactual multi-agent policy gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.adam import Adam
from nashlens.agents.alternatives import Alternatives
from nashlens.agents.distributions import ChoiceHead
from nashlens.agents.networks import Stack
from nashlens.agents.on_policy_settings import COMA
from nashlens.agents.policy_gradient import standardised, value_loss
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.returns import lambda_returns
from nashlens.agents.settings import Sharing
from nashlens.agents.sharing import assign
from nashlens.agents.trajectories import Window, over_time, rowwise, timewise
from nashlens.games.core import Choice, GameSpec


def counterfactual_advantages(values: Tensor, chances: Tensor, places: Tensor) -> Tensor:
    """Return ``Q(a) − Σ_k π(k) Q(k)``, ``[S, n, R]``.

    Parameters
    ----------
    values, chances : ``[S, n, R, K]``; of each alternative of an agent's own action.
    places : ``[S, n, R]``; which one it took.
    """
    return _at(values, places) - (chances * values).sum(dim=-1)


class COMALearner(PolicyLearner):
    """All agents of a game with a common reward, in S seeds.

    Parameters
    ----------
    spec, agents, settings, device, rngs : as in `PolicyLearner`, with settings of COMA and all agents of the game.

    Attributes
    ----------
    central, target : the critic and its target, one slot that all agents share.

    Raises
    ------
    ValueError : the game has no common reward, an agent acts in a `Box`, or it has more alternatives than the
        settings let the baseline sum over; or `agents` are not all agents of the game.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: COMA,
        *,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        spaces = _checked_spaces(spec, settings)
        if len(agents) != spec.n_agents:
            raise ValueError(
                f"algorithm: coma has one critic for all agents, so that every side of {spec.name} must learn by the "
                f"same settings of it"
            )
        super().__init__(spec, agents, settings, device=device, rngs=rngs)
        assert isinstance(self.head, ChoiceHead)
        self._logs_of = self.head.log_probabilities
        self._coma = settings
        self.alternatives = Alternatives(spaces, device=device)
        self.central = Stack.initial(
            self.observations.total + self.actions.total,
            settings.hidden,
            self.alternatives.n_outputs,
            slots=assign(Sharing(mode="full", index=True), self._sides),
            device=device,
            rngs=rngs,
        ).trained()
        self.target = self.central.copy()
        self.central_optimiser = Adam(self.central.tensors, settings.critic_learning_rate)

    @property
    def stacks(self) -> dict[str, Stack]:
        """Actors, critic and target critic."""
        return {"actor": self.actor, "critic": self.central, "target_critic": self.target}

    @property
    def optimisers(self) -> dict[str, Adam]:
        """Those of actors and critic."""
        return super().optimisers | {"critic": self.central_optimiser}

    def update(
        self, window: Window, alive: Tensor, *, n_updates: int, generators: Sequence[torch.Generator]
    ) -> dict[str, Tensor]:
        """Fit the critic, then move the actors by the counterfactual advantages; return the curves, ``[S, n]`` each."""
        counted = window.counted.flatten(1)[:, None]
        places = self.alternatives.places(self._own_actions(window))
        observations, actions = window.observations.flatten(1, 2), window.actions.flatten(1, 2)
        targets = self.targets(window, places, generators=generators)
        critic_loss: Tensor | None = None
        for _ in range(self._coma.critic_steps):
            chosen = _at(self.values(self.central, observations, actions), places)
            loss = value_loss(chosen, targets, counted)
            critic_loss = loss.detach() if critic_loss is None else critic_loss
            self._descend(loss, self.central_optimiser, alive)
        with torch.no_grad():
            values = self.values(self.central, observations, actions)
            chances = self.chances(self.outputs_over(window), self._masks_over(window))
            advantages = counterfactual_advantages(values, chances, places)
        if self.settings.standardise:
            advantages = standardised(advantages, counted)
        curves = self._step_actor(window, advantages, counted, alive)
        if (n_updates + 1) % self._coma.target_every_updates == 0:
            self.target.follow(self.central, 1.0)
        assert critic_loss is not None
        return {"critic_loss": critic_loss, **curves}

    def values(self, critic: Stack, observations: Tensor, actions: Tensor) -> Tensor:
        """Return the value ``[S, n, R, K]`` of each alternative of each agent, the others acting as given.

        Parameters
        ----------
        critic : the critic or its target.
        observations, actions : joint vectors ``[S, R, ·]``.
        """
        n_agents = len(self.agents)
        everything, others = (part[:, None].expand(-1, n_agents, -1, -1) for part in (observations, actions))
        nothing = torch.zeros(*others.shape[:3], self.actions.padded, device=others.device)
        return critic(torch.cat([everything, self.actions.replace(others, nothing, self.agents)], dim=-1))

    def chances(self, outputs: Tensor, masks: Tensor | None) -> Tensor:
        """Return the probability ``[S, n, R, K]`` of each alternative under the policies of `outputs`."""
        return self.alternatives.sums(self._logs_of(outputs, masks)).exp() * self.alternatives.legal(masks)

    @torch.no_grad()
    def targets(self, window: Window, places: Tensor, *, generators: Sequence[torch.Generator]) -> Tensor:
        """Return the TD(λ) targets ``[S, n, R]`` of the steps of a window.

        Parameters
        ----------
        window : what the present policies did.
        places : ``[S, n, R]``; which of its alternatives each agent took.
        generators : one a seed, for the joint actions behind time limits.
        """
        rewards = timewise(self._own_rewards(window))
        terminated, ended = over_time(window.terminated, rewards), over_time(window.ended, rewards)
        taken = self.values(self.target, window.observations.flatten(1, 2), window.actions.flatten(1, 2))
        by_round = (*taken.shape[:2], *window.began.shape[1:])
        present = timewise(_at(taken, places).view(by_round))
        behind = timewise(self._values_behind(window, generators).view(by_round))
        following = torch.cat([present[1:], behind[-1:]])
        next_values = torch.where(ended > 0, behind, following)
        how = self._coma
        return rowwise(lambda_returns(rewards, next_values, terminated, ended, gamma=how.gamma, trace=how.trace))

    def _values_behind(self, window: Window, generators: Sequence[torch.Generator]) -> Tensor:
        """Return ``[S, n, R]``: the target's value of the successors, own action averaged, the others' drawn."""
        outputs = self.outputs_behind(window)
        masks = self.masks(None if window.next_masks is None else window.next_masks.flatten(1, 2))
        noise = self.head.noise(generators, (len(self.agents), outputs.shape[2], self.head.padded))
        drawn = self.head.act(outputs, noise, masks)
        joint = torch.cat([drawn[:, k, :, : self.actions.widths[i]] for k, i in enumerate(self.agents)], dim=-1)
        values = self.values(self.target, window.next_observations.flatten(1, 2), joint)
        return (self.chances(outputs, masks) * values).sum(dim=-1)


def _at(values: Tensor, places: Tensor) -> Tensor:
    """Return the value ``[S, n, R]`` at each place of values ``[S, n, R, K]``."""
    return values.gather(-1, places[..., None]).squeeze(-1)


def _checked_spaces(spec: GameSpec, settings: COMA) -> list[Choice]:
    """Return the agents' spaces, or say why COMA cannot play the game."""
    if not spec.common_reward:
        raise ValueError(
            f"algorithm: coma needs a game with a common reward, since its one critic judges a joint action by one "
            f"return; the agents of {spec.name} may receive different rewards"
        )
    spaces = []
    for name, space in zip(spec.agents, spec.action_spaces, strict=True):
        if not isinstance(space, Choice):
            raise ValueError(
                f"algorithm: coma sums over the alternatives of an agent's own action, and {name} of {spec.name} acts "
                f"in a Box"
            )
        if prod(space.factors) > settings.max_alternatives:
            raise ValueError(
                f"algorithm: coma's max_alternatives is {settings.max_alternatives}, and {name} of {spec.name} has "
                f"{prod(space.factors)}"
            )
        spaces.append(space)
    return spaces
