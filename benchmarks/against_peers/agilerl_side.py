"""The work on AgileRL and mpe2, run by its own interpreter: environment steps per second, one JSON line.

    python agilerl_side.py --envs 16 --seconds 20

The loop is the one of its own off-policy training without evaluation and without a population: act, step, store, and
one update of all agents on one minibatch of 1,024 after every 100 steps, or the nearest whole number of rounds.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings

import torch
from agilerl.algorithms import MADDPG
from agilerl.components.data import MultiAgentTransition, transition_to_tensordict
from agilerl.components.replay_buffer import ReplayBuffer
from agilerl.vector.pz_async_vec_env import AsyncPettingZooVecEnv
from mpe2 import simple_spread_v3

BATCH = 1024
NETWORK = {"encoder_config": {"hidden_size": [64]}, "head_config": {"hidden_size": [64]}, "latent_dim": 64}


def world():
    return simple_spread_v3.parallel_env(N=3, max_cycles=25, continuous_actions=False)


def rounds(n_envs: int):
    """Yield the environment steps of each round, updates included, for ever."""
    worlds = AsyncPettingZooVecEnv([world for _ in range(n_envs)])
    agent = MADDPG(
        worlds.possible_agents and [worlds.single_observation_space(a) for a in worlds.possible_agents],
        [worlds.single_action_space(a) for a in worlds.possible_agents],
        agent_ids=worlds.possible_agents,
        vect_noise_dim=n_envs,
        batch_size=BATCH,
        net_config=NETWORK,
        lr_actor=0.01,
        lr_critic=0.01,
        device="cpu",
    )
    memory = ReplayBuffer(1_000_000)
    observations, infos = worlds.reset()
    since = 0
    try:
        while True:
            actions, raw = agent.get_action(obs=observations, infos=infos)
            later, rewards, terminated, _, infos = worlds.step(actions)
            stored = transition_to_tensordict(
                MultiAgentTransition(obs=observations, action=raw, reward=rewards, next_obs=later, done=terminated)
            )
            stored.batch_size = torch.Size([n_envs])
            memory.add(stored)
            observations = later
            since += n_envs
            if since >= 100 and len(memory) >= BATCH:
                agent.learn(memory.sample(BATCH))
                since -= 100
            yield n_envs
    finally:
        worlds.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(chosen.threads)
    played, steps = rounds(chosen.envs), 0
    while steps < 3_000:
        steps += next(played)
    steps, wall, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - wall < chosen.seconds:
        steps += next(played)
    print(json.dumps({"steps": steps, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))
    played.close()


if __name__ == "__main__":
    main()
