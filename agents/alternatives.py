"""The alternatives of n agents in one padded block: which there are, which are legal, and how ε-greedy chooses.

An agent's alternatives are the combinations of its factors', the last factor fastest, as in
`games.value_policy.combinations`. Values are ``[S, n, R, K]`` with K the most that any agent has; actions and masks are
``[S, n, R, W]`` with W the widest action.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from nashlens.agents.distributions import uniform_draws
from nashlens.agents.value_losses import legal_values
from nashlens.games.core import Choice
from nashlens.games.value_policy import combinations


class Alternatives:
    """The alternatives of n agents.

    Parameters
    ----------
    spaces : one space an agent.
    device : where the values live.

    Attributes
    ----------
    counts : how many alternatives each agent has.
    n_outputs : K.
    padded : W.
    n_factors : F, the most factors that any agent has.
    """

    def __init__(self, spaces: Sequence[Choice], *, device: torch.device) -> None:
        self.counts = tuple(prod(space.factors) for space in spaces)
        self.n_outputs = max(self.counts)
        self.padded = max(space.width for space in spaces)
        self.n_factors = max(len(space.factors) for space in spaces)
        self._lengths = torch.tensor([float(len(space.factors)) for space in spaces], device=device)[:, None, None]
        self._table = torch.zeros(len(spaces), self.n_outputs, self.padded, device=device)
        self._strides = torch.zeros(len(spaces), 1, self.padded, device=device)
        self._members = torch.zeros(self.n_factors, len(spaces), 1, self.padded, dtype=torch.bool, device=device)
        for i, space in enumerate(spaces):
            table = torch.from_numpy(combinations(space.factors))
            self._table[i, : len(table), : space.width] = table.float()
            for f, part in enumerate(space.slices):
                stride = prod(space.factors[f + 1 :])
                self._strides[i, 0, part] = stride * torch.arange(part.stop - part.start, device=device).float()
                self._members[f, i, 0, part] = True
        self._entries = torch.zeros(self.n_factors, len(spaces), 1, self.n_outputs, dtype=torch.int64, device=device)
        self._has_factor = self._members.any(dim=-1, keepdim=True)
        for i, space in enumerate(spaces):
            for f, part in enumerate(space.slices):
                chosen = self._table[i, : self.counts[i], part].argmax(dim=-1)
                self._entries[f, i, 0, : self.counts[i]] = part.start + chosen
        self._there = torch.arange(self.n_outputs, device=device) < torch.tensor(self.counts, device=device)[:, None]

    def legal(self, masks: Tensor | None) -> Tensor:
        """Return which alternatives are legal, ``[S, n, R, K]``; of one shape for all seeds and rows without masks."""
        if masks is None:
            return self._there[:, None, :]
        n_legal = masks.float() @ self._table.transpose(1, 2)
        return (n_legal == self._lengths) & self._there[:, None, :]

    def vectors(self, places: Tensor) -> Tensor:
        """Return the one-hot vectors ``[S, n, R, W]`` of alternatives ``[S, n, R]``."""
        parts = [self._table[i].index_select(0, places[:, i].reshape(-1)) for i in range(len(self._table))]
        return torch.stack([part.view(*places[:, 0].shape, -1) for part in parts], dim=1)

    def places(self, actions: Tensor) -> Tensor:
        """Return the place ``[S, n, R]`` of each of the one-hot vectors ``[S, n, R, W]`` among the alternatives."""
        return (actions * self._strides).sum(dim=-1).round().long()

    def sums(self, entries: Tensor) -> Tensor:
        """Return for each alternative the sum ``[S, n, R, K]`` over its factors of entries ``[S, n, R, W]``.

        Of log probabilities it is the alternatives' own; what stands where an agent has no alternative means nothing.
        """
        places = (self._entries[f].expand(*entries.shape[:-1], -1) for f in range(self.n_factors))
        parts = [entries.gather(-1, place) * has for place, has in zip(places, self._has_factor, strict=True)]
        return torch.stack(parts).sum(dim=0)

    def greedy(self, values: Tensor, masks: Tensor | None) -> Tensor:
        """Return the one-hot vectors ``[S, n, R, W]`` of the legal alternatives of the highest values."""
        return self.vectors(legal_values(values, self.legal(masks)).argmax(dim=-1))

    def explore(
        self, greedy: Tensor, masks: Tensor | None, *, epsilon: float, generators: Sequence[torch.Generator]
    ) -> Tensor:
        """Return actions ``[S, n, R, W]`` of which each factor is, with probability ε, a uniform draw from its legal.

        Parameters
        ----------
        greedy : one-hot vectors.
        masks : legal actions, or None.
        epsilon : ε.
        generators : one a seed.
        """
        shape = tuple(greedy.shape[1:])
        coins = uniform_draws(generators, (*shape[:-1], self.n_factors), greedy.device)
        scores = uniform_draws(generators, shape, greedy.device)
        chosen = torch.zeros_like(greedy)
        for f, member in enumerate(self._members):
            legal = member if masks is None else member & masks
            best = scores.masked_fill(~legal, -1.0).argmax(dim=-1, keepdim=True)
            drawn = torch.zeros_like(greedy).scatter_(-1, best, 1.0) * legal
            chosen += torch.where(coins[..., f : f + 1] <= epsilon, drawn, greedy * member)
        return chosen

    def log_probabilities(self, greedy: Tensor, actions: Tensor, masks: Tensor | None, *, epsilon: float) -> Tensor:
        """Return ``[S, n, R, F]``: of each factor's alternative under ε-greedy; 0 where an agent lacks the factor.

        Parameters
        ----------
        greedy, actions : one-hot vectors ``[S, n, R, W]``: what greedy would do, and what was done.
        masks : legal actions, or None.
        epsilon : ε.
        """
        logs = []
        for member in self._members:
            legal = member if masks is None else member & masks
            count = legal.sum(dim=-1)
            agrees = (greedy * actions * legal).sum(dim=-1)
            chance = (1 - epsilon) * agrees + epsilon * (actions * legal).sum(dim=-1) / count.clamp(min=1)
            logs.append(torch.where(member.any(dim=-1), chance, 1.0).log())
        return torch.stack(logs, dim=-1)
