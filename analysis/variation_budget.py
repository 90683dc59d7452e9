"""Variation budgets: how much an agent's world moved in all, step by step at its worst place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.nonstationarity import kernel_drift, reward_drift
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

REFERENCES = (
    "Cheung, Simchi-Levi, Zhu (2020), ICML",
    "Mao et al. (2021), ICML",
    "Jiang et al. (2023), arXiv:2306.07465",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariationBudget:
    """How much each agent's induced rewards and transitions moved over a sequence of snapshots.

    Attributes
    ----------
    reward : ``[N]``; sum over consecutive snapshots of the largest change of the induced reward, reward units.
    kernel : ``[N]``; the same of the L1 distance of the induced transitions, at most 2 for each pair.
    n_snapshots : T.
    spacing : average distance between snapshots in `steps`. Finer snapshots give larger budgets: compare only budgets
        of one spacing.
    """

    reward: Array
    kernel: Array
    n_snapshots: int
    spacing: float
    bound: Bound = "exact"
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return two rows an agent."""
        note = {"n_snapshots": self.n_snapshots, "spacing": self.spacing, "bound": self.bound}
        return [
            {"metric": name, "agent": i, "value": float(value), **note}
            for name, values in (("variation_budget_reward", self.reward), ("variation_budget_kernel", self.kernel))
            for i, value in enumerate(values)
        ]


def variation_budget(
    game: MarkovGame | NormalFormGame, profile: Profile, *, steps: npt.ArrayLike | None = None
) -> VariationBudget:
    """Variation budgets of every agent's induced rewards and transitions.

    ``B_R = Σ_t sup |R_i^{t+1} − R_i^t|`` and ``B_P = Σ_t sup ‖P_i^{t+1} − P_i^t‖_1`` over states and own actions.

    Parameters
    ----------
    game, profile : as in `nonstationarity.reward_drift`.
    steps : ``[T]``, rising; when the snapshots were taken; 0, 1, … if left out.

    Raises
    ------
    ValueError : there are not two snapshots or more, or `profile` or `steps` does not fit.

    References
    ----------
    Cheung, Simchi-Levi, Zhu (2020), ICML; Mao et al. (2021), ICML; Jiang et al. (2023), arXiv:2306.07465.
    """
    rewards, kernels = reward_drift(game, profile), kernel_drift(game, profile)
    n_snapshots = len(rewards.sup) + 1
    times = np.arange(n_snapshots, dtype=np.float64) if steps is None else np.asarray(steps, dtype=np.float64)
    if times.shape != (n_snapshots,) or not (np.diff(times) > 0).all():
        raise ValueError(f"steps must be {n_snapshots} rising numbers, one a snapshot, not {times.tolist()}")
    return VariationBudget(
        reward=read_only(rewards.sup.sum(axis=0)),
        kernel=read_only(2 * kernels.sup.sum(axis=0)),
        n_snapshots=n_snapshots,
        spacing=float((times[-1] - times[0]) / (n_snapshots - 1)),
    )
