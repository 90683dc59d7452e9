"""Proposition 1 and team games of two actions: every estimator exactly, at uniform play and at a run's own policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from nashlens.analysis.gradient_enumeration import enumerated_quality
from nashlens.analysis.proposition_one import ESTIMATORS, Estimator, Reward, proposition_one
from nashlens.analysis.sampled_agreement import sampled_agreement
from nashlens.games import Game, NormalFormGame
from nashlens.games.randomness import child
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import strategies_of

if TYPE_CHECKING:
    from nashlens.agents.training_run import TrainingRun

REWARDS = ("all_ones", "all_equal")
N_SAMPLES = 20_000


def is_binary_team(game: Game) -> bool:
    """Say whether a game is one of two actions an agent in which all receive the same."""
    return isinstance(game, NormalFormGame) and game.spec.common_reward and set(game.n_actions) == {2}


def proposition_rows(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield what is known of every estimator: in Proposition 1's games at ½, in all at each snapshot's policies.

    Parameters
    ----------
    run : as stored.
    game : a team game of two actions.
    """
    if game.spec.name in REWARDS:
        yield from _at_half(run, game.n_agents, cast("Reward", game.spec.name))
    strategies = strategies_of(run, game)
    thetas_TN = np.clip(np.stack([each[:, 1] for each in strategies], axis=1), 1e-9, 1 - 1e-9)
    for step, thetas in zip(run.snapshot_steps, thetas_TN, strict=True):
        for estimator in ESTIMATORS:
            found = enumerated_quality(game.payoffs[0], thetas, estimator=estimator)
            measured = {names.AGREEMENT: found.p_positive, names.SNR: found.snr**2}
            for metric, value in measured.items():
                if np.isfinite(value):
                    yield _exact(metric, value, names.NAMES[estimator], step=int(step))


def _at_half(run: TrainingRun, n_agents: int, reward: Reward) -> Iterator[Row]:
    last = int(run.snapshot_steps[-1])
    sizes = {names.ALONE: 1, "": n_agents} if n_agents == 2 else {"": n_agents}
    for suffix, n in sizes.items():
        for estimator in ESTIMATORS:
            agent = f"{names.NAMES[estimator]}{suffix}"
            yield from _closed_forms(n, estimator, reward, agent, step=last)
            rng = child(run.seed, "gradients", "proposition", n, estimator)
            counted = sampled_agreement(n, estimator=estimator, reward=reward, n_samples=N_SAMPLES, rng=rng)
            value = float(counted.values[0])
            yield row(names.SAMPLED_AT_HALF, value, agent=agent, step=last, unit="gradient sample", n=N_SAMPLES)


def _closed_forms(n: int, estimator: Estimator, reward: Reward, agent: str, *, step: int) -> Iterator[Row]:
    exact = proposition_one(n, estimator=estimator, reward=reward)
    yield _exact(names.AGREEMENT_AT_HALF, exact.p_positive, agent, step=step)
    yield _exact(names.VARIANCE_AT_HALF, float(exact.variance[0]), agent, step=step)
    if np.isfinite(exact.snr):
        yield _exact(names.SNR_AT_HALF, exact.snr**2, agent, step=step)


def _exact(metric: str, value: float, agent: str, *, step: int) -> Row:
    return row(metric, value, agent=agent, step=step, bound="exact", unit="snapshot", n=1)
