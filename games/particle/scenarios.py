"""The particle worlds, for the registry: every world of mpe2 1.1.1."""

from __future__ import annotations

from nashlens.games.particle.collect_treasure import CollectTreasure
from nashlens.games.particle.simple import Simple
from nashlens.games.particle.simple_adversary import SimpleAdversary
from nashlens.games.particle.simple_crypto import SimpleCrypto
from nashlens.games.particle.simple_formation import SimpleFormation
from nashlens.games.particle.simple_line import SimpleLine
from nashlens.games.particle.simple_push import SimplePush
from nashlens.games.particle.simple_reference import SimpleReference
from nashlens.games.particle.simple_speaker_listener import SimpleSpeakerListener
from nashlens.games.particle.simple_spread import SimpleSpread
from nashlens.games.particle.simple_tag import SimpleTag
from nashlens.games.particle.simple_world_comm import SimpleWorldComm
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.registry import Entry

_WORLDS: tuple[tuple[str, type[ParticleWorld], str], ...] = (
    ("simple", Simple, "one agent walks to a landmark"),
    ("simple_spread", SimpleSpread, "agents cover landmarks without colliding (cooperative navigation)"),
    (
        "simple_speaker_listener",
        SimpleSpeakerListener,
        "one knows the goal, one goes there (cooperative communication)",
    ),
    ("simple_reference", SimpleReference, "two agents tell each other where to go"),
    ("simple_adversary", SimpleAdversary, "agents cover a target and mislead an adversary (physical deception)"),
    ("simple_push", SimplePush, "an adversary keeps an agent off its landmark (keep-away)"),
    ("simple_tag", SimpleTag, "slower predators chase faster prey (predator-prey)"),
    ("simple_world_comm", SimpleWorldComm, "predators with a leader that speaks, prey with food and forests"),
    ("simple_crypto", SimpleCrypto, "Alice tells Bob a message and Eve listens (covert communication)"),
    ("simple_line", SimpleLine, "agents stand in a row between two landmarks"),
    ("simple_formation", SimpleFormation, "agents stand on a circle around a landmark"),
    ("collect_treasure", CollectTreasure, "collectors bring treasures to moving deposits"),
)


def entries() -> tuple[Entry, ...]:
    """Return the worlds, each with the class that makes it."""
    return tuple(Entry(name=n, family="particle", summary=summary, factory=world) for n, world, summary in _WORLDS)
