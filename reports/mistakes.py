"""Mistakes of a user, and what a machine could not go on with: one clear line and an exit code, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Mistake(ValueError):  # noqa: N818 — it is the user's, and no error of the program
    """Something that was asked for cannot be done as it was asked."""

    exit_code = 2


class Stopped(Mistake):
    """Work that the machine could not go on with, such as on a full disk; the same command goes on from there."""

    exit_code = 1


@contextmanager
def checking() -> Iterator[None]:
    """Turn what is refused inside the block into a `Mistake`.

    Only what was asked for is looked at inside such a block; what fails later is no mistake of the user.

    Raises
    ------
    Mistake : something inside raised a ValueError or an OSError.
    """
    try:
        yield
    except Mistake:
        raise
    except OSError as error:
        name = "" if error.filename is None else f"{error.filename}: "
        raise Mistake(f"{name}{(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise Mistake(" ".join(str(error).split())) from error
