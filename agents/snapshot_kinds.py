"""Every kind of snapshots by name, and how a run keeps and reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from nashlens.agents.recurrent_snapshots import RecurrentSnapshots
from nashlens.agents.snapshots import ActorSnapshots, Arrays, Snapshots
from nashlens.agents.strategy_snapshots import StrategySnapshots
from nashlens.agents.value_snapshots import CentralSnapshots, ValueSnapshots

Reader = Callable[[Mapping[str, npt.NDArray[Any]], Mapping[str, Any]], Snapshots]
KINDS: dict[str, Reader] = {
    ActorSnapshots.kind: ActorSnapshots.of,
    RecurrentSnapshots.kind: RecurrentSnapshots.of,
    ValueSnapshots.kind: ValueSnapshots.of,
    CentralSnapshots.kind: CentralSnapshots.of,
    StrategySnapshots.kind: StrategySnapshots.of,
}


def to_plain(snapshots: Snapshots) -> tuple[Arrays, dict[str, Any]]:
    """Return snapshots as arrays and plain values; those of a plain network name no kind."""
    settings = snapshots.to_settings()
    if snapshots.kind != ActorSnapshots.kind:
        settings = {"kind": snapshots.kind, **settings}
    return snapshots.to_arrays(), settings


def from_plain(arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> Snapshots:
    """Return the snapshots that `to_plain` took apart.

    Raises
    ------
    ValueError : their kind is unknown.
    """
    kind = settings.get("kind", ActorSnapshots.kind)
    if kind not in KINDS:
        raise ValueError(f"kind of an actor must be one of {', '.join(KINDS)}, not {kind!r}")
    return KINDS[kind](arrays, settings)
