"""The instrument of stale replay: what a buffer filled by the others' former policies is worth, and what it teaches.

Importance weights and effective shares are estimates from the replay as its snapshots would have filled it; in matrix
and repeated games what ages say and what learned values miss is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.analysis.repeated_model import repeated_model
from nashlens.analysis.replay_staleness import replay_staleness
from nashlens.games import Game, NormalFormGame, SequentialGame
from nashlens.games.core import Choice
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.repeated import RepeatedGame
from nashlens.reports.conventions import GameFacts
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.age_rows import classified_age_rows, tested_age_rows
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.played_drift import played_drift_rows
from nashlens.reports.instruments.replay_exact import matrix_replay_rows, repeated_replay_rows
from nashlens.reports.instruments.replay_quantities import (
    CLIP,
    LEFT_OUT,
    MAX_OTHERS,
    QUANTITIES,
    STALE_BELOW,
    by_others_name,
)
from nashlens.reports.instruments.replay_staleness_chapter import replay_chapter
from nashlens.reports.instruments.replayed_transitions import NAME, Replayed, keeps_replay, replayed
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_TRANSITIONS = 4096


class ReplayStaleness:
    """Effective share of the replay, by age and by number of others; what ages say; bias of what is learned.

    Attributes
    ----------
    name, version, quantities : as in `Instrument`.
    keeps_agents : True: tests are counted by agent, and means over agents count every one.
    """

    name = NAME
    version = 2
    keeps_agents = True
    quantities = QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield the numbers of one run; why there are none, where its replay cannot be weighed.

        Parameters
        ----------
        run : as stored.
        game : the run's game, made again.

        Raises
        ------
        ValueError : the game is not the run's, or a repeated game is too large.
        """
        check_game(run, game)
        if reason := reason_to_leave_out(run, game):
            yield from LEFT_OUT.rows(run, reason)
            return
        held = replayed(run, game, n_transitions=N_TRANSITIONS)
        yield from weight_rows(run, held)
        independent = not any(policy.central for policy in run.policies())
        if isinstance(game, NormalFormGame | RepeatedGame | SequentialGame):
            yield from tested_age_rows(run, held)
            yield from played_drift_rows(run, held)
        elif isinstance(game, ParticleWorld):
            yield from classified_age_rows(run, held)
        if isinstance(game, NormalFormGame) and independent:
            yield from matrix_replay_rows(run, game)
        elif isinstance(game, RepeatedGame) and independent:
            yield from repeated_replay_rows(run, repeated_model(game), rounds=game.rounds)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return no frame: everything is measured of one run at a time."""
        return {}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return what came out, in answers, figures and tables."""
        return replay_chapter(frame, facts)


def weight_rows(run: TrainingRun, held: Replayed) -> Iterator[Row]:
    """Yield effective shares of the replay for every agent: of all, by insertion, and by number of others.

    Parameters
    ----------
    run : whose replay.
    held : its transitions.
    """
    last = run.snapshot_steps[-1]
    ages = last - run.snapshot_steps[held.intervals]
    n = len(held.rewards)
    for i, agent in enumerate(run.spec.agents):
        found = replay_staleness(
            held.current,
            held.behaviour,
            agent=i,
            ages=ages,
            stale_below=STALE_BELOW,
            clip=CLIP,
            episodes=held.episodes,
        )
        numbers = {
            "rs_effective_share": found.effective_share,
            "rs_stale_mass": found.stale_mass,
            "rs_clip_fraction": found.clip_fraction,
            "rs_clipped_share": found.clipped_share,
            "rs_mean_weight": found.mean_weight.value,
            "rs_mean_age": found.mean_age,
        }
        numbers |= {by_others_name(k): v for k, v in enumerate(found.by_others, start=1) if k <= MAX_OTHERS}
        for name, value in numbers.items():
            yield row(name, float(value), agent=agent, step=last, unit="transition", n=n)
        for interval in np.unique(held.intervals):
            part = held.intervals == interval
            share = replay_staleness(held.current[part], held.behaviour[part], agent=i).effective_share
            step = run.snapshot_steps[interval]
            yield row("rs_share_at", share, agent=agent, step=step, unit="transition", n=int(part.sum()))


def reason_to_leave_out(run: TrainingRun, game: Game) -> str:
    """Return why a run's replay cannot be weighed, as a key of `LEFT_OUT`; empty where it can."""
    if game.spec.n_agents < 2:
        return "alone"
    if not keeps_replay(run):
        return "no_replay"
    if run.spec.soft_actions or not all(isinstance(space, Choice) for space in run.spec.action_spaces):
        return "no_probabilities"
    policies = run.policies()
    if any(policy.memory_size for policy in policies):
        return "memory"
    return "together" if draws_together(policies) else ""


INSTRUMENT = ReplayStaleness()
