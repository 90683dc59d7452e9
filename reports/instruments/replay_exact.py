"""What replay does to what is learned, exactly: information in ages, bias of replay, error of learned action values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.age_information import age_information
from nashlens.analysis.markov_best_response import optimal_action_values
from nashlens.analysis.markov_game import MarkovGame, induced_kernel, induced_reward
from nashlens.analysis.occupancy import episode_occupancy
from nashlens.analysis.repeated_model import RepeatedModel
from nashlens.analysis.replay_bias import replay_bias
from nashlens.analysis.results import Array, BoolArray
from nashlens.games import NormalFormGame, Profile
from nashlens.games.value_policy import EpsilonGreedyPolicy
from nashlens.reports.instruments.age_rows import fingerprints_of
from nashlens.reports.instruments.nonstationarity_exact import repeated_strategies
from nashlens.reports.instruments.replay_quantities import LEARNERS
from nashlens.reports.instruments.replayed_transitions import shares_of_replay
from nashlens.reports.instruments.run_games import discount_of
from nashlens.reports.measure_rows import Row, row, rows_per_agent
from nashlens.reports.measures import strategies_of

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


def matrix_replay_rows(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield information in ages, bias of replay and error of learned values of a run of a matrix game."""
    strategies = strategies_of(run, game)
    yield from _age_rows(run, game, strategies, occupancy=None)
    shares = shares_of_replay(run)
    filled, current = Profile([s[:-1] for s in strategies]), Profile([s[-1] for s in strategies])
    for i, agent in enumerate(run.spec.agents):
        found = replay_bias(game, current, snapshots=filled, weights=shares, agent=i)
        for learner in LEARNERS:
            value = float(np.abs(found.bias(learner)).mean())
            yield row(
                f"rs_bias_{learner}", value, agent=agent, step=run.snapshot_steps[-1], bound="exact", unit="run", n=1
            )
    table = MarkovGame.from_normal_form(game)
    stationary = Profile([s[:, None] for s in strategies])
    seen = (np.ones((1, 1)),) * game.n_agents
    yield from _value_rows(run, table, stationary, seen, np.ones(1, dtype=np.bool_), discount=0.0)


def repeated_replay_rows(run: TrainingRun, model: RepeatedModel, *, rounds: int) -> Iterator[Row]:
    """Yield information in ages and error of learned values of a run of a repeated game.

    Parameters
    ----------
    run : whose replay.
    model : the run's game.
    rounds : of an episode.
    """
    strategies = repeated_strategies(run, model)
    filled = Profile([s[:-1] for s in strategies])
    visits = episode_occupancy(model.game, filled, start=model.start, playing=model.playing, n_steps=rounds)
    yield from _age_rows(run, model.game, strategies, occupancy=visits)
    yield from _value_rows(run, model.game, strategies, model.observations, model.playing, discount=discount_of(run))


def _age_rows(
    run: TrainingRun, game: MarkovGame | NormalFormGame, strategies: Profile, *, occupancy: Array | None
) -> Iterator[Row]:
    """Yield what age says, given the own action, the joint action, and fingerprints."""
    filled = Profile([s[:-1] for s in strategies])
    shares, prints = shares_of_replay(run), fingerprints_of(run)
    found: dict[str, list[float]] = {}
    for i in range(run.spec.n_agents):
        for kind, labels in prints.items():
            said = age_information(game, filled, agent=i, weights=shares, occupancy=occupancy, fingerprint=labels)
            found.setdefault(kind, []).append(said.residual)
            found.setdefault(f"ratio_{kind}", []).append(said.ratio)
        found.setdefault("own", []).append(said.own)
        found.setdefault("joint", []).append(said.joint)
    for kind, values in found.items():
        yield from rows_per_agent(
            run.spec.agents,
            f"rs_age_{kind}",
            np.array(values),
            step=run.snapshot_steps[-1],
            bound="exact",
            unit="run",
            n=1,
        )


def _value_rows(
    run: TrainingRun,
    game: MarkovGame,
    strategies: Profile,
    seen: tuple[Array, ...],
    playing: BoolArray,
    *,
    discount: float,
) -> Iterator[Row]:
    """Yield the error of every agent's learned action values at each snapshot, where it has any."""
    learners = [isinstance(policy, EpsilonGreedyPolicy) for policy in run.policies()]
    if not all(learners):
        return
    exact = [_optimal(game, strategies, i, discount=discount)[:, playing] for i in range(run.spec.n_agents)]
    for t, step in enumerate(run.snapshot_steps):
        for i, (agent, policy) in enumerate(zip(run.spec.agents, run.policies(t), strict=True)):
            assert isinstance(policy, EpsilonGreedyPolicy)
            errors = policy.values(seen[i]) - exact[i][t]
            sizes = {"rs_q_error": np.abs(errors).mean(), "rs_q_bias": np.abs(errors.mean(axis=0)).mean()}
            for name, size in sizes.items():
                yield row(name, size, agent=agent, step=step, bound="exact", unit="snapshot", n=1)


def _optimal(game: MarkovGame, strategies: Profile, agent: int, *, discount: float) -> Array:
    """Return the exact optimal action values ``[T, S, A_i]`` of one agent against the others' policies."""
    kernel, reward = induced_kernel(game, strategies, agent=agent), induced_reward(game, strategies, agent=agent)
    return optimal_action_values(kernel, reward, discount=discount)
