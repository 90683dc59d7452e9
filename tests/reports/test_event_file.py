from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.agents.records import TrainingRun
from nashlens.reports.event_file import crc32c, event_file
from nashlens.reports.export import tidy_frame
from nashlens.reports.provenance import Provenance
from nashlens.reports.scalar_logs import FILE_NAME, write_scalars
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite


# Test vectors of RFC 3720, appendix B.4.
@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_crc32c_is_that_of_the_standard(data: bytes, crc: int) -> None:
    assert crc32c(data) == crc


def records(content: bytes) -> Iterator[bytes]:
    """Yield the data of each record, whose checks must hold."""

    def unmasked(stored: bytes) -> int:
        rotated = (struct.unpack("<I", stored)[0] - 0xA282EAD8) % 2**32
        return (rotated >> 17) | (rotated << 15) % 2**32

    while content:
        (length,) = struct.unpack("<Q", content[:8])
        assert unmasked(content[8:12]) == crc32c(content[:8])
        data = content[12 : 12 + length]
        assert unmasked(content[12 + length : 16 + length]) == crc32c(data)
        yield data
        content = content[16 + length :]


def fields(message: bytes) -> dict[int, bytes | int]:
    """Read a message of protocol buffers by itself: numbers in variable length, 8 and 4 bytes, and nested bytes."""

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = message[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    found: dict[int, bytes | int] = {}
    at = 0
    while at < len(message):
        key, at = varint(at)
        if key & 7 == 0:
            found[key >> 3], at = varint(at)
        else:
            size, at = varint(at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            found[key >> 3], at = message[at : at + size], at + size
    return found


def read_back(content: bytes) -> list[tuple[str, int, float]]:
    first, *rest = [fields(data) for data in records(content)]
    assert first[3] == b"brain.Event:2"
    scalars = []
    for event in rest:
        summary = event[5]
        assert isinstance(summary, bytes)
        nested = fields(summary)[1]
        assert isinstance(nested, bytes)
        value = fields(nested)
        tag, number, step = value[1], value[2], event[2]
        assert isinstance(tag, bytes)
        assert isinstance(number, bytes)
        assert isinstance(step, int)
        scalars.append((tag.decode(), step, struct.unpack("<f", number)[0]))
    return scalars


SCALARS = st.lists(st.tuples(st.text(max_size=60), st.integers(0, 2**62), st.floats(width=32, allow_nan=False)))


@settings(max_examples=30)
@given(SCALARS)
def test_event_file_reads_back_by_its_own_format(scalars: list[tuple[str, int, float]]) -> None:
    assert read_back(event_file(scalars, time=1.5)) == scalars


def test_event_file_is_dated() -> None:
    (first, _) = [fields(data) for data in records(event_file([("a", 0, 1.0)], time=12.25))]
    assert first[1] == struct.pack("<d", 12.25)


def test_event_file_of_a_negative_step_raises() -> None:
    with pytest.raises(ValueError, match="step must be at least 0, not -1, of a"):
        event_file([("a", -1, 0.0)])


def test_event_file_is_read_by_tensorboard(tmp_path: Path) -> None:
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader", reason="needs tensorboard")
    (tmp_path / FILE_NAME).write_bytes(event_file([("a/b", 7, 0.5), ("a/b", 8, -2.0)]))
    events = list(loader.LegacyEventFileLoader(str(tmp_path / FILE_NAME)).Load())
    read = [(event.step, value.tag, value.simple_value) for event in events for value in event.summary.value]
    assert read == [(7, "a/b", 0.5), (8, "a/b", -2.0)]


def test_write_scalars_holds_every_number_of_every_run(
    tmp_path: Path, suite_text: str, make_run: Callable[..., TrainingRun], provenance: Provenance
) -> None:
    suite, store = parse_suite(suite_text), Store.create(tmp_path / "out")
    for spec in suite.runs[:3]:
        run = make_run([[[0.5, 0.5], [0.9, 0.1]]] * 2, seed=spec.seed)
        store.write_done(spec, run, provenance=provenance, seconds=1.0)
    for _ in range(2):  # a second time replaces the first
        assert write_scalars(store, suite, tmp_path / "logs") == 3
    files = sorted((tmp_path / "logs").rglob("*"))
    written = [path for path in files if path.is_file()]
    assert [str(path.relative_to(tmp_path / "logs").parent) for path in written] == [
        "small/matching_pennies/ddpg/seed-0",
        "small/matching_pennies/maddpg/seed-0",
        "small/matching_pennies/maddpg/seed-1",
    ]
    frame = tidy_frame(store, suite)
    one = frame[(frame["algorithm"] == "maddpg") & (frame["seed"] == 1) & frame["value"].notna()]
    scalars = read_back(written[2].read_bytes())
    assert [step for _, step, _ in scalars] == one["step"].tolist()
    assert [value for _, _, value in scalars] == pytest.approx(one["value"].tolist(), rel=1e-6)
    assert ("nash_conv", 0) in {(tag, step) for tag, step, _ in scalars}
