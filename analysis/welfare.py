"""Welfare: the social optimum, and what equilibria cost against it.

Welfare is the sum of payoffs. The price of anarchy divides the best welfare by that of the worst equilibrium, the
price of stability by that of the best one. Both need a welfare that is nowhere negative, and positive at every
equilibrium, because a ratio means nothing once the zero of the payoffs is arbitrary. Normalised welfare, from 0 at the
worst profile to 1 at the best, is defined for any game in which welfare varies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.action_payoffs import expected_payoffs
from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SocialOptimum:
    """The best and the worst that agents can get together.

    Attributes
    ----------
    maximum, minimum : sum of payoffs, over all profiles.
    actions : every pure profile that attains the maximum.
    bound, tolerance, references : exact; profiles within the tolerance, as a share of maximum less minimum, tie.
    """

    maximum: float
    minimum: float
    actions: tuple[tuple[int, ...], ...]
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return two rows: the highest and the lowest welfare."""
        shared = {"bound": self.bound, "tolerance": self.tolerance}
        return [
            {"metric": "welfare_maximum", "value": self.maximum, "actions": [list(a) for a in self.actions], **shared},
            {"metric": "welfare_minimum", "value": self.minimum, **shared},
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Welfare:
    """Welfare of a batch of profiles.

    Attributes
    ----------
    welfare : ``[…]``; sum of payoffs.
    normalised : ``[…]``; 0 at the lowest welfare of the game and 1 at the highest; NaN if welfare never varies.
    shortfall : ``[…]``; payoff units; the highest welfare less this one.
    bound, tolerance, references : exact, up to rounding.
    """

    welfare: Array
    normalised: Array
    shortfall: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return three rows a profile."""
        return [
            {
                "metric": metric,
                "value": float(values[index]),
                **{f"index_{k}": at for k, at in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, values in (
                ("welfare", self.welfare),
                ("normalised_welfare", self.normalised),
                ("welfare_shortfall", self.shortfall),
            )
            for index in np.ndindex(values.shape)
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceOfAnarchy:
    """What equilibria lose against the social optimum.

    Attributes
    ----------
    anarchy : best welfare over that of the worst equilibrium, at least 1; NaN where it is not defined.
    stability : best welfare over that of the best equilibrium, between 1 and `anarchy`; NaN where it is not defined.
    worst_normalised, best_normalised : normalised welfare of the worst and the best equilibrium; NaN if welfare never
        varies.
    optimum : the best welfare.
    reason : why a number is NaN; empty otherwise.
    bound : ``exact``; with equilibria missing `anarchy` is only a ``lower`` bound and `stability` an upper one.
    tolerance, references : those of the equilibria.
    """

    anarchy: float
    stability: float
    worst_normalised: float
    best_normalised: float
    optimum: float
    reason: str
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return four rows: both prices, and the normalised welfare of the worst and the best equilibrium."""
        opposite: Bound = "upper" if self.bound == "lower" else self.bound
        return [
            {
                "metric": metric,
                "value": value,
                "bound": bound,
                "tolerance": self.tolerance,
                "reason": self.reason if np.isnan(value) else "",
            }
            for metric, value, bound in (
                ("price_of_anarchy", self.anarchy, self.bound),
                ("price_of_stability", self.stability, opposite),
                ("worst_equilibrium_normalised_welfare", self.worst_normalised, opposite),
                ("best_equilibrium_normalised_welfare", self.best_normalised, self.bound),
            )
        ]


def social_optimum(game: NormalFormGame, *, tolerance: float = ROUNDING) -> SocialOptimum:
    """Highest and lowest sum of payoffs, and the profiles that attain the highest.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : as a share of the range of welfare; profiles this close tie.

    Returns
    -------
    SocialOptimum.
    """
    check_normal_form(game)
    total = game.payoffs.sum(axis=0)
    high, low = float(total.max()), float(total.min())
    best = np.argwhere(total >= high - tolerance * (high - low))
    return SocialOptimum(
        maximum=high,
        minimum=low,
        actions=tuple(tuple(int(a) for a in actions) for actions in best),
        bound="exact",
        tolerance=tolerance,
    )


def welfare(game: NormalFormGame, profile: Profile) -> Welfare:
    """Sum of payoffs of a profile, as it is and against the best and worst of the game.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch.

    Returns
    -------
    Welfare.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `profile` does not fit `game`.
    """
    check_normal_form(game)
    game.check_profile(profile)
    total = expected_payoffs(game.payoffs, profile).sum(axis=-1)
    optimum = social_optimum(game)
    return Welfare(
        welfare=read_only(total),
        normalised=read_only(_normalised(total, optimum)),
        shortfall=read_only(optimum.maximum - total),
        bound="exact",
        tolerance=ROUNDING,
    )


def price_of_anarchy(game: NormalFormGame, *, equilibria: Equilibria | None = None) -> PriceOfAnarchy:
    """Price of anarchy and of stability.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    equilibria : of this game, if they are known already.

    Returns
    -------
    PriceOfAnarchy; where some profile's welfare is negative, or an equilibrium's is not positive, the prices are NaN
    and `reason` says so.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `equilibria` is empty.

    Notes
    -----
    Welfare is linear in each agent's strategy, so that over a maximal Nash subset it is least and greatest at extreme
    equilibria: these are enough.

    Examples
    --------
    >>> prisoners_dilemma = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    >>> price_of_anarchy(prisoners_dilemma).anarchy
    3.0
    """
    check_normal_form(game)
    found = find_equilibria(game) if equilibria is None else equilibria
    if not len(found):
        raise ValueError(f"equilibria must hold at least one equilibrium of {game.spec.name}; {found.reason}")
    levels = np.array([e.welfare for e in found.equilibria])
    optimum = social_optimum(game)
    worst, best = (float(w) for w in _normalised(np.array([levels.min(), levels.max()]), optimum))
    reason = ""
    anarchy = stability = float("nan")
    if optimum.minimum >= 0 and levels.min() > found.tolerance * optimum.maximum:
        anarchy, stability = optimum.maximum / float(levels.min()), optimum.maximum / float(levels.max())
    else:
        reason = (
            f"welfare falls to {optimum.minimum:g}, at equilibrium to {levels.min():g}: a ratio needs it not negative "
            "anywhere, and positive at equilibrium; see normalised welfare"
        )
    if not optimum.maximum > optimum.minimum:
        reason = "; ".join(filter(None, [reason, "welfare is the same at every profile"]))
    return PriceOfAnarchy(
        anarchy=anarchy,
        stability=stability,
        worst_normalised=worst,
        best_normalised=best,
        optimum=optimum.maximum,
        reason=reason,
        bound="exact" if found.is_complete else "lower",
        tolerance=found.tolerance,
        references=found.references,
    )


def _normalised(total: Array, optimum: SocialOptimum) -> Array:
    span = optimum.maximum - optimum.minimum
    if span <= 8 * np.finfo(np.float64).eps * max(abs(optimum.maximum), abs(optimum.minimum)):
        return np.full_like(total, np.nan)
    return (total - optimum.minimum) / span
