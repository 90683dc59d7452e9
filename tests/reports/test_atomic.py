from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports import atomic


def test_write_bytes_over_a_file_leaves_the_new_content_and_nothing_else(tmp_path: Path) -> None:
    atomic.write_bytes(tmp_path / "a", b"old")
    atomic.write_bytes(tmp_path / "a", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


def test_write_bytes_that_breaks_off_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atomic.write_bytes(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic.write_bytes(tmp_path / "a", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_write_bytes_into_a_missing_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        atomic.write_bytes(tmp_path / "no" / "a", b"")


@pytest.mark.parametrize("where", ["folder", "no/a"])
def test_write_bytes_that_cannot_be_done_names_the_file_and_leaves_nothing(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=r"directory") as refused:
        atomic.write_bytes(tmp_path / where, b"new")
    assert refused.value.filename == str(tmp_path / where)
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_canonical_json_of_a_number_that_is_not_finite_raises() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic.canonical_json({"a": float("nan")})


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.booleans() | st.text(max_size=5), max_size=6))
def test_canonical_json_does_not_depend_on_the_order_of_keys(table: dict[str, object]) -> None:
    backwards = dict(reversed(list(table.items())))
    assert atomic.canonical_json(backwards) == atomic.canonical_json(table)


@given(st.integers(-(10**6), 10**6))
def test_canonical_json_of_a_whole_float_is_that_of_the_integer(number: int) -> None:
    assert atomic.canonical_json([float(number)]) == atomic.canonical_json([number])


def test_canonical_json_keeps_true_apart_from_one() -> None:
    assert atomic.canonical_json([True, 1]) == "[true,1]"


def test_digest_is_sha256() -> None:
    assert atomic.digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
