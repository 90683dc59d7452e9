"""What agents' models of one another do to their critics: the exact error of the fixed point, and of its gradient.

A critic whose targets take the others' next actions from models converges to the values of a world in which the others
follow the models. In a game of one state the error is one constant for all joint actions, however wrong the models:
the actor, which climbs differences, does not feel it. At γ = 0 the models do not enter at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_game import MarkovGame, as_markov_game, joint_action_values
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InferenceError:
    """Error of one agent's critic at the fixed point, when its targets use models of the others.

    Attributes
    ----------
    errors : ``[S, A_1, …, A_N]``; value under the models less value under the policies, reward units.
    agent : whose critic it is.
    """

    errors: Array
    agent: int
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    @property
    def largest(self) -> float:
        """Largest absolute error."""
        return float(np.abs(self.errors).max())

    @property
    def action_range(self) -> float:
        """The most that the error differs between two own actions at one state and choice of the others."""
        return float(np.ptp(self.errors, axis=1 + self.agent).max())

    def to_records(self) -> list[Record]:
        """Return the largest error, and the largest difference between own actions, which is what moves the actor."""
        note = {"agent": self.agent, "bound": self.bound}
        return [
            {"metric": "inference_error_largest", "value": self.largest, **note},
            {"metric": "inference_error_action_range", "value": self.action_range, **note},
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientEffect:
    """How an actor's gradient differs between two critics.

    Attributes
    ----------
    cosine : of the angle between the two gradients; NaN if one of them is 0.
    relative_norm : length of the difference over the length of the first; NaN if that is 0.
    """

    cosine: float
    relative_norm: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row a number."""
        return [
            {"metric": f"gradient_effect_{name}", "value": getattr(self, name), "bound": self.bound}
            for name in ("cosine", "relative_norm")
        ]


def inference_error(
    game: MarkovGame | NormalFormGame, profile: Profile, *, models: Profile, agent: int, discount: float
) -> InferenceError:
    """Error of an agent's joint-action values at the fixed point of targets that use its models of the others.

    ``Q̂ − Q`` with ``Q̂ = Q^{(π_i, μ̂_{−i})}``; at most ``γ / (1 − γ) · sup |E_μ̂ Q − E_μ Q|``.

    Parameters
    ----------
    game : a Markov game, or a game in normal form, played for ever.
    profile : policies ``[S, A_j]`` an agent (``[A_j]`` in normal form).
    models : the same for the agent's models; its own entry is not used.
    agent : i, whose critic it is.
    discount : γ, in [0, 1).

    Raises
    ------
    ValueError : a profile does not fit or has leading axes, there is no such agent, or `discount` is out of range.
    """
    table, true = as_markov_game(game, profile)
    _, modelled = as_markov_game(game, models)
    if true[0].ndim != 2 or modelled[0].ndim != 2:
        raise ValueError("profile and models must be single profiles, without leading axes")
    if not 0 <= agent < table.n_agents:
        raise ValueError(f"agent must be one of 0 to {table.n_agents - 1}, not {agent}")
    pairs = zip(true, modelled, strict=True)
    both = Profile([np.stack([p, p if j == agent else q]) for j, (p, q) in enumerate(pairs)])
    values = joint_action_values(table, both, discount=discount)[:, agent]
    return InferenceError(errors=read_only(values[1] - values[0]), agent=agent)


def gradient_effect(gradient: npt.ArrayLike, inferred: npt.ArrayLike) -> GradientEffect:
    """Compare an actor's gradient through a critic on true targets with that through one on inferred targets.

    Parameters
    ----------
    gradient, inferred : of one shape; the flattened gradients are compared.

    Raises
    ------
    ValueError : the shapes differ, or something is not finite.
    """
    first, second = numbers(gradient, name="gradient"), numbers(inferred, name="inferred")
    if first.shape != second.shape:
        raise ValueError(f"inferred must have the shape {first.shape} of gradient, not {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("gradient and inferred must be finite")
    a, b = first.ravel(), second.ravel()
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    return GradientEffect(
        cosine=float(np.clip(a @ b / (lengths[0] * lengths[1]), -1, 1)) if min(lengths) > 0 else np.nan,
        relative_norm=float(np.linalg.norm(b - a)) / lengths[0] if lengths[0] > 0 else np.nan,
    )
