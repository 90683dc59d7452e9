"""The work on nashlens: environment steps per second, one JSON line.

    python our_side.py --envs 100 --seconds 20

The loop is the one of `agents.train`: discrete actions, a set of parameters an agent, each agent its own minibatch of
1,024 (or one for all of them), one update of all agents after every 100 steps, replay 1e6; two snapshots and no
evaluation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time

from nashlens import games
from nashlens.agents import train
from nashlens.agents.config import MADDPG, Rollout

WARM_UP_STEPS = 3_000


class OverError(Exception):
    """The time is over."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, default=100)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--minibatch", choices=("separate", "shared"), default="separate")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=400_000, help="steps at most, which bound the replay")
    chosen = parser.parse_args()
    noted: list[tuple[int, float, float]] = []

    def watch(progress) -> None:
        if progress.steps >= WARM_UP_STEPS:
            noted.append((progress.steps, time.perf_counter(), time.process_time()))
            if noted[-1][1] - noted[0][1] > chosen.seconds:
                raise OverError

    how = Rollout(n_envs=chosen.envs, warmup_steps=1_100, update_every_steps=100, replay_capacity=1_000_000)
    with contextlib.suppress(OverError):
        train(
            games.make("simple_spread", n_agents=chosen.agents),
            MADDPG(rollout=how, minibatch=chosen.minibatch),
            seeds=[0],
            steps=chosen.steps,
            n_snapshots=2,
            progress=watch,
            threads=chosen.threads,
        )
    steps, wall, cpu = (last - first for first, last in zip(noted[0], noted[-1], strict=True))
    print(json.dumps({"steps": steps, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
