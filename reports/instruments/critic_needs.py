"""Which instruments read critics, targets and models of the others, so that a suite without them is refused in time.

Light on purpose: a suite is checked before any instrument is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nashlens.games.core import Choice

if TYPE_CHECKING:
    from nashlens.games.core import GameSpec
    from nashlens.reports.run_spec import RunSpec

KEEPING = ("maddpg", "ddpg")
WITHOUT_NETWORK_POLICY = ("dqn", "joint_dqn")


def critic_complaint(name: str, spec: GameSpec, run: RunSpec) -> str:
    """Return why an instrument could not measure a run for want of critics; empty if it could.

    Parameters
    ----------
    name : of the instrument.
    spec : the game that the run names.
    run : what is asked for.

    Notes
    -----
    Instruments that measure less without critics, as `nonstationarity` does, have no complaint.
    """
    reads = {"policy_inference": _infers, "gradients": _compares_networks}.get(name)
    if reads is None or not reads(spec, run):
        return ""
    others = [str(each["kind"]) for each in run.algorithm.values() if each["kind"] not in KEEPING]
    if others:
        return f"{name} reads critics, which of all kinds {' and '.join(KEEPING)} alone keep, and not {others[0]}"
    return "" if run.keep_critics else f"{name} reads critics and models, which are kept where keep_critics is true"


def _infers(spec: GameSpec, run: RunSpec) -> bool:
    return any(settings.get("inference") is not None for settings in run.algorithm.values())


def _compares_networks(spec: GameSpec, run: RunSpec) -> bool:
    """Say whether `gradient_estimators.applies` will hold: plain networks over one hard choice, several steps long."""
    hard = spec.horizon > 1 and not spec.soft_actions and not spec.masked
    single = all(isinstance(space, Choice) and len(space.factors) == 1 for space in spec.action_spaces)
    return hard and single and all(_is_plain(settings) for settings in run.algorithm.values())


def _is_plain(settings: Mapping[str, Any]) -> bool:
    one = settings.get("ensemble", {}).get("size", 1) == 1
    return one and settings.get("memory") is None and settings["kind"] not in WITHOUT_NETWORK_POLICY
