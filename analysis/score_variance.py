"""What a centralised critic does to the variance of a score-function gradient: it never lowers it.

At one state, with exact critics, the centralised estimate is ``∇ln π_i(a_i) Q(a_i, a_−i)`` and the decentralised
``∇ln π_i(a_i) E_{a_−i} Q(a_i, a_−i)``. The second is the conditional mean of the first given the own action, so that
both have one mean, and the first has more variance by the others' randomness, ``E[‖∇ln π_i‖² Var_{a_−i}(Q|a_i)]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers

SIMPLEX_TOLERANCE = 1e-9
REFERENCES = ("Lyu et al. (2021), arXiv:2102.04402", "Kuba et al. (2021), arXiv:2108.08612")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreVariance:
    """Variances of both estimates, traces over the parameters.

    Attributes
    ----------
    mean : ``[d]``; expectation of both.
    centralised, decentralised : traces of the covariances.
    excess : ``E[‖∇ln π_i‖² Var_{a_−i}(Q|a_i)]``, what the others' actions add.
    bound, references : exact, by enumeration, and the sources.
    """

    mean: Array
    centralised: float
    decentralised: float
    excess: float
    bound: Bound = "exact"
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return one row a variance."""
        return [
            {"metric": f"score_variance_{name}", "value": float(getattr(self, name)), "bound": self.bound}
            for name in ("centralised", "decentralised", "excess")
        ]


def score_variance(
    values: npt.ArrayLike, own: npt.ArrayLike, *, others: npt.ArrayLike, scores: npt.ArrayLike | None = None
) -> ScoreVariance:
    """Variance of score-function gradients with a centralised and with a decentralised exact critic.

    Parameters
    ----------
    values : ``[A, B]``; Q of the own action and the others' joint action.
    own : ``[A]``; probabilities of the own actions.
    others : ``[B]``; probabilities of the others' joint actions.
    scores : ``[A, d]``; ``∇ln π_i`` of each own action; those of softmax logits, ``e_a − π``, if left out.

    Returns
    -------
    ScoreVariance, exact.

    Raises
    ------
    ValueError : shapes do not fit, a number is not finite, or probabilities do not sum to 1.

    References
    ----------
    Lyu et al. (2021), arXiv:2102.04402; Kuba et al. (2021), arXiv:2108.08612.
    """
    q, p, rest = numbers(values, name="values"), numbers(own, name="own"), numbers(others, name="others")
    if q.ndim != 2 or q.shape != (p.size, rest.size) or not np.isfinite(q).all():
        raise ValueError(f"values must be finite, of shape ({p.size}, {rest.size}), not {q.shape}")
    for name, distribution in (("own", p), ("others", rest)):
        if not (distribution >= 0).all() or abs(distribution.sum() - 1) > SIMPLEX_TOLERANCE:
            raise ValueError(f"{name} must be non-negative and sum to 1, not {distribution.tolist()}")
    s = np.eye(p.size) - p if scores is None else numbers(scores, name="scores")
    if s.ndim != 2 or len(s) != p.size or not np.isfinite(s).all():
        raise ValueError(f"scores must be finite, of shape ({p.size}, d), not {s.shape}")
    marginal = q @ rest
    squares = (s**2).sum(axis=1)
    mean = (p * marginal) @ s
    within = ((q - marginal[:, None]) ** 2) @ rest
    joint = (s[:, None] * q[..., None] - mean) ** 2
    return ScoreVariance(
        mean=read_only(mean),
        centralised=float(np.einsum("a,b,abd->", p, rest, joint)),
        decentralised=float(p @ ((s * marginal[:, None] - mean) ** 2).sum(axis=1)),
        excess=float(p @ (squares * within)),
    )
