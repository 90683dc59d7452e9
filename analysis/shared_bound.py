"""Whether any shared strategy gets more than a value that was found: bounds on ever smaller parts of the simplex.

Over a simplex the expected welfare is a polynomial in barycentric coordinates. It is a symmetric form of N corners,
whose values at all choices of corners are called control values: the polynomial is a mean of them, so that none of its
values passes the largest. Halving the longest edge makes them close in on the polynomial with the square of the length.
Parts whose control values stay below the value are done; when all are, nothing gets more.

References
----------
Leroy (2008), Certificates of positivity and polynomial minimization in the multivariate Bernstein basis, thesis,
Université de Rennes 1.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array

MOST_NUMBERS = 1 << 21
"""Control values that are held at once; a problem that needs more is left undecided."""
MOST_HALVINGS = 200


def none_passes(welfare: Array, value: float, *, slack: float) -> bool:
    """Say whether it is certain that no shared strategy has an expected welfare above ``value + slack``.

    Parameters
    ----------
    welfare : ``[A, …, A]``, one axis an agent.
    value : welfare of some shared strategy.
    slack : payoff units, at least 0; the smaller, the more halvings.

    Returns
    -------
    False where a strategy has more, and where `MOST_NUMBERS` or `MOST_HALVINGS` were not enough to tell.

    Examples
    --------
    >>> none_passes(np.array([[0.0, 1.0], [1.0, 0.0]]), 0.5, slack=1e-9)
    True
    >>> none_passes(np.array([[0.0, 1.0], [1.0, 0.0]]), 0.499, slack=1e-9)
    False
    """
    n_actions = len(welfare)
    controls, corners = _symmetric(welfare)[None], np.eye(n_actions)[None]
    for _ in range(MOST_HALVINGS):
        if (_corner_values(controls) > value + slack).any():
            return False
        left = controls.reshape(len(controls), -1).max(axis=1) > value + slack
        if not left.any():
            return True
        controls, corners = controls[left], corners[left]
        if 2 * controls.size > MOST_NUMBERS:
            return False
        controls, corners = _halved(controls, corners)
    return False


def _symmetric(welfare: Array) -> Array:
    """Return the mean welfare over agents' places, of which shared strategies do not know."""
    joint = np.sort(np.indices(welfare.shape).reshape(welfare.ndim, -1), axis=0)
    _, which = np.unique(joint, axis=1, return_inverse=True)
    means = np.bincount(which.ravel(), weights=welfare.ravel()) / np.bincount(which.ravel())
    found: Array = means[which.ravel()].reshape(welfare.shape)
    return found


def _corner_values(controls: Array) -> Array:
    """Return the welfare ``[n, A]`` at the corners of n simplices: the control values of one corner N times."""
    n_actions = controls.shape[1]
    own = np.ravel_multi_index((np.arange(n_actions),) * (controls.ndim - 1), controls.shape[1:])
    values: Array = controls.reshape(len(controls), -1)[:, own]
    return values


def _halved(controls: Array, corners: Array) -> tuple[Array, Array]:
    """Return both halves of n simplices, cut in the middle of their longest edges."""
    n, n_actions = corners.shape[:2]
    lengths = np.square(corners[:, :, None] - corners[:, None]).sum(axis=3).reshape(n, -1)
    first, second = np.divmod(lengths.argmax(axis=1), n_actions)
    halves = []
    for moved in (first, second):
        places = np.tile(np.eye(n_actions), (n, 1, 1))
        places[np.arange(n), moved] = 0.0
        places[np.arange(n), moved, first] = places[np.arange(n), moved, second] = 0.5
        halves.append((_at_places(controls, places), places @ corners))
    return np.concatenate([half[0] for half in halves]), np.concatenate([half[1] for half in halves])


def _at_places(controls: Array, places: Array) -> Array:
    """Return the control values at new corners, given as mixtures ``[n, A, A]`` of the old ones."""
    found = controls
    for _ in range(controls.ndim - 1):  # one agent's axis at a time, from the last place to the first
        flat = found.reshape(len(found), -1, found.shape[-1]) @ places.transpose(0, 2, 1)
        found = np.moveaxis(flat.reshape(found.shape), -1, 1)
    return found
