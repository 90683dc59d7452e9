"""Instruments in suites: what they measure is kept, goes into the report, and is measured again by a check."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.analysis.results import Estimate
from nashlens.games import Game
from nashlens.reports.conventions import GameFacts
from nashlens.reports.document import write
from nashlens.reports.instruments import registry
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.measuring import comparisons_by, measured_by
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.provenance import Provenance
from nashlens.reports.quantities import Quantity
from nashlens.reports.recheck import differences
from nashlens.reports.refusals import SuiteError
from nashlens.reports.report import assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite, suite_from_json

DOUBLE = Quantity(name="double_seed", title="Twice the seed", value_unit="1", definition="Two times the seed.")


class Doubling:
    """Measures twice the seed of a run, and compares by the sum of the seeds."""

    name = "doubling"
    version = 1
    quantities = (DOUBLE,)

    def __init__(self) -> None:
        self.measured: list[int] = []
        self.compared: list[str] = []

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        self.measured.append(run.seed)
        yield row("double_seed", 2.0 * run.seed, step=100, unit="run", n=1)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        self.compared.append(label)
        rows = [
            estimate_row(
                Estimate(
                    value=float(sum(run.seed for run in each)),
                    low=np.nan,
                    high=np.nan,
                    level=0.95,
                    method="none",
                    n=len(each),
                    unit="seed",
                    reason="a sum",
                ),
                game=label,
                algorithm=algorithm,
            )
            for algorithm, each in runs.items()
        ]
        return {"sums": pd.DataFrame(rows)}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        sums = pd.concat([each["sums"] for each in comparisons.values()], ignore_index=True)
        table = estimates_as_table(
            sums, name="sums", title="Sums", caption="Sums of seeds.", labels={"game": "game", "algorithm": "algorithm"}
        )
        return Chapter(answers=(f"The doubles add to {frame['value'].sum():.0f}.",), tables=(table,))


@pytest.fixture
def doubling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Doubling]:
    found = Doubling()
    module = ModuleType("nashlens.reports.instruments.doubling")
    module.INSTRUMENT = found  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.MODULES, "doubling", "doubling")
    registry.quantities.cache_clear()
    yield found
    registry.quantities.cache_clear()


@pytest.fixture
def store(
    tmp_path: Path, suite_text: str, make_run: Callable[..., TrainingRun], provenance: Provenance, doubling: Doubling
) -> Store:
    suite = parse_suite('metrics = ["doubling"]\n' + suite_text)
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs:
        run = make_run([[[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5], [0.4, 0.6]]], seed=spec.seed)
        store.write_done(spec, run, provenance=provenance, seconds=1.0)
    return store


def test_a_suite_s_instruments_are_part_of_its_stored_form(store: Store) -> None:
    suite = store.suite()
    assert [cell.metrics for cell in suite.cells] == [("doubling",)] * 2
    assert suite_from_json(suite.to_json()) == suite


def test_what_an_instrument_found_stands_in_the_report_and_is_not_measured_twice(
    store: Store, doubling: Doubling
) -> None:
    report = assemble(store, store.suite())
    # seeds 0 and 1 under two algorithms: 2 (0 + 1) × 2 = 4; the sum of the seeds is 1 for each
    assert report.headlines[0] == "The doubles add to 4."
    assert report.tables[0].name == "sums"
    assert list(report.tables[0].data["value"]) == [1.0, 1.0]
    assert report.tables[0].rows[0][2] == "1.00 (no interval: a sum)"
    assert "double_seed" in set(report.frame["metric"])
    assemble(store, store.suite())
    assert doubling.measured == [0, 1, 0, 1]
    assert doubling.compared == ["matching_pennies"]


def test_a_check_measures_and_compares_again(store: Store, doubling: Doubling) -> None:
    suite = store.suite()
    write(assemble(store, suite), store.folder("report", suite.name))
    assert differences(store, suite) == []
    assert doubling.compared == ["matching_pennies"] * 2
    page = store.root / "report" / suite.name / "data" / "table-sums.csv"
    page.write_text(page.read_text().replace("1.0", "7.0", 1))
    assert [line.split(":")[0] for line in differences(store, suite)] == ["data/table-sums.csv"]


def test_what_an_instrument_cannot_measure_or_compare_is_told_and_the_report_goes_on(
    store: Store, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> Comparisons:
        raise KeyError("critics")

    monkeypatch.setattr(doubling, "measure", failing)
    monkeypatch.setattr(doubling, "compare", failing)
    report = assemble(store, store.suite())
    (table,) = [each for each in report.tables if each.name == "unmeasured"]
    assert table.rows == (
        ("matching_pennies", "maddpg", "doubling", "0 and 1", "KeyError: 'critics'"),
        ("matching_pennies", "ddpg", "doubling", "0 and 1", "KeyError: 'critics'"),
        ("matching_pennies", "all", "doubling", "all", "KeyError: 'critics'"),
        ("all", "all", "doubling", "all", "its chapter is left out: No objects to concatenate"),
    )
    assert report.headlines[-1] == (
        "4 of 4 finished runs could not be measured in full, 1 comparison of runs could not be made and 1 chapter had "
        "to be left out; a table says why."
    )
    assert len(report.frame)
    assert set(report.frame["metric"]).isdisjoint({"double_seed"})


def test_a_chapter_that_fails_with_nothing_missing_is_not_passed_over(
    store: Store, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Chapter:
        raise KeyError("mine")

    monkeypatch.setattr(doubling, "chapter", failing)
    with pytest.raises(KeyError, match="mine"):
        assemble(store, store.suite())


def test_times_are_those_of_the_first_measuring_and_all_else_is_measured_again(
    store: Store, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([3.0, 9.0])

    def measure(run: TrainingRun, game: Game) -> Iterator[Row]:
        passed = next(clock)
        yield row("double_seed", passed, step=100, unit="run", n=1)
        yield row("seconds", passed, step=100, unit="run", n=1)

    time = Quantity(name="seconds", title="Time", value_unit="s", definition="What passed.", timing=True)
    monkeypatch.setattr(doubling, "quantities", (DOUBLE, time))
    monkeypatch.setattr(doubling, "measure", measure)
    run_id = store.suite().runs[0].run_id
    assert list(measured_by("doubling", store, run_id)["value"]) == [3.0, 3.0]
    assert list(measured_by("doubling", store, run_id, anew=True)["value"]) == [9.0, 3.0]


def test_another_version_measures_again(store: Store, doubling: Doubling) -> None:
    run_id = store.suite().runs[1].run_id
    assert list(measured_by("doubling", store, run_id)["value"]) == [2.0]
    doubling.version = 2
    measured_by("doubling", store, run_id)
    assert doubling.measured == [1, 1]


def test_an_earlier_version_that_is_read_too_is_not_measured_again_and_can_be_checked(
    store: Store, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(run: TrainingRun, game: Game) -> Iterator[Row]:
        doubling.measured.append(run.seed)
        yield row("double_seed", 2.0 * run.seed, step=100, unit="run", n=1)
        yield row("double_seed_error", 0.5, step=100, unit="run", n=1)

    first, second = (run.run_id for run in store.suite().runs[:2])
    measured_by("doubling", store, second)
    doubling.version = 3
    monkeypatch.setattr(doubling, "reads", (1, 2), raising=False)
    monkeypatch.setattr(doubling, "measure", measure)
    assert list(measured_by("doubling", store, second)["metric"]) == ["double_seed"]
    assert doubling.measured == [1]
    assert list(measured_by("doubling", store, second, anew=True)["metric"]) == ["double_seed"]
    assert list(measured_by("doubling", store, first)["metric"]) == ["double_seed", "double_seed_error"]
    doubling.version = 4  # reads neither 3
    assert len(measured_by("doubling", store, first, anew=True)) == 2


def test_another_version_measures_again_where_there_was_nothing(
    store: Store, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = store.suite().runs[1].run_id
    calls: list[int] = []

    def nothing(run: TrainingRun, game: Game) -> Iterator[Row]:
        calls.append(doubling.version)
        return iter(())

    monkeypatch.setattr(doubling, "measure", nothing)
    for version in (1, 1, 2):
        doubling.version = version
        assert measured_by("doubling", store, run_id).empty
    assert calls == [1, 2]


def test_a_run_made_anew_is_compared_anew(
    store: Store, doubling: Doubling, make_run: Callable[..., TrainingRun], provenance: Provenance
) -> None:
    suite = store.suite()
    comparisons_by("doubling", store, suite)
    spec = suite.runs[0]
    run = make_run([[[0.5, 0.5], [0.8, 0.2]], [[0.5, 0.5], [0.4, 0.6]]], seed=spec.seed)
    store.write_done(spec, run, provenance=provenance, seconds=1.0)
    comparisons_by("doubling", store, suite)
    assert len(doubling.compared) == 2


def test_a_damaged_file_is_measured_again(store: Store, doubling: Doubling) -> None:
    run_id = store.suite().runs[1].run_id
    measured_by("doubling", store, run_id)
    store.measures_path(run_id, "doubling").write_bytes(b"no parquet")
    assert list(measured_by("doubling", store, run_id)["value"]) == [2.0]


def test_an_unknown_instrument_is_refused_with_its_line(suite_text: str, doubling: Doubling) -> None:
    with pytest.raises(SuiteError, match=r"line 1: metrics: there is no instrument 'dubbling'; did you mean doubling"):
        parse_suite('metrics = ["dubbling"]\n' + suite_text)


def test_two_chapters_cannot_use_one_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = store.suite()
    twice = suite.config.model_copy(update={"metrics": ["doubling", "again"]})
    again = Doubling()
    again.name = "again"
    module = ModuleType("nashlens.reports.instruments.again")
    module.INSTRUMENT = again  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.MODULES, "again", "again")
    from nashlens.reports.suite import resolve

    with pytest.raises(ValueError, match="the name of a table must not recur in a report: sums"):
        assemble(store, resolve(twice))
