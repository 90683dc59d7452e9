"""The meta-game of runs: a return match of every two, and what game theory makes of the table of results.

Two runs meet twice in the same worlds, each once on either side. The run wins a return match whose policies got more
on the first side against the other's than the other's did against its own. That is a symmetric zero-sum game between
runs, whatever the sum of the returns. Where returns are expectations the difference itself is the payoff, as a share of
the largest.

Intervals are over runs, which are drawn anew within each algorithm, and over the episodes of matches, which all pairs
share and which are drawn as one more group. Weights of an equilibrium jump as runs come and go: of them an interval
shows by how much, and promises no coverage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nashlens.analysis.alpha_sweep import ALPHAS, alpha_sweep
from nashlens.analysis.complete_table import complete_table
from nashlens.analysis.elo import cyclic_share
from nashlens.analysis.grouped_bootstrap import grouped_bootstrap
from nashlens.analysis.meta_game import meta_game
from nashlens.analysis.results import Array, Bound, Estimate
from nashlens.analysis.shared_episodes import cell_means
from nashlens.games.core import IntArray
from nashlens.games.randomness import child
from nashlens.reports.instruments.estimate_rows import estimate_row
from nashlens.reports.instruments.payoff_tensor import PayoffTensor
from nashlens.reports.instruments.population import WHOLE

ALPHA_RANK_SHARE = "alpha_rank_share_"
DELTA = 0.05
N_RESAMPLES = 100
NO_MATCH = "no two runs have met"
ALL = "all runs"
EPISODES = ("episodes",)  # no algorithm is called so
BETTER = {
    "nash_weight": True,
    **{f"{ALPHA_RANK_SHARE}{alpha:g}": True for alpha in ALPHAS},
    "elo": True,
    "uniform_nash_conv": False,
    "equilibrium_nash_conv": False,
}


def meta_rows(tensor: PayoffTensor, *, label: str, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the solutions of the meta-game between the whole last policies of all runs.

    Parameters
    ----------
    tensor : the payoffs, in a game of two sides; elsewhere there is no row.
    label : how the suite calls the game.
    seed : of the bootstrap's draws.

    Yields
    ------
    Rows with ``game, algorithm, quantity, n_empty``: by algorithm the weight in the equilibrium of most entropy, the
    share under α-rank at each α of the sweep and the mean Elo rating; for all runs the cyclic share and the NashConv of
    meeting every run equally often, all with bootstrap intervals over runs and the episodes that all pairs share; and
    what the NashConv of the equilibrium is at most in the true game (4ε, Hoeffding's ε over all pairs at 95%). Runs
    with empty cells are left out.
    """
    runs = tensor.chosen(part=WHOLE, last=True)
    if not tensor.match.has_sides or len(runs) < 2:
        return
    own = tensor.first[np.ix_(runs, runs)]
    table, error = return_matches(own, exact=tensor.bound == "exact")
    if not np.isfinite(table).any(where=~np.eye(len(runs), dtype=np.bool_)):
        yield _row(None, label=label, algorithm=ALL, quantity="cyclic_share", bound=tensor.bound, n_empty=table.size)
        return
    kept = complete_table(table, paired=True)
    algorithms = [tensor.entries[runs[k]].algorithm for k in kept.rows]
    n_games = None if tensor.bound == "exact" else own.shape[2]
    results = table[:, :, None] if n_games is None else np.sign(own - np.swapaxes(own, 0, 1))
    solved = results[np.ix_(kept.rows, kept.columns)]
    found = _with_intervals(solved, algorithms, n_games=n_games, rng=child(seed, "cross_play", "meta-game"))
    for (algorithm, quantity), estimate in found.items():
        labels = {"label": label, "algorithm": algorithm, "quantity": quantity}
        yield _row(estimate, **labels, bound=tensor.bound, n_empty=kept.n_empty)
    bound: Bound = "exact" if tensor.bound == "exact" else "upper"
    at_most = Estimate(
        value=4 * error, low=np.nan, high=np.nan, level=np.nan, method="computed", n=len(algorithms), unit="run"
    )
    yield _row(at_most, label=label, algorithm=ALL, quantity="equilibrium_nash_conv", bound=bound, n_empty=kept.n_empty)


