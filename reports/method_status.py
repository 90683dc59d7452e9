"""How well what a report rests on is tested: the learners that it trained and the measures that it takes.

The README has a table of the same parts; a test holds what it says against what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from nashlens.reports.suite import Suite
from nashlens.reports.tables import Table

THOROUGH = "thoroughly tested; learning shown with intervals"
UNTUNED = "tested part by part; learning at full length shown with intervals, not tuned"
IN_PARTS = "tested part by part and on tiny games; learning at full length not yet shown"
EXACT = "closed forms and properties of learners that know the payoffs; nothing is approximated"
UNKNOWN = "no status stated"
# By kind: what a reader calls the learner, and its status.
LEARNERS: Mapping[str, tuple[str, str]] = {
    "maddpg": ("MADDPG", THOROUGH),
    "ddpg": ("DDPG", THOROUGH),
    "dqn": ("DQN", UNTUNED),
    "joint_dqn": ("joint DQN", UNTUNED),
    "reinforce": ("REINFORCE", UNTUNED),
    "actor_critic": ("actor-critic", UNTUNED),
    "trpo": ("TRPO", UNTUNED),
    "coma": ("COMA", UNTUNED),
    "fictitious_play": ("fictitious play", EXACT),
    "multiplicative_weights": ("multiplicative weights", EXACT),
    "regret_matching": ("regret matching", EXACT),
    "optimistic_gradient": ("optimistic gradient", EXACT),
}
# Options of a learner: when its settings use one, what it is called, and its status.
OPTIONS: tuple[tuple[Callable[[Mapping[str, Any]], bool], str, str], ...] = (
    (lambda given: given.get("inference") is not None, "inferred policies", THOROUGH),
    (lambda given: (given.get("sharing") or {}).get("mode", "none") != "none", "sharing", THOROUGH),
    (lambda given: (given.get("ensemble") or {}).get("size", 1) > 1, "ensembles", IN_PARTS),
    (lambda given: given.get("twin") is not None, "MATD3", IN_PARTS),
    (lambda given: given.get("minimax") is not None, "M3DDPG", IN_PARTS),
    (lambda given: given.get("memory") is not None, "recurrent MADDPG", IN_PARTS),
)
MEASURES = (
    (
        "games, exact analysis, statistics",
        "thoroughly tested: closed forms, properties, independent implementations",
    ),
    ("measures from probe observations and episodes", "thoroughly tested on policies whose numbers are known"),
)
INSTRUMENTS = (
    ("instruments on matrix games and game trees", "exact, tested against closed forms"),
    (
        "instruments on particle worlds",
        "estimates with intervals; seen at quick sizes only, but for sharing",
    ),
)


def statuses() -> dict[str, str]:
    """Return the status of every part by what a reader calls it."""
    options = {name: status for _, name, status in OPTIONS}
    return dict(LEARNERS.values()) | options | dict(MEASURES) | dict(INSTRUMENTS)


def status_table(suite: Suite) -> Table:
    """Return the status of every learner and of every measure of a suite.

    Parameters
    ----------
    suite : what was asked for.
    """
    settings = [each for cell in suite.cells for each in cell.runs[0].algorithm.values()]
    kinds = dict.fromkeys(str(each["kind"]) for each in settings)
    rows = [LEARNERS.get(kind, (kind, UNKNOWN)) for kind in kinds]
    rows += [(name, status) for is_used, name, status in OPTIONS if any(is_used(each) for each in settings)]
    rows += MEASURES
    rows += INSTRUMENTS if any(cell.metrics for cell in suite.cells) else ()
    return Table(
        name="status",
        title="How well this is tested",
        caption="Status of the learners and of the measures that this report rests on. What was not yet shown to learn "
        "at full length may have faults that tests of its parts do not see.",
        header=("part", "status"),
        rows=tuple(rows),
        data=pd.DataFrame(rows, columns=["part", "status"]),
    )
