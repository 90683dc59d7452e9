"""The cheapest way to turn many distributions into others, by one linear programme for many pairs at once.

A solver's start costs more than a small transport problem. Stacked block by block, hundreds of pairs cost about as
much as a few dozen one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array, kron

from nashlens.analysis.results import Array

_CHUNK = 20_000


def least_costs(p: Array, q: Array, costs: Array) -> Array:
    """Return ``min Σ γ_ab c_ab`` over couplings γ of each two rows, ``[K]``.

    Parameters
    ----------
    p, q : ``[K, A]``; distributions, with sums that agree to rounding.
    costs : ``[A, A]``, 0 on the diagonal and at least 0 elsewhere; a distance to the power of the order.

    Returns
    -------
    ``[K]``, in units of the costs; exactly 0 where the rows are equal.

    Raises
    ------
    ArithmeticError : the solver finds no coupling.

    Examples
    --------
    >>> least_costs(np.array([[1.0, 0.0]]), np.array([[0.25, 0.75]]), np.array([[0.0, 2.0], [2.0, 0.0]])).tolist()
    [1.5]
    """
    found = np.zeros(len(p))
    pure = (np.count_nonzero(p, axis=1) == 1) | (np.count_nonzero(q, axis=1) == 1)
    # With one side pure there is one coupling only: the product.
    found[pure] = np.einsum("ka,ab,kb->k", p[pure], costs, q[pure])
    different = (p != q).any(axis=1)
    found[~different] = 0.0
    mixed = np.flatnonzero(~pure & different)
    step = max(1, _CHUNK // costs.size)
    for start in range(0, len(mixed), step):
        part = mixed[start : start + step]
        found[part] = _stacked(p[part], q[part], costs)
    least: Array = np.maximum(found, 0.0)
    return least


def _stacked(p: Array, q: Array, costs: Array) -> Array:
    n_rows, n = p.shape
    ones, eye = csr_array(np.ones((1, n))), csr_array(np.eye(n))
    sent, received = kron(eye, ones).toarray(), kron(ones, eye).toarray()
    one = csr_array(np.concatenate([sent, received[:-1]]))  # the last constraint follows from the others
    target = np.concatenate([p, q[:, :-1]], axis=1).ravel()
    constraints: Any = block_diag([one] * n_rows, format="csr")
    solved = linprog(np.tile(costs.ravel(), n_rows), A_eq=constraints, b_eq=target, method="highs")
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"no coupling was found: {solved.message}")
    moved: Array = np.asarray(solved.x, dtype=np.float64).reshape(n_rows, -1) @ costs.ravel()
    return moved
