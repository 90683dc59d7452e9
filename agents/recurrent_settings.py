"""Settings of what recurrent actors learn from when they draw from a replay: windows of consecutive steps."""

from __future__ import annotations

from pydantic import NonNegativeInt, PositiveInt

from nashlens.agents.settings import Settings


class Windows(Settings):
    """Stretches of one environment's steps that a recurrent actor is unrolled over, one behind the other.

    A window begins with the memory that the acting policy had there; where an episode ends inside, the memory is
    emptied as it was in play. The longer the replay, the older that memory: steps of burn-in bring it nearer to what
    the present policy would remember.

    Attributes
    ----------
    steps : length of a window; in every window each of these counts in the losses, and gradients flow back to the
        first. Windows as long as the episodes, in a game whose episodes all last alike, begin where these do, with an
        exact memory. Episodes of the paper's particle worlds last 25 steps.
    burn_in_steps : steps before these that only bring the memory up to date: they count in no loss and no gradient
        passes through them. They are the last ones of the window before.

    References
    ----------
    Kapturowski, Ostrovski, Quan, Munos, Dabney (2019), Recurrent experience replay in distributed reinforcement
    learning, ICLR (stored state and burn-in).
    """

    steps: PositiveInt = 25
    burn_in_steps: NonNegativeInt = 0

    @property
    def span(self) -> int:
        """Steps of a window with its burn-in."""
        return self.burn_in_steps + self.steps
