"""Whether a run can be trained as it is asked for, found out before anything runs, and how often it will learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashlens.games import make
from nashlens.reports.exact_learners import check_exact
from nashlens.reports.exact_settings import exact_rules
from nashlens.reports.run_spec import EVERY_SIDE, RunSpec

if TYPE_CHECKING:
    from nashlens.agents.config import Algorithm
    from nashlens.games.core import GameSpec


def check_trainable(spec: GameSpec, run: RunSpec) -> None:
    """Build the learners of one seed once, with room for a single step, and count the updates.

    Parameters
    ----------
    spec : the game that the run names.
    run : what is asked for.

    Raises
    ------
    ValueError : a setting does not fit the game, the sides' settings do not fit each other, the game is no matrix game
        and its learners must know the payoffs, or no update will ever be due; it names the argument.
    """
    if exact_rules(run.algorithm):
        check_exact(make(run.game, **run.parameters), [str(each["kind"]) for each in run.algorithm.values()])
        return
    from nashlens.agents.families import check_plan, check_settings

    algorithms = algorithms_by_side(spec, run)
    check_plan(spec, algorithms, steps=run.steps)
    if n_updates(spec, run) < 1:
        rollout = next(iter(run.algorithm.values()))["rollout"]
        raise ValueError(
            f"steps: {run.steps} leave no update in {spec.name}: one is due after rollout.horizons_per_update = "
            f"{rollout['horizons_per_update']} horizons of {spec.horizon} steps in each of rollout.n_envs = "
            f"{rollout['n_envs']} environments; raise steps or lower these"
        )
    check_settings(spec, algorithms)


def n_updates(spec: GameSpec, run: RunSpec) -> int:
    """Return how many updates one seed of a run makes.

    Parameters
    ----------
    spec : the game that the run names.
    run : what is asked for.
    """
    if exact_rules(run.algorithm):
        return run.steps  # one a round
    from nashlens.agents.on_policy_settings import OnPolicy
    from nashlens.agents.replay_schedule import updates_due

    settings = next(iter(algorithms_by_side(spec, run).values()))
    n_rounds = -(-run.steps // settings.rollout.n_envs)
    if isinstance(settings, OnPolicy):
        return n_rounds // (settings.rollout.horizons_per_update * spec.horizon)
    return updates_due(settings.rollout, 0, n_rounds * settings.rollout.n_envs)


def most_snapshots(run: RunSpec) -> int:
    """Return how many snapshots a run has room for: one before any training, and one after each of its rounds."""
    n_envs = next(iter(run.algorithm.values())).get("rollout", {}).get("n_envs", 1)
    return 1 + -(-run.steps // int(n_envs))


def algorithms_by_side(spec: GameSpec, run: RunSpec) -> dict[str, Algorithm]:
    """Return the settings of each side of a game under a run whose learners learn from samples."""
    from nashlens.agents import config

    read = {side: config.parse(settings) for side, settings in run.algorithm.items()}
    return {side: read[EVERY_SIDE if EVERY_SIDE in read else side] for side in dict.fromkeys(spec.sides)}
