"""Quadratic games whose agents draw their numbers: exact deviation gains from two moments of each agent's draw.

Agents draw independently, so a payoff that is quadratic in all actions has an expectation in first and second moments
alone, and the best reply to the others is a fixed number that depends on their means. A learned policy in a box is a
normal draw cut to the box; its moments have closed forms.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.exploitability import NashConv
from nashlens.analysis.quadratic_game import QuadraticGame
from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import numbers

_SLACK = 1e-12


def clipped_normal_moments(
    mean: npt.ArrayLike, std: npt.ArrayLike, *, low: npt.ArrayLike, high: npt.ArrayLike
) -> tuple[Array, Array]:
    """Mean and mean square of normal draws that are cut to an interval, ``min(max(X, low), high)``.

    With ``α = (low − m)/s``, ``β = (high − m)/s``, the normal density φ and distribution Φ:
    ``E = low Φ(α) + high (1 − Φ(β)) + m (Φ(β) − Φ(α)) − s (φ(β) − φ(α))``.

    Parameters
    ----------
    mean, std : ``[…]``; of the draws before they are cut; `std` above 0.
    low, high : ``[…]``; the interval.

    Returns
    -------
    Two arrays ``[…]``: ``E[Y]`` and ``E[Y²]``.

    Raises
    ------
    ValueError : a number is not finite, `std` is not above 0, or `low` is not below `high`.

    Examples
    --------
    >>> first, second = clipped_normal_moments(0.0, 1.0, low=-100.0, high=100.0)
    >>> float(first), round(float(second), 12)
    (0.0, 1.0)
    """
    m, s, a, b = np.broadcast_arrays(
        *(numbers(v, name=k) for v, k in ((mean, "mean"), (std, "std"), (low, "low"), (high, "high")))
    )
    if not all(np.isfinite(part).all() for part in (m, s, a, b)) or not (s > 0).all() or not (a < b).all():
        raise ValueError(f"mean, std, low, high must be finite, std > 0 and low < high; std is {s}, bounds {a}, {b}")
    alpha, beta = (a - m) / s, (b - m) / s
    below, above = special.ndtr(alpha), special.ndtr(-beta)
    inside = special.ndtr(beta) - below
    at_low, at_high = (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) for z in (alpha, beta))
    first: Array = a * below + b * above + m * inside - s * (at_high - at_low)
    square_inside = (m**2 + s**2) * inside - s * ((m + b) * at_high - (m + a) * at_low)
    second: Array = a**2 * below + b**2 * above + square_inside
    return first, np.maximum(second, first**2)


def random_play_nash_conv(
    game: QuadraticGame, means: npt.ArrayLike, squares: npt.ArrayLike, *, tolerance: float = 1e-9
) -> NashConv:
    """NashConv of independent random actions in a quadratic game.

    ``max_a [q a² + ℓ a] − q E[a_i²] − ℓ E[a_i]`` with the own curvature q and the slope ℓ at the others' means: of a
    deterministic action only, since what is linear in a distribution is largest at a point.

    Parameters
    ----------
    game : payoffs ``b_i · a + aᵀ Q_i a``.
    means, squares : ``[…, N]``; ``E[a_i]`` and ``E[a_i²]``.
    tolerance : payoff units; a Nash gap up to this counts as an equilibrium.

    Returns
    -------
    NashConv with ``gains […, N]``, exact; its spans are NaN. At fixed actions it is `quadratic_nash_conv`.

    Raises
    ------
    ValueError : shapes do not fit `game`, means lie outside the bounds, or a mean square is below its mean's square.

    Examples
    --------
    >>> bilinear = QuadraticGame(
    ...     linear=np.zeros((2, 2)), quadratic=[[[0, 1], [0, 0]], [[0, -1], [0, 0]]], low=[-1, -1], high=[1, 1]
    ... )
    >>> float(random_play_nash_conv(bilinear, [0.25, -0.5], [1 / 3, 1 / 3]).nash_conv)
    0.75
    """
    mean, square = numbers(means, name="means"), numbers(squares, name="squares")
    if square.shape != mean.shape or not np.isfinite(square).all() or (square < mean**2 - _SLACK).any():
        raise ValueError(
            f"squares must be finite, of the shape of means and at least their squares; means are {mean.tolist()}, "
            f"squares {square.tolist()}"
        )
    at_means = game.deviation_gains(mean)
    i = np.arange(game.n_agents)
    own = game.quadratic[i, i, i]
    gains = np.maximum(at_means - own * np.maximum(square - mean**2, 0.0), 0.0)
    return NashConv(gains=read_only(gains), spans=read_only(np.full(game.n_agents, np.nan)), tolerance=tolerance)
