"""Small suites from end to end: trained, measured, reported, and found the same by a check."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashlens.reports.document import write
from nashlens.reports.instruments import (
    exploitability,
    exploitability_quantities,
    gradient_resampling,
    gradient_samples,
    gradients,
    proposition_rows,
)
from nashlens.reports.recheck import differences
from nashlens.reports.report import Report, assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from nashlens.reports.suite_files import named_suite
from nashlens.reports.training_job import Job, train_job

LEARNER = """
[algorithms.maddpg]
kind = "maddpg"
hidden = [8]
batch_size = 8
rollout = { n_envs = 2, warmup_steps = 20, update_every_steps = 20 }
"""
PROPOSITION = """
name = "small"
seeds = 1
steps = 60
snapshots = 3
keep_critics = true
metrics = ["gradients"]

[games.two]
game = "all_ones"
parameters = { n_agents = 2 }

[games.world]
game = "simple_spread"
parameters = { n_agents = 2 }

[games.matching_pennies]
"""
PENNIES = """
name = "small"
seeds = 1
steps = 60
snapshots = 3
metrics = ["exploitability"]

[games.matching_pennies]
"""


def reported(text: str, folder: Path) -> Report:
    suite = parse_suite(text + LEARNER)
    store = Store.create(folder)
    store.add_suite(suite)
    for cell in suite.cells:
        outcome = train_job(Job(root=str(folder), label=cell.game, runs=cell.runs, metrics=cell.metrics))
        assert not outcome.failed
    report = assemble(store, suite)
    write(report, store.folder("report", suite.name))
    assert differences(store, suite) == []
    return report


def test_a_suite_of_gradients_ends_in_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("N_SAMPLES", "N_REFERENCE", "N_RETURNS"):
        monkeypatch.setattr(gradients, name, 16)
    monkeypatch.setattr(gradient_samples, "N_STATES", 4)
    monkeypatch.setattr(gradient_samples, "SIZES", (4, 3, 3, 2))
    monkeypatch.setattr(gradient_resampling, "N_MOMENTS", 8)
    monkeypatch.setattr(proposition_rows, "N_SAMPLES", 2000)
    report = reported(PROPOSITION, tmp_path / "out")
    assert any(line.startswith("Proposition 1, reward 1 if all play 1") for line in report.headlines)
    assert {"gradient-proposition", "gradient-networks"} <= {table.name for table in report.tables}
    why = "The policy gradient is not measured where the matrix game is no team game of two actions an agent"
    assert f"{why}: matching_pennies, maddpg: 1 run." in report.headlines


def test_a_suite_of_exploitability_ends_in_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploitability, "N_TEST", 20)
    monkeypatch.setattr(exploitability, "N_VALIDATION", 20)
    monkeypatch.setattr(exploitability_quantities, "N_RESTARTS", 1)
    report = reported(PENNIES, tmp_path / "out")
    assert any(line.startswith("matching_pennies, maddpg: no gain is shown") for line in report.headlines)
    assert any("1 seed, and a limit needs 5" in line for line in report.headlines)
    assert {"exploitability", "exploitability-controls"} <= {table.name for table in report.tables}


@pytest.mark.parametrize("name", ["gradient-variance", "exploitability"])
def test_suites_of_the_package_have_a_quick_size_of_five_seeds_or_more(name: str) -> None:
    suite = named_suite(name, size="quick")
    assert {metric for cell in suite.cells for metric in cell.metrics} <= {"gradients", "exploitability"}
    assert all(len(cell.runs) >= 5 for cell in suite.cells)
