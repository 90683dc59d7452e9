"""Passes through feed-forward stacks, forward and back, written out: what automatic differentiation would do, and less.

The networks are fixed, so that their derivatives are known beforehand: no graph is recorded, the slope of a rectified
layer is cut in place, a gradient is written where the optimiser reads it, and of the slope in the inputs only the part
that is asked for is computed. With ``z_k`` the k-th layer's output before it is rectified, ``h_k = max(z_k, 0)``,
and G_k the slope in ``z_k``,

    ∂/∂W_k = h_{k−1}ᵀ G_k,  ∂/∂b_k = Σ_rows G_k,  G_{k−1} = (G_k W_kᵀ) ∘ [h_{k−1} > 0].

Everything works on each seed's part alone; the products are those of `products`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nashlens.agents.layout import are_in_line, diagonal
from nashlens.agents.networks import Stack
from nashlens.agents.products import affine, is_plain, over_rows, product

ROWS = 1024
_cut: Any = torch.ops.aten.threshold_backward.grad_input


@torch.no_grad()
def forward(stack: Stack, inputs: Tensor) -> list[Tensor]:
    """Return the activations of every layer, the inputs first and the outputs last, ``[S · n, B, width]`` each.

    Parameters
    ----------
    stack : feed-forward networks.
    inputs : ``[S · n, B, in]``, from `Stack.rows`.
    """
    activations = [inputs]
    layers = stack.layers()
    for depth, (weight, bias) in enumerate(layers):
        layer = affine(activations[-1], weight, bias)
        activations.append(layer.relu_() if depth < len(layers) - 1 else layer)
    return activations


def outputs(stack: Stack, inputs: Tensor) -> Tensor:
    """Return what the networks make of inputs ``[S, n, B, in]``, ``[S, n, B, out]``.

    Many rows are taken `ROWS` at a time, so that what a layer leaves is still near the processor when the next reads
    it.
    """
    if stack.recurrent or inputs.shape[2] <= ROWS:
        return stack(inputs)
    parts = [stack(part) for part in torch.split(inputs, ROWS, dim=2)]
    if parts[0].stride(2) == 1:  # narrow outputs come turned round, and stay so
        return torch.cat([part.mT for part in parts], dim=3).mT
    return torch.cat(parts, dim=2)


@torch.no_grad()
def descend(stack: Stack, activations: Sequence[Tensor], slope: Tensor) -> None:
    """Set the gradients of a packed stack's parameters.

    Parameters
    ----------
    stack : feed-forward networks, packed.
    activations : from `forward`.
    slope : ``[S · n, B, out]``; of what is to fall, in the outputs.
    """
    layers, written = stack.layers(), stack.gradients() if slope.shape[0] > 1 else []
    for depth in range(len(layers) - 1, -1, -1):
        below = activations[depth]
        if not written:
            stack.set_gradient(depth, over_rows(below, slope), slope.sum(dim=1, keepdim=True))
        else:
            weight, bias = written[depth]
            if is_plain(below, slope):
                torch.bmm(below.mT, slope, out=weight)
            else:
                weight.copy_(over_rows(below, slope))
            torch.sum(slope, dim=1, keepdim=True, out=bias)
        if depth:
            slope = _back(slope, layers[depth][0], below)


@torch.no_grad()
def slope_in_inputs(
    stack: Stack, activations: Sequence[Tensor], slope: Tensor, columns: Sequence[slice], *, width: int
) -> Tensor:
    """Return the slope in some columns of the inputs, ``[S · n, B, width]``, zeros behind the fewer ones.

    Parameters
    ----------
    stack : feed-forward networks.
    activations : from `forward`.
    slope : ``[S · n, B, out]``; in the outputs.
    columns : of each of the n agents.
    width : at least as many as the most columns of an agent.
    """
    layers = stack.layers()
    for depth in range(len(layers) - 1, 0, -1):
        slope = _back(slope, layers[depth][0], activations[depth])
    first = layers[0][0].view(-1, len(columns), *layers[0][0].shape[1:])
    return product(slope, _rows_of(first, columns, width=width).flatten(0, 1).mT)


def _rows_of(weights: Tensor, columns: Sequence[slice], *, width: int) -> Tensor:
    """Return the rows of weights ``[S, n, in, out]`` that read some columns, ``[S, n, width, out]``, zeros behind."""
    if are_in_line(columns, width):
        return diagonal(weights.mT[..., columns[0].start :], len(columns), width).mT
    read = weights.new_zeros(*weights.shape[:2], width, weights.shape[-1])
    for k, here in enumerate(columns):
        read[:, k, : here.stop - here.start] = weights[:, k, here]
    return read


def _back(slope: Tensor, weight: Tensor, below: Tensor) -> Tensor:
    """Return the slope in a rectified layer before it was rectified."""
    slope = product(slope, weight.mT)
    cut: Tensor = _cut(slope, below, 0, grad_input=slope)
    return cut
