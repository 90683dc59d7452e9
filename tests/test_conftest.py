"""The rules of conftest.py, tried on tests that break them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BAD = """
import random

import matplotlib
import numpy as np
import torch

matplotlib.use("Agg")
from matplotlib import pyplot


def test_python():
    random.random()


def test_numpy():
    np.random.normal()


def test_torch():
    torch.rand(1)


def test_figure():
    pyplot.figure()


def test_clean():
    np.random.default_rng(0).random()
"""


def test_leaves_no_trace_fails_each_test_that_does(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_bad.py").write_text(BAD)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-rE"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "5 passed, 4 errors" in done.stdout
    for message in (
        "global generator of python",
        "global generator of numpy",
        "global generator of torch",
        "left 1 figures open",
    ):
        assert message in done.stdout
