"""Where a divergence sits: on the action that the policy prefers, or among the rest; where the two agree, or differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.ledgers import Ledger, comparable, split_divergence
from nashlens.analysis.probes import checked_pair


def mode_ledger(true: npt.ArrayLike, model: npt.ArrayLike, *, floor: float = 0.0) -> Ledger:
    """Split KL(true‖model) into that of the preferred action's mass and that of the others among themselves.

    The chain rule at ``m = argmax p``: ``KL(p‖q) = kl(p_m‖q_m) + (1 − p_m) KL(p_{¬m}‖q_{¬m})``.

    Parameters
    ----------
    true, model : ``[P, A]``.
    floor : under the model's probabilities, as in `opponent_divergence`.

    Returns
    -------
    Ledger with parts ``mode`` and ``tail``.

    Raises
    ------
    ValueError : an array is off the simplex, or the shapes differ.
    """
    p, q = checked_pair(true, model)
    p, q, finite, clipped = comparable(p, q, floor)
    rows = np.arange(len(p))
    mode = p.argmax(axis=1)
    p_mode, q_mode = p[rows, mode], q[rows, mode]
    others = np.arange(p.shape[1]) != mode[:, None]
    p_rest, q_rest = (np.where(others, each, 0.0) for each in (p, q))
    p_left, q_left = p_rest.sum(axis=1), q_rest.sum(axis=1)
    chosen = p_left > 0
    p_within = p_rest / np.where(chosen, p_left, 1.0)[:, None]
    q_within = q_rest / np.where(q_left > 0, q_left, 1.0)[:, None]
    within = kullback_leibler(p_within, np.where(chosen[:, None], q_within, p_within))
    return split_divergence(
        "mode_ledger",
        np.where(finite, kullback_leibler(p, q), np.inf),
        parts={
            "mode": kullback_leibler(np.stack([p_mode, p_left], axis=1), np.stack([q_mode, q_left], axis=1)),
            "tail": np.where(chosen, p_left * within, 0.0),
        },
        details={},
        floor=floor,
        clipped=clipped,
    )


def agreement_ledger(true: npt.ArrayLike, model: npt.ArrayLike, *, floor: float = 0.0) -> Ledger:
    """Split the mean of KL(true‖model) by whether both prefer the same action.

    ``E KL = E[KL; agree] + E[KL; disagree]``: at each probe one part is the divergence and the other is 0.

    Parameters
    ----------
    true, model, floor : as in `mode_ledger`.

    Raises
    ------
    ValueError : as in `mode_ledger`.
    """
    p, q = checked_pair(true, model)
    agree = p.argmax(axis=1) == q.argmax(axis=1)
    p, q, finite, clipped = comparable(p, q, floor)
    total = kullback_leibler(p, q)
    return split_divergence(
        "agreement_ledger",
        np.where(finite, total, np.inf),
        parts={"agree": np.where(agree, total, 0.0), "disagree": np.where(agree, 0.0, total)},
        details={},
        floor=floor,
        clipped=clipped,
    )
