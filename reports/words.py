"""Numbers as words of a report: enough digits to tell the interval, a true minus sign, an honest blank."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nashlens.analysis.results import Estimate
from nashlens.reports.estimates import MIN_SEEDS

MINUS = "−"
HUGE = 1e12  # numbers from here on are written with an exponent
TINY = 5e-7  # numbers below are written with an exponent, for six decimals would make them 0
NOTHING = 1e-12  # an interval inside ± this is one of rounding errors around 0
NO_VALUE = "no value"


def number(value: float, *, decimals: int | None = None) -> str:
    """Return a number, to three significant digits unless told how many decimals.

    >>> number(-0.01234), number(12345.6), number(float("nan")), number(2.0, decimals=1), number(1.5e-9)
    ('−0.0123', '12,346', 'no value', '2.0', '1.5e−09')
    """
    if math.isnan(value):
        return NO_VALUE
    if math.isinf(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    if value == 0 and decimals is None:
        return "0"
    if abs(value) >= HUGE or (decimals is None and abs(value) < TINY):
        return f"{value:.3g}".replace("+", "").replace("-", MINUS)
    if decimals is None:
        size = abs(value)
        decimals = min(max(0, 2 - math.floor(math.log10(size))), 6)
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def decimals_for(low: float, high: float) -> int | None:
    """Return the decimals that show two digits of the width of an interval; None where there is no interval."""
    width = high - low
    if not math.isfinite(width):
        return None
    most = 3 if max(abs(low), abs(high)) >= 0.1 else 6
    return most if width == 0 else min(max(0, 1 - math.floor(math.log10(width))), most)


def with_interval(value: float, low: float, high: float) -> str:
    """Return a number with its interval, in the same decimals.

    >>> with_interval(1.2345, 1.1, 1.4)
    '1.23 [1.10, 1.40]'
    """
    decimals = decimals_for(low, high)
    if decimals is None:
        return number(value)
    if max(abs(value), abs(low), abs(high)) <= NOTHING:
        return "0 [0, 0]"
    return f"{number(value, decimals=decimals)} [{number(low, decimals=decimals)}, {number(high, decimals=decimals)}]"


def estimate_words(estimate: Estimate) -> str:
    """Return an estimate with its interval, or why there is none.

    >>> e = Estimate(value=1.0, low=0.5, high=1.5, level=0.95, method="student-t", n=5, unit="seed")
    >>> estimate_words(e)
    '1.0 [0.5, 1.5]'
    """
    if estimate.reason:
        return without_interval(estimate.value, estimate.reason)
    return with_interval(estimate.value, estimate.low, estimate.high)


def p_words(p: float) -> str:
    """Return a p-value for a cell of a table.

    >>> p_words(0.0001), p_words(0.25), p_words(float("nan"))
    ('< 0.001', '0.250', 'no value')
    """
    return "< 0.001" if p < 0.001 else number(p, decimals=3)


def p_statement(p: float) -> str:
    """Return a p-value within a sentence.

    >>> p_statement(0.0001), p_statement(0.25)
    ('p < 0.001', 'p = 0.250')
    """
    return f"p {'' if p < 0.001 else '= '}{p_words(p)}"


def without_interval(value: float, reason: str) -> str:
    """Return a number that has no interval, and why; how many seeds an interval needs stands in the captions.

    >>> without_interval(1.0, "1 seed; an interval needs at least 5"), without_interval(math.nan, "no seed")
    ('1.00 (no interval: 1 seed)', 'no value: no seed')
    """
    why = reason.removesuffix(f"; an interval needs at least {MIN_SEEDS}")
    return f"{NO_VALUE}: {why}" if math.isnan(value) else f"{number(value)} (no interval: {why})"


def counted(n: int, unit: str) -> str:
    """Return a count with its unit.

    >>> counted(1, "seed"), counted(5, "seed")
    ('1 seed', '5 seeds')
    """
    return f"{n:,} {unit}{'' if n == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else "".join(words)


def has_interval(estimate: Estimate) -> bool:
    """Return whether an estimate has an interval that a statement may rest on: finite, and of enough seeds."""
    return estimate.n >= MIN_SEEDS and math.isfinite(estimate.low) and math.isfinite(estimate.high)


def no_statement(estimate: Estimate) -> str:
    """Return that nothing is said, and on how many seeds.

    >>> no_statement(Estimate(value=1.0, low=0.5, high=1.5, level=0.95, method="student-t", n=1, unit="seed"))
    '1 seed: no statement'
    """
    why = f" ({estimate.reason})" if estimate.reason and estimate.n >= MIN_SEEDS else ""
    return f"{counted(estimate.n, estimate.unit)}: no statement{why}"


def direction(estimate: Estimate, *, up: str, down: str, neither: str) -> str:
    """Return which way an interval points: `up` above 0, `down` below 0, `neither` if it holds 0.

    Without an interval, or with one of fewer than `MIN_SEEDS` seeds, the answer is that there is no statement.
    """
    if not has_interval(estimate):
        return no_statement(estimate)
    if estimate.low > 0:
        return up
    return down if estimate.high < 0 else neither
