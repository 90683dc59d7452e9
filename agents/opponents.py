"""Models of the other agents' policies, fitted to what those agents did, and what they are worth.

For every ordered pair (i, j) of a learner's agent i and another agent j, a network predicts j's action from j's
observation. Each update fits it by one step on the latest transitions; a target copy follows slowly and takes the place
of j's true target policy in i's critic target. Models of `Box` actions are Gaussians, as the policies are; they are
fitted to actions as executed, inside the box, while divergences compare both before they are clipped.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, section 4.2, equations 7 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.adam import Adam
from nashlens.agents.config import ActorCritic, Inference, Sharing
from nashlens.agents.distributions import ChoiceHead, head_for
from nashlens.agents.divergence import divergence, entropy
from nashlens.agents.doses import dosed_log_probabilities
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.replay import Minibatch
from nashlens.agents.sharing import assign
from nashlens.games.core import Box, GameSpec

DIRECTIONS = ("model_true", "true_model")
AGAINST = ("target", "online")
WHERE = ("replay", "fresh")


def unrecorded(n_seeds: int, n_agents: int, *, device: torch.device) -> dict[str, Tensor]:
    """Return the curves ``[S, N, N]`` of an update whose divergences are not recorded: NaN under every name."""
    names = [f"kl_{d}_{a}_{w}" for w in WHERE for a in AGAINST for d in DIRECTIONS]
    return {name: torch.full((n_seeds, n_agents, n_agents), torch.nan, device=device) for name in names}


class Opponents:
    """The models that n agents have of all others, in S seeds.

    Parameters
    ----------
    spec : the game; its action spaces must be all `Choice` or all `Box`.
    agents : which n agents have models.
    settings : temperature, widths, learning rate, clip and tau.
    inference : entropy weight, and what stands in for the models.
    soft : whether actions are points of the simplex.
    device : where the models live.
    rngs : one generator a seed.

    Attributes
    ----------
    pairs : agent and modelled agent of each of the P models.
    model, target : the stacks.

    Raises
    ------
    ValueError : action spaces are of both kinds, there is no other agent, or the settings need alternatives and there
        are none.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: ActorCritic,
        inference: Inference,
        *,
        soft: bool,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        _check(spec, inference)
        self.agents = tuple(agents)
        self.inference, self._settings = inference, settings
        self.pairs = [(i, j) for i in agents for j in range(spec.n_agents) if j != i]
        self._homes = [self.agents.index(i) for i, _ in self.pairs]
        self._modelled = [j for _, j in self.pairs]
        self._observations, self._actions = Layout(spec.observation_sizes), Layout(spec.action_widths)
        spaces = [spec.action_spaces[j] for j in self._modelled]
        self.head = head_for(spaces, soft=soft, settings=settings, device=device)
        self.model = Stack.initial(
            self._observations.padded,
            settings.hidden,
            self.head.n_outputs,
            slots=assign(Sharing(), [str(p) for p in self.pairs]),
            device=device,
            rngs=rngs,
        ).trained()
        self.target = self.model.copy()
        self._frozen = self.model.copy()
        self.optimiser = Adam(self.model.tensors, settings.learning_rate)

    @property
    def stacks(self) -> dict[str, Stack]:
        """The stacks by name, for storing and hashing."""
        return {"opponents": self.model, "target_opponents": self.target, "initial_opponents": self._frozen}

    def fit(self, latest: Minibatch, alive: Tensor) -> Tensor:
        """Take one step of maximum likelihood with the entropy rewarded; return the losses ``[S, P]``.

        Parameters
        ----------
        latest : the latest transitions, the same for all, ``[S, 1, B, …]``.
        alive : ``[S]``; seeds that still learn.
        """
        observations, masks = latest.observations[:, 0], None if latest.masks is None else latest.masks[:, 0]
        outputs = self.model(self._observations.spread(observations, self._modelled))
        legal = None if masks is None else self._actions.spread(masks, self._modelled)[..., : self.head.padded]
        taken = self._actions.spread(latest.actions[:, 0], self._modelled)[..., : self.head.padded]
        spread = entropy(self.head, outputs, legal)
        if isinstance(self.head, ChoiceHead):  # of a soft point the cross-entropy, not the density of the draw
            likelihood = (taken * self.head.log_probabilities(outputs, legal)).sum(dim=-1)
        else:
            likelihood = self.head.log_density(outputs, taken, legal)
        loss = -(likelihood + self.inference.entropy_weight * spread).mean(dim=-1)
        self.optimiser.zero_grad()
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each(self.model.tensors, self._settings.clip)
        self.optimiser.step()
        return loss.detach()

    def follow(self) -> None:
        """Move the target models towards the models by the share tau."""
        self.target.follow(self.model, self._settings.tau)

    @torch.no_grad()
    def stand_in(
        self,
        joint_actions: Tensor,
        joint_observations: Tensor,
        joint_masks: Tensor | None,
        true_outputs: Tensor,
        *,
        target: bool,
        generators: Sequence[torch.Generator],
    ) -> Tensor:
        """Return joint actions ``[S, n, B, ΣA]`` in which the others' parts come from the models.

        Parameters
        ----------
        joint_actions : whose own parts stay.
        joint_observations, joint_masks : ``[S, n, B, …]``.
        true_outputs : ``[S, P, B, width]``; the true policies' outputs, for ``source="true"``.
        target : whether the target models answer, or the online ones.
        generators : one a seed, for sampled actions.
        """
        masks = self._of_pairs(joint_masks)
        outputs = self._outputs(joint_observations, true_outputs, target=target)
        if isinstance(self.head, ChoiceHead):
            frozen = self._frozen(self._inputs(joint_observations)) if self.inference.needs_frozen else None
            outputs = dosed_log_probabilities(self.head, outputs, masks, self.inference, frozen=frozen)
        if isinstance(self.head, ChoiceHead) and self.inference.fed_as == "log_probabilities":
            parts = outputs.masked_fill(~self.head.valid(masks), 0)
        else:
            noise = self.head.noise(generators, (len(self.pairs), outputs.shape[2], self.head.padded))
            parts = self.head.act(outputs, noise, masks)
        rows = []
        for n, i in enumerate(self.agents):
            pieces = []
            for j, here in enumerate(self._actions.slices):
                if j == i:
                    pieces.append(joint_actions[:, n, :, here])
                else:
                    pieces.append(parts[:, self.pairs.index((i, j)), :, : self._actions.widths[j]])
            rows.append(torch.cat(pieces, dim=-1))
        return torch.stack(rows, dim=1)

    def replayed(self, joint_actions: Tensor, next_actions: Tensor) -> Tensor:
        """Return joint actions ``[S, n, B, ΣA]`` in which the others do what they did.

        Parameters
        ----------
        joint_actions : whose own parts stay, and all parts where nothing is known.
        next_actions : what all did; NaN where they did nothing.
        """
        joined = joint_actions.where(next_actions.isnan(), next_actions)
        for n, i in enumerate(self.agents):
            own = self._actions.slices[i]
            joined[:, n, :, own] = joint_actions[:, n, :, own]
        return joined

    @torch.no_grad()
    def divergences(
        self, joint_observations: Tensor, joint_masks: Tensor | None, true_outputs: Tensor, *, target: bool
    ) -> dict[str, Tensor]:
        """Return the mean Kullback–Leibler divergence of each pair, ``[S, P]``, in both directions, in nats.

        Parameters
        ----------
        joint_observations, joint_masks : ``[S, n, B, …]``.
        true_outputs : ``[S, P, B, width]``; of the true policies, target or online as the models.
        target : whether the target models are compared, or the online ones.
        """
        masks = self._of_pairs(joint_masks)
        stack = self.target if target else self.model
        inferred = stack(self._inputs(joint_observations))
        return {
            "model_true": divergence(self.head, inferred, true_outputs, masks).mean(dim=-1),
            "true_model": divergence(self.head, true_outputs, inferred, masks).mean(dim=-1),
        }

    def _outputs(self, joint_observations: Tensor, true_outputs: Tensor, *, target: bool) -> Tensor:
        """Return the outputs ``[S, P, B, width]`` of the source: the models, or the true policies."""
        if self.inference.source != "inferred":
            return true_outputs
        return (self.target if target else self.model)(self._inputs(joint_observations))

    def _inputs(self, joint_observations: Tensor) -> Tensor:
        parts = [
            self._observations.spread(joint_observations[:, n], [j])
            for n, j in zip(self._homes, self._modelled, strict=True)
        ]
        return torch.cat(parts, dim=1)

    def _of_pairs(self, joint: Tensor | None) -> Tensor | None:
        if joint is None:
            return None
        parts = [self._actions.spread(joint[:, n], [j]) for n, j in zip(self._homes, self._modelled, strict=True)]
        return torch.cat(parts, dim=1)[..., : self.head.padded]

    def of_true(self, outputs: Mapping[int, Tensor], n_rows: int) -> Tensor:
        """Return true outputs of the modelled agents as ``[S, P, B, width]``.

        Parameters
        ----------
        outputs : by agent and without padding, ``[S, n · B, …]`` at the observations of all n learners' minibatches,
            one after the other.
        n_rows : B.
        """
        parts = []
        for n, j in zip(self._homes, self._modelled, strict=True):
            rows = outputs[j][:, n * n_rows : (n + 1) * n_rows]
            parts.append(self.head.padded_out(rows, self._actions.widths[j]))
        return torch.stack(parts, dim=1)


def _check(spec: GameSpec, inference: Inference) -> None:
    """Raise a ValueError where a game's actions cannot be modelled, or not as the settings say."""
    kinds = {type(space).__name__ for space in spec.action_spaces}
    if len(kinds) > 1 or spec.n_agents < 2:
        raise ValueError(
            f"inference needs two or more agents with Choice actions, or with Box actions; {spec.name} has "
            f"{spec.n_agents} with {' and '.join(sorted(kinds))}"
        )
    if kinds == {Box.__name__} and (inference.dose or inference.fed_as != "actions"):
        raise ValueError(
            f"inference of Box actions needs dose 0 and fed_as actions, not {inference.dose} and {inference.fed_as}: "
            f"the actions of {spec.name} have no probabilities"
        )
