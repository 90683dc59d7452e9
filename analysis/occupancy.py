"""How often each state of an episode is visited, for tabular games that end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_game import MarkovGame, averaged, checked_start
from nashlens.analysis.results import Array, read_only
from nashlens.games.normal_form import Profile


def episode_occupancy(
    game: MarkovGame, profile: Profile, *, start: npt.ArrayLike, playing: npt.ArrayLike, n_steps: int
) -> Array:
    """Return the distribution of the state at a random step of an episode.

    Parameters
    ----------
    game : a Markov game.
    profile : policies ``[T, S, A_i]`` an agent.
    start : ``[S]``; distribution of the first state.
    playing : ``[S]``; False where the episode is over.
    n_steps : the most steps that an episode has, at least 1.

    Returns
    -------
    ``[T, S]``; 0 where the episode is over, adding to 1.

    Raises
    ------
    ValueError : an argument does not fit, or no step is ever played.
    """
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, not {n_steps}")
    counts = np.asarray(playing, dtype=np.bool_)
    if counts.shape != (game.n_states,):
        raise ValueError(f"playing must say it of each of {game.n_states} states, not shape {counts.shape}")
    game.check_profile(profile)
    kernel = averaged(game.kernel, profile, over=range(game.n_agents))
    now: Array = np.broadcast_to(checked_start(game, start), kernel.shape[:2]).copy()
    visits = np.zeros_like(now)
    for _ in range(n_steps):
        visits += now * counts
        now = (now[:, None] @ kernel)[:, 0]
    totals = visits.sum(axis=1, keepdims=True)
    if not (totals > 0).all():
        raise ValueError("start must lead to a state that is played, and no step is")
    return read_only(visits / totals)
