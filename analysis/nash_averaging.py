"""Nash averaging: scores that copies of an agent or of a task cannot move.

Agents that play each other, or agents and the tasks they are tried on, are the actions of a zero-sum meta-game. Its
optimal strategies weigh them; of these the one of most entropy is unique and treats copies alike. Each agent's score
is what it gets against the optimal mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.maximum_entropy import maximum_entropy
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers

REFERENCES = ("Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NashAverage:
    """Weights and scores.

    Attributes
    ----------
    weights : ``[A]``; the optimal mixture over agents, of most entropy.
    task_weights : ``[B]``; that over tasks; over opponents, if the agents play each other.
    scores : ``[A]``; what each agent gets against `task_weights`, payoff units.
    value : what the mixtures get against each other; 0 for agents that play each other.
    bound, tolerance, references : exact; the tolerance is on the value, as a share of the payoff span.
    """

    weights: Array
    task_weights: Array
    scores: Array
    value: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return two rows an agent: weight and score."""
        shared = {"bound": self.bound, "tolerance": self.tolerance}
        return [
            {"metric": metric, "agent": k, "value": float(number), **shared}
            for metric, numbers in (("nash_average_weight", self.weights), ("nash_average_score", self.scores))
            for k, number in enumerate(numbers)
        ]


def nash_average(payoffs: npt.ArrayLike, *, tolerance: float = 1e-8) -> NashAverage:
    """Nash averaging of agents that play each other.

    Parameters
    ----------
    payoffs : ``[A, A]``, antisymmetric: what the row gets against the column, such as log-odds of winning.
    tolerance : as a share of the largest payoff; how far an entry and its opposite may differ, and how much the
        mixture may lose.

    Returns
    -------
    NashAverage with equal `weights` and `task_weights`.

    Raises
    ------
    ValueError : `payoffs` is not a square antisymmetric matrix of finite numbers.

    References
    ----------
    Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643.

    Examples
    --------
    >>> rock_paper_scissors = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    >>> nash_average(rock_paper_scissors).weights.round(6).tolist()
    [0.333333, 0.333333, 0.333333]
    """
    table = check_antisymmetric(payoffs, label="payoffs", tolerance=tolerance)
    weights = maximum_entropy(table / (np.abs(table).max() or 1.0), tolerance=tolerance)
    return NashAverage(
        weights=read_only(weights),
        task_weights=read_only(weights),
        scores=read_only(table @ weights),
        value=0.0,
        bound="exact",
        tolerance=tolerance,
    )


def nash_average_of_tasks(scores: npt.ArrayLike, *, tolerance: float = 1e-8) -> NashAverage:
    """Nash averaging of agents that were tried on tasks.

    The tasks are the opponent: they weigh most what the best mixture of agents does worst.

    Parameters
    ----------
    scores : ``[A, B]``; result of each agent on each task. Tasks must have comparable units; normalise them first.
    tolerance : as a share of the range of `scores`; how much either mixture may lose against the value.

    Returns
    -------
    NashAverage.

    Raises
    ------
    ValueError : `scores` is not a matrix of finite numbers.

    References
    ----------
    Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"scores must be a matrix of finite numbers, not of shape {table.shape}")
    n_agents, n_tasks = table.shape
    scaled = (table - table.min()) / (float(np.ptp(table)) or 1.0)
    # Both mixtures are optimal exactly if no agent beats the tasks' mixture by more than the agents' mixture gets on
    # any task: conditions on halves (x / 2, y / 2) of one distribution, which need no value of the game.
    saddle = np.hstack([np.tile(-scaled.T, (n_agents, 1)), np.repeat(scaled, n_tasks, axis=0)])
    halves = np.concatenate([np.ones(n_agents), -np.ones(n_tasks)])
    both = 2 * maximum_entropy(np.vstack([saddle, halves, -halves]), tolerance=tolerance)
    weights, task_weights = (part / part.sum() for part in np.split(both, [n_agents]))
    return NashAverage(
        weights=read_only(weights),
        task_weights=read_only(task_weights),
        scores=read_only(table @ task_weights),
        value=float(weights @ table @ task_weights),
        bound="exact",
        tolerance=tolerance,
    )


def check_antisymmetric(matrix: npt.ArrayLike, *, label: str, tolerance: float) -> Array:
    """Return the antisymmetric part of a matrix that is antisymmetric within the tolerance times its largest entry.

    Raises
    ------
    ValueError : it is not, or it is not a square matrix of finite numbers; the message begins with `label`.
    """
    table = numbers(matrix, name=label)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"{label} must be a square matrix of finite numbers, not of shape {table.shape}")
    worst = float(np.abs(table + table.T).max())
    if worst > tolerance * float(np.abs(table).max()):
        raise ValueError(f"{label} must be antisymmetric; an entry and its opposite add up to {worst:g}")
    antisymmetric: Array = (table - table.T) / 2
    return antisymmetric
