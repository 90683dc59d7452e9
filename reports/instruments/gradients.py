"""How much a policy gradient says: signal, noise and their sources, for every estimator at the same policies.

In team games of two actions, Proposition 1's among them, all of it exactly. Elsewhere for plain networks over one hard
choice whose critics were kept: gradients of whole episodes at the run's last policies, of the first agent of each side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from nashlens.analysis.gradient_agreement import gradient_agreement
from nashlens.analysis.gradient_noise import gradient_noise
from nashlens.analysis.results import Array
from nashlens.analysis.sobol import resampled_total_indices
from nashlens.analysis.variance_sources import variance_sources
from nashlens.games import Game, NormalFormGame
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.gradient_chapter import gradient_chapter
from nashlens.reports.instruments.gradient_estimators import applies, subject_of
from nashlens.reports.instruments.gradient_resampling import resampled_gradients
from nashlens.reports.instruments.gradient_samples import N_STATES, episode_gradients, mean_gradient, nested_gradients
from nashlens.reports.instruments.proposition_rows import is_binary_team, proposition_rows
from nashlens.reports.instruments.recorded_moments import record
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.runs_left_out import LEFT_OUT, left_out_runs, left_out_sentences
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.measures import first_learned

if TYPE_CHECKING:
    from nashlens.agents.training_run import TrainingRun

NAME = "gradients"
N_SAMPLES, N_REFERENCE, N_RETURNS = 256, 256, names.N_RETURNS


class _Gradients:
    """Signal, noise and sources of variance of policy gradients."""

    name = NAME
    version = 2
    keeps_agents = True  # rows are told apart by what stands as the agent, also where two happen to be equal
    quantities = names.QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield every estimator's numbers: exact in binary team games, estimates from episodes elsewhere.

        Parameters
        ----------
        run : as stored; outside of matrix games with critics.
        game : the game of the run, made again.

        Raises
        ------
        ValueError : the run kept no critics, or the game is not the run's.

        Notes
        -----
        Nothing for other matrix games, and for policies that are no plain networks over one hard choice.
        """
        check_game(run, game)
        if why_left_out(run, game=game):
            return
        if isinstance(game, NormalFormGame):
            yield from proposition_rows(run, game)
        else:
            for side in dict.fromkeys(game.spec.sides):
                yield from _network_rows(run, game, game.spec.members(side)[0])

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return which runs are left out, and why: seeds are compared in the chapter, and games by their rates."""
        return {LEFT_OUT: left_out_runs(runs, partial(why_left_out, game=game), label=label)}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return Proposition 1 beside its samples, and the same question for networks.

        Parameters
        ----------
        frame : the tidy frame of what `measure` gave.
        comparisons : which runs are left out.
        facts : of every game by label.
        """
        chapter = gradient_chapter(frame, facts)
        missing = left_out_sentences(comparisons, what="The policy gradient")
        return replace(chapter, answers=(*chapter.answers, *missing))


INSTRUMENT = _Gradients()


def why_left_out(run: TrainingRun, *, game: Game) -> str:
    """Return why a run's gradients cannot be told exactly or be sampled; empty where they can."""
    if isinstance(game, NormalFormGame):
        return "" if is_binary_team(game) else "the matrix game is no team game of two actions an agent"
    return "" if applies(run, game) else "policies are no plain networks over one hard choice"


def _network_rows(run: TrainingRun, game: Game, agent: int) -> Iterator[Row]:
    subject = subject_of(run, agent, first=first_learned(run))
    kinds = ("episodes", "other", "returns", "drawn", "nested", "again")
    draws = {what: child(run.seed, NAME, what, agent) for what in kinds}
    moments = record(game, subject.policies, n_episodes=N_SAMPLES, rng=draws["episodes"])
    other = record(game, subject.policies, n_episodes=N_REFERENCE, rng=draws["other"])
    many = record(game, subject.policies, n_episodes=N_RETURNS, rng=draws["returns"])
    baseline = other.returns_to_go(agent, gamma=subject.gamma).mean(axis=0)
    truth = mean_gradient(subject, many, baseline=baseline)
    by_other = episode_gradients(subject, other, baseline=baseline, rng=draws["drawn"])
    by_sample = episode_gradients(subject, moments, baseline=baseline, rng=draws["drawn"])
    last, whose = int(run.snapshot_steps[-1]), run.spec.agents[agent]
    references = {name: each.mean(axis=0) for name, each in by_other}
    for name, samples in by_sample:
        yield from _episode_rows(samples, references[name], truth, names.label(name, whose), step=last)
    for name, nested in nested_gradients(subject, other, game, baseline=baseline, rng=draws["nested"]):
        shares = variance_sources(nested).shares.values
        for source, share in zip(names.SOURCES, shares, strict=True):
            yield row(
                f"{names.SHARE}{source}", share, agent=names.label(name, whose), step=last, unit="state", n=N_STATES
            )
    for name, samples, again in resampled_gradients(subject, other, game, baseline=baseline, rng=draws["again"]):
        yield from _index_rows(name, samples, again, run.spec.agents, agent=agent, step=last)


def _index_rows(
    estimator: str, samples: Array, again: Array, agents: Sequence[str], *, agent: int, step: int
) -> Iterator[Row]:
    """Yield the total index of everybody's action: one's own, and each other's under its name."""
    for j, index in enumerate(resampled_total_indices(samples, again, unit="state").values):
        metric = names.TOTAL_OWN if j == agent else names.TOTAL_OTHERS
        label = names.label(estimator, agents[agent])
        if j != agent:
            label = names.label_by(estimator, agents[agent], agents[j])
        yield row(metric, float(index), agent=label, step=step, unit="state", n=len(samples))


def _episode_rows(samples: Array, reference: Array, truth: Array, label: str, *, step: int) -> Iterator[Row]:
    noise = gradient_noise(samples)
    measured = {
        names.NETWORK_SNR: noise.snr_squared.value,
        names.NORM: noise.squared_norm.value,
        names.VARIANCE: noise.total_variance.value,
        names.SCALE: noise.noise_scale.value,
    }
    for sign, cosine, against in (
        (names.SIGN, names.COSINE, reference),
        (names.TRUE_SIGN, names.TRUE_COSINE, truth),
    ):
        found = gradient_agreement(samples, against) if against.any() else None
        measured[sign] = float("nan") if found is None else found.sign_agreement.value
        measured[cosine] = float("nan") if found is None else found.mean_cosine.value
    for metric, value in measured.items():
        yield row(metric, value, agent=label, step=step, unit="episode", n=len(samples))
