"""Products of batches of matrices, one for each network, so computed that a processor is busy.

Four rules hold for all of them, the first two so that a seed alone computes the bits that it computes among others.

A single product is computed as one of a pair. A batch of one takes another path through the linear algebra library,
with other rounding.

Every matrix begins at a multiple of 64 bytes. The library rounds by where a matrix lies, and without this rule the
second network's would lie elsewhere than the first's. Matrices that begin between are copied apart; results that would
are given rows of zeros, which are cut off.

A result with few columns is computed turned round, ``(AB)ᵀ = Bᵀ Aᵀ``, so that the many rows stand where a processor's
vectors lie. The outputs of an actor are five numbers wide and those of a critic one: along them the library reaches a
tenth of the speed that it has across. Such a result is a transposed view; what is done to it number by number keeps
its order in memory, and what chooses among the columns finds each of them in one piece (`narrow`).

A single product of many rows is computed as two of half the rows, and on two threads any odd number of them is: the
library gives each thread whole products, so that of three one thread would compute two while the other rests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

NARROW = 16
"""Results with fewer columns are computed turned round."""
ALIGNED = 16
"""Matrices begin at multiples of so many numbers, and products are turned round where their inner width is one."""
MANY_ROWS = 512
"""Products of fewer rows are not worth halving."""


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


def is_plain(left: Tensor, right: Tensor) -> bool:
    """Return whether ``leftᵀ right`` is the library's own batched product, which may then be written anywhere aligned.

    Parameters
    ----------
    left, right : ``[M, B, a]`` and ``[M, B, c]``, as for `over_rows`; M of two or more.
    """
    is_whole = left.shape[2] * right.shape[2] % ALIGNED == 0
    return is_whole and right.shape[2] >= NARROW and _is_placed(left) and _is_placed(right)


def affine(inputs: Tensor, weights: Tensor, biases: Tensor) -> Tensor:
    """Return ``[M, B, out]`` of inputs ``[M, B, in]``, weights ``[M, in, out]`` and biases ``[M, 1, out]``.

    A transposed view where out is small.
    """
    if _is_turned(inputs.shape[2], weights.shape[2]):
        return _paired_with(biases.mT, weights.mT.contiguous(), inputs.mT).mT
    return _paired_with(biases, inputs, weights)


def _is_turned(width: int, n_columns: int) -> bool:
    return n_columns < NARROW and width % ALIGNED == 0


class _Paired(torch.autograd.Function):
    """A product whose gradients are products by the same rules."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(left, right)
        return _multiplied(left, right)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None]:
        left, right = ctx.saved_tensors
        of_left, of_right = ctx.needs_input_grad
        return _paired(slope, right.mT) if of_left else None, _paired(left.mT, slope) if of_right else None


