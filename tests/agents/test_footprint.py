from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from nashlens.agents import config
from nashlens.agents.adam import Adam
from nashlens.agents.footprint import held_bytes, seed_bytes
from nashlens.games import make


def test_held_bytes_counts_shared_memory_once() -> None:
    block = torch.zeros(10, 5)  # 200 bytes
    array = np.zeros((4, 4))  # 128 bytes
    assert held_bytes([block, block[2:], block.T, array, array[1], (array,)]) == 328


def test_held_bytes_counts_gradients_and_optimisers() -> None:
    weights = torch.nn.Parameter(torch.zeros(8))  # 32 bytes, as many again for each of what follows
    optimiser = Adam([weights], 0.01)
    weights.sum().backward()
    optimiser.step()
    # the gradient, two moments, and a counter of one float
    assert held_bytes(optimiser) == 4 * 32 + 4


def test_held_bytes_of_what_goes_in_a_circle_ends() -> None:
    first: list[object] = [torch.zeros(2)]
    first.append(first)
    assert held_bytes(first) == 8


def test_held_bytes_does_not_look_into_foreign_objects() -> None:
    assert held_bytes([SimpleNamespace(hidden=np.zeros(9)), "words", b"bytes", range(3)]) == 0


def bytes_of(steps: int, **settings: object) -> int:
    game = make("simple_spread")
    return seed_bytes(game, {"team": config.parse({"kind": "maddpg", **settings})}, steps=steps)


def test_seed_bytes_grow_with_steps_until_the_replay_is_full() -> None:
    spec = make("simple_spread").spec
    few, more, most = (bytes_of(steps, rollout={"replay_capacity": 50_000}) for steps in (20_000, 40_000, 10**8))
    row = (more - few) / 20_000
    # float32: at least observations, actions and rewards of all agents once; at most everything twice
    smallest = 4 * (sum(spec.observation_sizes) + sum(spec.action_widths) + spec.n_agents)
    assert smallest <= row <= 2.5 * smallest
    assert most - few == pytest.approx(30_000 * row, rel=0.02)


def test_seed_bytes_of_larger_networks_are_more_by_what_the_layers_hold() -> None:
    small, large = bytes_of(1000, hidden=[64, 64]), bytes_of(1000, hidden=[64, 128])
    # a last layer of 64 more units: its weights and biases and the next layer's, in six networks, with targets and two
    # moments at least (four times float32)
    spec = make("simple_spread").spec
    actor, critic = 64 * 64 + 64 + 64 * spec.action_widths[0], 64 * 64 + 64 + 64
    assert large - small >= 4 * 4 * 3 * (actor + critic)


def test_seed_bytes_of_settings_of_several_families_raises() -> None:
    mixed = {"predators": config.parse({"kind": "maddpg"}), "prey": config.parse({"kind": "coma"})}
    with pytest.raises(ValueError, match="one family"):
        seed_bytes(make("simple_tag"), mixed, steps=100)
