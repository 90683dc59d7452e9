"""One run, written down in full: what it plays, learns by, and for how long; and the id that follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from nashlens.reports.atomic import canonical_json, digest

EVERY_SIDE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One seed of one cell of a suite.

    Two runs with the same values are the same run, whichever suite asks for them: labels are not part of it.

    Attributes
    ----------
    game : the registry's name of the game.
    parameters : the game's arguments.
    algorithm : settings by side, every default written out; `EVERY_SIDE` where all sides share them.
    seed : the seed of every draw.
    steps : environment steps.
    snapshots : snapshots of every policy, the first before any training.
    evaluation_episodes : fresh episodes at each snapshot.
    explore : whether evaluation samples its actions.
    keep_critics : whether critics, targets and models of the others are kept with every snapshot.
    """

    game: str
    parameters: Mapping[str, Any]
    algorithm: Mapping[str, Mapping[str, Any]]
    seed: int
    steps: int
    snapshots: int
    evaluation_episodes: int
    explore: bool
    keep_critics: bool = False

    @property
    def run_id(self) -> str:
        """SHA-256 of the canonical JSON of every field."""
        return digest(canonical_json(self.to_json()).encode())

    @property
    def cell_id(self) -> str:
        """SHA-256 of the canonical JSON of every field but the seed."""
        values = self.to_json()
        del values["seed"]
        return digest(canonical_json(values).encode())

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file; where no critics are kept nothing says so, as in files of older runs."""
        values = asdict(self)
        if not self.keep_critics:
            del values["keep_critics"]
        return values

    def with_seed(self, seed: int) -> RunSpec:
        """Return the same run under another seed."""
        return replace(self, seed=seed)


def parse_seeds(given: int | str | list[int]) -> tuple[int, ...]:
    """Return the seeds that a number, a range such as ``0:10``, or a list stands for.

    Raises
    ------
    ValueError : there is no seed, one is negative, one stands twice, or the text is no range.

    Examples
    --------
    >>> parse_seeds("3:6"), parse_seeds(2), parse_seeds([7, 5])
    ((3, 4, 5), (0, 1), (7, 5))
    """
    expected = "a number of seeds, a range such as 0:10, or a list of different whole numbers of at least 0"
    if isinstance(given, bool):
        raise ValueError(f"seeds must be {expected}, not {given!r}")
    if isinstance(given, int):
        seeds = list(range(given))
    elif isinstance(given, str):
        match = re.fullmatch(r"\s*(?:(\d{1,9})\s*:)?\s*(\d{1,9})\s*", given)
        if match is None:
            raise ValueError(f"seeds must be {expected}, not {given!r}")
        seeds = list(range(int(match[1] or 0), int(match[2])))
    else:
        seeds = list(given)
    if not seeds or len(set(seeds)) != len(seeds) or any(isinstance(s, bool) or s < 0 for s in seeds):
        raise ValueError(f"seeds must be {expected}, not {given!r}")
    return tuple(seeds)
