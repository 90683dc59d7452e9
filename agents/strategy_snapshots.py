"""Snapshots of a strategy of a matrix game that no network decides: what a learner that knows its payoffs leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nashlens.agents.snapshots import Arrays
from nashlens.games import Policy
from nashlens.games.core import Choice, GameSpec
from nashlens.games.policy import ConstantPolicy

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySnapshots:
    """T snapshots of one agent's mixed strategy, and of the mean of what it played until then.

    Attributes
    ----------
    strategies : ``[T, A_i]``; what it would play next.
    averages : ``[T, A_i]``; mean over all rounds so far, those between the snapshots included; at the beginning the
        first strategy.
    """

    kind: ClassVar[str] = "strategies"
    strategies: Doubles
    averages: Doubles

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a policy that plays the strategy whatever it sees."""
        space = spec.action_spaces[agent]
        assert isinstance(space, Choice)
        return ConstantPolicy(
            self.strategies[snapshot], action_space=space, observation_size=spec.observation_sizes[agent]
        )

    def to_arrays(self) -> Arrays:
        """Return strategies and averages."""
        return {"strategies": self.strategies, "averages": self.averages}

    def to_settings(self) -> dict[str, Any]:
        """Return nothing beside the arrays."""
        return {}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> StrategySnapshots:
        """Return the snapshots that `to_arrays` took apart."""
        return cls(strategies=arrays["strategies"], averages=arrays["averages"])
