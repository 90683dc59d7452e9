"""What was typed, held against what a command takes, so that a typo ends in one line that names it.

tyro explains a mistake in a box of several lines. What passes here is parsed by tyro, which has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import tyro

from nashlens.reports.mistakes import Mistake

Commands = Mapping[str, "type | Mapping[str, type]"]
HELP = {"--help", "-h"}
NUMBERS = {int: "a whole number", float: "a number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Argument:
    name: str
    kind: Any  # its type, without None where it may be left out
    choices: tuple[str, ...]
    is_positional: bool
    is_required: bool
    is_many: bool
    is_none_allowed: bool


def refuse_mistyped(words: Sequence[str], commands: Commands, *, dotted: Mapping[str, Sequence[str]]) -> None:
    """Refuse words that name no command, an option that it has not, or a value that an option cannot take.

    Parameters
    ----------
    words : what was typed after ``nashlens``.
    commands : the dataclass of each command, or its commands where it has some of its own.
    dotted : of a command, what may be set by ``--WHAT.NAME VALUE``; such words are taken out of `words` already.

    Raises
    ------
    Mistake : there is such a word, or one is missing.
    """
    rest, path = list(words), "nashlens"
    taker: type | Mapping[str, Any] = commands
    subjects = dotted.get(words[0], ()) if words else ()
    while isinstance(taker, Mapping):
        if not rest:
            raise Mistake(f"{path} needs one of {', '.join(taker)}; see {path} --help")
        word = rest.pop(0)
        if word in HELP or word.startswith("--tyro-"):
            return
        if word not in taker:
            raise Mistake(f"{path} has no {word!r}; it must be one of {', '.join(taker)}{_near(word, list(taker))}")
        path, taker = f"{path} {word}", taker[word]
    if not HELP & set(rest) and "--" not in rest:
        _refuse_arguments(rest, _arguments(taker), path=path, subjects=subjects)


def _refuse_arguments(
    words: Sequence[str], arguments: Sequence[_Argument], *, path: str, subjects: Sequence[str]
) -> None:
    options = {each.name: each for each in arguments if not each.is_positional}
    flags = {each.name for each in arguments if each.kind is bool}
    places = [each for each in arguments if each.is_positional]
    given, extra = set(), []
    rest = iter(words)
    for word in rest:
        if not _is_option(word):
            extra.append(word)
            continue
        typed, equals, value = word.partition("=")
        name = typed.removeprefix("--").replace("-", "_")
        if name.removeprefix("no_") in flags:
            if equals:
                raise Mistake(f"{typed} takes no value, such as {value!r}")
            continue
        if not word.startswith("--") or name not in options:
            raise Mistake(f"{path} has no {typed}{_suggestion(typed, list(options), subjects)}")
        found = value if equals else next(rest, None)
        if found is None or (not equals and _is_option(found)):
            raise Mistake(f"{typed} needs a value; see {path} --help")
        _refuse_value(found, options[name])
        given.add(name)
    needed = [place for place in places if place.is_required]
    if len(extra) < len(needed):
        raise Mistake(f"{path} needs a {needed[len(extra)].name}; see {path} --help")
    if len(extra) > len(places) and not any(place.is_many for place in places):
        takes = ", ".join([*(f"a {place.name}" for place in places), "options"])
        raise Mistake(f"{path} cannot use {extra[len(places)]!r}: it takes {takes} and nothing else")
    for name, each in options.items():
        if each.is_required and name not in given:
            raise Mistake(f"{path} needs {_flag(name)}; see {path} --help")


def _refuse_value(value: str, argument: _Argument) -> None:
    if value == "None" and argument.is_none_allowed:
        return
    if argument.choices and value not in argument.choices:
        expected = f"one of {', '.join(argument.choices)}{_near(value, argument.choices)}"
    elif argument.kind in NUMBERS and not _is_number(value, argument.kind):
        expected = NUMBERS[argument.kind]
    else:
        return
    raise Mistake(f"{argument.name.replace('_', '-')} is {value!r}; it must be {expected}")


def _is_number(text: str, kind: type) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _is_option(word: str) -> bool:
    """Return whether a word is written as an option is; negative numbers and a dash alone are not."""
    return word.startswith("-") and word.lstrip("-")[:1].isalpha()


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _arguments(command: type) -> list[_Argument]:
    hints = get_type_hints(command, include_extras=True)
    return [_argument(each.name, hints[each.name], is_required=each.default is MISSING) for each in fields(command)]


def _argument(name: str, hint: Any, *, is_required: bool) -> _Argument:
    is_positional = tyro.conf.Positional in getattr(hint, "__metadata__", ())
    bare = get_args(hint)[0] if is_positional else hint
    is_none_allowed = NoneType in get_args(bare)
    if is_none_allowed:
        (bare,) = (kind for kind in get_args(bare) if kind is not NoneType)
    is_many = get_origin(bare) is tuple
    return _Argument(
        name=name,
        kind=bare,
        choices=get_args(bare) if get_origin(bare) is Literal else (),
        is_positional=is_positional,
        is_required=is_required and not is_many,
        is_many=is_many,
        is_none_allowed=is_none_allowed,
    )


def _near(word: str, known: Sequence[str]) -> str:
    from nashlens.reports.refusals import near  # imports pydantic, which nobody waits for who made no mistake

    return near(word, known)


def _suggestion(word: str, names: Sequence[str], subjects: Sequence[str]) -> str:
    typed, dot, _ = word.lstrip("-").replace("-", "_").partition(".")
    known = {subject: f"--{subject}.NAME" for subject in subjects}
    if not dot or not subjects:
        known = {f"{subject}.NAME": shown for subject, shown in known.items()} | {name: _flag(name) for name in names}
    close = get_close_matches(typed, known, n=1, cutoff=0.6)
    return f"; did you mean {known[close[0]]}?" if close else f"; it may be {', '.join(known.values())}"
