"""Checkpoints of unfinished cells: arrays and settings in one safetensors file each, found again by their seeds.

A checkpoint carries a checksum of all that it holds, and one that does not match is named and not gone on from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nashlens.reports import atomic
from nashlens.reports.safe_files import DamageError, no_link

if TYPE_CHECKING:
    from nashlens.agents.checkpoint import Checkpoint

SUFFIX = ".safetensors"
CHECKSUM = "sha256"


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, seeds: Sequence[int]) -> None:
    """Put a checkpoint of the training of `seeds` at `path`, over an earlier one; its folder must be there.

    Raises
    ------
    OSError : the folder cannot be written to or the disk is full; then the earlier one stays.
    """
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    words = {"settings": json.dumps(checkpoint.settings), "seeds": json.dumps(list(seeds))}
    atomic.write_bytes(path, save(arrays, metadata={**words, CHECKSUM: _checksum(arrays, words)}))


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, None if nothing stands there.

    Raises
    ------
    DamageError : what stands there is a link, damaged, or no checkpoint of this version.
    """
    from safetensors import SafetensorError, safe_open

    from nashlens.agents.checkpoint import Checkpoint

    if not no_link(path).exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            words = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — it is no mapping
        expected = words.pop(CHECKSUM)
        settings = json.loads(words["settings"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DamageError(f"{path} is damaged, or no checkpoint of this version: {error}") from error
    if _checksum(arrays, words) != expected:
        raise DamageError(f"{path} is damaged: its checksum differs from the one it carries")
    return Checkpoint(arrays=arrays, settings=settings)


def checkpointed_seeds(folder: Path) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """Yield each checkpoint in a folder whose head can be read with the seeds it holds, the largest first."""
    found: list[tuple[Path, tuple[int, ...]]] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        seeds = _seeds_of(path)
        if seeds is not None:
            found.append((path, seeds))
    yield from sorted(found, key=lambda each: (-len(each[1]), each[0].name))


def remove_unreadable(folder: Path) -> list[Path]:
    """Remove the checkpoints in a folder that are cut short or foreign, and return which; no seed can go on from them.

    Raises
    ------
    OSError : one cannot be removed.
    """
    removed = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if _seeds_of(path) is None]
    for path in removed:
        path.unlink(missing_ok=True)
    return removed


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


def _seeds_of(path: Path) -> tuple[int, ...] | None:
    """Return the seeds that a checkpoint says it holds, None if it is cut short, foreign, or no file of its own."""
    from safetensors import SafetensorError, safe_open

    if path.is_symlink() or not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as file:  # compares the length of the file with what its head says
            return tuple(int(seed) for seed in json.loads((file.metadata() or {})["seeds"]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def _checksum(arrays: Mapping[str, npt.NDArray[Any]], words: Mapping[str, str]) -> str:
    """Return the SHA-256 of names, types, shapes and bytes of arrays, and of the words beside them."""
    found = hashlib.sha256(atomic.canonical_json(dict(words)).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()
