"""Memory: a cell that does not fit is marked failed by itself, and what is finished is let go."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import frames, job_checkpoints
from nashlens.reports.execution import run_suite
from nashlens.reports.job_board import JobState
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite

SPARE = 400_000_000  # bytes that a worker may still take once it has imported what it needs
LIMITED = f"""
import resource
from pathlib import Path
from nashlens.agents import training
from nashlens.reports import frames
from nashlens.reports.training_job import begin_worker
begin_worker()
pages = int(Path("/proc/self/statm").read_text().split()[0])
limit = pages * resource.getpagesize() + {SPARE}
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
"""


def limited_pool(workers: int) -> Executor:
    """Return worker processes whose memory is limited by the operating system."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=exec, initargs=(LIMITED,))


@pytest.mark.slow
def test_a_cell_that_does_not_fit_into_memory_fails_with_the_reason_and_the_rest_is_done(
    tmp_path: Path, suite_text: str
) -> None:
    suite = parse_suite(suite_text.replace("seeds = 2", "seeds = 1").replace("steps = 300", "steps = 100"))
    small, other = suite.cells
    # a layer of 20,000 by 20,000 numbers of four bytes is 1.6 GB; put in here, as checking the suite would build it
    changed = {side: {**settings, "hidden": [20_000, 20_000]} for side, settings in other.runs[0].algorithm.items()}
    large = replace(other, runs=(replace(other.runs[0], algorithm=changed),))
    suite = replace(suite, cells=(small, large))
    store = Store.create(tmp_path / "out")
    done = run_suite(suite, store, workers=1, pool=limited_pool)
    fits, not_fits = (cell.runs[0].run_id for cell in suite.cells)
    assert list(done.failed) == [not_fits]
    assert "memory" in done.failed[not_fits].lower()
    assert (store.status(fits).state, store.status(not_fits).state) == ("done", "failed")
    assert store.status(not_fits).reason == done.failed[not_fits]
    assert "Traceback" in (store.root / "runs" / not_fits / "error.txt").read_text()


N_CELLS, EPISODES = 32, 100_000


def test_memory_does_not_grow_with_the_number_of_finished_cells(
    tmp_path: Path, suite_text: str, make_run: Callable[..., TrainingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells whose results take 1.6 MB each: after the last as little is held as after a quarter of them."""
    sizes: list[int] = []

    def train(run: RunSpec, seeds: Sequence[int], **_: Any) -> list[TrainingRun]:
        (seed,) = seeds
        steps = np.arange(EPISODES)
        made = make_run([[[0.5, 0.5]] * 2] * 2, seed=seed, episode_steps=steps, episode_returns=np.zeros((EPISODES, 2)))
        sizes.append(made.episode_steps.nbytes + made.episode_returns.nbytes)
        return [made]

    monkeypatch.setattr(job_checkpoints, "train_seeds", train)
    monkeypatch.setattr(frames, "measure", lambda run: [])
    text = suite_text.partition("[algorithms.maddpg]")[0].replace("seeds = 2", "seeds = 1")
    text += "".join(f'[algorithms.a{k}]\nkind = "maddpg"\nhidden = [{k + 4}]\n' for k in range(N_CELLS))
    points: dict[int, int] = {}

    def watch(jobs: Sequence[JobState]) -> None:
        points[sum(job.state == "done" for job in jobs)] = tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        store = Store.create(tmp_path / "out")
        done = run_suite(parse_suite(text), store, workers=1, pool=lambda _: ThreadPoolExecutor(1), watch=watch)
    finally:
        tracemalloc.stop()
    assert (done.n_done, dict(done.failed)) == (N_CELLS, {})
    assert len(sizes) == N_CELLS
    assert min(sizes) >= 1_600_000
    quarter = min((n for n in points if n >= N_CELLS // 4), default=0)
    assert quarter <= N_CELLS // 2, points
    grown = points[N_CELLS] - points[quarter]
    assert grown < min(sizes), f"{grown / 1e6:.1f} MB more after {N_CELLS} cells than after {quarter}"