def return_matches(payoffs: Array, *, exact: bool) -> tuple[Array, float]:
    """Return the results ``[R, R]`` of return matches, from −1 to 1, and the error of an entry.

    Parameters
    ----------
    payoffs : ``[R, R, E]``; return of the first side, the row's run on it, in the same worlds in every cell.
    exact : True if they are expectations: then entries are their differences over the largest one, and the error is 0.

    Examples
    --------
    >>> return_matches(np.array([[[0.0, 0.0], [2.0, 1.0]], [[1.0, 1.0], [0.0, 0.0]]]), exact=False)[0].tolist()
    [[0.0, 0.5], [-0.5, 0.0]]
    """
    apart = payoffs - np.swapaxes(payoffs, 0, 1)
    if exact:
        mean = apart.mean(axis=2)
        largest = float(np.abs(mean[np.isfinite(mean)]).max(initial=0.0))
        return mean / (largest or 1.0), 0.0
    won = cell_means(np.sign(apart), ~np.isnan(apart))
    n_pairs = max(1, len(won) * (len(won) - 1) // 2)
    return won, float(np.sqrt(np.log(2 * n_pairs / DELTA) * 4 / (2 * payoffs.shape[2])))


def share_at(alpha: float) -> str:
    """Return what the share under α-rank is called at one α.

    >>> share_at(10.0)
    'alpha_rank_share_10'
    """
    return f"{ALPHA_RANK_SHARE}{alpha:g}"


def _with_intervals(
    results: Array, algorithms: Sequence[str], *, n_games: int | None, rng: np.random.Generator
) -> dict[tuple[str, str], Estimate]:
    """Return every number of the meta-game by algorithm and quantity, with a bootstrap interval.

    Parameters
    ----------
    results : ``[R, R, E]``; of each match in each episode, or ``[R, R, 1]`` in expectation.
    algorithms : R, whose each run is.
    n_games : E; None for expectations.
    rng : source of the draws.
    """
    n_runs = len(algorithms)
    keys = list(_solved(results.mean(axis=2), algorithms, n_games))

    def statistic(drawn: IntArray) -> Array:
        runs, episodes = drawn[:n_runs], drawn[n_runs:] - n_runs
        table = (results if n_games is None else results[:, :, episodes]).mean(axis=2)
        values = _solved(table[np.ix_(runs, runs)], algorithms, n_games)
        return np.array([values[key] for key in keys])

    episodes = [] if n_games is None else [EPISODES] * n_games
    found = grouped_bootstrap([*algorithms, *episodes], statistic, n_resamples=N_RESAMPLES, rng=rng)
    sizes = {name: algorithms.count(name) for name in algorithms} | {ALL: len(algorithms)}
    return {key: replace(found.at(k), n=sizes[key[0]]) for k, key in enumerate(keys)}


def _solved(table: Array, algorithms: Sequence[str], n_games: int | None) -> dict[tuple[str, str], float]:
    """Return what the meta-game ``[R, R]`` of runs gives by algorithm and quantity, and for all of them."""
    games = None if n_games is None else np.full(table.shape, float(n_games))
    found = meta_game(table, one_population=True, games=games)
    sweep = alpha_sweep(found.payoffs, alphas=ALPHAS)
    values: dict[tuple[str, str], float] = {}
    for algorithm in dict.fromkeys(algorithms):
        mine = np.array([name == algorithm for name in algorithms])
        values[algorithm, "nash_weight"] = float(found.average.weights[mine].sum())
        for alpha, shares in zip(ALPHAS, sweep.shares, strict=True):
            values[algorithm, share_at(alpha)] = float(shares[mine].sum())
        if found.ratings is not None:
            values[algorithm, "elo"] = float(found.ratings.ratings[mine].mean())
    share = found.ratings.cyclic_share if found.ratings is not None else cyclic_share(found.payoffs)
    return values | {(ALL, "cyclic_share"): share, (ALL, "uniform_nash_conv"): float(found.uniform.nash_conv)}


def _row(
    estimate: Estimate | None, *, label: str, algorithm: str, quantity: str, bound: Bound, n_empty: int
) -> dict[str, Any]:
    """Return the row of one number, or of none where no two runs have met."""
    if estimate is None:
        estimate = Estimate(
            value=np.nan, low=np.nan, high=np.nan, level=np.nan, method="computed", n=0, unit="run", reason=NO_MATCH
        )
    why = "" if bound == "exact" and not estimate.reason else estimate.reason or "of this table of runs alone"
    stated = replace(estimate, bound=bound, reason="" if np.isfinite(estimate.low) else why)
    labels = {"game": label, "algorithm": algorithm, "quantity": quantity}
    return estimate_row(stated, higher_is_better=BETTER.get(quantity), **labels, n_empty=n_empty)
