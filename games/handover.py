"""Handover: a game in which what another agent does next decides what to do now.

Two agents with one reward. The mover keeps the task or hands it over. If it keeps it, both are paid a sure thing; if it
hands it over, its partner is shown one of K signs, and both are paid 1 if the partner names it. Whether handing over is
worth more than the sure thing depends on nothing but the partner's next action: a learner that takes that action from
a wrong model of its partner learns to keep the task. It is the control for experiments on such models, in which a model
that is wrong must do harm; see section 4.2 of Lowe et al. (2017), arXiv:1706.02275, for where the models stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import real_number, whole_number
from nashlens.games.core import Array, Batch, Choice, Game, GameSpec, IntArray, Step, check_actions
from nashlens.games.policy import JointPolicy
from nashlens.games.randomness import Streams
from nashlens.games.registry import Entry

START, KEPT, HANDED = 0, 1, 2
KEEP, HAND_OVER = 0, 1


class Handover(Game):
    """The mover keeps a task or hands it to its partner, which then has to name a sign.

    Parameters
    ----------
    n_signs : K, at least 2; the partner's actions, and the signs that it may be shown.
    sure_thing : what both are paid when the mover keeps the task, from 0 to 1.

    Raises
    ------
    ValueError : an argument has the wrong type or is out of range.

    Notes
    -----
    Two steps; the end is terminal. Both act at both steps, the mover with ``(keep, hand over)``, the partner with K
    names; what the partner does at the first step and the mover at the second changes nothing. Both observe where the
    game stands, one-hot (``start, kept, handed over``), and the partner behind it the sign, one-hot, zeros unless it
    was handed the task.

    With a partner that names the sign with probability q, handing over is worth q: at ``q > sure_thing`` the only
    equilibria hand over, at ``q < sure_thing`` they keep. A uniform partner has ``q = 1 / K``.

    Examples
    --------
    >>> Handover(5).spec.observation_sizes
    (3, 8)
    """

    def __init__(self, n_signs: int = 5, sure_thing: float = 0.5) -> None:
        self.n_signs = whole_number(n_signs, "n_signs", low=2)
        self.sure_thing = real_number(sure_thing, "sure_thing", low=0.0, high=1.0)
        self.spec = GameSpec(
            name="handover",
            parameters={"n_signs": n_signs, "sure_thing": sure_thing},
            agents=("mover", "partner"),
            sides=("team", "team"),
            observation_sizes=(3, 3 + self.n_signs),
            action_spaces=(Choice((2,)), Choice((self.n_signs,))),
            horizon=2,
            common_reward=True,
        )

    def begin(self, streams: Streams) -> Batch:
        """Return environments at their first step."""
        return _Tasks(self, streams)

    def situations(self) -> tuple[Array, Array]:
        """Return what the mover and the partner see in each of the ``2 + K`` situations: start, kept, then each sign.

        Returns
        -------
        ``[2 + K, 3]`` and ``[2 + K, 3 + K]``.
        """
        place = np.array([START, KEPT, *[HANDED] * self.n_signs])
        return self.seen(place, np.array([0, 0, *range(self.n_signs)]))

    def visits(self, policies: JointPolicy) -> Array:
        """Return how an episode's two steps spread over the situations, ``[2 + K]``, as shares of 1.

        Parameters
        ----------
        policies : the mover's and the partner's; only the mover's matters.
        """
        mover, _ = self.situations()
        handed = float(policies[0].probabilities(mover[:1])[0, HAND_OVER])
        return np.array([0.5, (1 - handed) / 2, *[handed / (2 * self.n_signs)] * self.n_signs])

    def value(self, policies: JointPolicy) -> float:
        """Return the expected reward of an episode, the same for both: ``(1 − h) · sure thing + h · q``.

        Parameters
        ----------
        policies : the mover's, which hands over with probability h, and the partner's, which names the sign with
            probability q.
        """
        mover, partner = self.situations()
        handed = float(policies[0].probabilities(mover[:1])[0, HAND_OVER])
        named = float(np.diag(policies[1].probabilities(partner[2:])).mean())
        return (1 - handed) * self.sure_thing + handed * named

    def seen(self, place: IntArray, sign: IntArray) -> tuple[Array, Array]:
        """Return both agents' observations of E situations.

        Parameters
        ----------
        place : ``[E]``; `START`, `KEPT` or `HANDED`.
        sign : ``[E]``; shown where the task was handed over.
        """
        where: Array = np.eye(3)[place]
        shown = np.eye(self.n_signs)[sign] * (place == HANDED)[:, None]
        return where, np.concatenate([where, shown], axis=1)


class _Tasks(Batch):
    def __init__(self, game: Handover, streams: Streams) -> None:
        self.spec, self.n_envs = game.spec, streams.n_envs
        self._game, self._streams = game, streams
        self._place: IntArray = np.zeros(self.n_envs, dtype=np.int64)
        self._sign = streams.integers(game.n_signs)
        self.observations = self._seen()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        checked = check_actions(self.spec, actions, self.n_envs)
        moved, named = (action.argmax(axis=1) for action in checked)
        over = self._place != START
        paid = np.where(self._place == KEPT, self._game.sure_thing, (named == self._sign).astype(np.float64))
        rewards = np.where(over, paid, 0.0)[:, None].repeat(2, axis=1)
        self._place = np.where(over, self._place, np.where(moved == HAND_OVER, HANDED, KEPT))
        successors = self._seen()
        if over.any():
            self._sign[over] = self._streams.integers(self._game.n_signs, (), over)
            self._place[over] = START
        self.observations = self._seen()
        return Step(next_observations=successors, rewards=rewards, terminated=over, truncated=np.zeros_like(over))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"place": self._place.copy(), "sign": self._sign.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self._place, self._sign = state["place"].copy(), state["sign"].copy()
        self.observations = self._seen()

    def _seen(self) -> tuple[Array, Array]:
        return self._game.seen(self._place, self._sign)


def handover(n_signs: int = 5, sure_thing: float = 0.5) -> Handover:
    """Make the game; see `Handover`."""
    return Handover(n_signs, sure_thing)


def entries() -> tuple[Entry, ...]:
    """Return the registry's entry."""
    summary = "a mover keeps a task or hands it to a partner, whose next action alone decides which pays more"
    return (Entry(name="handover", family="control", summary=summary, factory=handover),)
