"""How far one agent's model of another is from the policy it models, at probe observations.

No single divergence says it. Total variation comes first, since it always exists. The forward Kullback-Leibler
divergence, true to model, is what maximum likelihood lowers, and is infinite where the model rules out an action that
the policy takes; the reverse one is infinite for nearly every model of a deterministic policy. A floor under
probabilities makes both finite, and then they measure the floor too: it is kept in the result, with the share of
entries that it raised.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, section 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.clusters import clustered_mean
from nashlens.analysis.divergence import kullback_leibler, total_variation
from nashlens.analysis.probes import checked_pair, floored
from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.transport import action_wasserstein

LOWE = "Lowe et al. (2017), arXiv:1706.02275"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpponentDivergence:
    """Distances between a policy and a model of it, at each of P probes.

    Attributes
    ----------
    distances : by name, each ``[P]``: ``tv`` in [0, 1]; ``kl_true_model``, ``kl_model_true`` and ``js`` in nats (the
        last at most ln 2); ``agreement``, 1 where both prefer the same action; ``w2`` in the units of the positions.
    information : 1 − E KL(true‖model) / E KL(true‖its mean over probes): 1 for a perfect model, 0 for one that is as
        good as ignoring the observation, negative for worse; NaN where the policy ignores its observation.
    floor : what probabilities were raised to where a logarithm was taken of them; 0 if nothing was.
    clipped_model, clipped_true : share of entries that the floor raised, in the model and in the policy.
    bound : ``exact`` for these probes; of other observations an estimate.
    """

    distances: Mapping[str, Array]
    information: float
    floor: float
    clipped_model: float
    clipped_true: float
    bound: Bound = "exact"
    references: tuple[str, ...] = (LOWE,)

    @property
    def n_infinite(self) -> Mapping[str, int]:
        """Number of probes at which each distance is infinite, because the supports differ."""
        return {name: int(np.isinf(values).sum()) for name, values in self.distances.items()}

    def interval(self, name: str, *, episodes: npt.ArrayLike | None = None, level: float = 0.95) -> Estimate:
        """Return the mean of one distance over observations like these, with an interval over episodes.

        Parameters
        ----------
        name : which of `distances`.
        episodes : ``[P]``; the episode of each probe; if left out every probe counts as one.
        level : confidence level.

        Raises
        ------
        ValueError : there is no such distance, or `episodes` or `level` does not fit.
        """
        if name not in self.distances:
            raise ValueError(f"name must be one of {sorted(self.distances)}, not {name!r}")
        unit = "observation" if episodes is None else "episode"
        return clustered_mean(
            self.distances[name],
            clusters=episodes,
            level=level,
            unit=unit,
            higher_is_better=name == "agreement",
        )

    def to_records(self) -> list[Record]:
        """Return each distance's mean, median and 90th percentile over probes, and the information."""
        note = {"floor": self.floor, "clipped_model": self.clipped_model, "clipped_true": self.clipped_true}
        rows = []
        for name, values in self.distances.items():
            n_infinite = int(np.isinf(values).sum())
            middle, high = np.quantile(values, [0.5, 0.9], method="inverted_cdf")
            row: Record = {"metric": f"opponent_{name}", "value": float(values.mean())}
            row |= {"median": float(middle), "percentile_90": float(high), "n": len(values), "unit": "observation"}
            reason = f"infinite at {n_infinite} of {len(values)} probes, whose supports differ" if n_infinite else ""
            rows.append(row | {"bound": self.bound, "reason": reason, **note})
        reason = (
            "" if np.isfinite(self.information) else "the policy ignores its observation, or a divergence is infinite"
        )
        about = {"n": len(self.distances["tv"]), "unit": "observation", "bound": self.bound, "reason": reason}
        return [*rows, {"metric": "opponent_information", "value": self.information, **about, **note}]


def opponent_divergence(
    true: npt.ArrayLike,
    model: npt.ArrayLike,
    *,
    factors: tuple[int, ...] | None = None,
    positions: npt.ArrayLike | None = None,
    floor: float = 0.0,
) -> OpponentDivergence:
    """Divergences between a categorical policy and a model of it, at every probe.

    Parameters
    ----------
    true, model : ``[P, A]`` probabilities at P probe observations; the policy's on the distribution that is meant (the
        current or the target policy, at its temperature), the model's likewise.
    factors : sizes of independent choices, where A holds their probabilities one after the other. Their product is
        compared; its Kullback-Leibler divergence is the sum over factors.
    positions : ``[A, D]``; where actions lie in a physical space, for the 2-Wasserstein distance; of the product's
        ``Π A`` actions, first factor slowest.
    floor : in ``[0, 1 / A)``; under the second argument of each Kullback-Leibler divergence. With 0 it can be infinite.

    Returns
    -------
    OpponentDivergence; its `bound` is ``exact`` for these probes.

    Raises
    ------
    ValueError : an array is off the simplex, the shapes differ, or `factors`, `positions` or `floor` does not fit.

    Notes
    -----
    A uniform guess at a deterministic policy costs ln A. The preferred action is the first among equals.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275, section 4.2.

    Examples
    --------
    >>> found = opponent_divergence([[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]])
    >>> found.distances["tv"].tolist(), found.distances["kl_model_true"].tolist()
    ([0.5, 0.0], [inf, 0.0])
    """
    p, q = checked_pair(true, model, factors=factors)
    (p_raised, clipped_true), (q_raised, clipped_model) = floored(p, floor), floored(q, floor)
    middle = (p + q) / 2
    forward = kullback_leibler(p, q_raised)
    distances = {
        "tv": total_variation(p, q),
        "kl_true_model": forward,
        "kl_model_true": kullback_leibler(q, p_raised),
        "js": (kullback_leibler(p, middle) + kullback_leibler(q, middle)) / 2,
        "agreement": (p.argmax(axis=1) == q.argmax(axis=1)).astype(np.float64),
    }
    if positions is not None:
        distances["w2"] = action_wasserstein(p, q, positions=positions)
    return OpponentDivergence(
        distances={name: read_only(values) for name, values in distances.items()},
        information=_information(p, forward),
        floor=floor,
        clipped_model=clipped_model,
        clipped_true=clipped_true,
    )


def _information(p: Array, forward: Array) -> float:
    ignorant = float(kullback_leibler(p, np.broadcast_to(p.mean(axis=0), p.shape)).mean())
    return 1 - float(forward.mean()) / ignorant if ignorant > 1e-12 else np.nan
