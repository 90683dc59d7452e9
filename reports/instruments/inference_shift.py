"""The shift of a divergence from the replay's observations to new ones, within one run: its interval.

New observations are part of the replay themselves, as those of its last policies. So the shift is that from the older
policies' observations, by the share that they have; whole episodes of each policy are resampled among themselves, the
networks of the run staying as they are.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.distribution_shift import distribution_shift
from nashlens.analysis.results import Array
from nashlens.reports.instruments.inference_distances import Numbers
from nashlens.reports.instruments.inference_probes import Probes

SHIFT, LOW, HIGH = "inference_shift", "inference_shift_low", "inference_shift_high"


def shift_interval(fresh: Array, there: Array, *, here: Probes, buffer: Probes, rng: np.random.Generator) -> Numbers:
    """Return the ends of the 95 % interval of the shift by the episodes that were drawn (L6).

    Parameters
    ----------
    fresh : ``[P]``; the divergence on observations of the current policies.
    there : the divergence on observations like the replay's, in the order of `buffer`.
    here : the former observations.
    buffer : the latter, of several policies, of which the last are the current ones, at the observations of `here`.
    rng : source of the resamples.

    Returns
    -------
    Nothing where situations are listed, since the shift is exact there. NaN without older policies, where the shift is
    0 by construction, without five episodes of each policy, and where a divergence is infinite.
    """
    if here.exact:
        return {}
    assert buffer.policies is not None
    assert buffer.episodes is not None
    older = buffer.policies < buffer.policies[-1]
    if not older.any():
        return {LOW: np.nan, HIGH: np.nan}
    shift = distribution_shift(
        fresh,
        there[older],
        fresh_episodes=here.episodes,
        buffer_episodes=buffer.episodes[older],
        buffer_policies=buffer.policies[older],
        buffer_weights=buffer.weights[older],
        fresh_share=float(buffer.weights[~older].sum()),
        rng=rng,
    ).shift
    return {LOW: shift.low, HIGH: shift.high}
