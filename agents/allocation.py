"""Keeping freed memory in the process instead of returning it to the operating system after every operation.

A minibatch makes and frees arrays of some megabytes many times a second. By default the C library hands such blocks
back and asks for them again, and the pages are zeroed anew each time: a fifth or more of the time of an update.
"""

from __future__ import annotations

import ctypes
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGEST_INT = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Tell glibc's allocator to keep what is freed; elsewhere do nothing.

    Returns
    -------
    Whether it was told. The setting lasts as long as the process; the process holds on to the memory of its largest
    moment.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((M_MMAP_THRESHOLD, 2**30), (M_TRIM_THRESHOLD, LARGEST_INT), (M_TOP_PAD, 2**26))
    told = [bool(mallopt(option, value)) for option, value in wanted]
    return all(told)
