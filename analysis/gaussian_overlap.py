"""How much two diagonal Gaussians overlap, by sampling: total variation and Jensen–Shannon divergence.

Neither has a closed form where spreads differ in several dimensions. Both are means of bounded functions of the log
density ratio under the even mixture of the two, so that few draws suffice:
``TV = E_m |tanh((ln p − ln q) / 2)|`` and ``JS = ½ E_p ln(p/m) + ½ E_q ln(q/m)`` with ``m = (p + q) / 2``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.gaussian_opponent import checked_moments
from nashlens.analysis.results import Array, Bound, Record, read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianOverlap:
    """Overlap of a Gaussian policy and a model of it, at each of P probes.

    Attributes
    ----------
    tv : ``[P]`` in [0, 1].
    js : ``[P]`` nats, at most ln 2.
    n_draws : from each of the two at every probe.
    """

    tv: Array
    js: Array
    n_draws: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return the means over probes."""
        note = {"n": len(self.tv), "unit": "observation", "bound": self.bound, "n_draws": self.n_draws}
        return [
            {"metric": f"opponent_{name}", "value": float(getattr(self, name).mean()), **note} for name in ("tv", "js")
        ]


def gaussian_overlap(
    mean: npt.ArrayLike,
    std: npt.ArrayLike,
    *,
    model_mean: npt.ArrayLike,
    model_std: npt.ArrayLike,
    n_draws: int = 128,
    rng: np.random.Generator,
) -> GaussianOverlap:
    """Total variation and Jensen–Shannon divergence of two diagonal Gaussians at every probe, without bias.

    Parameters
    ----------
    mean, std, model_mean, model_std : as in `gaussian_opponent_divergence`.
    n_draws : from each of the two at every probe, at least 1.
    rng : source of the draws.

    Raises
    ------
    ValueError : a shape differs, something is not finite, a standard deviation is not above 0, or `n_draws` is below 1.

    Notes
    -----
    The standard error at a probe is at most ``½ / √(2 n_draws)`` for `tv`.
    """
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1, not {n_draws}")
    mu, sigma, nu, tau = checked_moments(mean=mean, std=std, model_mean=model_mean, model_std=model_std)
    tv, js = np.zeros(len(mu)), np.zeros(len(mu))
    for at, spread in ((mu, sigma), (nu, tau)):
        drawn = at + spread * rng.standard_normal((n_draws, *mu.shape))
        ratio = log_density(drawn, mu, sigma) - log_density(drawn, nu, tau)
        own = ratio if at is mu else -ratio
        tv += np.abs(np.tanh(ratio / 2)).mean(axis=0) / 2
        js += (np.log(2) - np.logaddexp(0.0, -own)).mean(axis=0) / 2
    return GaussianOverlap(tv=read_only(tv), js=read_only(js), n_draws=n_draws)


def log_density(points: Array, mean: Array, std: Array) -> Array:
    """Return the log density ``[…]`` of a diagonal Gaussian at points ``[…, D]``, nats."""
    logs: Array = (-0.5 * ((points - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)
    return logs
