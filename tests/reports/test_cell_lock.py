from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from nashlens.reports.cell_lock import cell_lock

HOLDER = """
import sys, time
from pathlib import Path
from nashlens.reports.cell_lock import cell_lock
with cell_lock(Path(sys.argv[1]), wait=False) as held:
    print(held, flush=True)
    time.sleep(60)
"""


def test_cell_lock_is_held_once_and_free_after_the_block(tmp_path: Path) -> None:
    with cell_lock(tmp_path / "a", wait=False) as first, cell_lock(tmp_path / "a", wait=False) as second:
        assert (first, second) == (True, False)
    with cell_lock(tmp_path / "a", wait=False) as third:
        assert third


def test_cell_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "a")], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with cell_lock(tmp_path / "a", wait=False) as held:
            assert not held
        holder.kill()
        holder.wait()
    with cell_lock(tmp_path / "a", wait=True) as held:
        assert held
