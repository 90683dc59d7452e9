"""The stationary distribution of a Markov chain whose rates differ by any number of orders of magnitude.

States are eliminated one at a time, and the chain on the rest is watched only while it is there (the method of
Grassmann, Taksar and Heyman). Nothing is ever subtracted, so that every entry keeps its relative accuracy; kept as
logarithms, rates as small as ``exp(−10⁵)`` do not vanish either.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array


def stationary_distribution(log_rates: Array) -> Array:
    """Stationary distribution of a chain with positive rates.

    Parameters
    ----------
    log_rates : ``[P, P]``; logarithm of the rate from row to column, ``−inf`` where there is none. The diagonal is
        not used.

    Returns
    -------
    ``[P]``.

    Raises
    ------
    ValueError : `log_rates` is not square, holds NaN or ``+inf``, or the chain is not irreducible.

    Notes
    -----
    Cost O(P³) logarithms of sums.

    Examples
    --------
    >>> stationary_distribution(np.log([[1.0, 3.0], [1.0, 1.0]])).round(6).tolist()
    [0.25, 0.75]
    """
    rates = np.array(log_rates, dtype=np.float64)
    if rates.ndim != 2 or rates.shape[0] != rates.shape[1] or rates.size == 0:
        raise ValueError(f"log_rates must be a square matrix, not of shape {rates.shape}")
    if np.isnan(rates).any() or (rates == np.inf).any():
        raise ValueError("log_rates must be numbers or −inf")
    n_states = len(rates)
    leaving = np.zeros(n_states)
    for k in range(n_states - 1, 0, -1):
        leaving[k] = np.logaddexp.reduce(rates[k, :k])
        if leaving[k] == -np.inf or np.logaddexp.reduce(rates[:k, k]) == -np.inf:
            raise ValueError(f"the chain must be irreducible; state {k} and those before it do not reach each other")
        detour = rates[:k, k, None] + (rates[k, :k] - leaving[k])[None]
        np.logaddexp(rates[:k, :k], detour, out=rates[:k, :k])
    log_mass = np.zeros(n_states)
    for k in range(1, n_states):
        log_mass[k] = np.logaddexp.reduce(log_mass[:k] + rates[:k, k]) - leaving[k]
    mass = np.exp(log_mass - log_mass.max())
    distribution: Array = mass / mass.sum()
    return distribution
