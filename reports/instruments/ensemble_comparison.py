"""What training an ensemble adds: against single policies, and against policies trained apart and mixed afterwards.

A mixture's worst case is never below the mean of its members' worst cases, so that an ensemble which beats one policy
has shown nothing yet. It has to beat as many policies of independent runs, mixed in the same way. Those had K runs'
worth of data where the ensemble had one: the comparison is in their favour.

Seeds meet in the same episodes. Intervals are Student's over seeds, with what these episodes leave open of the mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.ensemble_gain import EnsembleGain, ensemble_gain
from nashlens.analysis.redundancy import redundancy
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.shared_episodes import cell_means, influences, shared_error, with_shared_episodes
from nashlens.reports.estimates import difference
from nashlens.reports.instruments.cross_play_pairings import by_side
from nashlens.reports.instruments.estimate_rows import estimate_row, over_seeds
from nashlens.reports.instruments.payoff_tensor import PayoffTensor
from nashlens.reports.instruments.population import WHOLE

GAINS = ("mixture_worst", "mean_single_worst", "mixing_gain", "post_hoc_worst", "training_gain")


def ensemble_rows(tensor: PayoffTensor, *, label: str) -> Iterator[dict[str, Any]]:
    """Yield what ensembles gain on each side by mixing and by training, means over seeds.

    Parameters
    ----------
    tensor : the payoffs.
    label : how the suite calls the game.

    Yields
    ------
    Rows with ``game, side, algorithm, against, quantity, n_empty``. Worst cases are over the whole policies of all
    runs, last and halfway, that none of the compared was trained with, chosen and measured on different episodes.
    Opponents that some of the compared never met are left out, in `n_empty` of all comparisons. In a game of one side
    there are no opponents, and no rows.
    """
    if not tensor.match.has_sides:
        return
    ensembles, singles = _kinds(tensor)
    for side, table in by_side(tensor):
        for algorithm in ensembles:
            runs = _runs(tensor, algorithm)
            for against in singles or [""]:
                found = [_gain(tensor, table, members, k, _runs(tensor, against)) for k, members in enumerate(runs)]
                gains = [gain for gain in found if gain is not None]
                n_empty = sum(gain.n_left_out for gain in gains)
                labels: dict[str, Any] = {"game": label, "side": side, "algorithm": algorithm, "against": against}
                for name in GAINS:
                    mean = over_seeds([getattr(gain, name) for gain in gains], higher_is_better=True)
                    moves = np.array([gain.moves[name] for gain in gains if gain.moves])
                    yield estimate_row(_heeding(mean, moves), **labels, quantity=name, n_empty=n_empty)
            ranks = [_rank(tensor, table, members) for members in runs]
            labels = {"game": label, "side": side, "algorithm": algorithm, "against": ""}
            yield estimate_row(over_seeds(ranks), **labels, quantity="behavioural_rank", n_empty=0)


def choice_rows(tensor: PayoffTensor, *, label: str) -> Iterator[dict[str, Any]]:
    """Yield what a side gains by bringing an ensemble instead of a single policy, against each kind of opponent.

    Parameters
    ----------
    tensor, label : as in `ensemble_rows`.

    Yields
    ------
    Rows with ``game, side, algorithm, against, opponent`` and the mean difference of what the runs of one seed get from
    the opponents of all other seeds, paired by seed: the comparisons of the paper's table of ensembles.
    """
    if not tensor.match.has_sides:
        return
    ensembles, singles = _kinds(tensor)
    for side, table in by_side(tensor):
        for algorithm in ensembles:
            for against in singles:
                for opponent in dict.fromkeys(entry.algorithm for entry in tensor.entries):
                    (ours, our_moves), (theirs, their_moves) = (
                        _against(tensor, table, name, opponent) for name in (algorithm, against)
                    )
                    labels: dict[str, Any] = {"game": label, "side": side, "algorithm": algorithm, "against": against}
                    shared = ours.index.intersection(theirs.index)
                    moves = np.array([our_moves[seed] - their_moves[seed] for seed in shared])
                    found = _heeding(difference(ours, theirs, higher_is_better=True), moves)
                    yield estimate_row(found, **labels, opponent=opponent)


def _heeding(found: Estimate, moves_SE: Array) -> Estimate:
    """Return a mean over seeds with what shared episodes leave open, given how much each moves each seed's number."""
    if not moves_SE.size:
        return found
    return with_shared_episodes(found, shared_error(moves_SE.mean(axis=0)), n_episodes=moves_SE.shape[1])


