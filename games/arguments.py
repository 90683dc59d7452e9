"""Checks of a game's arguments: each returns the value in its plain type, or says which argument is wrong and why."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any


def whole_number(value: Any, name: str, *, low: int, high: int | None = None) -> int:
    """Return `value` as an int from `low` to `high`.

    Raises
    ------
    ValueError : it is no whole number, or out of range; the message names the argument.

    Examples
    --------
    >>> whole_number(3, "n_agents", low=2)
    3
    """
    fits = isinstance(value, Integral) and not isinstance(value, bool)
    if not fits or int(value) < low or (high is not None and int(value) > high):
        span = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be a whole number {span}, not {value!r}")
    return int(value)


def real_number(
    value: Any, name: str, *, low: float = -inf, high: float = inf, open_low: bool = False, open_high: bool = False
) -> float:
    """Return `value` as a finite float between `low` and `high`, ends included unless they are said to be open.

    Raises
    ------
    ValueError : it is no finite number, or out of range; the message names the argument.
    """
    fits = isinstance(value, Real) and not isinstance(value, bool) and isfinite(float(value))
    below = fits and (float(value) < low or (open_low and float(value) == low))
    above = fits and (float(value) > high or (open_high and float(value) == high))
    if not fits or below or above:
        ends = [f"{'above' if open_low else 'at least'} {low:g}"] if low > -inf else []
        ends += [f"{'below' if open_high else 'at most'} {high:g}"] if high < inf else []
        span = f", {' and '.join(ends)}" if ends else ""
        raise ValueError(f"{name} must be a finite number{span}, not {value!r}")
    return float(value)


def truth_value(value: Any, name: str) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    ValueError : it is anything else.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, not {value!r}")
    return value


def one_of(value: Any, name: str, *, choices: Collection[str]) -> str:
    """Return `value` if it is one of `choices`; near ones are suggested if it is not.

    Raises
    ------
    ValueError : it is not one of them.
    """
    if not isinstance(value, str) or value not in choices:
        near = get_close_matches(str(value), list(choices), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}{hint}")
    return value
