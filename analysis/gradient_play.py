"""Gradient play in discrete time: simultaneous, alternating and optimistic steps.

Each agent moves its own coordinates along the gradient of its own payoff. On the bilinear game in which one agent
wants ``xy`` low and the other high, simultaneous steps spiral outwards, alternating steps stay on an ellipse, and
optimistic steps, which extrapolate the last change of the gradient, converge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.dynamics import Trajectory
from nashlens.analysis.results import Array, read_only
from nashlens.analysis.simplex import project_to_simplex
from nashlens.games.normal_form import NormalFormGame, Profile

Steps = Literal["simultaneous", "alternating", "optimistic"]
Gradient = Callable[[Array], Array]


def gradient_path(
    gradient: Gradient,
    start: npt.ArrayLike,
    *,
    step: float,
    n_steps: int,
    blocks: Sequence[int] = (),
    steps: Steps = "simultaneous",
    project: Callable[[Array], Array] | None = None,
) -> Array:
    """Points of gradient play in a game with real-valued actions.

    Parameters
    ----------
    gradient : maps a point ``[D]`` to ``[D]``: at each coordinate, the derivative of the payoff of the agent that
        owns it.
    start : ``[D]``.
    step : size of a step, coordinate over gradient units.
    n_steps : T.
    blocks : number of coordinates of each agent, in order; one each if left out. Alternating steps move one agent
        after the other, each seeing the moves before it.
    steps : ``simultaneous``; ``alternating``; or ``optimistic``: ``x ← x + η (2 g_t − g_{t−1})``, ``g_{−1} = g_0``.
    project : applied to the point after each move.

    Returns
    -------
    ``[T + 1, D]``, read-only, beginning with `start`.

    Raises
    ------
    ValueError : `start` is not a vector of finite numbers, `blocks` do not add up to D, `steps` is unknown, or `step`
        or `n_steps` is not positive.

    Examples
    --------
    >>> bilinear = lambda z: np.array([-z[1], z[0]])  # x wants xy low, y wants it high
    >>> gradient_path(bilinear, [1.0, 0.0], step=0.1, n_steps=1).tolist()
    [[1.0, 0.0], [1.0, 0.1]]
    """
    point = np.array(start, dtype=np.float64)
    if point.ndim != 1 or point.size == 0 or not np.isfinite(point).all():
        raise ValueError(f"start must be a vector of finite numbers, not {start!r}")
    sizes = list(blocks) or [1] * len(point)
    if min(sizes) < 1 or sum(sizes) != len(point):
        raise ValueError(f"blocks must be positive and add up to {len(point)}, not {sizes}")
    if steps not in {"simultaneous", "alternating", "optimistic"}:
        raise ValueError(f"steps must be simultaneous, alternating or optimistic, not {steps!r}")
    if not (np.isfinite(step) and step > 0) or n_steps < 1:
        raise ValueError(f"step and n_steps must be positive, not {step} and {n_steps}")
    ends = np.cumsum(sizes)
    parts = [slice(int(end) - n, int(end)) for n, end in zip(sizes, ends, strict=True)]
    keep: Callable[[Array], Array] = project or (lambda moved: moved)
    path = [point]
    before = gradient(point)
    for _ in range(n_steps):
        if steps == "alternating":
            for part in parts:
                moved = point.copy()
                moved[part] += step * gradient(point)[part]
                point = keep(moved)
        else:
            now = gradient(point)
            point = keep(point + step * (2 * now - before if steps == "optimistic" else now))
            before = now
        path.append(point)
    return read_only(path)


def gradient_play(
    game: NormalFormGame,
    profile: Profile,
    *,
    step: float = 0.01,
    n_steps: int = 1_000,
    steps: Steps = "simultaneous",
) -> Trajectory:
    """Projected gradient ascent of mixed strategies.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one profile to start from.
    step : probability over payoff units.
    n_steps : T.
    steps : ``simultaneous``, ``alternating`` or ``optimistic``, as in `gradient_path`.

    Returns
    -------
    Trajectory, with one unit of time a step.

    Raises
    ------
    ValueError : `profile` does not fit `game` or is a batch, or as in `gradient_path`.
    """
    if game.check_profile(profile).batch_shape:
        raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
    ends = np.cumsum(game.n_actions)[:-1]

    def gradient(point: Array) -> Array:
        return np.concatenate(action_payoffs(game.payoffs, np.split(point, ends)))

    def project(point: Array) -> Array:
        return np.concatenate([project_to_simplex(part) for part in np.split(point, ends)])

    points = gradient_path(
        gradient,
        np.concatenate(profile),
        step=step,
        n_steps=n_steps,
        blocks=game.n_actions,
        steps=steps,
        project=project,
    )
    return Trajectory(
        times=read_only(np.arange(n_steps + 1)),
        profile=Profile(np.split(points, ends, axis=-1)),
        method=f"projected gradient, {steps}",
        bound="exact",
        tolerance=step,
    )
