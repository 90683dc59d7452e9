"""Categorical choices from logits, hard or soft.

By the Gumbel-max rule the largest of logits plus Gumbel noise is a draw from the softmax, and the softmax of the same
sum is a Gumbel-softmax (Concrete) point of the simplex, through which gradients pass.

References
----------
Jang, Gu, Poole (2017), arXiv:1611.01144; Maddison, Mnih, Teh (2017), arXiv:1611.00712.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents import gumbel, narrow
from nashlens.agents.config import ActorCritic
from nashlens.agents.gumbel import TINY
from nashlens.agents.heads import Head, Noise, PullBack, uniform_draws
from nashlens.games.core import Choice

MINUS_INFINITY = -1e9


class ChoiceHead(Head):
    """Categorical choices, executed as one alternative or, where the game takes soft actions, as a simplex point.

    Parameters
    ----------
    spaces : one space an agent.
    soft : execute Gumbel-softmax points of the simplex.
    settings : temperature and gradient estimator.
    device : where the outputs live.
    """

    def __init__(self, spaces: Sequence[Choice], *, soft: bool, settings: ActorCritic, device: torch.device) -> None:
        self.padded = self.n_outputs = max(space.width for space in spaces)
        self._soft = soft
        self._how = settings
        self._temperature = settings.temperature
        self._n_extra = settings.rao_samples if settings.estimator == "gumbel_rao" else 0
        n_factors = max(len(space.factors) for space in spaces)
        members = torch.zeros(n_factors, len(spaces), 1, self.padded, dtype=torch.bool, device=device)
        for i, space in enumerate(spaces):
            for k, part in enumerate(space.slices):
                members[k, i, 0, part] = True
        self._members = list(members)
        self._valid = members.any(dim=0)
        self._widths = self._valid.sum(dim=(1, 2))
        self._plain = n_factors == 1 and bool(self._valid.all())

    def noise(self, generators: Sequence[torch.Generator], shape: tuple[int, ...]) -> Tensor:
        """Draw standard Gumbel noise ``[S, *shape]``, in memory alternative by alternative, as outputs are."""
        turned = (*shape[:-2], shape[-1], shape[-2])
        return uniform_draws(generators, turned, self._valid.device).log_().neg_().log_().neg_().mT

    def gradient_noise(self, generators: Sequence[torch.Generator], shape: tuple[int, ...]) -> Noise:
        """Draw Gumbel noise, and for the Gumbel-Rao estimator K exponential draws ``[K, S, *shape]``."""
        gumbel = self.noise(generators, shape)
        if not self._n_extra:
            return Noise(gumbel)
        waits = uniform_draws(generators, (self._n_extra, *shape), gumbel.device).log_().neg_()
        return Noise(gumbel, waits.transpose(0, 1))

    def act(self, outputs: Tensor, noise: Tensor, masks: Tensor | None, *, jitter: Tensor | None = None) -> Tensor:
        """Return one-hot vectors, or simplex points where the game takes soft actions."""
        outputs = outputs if jitter is None else outputs + jitter
        if self._soft:
            return self._softmax((outputs + noise) / self._temperature, masks)
        return self._largest(outputs + noise, masks)

    def relaxed(self, outputs: Tensor, noise: Noise, masks: Tensor | None, *, n_updates: int) -> Tensor:
        """Return what the setting's estimator makes of the outputs, factor by factor."""
        if self._how.estimator == "soft":
            return self._softmax((outputs + noise.first) / self._temperature, masks)
        choice = self._largest(outputs + noise.first, masks)
        surrogate = torch.zeros_like(choice)
        for member in self._members:
            legal = self._legal(member, masks)
            logits = outputs.masked_fill(~legal, MINUS_INFINITY)
            surrogate = surrogate + self._surrogate(logits, choice * legal, noise, n_updates) * legal
        return gumbel.straight_through(choice, surrogate)

    def pull_back(
        self, outputs: Tensor, noise: Noise, masks: Tensor | None, *, n_updates: int
    ) -> tuple[Tensor, PullBack]:
        """Return what `relaxed` returns, and the function that takes slopes in it to slopes in the outputs.

        The plain soft point needs no graph: of ``p = softmax(z / T)`` the slope g in p becomes ``p ∘ (g − p · g) / T``.
        """
        if self._how.estimator != "soft" or not self._plain or masks is not None:
            return super().pull_back(outputs, noise, masks, n_updates=n_updates)
        point = narrow.softmax((outputs + noise.first) / self._temperature)
        return point, lambda slope: narrow.softmax_slope(point, slope) / self._temperature

    def _surrogate(self, logits: Tensor, choice: Tensor, noise: Noise, n_updates: int) -> Tensor:
        how = self._how
        if how.estimator == "gumbel_rao":
            assert noise.extra is not None
            return gumbel.gumbel_rao_surrogate(logits, choice, noise.extra, how.temperature)
        if how.estimator == "gapped":
            return gumbel.gapped_surrogate(logits, choice, gap=how.gap, temperature=how.temperature)
        heat = how.temperature
        if how.estimator == "annealed":
            heat = gumbel.annealed_temperature(how.temperature, how.anneal_to, n_updates, how.anneal_updates)
        return gumbel.soft_point(logits, noise.first, heat)

    def log_probabilities(self, outputs: Tensor, masks: Tensor | None) -> Tensor:
        """Return ``[S, n, R, padded]``; of each alternative of each factor; 0 for padding and illegal alternatives."""
        total = torch.zeros_like(outputs)
        for member in self._members:
            legal = self._legal(member, masks)
            logs = torch.log_softmax(outputs.masked_fill(~legal, MINUS_INFINITY), dim=-1)
            total = total + logs.masked_fill(~legal, 0)
        return total

    def permuted(self, probabilities: Tensor) -> Tensor:
        """Return ``[S, n, R, padded]`` with each factor's alternatives moved one place on, the last to the first."""
        moved = torch.zeros_like(probabilities)
        for member in self._members:
            for i in range(member.shape[0]):
                columns = torch.nonzero(member[i, 0]).flatten()
                if len(columns):
                    moved[:, i, :, columns.roll(-1)] = probabilities[:, i, :, columns]
        return moved

    def valid(self, masks: Tensor | None) -> Tensor:
        """Return which entries stand for an alternative that is legal."""
        return self._legal(self._valid, masks)

    def log_density(self, outputs: Tensor, actions: Tensor, masks: Tensor | None) -> Tensor:
        """Return log probabilities of one-hot actions, or Concrete log densities of simplex points."""
        if self._plain and masks is None and not self._soft:
            return (actions * torch.log_softmax(outputs, dim=-1)).sum(dim=-1)
        total = torch.zeros(outputs.shape[:-1], device=outputs.device)
        for member in self._members:
            legal = self._legal(member, masks)
            logs = torch.log_softmax(outputs.masked_fill(~legal, MINUS_INFINITY), dim=-1)
            total = total + (
                self._concrete(logs, actions, legal) if self._soft else (actions * logs).masked_fill(~legal, 0).sum(-1)
            )
        return total

    def penalty(self, outputs: Tensor) -> Tensor:
        """Return the mean squared logit of each agent, ``[S, n]``."""
        squares = outputs.square() if self._plain else outputs.square() * self._valid
        return squares.sum(dim=(2, 3)) / (outputs.shape[2] * self._widths)

    def penalty_slope(self, outputs: Tensor) -> Tensor:
        """Return ``2 z / (R A)`` of logits z of an agent with A alternatives, 0 for padding."""
        if self._plain:
            return outputs * (2 / (outputs.shape[2] * self.padded))
        return outputs * (2 * self._valid / (outputs.shape[2] * self._widths)[:, None, None])

    def _concrete(self, logs: Tensor, point: Tensor, legal: Tensor) -> Tensor:
        """Log density of a Concrete variable (Maddison et al. 2017, definition 1), 0 for agents without the factor."""
        heat = self._temperature
        count = legal.sum(dim=-1)
        log_point = point.clamp(min=TINY).log()
        spread = (logs - heat * log_point).masked_fill(~legal, MINUS_INFINITY)
        summed = (logs - (heat + 1) * log_point).masked_fill(~legal, 0).sum(dim=-1)
        constant = torch.lgamma(count.clamp(min=1).float()) + (count - 1) * math.log(heat)
        return torch.where(count > 0, constant + summed - count * torch.logsumexp(spread, dim=-1), 0.0)

    def _softmax(self, scores: Tensor, masks: Tensor | None) -> Tensor:
        if self._plain and masks is None:
            return narrow.softmax(scores)
        total = torch.zeros_like(scores)
        for member in self._members:
            legal = self._legal(member, masks)
            total = total + torch.softmax(scores.masked_fill(~legal, MINUS_INFINITY), dim=-1) * legal
        return total

    def _largest(self, scores: Tensor, masks: Tensor | None) -> Tensor:
        if self._plain and masks is None:
            return narrow.one_hot_of_largest(scores)
        total = torch.zeros_like(scores)
        for member in self._members:
            legal = self._legal(member, masks)
            best = scores.masked_fill(~legal, MINUS_INFINITY).argmax(dim=-1, keepdim=True)
            total = total + torch.zeros_like(scores).scatter_(-1, best, 1.0) * legal
        return total

    @staticmethod
    def _legal(member: Tensor, masks: Tensor | None) -> Tensor:
        return member if masks is None else member & masks
