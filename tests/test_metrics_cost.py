"""The benchmark of what measuring costs times parts of instruments by name: the names must be there."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from nashlens.reports.instruments import homogeneity_comparison

SOURCE = Path(__file__).parents[1] / "benchmarks" / "metrics_cost.py"


@pytest.fixture(scope="module")
def cost() -> ModuleType:
    spec = importlib.util.spec_from_file_location("metrics_cost", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_part_that_is_timed_is_a_function_that_its_instrument_calls(cost: ModuleType) -> None:
    timed = [(cost.module_of(name), part) for name, parts in cost.PARTS.items() for part in parts]
    timed += [(homogeneity_comparison, part) for part in cost.COMPARED]
    assert [(module.__name__, part) for module, part in timed if not callable(getattr(module, part, None))] == []


def test_parts_and_the_rest_add_up_to_the_whole(cost: ModuleType) -> None:
    clock, module = cost.Clock(), ModuleType("counted")
    module.counted = lambda: iter(range(200_000))
    clock.consume_by_parts("whole", module, {"counted": "part"}, lambda: list(module.counted()))
    seconds = [clock.spent[name][0] for name in ("whole", "whole: part")]
    assert min(seconds) > 0
    assert list(module.counted()) == list(range(200_000))  # what was timed is put back
    clock.consume_by_parts("no parts", module, {}, lambda: list(module.counted()))
    assert clock.spent["no parts"][0] > 0
