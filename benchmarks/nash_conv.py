"""NashConv of 1,000 profiles of a random three-agent 5×5×5 game, beside OpenSpiel's Python function, on one core.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/nash_conv.py

Both sides answer for the same game and profiles, best of five for ours and once through for theirs, in one run. The
answers are compared before a time is printed.
"""

import time

import numpy as np
import pyspiel
from open_spiel.python.algorithms import exploitability as spiel
from open_spiel.python.policy import TabularPolicy

from nashlens.analysis import nash_conv
from nashlens.games import NormalFormGame, Profile

N_PROFILES = 1000


def main() -> None:
    rng = np.random.default_rng(0)
    payoffs = rng.normal(size=(3, 5, 5, 5))
    profile = Profile([rng.dirichlet(np.ones(5), size=N_PROFILES) for _ in range(3)])

    game = NormalFormGame(payoffs)
    ours_seconds = []
    for _ in range(5):
        start = time.perf_counter()
        ours = nash_conv(game, profile).nash_conv
        ours_seconds.append(time.perf_counter() - start)

    flat = [own.ravel().tolist() for own in payoffs]
    turn_based = pyspiel.convert_to_turn_based(pyspiel.create_tensor_game(flat, [5, 5, 5]))
    policy = TabularPolicy(turn_based)
    theirs = np.empty(N_PROFILES)
    start = time.perf_counter()
    for k in range(N_PROFILES):
        policy.action_probability_array[:] = [strategy[k] for strategy in profile]
        theirs[k] = spiel.nash_conv(turn_based, policy)
    theirs_seconds = time.perf_counter() - start

    print(f"largest difference   {np.abs(ours - theirs).max():.1e}")
    print(f"nashlens             {1e3 * min(ours_seconds):9.2f} ms for {N_PROFILES} profiles")
    print(f"OpenSpiel (Python)   {1e3 * theirs_seconds:9.2f} ms for {N_PROFILES} profiles")
    print(f"ratio                {theirs_seconds / min(ours_seconds):9.0f}")


if __name__ == "__main__":
    main()
