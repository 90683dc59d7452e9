"""What cells cost is measured where it decides how seeds are packed, kept in the store, and never needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports import calibration, execution, pack_costs
from nashlens.reports.execution import run_suite
from nashlens.reports.job_planning import plan
from nashlens.reports.pack_costs import FOLDER, cell_costs, measure_costs, n_rows
from nashlens.reports.packing import CellCost, assumed_cost
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite


def here(workers: int) -> Executor:
    return ThreadPoolExecutor(1)


@pytest.fixture
def suite(suite_text: str) -> Suite:
    return parse_suite(suite_text.replace("seeds = 2", "seeds = 4"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "out")


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return what sets how costly the algorithms are, and says which were measured."""

    def costing(**costs: CellCost | Exception) -> list[str]:
        asked: list[str] = []

        def calibrate(run: RunSpec, *, n_seeds: int) -> CellCost:
            kind = str(run.algorithm["*"]["kind"])
            asked.append(kind)
            cost = costs[kind]
            if isinstance(cost, Exception):
                raise cost
            return cost

        monkeypatch.setattr(calibration, "calibrate", calibrate)
        monkeypatch.setattr(pack_costs, "WORTH_MEASURING", 0)
        return asked

    return costing


def sizes(suite: Suite, store: Store, *, workers: int = 1) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for job in plan(suite, store, workers=workers):
        found.setdefault(str(job.runs[0].algorithm["*"]["kind"]), []).append(len(job.runs))
    return found


def test_seeds_are_packed_as_was_measured_and_nothing_is_measured_twice(
    store: Store, suite: Suite, measuring: Callable[..., list[str]]
) -> None:
    asked = measuring(maddpg=CellCost(alone=1.0, more=1.1), ddpg=CellCost(alone=1.0, more=0.1))
    assert sizes(suite, store) == {"maddpg": [4], "ddpg": [4]}
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 2
    assert sizes(suite, store) == {"maddpg": [1, 1, 1, 1], "ddpg": [4]}
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 0
    assert asked == ["maddpg", "ddpg"]


def test_costs_grow_with_steps_and_what_is_not_known_is_put_in_seconds(
    store: Store, suite: Suite, suite_text: str, measuring: Callable[..., list[str]]
) -> None:
    measuring(maddpg=CellCost(alone=6.0, more=2.0), ddpg=ValueError("not this one"))
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 1
    longer = parse_suite(suite_text.replace("steps = 300", "steps = 900"))
    maddpg, ddpg = cell_costs([cell.runs[0] for cell in longer.cells], store)
    assert (maddpg.alone, maddpg.more) == (pytest.approx(18.0), pytest.approx(6.0))
    # of 300 steps 6 s, where 900 steps of one seed were assumed: as many seconds a step for the other
    assert ddpg.alone == pytest.approx(assumed_cost(900).alone * 6.0 / assumed_cost(300).alone)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"alone": 0, "more": 0}', '{"alone": 1, "more": -1}'])
def test_a_damaged_measurement_is_taken_again(
    store: Store, suite: Suite, measuring: Callable[..., list[str]], content: str
) -> None:
    asked = measuring(maddpg=CellCost(alone=1.0, more=1.1), ddpg=CellCost(alone=1.0, more=0.1))
    measure_costs(suite.cells, store, workers=1, pool=here)
    kept = {path: json.loads(path.read_text()) for path in (store.root / FOLDER).iterdir()}
    for path in kept:
        path.write_text(content)
    assert sizes(suite, store) == {"maddpg": [4], "ddpg": [4]}
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 2
    assert {path: json.loads(path.read_text()) for path in kept} == kept
    assert len(asked) == 4


def test_short_cells_are_not_measured(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    # 300 steps with an update every 50 of 8 rows
    assert [n_rows(cell.runs[0]) for cell in suite.cells] == [48, 48]
    monkeypatch.setattr(calibration, "calibrate", None)  # nobody may call it
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 0


def test_a_disk_that_is_full_keeps_nothing_and_stops_nothing(
    store: Store, suite: Suite, measuring: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    measuring(maddpg=CellCost(alone=1.0, more=1.1), ddpg=CellCost(alone=1.0, more=0.1))
    monkeypatch.setattr("nashlens.reports.pack_costs.atomic.write_json", full)
    assert measure_costs(suite.cells, store, workers=1, pool=here) == 0
    assert sizes(suite, store) == {"maddpg": [4], "ddpg": [4]}


def test_run_suite_measures_before_it_packs(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    # the real measurement, in this process; whatever it finds, the runs are those that one pack of all seeds makes
    monkeypatch.setattr(pack_costs, "WORTH_MEASURING", 0)
    monkeypatch.setattr(execution, "process_pool", here)
    done = run_suite(suite, store, workers=1, pool=here)
    assert (done.n_done, dict(done.failed)) == (8, {})
    kept = [json.loads(path.read_text()) for path in (store.root / FOLDER).iterdir()]
    assert len(kept) == 2
    assert all(each["alone"] > 0 and each["more"] >= 0 for each in kept)
    other = Store.create(store.root.parent / "other")
    monkeypatch.setattr(execution, "process_pool", None)
    run_suite(suite, other, workers=1, pool=here)
    assert not (other.root / FOLDER).exists()
    hashes = [[each.read(run.run_id).parameter_hash for run in suite.runs] for each in (store, other)]
    assert hashes[0] == hashes[1]
