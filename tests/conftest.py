"""What holds for every test: no global generator moves, no figure stays open, and Hypothesis is deterministic."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rich.console  # noqa: F401 (its import draws from the global generator once; here no test pays for it)
from hypothesis import settings

if TYPE_CHECKING:
    from tests.shrunk_suites import Reported

settings.register_profile("nashlens", derandomize=True, deadline=None)
settings.load_profile("nashlens")


def global_generators() -> dict[str, object]:
    """Return a comparable picture of each global generator that is loaded."""
    state = np.random.get_state(legacy=False)  # noqa: NPY002 (it is the global state that is watched)
    pictures: dict[str, object] = {
        "python": random.getstate(),
        "numpy": (state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"], state["gauss"]),
    }
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        pictures["torch"] = torch.get_rng_state().numpy().tobytes()
    return pictures


@pytest.fixture(autouse=True)
def _leaves_no_trace() -> Iterator[None]:
    before = global_generators()
    yield
    after = global_generators()
    moved = [name for name, picture in before.items() if after[name] != picture]
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = [] if pyplot is None else pyplot.get_fignums()
    if figures:
        pyplot.close("all")
    assert not moved, f"the test disturbed the global generator of {' and '.join(moved)}"
    assert not figures, f"the test left {len(figures)} figures open"


@pytest.fixture(scope="session")
def reported_suite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Reported]:
    """Return a named suite, shrunk to seconds, with its report; made once, whichever worker asks for it first."""
    from tests.shrunk_suites import reported

    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shrunk-suites"
    return lambda name: reported(name, folder)
