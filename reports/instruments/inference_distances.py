"""How far a true target policy is from what stands in for it: distances by name, their spread over probes, supports.

Total variation always exists and comes first. Where supports differ a Kullback–Leibler divergence is infinite, and so
is its mean: beside it stand the share of the probes at which it is, and the divergence under a stated floor with the
share of probabilities that the floor raised.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.divergence import kullback_leibler, total_variation
from nashlens.analysis.opponent_divergence import opponent_divergence
from nashlens.analysis.results import Array
from nashlens.analysis.transport import wasserstein
from nashlens.games.core import Choice
from nashlens.games.particle.controls import MOVES
from nashlens.reports.instruments.behavioural_diversity import FORCE_GROUND
from nashlens.reports.instruments.inference_probes import Probes

Numbers = dict[str, float]

FLOOR = 1e-8  # with it no probability costs more than 18.4 nats
SPREAD_OVER = {"tv": "tv", "kl_true_model": "kl"}
HIGH = 0.9


def divergence_numbers(true: Array, fed: Array, probes: Probes) -> Numbers:
    """Return every distance between a policy and its stand-in, and the share of information that it keeps.

    Parameters
    ----------
    true, fed : ``[P, K]``; over joint alternatives.
    probes : where.
    """
    found = opponent_divergence(true, fed)
    numbers = {f"inference_{name}": probes.mean(values) for name, values in found.distances.items()}
    for name, short in SPREAD_OVER.items():
        values = found.distances[name]
        numbers[f"inference_{short}_median"] = probes.quantile(values, 0.5)
        numbers[f"inference_{short}_high"] = probes.quantile(values, HIGH)
    numbers |= support_numbers(true, fed, probes)
    if probes.exact:
        numbers["inference_kl_everywhere"] = float(found.distances["kl_true_model"].mean())
    middle = (probes.weights[:, None] * true).sum(axis=0)
    ignorant = probes.mean(kullback_leibler(true, np.broadcast_to(middle, true.shape)))
    if ignorant > 1e-9:
        numbers["inference_information"] = 1 - numbers["inference_kl_true_model"] / ignorant
    return numbers


def support_numbers(true: Array, fed: Array, probes: Probes) -> Numbers:
    """Return where the divergences are infinite, and what a floor of `FLOOR` under probabilities makes of them.

    Parameters
    ----------
    true, fed : ``[P, K]``.
    probes : where.
    """
    raised = opponent_divergence(true, fed, floor=FLOOR)
    forward, backward = kullback_leibler(true, fed), kullback_leibler(fed, true)
    return {
        "inference_infinite": probes.mean(np.isinf(forward).astype(np.float64)),
        "inference_infinite_reverse": probes.mean(np.isinf(backward).astype(np.float64)),
        "inference_kl_floored": probes.mean(raised.distances["kl_true_model"]),
        "inference_clamped": probes.mean((fed < FLOOR).mean(axis=1)),
    }


def transport_numbers(true: Array, fed: Array, space: Choice, probes: Probes, *, moves: bool) -> Numbers:
    """Return 2-Wasserstein distances: between action vectors, and between forces where the first factor is a move.

    Parameters
    ----------
    true, fed : ``[P, A]``; factor by factor.
    space : the factors.
    probes : where.
    moves : whether the first factor moves a body in a particle world.

    Notes
    -----
    Two alternatives of a factor lie √2 apart, as one-hot vectors do, so that ``W2² = 2 TV`` of a factor; independent
    factors add their squares.
    """
    squares = sum(
        (2 * total_variation(true[:, part], fed[:, part]) for part in space.slices), start=np.zeros(len(true))
    )
    numbers = {"inference_w2": probes.mean(np.sqrt(squares))}
    if moves:
        part = slice(0, len(MOVES))
        moved = wasserstein(true[:, part], fed[:, part], distances=FORCE_GROUND, order=2.0)
        numbers["inference_w2_force"] = probes.mean(moved)
    return numbers
