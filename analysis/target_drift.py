"""How a critic's target moves, split by what moved it, and how far behind those stay who follow it.

A critic that conditions on the joint action has a stationary model and still a moving target, because the values that
it bootstraps from belong to policies that change. Without bootstrapping, at γ = 0 or at the end of an episode, the
target does not move at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only

PARTS = ("critic", "policy", "interaction", "total")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetDrift:
    """The change of a batch of critic targets between two moments, split by what changed.

    Attributes
    ----------
    critic : ``[B]``; of changing the target critic alone, reward units.
    policy : ``[B]``; of changing the target policies alone.
    interaction : ``[B]``; the remainder: the three add to `total`.
    total : ``[B]``.
    others : ``[B]``; of changing the other agents' target policies alone; None if it was not given.
    """

    critic: Array
    policy: Array
    interaction: Array
    total: Array
    others: Array | None = None
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return for each part its mean and its mean absolute value over the batch."""
        names = [*PARTS, *(["others"] if self.others is not None else [])]
        return [
            {
                "metric": f"target_drift_{name}",
                "value": float(np.mean(np.abs(getattr(self, name)))),
                "mean": float(np.mean(getattr(self, name))),
                "n": len(self.total),
                "unit": "observation",
                "bound": self.bound,
            }
            for name in names
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingLag:
    """How far behind a steadily moving target a follower stays.

    Attributes
    ----------
    lag : in the units of the target.
    cause : ``step size`` or ``replay``.
    """

    lag: float
    cause: str
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        return [{"metric": "tracking_lag", "value": self.lag, "cause": self.cause, "bound": self.bound}]


def target_drift(
    before: npt.ArrayLike,
    new_critic: npt.ArrayLike,
    *,
    new_policy: npt.ArrayLike,
    after: npt.ArrayLike,
    new_others: npt.ArrayLike | None = None,
    discount: float,
    terminated: npt.ArrayLike | None = None,
) -> TargetDrift:
    """Split the change of targets ``y = r + γ Q'(x', μ'(x'))`` on a fixed batch into critic and policy parts.

    Parameters
    ----------
    before : ``[B]``; ``Q'_t(x', μ'_t)``, old critic at old policies.
    new_critic : ``[B]``; ``Q'_t'(x', μ'_t)``, new critic at old policies.
    new_policy : ``[B]``; ``Q'_t(x', μ'_t')``, old critic at new policies.
    after : ``[B]``; ``Q'_t'(x', μ'_t')``.
    new_others : ``[B]``; old critic with only the other agents' policies new; optional.
    discount : γ, in [0, 1].
    terminated : ``[B]``; where nothing follows, and the target does not move; nowhere if left out.

    Returns
    -------
    TargetDrift; its `bound` is ``exact`` for this batch.

    Raises
    ------
    ValueError : shapes differ, a value is not finite, or `discount` is out of range.
    """
    if not 0 <= discount <= 1:
        raise ValueError(f"discount must be in [0, 1], not {discount}")
    start = np.asarray(before, dtype=np.float64)
    given = {"new_critic": new_critic, "new_policy": new_policy, "after": after, "new_others": new_others}
    arrays = {name: np.asarray(a, dtype=np.float64) for name, a in given.items() if a is not None}
    for name, array in {"before": start, **arrays}.items():
        if array.ndim != 1 or array.shape != start.shape or not np.isfinite(array).all():
            raise ValueError(f"{name} must be one row of finite numbers as long as before, not shape {array.shape}")
    ends: BoolArray = np.zeros(start.shape, np.bool_) if terminated is None else np.asarray(terminated, dtype=np.bool_)
    if ends.shape != start.shape:
        raise ValueError(f"terminated must have shape {start.shape}, not {ends.shape}")
    moved = {name: np.where(ends, 0.0, discount * (array - start)) for name, array in arrays.items()}
    return TargetDrift(
        critic=read_only(moved["new_critic"]),
        policy=read_only(moved["new_policy"]),
        interaction=read_only(moved["after"] - moved["new_critic"] - moved["new_policy"]),
        total=read_only(moved["after"]),
        others=read_only(moved["new_others"]) if "new_others" in moved else None,
    )


def tracking_lag(drift: float, *, step_size: float) -> TrackingLag:
    """Lag of ``q ← q + α (m − q)`` behind a target m that moves by δ a step, once it is steady: ``δ / α``.

    Parameters
    ----------
    drift : δ, the target's change for each step.
    step_size : α, in (0, 1].

    Raises
    ------
    ValueError : `step_size` is out of range.

    Examples
    --------
    >>> round(tracking_lag(1e-3, step_size=0.05).lag, 12)
    0.02
    """
    if not 0 < step_size <= 1:
        raise ValueError(f"step_size must be in (0, 1], not {step_size}")
    return TrackingLag(lag=drift / step_size, cause="step size")


def replay_lag(drift: float, *, buffer_size: int) -> TrackingLag:
    """Lag of the mean of the last B targets behind one that moves by δ a step: ``δ (B − 1) / 2``.

    A replay of size B lags as much as a step size of about ``2 / B``.

    Parameters
    ----------
    drift : δ, the target's change for each step.
    buffer_size : B, at least 1.

    Raises
    ------
    ValueError : `buffer_size` is below 1.
    """
    if buffer_size < 1:
        raise ValueError(f"buffer_size must be at least 1, not {buffer_size}")
    return TrackingLag(lag=drift * (buffer_size - 1) / 2, cause="replay")
