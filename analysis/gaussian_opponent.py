"""How far a model of a continuous policy is from it: Gaussian policies, and deterministic ones with a stated noise.

The Kullback-Leibler divergence of diagonal Gaussians splits exactly into the part of the means and that of the spreads.
A deterministic policy has no density: its divergence exists only relative to a noise that somebody assumes, and grows
without limit as that noise shrinks at one and the same action error. Read the distance of the actions first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import gaussian_kullback_leibler, gaussian_total_variation, gaussian_wasserstein
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianOpponentDivergence:
    """Distances between a Gaussian policy and a model of it, at each of P probes.

    Attributes
    ----------
    kl_true_model : ``[P]`` nats; `mean_part` plus `variance_part`.
    mean_part : ``[P]``; ``Σ Δ² / 2σ̂²``, what is left if the spreads were equal.
    variance_part : ``[P]``; ``Σ ln(σ̂/σ) + σ²/2σ̂² − ½``.
    kl_model_true : ``[P]`` nats.
    tv : ``[P]`` in [0, 1]; NaN where it has no closed form, which is for unequal spreads.
    w2 : ``[P]``, action units.
    noise : the standard deviation that was assumed of deterministic policies; None for Gaussian ones.
    """

    kl_true_model: Array
    mean_part: Array
    variance_part: Array
    kl_model_true: Array
    tv: Array
    w2: Array
    noise: float | None = None
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    @property
    def rmse(self) -> float:
        """Root mean square of `w2` over probes, action units; for deterministic policies that of the actions."""
        return float(np.sqrt((self.w2**2).mean()))

    @property
    def error(self) -> float:
        """How far the parts' sum is from the divergence at most, relative to 1 or to the divergence if that is more."""
        finite = np.isfinite(self.kl_true_model)
        gap = np.abs(self.mean_part + self.variance_part - self.kl_true_model)[finite]
        return float((gap / np.maximum(1.0, self.kl_true_model[finite])).max(initial=0.0))

    def to_records(self) -> list[Record]:
        """Return the mean over probes of every distance."""
        names = ("w2", "tv", "kl_true_model", "mean_part", "variance_part", "kl_model_true")
        n = len(self.w2)
        note = {"n": n, "unit": "observation", "bound": self.bound, "noise": self.noise}
        rows = []
        for name in names:
            values = getattr(self, name)
            missing = int((~np.isfinite(values)).sum())
            reason = f"{missing} of {n} probes have no finite value" if missing else ""
            rows.append({"metric": f"opponent_{name}", "value": float(values.mean()), "reason": reason, **note})
        return [*rows, {"metric": "opponent_rmse", "value": self.rmse, "reason": "", **note}]


def gaussian_opponent_divergence(
    mean: npt.ArrayLike, std: npt.ArrayLike, *, model_mean: npt.ArrayLike, model_std: npt.ArrayLike
) -> GaussianOpponentDivergence:
    """Divergences between a diagonal Gaussian policy and a model of it, at every probe.

    Parameters
    ----------
    mean, std : ``[P, D]``; the policy's, action units; every standard deviation above 0.
    model_mean, model_std : ``[P, D]``; the model's.

    Raises
    ------
    ValueError : a shape differs, something is not finite, or a standard deviation is not above 0.

    Examples
    --------
    >>> found = gaussian_opponent_divergence([[0.3]], [[0.1]], model_mean=[[0.45]], model_std=[[0.3]])
    >>> [round(float(part[0]), 6) for part in (found.kl_true_model, found.mean_part, found.variance_part)]
    [0.779168, 0.125, 0.654168]
    """
    given = checked_moments(mean=mean, std=std, model_mean=model_mean, model_std=model_std)
    return _compared(*given, noise=None)


def deterministic_opponent_divergence(
    actions: npt.ArrayLike, model_actions: npt.ArrayLike, *, noise: float
) -> GaussianOpponentDivergence:
    """Divergences between a deterministic policy and a model of it, both smoothed by one Gaussian noise.

    ``KL = ‖Δ‖² / 2σ²`` both ways, ``TV = 2 Φ(‖Δ‖ / 2σ) − 1``, ``W2 = ‖Δ‖``; only the last does not depend on σ.

    Parameters
    ----------
    actions, model_actions : ``[P, D]``.
    noise : σ, above 0, action units; it belongs into every caption.

    Raises
    ------
    ValueError : the shapes differ, something is not finite, or `noise` is not above 0.
    """
    if not (np.isfinite(noise) and noise > 0):
        raise ValueError(f"noise must be finite and above 0, not {noise}: points have no density to compare")
    points, others = _checked(actions, "actions"), _checked(model_actions, "model_actions")
    if points.shape != others.shape:
        raise ValueError(f"model_actions must have the shape {points.shape} of actions, not {others.shape}")
    spread = np.full(points.shape, float(noise))
    return _compared(points, spread, others, spread, noise=float(noise))


def checked_moments(**given: npt.ArrayLike) -> tuple[Array, ...]:
    """Return means and standard deviations ``[P, D]`` of one shape, or say what does not fit.

    Raises
    ------
    ValueError : a shape differs from the first, something is not finite, or a standard deviation is not above 0.
    """
    arrays = {name: _checked(values, name) for name, values in given.items()}
    first = next(iter(arrays))
    for name, array in arrays.items():
        if array.shape != arrays[first].shape:
            raise ValueError(f"{name} must have the shape {arrays[first].shape} of {first}, not {array.shape}")
        if name.endswith("std") and not (array > 0).all():
            raise ValueError(
                f"{name} must be above 0, not {array.min()}; compare points with deterministic_opponent_divergence"
            )
    return tuple(arrays.values())


def _compared(
    mean: Array, std: Array, model_mean: Array, model_std: Array, *, noise: float | None
) -> GaussianOpponentDivergence:
    ratio = std / model_std
    return GaussianOpponentDivergence(
        kl_true_model=read_only(gaussian_kullback_leibler(mean, std, model_mean, model_std)),
        mean_part=read_only((((mean - model_mean) / model_std) ** 2).sum(axis=1) / 2),
        variance_part=read_only(((ratio**2 - 1) / 2 - np.log(ratio)).sum(axis=1)),
        kl_model_true=read_only(gaussian_kullback_leibler(model_mean, model_std, mean, std)),
        tv=read_only(gaussian_total_variation(mean, std, model_mean, model_std)),
        w2=read_only(gaussian_wasserstein(mean, std, model_mean, model_std)),
        noise=noise,
    )


def _checked(values: npt.ArrayLike, name: str) -> Array:
    rows = np.atleast_2d(numbers(values, name=name))
    if rows.ndim != 2 or rows.size == 0 or not np.isfinite(rows).all():
        n_bad = int((~np.isfinite(rows)).sum())
        raise ValueError(f"{name} must be finite, [P, D], not shape {np.shape(values)} with {n_bad} other entries")
    return rows
