"""One joint update of MADDPG against the matrix products that it cannot do without, in one run, part by part.

    OMP_NUM_THREADS=1 python benchmarks/update.py [--agents 3] [--batch 1024] [--repeats 200] [--seeds 1] [--parts]

The work: simple_spread, discrete actions, actors and central critics of two hidden layers of 64 rectified units, a set
of parameters an agent, each learner its own minibatch. The products are the same in number and shape as an update has
them, on arrays of their own, into arrays made beforehand, as the linear algebra library multiplies batches. Both sides
take turns, one update and then one round of products, so that a drift of the machine's speed reaches both; the ratio
is that of the medians, in process CPU time and in wall time. ``--parts`` says which kinds of operations the rest is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median

import torch

from nashlens import games
from nashlens.agents.allocation import keep_freed_memory
from nashlens.agents.checkpoint import Generators
from nashlens.agents.config import MADDPG, Rollout
from nashlens.agents.families import engine_for
from nashlens.agents.rollout import Rollout as Gathering

HIDDEN = 64
KINDS = {
    "matrix products": ("mm", "bmm", "addmm", "baddbmm", "mv", "dot"),
    "drawing": ("uniform_", "normal_", "random_", "exponential_", "rand"),
    "reading the replay": ("index_select", "index", "gather"),
    "softmax and choice": ("softmax", "_softmax", "argmax", "max", "amax", "scatter_", "exp", "log", "log_", "exp_"),
    "copies": ("copy_", "cat", "stack", "clone", "contiguous", "constant_pad_nd"),
    "activations": ("relu_", "relu", "threshold_backward", "clamp_min", "clamp_min_"),
    "optimiser and targets": ("_fused_adam_", "lerp_", "addcmul_", "addcdiv_", "sqrt", "_foreach_lerp_", "sqrt_"),
}


def update_of(game: games.Game, settings: MADDPG, *, n_seeds: int) -> Callable[[], None]:
    """Return a call that makes one joint update on a replay of played transitions."""
    seeds, device = range(n_seeds), torch.device("cpu")
    n_envs, capacity = settings.rollout.n_envs, settings.rollout.replay_capacity
    engine = engine_for(game.spec, dict.fromkeys(game.spec.sides, settings), seeds=seeds, steps=capacity, device=device)
    generators = Generators(seeds, device=device)
    gathering = Gathering(game, n_envs, device=device, rngs=generators.environments)
    for _ in range(-(-capacity // n_envs)):
        gathering.step(engine, n_updates=0, generators=generators.acting)
    alive = torch.ones(n_seeds, dtype=torch.bool, device=device)

    def update() -> None:
        engine.update(alive, n_updates=0, generators=generators.learning)

    return update


def products_of(game: games.Game, *, batch_size: int, n_seeds: int) -> Callable[[], None]:
    """Return a call that makes the matrix products of one joint update, and nothing else."""
    n_agents, n_in = game.spec.n_agents, max(game.spec.observation_sizes)
    width, n_actions = sum(game.spec.observation_sizes) + sum(game.spec.action_widths), max(game.spec.action_widths)
    n_members = n_seeds * n_agents
    actor, critic = [n_in, HIDDEN, HIDDEN, n_actions], [width, HIDDEN, HIDDEN, 1]
    arrays: dict[tuple[str, int, int], torch.Tensor] = {}
    calls: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def array(use: str, rows: int, columns: int) -> torch.Tensor:  # few arrays, so that they stay near the processor
        return arrays.setdefault((use, rows, columns), torch.randn(n_members, rows, columns))

    def add(rows: int, inner: int, columns: int, *, turned: str = "") -> None:
        left = array("left", inner, rows).mT if turned == "left" else array("left", rows, inner)
        right = array("right", columns, inner).mT if turned == "right" else array("right", inner, columns)
        calls.append((left, right, array("out", rows, columns)))

    def forward(widths: Sequence[int], rows: int) -> None:
        for k in range(3):
            add(rows, widths[k], widths[k + 1])

    def backward(widths: Sequence[int], *, parameters: bool, inputs: int = 0) -> None:
        for k in (2, 1, 0):
            if parameters:
                add(widths[k], batch_size, widths[k + 1], turned="left")
            if k > 0 or inputs:
                add(batch_size, widths[k + 1], widths[k] if k else inputs, turned="right")

    forward(actor, n_agents * batch_size)  # what the target actors do at the successors of every minibatch
    forward(critic, batch_size)  # the target critics
    forward(critic, batch_size)  # the critics, and their step
    backward(critic, parameters=True)
    forward(actor, batch_size)  # the actors' step: through the critics down to the own action, and through the actors
    forward(critic, batch_size)
    backward(critic, parameters=False, inputs=n_actions)
    backward(actor, parameters=True)

    def multiply() -> None:
        for left, right, out in calls:
            torch.bmm(left, right, out=out)

    return multiply


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """Return the CPU time and the wall time of one call, in milliseconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - wall)


