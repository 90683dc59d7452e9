"""Tabular Markov games, and what their model looks like once some agents' actions are averaged out.

A single agent's world is the game with the others' policies averaged into it: ``P_i^π(s'|s, a_i)`` and
``R_i^π(s, a_i)``. Whatever is conditioned on is kept, whatever is not is averaged over its policy at the same state;
conditioning on the whole joint action leaves nothing to average, and nothing that a policy could change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, read_only
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarkovGame:
    """A Markov game with finitely many states, as arrays.

    Attributes
    ----------
    kernel : ``[S, A_1, …, A_N, S]``; probability of each next state.
    rewards : ``[N, S, A_1, …, A_N]``; what each agent gets.

    Raises
    ------
    ValueError : the shapes do not fit together, something is not finite, or a row of the kernel is no distribution.
    """

    kernel: Array
    rewards: Array

    def __post_init__(self) -> None:
        kernel, rewards = read_only(self.kernel), read_only(self.rewards)
        n_agents = len(rewards) if rewards.ndim else 0
        if n_agents == 0 or rewards.ndim != n_agents + 2 or rewards.size == 0:
            raise ValueError(f"rewards must be [N, S, A_1, …, A_N] for N agents, not shape {rewards.shape}")
        if kernel.shape != (*rewards.shape[1:], rewards.shape[1]):
            raise ValueError(
                f"kernel must be [S, A_1, …, A_N, S] = {(*rewards.shape[1:], rewards.shape[1])}, "
                f"not shape {kernel.shape}"
            )
        if not np.isfinite(rewards).all():
            raise ValueError("rewards must be finite")
        if not ((kernel >= 0).all() and np.allclose(kernel.sum(axis=-1), 1, rtol=0, atol=1e-9)):
            raise ValueError("kernel must be non-negative and sum to 1 within 1e-9 over next states")
        object.__setattr__(self, "kernel", kernel)
        object.__setattr__(self, "rewards", rewards)

    @classmethod
    def from_normal_form(cls, game: NormalFormGame) -> MarkovGame:
        """Return a game in normal form, played for ever: one state, which never changes."""
        return cls(kernel=np.ones((1, *game.n_actions, 1)), rewards=game.payoffs[:, None])

    @property
    def n_agents(self) -> int:
        """N."""
        return len(self.rewards)

    @property
    def n_states(self) -> int:
        """S."""
        return int(self.rewards.shape[1])

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of each agent."""
        n_actions: tuple[int, ...] = self.rewards.shape[2:]
        return n_actions

    @property
    def spans(self) -> Array:
        """``[N]``; the highest less the lowest reward of each agent."""
        flat = self.rewards.reshape(self.n_agents, -1)
        spans: Array = np.ptp(flat, axis=1)
        return spans

    def check_profile(self, profile: Profile) -> Profile:
        """Return policies ``[…, S, A_i]`` of this game, or say what does not fit.

        Raises
        ------
        ValueError : number of agents, of states or of actions differs.
        """
        expected = tuple((self.n_states, n) for n in self.n_actions)
        found = tuple(s.shape[-2:] for s in profile)
        if found != expected:
            raise ValueError(f"profile must hold policies whose last two axes are {list(expected)}, not {list(found)}")
        return profile


def as_markov_game(game: MarkovGame | NormalFormGame, profile: Profile) -> tuple[MarkovGame, Profile]:
    """Return a Markov game with policies ``[…, S, A_i]``; a game in normal form gets its one state.

    Parameters
    ----------
    game : either kind.
    profile : ``[…, S, A_i]`` an agent for a Markov game, ``[…, A_i]`` for a game in normal form.

    Raises
    ------
    ValueError : `profile` does not fit `game`.
    """
    if isinstance(game, NormalFormGame):
        game.check_profile(profile)
        return MarkovGame.from_normal_form(game), Profile([s[..., None, :] for s in profile])
    return game, game.check_profile(profile)


