"""Different suites at once in one folder: a run that both ask for is trained and measured by one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import frames, job_checkpoints, job_measuring
from nashlens.reports.execution import Execution, run_suite
from nashlens.reports.job_planning import plan
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite


@pytest.mark.parametrize("seconds", [0.0, job_measuring.MEASURING_SECONDS])
def test_two_suites_at_once_train_and_measure_what_they_share_once(
    tmp_path: Path, suite_text: str, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    few = parse_suite(suite_text)
    more = parse_suite(suite_text.replace('"small"', '"large"').replace("seeds = 2", "seeds = 3"))
    shared = {run.run_id for run in few.runs}
    assert shared < {run.run_id for run in more.runs}
    trained: Counter[str] = Counter()
    measured: Counter[str] = Counter()
    real, measured_anew = job_checkpoints.train_seeds, frames.measured_anew

    def counting(run: RunSpec, seeds: Sequence[int], **rest: Any) -> list[TrainingRun]:
        trained.update(run.with_seed(seed).run_id for seed in seeds)
        return real(run, seeds, **rest)

    def counting_measures(store: Store, run_id: str) -> pd.DataFrame:
        measured[run_id] += 1
        return measured_anew(store, run_id)

    monkeypatch.setattr(job_checkpoints, "train_seeds", counting)
    monkeypatch.setattr(frames, "measured_anew", counting_measures)
    monkeypatch.setattr(job_measuring, "MEASURING_SECONDS", seconds)
    store = Store.create(tmp_path / "out")
    # both plan before either begins, so that each wants to train what they share
    assert {run.run_id for suite in (few, more) for job in plan(suite, store) for run in job.runs} == {
        run.run_id for run in more.runs
    }

    def ran(suite: Suite) -> Execution:
        own = Store.existing(store.root)
        return run_suite(suite, own, workers=1, pool=lambda _: ThreadPoolExecutor(1))

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(ran, (few, more)))
    assert [(each.n_done, dict(each.failed), each.warnings) for each in done] == [(4, {}, ()), (6, {}, ())]
    assert trained == measured == Counter(run.run_id for run in more.runs)
    assert store.suite_names() == ["large", "small"]
    alone = Store.create(tmp_path / "alone")
    run_suite(few, alone, workers=1, pool=lambda _: ThreadPoolExecutor(1))
    for run in few.runs:
        assert store.read(run.run_id).parameter_hash == alone.read(run.run_id).parameter_hash
