"""Every module of nashlens imports, and the examples in its docstrings run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

ROOMS = ("games", "agents", "analysis", "reports")
MODULES = sorted(
    name
    for room in ROOMS
    for name in (
        f"nashlens.{room}",
        *(found.name for found in walk_packages(import_module(f"nashlens.{room}").__path__, f"nashlens.{room}.")),
    )
)


def test_modules_are_found_in_every_room() -> None:
    assert {name.split(".")[1] for name in MODULES} == set(ROOMS)
    assert "nashlens.games.normal_form" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module_run(name: str) -> None:
    result = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
