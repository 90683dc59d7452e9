"""A checkpoint: all that a run of several seeds needs to go on as if it had never stopped, as arrays and settings.

This room touches no file; whoever keeps a checkpoint writes `Checkpoint.arrays` and `Checkpoint.settings` somewhere,
and hands both back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.games.randomness import child, child_sequence, generator_state, restore_generator

PURPOSES = ("acting", "learning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of a run between two steps.

    Attributes
    ----------
    arrays : parameters, optimisers, replay, environments, curves and generators.
    settings : what the run was asked for, plain values; a run resumes only what it was asked for.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    settings: Mapping[str, Any]


class Generators:
    """The generators of S seeds: one for the environments and one for each purpose in `PURPOSES`.

    Parameters
    ----------
    seeds : S whole numbers.
    device : where the torch generators draw.

    Attributes
    ----------
    environments, assigning : one NumPy generator a seed, for the games and for the sub-policies of episodes.
    acting, learning : one torch generator a seed.
    """

    def __init__(self, seeds: Sequence[int], *, device: torch.device) -> None:
        self.environments = [child(seed, "environment") for seed in seeds]
        self.assigning = [child(seed, "sub-policy") for seed in seeds]
        self.acting, self.learning = (
            [_torch_generator(seed, purpose, device) for seed in seeds] for purpose in PURPOSES
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the states of all generators."""
        state: dict[str, npt.NDArray[Any]] = {}
        for name, rngs in self._numpy.items():
            for k, rng in enumerate(rngs):
                state[f"{name}.{k}"] = np.frombuffer(generator_state(rng).encode(), dtype=np.uint8).copy()
        for purpose, generators in zip(PURPOSES, (self.acting, self.learning), strict=True):
            state |= {f"{purpose}.{k}": g.get_state().numpy().copy() for k, g in enumerate(generators)}
        return state

    def load(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Set all generators to what `state` returned."""
        for name, rngs in self._numpy.items():
            for k, rng in enumerate(rngs):
                restore_generator(rng, state[f"{name}.{k}"].tobytes().decode())
        for purpose, generators in zip(PURPOSES, (self.acting, self.learning), strict=True):
            for k, generator in enumerate(generators):
                generator.set_state(torch.tensor(state[f"{purpose}.{k}"]))

    @property
    def _numpy(self) -> dict[str, list[np.random.Generator]]:
        return {"environment": self.environments, "assigning": self.assigning}


def _torch_generator(seed: int, purpose: str, device: torch.device) -> torch.Generator:
    word = int(child_sequence(seed, purpose).generate_state(1, np.uint64)[0])
    return torch.Generator(device=device).manual_seed(word >> 1)


def prefixed(name: str, state: Mapping[str, Tensor | npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return a part's state as arrays under its name."""
    return {
        f"{name}/{key}": value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        for key, value in state.items()
    }


def part(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> dict[str, npt.NDArray[Any]]:
    """Return what `prefixed` put under a name."""
    return {key.removeprefix(f"{name}/"): a for key, a in arrays.items() if key.startswith(f"{name}/")}


def tensors(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, Tensor]:
    """Return arrays as tensors of their own."""
    return {key: torch.tensor(array) for key, array in arrays.items()}
