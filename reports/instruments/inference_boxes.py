"""Every divergence and ledger of one agent's stand-in for another whose policy is a Gaussian, at one snapshot.

The Kullback–Leibler divergence is that of the Gaussians before clipping, and splits exactly into a part of the means
and one of the spreads. Total variation has no closed form and is sampled. In units of the model's spread the error of
the mean splits along and across the gradient of the critic: the first part is what value feels, to first order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from nashlens.analysis.entropy_regulariser import gaussian_regulariser
from nashlens.analysis.gaussian_opponent import gaussian_opponent_divergence
from nashlens.analysis.gaussian_overlap import gaussian_overlap, log_density
from nashlens.analysis.results import Array
from nashlens.analysis.sampled_divergence import sampled_divergence
from nashlens.analysis.value_ledger import continuous_value_ledger
from nashlens.reports.instruments.box_stand_ins import (
    N_CONTEXTS,
    Moments,
    joint_draw,
    moments_of,
    true_and_fed_moments,
    values_under,
)
from nashlens.reports.instruments.inference_distances import HIGH, Numbers
from nashlens.reports.instruments.inference_probes import Probes
from nashlens.reports.instruments.inference_shift import shift_interval
from nashlens.reports.instruments.inference_values import columns_of, split_observations

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_SAMPLES = 4096


def box_pair_numbers(
    run: TrainingRun, i: int, j: int, *, snapshot: int, probes: Probes, rng: np.random.Generator
) -> Numbers:
    """Return what holds of any stand-in for a Gaussian policy: distances, and errors in value with what is about them.

    Parameters
    ----------
    run : one that kept its learners.
    i, j : whose critic, and whose policy.
    snapshot : which.
    probes : where.
    rng : draws of actions.
    """
    true, fed = true_and_fed_moments(run, i, j, probes.observations[j], snapshot=snapshot)
    sampling, valuing = rng.spawn(2)
    return distance_numbers(true, fed, probes, rng=sampling) | value_numbers(
        run, i, j, true, fed, snapshot=snapshot, probes=probes, rng=valuing
    )


def distance_numbers(true: Moments, fed: Moments, probes: Probes, *, rng: np.random.Generator) -> Numbers:
    """Return every distance of two Gaussians, total variation first.

    Parameters
    ----------
    true, fed : at the probes.
    probes : where.
    rng : draws for what has no closed form.
    """
    overlap = gaussian_overlap(true.mean, true.std, model_mean=fed.mean, model_std=fed.std, rng=rng)
    found = gaussian_opponent_divergence(true.mean, true.std, model_mean=fed.mean, model_std=fed.std)
    squared = ((true.mean - fed.mean) ** 2).sum(axis=1)
    numbers = {
        "inference_tv": probes.mean(overlap.tv),
        "inference_js": probes.mean(overlap.js),
        "inference_kl_true_model": probes.mean(found.kl_true_model),
        "inference_kl_mean": probes.mean(found.mean_part),
        "inference_kl_spread": probes.mean(found.variance_part),
        "inference_kl_model_true": probes.mean(found.kl_model_true),
        "inference_w2": probes.mean(found.w2),
        "inference_rmse": float(np.sqrt(probes.mean(squared))),
    }
    for short, values in (("tv", overlap.tv), ("kl", found.kl_true_model)):
        numbers[f"inference_{short}_median"] = probes.quantile(values, 0.5)
        numbers[f"inference_{short}_high"] = probes.quantile(values, HIGH)
    return numbers


def value_numbers(
    run: TrainingRun,
    i: int,
    j: int,
    true: Moments,
    fed: Moments,
    *,
    snapshot: int,
    probes: Probes,
    rng: np.random.Generator,
) -> Numbers:
    """Return the error in value as the critic is fed, and the parts of the divergence that are about value.

    Parameters
    ----------
    run, i, j, snapshot, probes, rng : as in `box_pair_numbers`.
    true, fed : of agent j.
    """
    critic = run.critic(i, snapshot, target=True)
    seen = split_observations(probes.joint, run.spec.observation_sizes)
    own = [moments_of(run.target_policy(k, snapshot), seen[k]) for k in range(run.spec.n_agents)]
    pairs = [(each, fed if k == j else each) for k, each in enumerate(own)]
    valuing, sloping = rng.spawn(2)
    values = values_under(critic, probes.joint, pairs, other=j, rng=valuing)
    at_true, at_fed = values.mean(axis=(1, 2))
    direct, spread = at_true - at_fed, np.sqrt(values[0].var(axis=1, ddof=1).mean(axis=0))
    numbers = {
        "inference_delta_q_direct": probes.mean(np.abs(direct)),
        "inference_delta_q_mean": probes.mean(direct),
        "inference_value_spread": probes.spread(at_true),
        "inference_action_spread": probes.mean(spread),
    }
    if numbers["inference_value_spread"] > 0:
        relative = numbers["inference_delta_q_direct"] / numbers["inference_value_spread"]
        numbers["inference_delta_q_relative"] = relative
    kl = gaussian_opponent_divergence(true.mean, true.std, model_mean=fed.mean, model_std=fed.std).kl_true_model
    known = (kl > 0) & (spread > 0) & (probes.weights > 0)
    if known.any():
        weights = probes.weights[known] / probes.weights[known].sum()
        ratios = np.abs(direct[known]) / (spread[known] * np.sqrt(2 * kl[known]))
        numbers["inference_relevance"] = float((weights * ratios).sum())
    slope = np.zeros_like(true.mean)
    for _ in range(N_CONTEXTS):
        noise = [sloping.standard_normal(each.mean.shape) for each in own]
        joint = joint_draw(run.spec, own, noise)
        slope += critic.action_gradient(probes.joint, joint)[:, columns_of(run.spec, j)] / N_CONTEXTS
    ledger = continuous_value_ledger(
        true.mean / fed.std, fed.mean / fed.std, gradients=slope * fed.std, noise=1.0
    )  # in units of the model's spread
    relevant = ledger.parts["relevant"]
    return numbers | {
        "inference_relevant": probes.mean(relevant),
        "inference_irrelevant": probes.mean(kl - relevant),
    }


def box_fit_numbers(
    run: TrainingRun,
    i: int,
    j: int,
    *,
    snapshot: int,
    fresh: Array,
    weight: float,
    snapshots: list[int],
    shares: Array,
    here: Probes,
    buffer: Probes,
    rng: np.random.Generator,
    resampling: np.random.Generator,
) -> Numbers:
    """Return the parts by the weight λ of the fit, and by age and place of the data, of a fitted Gaussian model.

    Parameters
    ----------
    run, i, j, snapshot : as in `box_pair_numbers`.
    fresh : the divergence at each of `here`.
    weight : λ.
    snapshots, shares : the snapshots that filled the replay, and ``[T]`` how much of it.
    here : observations of the current policies.
    buffer : observations like the replay's.
    rng : draws of actions.
    resampling : resamples of episodes.
    """
    there = buffer.observations[j]
    true, fed = true_and_fed_moments(run, i, j, there, snapshot=snapshot)
    filled = [moments_of(run.policies(t)[j], there) for t in snapshots]
    kl = gaussian_opponent_divergence(true.mean, true.std, model_mean=fed.mean, model_std=fed.std).kl_true_model
    whole, replayed = here.mean(fresh), buffer.mean(kl)
    lag, fit = lag_and_fit(true, fed, filled, shares, weights=buffer.weights, rng=rng)
    numbers = {
        "inference_kl_replay": replayed,
        "inference_shift": whole - replayed,
        "inference_lag": lag,
        "inference_fit": fit,
        "inference_interaction": replayed - lag - fit,
    } | shift_interval(fresh, kl, here=here, buffer=buffer, rng=resampling)
    if weight < 1:
        explained = gaussian_regulariser(weight, n_dimensions=true.mean.shape[1])
        numbers |= {"inference_regulariser": explained, "inference_residual": whole - explained}
    return numbers


def lag_and_fit(
    true: Moments, fed: Moments, filled: list[Moments], shares: Array, *, weights: Array, rng: np.random.Generator
) -> tuple[float, float]:
    """Return ``KL(p‖b)`` and ``KL(b‖q)`` with b the mixture of the policies that filled the replay; unbiased estimates.

    Parameters
    ----------
    true, fed : p and q at the probes.
    filled, shares : the policies of b, and ``[T]`` their weights.
    weights : ``[P]``; of the probes.
    rng : source of `N_SAMPLES` probes and actions for each.

    Notes
    -----
    The estimator is k1, the mean log ratio. k3 has less spread for near distributions, but rests on a mean of ratios
    that is 1 only over draws which are never made where the distributions hardly overlap.
    """
    rows = rng.choice(len(weights), size=N_SAMPLES, p=weights)
    noise = rng.standard_normal((N_SAMPLES, true.mean.shape[1]))

    def mixture(points: Array) -> Array:
        logs = [np.log(w) + log_density(points, m.mean[rows], m.std[rows]) for w, m in zip(shares, filled, strict=True)]
        return np.asarray(special.logsumexp(logs, axis=0))

    at = true.mean[rows] + true.std[rows] * noise
    lag = sampled_divergence(log_density(at, true.mean[rows], true.std[rows]), mixture(at)).k1
    who = rng.choice(len(filled), size=N_SAMPLES, p=shares)
    means, stds = (np.stack([getattr(each, name)[rows] for each in filled]) for name in ("mean", "std"))
    at = means[who, np.arange(N_SAMPLES)] + stds[who, np.arange(N_SAMPLES)] * noise
    fit = sampled_divergence(mixture(at), log_density(at, fed.mean[rows], fed.std[rows])).k1
    return lag.value, fit.value
