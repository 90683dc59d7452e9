"""Stacked networks: the networks of all seeds and slots as one block of parameters, run as one batched product.

A stack has S seeds and L slots. The parameters of a layer are ``[S, L, in, out]``; inputs are ``[S, n, B, in]`` for n
agents, each of which uses the slot that `Slots` gives it. What a seed computes does not depend on the other seeds, bit
for bit: every operation works on each seed's part alone.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.products import affine
from nashlens.agents.sharing import Slots

ALIGNED = 64


class Stack:
    """Feed-forward networks with rectified hidden layers, one for each seed and slot.

    Parameters
    ----------
    weights : one ``[S, L, in, out]`` a layer.
    biases : one ``[S, L, 1, out]`` a layer.
    slots : who uses which slot, and what is appended to their inputs.

    Attributes
    ----------
    recurrent : whether the networks carry a memory.
    block : all parameters in one array, its gradient beside it; None until `packed`.
    """

    recurrent = False
    block: Tensor | None = None

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor], slots: Slots) -> None:
        self.weights = list(weights)
        self.biases = list(biases)
        self.slots = slots
        device = self.weights[0].device
        self._users = None if slots.one_each else torch.tensor(slots.of_agent, device=device)
        self._layers: list[tuple[Tensor, Tensor]] = []
        self._gradients: list[tuple[Tensor, Tensor]] = []
        self._index = torch.tensor(slots.index, device=device)[None, :, None, :] if slots.index.shape[1] else None

    @classmethod
    def initial(
        cls,
        n_inputs: int,
        hidden: Sequence[int],
        n_outputs: int,
        *,
        slots: Slots,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> Stack:
        """Return a stack with Glorot-uniform weights and zero biases, as the released code initialises.

        Parameters
        ----------
        n_inputs, hidden, n_outputs : widths of the layers; the index is added to the first.
        slots : L slots.
        device : where the parameters live.
        rngs : one generator a seed.
        """
        widths = [n_inputs + slots.index.shape[1], *hidden, n_outputs]
        weights, biases = [], []
        for fan_in, fan_out in pairwise(widths):
            limit = (6 / (fan_in + fan_out)) ** 0.5
            draws = np.stack([rng.uniform(-limit, limit, (slots.n_slots, fan_in, fan_out)) for rng in rngs])
            weights.append(torch.tensor(draws, dtype=torch.float32, device=device))
            biases.append(torch.zeros(len(rngs), slots.n_slots, 1, fan_out, device=device))
        return cls(weights, biases, slots)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the outputs ``[S, n, B, out]`` for inputs ``[S, n, B, in]`` of n agents."""
        n_seeds, n_agents, n_rows = inputs.shape[:3]
        layer = self._indexed(inputs).reshape(n_seeds * n_agents, n_rows, -1)
        *hidden, last = self.layers()
        for weight, bias in hidden:
            layer = torch.relu_(affine(layer, weight, bias))
        layer = affine(layer, *last)
        return layer.view(n_seeds, n_agents, n_rows, -1)

    def rows(self, inputs: Tensor) -> Tensor:
        """Return inputs ``[S, n, B, in]`` as the first layer reads them: with the index, ``[S · n, B, in + W]``."""
        return self._indexed(inputs).flatten(0, 1)

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        """Return weights ``[S · n, in, out]`` and biases ``[S · n, 1, out]`` of each layer, those of the n agents."""
        return self._layers or [
            (self._of_agents(w), self._of_agents(b)) for w, b in zip(self.weights, self.biases, strict=True)
        ]

    def _indexed(self, inputs: Tensor) -> Tensor:
        if self._index is None:
            return inputs
        return torch.cat([inputs, self._index.expand(*inputs.shape[:3], -1)], dim=3)

    def _of_agents(self, parameter: Tensor) -> Tensor:
        chosen = parameter if self._users is None else parameter.index_select(1, self._users)
        return chosen.flatten(0, 1)

    @property
    def tensors(self) -> list[Tensor]:
        """Every parameter, weights and biases of a layer in turn."""
        return [t for pair in zip(self.weights, self.biases, strict=True) for t in pair]

    def trained(self) -> Stack:
        """Switch the recording of gradients on; return this stack."""
        for tensor in self.tensors:
            tensor.requires_grad_(True)
        return self

    def packed(self) -> Stack:
        """Move all parameters into one block, and their gradients into another; return this stack.

        Each parameter begins at a multiple of `ALIGNED` numbers, so that what is done to the block as a whole rounds
        a seed's part alike wherever it stands: a processor's vectors leave no remainder.
        """
        tensors = [t.detach() for t in self.tensors]
        starts = [0, *accumulate(-(-t.numel() // ALIGNED) * ALIGNED for t in tensors)]
        self.block = torch.zeros(starts[-1], device=tensors[0].device)
        self.block.grad = torch.zeros_like(self.block)
        views = []
        for tensor, start in zip(tensors, starts, strict=False):
            here = slice(start, start + tensor.numel())
            view = self.block[here].view(tensor.shape).copy_(tensor)
            view.grad = self.block.grad[here].view(tensor.shape)
            views.append(view)
        self.weights, self.biases = views[0::2], views[1::2]
        if self._users is None:  # the views that every pass needs, made once
            self._layers = [(w.flatten(0, 1), b.flatten(0, 1)) for w, b in zip(views[0::2], views[1::2], strict=True)]
            flat = [v.grad.flatten(0, 1) for v in views if v.grad is not None]
            self._gradients = list(zip(flat[0::2], flat[1::2], strict=True))
        return self

    @torch.no_grad()
    def clip(self, limit: float) -> None:
        """Scale the gradient of every variable of every seed and slot of a packed stack, as `clip_each` does."""
        gradients = [t.grad for t in self.tensors if t.grad is not None]
        norms = torch.stack([torch.linalg.vector_norm(g, dim=(2, 3), keepdim=True) for g in gradients])
        torch._foreach_mul_(gradients, (limit / norms.clamp_(min=limit)).unbind())

    def gradients(self) -> list[tuple[Tensor, Tensor]]:
        """Return where a packed stack's gradients stand, as `layers`; empty where agents share a slot."""
        return self._gradients

    def set_gradient(self, depth: int, weight: Tensor, bias: Tensor) -> None:
        """Set a layer's gradient to the sum over the agents that use a slot.

        Parameters
        ----------
        depth : which layer; its parameters have gradients.
        weight, bias : ``[S · n, in, out]`` and ``[S · n, 1, out]``, one an agent.
        """
        for parameter, part in ((self.weights[depth], weight), (self.biases[depth], bias)):
            gradient = parameter.grad
            assert gradient is not None
            of_agents = part.view(len(gradient), -1, *part.shape[1:])
            if self._users is None:
                gradient.copy_(of_agents)
            else:
                gradient.zero_().index_add_(1, self._users, of_agents)

    def copy(self) -> Stack:
        """Return an equal stack of its own that records no gradient."""
        return Stack([w.detach().clone() for w in self.weights], [b.detach().clone() for b in self.biases], self.slots)

    def frozen(self) -> Stack:
        """Return the same parameters as constants: gradients pass through to the inputs and not to them."""
        return Stack([w.detach() for w in self.weights], [b.detach() for b in self.biases], self.slots)

    @torch.no_grad()
    def follow(self, source: Stack, share: float) -> None:
        """Move every parameter towards another stack's by a share of the way."""
        if self.block is not None and source.block is not None:
            self.block.lerp_(source.block, share)
            return
        for mine, theirs in zip(self.tensors, source.tensors, strict=True):
            mine.lerp_(theirs, share)

    @torch.no_grad()
    def erase(self, seed: int) -> None:
        """Set all parameters of one seed to zero."""
        for tensor in self.tensors:
            tensor[seed].zero_()

    def is_finite(self) -> Tensor:
        """Return ``[S]``: whether all parameters of a seed are finite."""
        if self.block is not None and math.isfinite(self.block.sum().item()):  # one sum tells, nearly always
            return torch.ones(len(self.weights[0]), dtype=torch.bool, device=self.block.device)
        checks = [torch.isfinite(t.detach()).flatten(1).all(dim=1) for t in self.tensors]
        return torch.stack(checks).all(dim=0)


@torch.no_grad()
def clip_each(parameters: Sequence[Tensor], limit: float) -> None:
    """Scale the gradient of every variable of every seed and slot to a norm of at most `limit`.

    Variable by variable, as the released code clips; not all variables together.
    """
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None:
            norms = gradient.flatten(2).norm(dim=2)
            gradient.mul_((limit / norms.clamp(min=limit))[:, :, None, None])


def parameter_hash(stacks: Sequence[Stack], seed: int) -> str:
    """Return the SHA-256 over all parameters of one seed, stack by stack."""
    digest = hashlib.sha256()
    for stack in stacks:
        for tensor in stack.tensors:
            digest.update(tensor[seed].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
