"""Locks on single runs, so that two suite runs on one folder never train the same thing at once.

A lock is the operating system's (`flock`): it goes with the process that holds it, also after ``kill -9``. It holds
between machines where they share the folder by a file system that passes such locks on, as NFS does.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def run_locks(paths: Sequence[Path], *, wait: bool) -> Iterator[bool]:
    """Hold the locks at all of `paths`, or none; yield whether they are held.

    Parameters
    ----------
    paths : the locks' files; made if they are not there, and left there. None may be a link.
    wait : True to wait for other holders to let go, False to give up at once.

    Notes
    -----
    All who wait take the locks in the order of their names, so that no two can wait for each other.
    """
    handles: list[int] = []
    try:
        held = all(_taken(path, handles, wait=wait) for path in sorted(paths))
        if not held:
            _let_go(handles)
        yield held
    finally:
        _let_go(handles)


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock at `path`; not one that only looks."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _taken(path: Path, handles: list[int], *, wait: bool) -> bool:
    handles.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644))
    try:
        fcntl.flock(handles[-1], fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _let_go(handles: list[int]) -> None:
    while handles:
        os.close(handles.pop())
