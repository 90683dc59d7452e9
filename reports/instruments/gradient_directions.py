"""Whether networks' gradients point uphill: agreement with the gradient of returns, and how much of that is signal."""

from __future__ import annotations

import math

import pandas as pd

from nashlens.analysis.proposition_one import ESTIMATORS, Estimator
from nashlens.analysis.results import Estimate
from nashlens.reports.estimates import difference
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments.gradient_numbers import by_seed_of, mean_over_seeds, signal_of_returns
from nashlens.reports.verdicts import Statement, n_comparisons, written
from nashlens.reports.words import counted, estimate_words, has_interval

CHANCE = 0.5


def uphill(frame: pd.DataFrame, label: str) -> str:
    """Say which estimators point the way of returns, all judged together, and what that way itself is worth.

    Parameters
    ----------
    frame : the instrument's tidy frame.
    label : of the game.

    Returns
    -------
    Sentences; empty where no estimator has an interval.
    """
    shares = {e: mean_over_seeds(frame, label, names.TRUE_SIGN, e) for e in ESTIMATORS}
    known = {e: share for e, share in shares.items() if has_interval(share)}
    if not known:
        return ""
    statements = {str(estimator): [_statement(frame, label, estimator, share)] for estimator, share in known.items()}
    fewest = min(share.n for share in known.values())
    return (
        f"share of episodes whose gradient agrees in sign: {'; '.join(written(statements).values())}. Directions after "
        f"Holm's correction for {counted(n_comparisons(statements), 'share')}; n = {counted(fewest, 'seed')}. "
        f"{_of_returns(signal_of_returns(frame, label))}"
    )


def _statement(frame: pd.DataFrame, label: str, estimator: Estimator, share: Estimate) -> Statement:
    """Return what is said of one estimator, decided by how far its agreement with returns is from chance."""
    each = by_seed_of(frame, label, names.TRUE_SIGN, estimator)
    own = mean_over_seeds(frame, label, names.SIGN, estimator)
    words = f"{names.NETWORK_NAMES[estimator]} {estimate_words(own)} with its own mean, {estimate_words(share)}"
    return Statement(
        differences=(difference(each, each * 0 + CHANCE),),
        write=lambda verdicts: (
            f"{words} with returns: {verdicts[0].word(up='uphill', down='downhill', neither='neither is shown')}"
        ),
    )


def _of_returns(signal: Estimate) -> str:
    """Say how much of the direction of returns is signal, and what follows for those that do not agree with it."""
    about = (
        f"The direction of returns is the mean of {names.N_RETURNS:,} other episodes of REINFORCE less the mean return"
    )
    if math.isnan(signal.value):
        return (
            f"{about}, an estimator in which no signal was found here: it may be noise, and who does not agree with it "
            "may still point uphill."
        )
    return (
        f"{about}; of its squared length a share of {estimate_words(signal)} is signal and the rest noise. A gradient "
        "with little noise that does not agree with it has a critic's error as far as that is signal."
    )
