"""NashConv of 100 tabular policies of Leduc poker, beside OpenSpiel's Python and C++ functions, on one core.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/tree_nash_conv.py

All sides answer for the same random policies in one run; times are for each policy. OpenSpiel's Python function walks
five of them, its C++ function ten. Compiling the tree is timed apart: it is done once a game. The answers are compared
before a time is printed.
"""

import time

import numpy as np
import pyspiel
from open_spiel.python.algorithms import exploitability as spiel
from open_spiel.python.policy import TabularPolicy

from nashlens.analysis import nash_conv
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.open_spiel_policy import to_open_spiel

N_POLICIES = 100


def main() -> None:
    rng = np.random.default_rng(0)
    source = pyspiel.load_game("leduc_poker")
    start = time.perf_counter()
    game = from_open_spiel(source)
    compiled = time.perf_counter() - start
    strategies = []
    for sets in game.tree.agents:
        weights = np.where(sets.legal, rng.exponential(size=(N_POLICIES, *sets.legal.shape)), 0.0)
        strategies.append(weights / weights.sum(axis=-1, keepdims=True))
    profile = BehaviouralProfile(strategies)

    ours_seconds = []
    for _ in range(5):
        start = time.perf_counter()
        ours = nash_conv(game, profile).nash_conv
        ours_seconds.append((time.perf_counter() - start) / N_POLICIES)
    mine = min(ours_seconds)

    tables = [to_open_spiel(game, BehaviouralProfile([s[k] for s in profile]), source=source) for k in range(10)]
    start = time.perf_counter()
    python = [spiel.nash_conv(source, table) for table in tables[:5]]
    python_seconds = (time.perf_counter() - start) / 5
    compiled_tables = [pyspiel.TabularPolicy(_as_dictionary(table)) for table in tables]
    start = time.perf_counter()
    cpp = [pyspiel.nash_conv(source, table) for table in compiled_tables]
    cpp_seconds = (time.perf_counter() - start) / 10

    largest = max(np.abs(ours[:5] - python).max(), np.abs(ours[:10] - cpp).max())
    print(f"largest difference   {largest:.1e}")
    print(f"tree                 {game.tree.n_histories} histories, compiled in {1e3 * compiled:.0f} ms")
    print(f"nashlens             {1e3 * mine:9.3f} ms a policy, {N_POLICIES} at once")
    print(f"OpenSpiel (Python)   {1e3 * python_seconds:9.3f} ms a policy, ratio {python_seconds / mine:.0f}")
    print(f"OpenSpiel (C++)      {1e3 * cpp_seconds:9.3f} ms a policy, ratio {cpp_seconds / mine:.0f}")


def _as_dictionary(table: TabularPolicy) -> dict[str, list[tuple[int, float]]]:
    rows, legal = table.action_probability_array, table.legal_actions_mask
    return {
        label: [(int(a), float(rows[k, a])) for a in np.flatnonzero(legal[k])]
        for label, k in table.state_lookup.items()
    }


if __name__ == "__main__":
    main()
