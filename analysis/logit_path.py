"""The principal branch of logit equilibria, followed by its arc length.

A logit equilibrium at rationality ``λ`` satisfies ``log π_i = log softmax(λ u_i(·, π_−i))`` for every agent. At
``λ = 0`` the only one is uniform; the curve of solutions that starts there is the principal branch. It may fold, so
that ``λ`` falls for a while: the curve is followed in the joint space of log-probabilities and ``λ`` by a predictor
along its tangent and a corrector by Newton's method across it. Log-probabilities stay well scaled where probabilities
vanish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs, pair_payoffs, strategic_scale
from nashlens.analysis.results import Array

MAX_CHANGE = 0.05  # probability; the most a step along the branch may move


class LogitEquations:
    """The equations of a logit equilibrium for one game, in units in which the most any choice can matter is 1.

    A point is ``[D + 1]``: the log-probabilities of all agents, then the rationality times `scale`.

    Parameters
    ----------
    payoffs : ``[N, A_1, …, A_N]``.

    Attributes
    ----------
    scale : payoff units; what any agent's own choice can matter at most; 1 if it never matters.
    """

    def __init__(self, payoffs: Array) -> None:
        scale = float(strategic_scale(payoffs).max())
        self.scale = scale or 1.0
        centred = [own - own.max(axis=i, keepdims=True) for i, own in enumerate(payoffs)]
        self.payoffs = np.stack(centred) / self.scale if scale else np.zeros_like(payoffs)
        self.n_actions = payoffs.shape[1:]
        self._ends = np.cumsum(self.n_actions)[:-1]

    def start(self) -> Array:
        """Return the uniform point at rationality 0."""
        return np.concatenate([*(np.full(n, -np.log(n)) for n in self.n_actions), [0.0]])

    def strategies(self, point: Array) -> tuple[Array, ...]:
        """Return the strategies ``[A_i]`` of a point."""
        return tuple(np.split(np.exp(point[:-1]), self._ends))

    def residual(self, point: Array) -> Array:
        """Return ``[D]``; log-probability less that of the logit response."""
        values = action_payoffs(self.payoffs, self.strategies(point))
        residual: Array = point[:-1] - np.concatenate([_log_softmax(point[-1] * v) for v in values])
        return residual

    def jacobian(self, point: Array) -> Array:
        """Return ``[D, D + 1]``; the derivative of the residual."""
        strategies = self.strategies(point)
        values = action_payoffs(self.payoffs, strategies)
        slopes = pair_payoffs(self.payoffs, strategies)
        responses = [np.exp(_log_softmax(point[-1] * v)) for v in values]
        rows = []
        for response, value, blocks in zip(responses, values, slopes, strict=True):
            row = np.hstack([block * s for block, s in zip(blocks, strategies, strict=True)])
            row = -point[-1] * (row - response @ row)
            rows.append(np.column_stack([row, -(value - response @ value)]))
        matrix = np.vstack(rows)
        matrix[:, :-1] += np.eye(len(matrix))
        return matrix

    def corrected(self, point: Array, normal: Array, *, max_iterations: int = 8) -> Array | None:
        """Return the solution near `point` on the plane through it across `normal` ``[D + 1]``, or None."""
        moved = point
        for _ in range(max_iterations):
            residual = self.residual(moved)
            system = np.vstack([self.jacobian(moved), normal])
            try:
                move = np.linalg.solve(system, -np.append(residual, normal @ (moved - point)))
            except np.linalg.LinAlgError:
                return None
            moved = moved + move
            size = float(np.abs(move).max())
            if not np.isfinite(size) or size > 10 * (1 + np.abs(point).max()) or moved[:-1].max() > 1.0:
                return None  # no step towards a solution: a probability beyond e
            if size < 1e-10 * (1 + np.abs(moved).max()):
                return moved
        return None

    def at(self, point: Array, rationality: float) -> Array | None:
        """Return the solution near `point` whose last coordinate is `rationality`, or None."""
        across = np.zeros_like(point)
        across[-1] = 1.0
        return self.corrected(np.append(point[:-1], rationality), across)

    def trace(self, *, max_points: int = 20_000) -> Iterator[Array]:
        """Yield points ``[D + 1]`` along the principal branch, from the uniform one, without end but for the limit.

        Raises
        ------
        RuntimeError : a step cannot be made, however short.
        """
        point = self.start()
        yield point
        tangent = self._tangent(point, np.append(np.zeros(len(point) - 1), 1.0))
        length = 0.01
        for _ in range(max_points):
            step = self._step(point, tangent, length)
            while step is None:
                length /= 2
                if length < 1e-12:
                    raise RuntimeError(f"the branch of logit equilibria is lost at rationality {point[-1]:g}")
                step = self._step(point, tangent, length)
            point, tangent = step
            yield point
            length *= 1.5

    def _step(self, point: Array, tangent: Array, length: float) -> tuple[Array, Array] | None:
        moved = self.corrected(point + length * tangent, tangent)
        if moved is None:
            return None
        change = max(
            float(np.abs(s - t).max()) for s, t in zip(self.strategies(moved), self.strategies(point), strict=True)
        )
        turned = self._tangent(moved, tangent)
        if change > MAX_CHANGE or float(turned @ tangent) < 0.8:
            return None
        return moved, turned

    def _tangent(self, point: Array, previous: Array) -> Array:
        system = np.vstack([self.jacobian(point), previous])
        target = np.append(np.zeros(len(point) - 1), 1.0)
        tangent: Array = np.linalg.lstsq(system, target, rcond=None)[0]
        return tangent / np.linalg.norm(tangent)


def interpolated(points: Sequence[Array], rationality: float) -> Array | None:
    """Return where the polygon through `points` first reaches `rationality`, or None if it does not."""
    for before, after in pairwise(points):
        if before[-1] <= rationality <= after[-1]:
            share = (rationality - before[-1]) / max(after[-1] - before[-1], np.finfo(np.float64).tiny)
            point: Array = before + share * (after - before)
            return point
    return None


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max()
    normalised: Array = shifted - np.log(np.exp(shifted).sum())
    return normalised
