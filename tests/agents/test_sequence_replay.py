"""Windows against a plain list of everything that was ever stored."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.agents.recurrent_settings import Windows
from nashlens.agents.sequence_replay import SequenceReplay
from nashlens.games.core import Choice, GameSpec

CPU = torch.device("cpu")
SPEC = GameSpec(
    name="any",
    agents=("x", "y"),
    sides=("x", "y"),
    observation_sizes=(2, 1),
    action_spaces=(Choice((2,)), Choice((3,))),
    horizon=9,
)
MASKED = GameSpec(
    name="any",
    agents=("x", "y"),
    sides=("x", "y"),
    observation_sizes=(2, 1),
    action_spaces=(Choice((2,)), Choice((3,))),
    horizon=9,
    masked=True,
)
WIDTHS = {"observations": 3, "actions": 5, "rewards": 2, "next_observations": 3, "terminated": 1, "began": 1}


def a_replay(windows, *, spec=SPEC, capacity=1000, n_rounds=1000, n_envs=2, n_seeds=2):
    return SequenceReplay(
        spec,
        windows,
        capacity=capacity,
        n_rounds=n_rounds,
        n_envs=n_envs,
        n_seeds=n_seeds,
        memory_size=4,
        device=CPU,
    )


def fill(replay, n_rounds, *, n_envs=2, n_seeds=2, masked=False):
    """Insert rounds whose numbers say which they are; return columns and memories of every round."""
    begin, kept = replay.n_rounds, []
    for r in range(begin, begin + n_rounds):
        mark = torch.arange(n_seeds)[:, None, None] * 1e4 + torch.arange(n_envs)[None, :, None] * 1e3 + r
        columns = [mark + 0.01 * k + torch.zeros(n_seeds, n_envs, w) for k, w in enumerate(WIDTHS.values())]
        if masked:
            columns += [
                torch.full((n_seeds, n_envs, 5), float(r % 2)),
                torch.full((n_seeds, n_envs, 5), float(r % 3 == 0)),
            ]
        memories = -mark.expand(-1, -1, 4)
        replay.insert(columns, memories=memories)
        kept.append((columns, memories))
    return kept


def generators(n_seeds=2, seed=0):
    return [torch.Generator().manual_seed(seed + k) for k in range(n_seeds)]


@settings(deadline=None, max_examples=60)
@given(
    steps=st.integers(1, 5),
    burn_in=st.integers(0, 6),
    more=st.integers(0, 4),
    n_rounds=st.integers(1, 60),
)
def test_every_window_is_a_stretch_of_what_was_stored_with_the_memory_of_its_beginning(steps, burn_in, more, n_rounds):
    windows = Windows(steps=steps, burn_in_steps=burn_in)
    fewest = 1 + -(-(windows.span - 1) // steps)
    replay = a_replay(windows, capacity=(fewest + more) * steps * 2)
    kept = fill(replay, n_rounds)
    if n_rounds < windows.span:
        assert not replay.drawable
        with pytest.raises(ValueError, match="no window of"):
            replay.sample(1, 1, generators())
        return
    # Window k begins with round k · steps; the newest has just been filled, the oldest is not yet overwritten.
    whole = [k for k in range(n_rounds) if k * steps + windows.span <= n_rounds]
    assert list(replay.drawable)[-1] == whole[-1]
    assert all(k in whole and k * steps >= n_rounds - (fewest + more) * steps for k in replay.drawable)
    batch = replay.sample(3, 7, generators())
    assert batch.observations.shape == (2, 3, windows.span, 7, 3)
    for s, n, b in np.ndindex(2, 3, 7):
        first = float(batch.observations[s, n, 0, b, 0]) - 1e4 * s
        env, begin = divmod(round(first), 1000)
        assert begin % steps == 0
        assert begin // steps in replay.drawable
        assert torch.equal(batch.memories[s, n, b], kept[begin][1][s, env])
        for t in range(windows.span):
            for (name, width), column in zip(WIDTHS.items(), kept[begin + t][0], strict=True):
                found = getattr(batch, name)[s, n, t, b]
                assert torch.equal(found if found.dim() else found[None], column[s, env, :width]), name


def test_behind_the_burn_in_every_step_but_the_first_ones_stands_once():
    # Windows 0, 1, … of 2 steps behind 3 of burn-in over 11 rounds: steps 3-4, 5-6, 7-8, 9-10 count.
    replay = a_replay(Windows(steps=2, burn_in_steps=3), n_envs=1)
    fill(replay, 11, n_envs=1)
    counted = [k * 2 + t for k in replay.drawable for t in range(3, 5)]
    assert counted == list(range(3, 11))


def test_all_windows_and_environments_are_drawn_alike():
    # 4 windows in 2 environments, 8,000 draws: each is expected 1,000 times, with standard deviation 29.6.
    replay = a_replay(Windows(steps=3), n_seeds=1)
    fill(replay, 12, n_seeds=1)
    batch = replay.sample(1, 8000, generators(1))
    places, counts = np.unique(batch.observations[0, 0, 0, :, 0].numpy(), return_counts=True)
    assert places.tolist() == [0, 3, 6, 9, 1000, 1003, 1006, 1009]
    assert abs(counts - 1000).max() < 5 * 29.6


def test_a_seed_draws_the_same_windows_alone_and_among_others():
    windows = Windows(steps=3, burn_in_steps=1)
    both, one = a_replay(windows), a_replay(windows, n_seeds=1)
    fill(both, 20)
    fill(one, 20, n_seeds=1)
    among, alone = both.sample(2, 5, generators()), one.sample(2, 5, generators(1))
    assert torch.equal(among.observations[0], alone.observations[0])
    assert torch.equal(among.memories[0], alone.memories[0])


def test_masks_come_back_as_they_were():
    replay = a_replay(Windows(steps=2), spec=MASKED, n_envs=1, n_seeds=1)
    fill(replay, 6, n_envs=1, n_seeds=1, masked=True)
    batch = replay.sample(1, 9, generators(1))
    rounds = batch.observations[0, 0, :, :, 0].round().long()
    assert torch.equal(batch.masks[0, 0, :, :, 0], rounds % 2 == 1)
    assert torch.equal(batch.next_masks[0, 0, :, :, 4], rounds % 3 == 0)
    plain = a_replay(Windows(steps=2))
    fill(plain, 2)
    assert plain.sample(1, 1, generators()).masks is None


def test_a_minibatch_for_all_is_the_same_windows_for_each():
    replay = a_replay(Windows(steps=2))
    fill(replay, 8)
    one = replay.sample(1, 3, generators())
    every = one.for_all(4)
    assert every.observations.shape == (2, 4, 2, 3, 3)
    assert torch.equal(every.memories[:, 3], one.memories[:, 0])


@pytest.mark.parametrize("n_rounds", [5, 9, 40])
def test_a_replay_goes_on_from_its_state(n_rounds):
    windows = Windows(steps=3, burn_in_steps=2)
    first, second = a_replay(windows, capacity=24), a_replay(windows, capacity=24)
    fill(first, n_rounds)
    second.load(first.state())
    fill(first, 7)
    fill(second, 7)
    a, b = first.sample(2, 6, generators()), second.sample(2, 6, generators())
    assert torch.equal(a.observations, b.observations)
    assert torch.equal(a.memories, b.memories)


def test_the_state_is_not_moved_by_what_is_stored_later():
    replay = a_replay(Windows(steps=2))
    fill(replay, 4)
    state = replay.state()
    before = {name: tensor.clone() for name, tensor in state.items()}
    fill(replay, 4)
    assert all(torch.equal(state[name], before[name]) for name in state)


def test_a_capacity_that_holds_no_window_beside_the_next_is_refused():
    # Steps 3 behind 2 of burn-in: while 3 rounds are overwritten, the 5 before them must stand: 9 rounds of 2.
    a_replay(Windows(steps=3, burn_in_steps=2), capacity=18)
    with pytest.raises(ValueError, match=r"rollout.replay_capacity: 17 .* at least 18"):
        a_replay(Windows(steps=3, burn_in_steps=2), capacity=17)


def test_no_more_is_kept_than_will_be_played():
    replay = a_replay(Windows(steps=4), capacity=10**9, n_rounds=30)
    fill(replay, 30)
    assert list(replay.drawable) == list(range(7))
    assert replay.state()["rows"].shape[1] == 30
