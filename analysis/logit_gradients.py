"""Policy-gradient estimators at the logits: how each would move the logits of one agent at one moment.

A softmax policy π with logits z: the score ``∂ ln π(a)/∂z`` is ``e_a − π``, and every estimator's gradient in z is one
vector. Pulled back through a network it becomes the gradient in the parameters; so estimators can be compared at
matched policies, on the same moments, whatever the network.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers

_SLACK = 1e-6


def score_gradient(probabilities: npt.ArrayLike, taken: npt.ArrayLike, *, weights: npt.ArrayLike) -> Array:
    """Return ``w (e_a − π)``: the score of the action taken, times what it is held to be worth.

    Weights make the estimator: the return that followed (REINFORCE), less a baseline; a centralised ``Q(s, a)``; a
    decentralised ``E_{a_−i} Q``; a counterfactual ``Q(s, a) − Σ_b π(b) Q(s, (b, a_−i))`` (COMA).

    Parameters
    ----------
    probabilities : ``[…, A]``; π.
    taken : ``[…, A]``; one-hot.
    weights : ``[…]``; constants.

    Raises
    ------
    ValueError : the shapes do not fit, or probabilities do not sum to 1.

    Examples
    --------
    >>> score_gradient([0.25, 0.75], [1, 0], weights=2.0).tolist()
    [1.5, -1.5]
    """
    p, a, w = _distribution(probabilities), numbers(taken, name="taken"), numbers(weights, name="weights")
    if a.shape != p.shape or w.shape != p.shape[:-1]:
        raise ValueError(f"taken and weights must be {p.shape} and {p.shape[:-1]}, not {a.shape} and {w.shape}")
    return np.asarray((a - p) * w[..., None])


def all_action_gradient(probabilities: npt.ArrayLike, values: npt.ArrayLike) -> Array:
    """Return ``Σ_b π(b) (e_b − π) Q(b)``, the expectation of the score estimate over one's own action.

    Parameters
    ----------
    probabilities : ``[…, A]``; π.
    values : ``[…, A]``; of each own action, the others' held as they are.

    Raises
    ------
    ValueError : the shapes do not fit, or probabilities do not sum to 1.

    Examples
    --------
    >>> all_action_gradient([0.5, 0.5], [1.0, 0.0]).tolist()
    [0.25, -0.25]
    """
    p, q = _distribution(probabilities), numbers(values, name="values")
    if q.shape != p.shape:
        raise ValueError(f"values must have the shape {p.shape} of probabilities, not {q.shape}")
    return np.asarray(p * (q - (p * q).sum(axis=-1, keepdims=True)))


def relaxed_gradient(point: npt.ArrayLike, slopes: npt.ArrayLike, *, temperature: float = 1.0) -> Array:
    """Return the gradient through a softmax point ``y = softmax((z + noise)/τ)``: ``(y ∘ (q − y · q)) / τ``.

    The deterministic policy gradient of a relaxed discrete action; q is the critic's derivative in the own action at y.

    Parameters
    ----------
    point : ``[…, A]``; y.
    slopes : ``[…, A]``; q.
    temperature : τ, above 0.

    Raises
    ------
    ValueError : the shapes do not fit, points do not sum to 1, or `temperature` is not above 0.

    Examples
    --------
    >>> relaxed_gradient([0.5, 0.5], [1.0, 0.0], temperature=0.5).tolist()
    [0.5, -0.5]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, not {temperature}")
    return all_action_gradient(point, slopes) / temperature


def _distribution(probabilities: npt.ArrayLike) -> Array:
    p = numbers(probabilities, name="probabilities")
    if p.ndim == 0 or not np.isfinite(p).all() or (p < -_SLACK).any() or (np.abs(p.sum(axis=-1) - 1) > _SLACK).any():
        raise ValueError("probabilities must be non-negative and sum to 1 over the last axis")
    return p
