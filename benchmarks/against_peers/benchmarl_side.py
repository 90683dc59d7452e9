"""The work on BenchMARL, run by its own interpreter: environment steps per second, one JSON line.

    python benchmarl_side.py --world vmas --envs 100 --seconds 20

MADDPG of BenchMARL takes continuous actions only, so that is what it gets; parameters are not shared, the networks
have two hidden layers of 64 rectified units, and one minibatch of 1,024 updates all agents after every 100 steps.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
import warnings

import torch
from benchmarl.algorithms import MaddpgConfig
from benchmarl.environments import PettingZooTask, VmasTask
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from torchrl.envs import PettingZooWrapper

WARM_UP_STEPS = 3_000


class Clock(Callback):
    """Notes when each batch of experience was complete, and stops the run when the time is over."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.steps = seconds, 0
        self.noted: list[tuple[int, float, float]] = []

    def on_batch_collected(self, batch) -> None:
        self.steps += batch.numel()
        if self.steps < WARM_UP_STEPS:
            return
        self.noted.append((self.steps, time.perf_counter(), time.process_time()))
        if self.noted[-1][1] - self.noted[0][1] > self.seconds:
            raise StopIteration


def experiment_of(world: str, n_envs: int, *, n_agents: int, shared: bool, clock: Clock, folder: str) -> Experiment:
    config = ExperimentConfig.get_from_yaml()
    config.share_policy_params = shared
    config.prefer_continuous_actions = True
    config.gamma, config.lr, config.polyak_tau = 0.95, 0.01, 0.01
    config.clip_grad_norm, config.clip_grad_val = True, 0.5
    config.off_policy_n_envs_per_worker = n_envs
    config.off_policy_collected_frames_per_batch = max(100, n_envs)
    config.off_policy_n_optimizer_steps = max(100, n_envs) // 100
    config.off_policy_train_batch_size = 1024
    config.off_policy_memory_size = 1_000_000
    config.max_n_frames, config.max_n_iters = 10**9, None
    config.evaluation, config.render, config.loggers, config.create_json = False, False, [], False
    config.save_folder = folder
    algorithm = MaddpgConfig.get_from_yaml()
    algorithm.share_param_critic = shared
    model = MlpConfig(num_cells=[64, 64], layer_class=torch.nn.Linear, activation_class=torch.nn.ReLU)
    if world == "vmas":
        task = VmasTask.SIMPLE_SPREAD.get_from_yaml()
        task.config = {"max_steps": 25, "obs_agents": True, "n_agents": n_agents}
    else:
        task = PettingZooTask.SIMPLE_SPREAD.get_from_yaml()
        type(task).get_env_fun = moved(n_agents)
    return Experiment(task, algorithm, model, seed=0, config=config, critic_model_config=model, callbacks=[clock])


def moved(n_agents: int):
    """Return what stands in for the method that looks for the particle world where it no longer is."""

    def get_env_fun(task, num_envs, continuous_actions, seed, device):
        return lambda: mpe(n_agents, device)

    return get_env_fun


def mpe(n_agents: int, device: object) -> PettingZooWrapper:
    """Return the particle world of mpe2; the module that BenchMARL looks in has moved there."""
    from mpe2 import simple_spread_v3

    world = simple_spread_v3.parallel_env(N=n_agents, max_cycles=25, continuous_actions=True)
    return PettingZooWrapper(env=world, return_state=True, categorical_actions=True, device=device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--world", choices=("vmas", "mpe"), default="vmas")
    parser.add_argument("--envs", type=int, default=100)
    parser.add_argument("--agents", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shared", action="store_true", help="share all parameters")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(chosen.threads)
    clock = Clock(chosen.seconds)
    with tempfile.TemporaryDirectory() as folder:
        experiment = experiment_of(
            chosen.world, chosen.envs, n_agents=chosen.agents, shared=chosen.shared, clock=clock, folder=folder
        )
        with contextlib.suppress(StopIteration):
            experiment.run()
    steps, wall, cpu = (last - first for first, last in zip(clock.noted[0], clock.noted[-1], strict=True))
    print(json.dumps({"steps": steps, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
