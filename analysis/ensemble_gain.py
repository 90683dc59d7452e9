"""What mixing K policies adds against the worst opponent, and whether training them as an ensemble adds to that.

A mixture's worst case is never below the mean of its members' worst cases: the minimum is concave. So that an ensemble
is more robust than one policy shows nothing yet; it has to be compared with K policies that were trained apart and
mixed afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers

_NAMES = ("mixture_worst", "mean_single_worst", "best_single_worst", "mixing_gain", "post_hoc_worst", "training_gain")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnsembleGain:
    """Worst cases of a mixture and of its members.

    Attributes
    ----------
    single_worst : ``[K]``; each member's worst case.
    mixture_worst : the uniform mixture's.
    post_hoc_worst : that of the uniform mixture of policies that were trained apart; NaN if none were given.
    n_opponents : opponents that count; those with an empty cell anywhere are left out, and `n_left_out` says how many.
    bound : ``exact`` for the table as given; where its entries are sampled means, minima are too low by chance.
    """

    single_worst: Array
    mixture_worst: float
    post_hoc_worst: float
    n_opponents: int
    n_left_out: int
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    @property
    def mean_single_worst(self) -> float:
        """Mean of the members' worst cases."""
        return float(self.single_worst.mean())

    @property
    def best_single_worst(self) -> float:
        """Worst case of the member whose is best."""
        return float(self.single_worst.max())

    @property
    def mixing_gain(self) -> float:
        """`mixture_worst` − `mean_single_worst`, at least 0: what mixing alone does."""
        return max(0.0, self.mixture_worst - self.mean_single_worst)

    @property
    def training_gain(self) -> float:
        """`mixture_worst` − `post_hoc_worst`: what training as an ensemble adds to mixing."""
        return self.mixture_worst - self.post_hoc_worst

    def to_records(self) -> list[Record]:
        """Return one row a number."""
        note = {"bound": self.bound, "n": self.n_opponents, "unit": "opponent", "n_left_out": self.n_left_out}
        missing = np.isnan(self.post_hoc_worst)
        return [
            {"metric": f"ensemble_{name}", "value": getattr(self, name), **note}
            | {"reason": "no policies trained apart were given" if missing and name in _NAMES[4:] else ""}
            for name in _NAMES
        ]


def ensemble_gain(
    ensemble: npt.ArrayLike, apart: npt.ArrayLike | None = None, *, bound: Bound = "exact"
) -> EnsembleGain:
    """Worst case of a uniform mixture over its members' worst cases, and over mixing policies that were trained apart.

    ``min_o 1/K Σ_k M_ko − 1/K Σ_k min_o M_ko ≥ 0``.

    Parameters
    ----------
    ensemble : ``[K, B]``; mean return of each member against each opponent; NaN where it was not played.
    apart : ``[K', B]``; the same of independently trained policies, with as many as the ensemble for equal data.
    bound : ``exact`` if the entries are, ``estimate`` if they are sampled means.

    Returns
    -------
    EnsembleGain.

    Raises
    ------
    ValueError : a table is no matrix, infinite, or of other opponents, or none has been met by all.

    Notes
    -----
    A static table lets no opponent find out within an episode which member it plays: a best response with memory may
    do worse to the mixture than any column.

    Examples
    --------
    >>> rock_paper_scissors = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    >>> ensemble_gain(rock_paper_scissors).mixing_gain
    1.0
    """
    members = _checked(ensemble, "ensemble")
    others = None if apart is None else _checked(apart, "apart")
    if others is not None and others.shape[1] != members.shape[1]:
        raise ValueError(f"apart must meet the {members.shape[1]} opponents of ensemble, not {others.shape[1]}")
    both = members if others is None else np.vstack([members, others])
    met = ~np.isnan(both).any(axis=0)
    if not met.any():
        raise ValueError("ensemble and apart must have met one opponent in common; every column has an empty cell")
    members = members[:, met]
    return EnsembleGain(
        single_worst=read_only(members.min(axis=1)),
        mixture_worst=float(members.mean(axis=0).min()),
        post_hoc_worst=float("nan") if others is None else float(others[:, met].mean(axis=0).min()),
        n_opponents=int(met.sum()),
        n_left_out=int((~met).sum()),
        bound=bound,
    )


def _checked(table: npt.ArrayLike, name: str) -> Array:
    cells = numbers(table, name=name)
    if cells.ndim != 2 or cells.size == 0 or np.isinf(cells).any():
        raise ValueError(f"{name} must be [K, B] of finite numbers, or NaN for empty cells; its shape is {cells.shape}")
    return cells
