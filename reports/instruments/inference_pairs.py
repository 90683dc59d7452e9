"""The numbers of one ordered pair of agents at one snapshot: how far i's stand-in for j is off, why, at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.gaussian_opponent import gaussian_opponent_divergence
from nashlens.analysis.results import Array
from nashlens.games.core import Box
from nashlens.games.randomness import child
from nashlens.reports.instruments.box_stand_ins import true_and_fed_moments
from nashlens.reports.instruments.inference_boxes import box_fit_numbers, box_pair_numbers
from nashlens.reports.instruments.inference_distances import Numbers, divergence_numbers, transport_numbers
from nashlens.reports.instruments.inference_ledger_rows import (
    lag_numbers,
    regulariser_numbers,
    shape_numbers,
    softness_numbers,
    value_numbers,
)
from nashlens.reports.instruments.inference_probes import Probes, pooled
from nashlens.reports.instruments.inference_values import joint_probabilities, pair_values
from nashlens.reports.instruments.played_actions import N_DRAWS, gumbel_noise, is_soft, mean_played
from nashlens.reports.instruments.stand_ins import StandIn, replay_weights, true_and_fed

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


def pair_numbers(
    run: TrainingRun,
    i: int,
    j: int,
    *,
    how: StandIn,
    snapshot: int,
    probes: Probes,
    moves: bool = False,
    rng: np.random.Generator,
) -> Numbers:
    """Return what holds of any stand-in: distances, ledgers by shape and by value, errors in value.

    Parameters
    ----------
    run : one that kept its learners.
    i, j : whose critic, and whose policy.
    how : how agent i comes by the policies of the others.
    snapshot : which.
    probes : where.
    moves : whether j's first choice moves a body in a particle world.
    rng : draws of actions, where there are too many to list.
    """
    space = run.spec.action_spaces[j]
    if isinstance(space, Box):
        return box_pair_numbers(run, i, j, snapshot=snapshot, probes=probes, rng=rng)
    true, fed = true_and_fed(run, i, j, probes.observations[j], snapshot=snapshot)
    p, q = joint_probabilities(true, space), joint_probabilities(fed, space)
    values = pair_values(
        run.critic(i, snapshot, target=True),
        tuple(run.target_policy(k, snapshot) for k in range(run.spec.n_agents)),
        probes.joint,
        other=j,
        true=true,
        fed=fed,
        fed_as=how.fed_as,
        rng=rng,
    )
    numbers = divergence_numbers(p, q, probes) | transport_numbers(true, fed, space, probes, moves=moves)
    return numbers | shape_numbers(p, q, probes) | value_numbers(p, q, values, probes)


def fit_numbers(
    run: TrainingRun, i: int, j: int, *, how: StandIn, chosen: list[int], probes: list[Probes], seed_name: str
) -> Numbers:
    """Return what holds of fitted models: the parts by age and place of the data, by λ, and by what is played.

    Parameters
    ----------
    run, i, j, how : as in `pair_numbers`.
    chosen : the snapshots up to the one that is meant, which is the last.
    probes : fresh observations of each of them; together they stand for the replay, by their shares of it.
    seed_name : names the draws.
    """
    space, t, here = run.spec.action_spaces[j], chosen[-1], probes[-1]
    if isinstance(space, Box):
        return _box_fit(run, i, j, how=how, chosen=chosen, probes=probes, seed_name=seed_name)
    noise = gumbel_noise(N_DRAWS, space.width, rng=child(run.seed, seed_name, "noise", j))
    true, fed = (joint_probabilities(each, space) for each in true_and_fed(run, i, j, here.observations[j], snapshot=t))
    numbers = regulariser_numbers(true, fed, here, weight=how.entropy_weight)
    target = run.target_policy(j, t)
    if is_soft(target):
        played = joint_probabilities(mean_played(target, here.observations[j], noise=noise), space)
        numbers |= softness_numbers(true, fed, played, here)
    filled, shares, buffer = replayed_probes(run, chosen, probes)
    there = buffer.observations[j]
    snapshots = np.stack(
        [joint_probabilities(mean_played(run.policies(s)[j], there, noise=noise), space) for s in filled]
    )
    old_true, old_fed = (joint_probabilities(each, space) for each in true_and_fed(run, i, j, there, snapshot=t))
    return numbers | lag_numbers(
        kullback_leibler(true, fed),
        true=old_true,
        fed=old_fed,
        snapshots=snapshots,
        weights=shares,
        here=here,
        buffer=buffer,
        rng=child(run.seed, seed_name, "shift", i, j, t),
    )


def replayed_probes(run: TrainingRun, chosen: list[int], probes: list[Probes]) -> tuple[list[int], Array, Probes]:
    """Return the snapshots that filled the replay as it is at the last, the share of each, and their probes in one.

    Parameters
    ----------
    run : whose replay.
    chosen, probes : snapshots, rising from 0, and fresh observations of each; what was stored between two of them is
        the later one's.
    """
    shares = np.add.reduceat(replay_weights(run, snapshot=chosen[-1]), [0, *(s + 1 for s in chosen[:-1])])
    kept = shares > 0
    buffer = pooled([each for each, used in zip(probes, kept, strict=True) if used], shares[kept])
    return [s for s, used in zip(chosen, kept, strict=True) if used], shares[kept], buffer


def _box_fit(
    run: TrainingRun, i: int, j: int, *, how: StandIn, chosen: list[int], probes: list[Probes], seed_name: str
) -> Numbers:
    filled, shares, buffer = replayed_probes(run, chosen, probes)
    t, here = chosen[-1], probes[-1]
    true, fed = true_and_fed_moments(run, i, j, here.observations[j], snapshot=t)
    found = gaussian_opponent_divergence(true.mean, true.std, model_mean=fed.mean, model_std=fed.std)
    return box_fit_numbers(
        run,
        i,
        j,
        snapshot=t,
        fresh=found.kl_true_model,
        weight=how.entropy_weight,
        snapshots=filled,
        shares=shares,
        here=here,
        buffer=buffer,
        rng=child(run.seed, seed_name, "fit", i, j, t),
        resampling=child(run.seed, seed_name, "shift", i, j, t),
    )
