"""Crypto (covert communication): Alice tells Bob a message, and Eve listens.

`SimpleCrypto` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import whole_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import ordered_sum
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

EVE, BOB, ALICE = 0, 1, 2
N_SIGNALS = 4
WORDS = np.eye(N_SIGNALS)


class SimpleCrypto(ParticleWorld):
    """Alice tells Bob a message under a key, Eve listens without it; called covert communication in the paper.

    Side ``eve``: ``eve_0`` sees what Alice said (4). Side ``alice_and_bob``: ``bob_0`` sees the key (4) and what Alice
    said (4); ``alice_0`` sees the message (4) and the key (4). Nobody moves, each sends one of four signals at every
    step: Alice on the open channel, Bob and Eve to say which message they think it is. Message and key are one-hot
    vectors of length four, drawn independently from the first `n_messages` of them.

    With ``e`` the squared distance of what Bob, or Eve, says from the message, 0 from one that says nothing, Alice and
    Bob get ``e_Eve − e_Bob``, Eve gets ``−e_Eve``.

    Measures: ``bob_success [E]`` and ``eve_success [E]``, 1 if the largest entry of what they say is the message's.
    State: ``goal [E]``, the message; ``key [E]``.

    Parameters
    ----------
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    n_messages : size of the set that message and key come from, 2 to 4; 2 in mpe2 and in the paper's table.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_crypto_v3``; what its benchmark returns is in the state, as ``messages`` and ``goal``.
    The environments of 2017 are ``actions="soft"``. mpe2 places the agents and two landmarks for drawings only.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.
    """

    def __init__(
        self,
        *,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        n_messages: int = 2,
        physics: Order = "mpe2",
    ) -> None:
        self._n_messages = whole_number(n_messages, "n_messages", low=2, high=N_SIGNALS)
        self.fact_limits = {"goal": (0, self._n_messages - 1), "key": (0, self._n_messages - 1)}
        still = Body(collides=False, movable=False)
        super().__init__(
            "simple_crypto",
            members=[
                Member(name="eve_0", side="eve", body=still, speaks=True),
                Member(name="bob_0", side="alice_and_bob", body=still, speaks=True),
                Member(name="alice_0", side="alice_and_bob", body=still, speaks=True),
            ],
            landmarks=[still] * self._n_messages,
            n_signals=N_SIGNALS,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={"n_messages": self._n_messages},
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the message, the key, then the positions."""
        goal = streams.integers(self._n_messages, where=where)
        key = streams.integers(self._n_messages, where=where)
        return {"goal": goal, "key": key, **super().draw(streams, where)}

    def observe(self, state: State) -> list[Array]:
        """Return what Eve, Bob and Alice see."""
        heard = state.messages[ALICE]
        key, goal = WORDS[:, state.facts["key"]], WORDS[:, state.facts["goal"]]
        return [heard, np.concatenate([key, heard]), np.concatenate([goal, key])]

    def outcome(self, state: State) -> Outcome:
        """Reward Bob for saying the message and Alice with him, against Eve."""
        said = state.messages[[EVE, BOB]]
        speaks = (said != 0).any(axis=1)
        missed = said - WORDS[:, state.facts["goal"]]
        errors = ordered_sum(np.moveaxis(missed * missed, 1, 0)) * speaks
        success = (said.argmax(axis=1) == state.facts["goal"]) & speaks
        ours = errors[EVE] - errors[BOB]
        return Outcome(
            rewards=np.stack([-errors[EVE], ours, ours]),
            measures={"bob_success": success[BOB], "eve_success": success[EVE]},
        )
