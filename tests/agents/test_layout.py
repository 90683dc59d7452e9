import pytest
import torch

from nashlens.agents.layout import Layout, are_in_line

LAYOUT = Layout((2, 3))
ALIKE = Layout((2, 2, 2))


def test_spread_pads_the_shorter_part_with_zeros():
    joint = torch.arange(10.0).view(1, 2, 5)
    expected = torch.tensor([[[[0.0, 1, 0], [5, 6, 0]], [[2, 3, 4], [7, 8, 9]]]])
    assert torch.equal(LAYOUT.spread(joint, (0, 1)), expected)


@pytest.mark.parametrize("layout", [LAYOUT, ALIKE])
def test_parts_put_together_are_the_joint_vectors_that_were_spread(layout):
    joint = torch.arange(2.0 * 4 * layout.total).view(2, 4, layout.total)
    agents = tuple(range(len(layout.widths)))
    assert torch.equal(layout.together([(agents, layout.spread(joint, agents))]), joint)
    apart = [(agents[1:], layout.spread(joint, agents[1:])), (agents[:1], layout.spread(joint, agents[:1]))]
    assert torch.equal(layout.together(apart), joint)


def test_parts_wider_than_the_widest_are_cut():
    joint = torch.arange(12.0).view(1, 2, 6)
    wide = torch.nn.functional.pad(ALIKE.spread(joint, (0, 1, 2)), (0, 1), value=9)
    assert torch.equal(ALIKE.together([((0, 1, 2), wide)]), joint)


def test_own_takes_of_each_learners_vectors_its_own_part():
    joint = torch.arange(10.0).view(1, 2, 1, 5)
    assert torch.equal(LAYOUT.own(joint, (0, 1)), torch.tensor([[[[0.0, 1, 0]], [[7, 8, 9]]]]))


def test_replace_changes_the_own_part_and_nothing_else():
    joint = torch.arange(10.0).view(1, 2, 1, 5)
    changed = LAYOUT.replace(joint, -torch.ones(1, 2, 1, 3), (0, 1))
    assert torch.equal(changed, torch.tensor([[[[-1.0, -1, 2, 3, 4]], [[5, 6, -1, -1, -1]]]]))


@pytest.mark.parametrize("agents", [(0, 1, 2), (1, 2), (2,), (2, 0, 1), (1, 1)])
def test_own_parts_that_stand_in_line_are_those_taken_one_by_one(agents):
    joint = torch.arange(float(2 * len(agents) * 4 * 6)).view(2, len(agents), 4, 6)
    expected = torch.stack([joint[:, k, :, 2 * i : 2 * i + 2] for k, i in enumerate(agents)], dim=1)
    assert torch.equal(ALIKE.own(joint, agents), expected)


def test_own_parts_of_unrolled_episodes_keep_their_axes():
    joint = torch.arange(float(3 * 4 * 5 * 6)).view(1, 3, 4, 5, 6)
    expected = torch.stack([joint[:, k, ..., 2 * k : 2 * k + 2] for k in range(3)], dim=1)
    assert torch.equal(ALIKE.own(joint, (0, 1, 2)), expected)


def test_own_parts_in_line_that_are_narrower_than_the_widest_are_padded():
    joint = torch.arange(14.0).view(1, 2, 1, 7)
    found = Layout((2, 2, 3)).own(joint, (0, 1))
    assert torch.equal(found, torch.tensor([[[[0.0, 1, 0]], [[9, 10, 0]]]]))


def test_parts_are_in_line_where_they_have_the_width_and_follow_each_other():
    assert are_in_line([slice(3, 5), slice(5, 7)], 2)
    assert not are_in_line([slice(3, 5), slice(6, 8)], 2)
    assert not are_in_line([slice(3, 5), slice(5, 8)], 2)
    assert not are_in_line([slice(3, 5), slice(5, 7)], 3)
    assert not are_in_line([slice(3, 5), slice(3, 5)], 2)
