"""Files of a folder that may come from anyone: read without leaving the folder, and named where they are damaged."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any


class StoreError(ValueError):
    """A folder or file of a store that cannot be used, and why."""


class DamageError(StoreError):
    """A file of a store that is damaged, missing or foreign, so that no other wording of a command could use it."""


def inside(root: Path, *names: str) -> Path:
    """Return a path below a folder that no link on the way leads out of; the folder itself may be a link.

    Parameters
    ----------
    root : the folder.
    names : one a level, the last of which need not be there.

    Raises
    ------
    StoreError : a name is no plain one, or a link stands where one of them leads.
    """
    path = root
    for name in names:
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            raise StoreError(f"{name!r} is no name of a file in {root}")
        path = no_link(path / name)
    return path


def no_link(path: Path) -> Path:
    """Return a path that is not a link out of the folder it stands in.

    Raises
    ------
    DamageError : it is a link.
    """
    if path.is_symlink():
        raise DamageError(f"{path} is a link; what belongs to a store must stand in it")
    return path


def read_file(path: Path) -> bytes:
    """Return what a file holds; a link, a folder or a pipe in its place is not followed, opened or waited for.

    Raises
    ------
    DamageError : something else than a file stands there, or it cannot be read.
    FileNotFoundError : nothing stands there.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    except OSError as error:
        no_link(path)
        raise DamageError(f"{path} cannot be read: {why(error)}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise DamageError(f"{path} is no file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise DamageError(f"{path} cannot be read: {why(error)}") from error
    finally:
        os.close(handle)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    DamageError : the file holds no JSON object, or is none; see `read_file`.
    FileNotFoundError : it is not there.
    """
    try:
        value = json.loads(read_file(path))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamageError(f"{path} is damaged: no JSON ({error})") from error
    if not isinstance(value, dict):
        raise DamageError(f"{path} is damaged: no JSON object")
    return value


def why(error: OSError) -> str:
    """Return what the operating system complained about, in a few words."""
    return (error.strerror or type(error).__name__).lower()
