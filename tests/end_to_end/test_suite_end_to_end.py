"""A small suite from its file to its report, by separate processes, killed and run beside itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nashlens.reports import load
from nashlens.reports.store import Store

SUITE = """
name = "small"
seeds = 2
steps = {steps}
snapshots = 3
checkpoint_every_steps = 400

[games.matching_pennies]
[games.simple_speaker_listener]
parameters = {{ physics = "lowe2017", actions = "soft" }}
evaluation_episodes = 4

[algorithms.maddpg]
kind = "maddpg"
hidden = [8]
batch_size = 16
rollout = {{ n_envs = 4, warmup_steps = 100, update_every_steps = 20 }}
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from nashlens.reports.cli import main; sys.exit(main())", *words]


def suite_file(folder: Path, *, steps: int) -> Path:
    path = folder / "small.toml"
    path.write_text(SUITE.format(steps=steps))
    return path


def hashes(folder: Path) -> dict[str, str]:
    store = Store.existing(folder)
    return {run.run_id: store.read(run.run_id).parameter_hash for run in store.suite().runs}


@pytest.mark.slow
def test_a_suite_runs_twice_at_once_is_reported_and_checked(tmp_path: Path) -> None:
    path, out = suite_file(tmp_path, steps=600), tmp_path / "out"
    run = command("suite", "run", str(path), "--out", str(out), "--workers", "1")
    both = [subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(hashes(out)) == 4  # every record is whole: read holds it against its checksums
    assert not list(out.rglob("*.part"))
    for words in (["report", "build", str(out)], ["report", "check", str(out)], ["suite", "status", str(out)]):
        answer = subprocess.run(command(*words), capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    frame = load(out)
    assert {"nash_conv", "policy_drift", "final_return", "evaluation_return"} <= set(frame["metric"])


@pytest.mark.slow
def test_a_suite_that_was_killed_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    path = suite_file(tmp_path, steps=4000)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    run = command("suite", "run", str(path), "--workers", "1", "--out")
    with subprocess.Popen([*run, str(killed)], stdout=subprocess.DEVNULL, start_new_session=True) as first:
        limit = time.monotonic() + 300
        while not list(killed.glob("checkpoints/*/*.safetensors")) and time.monotonic() < limit:
            time.sleep(0.02)
        os.killpg(first.pid, signal.SIGKILL)
    assert list(killed.glob("checkpoints/*/*.safetensors")), "it was over before it could be killed"
    assert not all(Store.existing(killed).status(r.run_id).state == "done" for r in Store.existing(killed).suite().runs)
    subprocess.run([*run, str(killed)], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*run, str(whole)], check=True, stdout=subprocess.DEVNULL)
    assert hashes(killed) == hashes(whole)
    assert not list(killed.glob("checkpoints/*/*.safetensors"))
