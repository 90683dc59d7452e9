"""Potential games: the exact test, the decomposition of any game, and how much of it is a potential game.

The gains of unilateral deviations are a flow on the graph of action profiles. A game has an exact potential if the
flow is the gradient of one function; then every four-step cycle in which two agents deviate in turn gains nothing.
Any game is the sum of a potential part, a harmonic part whose gains circulate, and a non-strategic part that no
agent's own choice changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn, idctn

from nashlens.analysis.action_payoffs import strategic_scale
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, check_normal_form

REFERENCES = ("Candogan et al. (2011), arXiv:1005.2405", "Bichler et al. (2025), arXiv:2503.16285")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PotentialDecomposition:
    """A game as a potential, a harmonic and a non-strategic part.

    Attributes
    ----------
    potential_function : ``[A_1, …, A_N]``; the function whose gradient is nearest to the deviation gains; its mean
        is 0.
    potential, harmonic, non_strategic : ``[N, A_1, …, A_N]``; they add up to the payoffs.
    potentialness : ``‖potential‖ / (‖potential‖ + ‖harmonic‖)`` in the norm of payoffs, between 0 and 1; NaN for a
        game without strategic part.
    flow_potentialness : the same in the norm of deviation gains; it differs if agents have unequally many actions.
    is_potential : the game has an exact potential, within `tolerance`.
    largest_cycle : payoff units; largest absolute sum of gains around a four-step cycle of two agents.
    bound, tolerance, references : exact; the tolerance is a share of the most that any agent's own choice can matter.
    """

    potential_function: Array
    potential: Array
    harmonic: Array
    non_strategic: Array
    potentialness: float
    flow_potentialness: float
    is_potential: bool
    largest_cycle: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return three rows: both versions of potentialness and the largest cycle."""
        reason = "the game has no strategic part" if np.isnan(self.potentialness) else ""
        return [
            {"metric": metric, "value": value, "bound": self.bound, "tolerance": self.tolerance, "reason": why}
            for metric, value, why in (
                ("potentialness", self.potentialness, reason),
                ("flow_potentialness", self.flow_potentialness, reason),
                ("largest_cycle", self.largest_cycle, ""),
            )
        ]


def potential_decomposition(game: NormalFormGame, *, tolerance: float = 1e-9) -> PotentialDecomposition:
    """Decompose a game, and test it for an exact potential.

    The potential function minimises ``‖Dφ − X‖²`` over the deviation graph, where ``X`` is the deviating agent's
    gain. Agent i's potential part is ``φ`` less its mean over i's actions, its non-strategic part the mean of ``u_i``
    over i's actions, and the rest is harmonic.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : as a share of the most that any agent's own choice can matter; cycles this small count as none.

    Returns
    -------
    PotentialDecomposition.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `tolerance` is negative.

    Notes
    -----
    The deviation graph is a product of complete graphs: a cosine transform along each axis diagonalises its
    Laplacian, so that the least squares cost O(A log A) for A profiles. The largest cycle costs
    O(A · max A_i) for each pair of agents. Potentialness does not change when non-strategic payoffs are added, but
    does when one agent's payoffs alone are rescaled.

    References
    ----------
    Candogan et al. (2011), arXiv:1005.2405; Bichler et al. (2025), arXiv:2503.16285.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> found = potential_decomposition(pennies)
    >>> found.potentialness, found.largest_cycle
    (0.0, 8.0)
    """
    check_normal_form(game)
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, not {tolerance}")
    scale = float(strategic_scale(game.payoffs).max())
    non_strategic = _own_means(game.payoffs)
    strategic = game.payoffs - non_strategic if scale else np.zeros_like(game.payoffs)
    function = _potential_function(strategic)
    potential = function[None] - _own_means(np.broadcast_to(function, game.payoffs.shape))
    harmonic = strategic - potential
    cycle = largest_cycle(game) if scale else 0.0
    n_actions = np.array(game.n_actions)
    return PotentialDecomposition(
        potential_function=read_only(function),
        potential=read_only(potential),
        harmonic=read_only(harmonic),
        non_strategic=read_only(game.payoffs - strategic),
        potentialness=_share(_norm(potential), _norm(harmonic), scale=scale),
        flow_potentialness=_share(_norm(potential, n_actions), _norm(harmonic, n_actions), scale=scale),
        is_potential=cycle <= 4 * tolerance * scale,
        largest_cycle=cycle,
        bound="exact",
        tolerance=tolerance,
    )


def largest_cycle(game: NormalFormGame) -> float:
    """Largest absolute sum of gains around a four-step cycle in which two agents deviate in turn.

    It is 0 exactly in games with an exact potential.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.

    Returns
    -------
    Payoff units.
    """
    check_normal_form(game)
    largest = 0.0
    for i in range(game.n_agents):
        for j in range(i):
            between = np.moveaxis(game.payoffs[i] - game.payoffs[j], (i, j), (0, 1))  # [A_i, A_j, rest]
            for step in range(1, len(between)):
                gains = between[step:] - between[:-step]
                largest = max(largest, float(np.ptp(gains, axis=1).max()))
    return largest


def _own_means(payoffs: Array) -> Array:
    """Return ``[N, A_1, …, A_N]``; each agent's payoffs averaged over its own actions."""
    means = [np.broadcast_to(own.mean(axis=i, keepdims=True), own.shape) for i, own in enumerate(payoffs)]
    return np.stack(means)


def _potential_function(strategic: Array) -> Array:
    """Solve the normal equations on the deviation graph, from payoffs with zero own means."""
    n_actions = strategic.shape[1:]
    divergence = sum((n * own for n, own in zip(n_actions, strategic, strict=True)), start=np.zeros(n_actions))
    eigenvalues = np.zeros(n_actions)
    for axis, n in enumerate(n_actions):
        frequency = np.arange(n).reshape([-1 if k == axis else 1 for k in range(len(n_actions))])
        eigenvalues = eigenvalues + np.where(frequency > 0, float(n), 0.0)
    coefficients = np.asarray(dctn(divergence, norm="ortho"), dtype=np.float64)
    solved = np.divide(coefficients, eigenvalues, out=np.zeros(n_actions), where=eigenvalues > 0)
    return np.asarray(idctn(solved, norm="ortho"), dtype=np.float64)


def _norm(part: Array, weights: Array | None = None) -> float:
    """Return the norm over agents and profiles; agent i's squares count `weights[i]` times."""
    largest = float(np.abs(part).max())
    if largest == 0:
        return 0.0
    squares = ((part / largest) ** 2).reshape(len(part), -1).sum(axis=1)
    return largest * float(np.sqrt(squares @ (np.ones(len(part)) if weights is None else weights)))


def _share(potential: float, harmonic: float, *, scale: float) -> float:
    """Return potential over the sum of both, rounding below the payoffs' own removed."""
    floor = 1e-13 * scale
    potential, harmonic = (0.0 if norm <= floor else norm for norm in (potential, harmonic))
    total = potential + harmonic
    return potential / total if total > 0 else float("nan")
