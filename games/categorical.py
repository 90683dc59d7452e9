"""Categorical distributions over the factors of a `Choice`: softmax, drawing, the best, and what is legal.

Every array is ``[B, A_i]``: for each of B observations the factors one after the other.
"""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Array, BoolArray, Choice


def sample_choice(probabilities: Array, space: Choice, *, rng: np.random.Generator) -> Array:
    """Draw one-hot action vectors ``[B, A_i]`` from probabilities ``[B, A_i]``, factor by factor, by inversion."""
    actions = np.zeros_like(probabilities)
    rows = np.arange(len(probabilities))
    for part in space.slices:
        cumulative = np.cumsum(probabilities[:, part], axis=1)
        draws = rng.random((len(rows), 1)) * cumulative[:, -1:]
        chosen = np.minimum((cumulative <= draws).sum(axis=1), part.stop - part.start - 1)
        actions[rows, part.start + chosen] = 1.0
    return actions


def best_of(scores: Array, space: Choice) -> Array:
    """Return one-hot action vectors ``[B, A_i]`` of the highest score of each factor, the first among equals."""
    actions = np.zeros_like(scores)
    rows = np.arange(len(scores))
    for part in space.slices:
        actions[rows, part.start + scores[:, part].argmax(axis=1)] = 1.0
    return actions


def softmax(logits: Array, space: Choice, *, masks: BoolArray | None = None) -> Array:
    """Return the probabilities ``[B, A_i]`` of logits ``[B, A_i]``, factor by factor; illegal actions get exactly 0."""
    if masks is not None:
        logits = np.where(masks, logits, -np.inf)
    parts = []
    for part in space.slices:
        shifted = logits[:, part] - logits[:, part].max(axis=1, keepdims=True)
        weights = np.exp(shifted)
        parts.append(weights / weights.sum(axis=1, keepdims=True))
    return np.concatenate(parts, axis=1)


def renormalise(probabilities: Array, space: Choice, masks: BoolArray) -> Array:
    """Return ``[B, A_i]`` probabilities restricted to legal actions; uniform where no mass is left on them."""
    legal = np.where(masks, probabilities, 0.0)
    parts = []
    for part in space.slices:
        total = legal[:, part].sum(axis=1, keepdims=True)
        count = masks[:, part].sum(axis=1, keepdims=True)
        rescaled = legal[:, part] / np.where(total > 0, total, 1.0)
        parts.append(np.where(total > 0, rescaled, masks[:, part] / np.maximum(count, 1)))
    return np.concatenate(parts, axis=1)
