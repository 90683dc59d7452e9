import torch

from nashlens.agents.layout import Layout

LAYOUT = Layout((2, 3))


def test_spread_pads_the_shorter_part_with_zeros():
    joint = torch.arange(10.0).view(1, 2, 5)
    expected = torch.tensor([[[[0.0, 1, 0], [5, 6, 0]], [[2, 3, 4], [7, 8, 9]]]])
    assert torch.equal(LAYOUT.spread(joint, (0, 1)), expected)


def test_own_takes_of_each_learners_vectors_its_own_part():
    joint = torch.arange(10.0).view(1, 2, 1, 5)
    assert torch.equal(LAYOUT.own(joint, (0, 1)), torch.tensor([[[[0.0, 1, 0]], [[7, 8, 9]]]]))


def test_replace_changes_the_own_part_and_nothing_else():
    joint = torch.arange(10.0).view(1, 2, 1, 5)
    changed = LAYOUT.replace(joint, -torch.ones(1, 2, 1, 3), (0, 1))
    assert torch.equal(changed, torch.tensor([[[[-1.0, -1, 2, 3, 4]], [[5, 6, -1, -1, -1]]]]))
