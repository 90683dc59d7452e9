"""How training slows down as agents are added, on nashlens and on BenchMARL: milliseconds an environment step, a CSV.

    python benchmarks/against_peers/growth.py [--folder FOLDER] [--agents 2 3 6 12 24] [--seconds 10] [--threads 1]

The work is that of `run.py` with 100 environments: an update of all agents after every 100 steps. At each number of
agents the sides take turns, each alone in a process: nashlens with a minibatch for each agent, nashlens with one for
all of them, BenchMARL on VMAS (one for all). The exponents are slopes of the logarithm of time over the logarithm of
the number of agents, from 6 agents on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from run import HERE, interpreter_of, measured

ENVIRONMENTS = ["--envs", "100"]
SIDES = {
    "nashlens": ("", "our_side.py", ENVIRONMENTS),
    "nashlens, one minibatch": ("", "our_side.py", [*ENVIRONMENTS, "--minibatch", "shared"]),
    "BenchMARL, VMAS": ("benchmarl", "benchmarl_side.py", [*ENVIRONMENTS, "--world", "vmas"]),
}
LARGE = 6
"""From so many agents on the exponent is fitted."""


def times(n_agents: int, *, folder: Path, seconds: float, rounds: int, threads: int) -> list[dict[str, object]]:
    """Return a row for each side: the median time of a step in ms over the rounds, or why there is none."""
    found: dict[str, list[float]] = {side: [] for side in SIDES}
    reasons: dict[str, str] = {}
    for _ in range(rounds):
        for side, (peer, script, arguments) in SIDES.items():
            command = [interpreter_of(peer, folder), str(HERE / script), *arguments, "--agents", str(n_agents)]
            rate = measured(command, seconds=seconds, threads=threads)
            if isinstance(rate, str):
                reasons[side] = rate
            else:
                found[side].append(1_000 / rate[0])
    return [
        {
            "side": side,
            "agents": n_agents,
            "ms_a_step": median(each) if each else np.nan,
            "n": len(each),
            "failure": reasons.get(side, ""),
        }
        for side, each in found.items()
    ]


def exponent(rows: pd.DataFrame) -> float:
    """Return the slope of log time over log agents where agents are many."""
    large = rows[(rows["agents"] >= LARGE) & rows["ms_a_step"].notna()]
    if len(large) < 2:
        return np.nan
    return float(np.polyfit(np.log(large["agents"]), np.log(large["ms_a_step"]), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("peers"), help="where the peers' environments are made")
    parser.add_argument("--agents", type=int, nargs="+", default=[2, 3, 6, 12, 24])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1, help="of each side")
    parser.add_argument("--csv", type=Path, help="where the table is written")
    chosen = parser.parse_args()
    rows = []
    for n_agents in chosen.agents:
        rows += times(
            n_agents, folder=chosen.folder, seconds=chosen.seconds, rounds=chosen.rounds, threads=chosen.threads
        )
        for row in rows[-len(SIDES) :]:
            print(f"{n_agents:3d} agents, {row['side']}: {row['ms_a_step']:.3f} ms a step {row['failure']}", flush=True)
    table = pd.DataFrame(rows)
    if chosen.csv:
        table.to_csv(chosen.csv, index=False)
    wide = table.pivot(index="agents", columns="side", values="ms_a_step")
    for side in SIDES:
        ratios = ", ".join(f"{value:.2f} at {n}" for n, value in (wide["BenchMARL, VMAS"] / wide[side]).items())
        print(f"{side}: exponent {exponent(table[table['side'] == side]):.2f}; BenchMARL's time over its: {ratios}")


if __name__ == "__main__":
    main()
