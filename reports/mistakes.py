"""Mistakes of a user, and what a machine could not go on with: one clear line and an exit code, never a traceback."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from nashlens.reports.safe_files import DamageError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Mistake(ValueError):  # noqa: N818 — it is the user's, and no error of the program
    """Something that was asked for cannot be done as it was asked."""

    exit_code = 2


class Stopped(Mistake):
    """Work that was asked for rightly and could not be done, as on a full disk or with files that are damaged."""

    exit_code = 1


@contextmanager
def checking(argument: str = "") -> Iterator[None]:
    """Turn what is refused inside the block into a `Mistake`; damaged files and a full disk into `Stopped`.

    Only what was asked for is looked at inside such a block; what fails later is no mistake of the user.

    Parameters
    ----------
    argument : whose file it is that cannot be read or written, where the error does not say.

    Raises
    ------
    Mistake : something inside raised a ValueError or an OSError.
    Stopped : a file of a store is damaged, or the disk is full.
    """
    try:
        yield
    except Mistake:
        raise
    except DamageError as error:
        raise Stopped(str(error)) from error
    except OSError as error:
        name = "".join(f"{each}: " for each in (argument, error.filename) if each)
        kind = Stopped if error.errno in NO_ROOM else Mistake
        raise kind(f"{name}{(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise Mistake(" ".join(str(error).split())) from error
