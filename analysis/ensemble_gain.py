"""What mixing K policies adds against the worst opponent, and whether training them as an ensemble adds to that.

A mixture's worst case is never below the mean of its members' worst cases: the minimum is concave. So that an ensemble
is more robust than one policy shows nothing yet; it has to be compared with K policies that were trained apart and
mixed afterwards. The minimum of noisy means is too low by chance, and more so for a member than for the mean of
several, which alone looks like a gain: given episodes, one half chooses the worst opponent and the other measures it.
How much each episode moves the numbers, with opponents as chosen, is kept: seeds that meet in the same ones share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.analysis.shared_episodes import cell_means, influences
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
    moves : by name of the means and gains ``[E]``, how much each episode moves them, see `shared_episodes.influences`,
        with the opponents as chosen; empty for a table of means.
    bound : ``exact`` for a table of exact means; ``estimate`` from episodes.
    """

    single_worst: Array
    mixture_worst: float
    post_hoc_worst: float
    n_opponents: int
    n_left_out: int
    moves: Mapping[str, Array] = field(default_factory=dict)
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
        """`mixture_worst` − `mean_single_worst`: what mixing alone does; of exact means at least 0."""
        gain = self.mixture_worst - self.mean_single_worst
        return max(0.0, gain) if self.bound == "exact" else gain

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


def ensemble_gain(ensemble: npt.ArrayLike, apart: npt.ArrayLike | None = None) -> EnsembleGain:
    """Worst case of a uniform mixture over its members' worst cases, and over mixing policies that were trained apart.

    ``min_o 1/K Σ_k M_ko − 1/K Σ_k min_o M_ko ≥ 0``.

    Parameters
    ----------
    ensemble : ``[K, B]``, exact mean return of each member against each opponent; or ``[K, B, E]``, returns of
        episodes: then each half of them chooses the worst opponent for the other. NaN where nothing was played.
    apart : the same of independently trained policies, with as many as the ensemble for equal data.

    Returns
    -------
    EnsembleGain; ``exact`` for means, ``estimate`` from episodes.

    Raises
    ------
    ValueError : a table has other axes or opponents, is infinite, or no opponent has been met by all, in both halves.

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
    members = _halves(ensemble, "ensemble")  # [2, K, B]
    others = None if apart is None else _halves(apart, "apart")
    if others is not None and others.shape[2] != members.shape[2]:
        raise ValueError(f"apart must meet the {members.shape[2]} opponents of ensemble, not {others.shape[2]}")
    both = members if others is None else np.concatenate([members, others], axis=1)
    met = ~np.isnan(both).any(axis=(0, 1))
    if not met.any():
        raise ValueError("ensemble and apart must have met one opponent in common; every column has an empty cell")
    members = members[:, :, met]
    post_hoc = np.nan if others is None else float(_worst(others[:, :, met].mean(axis=1, keepdims=True))[0])
    played = np.ndim(ensemble) == 3 and (apart is None or np.ndim(apart) == 3)
    return EnsembleGain(
        single_worst=read_only(_worst(members)),
        mixture_worst=float(_worst(members.mean(axis=1, keepdims=True))[0]),
        post_hoc_worst=post_hoc,
        n_opponents=int(met.sum()),
        n_left_out=int((~met).sum()),
        moves=_moves(ensemble, apart, met) if played else {},
        bound="exact" if np.ndim(ensemble) == 2 else "estimate",
    )


def _worst(halves: Array) -> Array:
    """Return each row's worst case ``[K]``, chosen on one half of ``[2, K, B]`` and read on the other, both ways."""
    chosen = halves.argmin(axis=2)[::-1, :, None]
    worst: Array = np.take_along_axis(halves, chosen, axis=2)[:, :, 0].mean(axis=0)
    return worst


def _moves(ensemble: npt.ArrayLike, apart: npt.ArrayLike | None, met: BoolArray) -> dict[str, Array]:
    """Return how much each episode ``[E]`` moves the means and gains; NaN where no others were given."""
    members = np.asarray(ensemble, dtype=np.float64)[:, met]
    mixture = _mixture_moves(members)
    single = np.mean([_mixture_moves(member[None]) for member in members], axis=0)
    post_hoc = np.full_like(mixture, np.nan)
    if apart is not None:
        post_hoc = _mixture_moves(np.asarray(apart, dtype=np.float64)[:, met])
    return {
        "mixture_worst": mixture,
        "mean_single_worst": single,
        "mixing_gain": mixture - single,
        "post_hoc_worst": post_hoc,
        "training_gain": mixture - post_hoc,
    }


def _mixture_moves(table: Array) -> Array:
    """Return how much each episode ``[E]`` of ``[K, B, E]`` moves a mixture's worst case, the opponents as chosen."""
    chosen = _halves(table, "table").mean(axis=1).argmin(axis=1)[::-1]
    moves = np.zeros(table.shape[2])
    for k in (0, 1):
        moves[k::2] = influences(table[:, chosen[k], k::2]).mean(axis=0) / 2
    return moves


def _halves(table: npt.ArrayLike, name: str) -> Array:
    """Return the means ``[2, K, B]`` over even and odd episodes; twice the same for a table of exact means."""
    cells = numbers(table, name=name)
    if cells.ndim not in {2, 3} or cells.size == 0 or np.isinf(cells).any():
        raise ValueError(
            f"{name} must be [K, B] or [K, B, E] of finite numbers, or NaN for empty cells; its shape is {cells.shape}"
        )
    if cells.ndim == 2:
        return np.stack([cells, cells])
    return np.stack([cell_means(part, ~np.isnan(part)) for part in (cells[:, :, ::2], cells[:, :, 1::2])])
