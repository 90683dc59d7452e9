"""How algorithms do against each other, against opponents that they never met, and with their own training partners.

Two policies of one run were trained together; what they do to each other is left out of pairings, where independent
training is what is compared, and is one side of the comparison in self-play against cross-play.

All cells share their episodes. Intervals are over runs and over these episodes; where cells are expectations they are
over runs alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.robustness import robustness
from nashlens.analysis.self_play import self_play_gap
from nashlens.analysis.two_way_bootstrap import cell_mean, two_way_bootstrap
from nashlens.games.randomness import child
from nashlens.reports.instruments.estimate_rows import enough_seeds, estimate_row
from nashlens.reports.instruments.payoff_tensor import PayoffTensor
from nashlens.reports.instruments.population import WHOLE

N_RESAMPLES = 2000
RETURN = "return"
# What is lost from the training opponents, or with strangers, is better small; all else here is a return.
LOSSES = {"generalisation_gap", "gap", "correlation"}
ROBUSTNESS = ("mean", "worst_case", "cvar", "generalisation_gap")
SELF_PLAY = ("self_play", "cross_play", "gap", "correlation")
UPPER = {"worst_case", "cvar"}


def pairing_rows(tensor: PayoffTensor, *, label: str, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what each side gets in each pairing of two algorithms, strangers only, and what the game counts.

    Parameters
    ----------
    tensor : the payoffs.
    label : how the suite calls the game.
    seed : of the bootstrap's draws.

    Yields
    ------
    Rows with ``game, first, second, score`` and an estimate with a bootstrap interval over the runs of both sides and,
    where cells are played, over the episodes that all of them share. The score is ``return of`` a side, or the name of
    what the game counts in an episode.
    """
    strange = ~tensor.trained_together
    scores = {f"{RETURN} of {tensor.match.first}": tensor.first}
    if tensor.match.has_sides:
        scores[f"{RETURN} of {tensor.match.second}"] = tensor.second
    algorithms = list(dict.fromkeys(entry.algorithm for entry in tensor.entries))
    for score, table in (scores | tensor.counts).items():
        met = np.where(strange[:, :, None], table, np.nan)
        for first in algorithms:
            for second in algorithms:
                rows = tensor.chosen(algorithm=first, part=WHOLE, last=True)
                columns = tensor.chosen(algorithm=second, part=WHOLE, last=True)
                found = two_way_bootstrap(
                    met[np.ix_(rows, columns)],
                    cell_mean,
                    n_resamples=N_RESAMPLES,
                    rng=child(seed, "cross_play", "pairings", score, first, second),
                ).at()
                labels = {"game": label, "first": first, "second": second, "score": score}
                yield estimate_row(
                    enough_seeds(found), higher_is_better=True if score.startswith(RETURN) else None, **labels
                )


def robustness_rows(tensor: PayoffTensor, *, label: str) -> Iterator[dict[str, Any]]:
    """Yield how each algorithm does on each side against all opponents that it was not trained with.

    Parameters
    ----------
    tensor, label : as in `pairing_rows`.

    Yields
    ------
    Rows with ``game, side, algorithm, quantity, n_empty``: the mean over held-out opponents, the worst case and the
    mean of the worst quarter (chosen and measured on different episodes; upper bounds in expectation), and what is lost
    from the training opponents; `n_empty` cells were not played. Opponents are all algorithms' whole policies, at their
    last snapshot and halfway. Intervals over runs heed the shared episodes, with opponents as chosen.
    """
    together = tensor.trained_together
    whole = tensor.chosen(part=WHOLE)
    for side, table in by_side(tensor):
        for algorithm in dict.fromkeys(entry.algorithm for entry in tensor.entries):
            rows = tensor.chosen(algorithm=algorithm, part=WHOLE, last=True)
            met = together[np.ix_(rows, whole)]
            found = robustness(table[np.ix_(rows, whole)], trained_with=met)
            for quantity in ROBUSTNESS:
                estimate = enough_seeds(getattr(found, quantity).at())
                labels = {"game": label, "side": side, "algorithm": algorithm, "quantity": quantity}
                row = estimate_row(estimate, higher_is_better=quantity not in LOSSES, **labels)
                row["bound"] = "upper" if quantity in UPPER and tensor.bound != "exact" else row["bound"]
                yield {**row, "n_empty": found.n_empty}


def self_play_rows(tensor: PayoffTensor, *, label: str) -> Iterator[dict[str, Any]]:
    """Yield self-play against cross-play among the runs of each algorithm, for each side, with jackknife intervals.

    What the shared episodes leave open is added to what runs leave open.

    Parameters
    ----------
    tensor, label : as in `pairing_rows`.
    """
    for side, table in by_side(tensor):
        for algorithm in dict.fromkeys(entry.algorithm for entry in tensor.entries):
            rows = tensor.chosen(algorithm=algorithm, part=WHOLE, last=True)
            found = self_play_gap(table[np.ix_(rows, rows)])
            for quantity in SELF_PLAY:
                estimate: Estimate = enough_seeds(getattr(found, quantity))
                labels = {"game": label, "side": side, "algorithm": algorithm, "quantity": quantity}
                row = estimate_row(estimate, higher_is_better=quantity not in LOSSES, **labels)
                yield {**row, "n_empty": found.n_empty}


def by_side(tensor: PayoffTensor) -> Iterator[tuple[str, Array]]:
    """Yield each side with its payoffs, its own entries on the rows; the stranger's only where there is one side."""
    yield tensor.match.first, tensor.first
    if tensor.match.has_sides:
        yield tensor.match.second, np.swapaxes(tensor.second, 0, 1)
