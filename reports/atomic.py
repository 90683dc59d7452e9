"""Files that are there in full or not at all, also after a crash or beside a second writer."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes, *, flush: bool = True, flush_folder: bool = True) -> None:
    """Put `content` at `path`: a temporary file beside it, flushed to the disk, then renamed over it.

    Parameters
    ----------
    path : the file; its folder must be there.
    content : what it will hold.
    flush : whether to wait until the disk has it; without that a crash of the machine may leave an empty file.
    flush_folder : whether to flush the rename too. Without that, a crash of the machine may leave the file that was
        there before; of several files in one folder it is enough to flush with the last.

    Raises
    ------
    OSError : the folder is missing or cannot be written to, the disk is full, or a folder stands at `path`; then
        nothing is left behind.
    """
    try:
        _replace(path, content, flush=flush)
    except OSError as error:
        if error.filename is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error  # who asked knows no temporary file
    if flush and flush_folder:
        _flush_folder(path.parent)


def _replace(path: Path, content: bytes, *, flush: bool) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if flush:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Put `text` at `path` as UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Put a JSON value at `path`, indented, keys sorted; see `write_bytes`."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no blanks, numbers that differ only in type unified.

    A whole float is written as an integer, so that 1 and 1.0 in a suite file mean the same run.

    Raises
    ------
    ValueError : a number is not finite.

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [0.5, True]})
    '{"a":[0.5,true],"b":1}'
    """
    return json.dumps(_unified(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _unified(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _unified(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_unified(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
