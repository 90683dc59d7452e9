"""Normal-form games: a payoff tensor, as a value for exact analysis and as an environment of one round.

As an environment the game shows every agent the constant observation 1, takes one action of each, pays, and is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, Choice, Game, GameSpec, Step, check_actions
from nashlens.games.policy import ConstantPolicy, JointPolicy
from nashlens.games.randomness import Streams

SIMPLEX_TOLERANCE = 1e-9


class Profile(tuple[Array, ...]):
    """One mixed strategy ``[…, A_i]`` an agent; leading axes are a batch of profiles.

    Parameters
    ----------
    strategies : N arrays with the same leading axes; the last axis of each is a distribution.

    Raises
    ------
    ValueError : a strategy holds no numbers, is off the simplex by more than ``1e-9``, or the leading axes differ.
    """

    __slots__ = ()

    def __new__(cls, strategies: Sequence[npt.ArrayLike]) -> Profile:
        """Check and freeze the strategies."""
        try:
            arrays = tuple(np.array(s, dtype=np.float64) for s in strategies)
        except (TypeError, ValueError) as error:
            raise ValueError(f"strategies must be arrays of numbers, one an agent: {error}") from error
        if not arrays:
            raise ValueError("strategies must be one or more arrays, one an agent")
        for i, array in enumerate(arrays):
            if array.ndim == 0 or array.shape[-1] == 0 or array.shape[:-1] != arrays[0].shape[:-1]:
                raise ValueError(
                    f"strategies must share their leading axes; agent {i} has shape {array.shape}, "
                    f"agent 0 has {arrays[0].shape}"
                )
            if not np.isfinite(array).all():
                raise ValueError(f"the strategy of agent {i} must be finite")
            wanted = f"the strategy of agent {i} must be non-negative and sum to 1 within {SIMPLEX_TOLERANCE}"
            if (array < -SIMPLEX_TOLERANCE).any():
                raise ValueError(f"{wanted}; its smallest entry is {array.min()}")
            sums = array.sum(axis=-1)
            if (np.abs(sums - 1) > SIMPLEX_TOLERANCE).any():
                raise ValueError(f"{wanted}; its sums run from {sums.min()} to {sums.max()}")
            array.flags.writeable = False
        return super().__new__(cls, arrays)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The leading axes, ``()`` for one profile."""
        return self[0].shape[:-1]

    @classmethod
    def uniform(cls, *n_actions: int) -> Profile:
        """Return the profile in which every agent plays its actions with equal probability.

        >>> Profile.uniform(2, 4)[1].tolist()
        [0.25, 0.25, 0.25, 0.25]
        """
        return cls([np.full(n, 1 / n) for n in n_actions])

    @classmethod
    def pure(cls, actions: Sequence[int], n_actions: Sequence[int]) -> Profile:
        """Return the profile in which agent i plays action ``actions[i]`` of ``n_actions[i]``.

        Raises
        ------
        ValueError : an action is out of range.
        """
        if len(actions) != len(n_actions) or any(a not in range(n) for a, n in zip(actions, n_actions, strict=True)):
            raise ValueError(f"actions must be one of 0 to n - 1 an agent for {list(n_actions)}, not {list(actions)}")
        return cls([np.eye(n)[a] for a, n in zip(actions, n_actions, strict=True)])


