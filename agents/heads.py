"""What turns a network's outputs into actions of n agents of unequal spaces, in one padded block, and slopes back.

A head reads outputs ``[S, n, R, width]``. Where a gradient passes through an action, `pull_back` returns the action
and a function that takes a slope in the action to the slope in the outputs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from nashlens.agents.gumbel import TINY

PullBack = Callable[[Tensor], Tensor]


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

    def trimmed(self, outputs: Tensor, width: int) -> Tensor:
        """Return outputs ``[…, n_outputs]`` of an agent whose action has `width` numbers, without their padding."""
        return outputs.reshape(*outputs.shape[:-1], -1, self.padded)[..., :width].flatten(-2)

    def padded_out(self, outputs: Tensor, width: int) -> Tensor:
        """Return trimmed outputs of an agent whose action has `width` numbers as ``[…, n_outputs]``, zeros behind."""
        blocks = outputs.reshape(*outputs.shape[:-1], -1, width)
        return torch.nn.functional.pad(blocks, (0, self.padded - width)).flatten(-2)

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

    @abstractmethod
    def penalty_slope(self, outputs: Tensor) -> Tensor:
        """Return the derivative of `penalty` in the outputs, ``[S, n, R, width]``."""

    def pull_back(
        self, outputs: Tensor, noise: Noise, masks: Tensor | None, *, n_updates: int
    ) -> tuple[Tensor, PullBack]:
        """Return what `relaxed` returns, and the function that takes slopes in it to slopes in the outputs."""
        read = outputs.detach().requires_grad_(True)
        with torch.enable_grad():
            sample = self.relaxed(read, noise, masks, n_updates=n_updates)
        return sample.detach(), lambda slope: torch.autograd.grad(sample, read, slope)[0]

    def pull_back_density(self, outputs: Tensor, actions: Tensor, masks: Tensor | None) -> tuple[Tensor, PullBack]:
        """Return what `log_density` returns, and the function that takes slopes in it to slopes in the outputs."""
        read = outputs.detach().requires_grad_(True)
        with torch.enable_grad():
            density = self.log_density(read, actions, masks)
        return density.detach(), lambda slope: torch.autograd.grad(density, read, slope)[0]
