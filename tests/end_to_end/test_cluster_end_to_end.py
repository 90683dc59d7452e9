"""A suite on a Dask cluster of separate worker processes, one of which is killed while it trains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nashlens.reports.store import Store

pytest.importorskip("distributed", reason="needs the extra cluster")

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", silence_logs=50
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""

SUITE = """
name = "spread"
seeds = 4
steps = 3000
snapshots = 3
checkpoint_every_steps = 400

[games.matching_pennies]
[games.chicken]

[algorithms.maddpg]
kind = "maddpg"
hidden = [8]
batch_size = 16
rollout = { n_envs = 4, warmup_steps = 100, update_every_steps = 4 }
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from nashlens.reports.cli import main; sys.exit(main())", *words]


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("")


def suite_file(folder: Path) -> Path:
    path = folder / "spread.toml"
    path.write_text(SUITE)
    return path


def arrays(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob("runs/*/arrays.safetensors")}


def written(folder: Path) -> dict[str, int]:
    """Return when each finished run was written, by run."""
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("runs/*/status.json")}


def a_training_process(folder: Path) -> int:
    """Wait until a job has a checkpoint; return its process."""
    limit = time.monotonic() + 240
    while time.monotonic() < limit:
        jobs = {path.stem for path in folder.glob("checkpoints/*/*.safetensors")}
        for path in folder.glob("progress/*.json"):
            if path.stem in jobs:
                return int(json.loads(path.read_bytes())["process"])
        time.sleep(0.005)
    raise AssertionError("no job was seen in the middle")


@pytest.mark.slow
def test_a_killed_worker_of_a_cluster_loses_nothing_and_the_bytes_are_those_of_a_pool(
    tmp_path: Path, scheduler: str
) -> None:
    path, spread, here = suite_file(tmp_path), tmp_path / "spread", tmp_path / "here"
    with subprocess.Popen(
        command("suite", "run", str(path), "--out", str(spread), "--scheduler", scheduler),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        os.kill(a_training_process(spread), signal.SIGKILL)
        before = written(spread)
        said, _ = run.communicate(timeout=240)
    assert run.returncode == 0, said
    assert "8 of 8 runs done (0 were there before), 0 failed" in " ".join(said.split())
    after = written(spread)
    assert {name: after[name] for name in before} == before  # what was finished was not run again
    store = Store.existing(spread)
    assert {store.status(r.run_id).state for r in store.suite().runs} == {"done"}
    assert not list(spread.glob("checkpoints/*/*.safetensors"))
    subprocess.run(command("suite", "run", str(path), "--out", str(here), "--workers", "2"), check=True)
    assert arrays(spread) == arrays(here)
    assert len(arrays(here)) == 8
