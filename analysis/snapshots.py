"""Which snapshots of a run are compared: each with the one before it, or each with the first."""

from __future__ import annotations

from typing import Literal

from nashlens.analysis.results import Array

Against = Literal["previous", "first"]


def snapshot_pairs(values: Array, against: Against) -> tuple[Array, Array]:
    """Return old and new, each ``[T − 1, …]``, of ``[T, …]``; entry k of new is snapshot k + 1.

    >>> import numpy as np
    >>> [part.tolist() for part in snapshot_pairs(np.array([1.0, 2.0, 4.0]), "previous")]
    [[1.0, 2.0], [2.0, 4.0]]
    """
    new = values[1:]
    return (values[:-1] if against == "previous" else values[:1].repeat(len(new), axis=0)), new


def check_snapshots(values: Array, against: Against) -> None:
    """Raise a ValueError unless there are two snapshots or more, and `against` is known."""
    if against not in {"previous", "first"}:
        raise ValueError(f"against must be 'previous' or 'first', not {against!r}")
    if len(values) < 2:
        raise ValueError(f"there must be two snapshots or more to compare, not {len(values)}")
