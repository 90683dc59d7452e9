"""Q-learning with replay and a target network, for n agents of one setting, in all seeds.

Each agent's network gives a value to every alternative of the agent's own choice. It moves towards
``y = r + γ (1 − terminated) Q'(o', a*)``, where a* is the legal alternative that the online network (double Q-learning)
or the target network values most. A time limit is no termination.

References
----------
Mnih et al. (2015), Human-level control through deep reinforcement learning, Nature 518, doi:10.1038/nature14236.
van Hasselt, Guez, Silver (2016), arXiv:1509.06461.
Foerster et al. (2017), arXiv:1702.08887, for fingerprints and importance weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.adam import Adam
from nashlens.agents.alternatives import Alternatives
from nashlens.agents.layout import Layout
from nashlens.agents.losses import temporal_difference_target
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.parameter_state import load_parameters, parameter_state
from nashlens.agents.replay import Minibatch
from nashlens.agents.settings import Sharing
from nashlens.agents.sharing import assign
from nashlens.agents.value_losses import greedy_value, temporal_difference_loss
from nashlens.agents.value_settings import ValueLearning
from nashlens.agents.warm_start import Place
from nashlens.games.core import Choice, GameSpec

FINGERPRINT_SIZE = 2


class ValueLearner:
    """The value networks of n agents under one setting, in S seeds.

    Parameters
    ----------
    spec : the game.
    agents : which n agents of it; their actions are all `Choice`.
    settings : how they learn.
    sharing : which of them share a network.
    fingerprint : whether the networks read two more numbers, which tell when.
    device : where everything lives.
    rngs : one generator a seed, for the initial parameters.

    Attributes
    ----------
    alternatives : of the n agents.
    n_factors : of each agent's action space.
    reads_fingerprints : as `fingerprint`.
    online, target : stacks.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: ValueLearning,
        *,
        sharing: Sharing,
        fingerprint: bool,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.spec, self.settings = spec, settings
        self.agents = tuple(agents)
        self.observations, self.actions = Layout(spec.observation_sizes), Layout(spec.action_widths)
        spaces = [space for i in agents if isinstance(space := spec.action_spaces[i], Choice)]
        assert len(spaces) == len(self.agents)
        self.n_factors = tuple(len(space.factors) for space in spaces)
        self.alternatives = Alternatives(spaces, device=device)
        self.reads_fingerprints = fingerprint
        self._n_inputs = self.observations.padded + (FINGERPRINT_SIZE if fingerprint else 0)
        self.online = Stack.initial(
            self._n_inputs,
            settings.hidden,
            self.alternatives.n_outputs,
            slots=assign(sharing, [spec.sides[i] for i in agents]),
            device=device,
            rngs=rngs,
        ).trained()
        self.target = self.online.copy()
        self.optimiser = Adam(self.online.tensors, settings.learning_rate)

    @property
    def stacks(self) -> dict[str, Stack]:
        """The stacks by name, in the order in which they are stored and hashed."""
        return {"online": self.online, "target": self.target}

    def values(self, joint_observations: Tensor, fingerprints: Tensor | None) -> Tensor:
        """Return the online values ``[S, n, R, K]`` at joint observations ``[S, R, ΣO]``.

        `fingerprints` ``[S, R, 2]`` are read by networks that have them.
        """
        own = self.observations.spread(joint_observations, self.agents)
        if fingerprints is not None:
            fingerprints = fingerprints[:, None].expand(-1, len(self.agents), -1, -1)
        return self.online(self._inputs(own, fingerprints))

    def masks(self, joint_masks: Tensor | None) -> Tensor | None:
        """Return the n agents' masks ``[S, n, R, W]`` of joint masks ``[S, R, ΣA]``."""
        if joint_masks is None:
            return None
        return self.actions.spread(joint_masks, self.agents)[..., : self.alternatives.padded]

    def own_actions(self, joint_actions: Tensor) -> Tensor:
        """Return the n agents' actions ``[S, n, R, W]`` of joint actions ``[S, R, ΣA]``."""
        return self.actions.spread(joint_actions, self.agents)[..., : self.alternatives.padded]

    def step(self, batch: Minibatch, weights: Tensor | None, alive: Tensor) -> Tensor:
        """Move the online networks towards their targets; return the losses ``[S, n]``.

        Parameters
        ----------
        batch : each agent's minibatch.
        weights : ``[S, n, B]`` of the transitions; None for equal ones.
        alive : ``[S]``; seeds that still learn.
        """
        how = self.settings
        now = self._inputs(self.observations.own(batch.observations, self.agents), batch.fingerprints)
        taken = self.alternatives.places(self._own(batch.actions))
        chosen = self.online(now).gather(-1, taken[..., None]).squeeze(-1)
        with torch.no_grad():
            then = self._inputs(self.observations.own(batch.next_observations, self.agents), batch.fingerprints)
            legal = self.alternatives.legal(None if batch.next_masks is None else self._own(batch.next_masks))
            judged = self.target(then)
            following = greedy_value(self.online(then) if how.double else judged, judged, legal)
            rewards = batch.rewards.gather(3, self._own_column(batch.rewards)).squeeze(-1)
            targets = temporal_difference_target(rewards, following, batch.terminated, gamma=how.gamma)
        loss = temporal_difference_loss(chosen, targets, kind=how.loss, delta=how.huber_delta, weights=weights)
        self.optimiser.zero_grad()
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each(self.online.tensors, how.clip)
        self.optimiser.step()
        return loss.detach()

    def follow(self) -> None:
        """Move the targets towards the online networks by the share tau."""
        self.target.follow(self.online, self.settings.tau)

    def place_of(self, agent: int) -> Place:
        """Return where an agent's network stands in the stacks."""
        member = self.agents.index(agent)
        slots, padded = self.online.slots, self.observations.padded
        index = tuple(slots.index[member].tolist())
        return Place(
            slot=slots.of_agent[member],
            inputs=(*range(self.observations.widths[agent]), *range(padded, self._n_inputs + len(index))),
            outputs=tuple(range(self.alternatives.counts[member])),
            index=index,
        )

    def state(self) -> dict[str, Tensor]:
        """Return every parameter and the optimiser's moments, for a checkpoint."""
        return parameter_state(self.stacks, {"online": self.optimiser})

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        load_parameters(self.stacks, {"online": self.optimiser}, state)

    def _inputs(self, own_observations: Tensor, fingerprints: Tensor | None) -> Tensor:
        if not self.reads_fingerprints:
            return own_observations
        assert fingerprints is not None
        return torch.cat([own_observations, fingerprints], dim=-1)

    def _own(self, joint: Tensor) -> Tensor:
        """Return of the k-th joint vectors ``[S, n, B, ΣA]`` the k-th agent's part ``[S, n, B, W]``."""
        return self.actions.own(joint, self.agents)[..., : self.alternatives.padded]

    def _own_column(self, rewards: Tensor) -> Tensor:
        columns = torch.tensor(self.agents, device=rewards.device)[None, :, None, None]
        return columns.expand(len(rewards), -1, rewards.shape[2], 1)
