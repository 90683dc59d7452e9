"""Every instrument by name; an instrument is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from nashlens.reports.refusals import suggestion

if TYPE_CHECKING:
    from nashlens.reports.instruments.contract import Instrument
    from nashlens.reports.quantities import Quantity

# The module of each instrument; it holds the instrument as INSTRUMENT.
MODULES: dict[str, str] = {
    "cross_play": "cross_play",
    "homogeneity": "homogeneity",
    "policy_inference": "policy_inference",
    "selection": "selection",
    "nonstationarity": "nonstationarity",
    "replay_staleness": "replay_staleness",
    "joint_q": "joint_q",
    "exploitability": "exploitability",
    "gradients": "gradients",
}


def instrument(name: str) -> Instrument:
    """Return an instrument.

    Raises
    ------
    ValueError : there is none of that name.
    """
    check_names([name])
    return cast("Instrument", import_module(f"nashlens.reports.instruments.{MODULES[name]}").INSTRUMENT)


def check_names(names: Iterable[str]) -> None:
    """Refuse names that no instrument has.

    Raises
    ------
    ValueError : there is one.
    """
    for name in names:
        if name not in MODULES:
            raise ValueError(f"metrics: there is no instrument {name!r}{suggestion(name, list(MODULES))}")


@cache
def quantities() -> dict[str, Quantity]:
    """Return what each metric of every instrument is, by its name."""
    return {each.name: each for name in MODULES for each in instrument(name).quantities}
