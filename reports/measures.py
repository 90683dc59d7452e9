"""What is measured of a training run: the one place where a run meets a metric.

Matrix games and game trees are measured exactly, from the strategies of each snapshot. Everywhere else, policies are
asked at probe observations from episodes of the run's own game, and the final ones play fresh episodes. All draws come
from generators named after their purpose under the run's own seed, so that measuring a stored run again gives the same
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.best_response import best_response
from nashlens.analysis.cycling import cycling
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.nonstationarity import reward_drift
from nashlens.analysis.policy_drift import policy_drift
from nashlens.analysis.welfare import welfare
from nashlens.games import Game, NormalFormGame, Profile, SequentialGame, catalog, make, play
from nashlens.games.core import Array, Choice
from nashlens.games.policy import JointPolicy, Policy, seen_by
from nashlens.games.randomness import child
from nashlens.reports.correlated_measures import draws_together, joint_measures
from nashlens.reports.inference_measures import inference_measures
from nashlens.reports.measure_rows import EVERYONE, Row, row, rows_per_agent
from nashlens.reports.probes import can_be_probed, probe_observations, remembers
from nashlens.reports.quantities import END_MEASURE, EPISODE_MEASURE, PROBABILITY
from nashlens.reports.thresholds import learned, threshold
from nashlens.reports.time_averages import kept_averages, time_average
from nashlens.reports.tree_measures import tree_measures

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

VERSION = 6
N_PROBES = 512
N_PROBE_EPISODES = 32
N_FINAL_EPISODES = 256
QUARTER = 0.25  # turns between two snapshots beyond which a path is too coarse to count turns on
MAX_PLANE = 3  # actions of each of two agents up to which their strategies themselves are kept


def measure(run: TrainingRun) -> list[Row]:
    """Return every number that is reported of a run, as rows of the tidy frame.

    Parameters
    ----------
    run : a training run that was not stopped early.

    Returns
    -------
    Rows with ``seed, step, agent, metric, value, bound, unit, n``; `agent` is empty for what belongs to all agents.

    Raises
    ------
    ValueError : the game of the run cannot be made again, or is no longer the same.
    """
    game = make(run.spec.name, **run.spec.parameters)
    for part in ("agents", "sides", "observation_sizes", "action_spaces", "horizon", "soft_actions"):
        if getattr(game.spec, part) != getattr(run.spec, part):
            raise ValueError(
                f"the game {run.spec.name} is no longer the one that was trained on: its {part} are "
                f"{getattr(game.spec, part)}, not {getattr(run.spec, part)}"
            )
    rows = [*training_returns(run), *evaluation_returns(run), *successes(run), *inference_measures(run)]
    if isinstance(game, NormalFormGame) and draws_together(run.policies()):
        rows += joint_measures(run, game)
    elif isinstance(game, NormalFormGame):
        rows += matrix_measures(run, game)
    elif isinstance(game, SequentialGame) and not _has_strategies(game, run.policies()):
        rows += final_episodes(run, game)
    elif isinstance(game, SequentialGame):
        rows += tree_measures(run, game, first=first_learned(run))
    else:
        rows += [*probed_drift(run, game), *final_episodes(run, game)]
    return [{"seed": run.seed, **each} for each in rows]


def _has_strategies(game: SequentialGame, policies: JointPolicy) -> bool:
    """Say whether policies are independent strategies of a game tree.

    They are not where one sees the others' private information, where agents draw their sub-policies together, or
    where one remembers what its information sets do not tell.
    """
    lost = any(remembers(policy) and game.view_sequences(i) is None for i, policy in enumerate(policies))
    return not lost and not any(policy.central for policy in policies) and not draws_together(policies)


def training_returns(run: TrainingRun) -> Iterator[Row]:
    """Yield each agent's mean return over the training episodes that ended between two snapshots."""
    edges = run.snapshot_steps
    bins = np.searchsorted(edges, run.episode_steps, side="left")
    for k in range(1, len(edges)):
        inside = run.episode_returns[bins == k].astype(np.float64)
        if len(inside):
            yield from rows_per_agent(
                run.spec.agents, "training_return", inside.mean(axis=0), step=edges[k], unit="episode", n=len(inside)
            )


def evaluation_returns(run: TrainingRun) -> Iterator[Row]:
    """Yield each agent's mean return over the evaluation episodes of each snapshot, where there were any."""
    if run.n_evaluation_episodes:
        for step, values in zip(run.snapshot_steps, run.evaluation_returns, strict=True):
            yield from rows_per_agent(
                run.spec.agents, "evaluation_return", values, step=step, unit="episode", n=run.n_evaluation_episodes
            )


def successes(run: TrainingRun) -> Iterator[Row]:
    """Yield at each snapshot whether the run had learned its game, where a line is drawn for it: 0 or 1."""
    line = threshold(run.spec.name, run.spec.parameters)
    if line is not None:
        for step, done, n in learned(run, line):
            yield row("success", float(done), step=step, unit="episode", n=n)


