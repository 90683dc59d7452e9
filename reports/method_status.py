"""How well what a report rests on is tested: the learners that it trained and the measures that it takes."""

from __future__ import annotations

import pandas as pd

from nashlens.reports.suite import Suite
from nashlens.reports.tables import Table

THOROUGH = "thoroughly tested, and learning shown with intervals over seeds"
IN_PARTS = "tested part by part; learning at full length not yet shown"
SMALL = "tested part by part and on tiny games; learning at full length not yet shown"
LEARNERS = {
    "maddpg": THOROUGH,
    "ddpg": THOROUGH,
    **dict.fromkeys(
        ("fictitious_play", "multiplicative_weights", "regret_matching", "optimistic_gradient"),
        "closed forms and properties of learners that know the payoffs; nothing is approximated",
    ),
    **dict.fromkeys(("dqn", "joint_dqn", "reinforce", "actor_critic", "trpo", "coma"), SMALL),
}
OPTIONS = {
    "inference": ("inferred policies of other agents", THOROUGH),
    "ensemble": ("policy ensembles", IN_PARTS),
    "twin": ("twin critics (MATD3)", IN_PARTS),
    "minimax": ("the worst case of the others (M3DDPG)", IN_PARTS),
}
MEASURES = (
    (
        "games, exact analysis and statistics",
        "thoroughly tested: closed forms, properties and independent implementations",
    ),
    ("measures from probe observations and episodes", "thoroughly tested on policies whose numbers are known"),
)
UNKNOWN = "no status stated"


def status_table(suite: Suite) -> Table:
    """Return the status of every learner and of every measure of a suite.

    Parameters
    ----------
    suite : what was asked for.
    """
    settings = [each for cell in suite.cells for each in cell.runs[0].algorithm.values()]
    kinds = dict.fromkeys(str(each["kind"]) for each in settings)
    rows = [(kind, LEARNERS.get(kind, UNKNOWN)) for kind in kinds]
    rows += [words for option, words in OPTIONS.items() if any(_is_on(each.get(option)) for each in settings)]
    rows += MEASURES
    return Table(
        name="status",
        title="How well this is tested",
        caption="Status of the learners and of the measures that this report rests on. What was not yet shown to learn "
        "at full length may have faults that tests of its parts do not see.",
        header=("part", "status"),
        rows=tuple(rows),
        data=pd.DataFrame(rows, columns=["part", "status"]),
    )


def _is_on(option: object) -> bool:
    """Say whether a setting of a learner is used: an ensemble of one is none."""
    if isinstance(option, dict):
        return int(option.get("size", 2)) > 1
    return option is not None
