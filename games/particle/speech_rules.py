"""Rules of thumb for worlds in which agents speak: speaker and listener, reference, crypto.

The conventions. In speaker-listener and reference, signal k means landmark k; a listener that hears none of these
signals, as at the first step of an episode, goes to the centroid of the landmarks. In crypto, signal ``(m + k) mod n``
stands for message m under key k among n messages: a one-time pad, which tells one without the key nothing.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from nashlens.games.core import Array, BoolArray, one_hot
from nashlens.games.particle.coverage_rules import BODY
from nashlens.games.particle.simple_crypto import ALICE, EVE, N_SIGNALS
from nashlens.games.particle.simple_reference import N_SIGNALS as REFERENCE_SIGNALS
from nashlens.games.particle.simple_speaker_listener import SPEAKER
from nashlens.games.particle.steering import Intent, Rule, arrive, points
from nashlens.games.particle.world import ParticleWorld

N_LANDMARKS = 3


def meant_place(landmarks: Array, heard: Array) -> Array:
    """Return the landmark ``[B, 2]`` of ``[B, 3, 2]`` that the loudest of the first three signals means.

    Parameters
    ----------
    heard : ``[B, C]``; where the first three are all zero the centroid is returned.
    """
    loudest = heard[:, :N_LANDMARKS].argmax(axis=1)
    meant = np.take_along_axis(landmarks, loudest[:, None, None], axis=1)[:, 0]
    told: BoolArray = np.any(heard[:, :N_LANDMARKS] > 0, axis=1)
    return np.where(told[:, None], meant, landmarks.mean(axis=1))


def simple_speaker_listener(world: ParticleWorld, agent: int, *, listening: bool = True) -> Rule:
    """Say which landmark it is, and go to the one that was said, or to the centroid if not listening."""
    if agent == SPEAKER:
        return lambda seen: Intent(said=one_hot(seen.argmax(axis=1), N_LANDMARKS))

    def rule(seen: Array) -> Intent:
        landmarks, heard = points(seen, 2, N_LANDMARKS), seen[:, 8:]
        place = meant_place(landmarks, heard if listening else np.zeros_like(heard))
        return Intent(force=arrive(place, seen[:, :2], body=BODY))

    return rule


def simple_reference(world: ParticleWorld, agent: int, *, listening: bool = True) -> Rule:
    """Say where the other should go, and go where the other says, or to the centroid if not listening."""

    def rule(seen: Array) -> Intent:
        landmarks, heard = points(seen, 2, N_LANDMARKS), seen[:, 11:]
        place = meant_place(landmarks, heard if listening else np.zeros_like(heard))
        said = one_hot(seen[:, 8:11].argmax(axis=1), REFERENCE_SIGNALS)
        return Intent(force=arrive(place, seen[:, :2], body=BODY), said=said)

    return rule


def simple_crypto(world: ParticleWorld, agent: int) -> Rule:
    """Alice encrypts, Bob decrypts, and Eve, to whom every message is equally likely, names them all alike.

    Bob does as Eve where he hears nothing that the pad can say.
    """
    n = cast("int", world.spec.parameters["n_messages"])
    alike = np.where(np.arange(N_SIGNALS) < n, 1 / n, 0.0)

    def encrypt(seen: Array) -> Intent:
        message, key = seen[:, :N_SIGNALS].argmax(axis=1), seen[:, N_SIGNALS:].argmax(axis=1)
        return Intent(said=one_hot((message + key) % n, N_SIGNALS))

    def decrypt(seen: Array) -> Intent:
        key, heard = seen[:, :N_SIGNALS].argmax(axis=1), seen[:, N_SIGNALS : N_SIGNALS + n]
        told: BoolArray = np.any(heard > 0, axis=1)
        message = one_hot((heard.argmax(axis=1) - key) % n, N_SIGNALS)
        return Intent(said=np.where(told[:, None], message, alike))

    if agent == EVE:
        return lambda seen: Intent(said=np.tile(alike, (len(seen), 1)))
    return encrypt if agent == ALICE else decrypt
