"""Diagonal Gaussians inside boxes, from the place and the width that a network gives each coordinate."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents.gumbel import TINY
from nashlens.agents.heads import Head, Noise
from nashlens.games.core import Box
from nashlens.games.network_policy import LOG_STD_RANGE


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
            low[i, 0, : space.width] = torch.tensor(space.low, device=device)
            high[i, 0, : space.width] = torch.tensor(space.high, device=device)
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

    def penalty_slope(self, outputs: Tensor) -> Tensor:
        """Return ``z / (R A)`` of outputs z of an agent with A coordinates, 0 for padding."""
        share = self._valid / (outputs.shape[2] * self._widths)[:, None, None]
        return outputs * torch.cat([share, share], dim=-1)

    def moments(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation before clipping, each ``[S, n, R, padded]``; 0 for padding."""
        place, width = outputs[..., : self.padded], outputs[..., self.padded :]
        return self._low + self._half + self._half * torch.tanh(place), self._half * width.clamp(*LOG_STD_RANGE).exp()
