"""A lock on one cell of a suite, so that two suite runs on one folder never train the same thing at once.

The lock is the operating system's (`flock`): it goes with the process that holds it, also after ``kill -9``.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def cell_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock at `path`; yield whether it is held.

    Parameters
    ----------
    path : the lock's file; made if it is not there, and left there.
    wait : True to wait for another holder to let go, False to give up at once.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
