"""The one place where what a run asks for becomes a call of the training loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nashlens.reports.run_spec import EVERY_SIDE, RunSpec

if TYPE_CHECKING:
    from nashlens.agents.checkpoint import Checkpoint
    from nashlens.agents.records import TrainingRun
    from nashlens.agents.training import Progress


def train_seeds(
    run: RunSpec,
    seeds: Sequence[int],
    *,
    progress: Callable[[Progress], None] | None = None,
    checkpoint_every_steps: int | None = None,
    on_checkpoint: Callable[[Checkpoint], None] | None = None,
    resume: Checkpoint | None = None,
) -> list[TrainingRun]:
    """Train some seeds of a run's cell together, with learners that know the payoffs or with learners that do not.

    Parameters
    ----------
    run : what is asked for; its own seed plays no part.
    seeds : S different whole numbers.
    progress, checkpoint_every_steps, on_checkpoint, resume : as for `agents.training.train`.

    Returns
    -------
    One `TrainingRun` a seed, in the order of `seeds`.

    Raises
    ------
    ValueError : something that is asked for does not fit, or `resume` belongs to another call.
    """
    from nashlens.agents import config, training
    from nashlens.games import make
    from nashlens.reports.exact_learners import train_exactly
    from nashlens.reports.exact_settings import exact_by_side, exact_rules

    game = make(run.game, **run.parameters)
    how: dict[str, Any] = {
        "seeds": list(seeds),
        "steps": run.steps,
        "n_snapshots": run.snapshots,
        "evaluation_episodes": run.evaluation_episodes,
        "explore": run.explore,
        "progress": progress,
        "checkpoint_every_steps": checkpoint_every_steps,
        "on_checkpoint": on_checkpoint,
        "resume": resume,
    }
    if exact_rules(run.algorithm):
        return train_exactly(game, exact_by_side(run.algorithm, game.spec.sides), **how)
    settings = {side: config.parse(each) for side, each in run.algorithm.items()}
    return training.train(game, settings.get(EVERY_SIDE, settings), keep_critics=run.keep_critics, **how)
