from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nashlens.reports.run_lock import is_held, run_locks

HOLDER = """
import sys, time
from pathlib import Path
from nashlens.reports.run_lock import run_locks
with run_locks([Path(path) for path in sys.argv[1:]], wait=False) as held:
    print(held, flush=True)
    time.sleep(60)
"""


@contextmanager
def held_by_another(*paths: Path) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, *map(str, paths)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        yield
        holder.kill()


def test_run_locks_are_held_once_and_free_after_the_block(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    with run_locks(paths, wait=False) as first, run_locks(paths, wait=False) as second:
        assert (first, second) == (True, False)
    with run_locks(paths, wait=False) as third:
        assert third


def test_run_locks_hold_all_or_none(tmp_path: Path) -> None:
    a, b, c = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    with run_locks([b], wait=False), run_locks([c, b, a], wait=False) as held:
        assert not held
        # what was taken before the one that is held elsewhere was let go
        assert [is_held(path) for path in (a, b, c)] == [False, True, False]


def test_run_locks_of_other_runs_do_not_hinder(tmp_path: Path) -> None:
    with run_locks([tmp_path / "a"], wait=False) as one, run_locks([tmp_path / "b"], wait=False) as other:
        assert one
        assert other


def test_run_locks_of_a_killed_process_are_free(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "a"), run_locks([tmp_path / "a"], wait=False) as held:
        assert not held
    with run_locks([tmp_path / "a"], wait=True) as held:
        assert held


def test_is_held_sees_another_process_and_no_lock_at_all(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "a"):
        assert is_held(tmp_path / "a")
    assert not is_held(tmp_path / "a")
    assert not is_held(tmp_path / "none")
    assert not (tmp_path / "none").exists()
