"""From action vectors to forces and messages.

An agent that moves has five moves: stay, left, right, down, up. An agent that speaks has C signals. The action space
is one of three:

``one_hot``
    ``Choice((5,))`` for an agent that moves, ``Choice((C,))`` for one that speaks, ``Choice((5, C))`` for one that does
    both. The largest entry of each factor is executed, so that a vector that is not one-hot plays its best entry.
    (mpe2 numbers the pairs of the last kind by one whole number, ``move + 5 · message``.)
``soft``
    The same spaces, executed as they come: the force ``(a₂ − a₁, a₄ − a₃)`` times the agent's thrust, and the soft
    vector itself as the message. One-hot vectors act exactly as under ``one_hot``. The environments of 2017 did so,
    with the moves of each axis the other way round.
``continuous``
    ``Box`` from 0 to 1 of 5, C, or 5 + C numbers, laid out as in mpe2, clipped to the box, executed as under ``soft``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from nashlens.games.core import ActionSpace, Array, BoolArray, Box, Choice, one_hot

Mode = Literal["one_hot", "soft", "continuous"]
MODES: tuple[Mode, ...] = ("one_hot", "soft", "continuous")

MOVES = ("stay", "left", "right", "down", "up")
DIRECTIONS = np.array([[0.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])


class Controls:
    """The action spaces of N agents and what their actions do.

    Parameters
    ----------
    moves : whether each agent moves.
    speaks : whether each agent speaks.
    n_signals : C.
    mode : how actions are executed.

    Attributes
    ----------
    spaces : one action space an agent.
    speaks : ``[N]``; which agents speak.
    """

    def __init__(self, moves: Sequence[bool], speaks: Sequence[bool], *, n_signals: int, mode: Mode) -> None:
        self._mode = mode
        self.speaks: BoolArray = np.array(speaks, dtype=np.bool_)
        self._movers = [i for i, moving in enumerate(moves) if moving]
        self._speakers = [(i, len(MOVES) * moves[i]) for i, speaking in enumerate(speaks) if speaking]
        self._n_signals = n_signals
        factors = [(len(MOVES),) * m + (n_signals,) * s for m, s in zip(moves, speaks, strict=True)]
        self.spaces: tuple[ActionSpace, ...] = tuple(
            Box((0.0,) * sum(f), (1.0,) * sum(f)) if mode == "continuous" else Choice(f) for f in factors
        )

    def forces(self, actions: Sequence[Array]) -> Array:
        """Return ``[M, 2, E]``, the direction each agent that moves wants to go, at most 1 along an axis."""
        if not self._movers:
            return np.empty((0, 2, len(actions[0])))
        if self._mode == "one_hot":
            chosen = np.stack([actions[i][:, : len(MOVES)].argmax(axis=1) for i in self._movers])
            return np.stack([DIRECTIONS[:, 0][chosen], DIRECTIONS[:, 1][chosen]], axis=1)
        vectors = np.stack([actions[i].T[: len(MOVES)] for i in self._movers])
        if self._mode == "continuous":
            vectors = vectors.clip(0.0, 1.0)
        return vectors[:, 2::2] - vectors[:, 1::2]

    def speak(self, actions: Sequence[Array], messages: Array) -> None:
        """Write what the agents that speak say into ``messages [N, C, E]``."""
        for i, start in self._speakers:
            said = actions[i][:, start:]
            if self._mode == "one_hot":
                said = one_hot(said.argmax(axis=1), self._n_signals)
            elif self._mode == "continuous":
                said = said.clip(0.0, 1.0)
            messages[i] = said.T
