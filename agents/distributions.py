"""What a network's outputs mean: distributions over the actions of n agents of unequal spaces, in one padded block.

A head turns outputs ``[S, n, R, width]`` into actions. `ChoiceHead` reads logits: by the Gumbel-max rule the largest
of logits plus Gumbel noise is a draw from the softmax, and the softmax of the same sum is a Gumbel-softmax (Concrete)
point of the simplex, through which gradients pass. `BoxHead` reads the place and width of a Gaussian.

References
----------
Jang, Gu, Poole (2017), arXiv:1611.01144; Maddison, Mnih, Teh (2017), arXiv:1611.00712.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from nashlens.agents import gumbel
from nashlens.agents.config import ActorCritic
from nashlens.agents.gumbel import TINY
from nashlens.games.core import ActionSpace, Box, Choice
from nashlens.games.network_policy import LOG_STD_RANGE

MINUS_INFINITY = -1e9


class Noise(NamedTuple):
    """The draws behind a sample through which gradients pass.

    Attributes
    ----------
    first : ``[S, n, R, padded]``; the noise that decides.
    extra : ``[K, S, n, R, padded]``; further draws of an estimator that averages; None for the others.
    """

    first: Tensor
    extra: Tensor | None = None


def uniform_draws(generators: Sequence[torch.Generator], shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Draw ``[S, *shape]`` numbers from (0, 1), each seed's from its own generator."""
    draws = torch.empty(len(generators), *shape, device=device)
    for seed, generator in enumerate(generators):
        draws[seed].uniform_(generator=generator)
    return draws.clamp_(min=TINY)


class Head(ABC):
    """Actions of n agents from padded network outputs.

    Attributes
    ----------
    n_outputs : outputs that the network must have, padding included.
    padded : width of the widest action, to which the others are padded with zeros.
    """

    n_outputs: int
    padded: int

    @abstractmethod
    def noise(self, generators: Sequence[torch.Generator], shape: tuple[int, ...]) -> Tensor:
        """Draw the noise of samples of shape ``[S, *shape]``, each seed's from its own generator."""

    @abstractmethod
    def act(self, outputs: Tensor, noise: Tensor, masks: Tensor | None, *, jitter: Tensor | None = None) -> Tensor:
        """Return actions ``[S, n, R, padded]`` as the game executes them.

        `jitter`, of the actions' shape, smooths a target policy: it is added to logits, or to a `Box` action in units
        of the box's half width.
        """

    def draw(self, outputs: Tensor, noise: Tensor, masks: Tensor | None) -> Tensor:
        """Return actions ``[S, n, R, padded]`` as the policy drew them, before `executed` fits them to the space."""
        return self.act(outputs, noise, masks)

    def executed(self, drawn: Tensor) -> Tensor:
        """Return drawn actions as the game executes them."""
        return drawn

    def gradient_noise(self, generators: Sequence[torch.Generator], shape: tuple[int, ...]) -> Noise:
        """Draw what `relaxed` needs for samples of shape ``[S, *shape]``."""
        return Noise(self.noise(generators, shape))

    @abstractmethod
    def relaxed(self, outputs: Tensor, noise: Noise, masks: Tensor | None, *, n_updates: int) -> Tensor:
        """Return a sample ``[S, n, R, padded]`` through which gradients reach the outputs.

        `n_updates` is how many updates were made, for estimators that change with it.
        """

    @abstractmethod
    def log_density(self, outputs: Tensor, actions: Tensor, masks: Tensor | None) -> Tensor:
        """Return ``[S, n, R]``; log probability, or log density, of executed actions."""

    @abstractmethod
    def penalty(self, outputs: Tensor) -> Tensor:
        """Return ``[S, n]``; mean squared output, padding left out."""


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
        """Draw standard Gumbel noise ``[S, *shape]``."""
        return uniform_draws(generators, shape, self._valid.device).log_().neg_().log_().neg_()

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
        return squares.sum(dim=-1).mean(dim=-1) / self._widths

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
            return torch.softmax(scores, dim=-1)
        total = torch.zeros_like(scores)
        for member in self._members:
            legal = self._legal(member, masks)
            total = total + torch.softmax(scores.masked_fill(~legal, MINUS_INFINITY), dim=-1) * legal
        return total

    def _largest(self, scores: Tensor, masks: Tensor | None) -> Tensor:
        total = torch.zeros_like(scores)
        for member in self._members:
            legal = self._legal(member, masks)
            best = scores.masked_fill(~legal, MINUS_INFINITY).argmax(dim=-1, keepdim=True)
            total = total + torch.zeros_like(scores).scatter_(-1, best, 1.0) * legal
        return total

    @staticmethod
    def _legal(member: Tensor, masks: Tensor | None) -> Tensor:
        return member if masks is None else member & masks


