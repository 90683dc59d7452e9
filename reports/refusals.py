"""What to say of settings that were refused: the key, the value, what was expected, and a near word for a typo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


class SuiteError(ValueError):
    """A suite that cannot run as it is written.

    Attributes
    ----------
    path : the keys from the top of the file down to the one that is wrong.
    """

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


def complaint(
    error: ValidationError,
    *,
    known: Callable[[tuple[str, ...]], Sequence[str]],
    drop: str | None = None,
    subject: str = "suite",
) -> tuple[tuple[str, ...], str]:
    """Return where the first thing wrong stands, and one line about it.

    Parameters
    ----------
    error : what pydantic found.
    known : the keys that may stand in the table at a path.
    drop : a first part of pydantic's places that is no key (the tag of a union).
    subject : what the settings belong to.
    """
    errors = error.errors(include_url=False)
    # A mistyped key is unknown and leaves the right one missing: the first says more.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    path = tuple(str(part) for part in first["loc"] if isinstance(part, str) and part != "[key]")
    if drop is not None and path[:1] == (drop,):
        path = path[1:]
    path = tuple(part for part in path if not part.startswith(("constrained-", "list[", "function-")))
    key = ".".join(path) or subject
    if first["type"] == "extra_forbidden":
        return path, f"unknown key {path[-1]!r}{suggestion(path[-1], known(path[:-1]))}"
    if first["type"] == "missing":
        return path, f"{key} is missing"
    if first["type"].startswith("union_tag"):
        found = first["input"].get("kind")
        start = "kind is missing; it" if found is None else f"kind is {found!r}; it"
        return (*path, "kind"), f"{start} must be one of {', '.join(kinds())}{near(str(found), kinds())}"
    path = tuple(part for part in path if part not in {"int", "str"})
    message = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    if first["type"] in {"dict_type", "model_type"}:
        keys = known(path) if first["type"] == "model_type" else ()
        message = f"it must be a table, [{'.'.join(path) or subject}] in the file"
        message += f", with the keys {', '.join(keys)}" if keys else ""
    return path, f"{'.'.join(path) or subject} is {_shown(first['input'])}: {message}"


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return a hint for a mistyped word: the nearest known ones, or all of them.

    >>> suggestion("stepz", ["steps", "seeds"])
    '; did you mean steps?'
    """
    return near(word, known) or (f"; it may be {', '.join(known)}" if known else "")


def near(word: str, known: Sequence[str]) -> str:
    """Return a hint for a mistyped word where one that is known comes close to it; an empty text where none does.

    >>> near("stepz", ["steps", "seeds"]), near("x", ["steps"])
    ('; did you mean steps?', '')
    """
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def known_keys(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Return the keys that may stand in the table at `path` below a model."""
    here: Any = model
    for part in path:
        fields = getattr(here, "model_fields", None)
        annotation = fields[part].annotation if fields is not None and part in fields else _value_of(here)
        here = annotation
    here = _model_in(here)
    return list(here.model_fields) if here is not None else []


def kinds() -> list[str]:
    """Return every kind of algorithm."""
    return list(_algorithms())


def algorithm_keys(kind: str, path: Sequence[str]) -> list[str]:
    """Return the keys that may stand at `path` in the settings of one kind of algorithm."""
    model = _algorithms().get(kind)
    return [] if model is None else known_keys(model, path)


def _algorithms() -> dict[str, type[BaseModel]]:
    from nashlens.agents import config
    from nashlens.reports.exact_settings import EXACT_KINDS

    learned = {str(model.model_fields["kind"].default): model for model in get_args(config.Algorithm)}
    return learned | EXACT_KINDS


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


def _value_of(annotation: Any) -> Any:
    inner = get_args(annotation)
    return inner[-1] if inner else annotation


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
