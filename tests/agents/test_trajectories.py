import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nashlens.agents.trajectories import Trajectories, counted_steps

CPU = torch.device("cpu")


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.integers(4, 12), st.integers(0, 3))
def test_exactly_the_episodes_that_begin_early_enough_count_and_all_of_each(lengths, n_rounds, leftover):
    # An episode of `leftover` steps runs over from before; then episodes of the given lengths, horizon 4.
    began, numbers = np.zeros(n_rounds), np.full(n_rounds, -1)
    start = leftover
    for number, length in enumerate(lengths * n_rounds):
        if start >= n_rounds:
            break
        began[start] = 1
        numbers[start : start + length] = number
        start += length
    counted = counted_steps(torch.tensor(began)[None, :, None], 4)[0, :, 0].numpy()
    for number in np.unique(numbers[numbers >= 0]):
        steps = np.flatnonzero(numbers == number)
        assert (counted[steps] == float(steps[0] + 4 <= n_rounds)).all()
    assert not counted[numbers < 0].any()


def test_episodes_of_the_full_horizon_all_count():
    began = torch.zeros(2, 6, 3)
    began[:, [0, 2, 4]] = 1
    assert counted_steps(began, 2).all()


def round_of(window, value, *, ended):
    columns = [torch.full((1, 2, width), float(value)) for width in (6, 8, 2, 2, 6)]
    flags = torch.tensor([[[float(e)] for e in ended]])
    window.insert(columns, terminated=flags, ended=flags, masks=[])


def test_a_window_gives_back_its_rounds_and_knows_where_episodes_begin_across_windows(uneven):
    window = Trajectories(uneven().spec, n_rounds=3, n_envs=2, n_seeds=1, device=CPU)
    for value, ended in ((1, (0, 0)), (2, (1, 0)), (3, (0, 1))):
        round_of(window, value, ended=ended)
    first = window.take()
    assert first.rewards[0, :, 0, 1].tolist() == [1.0, 2.0, 3.0]
    assert first.began[0].T.tolist() == [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert first.ended[0].T.tolist() == [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert first.counted[0].T.tolist() == [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    assert first.masks is None
    for value in (4, 5, 6):
        round_of(window, value, ended=(0, 0))
    second = window.take()
    assert second.began[0].T.tolist() == [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert second.counted[0].T.tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    assert first.rewards[0, 0, 0, 0] == 1.0  # a taken window is not written over


def test_a_window_half_full_survives_its_state(uneven):
    one, other = (Trajectories(uneven().spec, n_rounds=3, n_envs=2, n_seeds=1, device=CPU) for _ in range(2))
    round_of(one, 1, ended=(0, 1))
    other.load(one.state())
    for window in (one, other):
        round_of(window, 2, ended=(0, 0))
        round_of(window, 3, ended=(0, 0))
    a, b = one.take(), other.take()
    assert torch.equal(a.began, b.began)
    assert torch.equal(a.observations, b.observations)


def test_masks_come_back_as_truths(uneven):
    window = Trajectories(uneven(masked=True).spec, n_rounds=3, n_envs=1, n_seeds=1, device=CPU)
    masks = torch.tensor([[[1.0, 0, 1, 1, 0, 1, 1, 1]]])
    for _ in range(3):
        columns = [torch.zeros(1, 1, width) for width in (6, 8, 2, 2, 6)]
        window.insert(columns, terminated=torch.zeros(1, 1, 1), ended=torch.zeros(1, 1, 1), masks=[masks, 1 - masks])
    taken = window.take()
    assert taken.masks[0, 0, 0].tolist() == [bool(m) for m in masks[0, 0]]
    assert torch.equal(taken.next_masks, ~taken.masks)


def test_windows_that_are_too_short_too_full_or_not_full_are_refused(uneven):
    with pytest.raises(ValueError, match="n_rounds must be at least the horizon 3 of uneven, not 2"):
        Trajectories(uneven().spec, n_rounds=2, n_envs=1, n_seeds=1, device=CPU)
    window = Trajectories(uneven().spec, n_rounds=3, n_envs=2, n_seeds=1, device=CPU)
    round_of(window, 0, ended=(0, 0))
    with pytest.raises(ValueError, match="must be full; 1 of 3 rounds"):
        window.take()
    round_of(window, 0, ended=(0, 0))
    round_of(window, 0, ended=(0, 0))
    with pytest.raises(ValueError, match="3 rounds is full"):
        round_of(window, 0, ended=(0, 0))
