"""Repeated games: a normal-form game that is played for a known number of rounds, with a memory of the last ones.

An agent observes, for each of the last m rounds from the latest on, what it did itself and then what the others did in
their order, as one-hot vectors; zeros stand for rounds that have not been played. Because each agent sees its own
action first, agents that share one policy can still keep to different roles once they have differed. The game is over
after the last round, so that its end is terminal and no time limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games import catalog, random_games
from nashlens.games.arguments import one_of, real_number, truth_value, whole_number
from nashlens.games.core import Array, Batch, BoolArray, Game, GameSpec, IntArray, Step, check_actions, one_hot
from nashlens.games.normal_form import NormalFormGame
from nashlens.games.randomness import Streams
from nashlens.games.registry import Entry, make


class RepeatedGame(Game):
    """A stage game, played for a fixed number of rounds.

    Parameters
    ----------
    stage : the game of each round.
    rounds : how many rounds an episode has, at least 1.
    memory : m, how many of the last rounds an agent sees, from 0 to `rounds`.
    discount : the payoffs of round t, counted from 0, are multiplied by ``discount**t``; above 0, at most 1.
    show_round : True to append the share of rounds that have been played to the observation.
    name, parameters : for the specification; only games from the registry can be made again by them.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.

    Notes
    -----
    Observations have ``m (A_1 + … + A_N)`` numbers, and one more with `show_round`; where that is nothing, the
    constant 1 stands alone.

    Examples
    --------
    >>> game = RepeatedGame(catalog.prisoners_dilemma(), 10, memory=2)
    >>> game.spec.horizon, game.spec.observation_sizes
    (10, (8, 8))
    """

    def __init__(
        self,
        stage: NormalFormGame,
        rounds: int,
        *,
        memory: int = 1,
        discount: float = 1.0,
        show_round: bool = False,
        name: str = "repeated_game",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(stage, NormalFormGame):
            raise ValueError(f"stage must be a NormalFormGame, not {stage!r}")
        self.stage = stage
        self.rounds = whole_number(rounds, "rounds", low=1)
        self.memory = whole_number(memory, "memory", low=0, high=self.rounds)
        self.discount = real_number(discount, "discount", low=0.0, high=1.0, open_low=True)
        self.show_round = truth_value(show_round, "show_round")
        size = max(self.memory * sum(stage.n_actions) + self.show_round, 1)
        self.spec = GameSpec(
            name=name,
            parameters=dict(parameters or {}),
            agents=stage.spec.agents,
            sides=stage.spec.sides,
            observation_sizes=(size,) * stage.n_agents,
            action_spaces=stage.spec.action_spaces,
            horizon=self.rounds,
            common_reward=stage.spec.common_reward,
        )

    def begin(self, streams: Streams) -> Batch:
        """Return environments at their first round; they draw nothing."""
        return _Rounds(self, streams)


class _Rounds(Batch):
    def __init__(self, game: RepeatedGame, streams: Streams) -> None:
        self.spec = game.spec
        self.n_envs = streams.n_envs
        self._game = game
        self._payoffs = np.moveaxis(game.stage.payoffs, 0, -1)
        self._own_first = _columns_own_first(game.stage.n_actions)
        self._recent: Array = np.zeros((self.n_envs, game.memory, sum(game.stage.n_actions)))
        self._round: IntArray = np.zeros(self.n_envs, dtype=np.int64)
        self.observations = self._observe()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        checked = check_actions(self.spec, actions, self.n_envs)
        played = tuple(a.argmax(axis=1) for a in checked)
        rewards = self._payoffs[played] * (self._game.discount**self._round)[:, None]
        latest = np.concatenate(
            [one_hot(a, n) for a, n in zip(played, self._game.stage.n_actions, strict=True)], axis=1
        )
        self._recent = np.concatenate([latest[:, None], self._recent], axis=1)[:, : self._game.memory]
        self._round = self._round + 1
        successors = self._observe()
        ended = self._round == self._game.rounds
        self._restart(ended)
        return Step(next_observations=successors, rewards=rewards, terminated=ended, truncated=np.zeros_like(ended))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"recent": self._recent.copy(), "round": self._round.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self._recent, self._round = state["recent"].copy(), state["round"].copy()
        self.observations = self._observe()

    def _restart(self, ended: BoolArray) -> None:
        self._recent = np.where(ended[:, None, None], 0.0, self._recent)
        self._round = np.where(ended, 0, self._round)
        self.observations = self._observe()

    def _observe(self) -> tuple[Array, ...]:
        flat = [self._recent[:, :, columns].reshape(self.n_envs, -1) for columns in self._own_first]
        if self._game.show_round:
            share = (self._round / self._game.rounds)[:, None]
            return tuple(np.concatenate([each, share], axis=1) for each in flat)
        return tuple(flat) if self._game.memory else tuple(np.ones((self.n_envs, 1)) for _ in flat)


def _columns_own_first(n_actions: Sequence[int]) -> tuple[IntArray, ...]:
    """Return for each agent the columns of ``[A_1 | … | A_N]``, its own block first."""
    blocks = np.split(np.arange(sum(n_actions)), np.cumsum(n_actions)[:-1])
    order = [[i, *(j for j in range(len(blocks)) if j != i)] for i in range(len(blocks))]
    return tuple(np.concatenate([blocks[j] for j in line]).astype(np.int64) for line in order)


def repeated(
    stage: str = "prisoners_dilemma",
    rounds: int = 10,
    *,
    memory: int = 1,
    discount: float = 1.0,
    show_round: bool = False,
    stage_parameters: Mapping[str, Any] | None = None,
) -> RepeatedGame:
    """Make a repeated game from the name of its stage; the other arguments are those of `RepeatedGame`.

    Raises
    ------
    ValueError : `stage` is no matrix or random game, or an argument has the wrong type or is out of range.
    """
    stages = [entry.name for entry in (*catalog.entries(), *random_games.entries())]
    chosen = make(one_of(stage, "stage", choices=stages), **_plain_mapping(stage_parameters))
    assert isinstance(chosen, NormalFormGame)
    parameters = {
        "stage": stage,
        "rounds": rounds,
        "memory": memory,
        "discount": discount,
        "show_round": show_round,
        "stage_parameters": dict(chosen.spec.parameters),
    }
    return RepeatedGame(
        chosen, rounds, memory=memory, discount=discount, show_round=show_round, name="repeated", parameters=parameters
    )


def _plain_mapping(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ValueError(f"stage_parameters must be a mapping of the stage's arguments, not {given!r}")
    return given or {}


def entries() -> tuple[Entry, ...]:
    """Return the registry's entry of repeated games."""
    summary = "a matrix game over several rounds, with a memory of the last ones"
    return (Entry(name="repeated", family="repeated", summary=summary, factory=repeated),)
