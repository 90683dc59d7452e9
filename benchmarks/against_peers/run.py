"""The same work on nashlens, BenchMARL and AgileRL, side by side in one run: environment steps per second and ratios.

    python benchmarks/against_peers/run.py [--folder FOLDER] [--rounds 3] [--seconds 15] [--threads 1 2] [--only vmas …]

Each peer gets a virtual environment of its own under FOLDER, made on the first run: torch 2.13.0 first, then the peer
with that torch held. The work: simple_spread, three agents, episodes of 25 steps, actors and central critics of two
hidden layers of 64 rectified units, nothing shared, minibatches of 1,024, one update of all agents after every 100
steps, replay 1e6; steps are counted after the warm-up, acting, storing and updating included. The sides take turns,
round after round, each alone in a process, once with each number of threads; the rates are medians over the rounds, and
the ratios those of each side at its better number of threads: what one training gets from two cores. BenchMARL's MADDPG
takes continuous actions only. The peers give all agents one minibatch where nashlens draws one for each, as the
algorithm is published; the sides marked “one minibatch” do what the peers do.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import venv
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
TORCH = "torch==2.13.0"
PEERS = {"benchmarl": ["benchmarl==1.5.2", "vmas==1.5.2", "mpe2"], "agilerl": ["agilerl==2.58.0", "mpe2", "peft"]}
SIDES = {
    "nashlens, 100 environments": ("", "our_side.py", ["--envs", "100"]),
    "nashlens, 1,000 environments": ("", "our_side.py", ["--envs", "1000"]),
    "nashlens, 16 environments": ("", "our_side.py", ["--envs", "16"]),
    "nashlens, one minibatch, 100 environments": ("", "our_side.py", ["--envs", "100", "--minibatch", "shared"]),
    "nashlens, one minibatch, 1,000 environments": ("", "our_side.py", ["--envs", "1000", "--minibatch", "shared"]),
    "BenchMARL, VMAS, 100 environments": ("benchmarl", "benchmarl_side.py", ["--world", "vmas", "--envs", "100"]),
    "BenchMARL, VMAS, 1,000 environments": ("benchmarl", "benchmarl_side.py", ["--world", "vmas", "--envs", "1000"]),
    "BenchMARL, mpe2": ("benchmarl", "benchmarl_side.py", ["--world", "mpe", "--envs", "1"]),
    "AgileRL, mpe2, 16 environments": ("agilerl", "agilerl_side.py", ["--envs", "16"]),
}
Rate = tuple[float, float]


def interpreter_of(peer: str, folder: Path) -> str:
    """Return the interpreter of a peer's environment, which is made where it is missing; of nashlens, this one."""
    if not peer:
        return sys.executable
    home = folder / peer
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        held = folder / f"{peer}.txt"
        held.write_text(TORCH + "\n")
        install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, TORCH], check=True)
        subprocess.run([*install, "-c", str(held), *PEERS[peer]], check=True)
        (home / "complete").touch()
    return str(home / "bin" / "python")


def measured(command: list[str], *, seconds: float, threads: int) -> Rate | str:
    """Return steps per second of wall time and of CPU time, or what went wrong."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    command = [*command, "--seconds", str(seconds), "--threads", str(threads)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=600 + 10 * seconds
        )
    except subprocess.TimeoutExpired:
        return "it did not end in time"
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return (done.stderr.strip().splitlines() or ["no output"])[-1][:200]
    found = json.loads(lines[-1])
    return found["steps"] / found["wall"], found["steps"] / found["cpu"]


def is_published(name: str) -> bool:
    return name.startswith("nashlens") and "one minibatch" not in name


def median_rate(rates: Iterable[Rate]) -> Rate:
    wall, cpu = zip(*rates, strict=True)
    return median(wall), median(cpu)


def print_table(rates: Mapping[str, Mapping[int, list[Rate]]]) -> None:
    """Print a row a side: its rates with each number of threads, and the ratios of the better ones."""
    middle = {name: {n: median_rate(each) for n, each in found.items() if each} for name, found in rates.items()}
    best = {name: max((wall for wall, _ in found.values()), default=math.nan) for name, found in middle.items()}
    ours = max((rate for name, rate in best.items() if is_published(name)), default=math.nan)
    alike = max((rate for name, rate in best.items() if "one minibatch" in name), default=math.nan)
    counts = sorted({n for found in rates.values() for n in found})
    heads = "".join(f" steps/s, {n} thread{'s' if n > 1 else ''} | lowest, highest | per CPU second |" for n in counts)
    print(f"| side |{heads} nashlens / side | one minibatch / side |")
    print("|---|" + "---|" * (3 * len(counts) + 2))
    for name, found in middle.items():
        cells = ""
        for n in counts:
            if n in found:
                walls = [wall for wall, _ in rates[name][n]]
                cells += f" {found[n][0]:,.0f} | {min(walls):,.0f}, {max(walls):,.0f} | {found[n][1]:,.0f} |"
            else:
                cells += " — | — | — |"
        print(f"| {name} |{cells} {ours / best[name]:.2f} | {alike / best[name]:.2f} |")
    print(
        "Ratios: wall time of the fastest nashlens side, with a minibatch for each agent and with one for all, against"
    )
    print("each side at its better number of threads. CPU seconds of AgileRL leave its environments' processes out.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("peers"), help="where the peers' environments are made")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads that each side gets")
    parser.add_argument("--only", nargs="*", default=[""], help="sides whose names contain one of these words")
    chosen = parser.parse_args()
    sides = {name: side for name, side in SIDES.items() if any(word.lower() in name.lower() for word in chosen.only)}
    rates: dict[str, dict[int, list[Rate]]] = {name: {n: [] for n in chosen.threads} for name in sides}
    for _ in range(chosen.rounds):
        for name, (peer, script, arguments) in sides.items():
            command = [interpreter_of(peer, chosen.folder), str(HERE / script), *arguments]
            for n in chosen.threads:
                found = measured(command, seconds=chosen.seconds, threads=n)
                if isinstance(found, str):
                    print(f"{name}, {n} threads: {found}", file=sys.stderr)
                else:
                    rates[name][n].append(found)
    print_table(rates)


if __name__ == "__main__":
    main()