def _kinds(tensor: PayoffTensor) -> tuple[list[str], list[str]]:
    """Return the algorithms that have sub-policies, and those that have none."""
    algorithms = list(dict.fromkeys(entry.algorithm for entry in tensor.entries))
    mixed = {entry.algorithm for entry in tensor.entries if not entry.is_whole}
    return [name for name in algorithms if name in mixed], [name for name in algorithms if name not in mixed]


def _runs(tensor: PayoffTensor, algorithm: str) -> list[list[int]]:
    """Return the entries of every run of an algorithm: its sub-policies, or its last whole policy if it has none."""
    found: dict[int, list[int]] = {}
    parts = [k for k in tensor.chosen(algorithm=algorithm, last=True) if not tensor.entries[k].is_whole]
    for k in parts or tensor.chosen(algorithm=algorithm, part=WHOLE, last=True):
        found.setdefault(tensor.entries[k].seed, []).append(k)
    return [found[seed] for seed in sorted(found)]


def _gain(
    tensor: PayoffTensor, table: Array, members: Sequence[int], place: int, apart: Sequence[Sequence[int]]
) -> EnsembleGain | None:
    """Return the gain of one run's members over as many runs that were trained apart, the next ones in turn."""
    chosen = [apart[(place + k) % len(apart)][0] for k in range(len(members))] if len(apart) >= len(members) else []
    compared = [*members, *chosen]
    columns = _held_out(tensor, compared)
    if not np.isfinite(table[np.ix_(compared, columns)]).all(axis=(0, 2)).any():
        return None  # nobody whom all of them met
    ours = _payoffs(tensor, table, members, columns)
    return ensemble_gain(ours, _payoffs(tensor, table, chosen, columns) if chosen else None)


def _payoffs(tensor: PayoffTensor, table: Array, rows: Sequence[int], columns: Sequence[int]) -> Array:
    own = table[np.ix_(list(rows), list(columns))]
    mean: Array = own.mean(axis=2) if tensor.bound == "exact" else own
    return mean


def _held_out(tensor: PayoffTensor, rows: Sequence[int]) -> list[int]:
    """Return the whole policies, last and halfway, that none of some entries was trained with."""
    runs = {tensor.entries[k].run for k in rows}
    return [k for k in tensor.chosen(part=WHOLE) if tensor.entries[k].run not in runs]


def _rank(tensor: PayoffTensor, table: Array, members: Sequence[int]) -> float:
    """Return how many of a run's members differ in what they get: the rank of their payoffs, less what noise makes."""
    own = table[np.ix_(list(members), _held_out(tensor, members))]
    own = own[:, np.isfinite(own).all(axis=(0, 2))]
    if 0 in own.shape:
        return float("nan")
    spread = 0.0 if tensor.bound == "exact" else float(own.std(axis=2, ddof=1).mean()) / np.sqrt(own.shape[2])
    return float(redundancy(own.mean(axis=2), noise=spread).rank)


def _against(tensor: PayoffTensor, table: Array, algorithm: str, opponent: str) -> tuple[pd.Series, dict[int, Array]]:
    """Return by seed what an algorithm's runs get from another's runs of all other seeds.

    Also how much each episode ``[E]`` moves it.
    """
    columns = tensor.chosen(algorithm=opponent, part=WHOLE, last=True)
    values, moves = {}, {}
    for k in tensor.chosen(algorithm=algorithm, part=WHOLE, last=True):
        seed = tensor.entries[k].seed
        others = [c for c in columns if tensor.entries[c].seed != seed]
        met = table[k, others]
        if np.isfinite(met).any():
            values[seed] = float(np.nanmean(cell_means(met[None], ~np.isnan(met)[None])))
            moves[seed] = influences(met[~np.isnan(met).all(axis=1)]).mean(axis=0)
    return pd.Series(values, dtype=np.float64), moves
