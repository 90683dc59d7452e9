"""Gymnasium's spaces as this package's: actions that can be decoded again, observations as flat vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nashlens.games.core import ActionSpace, Array, BoolArray, Box, Choice


class AgentSpaces:
    """The two spaces of one agent of a PettingZoo environment.

    Parameters
    ----------
    agent : the agent's name, for messages.
    actions, observations : its Gymnasium spaces. An observation space that is a dictionary of ``observation`` and
        ``action_mask`` is taken apart.
    waits : True to add a last action, to wait.

    Attributes
    ----------
    action_space : `Choice` or `Box`.
    observation_size : ``O_i``, the length of a flattened observation.
    has_mask : whether observations carry an action mask.

    Raises
    ------
    ValueError : a space has no counterpart here; the message names the agent and says why.
    """

    def __init__(self, agent: str, *, actions: Any, observations: Any, waits: bool) -> None:
        from gymnasium import spaces

        self.agent = agent
        self._actions = actions
        self.waits = waits
        self.has_mask = isinstance(observations, spaces.Dict) and {*observations.keys()} == {
            "observation",
            "action_mask",
        }
        self._observations = observations["observation"] if self.has_mask else observations
        self.action_space = self._convert(actions)
        try:
            self.observation_size = int(spaces.flatdim(self._observations))
        except (NotImplementedError, ValueError) as error:
            raise ValueError(
                f"observations of {agent} must lie in a space of fixed size, not {self._observations} ({error})"
            ) from error

    @property
    def waiting_mask(self) -> BoolArray:
        """``[A_i]``; what is legal where an agent cannot act: waiting, or the first alternative, which is not read."""
        mask = np.ones(self.action_space.width, dtype=np.bool_)
        if isinstance(self.action_space, Choice):
            mask[:] = False
            mask[[part.stop - 1 if self.waits else part.start for part in self.action_space.slices]] = True
        return mask

    def decode(self, vector: Array) -> Any:
        """Return the environment's own action for an action vector ``[A_i]``.

        Raises
        ------
        ValueError : the agent waits although it is its turn.
        """
        from gymnasium import spaces

        space = self._actions
        if isinstance(space, spaces.Box):
            shaped = vector.reshape(space.shape).astype(space.dtype)
            return np.clip(shaped, space.low, space.high)
        assert isinstance(self.action_space, Choice)
        picks = np.array([int(vector[part].argmax()) for part in self.action_space.slices])
        if isinstance(space, spaces.Discrete):
            if picks[0] >= space.n:
                raise ValueError(f"actions of {self.agent} must not be to wait when it is its turn")
            return space.dtype.type(space.start + picks[0])
        if isinstance(space, spaces.MultiBinary):
            return picks.reshape(space.shape).astype(space.dtype)
        return (space.start + picks.reshape(space.shape)).astype(space.dtype)

    def observe(self, value: Any) -> Array:
        """Return an observation of the environment as a vector ``[O_i]``.

        Raises
        ------
        ValueError : the observation is off its space's shape, or not finite.
        """
        from gymnasium import spaces

        seen = value["observation"] if self.has_mask and isinstance(value, dict) else value
        space = self._observations
        if isinstance(space, spaces.Box) and np.shape(seen) != space.shape:
            raise ValueError(f"the observation of {self.agent} has shape {np.shape(seen)}, its space {space.shape}")
        if not _fits(space, seen):
            raise ValueError(f"the observation of {self.agent} is not in its space {space}: {seen!r}")
        flat = np.array(spaces.flatten(space, seen), dtype=np.float64)
        if not np.isfinite(flat).all():
            raise ValueError(f"the observation of {self.agent} must be finite, not {flat.tolist()}")
        return flat

    def mask(self, value: Any, info: Any) -> BoolArray:
        """Return ``[A_i]``; the legal actions of an agent whose turn it is.

        Raises
        ------
        ValueError : the environment's mask does not fit the action space, or allows nothing.
        """
        legal = np.ones(self.action_space.width, dtype=np.bool_)
        if self.waits:
            legal[-1] = False
        given = value["action_mask"] if self.has_mask else info.get("action_mask")
        if given is None:
            return legal
        parts = [np.ravel(part) for part in given] if isinstance(given, tuple) else [np.ravel(given)]
        flat = np.concatenate(parts).astype(np.bool_)
        width = self.action_space.width - self.waits
        if flat.shape != (width,):
            raise ValueError(f"the action mask of {self.agent} must have {width} entries, not {flat.size}")
        legal[:width] = flat
        if isinstance(self.action_space, Choice) and not all(legal[p].any() for p in self.action_space.slices):
            raise ValueError(f"the action mask of {self.agent} must allow an action when it is its turn")
        return legal

    def _convert(self, space: Any) -> ActionSpace:
        from gymnasium import spaces

        if isinstance(space, spaces.Discrete):
            return Choice((int(space.n) + self.waits,))
        if self.waits:
            raise ValueError(f"actions of {self.agent} must be Discrete where agents take turns, not {space}")
        if isinstance(space, spaces.MultiDiscrete):
            return Choice(tuple(int(n) for n in np.ravel(space.nvec)))
        if isinstance(space, spaces.MultiBinary):
            return Choice((2,) * int(np.prod(space.shape)))
        if not isinstance(space, spaces.Box) or not np.issubdtype(space.dtype, np.floating):
            raise ValueError(
                f"actions of {self.agent} must be Discrete, MultiDiscrete, MultiBinary or a Box of floats, not {space}"
            )
        low, high = np.ravel(space.low).astype(np.float64), np.ravel(space.high).astype(np.float64)
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
            raise ValueError(
                f"actions of {self.agent} must be bounded with low < high, not {space}; "
                "bound the environment's action space, with a wrapper if it is not yours"
            )
        return Box(tuple(low.tolist()), tuple(high.tolist()))


def _fits(space: Any, value: Any) -> bool:
    """Say whether a value has the form of its space; numbers of a `Box` may lie beyond its bounds, as many do."""
    from gymnasium import spaces

    if isinstance(space, spaces.Box):
        return bool(np.shape(value) == space.shape)
    if isinstance(space, spaces.Dict):
        return (
            isinstance(value, Mapping)
            and value.keys() == space.spaces.keys()
            and all(_fits(part, value[key]) for key, part in space.spaces.items())
        )
    if isinstance(space, spaces.Tuple):
        return len(value) == len(space.spaces) and all(map(_fits, space.spaces, value))
    return bool(space.contains(value))
