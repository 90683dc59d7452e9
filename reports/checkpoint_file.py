"""Checkpoints of unfinished cells: arrays and settings in one safetensors file each, found again by their seeds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nashlens.reports import atomic

if TYPE_CHECKING:
    from nashlens.agents.checkpoint import Checkpoint


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, seeds: Sequence[int]) -> None:
    """Put a checkpoint of the training of `seeds` at `path`, over an earlier one.

    Raises
    ------
    OSError : the folder cannot be written to or the disk is full; then the earlier one stays.
    """
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    words = {"settings": json.dumps(checkpoint.settings), "seeds": json.dumps(list(seeds))}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_bytes(path, save(arrays, metadata=words))


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, or None if there is none that can be read."""
    from safetensors import SafetensorError, safe_open

    from nashlens.agents.checkpoint import Checkpoint

    try:
        with safe_open(path, framework="numpy") as file:
            settings = json.loads((file.metadata() or {})["settings"])
            return Checkpoint(arrays={name: file.get_tensor(name) for name in file.keys()}, settings=settings)  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def checkpointed_seeds(folder: Path) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Yield each readable checkpoint in a folder with the seeds it holds, the largest first."""
    from safetensors import SafetensorError, safe_open

    found: list[tuple[Path, tuple[int, ...]]] = []
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as file:
                found.append((path, tuple(json.loads((file.metadata() or {})["seeds"]))))
        except (OSError, SafetensorError, KeyError, ValueError):
            continue
    yield from sorted(found, key=lambda each: (-len(each[1]), each[0].name))


def packs(seeds: Iterable[int], folder: Path, *, n_packs: int) -> list[tuple[int, ...]]:
    """Return how to train the missing seeds of a cell: those of a checkpoint together, the rest in equal packs.

    Parameters
    ----------
    seeds : the missing seeds.
    folder : where the checkpoints of the cell are.
    n_packs : packs to make of the rest, where it has as many seeds.

    Raises
    ------
    ValueError : `n_packs` is below 1.
    """
    if n_packs < 1:
        raise ValueError(f"n_packs must be at least 1, not {n_packs}")
    left = list(seeds)
    together = []
    for _, held in checkpointed_seeds(folder):
        if set(held) <= set(left):
            together.append(held)
            left = [seed for seed in left if seed not in held]
    size = -(-len(left) // n_packs) if left else 1
    return together + [tuple(left[k : k + size]) for k in range(0, len(left), size)]
