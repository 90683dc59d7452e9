"""Every ledger of one agent's stand-in for another, at one snapshot, as numbers by name.

All are weighted means over probes. Parts of one ledger add to the divergence of the true target policy from what stands
in for it, in nats.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.calibration_ledger import calibration_ledger
from nashlens.analysis.distribution_shift import combined_ledger
from nashlens.analysis.entropy_regulariser import regulariser_ledger
from nashlens.analysis.lag_ledger import lag_ledger
from nashlens.analysis.ledgers import Ledger
from nashlens.analysis.mode_ledger import agreement_ledger, mode_ledger
from nashlens.analysis.results import Array
from nashlens.analysis.value_discrepancy import value_discrepancy
from nashlens.analysis.value_ledger import nested_ledger, value_ledger
from nashlens.reports.instruments.inference_distances import Numbers
from nashlens.reports.instruments.inference_probes import Probes
from nashlens.reports.instruments.inference_shift import shift_interval
from nashlens.reports.instruments.inference_values import PairValues


def shape_numbers(true: Array, fed: Array, probes: Probes) -> Numbers:
    """Return the parts of the divergence by temperature (L2) and by the preferred action (L4)."""
    numbers: Numbers = {}
    numbers |= _parts(calibration_ledger(true, fed), probes)
    numbers |= _parts(mode_ledger(true, fed), probes)
    numbers |= _parts(agreement_ledger(true, fed), probes)
    if not probes.exact:
        shared = calibration_ledger(true, fed, shared=True)
        numbers["inference_calibration_shared"] = probes.mean(shared.parts["calibration"])
    return numbers


def value_numbers(true: Array, fed: Array, values: PairValues, probes: Probes) -> Numbers:
    """Return the errors in value, and the parts of the divergence that are about value (L1, L3).

    Parameters
    ----------
    true, fed : ``[P, K]``.
    values : of the agent's target critic.
    probes : where.
    """
    direct = values.at_true - values.at_fed
    value_spread = probes.spread(values.at_true)
    numbers = {
        "inference_delta_q_direct": probes.mean(np.abs(direct)),
        "inference_delta_q_mean": probes.mean(direct),
        "inference_value_spread": value_spread,
    }
    if value_spread > 0:
        numbers["inference_delta_q_relative"] = numbers["inference_delta_q_direct"] / value_spread
    if values.q_values is None:
        return numbers
    found = value_discrepancy(true, fed, q_values=values.q_values)
    numbers["inference_delta_q"] = probes.mean(np.abs(found.delta_q))
    numbers["inference_action_spread"] = probes.mean(found.spread)
    known = ~np.isnan(found.relevance) & (probes.weights > 0)
    if known.any():
        weights = probes.weights[known] / probes.weights[known].sum()
        numbers["inference_relevance"] = float((weights * found.relevance[known]).sum())
    numbers |= _parts(value_ledger(true, fed, q_values=values.q_values), probes)
    numbers |= _parts(nested_ledger(true, fed, q_values=values.q_values), probes, prefix="inference_nested_")
    return numbers


def lag_numbers(
    fresh: Array,
    *,
    true: Array,
    fed: Array,
    snapshots: Array,
    weights: Array,
    here: Probes,
    buffer: Probes,
    rng: np.random.Generator,
) -> Numbers:
    """Return the parts by age of the data (L5), on the replay's observations, and by where they were seen (L6).

    Together they add to the divergence on observations of the current policies.

    Parameters
    ----------
    fresh : the divergence at each of `here`.
    true, fed : ``[P, K]``; on observations like the replay's.
    snapshots : ``[T, P, K]``; what the policies that filled it played there on average.
    weights : ``[T]``; how much each contributed.
    here : observations of the current policies.
    buffer : observations like the replay's.
    rng : resamples of episodes.
    """
    ledger = lag_ledger(true, fed, snapshots=snapshots, weights=weights)
    whole = combined_ledger(fresh, ledger, fresh_weights=here.weights, lag_weights=buffer.weights)
    numbers = {"inference_kl_replay": buffer.mean(ledger.total)}
    numbers |= {f"inference_{name}": float(part[0]) for name, part in whole.parts.items()}
    return numbers | shift_interval(fresh, ledger.total, here=here, buffer=buffer, rng=rng)


def softness_numbers(true: Array, fed: Array, played: Array, probes: Probes) -> Numbers:
    """Return the parts by what is played: soft points have another mean than the policy that draws them.

    Parameters
    ----------
    true, fed : ``[P, K]``.
    played : ``[P, K]``; the mean of what the true policy executes.
    probes : where.
    """
    ledger = lag_ledger(true, fed, snapshots=played[None])
    names = {"lag": "softness", "fit": "softness_fit", "interaction": "softness_interaction"}
    return {f"inference_{names[name]}": probes.mean(part) for name, part in ledger.parts.items()}


def regulariser_numbers(true: Array, fed: Array, probes: Probes, *, weight: float) -> Numbers:
    """Return the part that the entropy weight λ of the fit explains, and the rest."""
    return _parts(regulariser_ledger(true, fed, weight=weight), probes)


def _parts(ledger: Ledger, probes: Probes, *, prefix: str = "inference_") -> Numbers:
    """Return the weighted mean of every part; infinite divergences leave no parts, which are NaN."""
    return {f"{prefix}{name}": probes.mean(part) for name, part in ledger.parts.items()}
