"""Which agents use one set of parameters: a map from agents to the slots of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.agents.config import Sharing


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """L slots, and who uses which.

    Attributes
    ----------
    of_agent : ``[n]``; the slot of each of n agents.
    n_slots : L.
    index : ``[n, W]``; what is appended to each agent's input; W is 0 without an index.
    """

    of_agent: tuple[int, ...]
    n_slots: int
    index: npt.NDArray[np.float32]

    @property
    def one_each(self) -> bool:
        """Say whether every agent has its own slot, in order."""
        return self.of_agent == tuple(range(self.n_slots))

    def repeated(self, times: int) -> Slots:
        """Return so many separate copies of these slots, one after the other, as for the sub-policies of ensembles."""
        if times == 1:
            return self
        return Slots(
            of_agent=tuple(slot + k * self.n_slots for k in range(times) for slot in self.of_agent),
            n_slots=times * self.n_slots,
            index=np.tile(self.index, (times, 1)),
        )


def assign(sharing: Sharing, sides: Sequence[str]) -> Slots:
    """Give every agent a slot.

    Parameters
    ----------
    sharing : the mode.
    sides : side of each of the n agents that could share.

    Returns
    -------
    Slots, numbered in the order in which the agents first need them.

    Examples
    --------
    >>> assign(Sharing(mode="side"), ["predators", "predators", "prey"]).of_agent
    (0, 0, 1)
    """
    n_agents = len(sides)
    keys: dict[str, list[str]] = {
        "none": [str(i) for i in range(n_agents)],
        "side": list(sides),
        "full": ["all"] * n_agents,
    }
    order = list(dict.fromkeys(keys[sharing.mode]))
    width = n_agents if sharing.index else 0
    return Slots(
        of_agent=tuple(order.index(key) for key in keys[sharing.mode]),
        n_slots=len(order),
        index=np.eye(n_agents, width, dtype=np.float32),
    )


def slots_of(actors: Sharing, critics: Sharing | None, sides: Sequence[str], *, n_subs: int = 1) -> tuple[Slots, Slots]:
    """Return who shares an actor and who a critic; a critic that is shared always reads the index.

    Parameters
    ----------
    actors, critics : the modes; critics share as the actors do where theirs is left out.
    sides : side of each of the n agents that could share.
    n_subs : sub-policies of each agent, each with slots of its own.
    """
    chosen = critics or actors
    if chosen.mode != "none":
        chosen = Sharing(mode=chosen.mode, index=True)
    return assign(actors, sides).repeated(n_subs), assign(chosen, sides).repeated(n_subs)