def check_snapshot_axis(policies: Profile) -> None:
    """Raise a ValueError unless policies are ``[T, S, A_i]``."""
    if len(policies.batch_shape) != 2:
        raise ValueError(f"profile must have one leading axis of T snapshots, not {policies.batch_shape[:-1]}")


def averaged(table: Array, profile: Profile, *, over: Sequence[int]) -> Array:
    """Average a table over the policies of some agents.

    Parameters
    ----------
    table : ``[S, A_1, …, A_N, …]``; the kernel, or one agent's rewards.
    profile : policies ``[T, S, A_i]``.
    over : the agents whose actions are averaged out.

    Returns
    -------
    ``[T, S, …]`` with the axes of the agents that are left, in order, then those that followed them.
    """
    n_snapshots = len(profile[0])
    shape = list(table.shape[1:])
    result: Array = np.broadcast_to(table, (n_snapshots, *table.shape))
    for j in sorted(over, reverse=True):  # the axes of earlier agents stay where they are
        last = np.moveaxis(result, 2 + j, -1)
        n_states, n_actions = profile[j].shape[1:]
        del shape[j]
        rows = last.reshape(n_snapshots, n_states, math.prod(shape), n_actions)
        result = (rows @ profile[j][..., None])[..., 0].reshape(n_snapshots, n_states, *shape)
    return result


def induced_kernel(game: MarkovGame, profile: Profile, *, agent: int) -> Array:
    """Return ``P_i^π(s'|s, a_i)``, ``[T, S, A_i, S]``, for policies ``[T, S, A_j]``."""
    return averaged(game.kernel, profile, over=[j for j in range(game.n_agents) if j != agent])


def induced_reward(game: MarkovGame, profile: Profile, *, agent: int) -> Array:
    """Return ``R_i^π(s, a_i)``, ``[T, S, A_i]``, for policies ``[T, S, A_j]``."""
    return averaged(game.rewards[agent], profile, over=[j for j in range(game.n_agents) if j != agent])


def state_values(game: MarkovGame, profile: Profile, *, discount: float) -> Array:
    """Return the discounted value of every state to every agent, ``[T, N, S]``, for policies ``[T, S, A_i]``.

    Solves ``(I − γ P^π) V = R^π`` exactly.

    Raises
    ------
    ValueError : `discount` is outside [0, 1).
    """
    check_discount(discount)
    everyone = range(game.n_agents)
    kernel = averaged(game.kernel, profile, over=everyone)
    rewards = np.stack([averaged(r, profile, over=everyone) for r in game.rewards], axis=-1)
    solved = np.linalg.solve(np.eye(game.n_states) - discount * kernel, rewards)
    return np.swapaxes(solved, -1, -2)


def joint_action_values(game: MarkovGame, profile: Profile, *, discount: float) -> Array:
    """Return ``Q_i^π(s, a_1, …, a_N)``, ``[T, N, S, A_1, …, A_N]``, for policies ``[T, S, A_i]``.

    Raises
    ------
    ValueError : `discount` is outside [0, 1).
    """
    values = state_values(game, profile, discount=discount)
    following = np.tensordot(values, game.kernel, axes=(-1, -1))
    joint: Array = game.rewards + discount * following
    return joint


def checked_start(game: MarkovGame, start: npt.ArrayLike | None) -> Array:
    """Return the distribution ``[S]`` of the first state, uniform if none is given.

    Raises
    ------
    ValueError : `start` is no distribution over the states.
    """
    if start is None:
        return np.full(game.n_states, 1 / game.n_states)
    (first,) = Profile([start])
    if first.shape != (game.n_states,):
        raise ValueError(f"start must be a distribution over {game.n_states} states, not shape {first.shape}")
    return first


def check_discount(discount: float) -> None:
    """Raise a ValueError unless a discount lies in [0, 1)."""
    if not 0 <= discount < 1:
        raise ValueError(f"discount must be in [0, 1), not {discount}")