class NormalFormGame(Game):
    """A game in normal form.

    Parameters
    ----------
    payoffs : ``[N, A_1, …, A_N]``; entry ``[i, a_1, …, a_N]`` is what agent i gets.
    name : the name in the specification.
    parameters : what the registry made it from.
    action_names : one sequence of names an agent; numbers if left out.
    agents : names of the agents; ``agent_0`` and so on if left out.
    sides : side of each agent; if left out, one side for all if they always get the same, else one an agent.

    Attributes
    ----------
    payoffs : as given, float64, read-only.

    Raises
    ------
    ValueError : the rank is not N + 1, an axis is empty, a payoff is not finite, or names do not fit.

    Examples
    --------
    >>> NormalFormGame([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]).spec.common_reward
    True
    """

    def __init__(
        self,
        payoffs: npt.ArrayLike,
        *,
        name: str = "normal_form",
        parameters: Mapping[str, Any] | None = None,
        action_names: Sequence[Sequence[str]] | None = None,
        agents: Sequence[str] | None = None,
        sides: Sequence[str] | None = None,
    ) -> None:
        self.payoffs = _checked_payoffs(payoffs)
        n_agents, *n_actions = self.payoffs.shape
        common = bool((self.payoffs == self.payoffs[0]).all())
        self.action_names = _checked_names(action_names, n_actions)
        self.spec = GameSpec(
            name=name,
            parameters=dict(parameters or {}),
            agents=tuple(agents or (f"agent_{i}" for i in range(n_agents))),
            sides=tuple(sides or ("all" if common else f"agent_{i}" for i in range(n_agents))),
            observation_sizes=(1,) * n_agents,
            action_spaces=tuple(Choice((n,)) for n in n_actions),
            horizon=1,
            common_reward=common,
        )

    @property
    def n_agents(self) -> int:
        """N."""
        return len(self.payoffs)

    @property
    def n_actions(self) -> tuple[int, ...]:
        """Number of actions of each agent."""
        return self.payoffs.shape[1:]

    @property
    def spans(self) -> Array:
        """``[N]``; the highest less the lowest payoff of each agent."""
        flat = self.payoffs.reshape(self.n_agents, -1)
        spans: Array = flat.max(axis=1) - flat.min(axis=1)
        return spans

    def is_constant_sum(self, *, tolerance: float = 1e-9) -> bool:
        """Say whether the payoffs add to one number everywhere, within `tolerance` times the largest payoff."""
        sums = self.payoffs.sum(axis=0)
        return bool(np.ptp(sums) <= tolerance * max(float(np.abs(self.payoffs).max()), np.finfo(np.float64).tiny))

    def check_profile(self, profile: Profile) -> Profile:
        """Return the profile, or say why it is not one of this game.

        Raises
        ------
        ValueError : number of agents or of actions differs.
        """
        shapes = tuple(s.shape[-1] for s in profile)
        if shapes != self.n_actions:
            raise ValueError(f"profile must have {self.n_actions} actions for {self.spec.name}, not {shapes}")
        return profile

    def to_policies(self, profile: Profile) -> JointPolicy:
        """Return one profile as policies that play this game as an environment."""
        if self.check_profile(profile).batch_shape:
            raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
        return tuple(ConstantPolicy(strategy) for strategy in profile)

    def begin(self, streams: Streams) -> Batch:
        """Return environments of one round; they draw nothing."""
        return _Round(self, streams)


def check_normal_form(game: object) -> None:
    """Refuse what is no game in normal form, such as a game's name or a particle world.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    """
    if not isinstance(game, NormalFormGame):
        given = repr(game) if isinstance(game, str) else f"a {type(game).__name__}"
        raise ValueError(f"game must be a NormalFormGame, such as games.make('chicken'), not {given}")


class _Round(Batch):
    def __init__(self, game: NormalFormGame, streams: Streams) -> None:
        self.spec = game.spec
        self.n_envs = streams.n_envs
        self.observations = tuple(np.ones((self.n_envs, 1)) for _ in range(game.n_agents))
        self._payoffs = np.moveaxis(game.payoffs, 0, -1)

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        played = check_actions(self.spec, actions, self.n_envs)
        ended = np.ones(self.n_envs, dtype=np.bool_)
        return Step(
            next_observations=self.observations,
            rewards=self._payoffs[tuple(a.argmax(axis=1) for a in played)],
            terminated=ended,
            truncated=~ended,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        return None


def _checked_payoffs(payoffs: npt.ArrayLike) -> Array:
    try:
        tensor = np.array(payoffs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"payoffs must be a full tensor [N, A_1, …, A_N] of numbers ({error})") from error
    if tensor.ndim < 2 or tensor.ndim != len(tensor) + 1:
        raise ValueError(
            f"payoffs must have N + 1 axes for N agents, [N, A_1, …, A_N]; shape {tensor.shape} has {tensor.ndim} "
            f"axes for {len(tensor) if tensor.ndim else 0} agents"
        )
    if tensor.size == 0:
        raise ValueError(f"payoffs must give every agent at least one action, not shape {tensor.shape}")
    if not np.isfinite(tensor).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(tensor))[0])
        raise ValueError(f"payoffs must be finite; entry {where} is {tensor[where]}")
    tensor.flags.writeable = False
    return tensor


def _checked_names(names: Sequence[Sequence[str]] | None, n_actions: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    if names is None:
        return tuple(tuple(str(a) for a in range(n)) for n in n_actions)
    if [len(each) for each in names] != list(n_actions):
        raise ValueError(f"action_names must name {list(n_actions)} actions, not {[len(each) for each in names]}")
    return tuple(tuple(each) for each in names)