class _PairedWith(torch.autograd.Function):
    """A product with something added, ``[M, 1, c]`` or ``[M, a, 1]``; gradients as those of `_Paired`."""

    @staticmethod
    def forward(ctx: Any, added: Tensor, left: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(left, right)
        ctx.shape = added.shape
        return _multiplied_with(added, left, right)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        left, right = ctx.saved_tensors
        of_added, of_left, of_right = ctx.needs_input_grad
        return (
            slope.sum_to_size(ctx.shape) if of_added else None,
            _paired(slope, right.mT) if of_left else None,
            _paired(left.mT, slope) if of_right else None,
        )


_recorded: Callable[[Tensor, Tensor], Tensor] = _Paired.apply
_recorded_with: Callable[[Tensor, Tensor, Tensor], Tensor] = _PairedWith.apply


def _paired(left: Tensor, right: Tensor) -> Tensor:
    return _recorded(left, right) if torch.is_grad_enabled() else _multiplied(left, right)


def _paired_with(added: Tensor, left: Tensor, right: Tensor) -> Tensor:
    if torch.is_grad_enabled():
        return _recorded_with(added, left, right)
    return _multiplied_with(added, left, right)


def _multiplied(left: Tensor, right: Tensor) -> Tensor:
    if _is_halved(left, right):
        result = left.new_empty(*left.shape[:2], right.shape[2])
        torch.bmm(*_placed(_halves(left), _twice(right)), out=_halves(result))
        return result
    return _cut_to(torch.bmm(*_placed(left, right)), left.shape[:2] + right.shape[2:])


def _multiplied_with(added: Tensor, left: Tensor, right: Tensor) -> Tensor:
    if _is_halved(left, right):
        result = added.new_empty(*left.shape[:2], right.shape[2]).copy_(added)
        _halves(result).baddbmm_(*_placed(_halves(left), _twice(right)))
        return result
    shape = left.shape[:2] + right.shape[2:]
    left, right = _placed(left, right)
    if added.shape[1] > 1:
        added = _with_rows(added, left.shape[1])
    return _cut_to(torch.baddbmm(added, left, right), shape)


def _is_halved(left: Tensor, right: Tensor) -> bool:
    """Return whether half the work would be done for nothing or by one of two threads, and rows are easily halved."""
    n_products, n_rows, _ = left.shape
    return (
        n_products % 2 == 1
        and (n_products == 1 or torch.get_num_threads() == 2)
        and n_rows >= MANY_ROWS
        and n_rows % (2 * ALIGNED) == 0
        and right.shape[2] >= NARROW
        and left.is_contiguous()
    )


def _halves(matrices: Tensor) -> Tensor:
    """Return the upper and lower halves ``[2M, a / 2, b]`` of contiguous matrices ``[M, a, b]``."""
    m, a, b = matrices.shape
    return matrices.view(2 * m, a // 2, b)


def _twice(matrices: Tensor) -> Tensor:
    """Return every matrix twice in a row."""
    return torch.stack((matrices, matrices), dim=1).flatten(0, 1)


def _placed(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Return both with each matrix at its place, a single one twice, and left with rows of zeros below.

    There are as many rows as put each matrix of the result at its place.
    """
    n_rows, n_columns = left.shape[1], right.shape[2]
    left = _apart(_with_rows(left, n_rows + -n_rows % (ALIGNED // math.gcd(ALIGNED, n_columns))))
    right = _apart(right)
    return (left.expand(2, -1, -1), right.expand(2, -1, -1)) if left.shape[0] == 1 else (left, right)


def _cut_to(result: Tensor, shape: torch.Size) -> Tensor:
    """Return a fresh result without what was only computed beside it, in its own memory: no view, no copy."""
    return result if result.shape == shape else result.as_strided_(shape, result.stride())


def _with_rows(matrices: Tensor, n_rows: int) -> Tensor:
    """Return the matrices with rows of zeros below."""
    missing = n_rows - matrices.shape[1]
    if missing == 0:
        return matrices
    if matrices.stride(1) == 1:
        return pad(matrices.mT, (0, missing)).mT
    return pad(matrices, (0, 0, 0, missing))


def _apart(matrices: Tensor) -> Tensor:
    """Return the matrices, each at its place: copied where one is not, and a single row or column with plain strides.

    By the stride of an axis of length one the library would tell whether a matrix is transposed.
    """
    if matrices.shape[2] == 1:
        matrices = matrices[:, :, 0].unsqueeze(2)
    elif matrices.shape[1] == 1:
        matrices = matrices[:, 0].unsqueeze(1)
    return matrices if _is_placed(matrices) else _copied_apart(matrices)


def _is_placed(matrices: Tensor) -> bool:
    """Return whether the library takes the matrices as they lie, and each begins at its place."""
    m, a, b = matrices.shape
    to_next, down, across = matrices.stride()
    if not ((across == 1 and down >= b) or (down == 1 and across >= a)):
        return False
    return (m == 1 or to_next % ALIGNED == 0) and matrices.data_ptr() % (ALIGNED * matrices.element_size()) == 0


def _copied_apart(matrices: Tensor) -> Tensor:
    if matrices.stride(1) == 1 and matrices.shape[1] > 1 and matrices.stride(2) > 1:
        return _copied_apart(matrices.mT).mT
    m, a, b = matrices.shape
    return pad(matrices.reshape(m, a * b), (0, -a * b % ALIGNED))[:, : a * b].view(m, a, b)
