"""The meta-game of runs: a return match of every two, and what game theory makes of the table of results.

Two runs meet twice in the same worlds, each once on either side. The run wins a return match whose policies got more
on the first side against the other's than the other's did against its own. That is a symmetric zero-sum game between
runs, whatever the sum of the returns. Where returns are expectations the difference itself is the payoff, as a share of
the largest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nashlens.analysis.cross_play import cell_means
from nashlens.analysis.elo import cyclic_share
from nashlens.analysis.meta_game import MetaGame, meta_game
from nashlens.analysis.results import Array, Bound, Estimate
from nashlens.reports.instruments.estimate_rows import estimate_row
from nashlens.reports.instruments.payoff_tensor import PayoffTensor
from nashlens.reports.instruments.population import WHOLE

DELTA = 0.05
ALL = "all runs"
BETTER = {
    "nash_weight": True,
    "alpha_rank_share": True,
    "elo": True,
    "uniform_nash_conv": False,
    "equilibrium_nash_conv": False,
}


def meta_rows(tensor: PayoffTensor, *, label: str) -> Iterator[dict[str, Any]]:
    """Yield the solutions of the meta-game between the whole last policies of all runs.

    Parameters
    ----------
    tensor : the payoffs, in a game of two sides; elsewhere there is no row.
    label : how the suite calls the game.

    Yields
    ------
    Rows with ``game, algorithm, quantity``: by algorithm the weight in the equilibrium of most entropy, the share under
    α-rank and the mean Elo rating; for all runs the cyclic share, the NashConv of meeting every run equally often, and
    what the NashConv of the equilibrium is at most in the true game (4ε, Hoeffding's ε over all pairs at 95%).
    """
    runs = tensor.chosen(part=WHOLE, last=True)
    if not tensor.match.has_sides or len(runs) < 2:
        return
    own = tensor.first[np.ix_(runs, runs)]
    table, error = return_matches(own, exact=tensor.bound == "exact")
    games = None if tensor.bound == "exact" else np.full(table.shape, float(own.shape[2]))
    found = meta_game(table, one_population=True, games=games, error=error)
    algorithms = [tensor.entries[runs[k]].algorithm for k in found.rows]
    for algorithm in dict.fromkeys(algorithms):
        mine = np.array([name == algorithm for name in algorithms])
        for quantity, value in _of_algorithm(found, mine).items():
            yield _row(
                value, label=label, algorithm=algorithm, quantity=quantity, n=int(mine.sum()), bound=tensor.bound
            )
    share = found.ratings.cyclic_share if found.ratings is not None else cyclic_share(found.payoffs)
    values = {"cyclic_share": share, "uniform_nash_conv": float(found.uniform.nash_conv)}
    for quantity, value in values.items():
        yield _row(value, label=label, algorithm=ALL, quantity=quantity, n=len(algorithms), bound=tensor.bound)
    bound: Bound = "exact" if tensor.bound == "exact" else "upper"
    at_most = found.equilibrium_nash_conv
    yield _row(at_most, label=label, algorithm=ALL, quantity="equilibrium_nash_conv", n=len(algorithms), bound=bound)


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
        return mean / (float(np.abs(mean).max()) or 1.0), 0.0
    won = cell_means(np.sign(apart), ~np.isnan(apart))
    n_pairs = max(1, len(won) * (len(won) - 1) // 2)
    return won, float(np.sqrt(np.log(2 * n_pairs / DELTA) * 4 / (2 * payoffs.shape[2])))


def _of_algorithm(found: MetaGame, mine: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, float]:
    values = {
        "nash_weight": float(found.average.weights[mine].sum()),
        "alpha_rank_share": float(found.ranks.distribution[mine].sum()),
    }
    if found.ratings is not None:
        values["elo"] = float(found.ratings.ratings[mine].mean())
    return values


def _row(value: float, *, label: str, algorithm: str, quantity: str, n: int, bound: Bound) -> dict[str, Any]:
    why = "" if bound == "exact" else "of this table of runs; another set of runs has another"
    estimate = Estimate(
        value=value,
        low=np.nan,
        high=np.nan,
        level=np.nan,
        method="computed",
        n=n,
        unit="run",
        bound=bound,
        reason=why,
    )
    return estimate_row(
        estimate, higher_is_better=BETTER.get(quantity), game=label, algorithm=algorithm, quantity=quantity
    )
