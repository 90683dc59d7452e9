"""Whether agents gain by being different: their joint return against that of copies of the best one of them.

The best copy is chosen on some episodes and measured on the others, because the largest of several noisy means is too
large by chance. Each half of the episodes chooses once for the other. The copy that is chosen may not be the best, so
that in expectation the loss by cloning is too large, if anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nashlens.analysis.comparisons import PValue, sign_flip_test
from nashlens.analysis.random_effects import errors_over_episodes, random_effects_mean
from nashlens.analysis.results import Array, Bound, Record
from nashlens.analysis.statistics import Intervals, numbers, student_t


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CloneTest:
    """What replacing all agents by copies of one costs.

    Attributes
    ----------
    loss : joint return less the return of copies of the best agent, with Student's interval; over seeds floored at the
        errors of each one's episodes.
    p_value : sign-flip test that the loss is symmetric about 0, over the same units; two-sided.
    chosen : ``[S, 2]``; the agent that the even and that the odd episodes chose.
    bound : ``upper``: in expectation the loss is at least ``J − max_i J(π_i, …, π_i)``.
    """

    loss: Intervals
    p_value: PValue
    chosen: npt.NDArray[np.int64]
    bound: Bound = "upper"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the loss and one for the p-value."""
        rows = [*self.loss.to_records(), *self.p_value.to_records()]
        return [{**row, "metric": name} for row, name in zip(rows, ("clone_loss", "clone_p_value"), strict=True)]


def clone_test(
    joint: npt.ArrayLike,
    clones: npt.ArrayLike,
    *,
    unit: Literal["seed", "episode"] = "seed",
    level: float = 0.95,
    rng: np.random.Generator,
) -> CloneTest:
    """Loss by cloning, ``J(π_1, …, π_N) − max_i J(π_i, …, π_i)``, with an exact test.

    Parameters
    ----------
    joint : ``[S, E]``; returns of S seeds' joint policies.
    clones : ``[S, N, E]``; returns with copies of each agent at every place, on the same episodes' random numbers.
    unit : what replicates. A test over ``episode`` is conditional on one seed: it says nothing of another training.
    level : confidence level of the interval.
    rng : source of the draws where there are too many units to count all sign patterns.

    Returns
    -------
    CloneTest; one unit has a loss and no interval.

    Raises
    ------
    ValueError : shapes do not fit, there are fewer than two episodes, `unit` is neither, or is ``episode`` for several
        seeds.
    """
    whole, copies = numbers(joint, name="joint"), numbers(clones, name="clones")
    if whole.ndim != 2 or copies.ndim != 3 or copies.shape[::2] != whole.shape or copies.shape[1] == 0:
        raise ValueError(f"joint and clones must be [S, E] and [S, N, E], not {whole.shape} and {copies.shape}")
    if whole.shape[1] < 2:
        raise ValueError(f"joint must have two episodes or more, one half to choose a clone; not {whole.shape[1]}")
    if unit not in {"seed", "episode"}:
        raise ValueError(f"unit must be seed or episode, not {unit!r}")
    if unit == "episode" and len(whole) != 1:
        raise ValueError(f"unit can be episode for one seed only, not for {len(whole)}")
    losses, chosen = _cross_fitted(whole, copies)
    if unit == "seed":
        values = losses.mean(axis=1)
        found = random_effects_mean(values, errors_over_episodes(losses), level=level, metric="clone_loss")
    else:
        values = losses[0]
        found = student_t(values, level=level, unit=unit, metric="clone_loss")
    return CloneTest(
        loss=found,
        p_value=sign_flip_test(values, unit=unit, rng=rng),
        chosen=chosen,
    )


def _cross_fitted(joint: Array, clones: Array) -> tuple[Array, npt.NDArray[np.int64]]:
    """Return losses ``[S, E]`` against the clone that the other half of the episodes chose, and the choices."""
    even = np.arange(joint.shape[1]) % 2 == 0
    losses = np.full(joint.shape, np.nan)
    chosen = np.zeros((len(joint), 2), dtype=np.int64)
    for half, (chooses, reports) in enumerate(((even, ~even), (~even, even))):
        chosen[:, half] = clones[:, :, chooses].mean(axis=2).argmax(axis=1)
        best = np.take_along_axis(clones, chosen[:, half, None, None], axis=1)[:, 0]
        losses[:, reports] = (joint - best)[:, reports]
    return losses, chosen