def in_turn(calls: Sequence[Callable[[], None]], *, repeats: int) -> list[list[tuple[float, float]]]:
    """Return the times ``[repeats]`` of each of some calls that take turns."""
    for call in calls:
        for _ in range(10):
            call()
    rounds = [[timed(call) for call in calls] for _ in range(repeats)]
    return [list(times) for times in zip(*rounds, strict=True)]


def print_parts(update: Callable[[], None], *, repeats: int) -> None:
    """Print the share of each kind of operation in an update, as the profiler of torch sees them."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        for _ in range(repeats):
            update()
    spent = {event.key.removeprefix("aten::"): event.self_cpu_time_total for event in profile.key_averages()}
    counts = {event.key.removeprefix("aten::"): event.count for event in profile.key_averages()}
    total = sum(spent.values())
    left = dict(spent)
    print("\n| part | share | operations in an update |\n|---|---|---|")
    for kind, names in KINDS.items():
        share = sum(left.pop(name, 0.0) for name in names) / total
        print(f"| {kind} | {share:.1%} | {sum(counts.get(name, 0) for name in names) / repeats:.0f} |")
    rest = ", ".join(f"{name} {time_ / total:.1%}" for name, time_ in sorted(left.items(), key=lambda p: -p[1])[:6])
    n_left = sum(counts[name] for name in left) / repeats
    print(f"| other operations (most: {rest}) | {sum(left.values()) / total:.1%} | {n_left:.0f} |")
    print("Shares of the time inside operations while the profiler watches, which favours large operations.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--capacity", type=int, default=200_000, help="transitions in the replay")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parts", action="store_true", help="say where the time goes")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    keep_freed_memory()
    game = games.make("simple_spread", n_agents=chosen.agents)
    rollout = Rollout(n_envs=64, replay_capacity=chosen.capacity)
    settings = MADDPG(hidden=(HIDDEN, HIDDEN), batch_size=chosen.batch, rollout=rollout)
    update = update_of(game, settings, n_seeds=chosen.seeds)
    multiply = products_of(game, batch_size=chosen.batch, n_seeds=chosen.seeds)
    ours, floor = in_turn([update, multiply], repeats=chosen.repeats)
    print(f"simple_spread, N={chosen.agents}, batch {chosen.batch}, S={chosen.seeds}, threads {chosen.threads}")
    print("| | CPU [ms] | wall [ms] | least CPU [ms] |\n|---|---|---|---|")
    middle = []
    for name, times in (("one joint update", ours), ("its matrix products alone", floor)):
        cpu, wall = (median(part) for part in zip(*times, strict=True))
        middle.append((cpu, wall))
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {min(t[0] for t in times):.2f} |")
    (cpu, wall), (cpu_floor, wall_floor) = middle
    print(f"ratio: {cpu / cpu_floor:.2f} in CPU time, {wall / wall_floor:.2f} in wall time")
    if chosen.parts:
        print_parts(update, repeats=50)


if __name__ == "__main__":
    main()
