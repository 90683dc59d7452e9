"""A limit of time for exact computations whose cost nobody knows beforehand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class OutOfTimeError(Exception):
    """A computation took longer than it was given."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Stop what runs inside the block after some seconds.

    Parameters
    ----------
    seconds : more than 0.

    Raises
    ------
    OutOfTimeError : the block took longer.
    ValueError : `seconds` is not positive.

    Notes
    -----
    By an alarm of the operating system, which Python hears between two of its own instructions: one long call into a
    compiled library is stopped when it returns. Where there is no such alarm, or outside the main thread, nothing is
    stopped.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, not {seconds}")
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_: int, __: FrameType | None) -> None:
        raise OutOfTimeError(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
