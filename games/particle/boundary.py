"""What keeps prey near the middle: a penalty for leaving the square from −1 to 1."""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Array


def boundary_penalty(positions: Array) -> Array:
    """Return the penalty ``[n, E]`` of standing at ``positions [n, 2, E]``, summed over both coordinates.

    For a coordinate of size x it is 0 below 0.9, rises to 1 at 1.0 as ``10 (x − 0.9)``, and is ``exp(2 x − 2)``, at
    most 10, beyond.

    Examples
    --------
    >>> float(boundary_penalty(np.array([[[0.95], [1.0]]]))[0, 0].round(9))
    1.5
    """
    x = np.abs(positions)
    near = (x - 0.9) * 10
    # exp is cut where the penalty is long at its limit, so that it cannot overflow.
    beyond = np.minimum(np.exp(np.minimum(2 * x - 2, 3.0)), 10.0)
    penalties = np.where(x < 0.9, 0.0, np.where(x < 1.0, near, beyond))
    total: Array = penalties[:, 0] + penalties[:, 1]
    return total