def matrix_measures(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield NashConv of last iterate and time average, payoffs, welfare gap and drift of each snapshot, all exact."""
    steps = run.snapshot_steps
    strategies = strategies_of(run, game)
    average = kept_averages(run) or time_average(strategies, first=first_learned(run))
    totals = {
        "nash_conv": nash_conv(game, strategies).nash_conv,
        "nash_conv_average": nash_conv(game, average).nash_conv,
    }
    if not game.is_constant_sum():
        totals["welfare_gap"] = np.maximum(welfare(game, strategies).shortfall, 0.0)
    for name, values in totals.items():
        for step, value in zip(steps, values, strict=True):
            yield row(name, value, step=step, bound="exact", unit="snapshot", n=1)
    for step, values in zip(steps, best_response(game, strategies).on_policy, strict=True):
        yield from rows_per_agent(
            run.spec.agents, "expected_payoff", values, step=step, bound="exact", unit="snapshot", n=1
        )
    drifts = {
        "policy_drift": policy_drift(strategies).distances["tv"],
        "reward_drift": reward_drift(game, strategies).mean,
        "reward_drift_joint": reward_drift(game, strategies, conditioning="joint").mean,
    }
    for name, moved in drifts.items():
        for step, values in zip(steps[1:], moved, strict=True):
            yield from rows_per_agent(run.spec.agents, name, values, step=step, bound="exact", unit="snapshot", n=1)
    yield from turns(run, game, strategies)
    if game.n_agents == 2 and max(game.n_actions) <= MAX_PLANE:
        yield from probabilities(run, strategies)


def probabilities(run: TrainingRun, strategies: Profile) -> Iterator[Row]:
    """Yield the strategies themselves, action by action, as a phase portrait needs them."""
    for agent, strategy_TA in zip(run.spec.agents, strategies, strict=True):
        for step, strategy in zip(run.snapshot_steps, strategy_TA, strict=True):
            for action, chance in enumerate(strategy):
                yield row(f"{PROBABILITY}{action}", chance, agent=agent, step=step, bound="exact", unit="snapshot", n=1)


def turns(run: TrainingRun, game: NormalFormGame, strategies: Profile) -> Iterator[Row]:
    """Yield how often the strategies went around the equilibrium, where a game is known to have one only.

    Turns are counted from snapshot to snapshot since the first update, each the shorter way round: how far apart the
    snapshots are decides what is seen. Where the path goes more than a quarter of a turn between two of them it is too
    coarse, and the value is NaN.
    """
    known = catalog.known(run.spec.name, **run.spec.parameters)
    first = first_learned(run)
    if known is None or not known.complete or len(known.equilibria) != 1 or first > len(run.snapshot_steps) - 3:
        return
    path = Profile([strategy[first:] for strategy in strategies])
    found = cycling(game, path, centre=known.equilibria[0])
    around = found.winding if found.largest_turn <= QUARTER else np.nan
    yield row("turns", around, step=run.snapshot_steps[-1], unit="run", n=1)


def strategies_of(run: TrainingRun, game: NormalFormGame) -> Profile:
    """Return the mixed strategies ``[T, A_i]`` of every snapshot of a run of a matrix game."""
    seen = [np.ones((1, 1))] * game.n_agents
    joint = [run.policies(t) for t in range(len(run.snapshot_steps))]
    return Profile([np.concatenate([answers(each[i], i, seen) for each in joint]) for i in range(game.n_agents)])


def answers(policy: Policy, agent: int, observations: Sequence[Array]) -> Array:
    """Return a policy's probabilities ``[P, A_i]`` at observations of all agents, of which it reads its own or all.

    A policy that remembers answers as at the first step of an episode, which in a matrix game is the only one.
    """
    own, _ = seen_by(policy, agent, observations)
    if remembers(policy):
        return policy.probabilities(own, memory=policy.next_memory(own, np.zeros((len(own), policy.memory_size))))
    return policy.probabilities(own)


def first_learned(run: TrainingRun) -> int:
    """Return the first snapshot that was taken after an update; the last one if there was none."""
    if not len(run.update_steps):
        return len(run.snapshot_steps) - 1
    after = np.flatnonzero(run.snapshot_steps >= run.update_steps[0])
    return int(after[0]) if len(after) else len(run.snapshot_steps) - 1


def probed_drift(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield each agent's drift between snapshots, averaged over what it saw in episodes of the final policies.

    Agents with real-valued actions have no row: total variation of clipped Gaussians has no closed form. An ensemble
    counts as the mixture of its members. Games with masks and policies that remember have no row at all.
    """
    if not can_be_probed(game, run.policies()):
        return
    probes = probe_observations(
        game, run.policies(), n_probes=N_PROBES, n_episodes=N_PROBE_EPISODES, rng=child(run.seed, "measures", "probes")
    )
    joint = [run.policies(t) for t in range(len(run.snapshot_steps))]
    for i, (agent, space) in enumerate(zip(run.spec.agents, run.spec.action_spaces, strict=True)):
        if not isinstance(space, Choice):
            continue
        answers_TPA = np.stack([answers(each[i], i, probes) for each in joint])
        moved = policy_drift([answers_TPA], factors=[space.factors]).distances["tv"][:, 0]
        for step, value in zip(run.snapshot_steps[1:], moved, strict=True):
            yield row("policy_drift", value, agent=agent, step=step, unit="observation", n=len(probes[i]))


def final_episodes(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield what fresh episodes of the last snapshot's policies gave: returns, and what the game itself measures."""
    played = play(
        game,
        run.policies(),
        n_episodes=N_FINAL_EPISODES,
        explore=run.explored,
        rng=child(run.seed, "measures", "final episodes"),
    )
    last = run.snapshot_steps[-1]
    yield from rows_per_agent(
        run.spec.agents, "final_return", played.returns.mean(axis=0), step=last, unit="episode", n=N_FINAL_EPISODES
    )
    for prefix, measured in ((EPISODE_MEASURE, played.measures), (END_MEASURE, played.last_measures)):
        for name, values in measured.items():
            means = values.mean(axis=0)
            where = run.spec.agents if values.ndim > 1 else (EVERYONE,)
            yield from rows_per_agent(
                where, f"{prefix}{name}", np.atleast_1d(means), step=last, unit="episode", n=N_FINAL_EPISODES
            )
