"""Products of batches of matrices, one for each network, so computed that a processor is busy.

Two rules hold for all of them.

A single product is computed as one of a pair. A batch of one takes another path through the linear algebra library,
with other rounding; a seed alone would then differ from the same seed among others.

A result with few columns is computed turned round, ``(AB)ᵀ = Bᵀ Aᵀ``, so that the many rows stand where a processor's
vectors lie. The outputs of an actor are five numbers wide and those of a critic one: along them the library reaches a
tenth of the speed that it has across. Such a result is a transposed view; what is done to it number by number keeps
its order in memory, and what chooses among the columns finds each of them in one piece (`narrow`).
"""

from __future__ import annotations

import torch
from torch import Tensor

NARROW = 16
"""Results with fewer columns are computed turned round."""
ALIGNED = 16
"""Where rows of other lengths begin in memory differs from network to network, and the library rounds by it."""


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return ``[M, a, c]`` of ``[M, a, b]`` and ``[M, b, c]``; a transposed view where c is small."""
    if left.shape[2] == 1:
        return left * right
    if _is_turned(left.shape[2], right.shape[2]):
        return _paired(right.mT, left.mT).mT
    return _paired(left, right)


def over_rows(left: Tensor, right: Tensor) -> Tensor:
    """Return the products ``[M, a, c]`` summed over rows, ``leftᵀ right``, of ``[M, B, a]`` and ``[M, B, c]``."""
    if _is_turned(left.shape[2], right.shape[2]):
        return _paired(right.mT, left).mT
    return _paired(left.mT, right)


def affine(inputs: Tensor, weights: Tensor, biases: Tensor) -> Tensor:
    """Return ``[M, B, out]`` of inputs ``[M, B, in]``, weights ``[M, in, out]`` and biases ``[M, 1, out]``.

    A transposed view where out is small.
    """
    if _is_turned(inputs.shape[2], weights.shape[2]):
        return _paired_with(biases.mT, weights.mT.contiguous(), inputs.mT).mT
    return _paired_with(biases, inputs, weights)


def _is_turned(width: int, n_columns: int) -> bool:
    return n_columns < NARROW and width % ALIGNED == 0


def _paired(left: Tensor, right: Tensor) -> Tensor:
    if len(left) == 1:
        return torch.bmm(left.expand(2, -1, -1), right.expand(2, -1, -1))[:1]
    return torch.bmm(left, right)


def _paired_with(added: Tensor, left: Tensor, right: Tensor) -> Tensor:
    if len(left) == 1:
        pair = torch.cat([added, added])  # a view of one would sum the gradients of both in another order
        return torch.baddbmm(pair, left.expand(2, -1, -1), right.expand(2, -1, -1))[:1]
    return torch.baddbmm(added, left, right)
