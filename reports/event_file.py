"""Scalars in the format that TensorBoard reads, written without TensorBoard.

A file is a sequence of records: the length of the data as 8 bytes, the masked CRC-32C of these, the data, and the
masked CRC-32C of the data, all little-endian. Each record is an ``Event`` in the wire format of protocol buffers: the
time (1), the step (2), and either the version of the format (3) or a summary (5), which is a list (1) of values, each
with a tag (1) and a number (2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

VERSION = b"brain.Event:2"
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
_MASK = 0xA282EAD8


def event_file(scalars: Iterable[tuple[str, int, float]], *, time: float = 0.0) -> bytes:
    """Return the content of an event file.

    Parameters
    ----------
    scalars : tag, step (at least 0) and value of each number.
    time : seconds since 1970 that every number is dated to.

    Raises
    ------
    ValueError : a step is negative.
    """
    records = [_record(_event(time, _field(3, VERSION)))]
    for tag, step, value in scalars:
        if step < 0:
            raise ValueError(f"step must be at least 0, not {step}, of {tag}")
        number = _field(1, tag.encode()) + _key(2, 5) + struct.pack("<f", value)
        records.append(_record(_event(time, _key(2, 0) + _varint(step) + _field(5, _field(1, number)))))
    return b"".join(records)


def crc32c(data: bytes) -> int:
    """Return the cyclic redundancy check of 32 bits by Castagnoli's polynomial.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(map(_remainder, range(256)))


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    rotated = ((crc >> 15) | (crc << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + _MASK) & 0xFFFFFFFF)


def _event(time: float, rest: bytes) -> bytes:
    return _key(1, 1) + struct.pack("<d", time) + rest


def _field(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