class BoxHead(Head):
    """Diagonal Gaussians inside boxes, as `games.network_policy.GaussianPolicy` defines them.

    Parameters
    ----------
    spaces : one space an agent.
    device : where the outputs live.
    """

    def __init__(self, spaces: Sequence[Box], *, device: torch.device) -> None:
        self.padded = max(space.width for space in spaces)
        self.n_outputs = 2 * self.padded
        low = torch.zeros(len(spaces), 1, self.padded, device=device)
        high = torch.zeros(len(spaces), 1, self.padded, device=device)
        self._valid = torch.zeros(len(spaces), 1, self.padded, dtype=torch.bool, device=device)
        for i, space in enumerate(spaces):
            low[i, 0, : space.width] = torch.tensor(space.low)
            high[i, 0, : space.width] = torch.tensor(space.high)
            self._valid[i, 0, : space.width] = True
        self._low, self._high = low, high
        self._half = (high - low) / 2
        self._widths = self._valid.sum(dim=(1, 2))

    def noise(self, generators: Sequence[torch.Generator], shape: tuple[int, ...]) -> Tensor:
        """Draw standard normal noise ``[S, *shape]``."""
        draws = torch.empty(len(generators), *shape, device=self._low.device)
        for seed, generator in enumerate(generators):
            draws[seed].normal_(generator=generator)
        return draws

    def act(self, outputs: Tensor, noise: Tensor, masks: Tensor | None, *, jitter: Tensor | None = None) -> Tensor:
        """Return draws, clipped to the box."""
        mean, std = self.moments(outputs)
        mean = mean if jitter is None else mean + self._half * jitter
        return torch.minimum(torch.maximum(mean + std * noise, self._low), self._high)

    def draw(self, outputs: Tensor, noise: Tensor, masks: Tensor | None) -> Tensor:
        """Return draws before clipping, whose log density is that of the Gaussian."""
        mean, std = self.moments(outputs)
        return mean + std * noise

    def executed(self, drawn: Tensor) -> Tensor:
        """Return draws clipped to the box."""
        return torch.minimum(torch.maximum(drawn, self._low), self._high)

    def valid(self, masks: Tensor | None) -> Tensor:
        """Return which entries stand for a coordinate of the agent's box."""
        return self._valid

    def relaxed(self, outputs: Tensor, noise: Noise, masks: Tensor | None, *, n_updates: int) -> Tensor:
        """Return the same draws; a clipped coordinate passes no gradient."""
        return self.act(outputs, noise.first, masks)

    def log_density(self, outputs: Tensor, actions: Tensor, masks: Tensor | None) -> Tensor:
        """Return the Gaussian log density before clipping."""
        mean, std = self.moments(outputs)
        scaled = (actions - mean) / std.clamp(min=TINY)
        logs = -0.5 * scaled.square() - std.clamp(min=TINY).log() - 0.5 * math.log(2 * math.pi)
        return logs.masked_fill(~self._valid, 0).sum(dim=-1)

    def penalty(self, outputs: Tensor) -> Tensor:
        """Return the mean squared output of each agent, ``[S, n]``."""
        place, width = outputs[..., : self.padded], outputs[..., self.padded :]
        squares = (place.square() + width.square()) * self._valid
        mean: Tensor = squares.sum(dim=-1).mean(dim=-1) / (2 * self._widths)
        return mean

    def moments(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation before clipping, each ``[S, n, R, padded]``; 0 for padding."""
        place, width = outputs[..., : self.padded], outputs[..., self.padded :]
        return self._low + self._half + self._half * torch.tanh(place), self._half * width.clamp(*LOG_STD_RANGE).exp()


def head_for(spaces: Sequence[ActionSpace], *, soft: bool, settings: ActorCritic, device: torch.device) -> Head:
    """Return the head of n agents' spaces, which must all be of one kind.

    Raises
    ------
    ValueError : some are `Choice` and some `Box`.
    """
    choices = [s for s in spaces if isinstance(s, Choice)]
    boxes = [s for s in spaces if isinstance(s, Box)]
    if choices and boxes:
        raise ValueError("spaces of one block must all be Choice or all be Box")
    if boxes:
        return BoxHead(boxes, device=device)
    return ChoiceHead(choices, soft=soft, settings=settings, device=device)
