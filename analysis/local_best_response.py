"""Local best response: a deviator that takes the action which looks best one step ahead, and is then really played.

What a look-ahead promises is no bound, because it may be wrong; what the action it picks then gains is one. In a game
of one shot with the true action values it is the best response itself.

References
----------
Lisý and Bowling (2017), arXiv:1612.07547.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.core import IntArray
from nashlens.games.normal_form import NormalFormGame, Profile

LISY = "Lisý and Bowling (2017), arXiv:1612.07547"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalBestResponse:
    """What each agent's greedy deviation gains when it is played.

    Attributes
    ----------
    actions : ``[…, N]``; the action of highest looked-ahead value, the first among equals.
    gains : ``[…, N]``; its payoff against the others less the profile's, payoff units; may be negative.
    promised : ``[…, N]``; what the look-ahead made of its payoff, less the profile's true one: no bound.
    """

    actions: IntArray
    gains: Array
    promised: Array
    bound: Bound
    references: tuple[str, ...] = (LISY,)

    def to_records(self) -> list[Record]:
        """Return one row for each profile and agent."""
        return [
            {
                "metric": "local_best_response_gain",
                "value": float(self.gains[place]),
                "promised": float(self.promised[place]),
                "action": int(self.actions[place]),
                "agent": place[-1],
                **{f"index_{k}": position for k, position in enumerate(place[:-1])},
                "bound": self.bound,
            }
            for place in np.ndindex(self.gains.shape)
        ]


def local_best_response(
    game: NormalFormGame, profile: Profile, *, q_values: Sequence[npt.ArrayLike] | None = None
) -> LocalBestResponse:
    """Greedy deviation of each agent in a game of one shot, played against the others' true strategies.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch.
    q_values : looked-ahead values of each agent's actions, ``[…, A_i]`` an agent, such as a learned critic's; if left
        out the true ones, and then this is the best response.

    Returns
    -------
    LocalBestResponse; its `bound` is ``exact`` with the true values, ``lower`` with others.

    Raises
    ------
    ValueError : `profile` or `q_values` does not fit `game`.

    References
    ----------
    Lisý and Bowling (2017), arXiv:1612.07547.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> local_best_response(pennies, Profile([[0.9, 0.1], [0.7, 0.3]])).gains.round(9).tolist()
    [0.08, 1.12]
    """
    game.check_profile(profile)
    true = action_payoffs(game.payoffs, profile)
    believed = true if q_values is None else _checked(q_values, true)
    actions, gains, promised = [], [], []
    for strategy, pays, looks in zip(profile, true, believed, strict=True):
        choice = looks.argmax(axis=-1)
        base = (strategy * pays).sum(axis=-1)
        actions.append(choice)
        gains.append(np.take_along_axis(pays, choice[..., None], axis=-1)[..., 0] - base)
        promised.append(looks.max(axis=-1) - base)
    return LocalBestResponse(
        actions=np.asarray(np.stack(actions, axis=-1), dtype=np.int64),
        gains=read_only(np.stack(gains, axis=-1)),
        promised=read_only(np.stack(promised, axis=-1)),
        bound="exact" if q_values is None else "lower",
    )


def _checked(q_values: Sequence[npt.ArrayLike], true: Sequence[Array]) -> list[Array]:
    if len(q_values) != len(true):
        raise ValueError(f"q_values must be {len(true)} arrays, one an agent, not {len(q_values)}")
    checked = []
    for i, (given, fits) in enumerate(zip(q_values, true, strict=True)):
        values = numbers(given, name=f"q_values[{i}]")
        if values.shape != fits.shape or not np.isfinite(values).all():
            raise ValueError(f"q_values[{i}] must be finite, of shape {fits.shape}, not {values.shape}")
        checked.append(values)
    return checked
