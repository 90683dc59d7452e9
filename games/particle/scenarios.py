"""The particle worlds, for the registry: every world of mpe2 1.1.1."""

from __future__ import annotations

from nashlens.games.particle.simple_speaker_listener import SimpleSpeakerListener
from nashlens.games.particle.simple_spread import SimpleSpread
from nashlens.games.registry import Entry

_WORLDS = (
    ("simple_speaker_listener", SimpleSpeakerListener, "one knows the goal and speaks, one hears and goes (2 agents)"),
    ("simple_spread", SimpleSpread, "n_agents cover as many landmarks without colliding"),
)


def entries() -> tuple[Entry, ...]:
    """Return the worlds, each with the class that makes it."""
    return tuple(Entry(name=n, family="particle", summary=summary, factory=world) for n, world, summary in _WORLDS)
