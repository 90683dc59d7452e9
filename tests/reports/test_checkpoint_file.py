from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nashlens.agents.checkpoint import Checkpoint
from nashlens.reports.checkpoint_file import checkpointed_seeds, packs, read_checkpoint, write_checkpoint


def checkpoint() -> Checkpoint:
    arrays = {
        "round": np.array(7),
        "alive": np.array([True, False]),
        "replay/slots": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "generators/0": np.frombuffer(b"abc", dtype=np.uint8),
    }
    return Checkpoint(arrays=arrays, settings={"seeds": [1, 2], "game": "chicken"})


def test_read_checkpoint_gives_back_arrays_shapes_types_and_settings(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "cell" / "a.safetensors", checkpoint(), seeds=[1, 2])
    found = read_checkpoint(tmp_path / "cell" / "a.safetensors")
    assert found is not None
    assert found.settings == checkpoint().settings
    for name, array in checkpoint().arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x08\0\0\0\0\0\0\0{}      "])
def test_read_checkpoint_of_a_foreign_or_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    assert read_checkpoint(tmp_path / "a.safetensors") is None
    assert list(checkpointed_seeds(tmp_path)) == []


def test_read_checkpoint_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "a.safetensors") is None


def test_packs_keep_the_seeds_of_a_checkpoint_together_and_split_the_rest(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.safetensors", checkpoint(), seeds=[1, 2])
    assert packs(range(7), tmp_path, n_packs=2) == [(1, 2), (0, 3, 4), (5, 6)]


def test_packs_pass_over_a_checkpoint_of_seeds_that_are_not_missing(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.safetensors", checkpoint(), seeds=[1, 2])
    assert packs([0, 1], tmp_path, n_packs=1) == [(0, 1)]


def test_packs_below_one_raise(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="n_packs must be at least 1, not 0"):
        packs([0], tmp_path, n_packs=0)
