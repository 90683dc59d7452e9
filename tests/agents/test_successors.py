"""States kept once against a replay that keeps every beginning and every successor."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens import games
from nashlens.agents.replay import Replay
from nashlens.agents.successors import States

CPU = torch.device("cpu")


def chain(n_rounds, n_envs, n_seeds, *, ending, seed=0, width=2):
    """Beginnings and successors ``[rounds, S, E, width]`` of chains that break where an episode ends."""
    g = torch.Generator().manual_seed(seed)
    now = torch.randn(n_rounds + 1, n_seeds, n_envs, width, generator=g)
    ended = torch.rand(n_rounds, n_seeds, n_envs, 1, generator=g) < ending
    others = torch.randn(n_rounds, n_seeds, n_envs, width, generator=g)
    return now[:-1], torch.where(ended, others, now[1:])


def check(states, now, later, n_rounds, *, capacity):
    n_seeds, n_envs = now.shape[1:3]
    first = max(0, n_rounds * n_envs - capacity)
    numbers = torch.arange(first, n_rounds * n_envs)
    begun, led = states.read(numbers.expand(n_seeds, -1))
    for kept, naive in ((begun, now), (led, later)):
        flat = naive[:n_rounds].transpose(0, 1).reshape(n_seeds, n_rounds * n_envs, -1)
        assert torch.equal(kept, flat[:, first:])


@settings(max_examples=80, deadline=None)
@given(
    n_envs=st.integers(1, 4),
    n_seeds=st.integers(1, 3),
    spare=st.integers(0, 9),
    n_rounds=st.integers(1, 14),
    horizon=st.sampled_from([1, 3, 1000]),
    ending=st.sampled_from([0.0, 0.2, 0.7, 1.0]),
    pause=st.integers(0, 14),
    seed=st.integers(0, 1000),
)
def test_kept_states_are_those_of_a_naive_replay(*, n_envs, n_seeds, spare, n_rounds, horizon, ending, pause, seed):
    capacity = n_envs + spare
    how = {"capacity": capacity, "n_seeds": n_seeds, "horizon": horizon, "device": CPU}
    states = States(2, **how)
    now, later = chain(n_rounds, n_envs, n_seeds, ending=ending, seed=seed)
    for k in range(n_rounds):
        if k == pause:  # a checkpoint in the middle changes nothing
            resumed = States(2, **how)
            resumed.load(states.state())
            states = resumed
        states.insert(now[k], later[k])
        check(states, now, later, k + 1, capacity=capacity)


def test_successors_that_are_not_numbers_are_kept_too():
    states = States(1, capacity=4, n_seeds=1, horizon=5, device=CPU)
    for value in (1.0, float("nan"), 3.0):
        states.insert(torch.full((1, 1, 1), value), torch.full((1, 1, 1), value))
    begun, led = states.read(torch.tensor([[0, 1, 2]]))
    assert torch.equal(begun.isnan().flatten(), torch.tensor([False, True, False]))
    assert led.flatten()[[0, 2]].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(("first", "then", "message"), [(3, 2, "rows must be 3"), (9, 9, "at most the capacity 8")])
def test_states_refuse_rounds_of_another_size(first, then, message):
    states = States(1, capacity=8, n_seeds=1, horizon=5, device=CPU)
    if first <= 8:
        states.insert(torch.zeros(1, first, 1), torch.zeros(1, first, 1))
    with pytest.raises(ValueError, match=message):
        states.insert(torch.zeros(1, then, 1), torch.zeros(1, then, 1))


@pytest.mark.parametrize(
    ("name", "n_envs"), [("simple_spread", 8), ("simple_tag", 64), ("leduc_poker", 8), ("matching_pennies", 8)]
)
def test_a_replay_takes_little_more_than_its_transitions_need(name, n_envs):
    # Needed in float32: observation, actions, rewards, end and densities once, masks where the game has them, and a
    # successor for each transition that ends an episode: one in `horizon`.
    spec, capacity = games.make(name).spec, 100_000
    state = sum(spec.observation_sizes) + sum(spec.action_widths) * spec.masked
    needed = state * (1 + 1 / spec.horizon) + sum(spec.action_widths) + 2 * spec.n_agents + 1
    replay = Replay(spec, capacity=capacity, n_seeds=1, device=CPU)
    widths = [sum(spec.observation_sizes), sum(spec.action_widths), spec.n_agents, sum(spec.observation_sizes), 1]
    widths += [spec.n_agents] + [sum(spec.action_widths)] * (2 * spec.masked)
    replay.insert([torch.zeros(1, n_envs, width) for width in widths], n_updates=0)
    assert 1.0 <= replay.n_bytes / (4 * capacity * needed) <= 1.3
