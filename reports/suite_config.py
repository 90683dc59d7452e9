"""What a suite file may say, and what its smaller sizes change of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from nashlens.reports.refusals import SuiteError, near

LONGEST_NAME = 64
Name = Annotated[str, Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}$")]
Seeds = Annotated[int, Field(ge=1, le=100_000)] | str | list[Annotated[int, Field(ge=0)]]
AtLeastOne = Annotated[int, Field(ge=1)]
AtLeastTwo = Annotated[int, Field(ge=2)]
AtLeastZero = Annotated[int, Field(ge=0)]
Labels = Annotated[list[str], Field(min_length=1)]


FULL = "full"
PER_RUN = ("seeds", "steps", "snapshots", "evaluation_episodes")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class _Lengths(_Strict):
    """How many runs there are, and how long each is, where a table says otherwise than what stands above it."""

    seeds: Seeds | None = None
    steps: AtLeastOne | None = None
    snapshots: AtLeastTwo | None = None
    evaluation_episodes: AtLeastZero | None = None


class GameEntry(_Lengths):
    """One game of a suite, and where it departs from the rest.

    Attributes
    ----------
    game : the registry's name; the table's own name if left out.
    parameters : the game's arguments.
    settings : laid over the settings of every algorithm, for this game.
    algorithms : labels of the algorithms that play it; all if left out.
    metrics : instruments for it, instead of the suite's.
    seeds, steps, snapshots, evaluation_episodes : instead of the suite's.
    """

    game: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    algorithms: Labels | None = None
    metrics: list[str] | None = None


class GameSize(_Lengths):
    """What a size changes of one game.

    Attributes
    ----------
    settings : laid over the game's own settings.
    algorithms, metrics, seeds, steps, snapshots, evaluation_episodes : instead of the game's or the suite's.
    """

    settings: dict[str, Any] = Field(default_factory=dict)
    algorithms: Labels | None = None
    metrics: list[str] | None = None


class Size(_Lengths):
    """A smaller form of a suite. What it says once holds for all games, even where a game's own table says otherwise.

    Attributes
    ----------
    leave_out : labels of the games that it does without.
    algorithms : labels of the algorithms that it keeps; all if left out.
    keep_critics : instead of the suite's.
    seeds, steps, snapshots, evaluation_episodes : instead of the suite's and the games'.
    games : what differs for single games.
    """

    leave_out: list[str] = Field(default_factory=list)
    algorithms: Labels | None = None
    keep_critics: bool | None = None
    games: dict[Name, GameSize] = Field(default_factory=dict)


class SuiteConfig(_Strict):
    """A suite as its file says it.

    Attributes
    ----------
    name : of the suite; letters, digits, ``_``, ``.`` and ``-``.
    question : what the suite is to answer.
    seeds : a number of seeds, a range ``"0:10"``, or a list.
    steps : environment steps of each run.
    snapshots : snapshots of every policy, the first before any training; where left out, 21 or as many as a short run
        has rounds for.
    evaluation_episodes : fresh episodes at each snapshot.
    explore : True to sample actions in evaluation, False to play without exploration noise.
    keep_critics : True to keep critics, targets and models of the others with every snapshot, for instruments that read
        them; the arrays of a run are then three to six times as large.
    checkpoint_every_steps : environment steps between checkpoints; none if left out.
    metrics : instruments beyond the common measures; see `reports.instruments.registry`.
    size : which size of the suite this is.
    sizes : its smaller sizes by name.
    games : games by label.
    algorithms : settings by label: a table with ``kind``, or a table ``sides`` of such tables.
    """

    name: Name
    question: str = ""
    seeds: Seeds = 5
    steps: AtLeastOne
    snapshots: AtLeastTwo = 21
    evaluation_episodes: AtLeastZero = 0
    explore: bool = False
    keep_critics: bool = False
    checkpoint_every_steps: AtLeastOne | None = None
    metrics: list[str] = Field(default_factory=list)
    size: Name = FULL
    sizes: dict[Name, Size] = Field(default_factory=dict)
    games: dict[Name, GameEntry] = Field(min_length=1)
    algorithms: dict[Name, dict[str, Any]] = Field(min_length=1)


def sized(config: SuiteConfig, size: str) -> SuiteConfig:
    """Return a suite in one of its sizes; its name then ends in that of the size.

    Parameters
    ----------
    config : the suite as its file says it.
    size : ``full``, which is the suite itself, or one of `SuiteConfig.sizes`.

    Raises
    ------
    SuiteError : there is no such size, one is called ``full``, it names a game or an algorithm that the suite does not
        have, or it leaves a game without algorithms.
    """
    if FULL in config.sizes:
        raise SuiteError(f"sizes: {FULL} is the suite itself; a smaller size needs another name", ("sizes", FULL))
    if size == FULL:
        return config.model_copy(update={"sizes": {}})
    if size not in config.sizes:
        known = [FULL, *config.sizes]
        raise SuiteError(
            f"size: {config.name} has no size {size!r}; it has {', '.join(known)}{near(size, known)}", ("sizes",)
        )
    chosen = config.sizes[size]
    _check_known(config, size, chosen)
    name = f"{config.name}-{size}"
    if len(name) > LONGEST_NAME:
        raise SuiteError(f"sizes: the name {name!r} is longer than {LONGEST_NAME} characters", ("sizes", size))
    own = {key: value for key in PER_RUN if (value := getattr(chosen, key)) is not None}
    games = {
        label: _sized_game(entry, own, chosen.games.get(label), kept=chosen.algorithms)
        for label, entry in config.games.items()
        if label not in chosen.leave_out
    }
    algorithms = {
        label: settings
        for label, settings in config.algorithms.items()
        if chosen.algorithms is None or label in chosen.algorithms
    }
    changed: dict[str, Any] = {**own, "name": name, "size": size, "sizes": {}}
    if chosen.keep_critics is not None:
        changed["keep_critics"] = chosen.keep_critics
    return config.model_copy(update={**changed, "games": games, "algorithms": algorithms})


def _sized_game(
    entry: GameEntry, own: Mapping[str, Any], change: GameSize | None, *, kept: list[str] | None
) -> GameEntry:
    update = {key: value for key, value in own.items() if getattr(entry, key) is not None}
    if kept is not None and entry.algorithms is not None:
        update["algorithms"] = [label for label in entry.algorithms if label in kept]
    if change is not None:
        given = {key: getattr(change, key) for key in (*PER_RUN, "algorithms", "metrics")}
        update |= {key: value for key, value in given.items() if value is not None}
        update["settings"] = laid_over(entry.settings, change.settings)
    return entry.model_copy(update=update)


def _check_known(config: SuiteConfig, size: str, chosen: Size) -> None:
    here = ("sizes", size)
    for key, labels, known in (
        ("leave_out", chosen.leave_out, config.games),
        ("games", chosen.games, config.games),
        ("algorithms", chosen.algorithms or (), config.algorithms),
    ):
        for label in labels:
            if label not in known:
                raise SuiteError(f"{key}: there is no {label!r} in this suite; it has {', '.join(known)}", (*here, key))
    for label, entry in config.games.items():
        own = entry.algorithms if entry.algorithms is not None else list(config.algorithms)
        if chosen.algorithms is not None and label not in chosen.leave_out and not set(own) & set(chosen.algorithms):
            raise SuiteError(
                f"algorithms: {', '.join(chosen.algorithms)} leave {label} without any, which is played by "
                f"{', '.join(own)}; name {label} in leave_out",
                (*here, "algorithms"),
            )
    if set(chosen.leave_out) >= set(config.games):
        raise SuiteError("leave_out must leave at least one game", (*here, "leave_out"))


def said_at(config: SuiteConfig, size: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return where the value that a size of a suite has at `path` is written: in the size's own tables, or as given.

    Parameters
    ----------
    config : the suite as its file says it.
    size : one of its sizes.
    path : keys of the sized suite from the top down.
    """
    if size == FULL or not path or path[0] == "sizes":
        return path
    chosen, here = config.sizes[size], ("sizes", size)
    if path[0] == "games" and len(path) > 2:
        label, key = path[1], path[2]
        own = chosen.games.get(label)
        value = getattr(own, key, None)
        if key == "settings":
            return (*here, *path) if own is not None and holds(own.settings, path[3:]) else path
        if value is not None:
            return (*here, *path)
        return (*here, key) if getattr(chosen, key, None) is not None else path
    return (*here, path[0]) if path[0] != "games" and getattr(chosen, path[0], None) is not None else path


def holds(table: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Return whether a table has something at the end of a path of at least one key."""
    value: Any = table
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return bool(path)


def laid_over(given: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with another laid over it, key by key, tables included."""
    merged = dict(given)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
