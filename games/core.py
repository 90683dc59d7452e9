"""The contract every game keeps: spaces, a specification, batches of environments, steps.

A game is always played in a batch of E environments at once. One call of `Batch.step` moves all of them; an
environment that has ended restarts by itself, so that `Batch.observations` is always what to act on now, while
`Step.next_observations` is what the step led to, before any restart. Terminated (the game is over) and truncated (a
time limit cut it) stay apart, because a critic bootstraps through the second and not through the first.

Letters: N agents, E environments, ``A_i`` action width and ``O_i`` observation width of agent i.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.randomness import Source, Streams

Array = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A product of categorical choices.

    An action is one vector of `width` numbers: the one-hot vectors of the factors, one after the other. Where the
    game takes soft actions, each factor may be any point of its simplex.

    Attributes
    ----------
    factors : number of alternatives of each factor, such as ``(5,)`` or ``(5, 10)``.
    """

    factors: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.factors or any(not isinstance(n, int) or n < 1 for n in self.factors):
            raise ValueError(f"factors must be one or more positive whole numbers, not {self.factors!r}")

    @property
    def width(self) -> int:
        """Length of an action vector."""
        return sum(self.factors)

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each factor stands in an action vector."""
        ends = np.cumsum(self.factors).tolist()
        return tuple(slice(end - n, end) for n, end in zip(self.factors, ends, strict=True))


@dataclass(frozen=True, slots=True)
class Box:
    """A box of real vectors, bounded coordinate by coordinate.

    Attributes
    ----------
    low, high : finite bounds, one a coordinate, ``low < high``.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.low) == len(self.high) > 0 and bool(np.isfinite([*self.low, *self.high]).all())
        if not fits or any(a >= b for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError(f"low and high must be finite, of one length, low < high; not {self.low}, {self.high}")

    @property
    def width(self) -> int:
        """Length of an action vector."""
        return len(self.low)


ActionSpace = Choice | Box


@dataclass(frozen=True, slots=True, kw_only=True)
class GameSpec:
    """What a learner or an instrument may know of a game before it plays.

    Attributes
    ----------
    name : the registry's name of the game.
    parameters : the arguments it was made with; with `name`, enough to make it again.
    agents : one name an agent, unique.
    sides : the side of each agent; agents of one side share a goal.
    observation_sizes : ``O_i`` of each agent.
    action_spaces : one space an agent.
    horizon : the most steps that an episode can take.
    common_reward : True if all agents always receive the same reward.
    soft_actions : True if a factor of a `Choice` may be any point of its simplex.
    masked : True if some actions can be illegal: then `Batch.masks` says which.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    agents: tuple[str, ...]
    sides: tuple[str, ...]
    observation_sizes: tuple[int, ...]
    action_spaces: tuple[ActionSpace, ...]
    horizon: int
    common_reward: bool = False
    soft_actions: bool = False
    masked: bool = False

    def __post_init__(self) -> None:
        n_agents = len(self.agents)
        if n_agents == 0 or len(set(self.agents)) != n_agents:
            raise ValueError(f"agents must be one or more different names, not {self.agents!r}")
        for label in ("sides", "observation_sizes", "action_spaces"):
            if len(getattr(self, label)) != n_agents:
                raise ValueError(f"{label} must have one entry for each of the {n_agents} agents")
        if self.horizon < 1:
            raise ValueError(f"horizon must be at least 1, not {self.horizon}")

    @property
    def n_agents(self) -> int:
        """N."""
        return len(self.agents)

    @property
    def action_widths(self) -> tuple[int, ...]:
        """``A_i`` of each agent."""
        return tuple(space.width for space in self.action_spaces)

    def members(self, side: str) -> tuple[int, ...]:
        """Return the indices of the agents of one side."""
        found = tuple(i for i, name in enumerate(self.sides) if name == side)
        if not found:
            raise ValueError(f"side {side!r} is not of {self.name}: its sides are {sorted(set(self.sides))}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one joint action led to, in each of E environments, before any restart.

    Attributes
    ----------
    next_observations : the successors, one ``[E, O_i]`` an agent.
    rewards : ``[E, N]``.
    terminated : ``[E]``; the game is over.
    truncated : ``[E]``; the time limit was reached and the game is not over.
    measures : what the game measures beside the reward, each ``[E]`` or ``[E, N]``.
    next_masks : legal actions at the successors, one ``[E, A_i]`` an agent, where `GameSpec.masked`.
    """

    next_observations: tuple[Array, ...]
    rewards: Array
    terminated: BoolArray
    truncated: BoolArray
    measures: Mapping[str, Array] = field(default_factory=dict)
    next_masks: tuple[BoolArray, ...] | None = None

    @property
    def ended(self) -> BoolArray:
        """``[E]``; the episode ended, for either reason."""
        return self.terminated | self.truncated


class Batch(ABC):
    """E environments of one game, moved together.

    Attributes
    ----------
    spec : the specification of the game.
    n_envs : E.
    observations : what to act on now, one ``[E, O_i]`` an agent.
    masks : the actions that are legal now, one ``[E, A_i]`` an agent; None unless `GameSpec.masked`.
    """

    spec: GameSpec
    n_envs: int
    observations: tuple[Array, ...]
    masks: tuple[BoolArray, ...] | None = None

    @abstractmethod
    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        """Play one joint action in every environment; those that end restart.

        Parameters
        ----------
        actions : one ``[E, A_i]`` an agent.

        Raises
        ------
        ValueError : the number of agents or a shape does not fit.
        """

    @abstractmethod
    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that `restore` needs to go on from here, generators excepted, as copies."""

    @abstractmethod
    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned, in a batch of the same game and size."""


class Game(ABC):
    """A game: its specification, and batches of environments to play it in."""

    spec: GameSpec

    @abstractmethod
    def begin(self, streams: Streams) -> Batch:
        """Return a batch with one environment for each of `streams`' environments, started."""

    def start(self, n_envs: int, *, rng: Source) -> Batch:
        """Start E environments.

        Parameters
        ----------
        n_envs : E, at least 1.
        rng : one generator for all environments, or several: then the environments are split into as many equal
            blocks, and each block draws from its own generator only, whatever the other blocks do.

        Raises
        ------
        ValueError : `n_envs` is not a positive multiple of the number of generators.
        """
        return self.begin(Streams(rng, n_envs))


def check_actions(spec: GameSpec, actions: Sequence[npt.NDArray[Any]], n_envs: int) -> tuple[Array, ...]:
    """Return the joint action as float64 arrays, or say what does not fit.

    Shapes are checked; values are not, because this stands in the innermost loop (see `conformance`).
    """
    if len(actions) != spec.n_agents:
        raise ValueError(f"actions must be {spec.n_agents} arrays, one an agent of {spec.name}, not {len(actions)}")
    checked = tuple(np.asarray(a, dtype=np.float64) for a in actions)
    for name, width, array in zip(spec.agents, spec.action_widths, checked, strict=True):
        if array.shape != (n_envs, width):
            raise ValueError(f"actions of {name} must have shape ({n_envs}, {width}), not {array.shape}")
    return checked


def one_hot(indices: npt.NDArray[np.integer[Any]], width: int) -> Array:
    """Return ``[…, width]`` vectors with a one at each index.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    vectors: Array = np.eye(width)[indices]
    return vectors
