"""Does play settle, or does it cycle: last profile against average, turns around a centre, returns, detours.

In zero-sum games learning often circles an equilibrium that only its average approaches. Four measures tell that
apart from convergence: how much smaller the Nash gap of the average is than that of the last profile; how often the
path turns around the equilibrium; how near it comes again to where it was; and how much longer it is than the way
from its start to its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.results import Array, Bound, Record
from nashlens.games.normal_form import NormalFormGame, Profile

REFERENCES = ("Mertikopoulos, Papadimitriou & Piliouras, arXiv:1709.02738",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cycling:
    """Measures of cycling along a path of T + 1 profiles.

    Attributes
    ----------
    gap_last : payoff units; NashConv of the last profile.
    gap_average : payoff units; NashConv of the average strategies. Away from two-agent zero-sum games averages need
        not approach an equilibrium.
    winding : turns around the centre in the plane of the path's two widest directions, by absolute value; NaN if the
        path has no such plane or runs through the centre.
    largest_turn : turns; the most between two successive profiles. Near half a turn, and unseen beyond it, `winding`
        depends on how far apart the profiles of the path were taken.
    recurrence : distance of the nearest return to the start after the given delay, in total variation summed over
        agents.
    tortuosity : length of the path over the distance of its ends, at least 1; infinite for a closed path; NaN for one
        that never moves.
    bound, tolerance, references : exact for the profiles given; the tolerance is a total variation below which a path
        has not moved.
    """

    gap_last: float
    gap_average: float
    winding: float
    largest_turn: float
    recurrence: float
    tortuosity: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = REFERENCES

    @property
    def cycle_index(self) -> float:
        """How much NashConv averaging saves: payoff units; large for cycles, about 0 for convergence."""
        return self.gap_last - self.gap_average

    def to_records(self) -> list[Record]:
        """Return one row a measure."""
        measures = {
            "gap_last": self.gap_last,
            "gap_average": self.gap_average,
            "cycle_index": self.cycle_index,
            "winding": self.winding,
            "recurrence": self.recurrence,
            "tortuosity": self.tortuosity,
        }
        return [
            {"metric": name, "value": value, "bound": self.bound, "tolerance": self.tolerance}
            for name, value in measures.items()
        ]


def cycling(
    game: NormalFormGame,
    profile: Profile,
    *,
    centre: Profile | None = None,
    delay: int | None = None,
    tolerance: float = 1e-12,
) -> Cycling:
    """Measure how a path of profiles cycles.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : the path, one array ``(T + 1, A_i)`` an agent.
    centre : what to count turns around, such as an equilibrium; the average of the path if left out.
    delay : steps before a return to the start counts; a tenth of the path if left out.
    tolerance : total variation; a path that moves less has not moved.

    Returns
    -------
    Cycling.

    Raises
    ------
    ValueError : `profile` does not fit `game` or has not one leading axis of at least two profiles, `centre` does not
        fit `game` or is a batch, or `delay` is not between 1 and T.

    References
    ----------
    Mertikopoulos, Papadimitriou & Piliouras, arXiv:1709.02738.
    """
    game.check_profile(profile)
    if len(profile.batch_shape) != 1 or profile.batch_shape[0] < 2:
        raise ValueError(f"profile must have one leading axis of at least two profiles, not {profile.batch_shape}")
    n_steps = profile.batch_shape[0] - 1
    wait = max(1, n_steps // 10) if delay is None else delay
    average = Profile([s.mean(axis=0) for s in profile])
    around = average if centre is None else game.check_profile(centre)
    if around.batch_shape:
        raise ValueError(f"centre must be one profile, not a batch of shape {around.batch_shape}")
    points = np.concatenate(profile, axis=1)
    turns = turn_steps(_in_widest_plane(points, np.concatenate(around)), (0.0, 0.0))
    return Cycling(
        gap_last=float(nash_conv(game, Profile([s[-1] for s in profile])).nash_conv),
        gap_average=float(nash_conv(game, average).nash_conv),
        winding=abs(float(turns.sum())),
        largest_turn=float(np.abs(turns).max()),
        recurrence=recurrence(points, delay=wait) / 2,
        tortuosity=tortuosity(points, tolerance=2 * tolerance),
        bound="exact",
        tolerance=tolerance,
    )


def winding_number(points: npt.ArrayLike, centre: npt.ArrayLike) -> float:
    """Count the turns of a path in the plane around a centre, anticlockwise.

    Parameters
    ----------
    points : ``[T + 1, 2]``; successive points must be less than half a turn apart.
    centre : ``[2]``.

    Returns
    -------
    Turns, fractions included; NaN if a point is the centre.

    Raises
    ------
    ValueError : a shape differs.

    Examples
    --------
    >>> winding_number([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]], [0, 0])
    1.0
    """
    return float(turn_steps(points, centre).sum())


def turn_steps(points: npt.ArrayLike, centre: npt.ArrayLike) -> Array:
    """Return the turns ``[T]`` between successive points around a centre, anticlockwise, from −½ to ½.

    Parameters
    ----------
    points : ``[T + 1, 2]``.
    centre : ``[2]``; if a point is the centre, every turn is NaN.

    Raises
    ------
    ValueError : a shape differs.
    """
    path, middle = np.asarray(points, dtype=np.float64), np.asarray(centre, dtype=np.float64)
    if path.ndim != 2 or path.shape[1] != 2 or middle.shape != (2,):
        raise ValueError(f"points and centre must have shapes (T + 1, 2) and (2,), not {path.shape}, {middle.shape}")
    x, y = (path - middle).T
    if ((x == 0) & (y == 0)).any():
        return np.full(len(x) - 1, np.nan)
    angles: Array = np.arctan2(x[:-1] * y[1:] - y[:-1] * x[1:], x[:-1] * x[1:] + y[:-1] * y[1:])
    return angles / (2 * np.pi)


def recurrence(points: npt.ArrayLike, *, delay: int) -> float:
    """Least L1 distance to the first point, `delay` steps after it or later.

    Parameters
    ----------
    points : ``[T + 1, D]``.
    delay : between 1 and T.

    Raises
    ------
    ValueError : `points` has another shape, or `delay` is out of range.
    """
    path = np.asarray(points, dtype=np.float64)
    if path.ndim != 2 or not 1 <= delay < len(path):
        raise ValueError(f"points must be [T + 1, D] and delay from 1 to T; not {path.shape} and {delay}")
    return float(np.abs(path[delay:] - path[0]).sum(axis=1).min())


def tortuosity(points: npt.ArrayLike, *, tolerance: float = 1e-12) -> float:
    """Length of a path over the distance of its ends, in L1 distance.

    Parameters
    ----------
    points : ``[T + 1, D]``.
    tolerance : shorter paths have not moved, and ends nearer than this coincide.

    Returns
    -------
    At least 1; infinite if the path returns to its start, NaN if it never moves.

    Raises
    ------
    ValueError : `points` is not a matrix with a row.
    """
    path = np.asarray(points, dtype=np.float64)
    if path.ndim != 2 or len(path) == 0:
        raise ValueError(f"points must have shape (T + 1, D), not {path.shape}")
    length = float(np.abs(np.diff(path, axis=0)).sum())
    direct = float(np.abs(path[-1] - path[0]).sum())
    if length <= tolerance:
        return float("nan")
    return max(length / direct, 1.0) if direct > tolerance else float("inf")


def _in_widest_plane(points: Array, centre: Array) -> Array:
    """Return ``[T + 1, 2]``; the points from the centre, in the two directions in which the path is widest."""
    if points.shape[1] < 2:
        return np.zeros((len(points), 2))
    _, sizes, directions = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= 1e-9 * max(float(sizes[0]), np.finfo(np.float64).tiny):
        return np.zeros((len(points), 2))
    flat: Array = (points - centre) @ directions[:2].T
    return flat
