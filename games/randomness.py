"""Where randomness comes from: named child generators of one seed, and blocks of environments that own one each.

Every draw of a run comes from a generator that is named after its purpose, so that adding a new consumer changes none
of the others' draws. Global generators are never touched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Source = np.random.Generator | Sequence[np.random.Generator]


def child_sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """Return the seed sequence of one named purpose under a seed.

    Parameters
    ----------
    seed : whole number, at least 0.
    names : the purpose, such as ``("environment",)`` or ``("gumbel", "target")``; other names, other draws.

    Raises
    ------
    ValueError : `seed` is negative, or not a whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, not {seed!r}")
    digest = hashlib.sha256(json.dumps(list(names)).encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4")
    return np.random.SeedSequence(int(seed), spawn_key=tuple(int(word) for word in words))


def child(seed: int, *names: str | int) -> np.random.Generator:
    """Return the generator of one named purpose under a seed.

    >>> float(child(0, "environment").random()) == float(child(0, "environment").random())
    True
    >>> float(child(0, "environment").random()) == float(child(0, "replay").random())
    False
    """
    return np.random.Generator(np.random.PCG64(child_sequence(seed, *names)))


def generator_state(rng: np.random.Generator) -> str:
    """Return a generator's state as JSON text."""
    return json.dumps(rng.bit_generator.state, sort_keys=True)


def restore_generator(rng: np.random.Generator, state: str) -> None:
    """Set a generator to a state that `generator_state` returned."""
    rng.bit_generator.state = json.loads(state)


class Streams:
    """Draws for E environments, split into equal blocks, each with a generator of its own.

    What a block draws depends on its own generator and on how many of its own environments ask, and on nothing else:
    a seed that trains alone and the same seed among others see the same games.

    Parameters
    ----------
    rng : one generator, or one for each block.
    n_envs : E, a positive multiple of the number of generators.

    Raises
    ------
    ValueError : `n_envs` does not fit, there is no generator, or two blocks have the same one.
    """

    __slots__ = ("block", "generators", "n_envs")

    def __init__(self, rng: Source, n_envs: int) -> None:
        generators = (rng,) if isinstance(rng, np.random.Generator) else tuple(rng) if isinstance(rng, Sequence) else ()
        if not generators or not all(isinstance(g, np.random.Generator) for g in generators):
            raise ValueError(f"rng must be a numpy Generator, or one or more of them, not {rng!r}")
        if len({id(g.bit_generator) for g in generators}) < len(generators):
            raise ValueError("rng must be a different generator for each block of environments")
        whole = isinstance(n_envs, int | np.integer) and not isinstance(n_envs, bool)
        if not whole or n_envs < 1 or n_envs % len(generators):
            raise ValueError(f"n_envs must be a positive multiple of the {len(generators)} generators, not {n_envs!r}")
        self.generators = generators
        self.n_envs = int(n_envs)
        self.block = self.n_envs // len(generators)

    def uniform(
        self, low: float, high: float, shape: tuple[int, ...], where: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float64]:
        """Draw ``[n, *shape]`` uniform numbers, for all environments or for the n ones that `where` ``[E]`` marks."""
        return self._gather(lambda g, n: g.uniform(low, high, size=(n, *shape)), where)

    def normal(self, shape: tuple[int, ...], where: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.float64]:
        """Draw ``[n, *shape]`` standard normal numbers, for all environments or for the marked ones."""
        return self._gather(lambda g, n: g.standard_normal(size=(n, *shape)), where)

    def integers(
        self, high: int, shape: tuple[int, ...] = (), where: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int64]:
        """Draw ``[n, *shape]`` whole numbers from 0 to ``high - 1``, for all environments or for the marked ones."""
        return self._gather(lambda g, n: g.integers(high, size=(n, *shape)), where)

    def _gather(
        self, draw: Callable[[np.random.Generator, int], npt.NDArray[Any]], where: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[Any]:
        if where is None:
            return np.concatenate([draw(g, self.block) for g in self.generators])
        counts = where.reshape(len(self.generators), self.block).sum(axis=1)
        return np.concatenate([draw(g, int(n)) for g, n in zip(self.generators, counts, strict=True)])
