from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nashlens.agents.checkpoint import Checkpoint
from nashlens.reports.checkpoint_file import (
    checkpointed_seeds,
    packs,
    read_checkpoint,
    remove_unreadable,
    write_checkpoint,
)
from nashlens.reports.safe_files import StoreError


def checkpoint() -> Checkpoint:
    arrays = {
        "round": np.array(7),
        "alive": np.array([True, False]),
        "replay/slots": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "generators/0": np.frombuffer(b"abc", dtype=np.uint8),
    }
    return Checkpoint(arrays=arrays, settings={"seeds": [1, 2], "game": "chicken"})


def test_read_checkpoint_gives_back_arrays_shapes_types_and_settings(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.safetensors", checkpoint(), seeds=[1, 2])
    found = read_checkpoint(tmp_path / "a.safetensors")
    assert found is not None
    assert found.settings == checkpoint().settings
    for name, array in checkpoint().arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_foreign_file_in_place_of_a_checkpoint_is_named_passed_over_and_removed(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    write_checkpoint(tmp_path / "b.safetensors", checkpoint(), seeds=[1, 2])
    with pytest.raises(StoreError, match=r"a\.safetensors is damaged, or no checkpoint of this version"):
        read_checkpoint(path)
    assert list(checkpointed_seeds(tmp_path)) == [(tmp_path / "b.safetensors", (1, 2))]
    assert remove_unreadable(tmp_path) == [path]
    assert [each.name for each in tmp_path.iterdir()] == ["b.safetensors"]


def test_a_checkpoint_cut_short_holds_no_seeds(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, checkpoint(), seeds=[1, 2])
    path.write_bytes(path.read_bytes()[:-1])
    assert list(checkpointed_seeds(tmp_path)) == []
    with pytest.raises(StoreError, match="is damaged"):
        read_checkpoint(path)


@pytest.mark.parametrize("place", ["arrays", "settings", "seeds"])
def test_read_checkpoint_notices_one_changed_byte(tmp_path: Path, place: str) -> None:
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, checkpoint(), seeds=[1, 2])
    content = bytearray(path.read_bytes())
    changed = {"arrays": b"abc", "settings": b"chicken", "seeds": b"[1, 2]"}[place]
    at = bytes(content).rindex(changed) + 1
    content[at : at + 1] = b"7"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged: its checksum differs from the one it carries"):
        read_checkpoint(path)


def test_a_checkpoint_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "cell").mkdir()
    write_checkpoint(tmp_path / "theirs.safetensors", checkpoint(), seeds=[1, 2])
    link = tmp_path / "cell" / "a.safetensors"
    link.symlink_to(tmp_path / "theirs.safetensors")
    with pytest.raises(StoreError, match="is a link"):
        read_checkpoint(link)
    assert list(checkpointed_seeds(tmp_path / "cell")) == []
    assert remove_unreadable(tmp_path / "cell") == [link]
    assert (tmp_path / "theirs.safetensors").exists()


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
