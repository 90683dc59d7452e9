"""Training one agent, or some, against the others' frozen policies: how much they could still gain.

What a trained deviator gains is a lower bound on what the best one gains. Several restarts have one budget each; one
may start from the policy that is being examined. Restart and snapshot are chosen on validation episodes, and the gain
is measured on fresh ones, in which the deviating and the original policies meet the same games.

References
----------
Timbers et al. (2022), arXiv:2004.09677.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.agents.config import Algorithm
from nashlens.agents.records import TrainingRun
from nashlens.agents.training import Progress, train
from nashlens.games import Game, JointPolicy, Policy
from nashlens.games.against import Against
from nashlens.games.episodes import play
from nashlens.games.randomness import child

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BestResponse:
    """The best deviation that was found, and what it gains.

    Attributes
    ----------
    agents : who deviated.
    policies : what they play, one an agent of `agents`.
    restart, snapshot : which of the R restarts and T snapshots was chosen.
    validation_returns : ``[R, T]``; mean return of the deviators in the validation episodes, NaN after a failure.
    deviation_returns, original_returns : ``[M, n]``; what the deviators got in M fresh episodes with the new and with
        the original policies; episode m meets the same game in both.
    n_steps : environment steps of each restart, the budget.
    warm : whether the first restart began from the original policies.
    """

    agents: tuple[int, ...]
    policies: JointPolicy
    restart: int
    snapshot: int
    validation_returns: Doubles
    deviation_returns: Doubles
    original_returns: Doubles
    n_steps: int
    warm: bool

    @property
    def gains(self) -> Doubles:
        """``[M]``; paired differences of the deviators' summed returns, whose mean bounds the true gain from below.

        The mean may be negative; it is not clipped, since that would bias it upwards.
        """
        difference: Doubles = (self.deviation_returns - self.original_returns).sum(axis=1)
        return difference


def best_response(
    game: Game,
    policies: Sequence[Policy],
    agents: Sequence[int],
    algorithm: Algorithm,
    *,
    steps: int,
    restarts: int = 3,
    warm_start: TrainingRun | None = None,
    n_snapshots: int = 11,
    validation_episodes: int = 200,
    test_episodes: int = 400,
    progress: Callable[[Progress], None] | None = None,
    seed: int,
) -> BestResponse:
    """Train some agents against the frozen policies of all others.

    Parameters
    ----------
    game : the game.
    policies : the joint policy that is examined, one an agent.
    agents : who deviates, together: one agent, or a side.
    algorithm : how they learn.
    steps : environment steps of each restart.
    restarts : R, at least 1.
    warm_start : the run that `policies` come from; then the first restart begins there.
    n_snapshots : T, from which the best is chosen.
    validation_episodes, test_episodes : episodes for the choice, and fresh ones for the report.
    progress : as in `train`.
    seed : seed of everything that is drawn.

    Raises
    ------
    ValueError : an argument does not fit the game, or every restart failed.

    Notes
    -----
    All policies sample their actions. The deviators see their own observations only, and have no memory: against others
    with memory or hidden states the bound is looser.
    """
    for name, value in (("restarts", restarts), ("validation_episodes", validation_episodes)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    against = Against(game, policies, free=agents)
    first = int(child(seed, "restarts").integers(2**31))
    seeds = [first + k for k in range(restarts)]
    runs = train(
        against,
        algorithm,
        seeds=seeds,
        steps=steps,
        n_snapshots=n_snapshots,
        warm_start=None if warm_start is None else {seeds[0]: warm_start},
        progress=progress,
    )
    validation_RT = np.full((restarts, n_snapshots), np.nan)
    for r, run in enumerate(runs):
        for t in range(len(run.snapshot_steps)):
            tried = play(against, run.policies(t), n_episodes=validation_episodes, rng=child(seed, "validation"))
            validation_RT[r, t] = tried.returns.sum(axis=1).mean()
    if np.isnan(validation_RT).all():
        raise ValueError(f"every restart failed: {runs[0].reason}")
    restart, snapshot = (int(k) for k in np.unravel_index(np.nanargmax(validation_RT), validation_RT.shape))
    deviation = runs[restart].policies(snapshot)
    original = [policies[i] for i in against.free]
    deviated, kept = (
        play(against, each, n_episodes=test_episodes, rng=child(seed, "test")).returns for each in (deviation, original)
    )
    return BestResponse(
        agents=against.free,
        policies=deviation,
        restart=restart,
        snapshot=snapshot,
        validation_returns=validation_RT,
        deviation_returns=deviated,
        original_returns=kept,
        n_steps=runs[restart].n_steps,
        warm=warm_start is not None,
    )
