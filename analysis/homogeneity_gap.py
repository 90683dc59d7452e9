"""What it costs that all agents share one memoryless policy: the homogeneity gap, exactly where it can be.

The gap is the best welfare of any joint policy less the best of a shared one. No measure of equilibrium sees it: in a
symmetric team game the best shared strategy is a Nash equilibrium, so that NashConv can be 0 where half of the return
is lost. What stands in the way is not the sharing of parameters but the symmetry of what agents know: an index, other
observations, or private randomness with memory break it (`repeated_homogeneity_gap`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.shared_policy import TOLERANCE, SharedOptimum, shared_optimum, welfare_of
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form

REFERENCES = ("Emmons et al. (2022), arXiv:2207.03470", "Kuba et al. (2022), arXiv:2109.11251, Proposition 1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HomogeneityGap:
    """The best with and without sharing.

    Attributes
    ----------
    heterogeneous : welfare of the best joint action.
    homogeneous : welfare of the best shared strategy; `shared_strategy` ``[A]`` reaches it.
    homogeneous_pure : that of the best shared action, without mixing.
    gap : `heterogeneous` − `homogeneous`; `ratio` : `homogeneous` / `heterogeneous`, NaN unless both are positive.
    nash_conv : of all agents playing `shared_strategy`; NaN where it was not asked for.
    objective : what welfare is: the ``common reward``, or the ``sum`` of payoffs.
    bound : ``exact``, or ``upper`` for the gap where `homogeneous` is the best of several climbs and may be too low.
    """

    heterogeneous: float
    homogeneous: float
    homogeneous_pure: float
    shared_strategy: Array
    nash_conv: float
    objective: str
    bound: Bound
    tolerance: float = TOLERANCE
    references: tuple[str, ...] = REFERENCES

    @property
    def gap(self) -> float:
        """Welfare that sharing costs."""
        return max(0.0, self.heterogeneous - self.homogeneous)

    @property
    def ratio(self) -> float:
        """Share of the best welfare that a shared policy can have; NaN unless both are positive."""
        positive = self.heterogeneous > 0 and self.homogeneous > 0
        return self.homogeneous / self.heterogeneous if positive else float("nan")

    def to_records(self) -> list[Record]:
        """Return one row a number."""
        names = ("gap", "ratio", "heterogeneous", "homogeneous", "homogeneous_pure", "nash_conv")
        bounds = dict.fromkeys(names, self.bound)
        lower: Bound = "exact" if self.bound == "exact" else "lower"
        bounds |= {"heterogeneous": "exact", "homogeneous_pure": "exact", "homogeneous": lower, "ratio": lower}
        bounds["nash_conv"] = "exact"
        return [
            {"metric": f"homogeneity_{name}", "value": getattr(self, name), "objective": self.objective}
            | {"bound": bounds[name], "tolerance": self.tolerance}
            for name in names
        ]


def homogeneity_gap(game: NormalFormGame) -> HomogeneityGap:
    """Homogeneity gap of a game that is played once.

    Parameters
    ----------
    game : payoffs ``[N, A, …, A]``; every agent has the same actions, which mean the same.

    Returns
    -------
    HomogeneityGap; exact for two actions, and within its tolerance where it is certain for more.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : the agents differ in their number of actions.

    Notes
    -----
    That the best shared strategy is a Nash equilibrium holds where agents can change places (`check_symmetric`); the
    gap is defined without. For three actions or more the shared optimum is climbed to, and certified where the game is
    small enough (`shared_bound`); where it is not, it is a lower bound, and so the gap an upper one.

    References
    ----------
    Emmons et al. (2022), arXiv:2207.03470; Kuba et al. (2022), arXiv:2109.11251, Proposition 1.

    Examples
    --------
    >>> anti_coordination = NormalFormGame([[[0, 1], [1, 0]]] * 2)
    >>> found = homogeneity_gap(anti_coordination)
    >>> (found.gap, float(found.nash_conv))
    (0.5, 0.0)
    """
    check_normal_form(game)
    _check_same_actions(game)
    welfare = welfare_of(game)
    shared = shared_optimum(welfare)
    gains = nash_conv(game, Profile([shared.strategy] * game.n_agents))
    return _gap(float(welfare.max()), shared, game=game, distance=float(gains.nash_conv))


def repeated_homogeneity_gap(game: NormalFormGame, *, rounds: int, memory: bool) -> HomogeneityGap:
    """Homogeneity gap of a symmetric game of two agents that is played several times, sums over rounds.

    Agents that share a policy and remember what both did are alike until they first act differently, by their own
    randomness; from then on the policy can give each its role: ``V_T = max_x Σ_ab x_a x_b (w_ab + [a ≠ b] (T − 1) w* +
    [a = b] V_{T−1})``. Without memory nothing is gained by playing on.

    Parameters
    ----------
    game : payoffs ``[2, A, A]``, symmetric.
    rounds : T, at least 1.
    memory : whether the shared policy sees the past actions of both.

    Returns
    -------
    HomogeneityGap; `shared_strategy` is that of the first round, and there is no NashConv.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : the game has not two agents or is not symmetric, or `rounds` is below 1.
    """
    check_normal_form(game)
    check_symmetric(game)
    if game.n_agents != 2:
        raise ValueError(f"game must have two agents, not {game.n_agents}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, not {rounds}")
    welfare = welfare_of(game)
    best = float(welfare.max())
    alike = np.eye(len(welfare), dtype=np.bool_)
    shared = shared_optimum(welfare)
    pure = shared.pure_value * rounds
    value, bounds = shared.value, {shared.bound}
    for played in range(1, rounds):
        if not memory:
            value = shared.value * (played + 1)
            continue
        shared = shared_optimum(welfare + np.where(alike, value, best * played))
        value = shared.value
        bounds.add(shared.bound)
    bound: Bound = "exact" if bounds == {"exact"} else "lower"
    summed = SharedOptimum(strategy=shared.strategy, value=value, pure_value=pure, bound=bound)
    return _gap(best * rounds, summed, game=game, distance=float("nan"))


def _gap(best: float, shared: SharedOptimum, *, game: NormalFormGame, distance: float) -> HomogeneityGap:
    return HomogeneityGap(
        heterogeneous=best,
        homogeneous=shared.value,
        homogeneous_pure=shared.pure_value,
        shared_strategy=read_only(shared.strategy),
        nash_conv=distance,
        objective="common reward" if game.spec.common_reward else "sum",
        bound="exact" if shared.bound == "exact" else "upper",
    )


def check_symmetric(game: NormalFormGame, *, tolerance: float = TOLERANCE) -> None:
    """Raise a ValueError unless payoffs stay the same when any two agents change places.

    Swapping each neighbouring pair is enough: such swaps make every permutation.
    """
    _check_same_actions(game)
    slack = tolerance * max(float(np.abs(game.payoffs).max()), np.finfo(np.float64).tiny)
    for i in range(game.n_agents - 1):
        order = np.arange(game.n_agents)
        order[[i, i + 1]] = i + 1, i
        swapped = np.stack([np.swapaxes(game.payoffs[k], i, i + 1) for k in order])
        if np.abs(swapped - game.payoffs).max() > slack:
            raise ValueError(f"game must be symmetric; agents {i} and {i + 1} of {game.spec.name} cannot change places")


def _check_same_actions(game: NormalFormGame) -> None:
    if len(set(game.n_actions)) != 1:
        raise ValueError(f"game must give every agent equally many actions to share a policy, not {game.n_actions}")
