"""Files of a folder that may come from anyone: read without following a link out of it, and named where damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class StoreError(ValueError):
    """A folder or file of a store that cannot be used, and why."""


def no_link(path: Path) -> Path:
    """Return a path that is not a link out of the folder it stands in.

    Raises
    ------
    StoreError : it is a link.
    """
    if path.is_symlink():
        raise StoreError(f"{path} is a link; what belongs to a run must stand in the store itself")
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    StoreError : the file holds no JSON object, or is a link.
    FileNotFoundError : it is not there.
    """
    try:
        value = json.loads(no_link(path).read_bytes())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: no JSON ({error})") from error
    if not isinstance(value, dict):
        raise StoreError(f"{path} is damaged: no JSON object")
    return value
