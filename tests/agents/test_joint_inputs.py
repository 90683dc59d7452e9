import torch

from nashlens.agents.joint_inputs import JointInputs
from nashlens.agents.layout import Layout

# Two agents with observations of 1 and 2 numbers and actions of 2 and 1; members: agent 1, then agent 0.
OBSERVATIONS, ACTIONS = Layout([1, 2]), Layout([2, 1])
MEMBERS = (1, 0)
SEEN = torch.tensor([[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]])  # [S = 1, m = 2, B = 1, 3]
DONE = torch.tensor([[[[10.0, 20.0, 30.0]], [[40.0, 50.0, 60.0]]]])
OWN = torch.tensor([[[[-1.0, -2.0]], [[-3.0, -4.0]]]])  # padded to the wider action


def test_central_inputs_are_all_observations_and_then_all_actions():
    inputs = JointInputs(OBSERVATIONS, ACTIONS, MEMBERS, central=True)
    assert inputs.width == 6
    assert inputs.columns == [slice(5, 6), slice(3, 5)]
    assert inputs.join(SEEN, DONE)[0, :, 0].tolist() == [[1, 2, 3, 10, 20, 30], [4, 5, 6, 40, 50, 60]]
    assert inputs.with_own(inputs.join(SEEN, DONE), OWN)[0, :, 0].tolist() == [
        [1, 2, 3, 10, 20, -1],
        [4, 5, 6, -3, -4, 60],
    ]


def test_local_inputs_are_the_own_parts_padded_to_the_widest():
    inputs = JointInputs(OBSERVATIONS, ACTIONS, MEMBERS, central=False)
    assert inputs.width == 4
    assert inputs.columns == [slice(2, 3), slice(2, 4)]
    assert inputs.join(SEEN, DONE)[0, :, 0].tolist() == [[2, 3, 30, 0], [4, 0, 40, 50]]
    assert inputs.with_own(inputs.join(SEEN, DONE), OWN)[0, :, 0].tolist() == [[2, 3, -1, 0], [4, 0, -3, -4]]


def test_inputs_are_an_array_of_their_own_into_which_own_actions_are_written():
    before, inputs = DONE.clone(), JointInputs(OBSERVATIONS, ACTIONS, MEMBERS, central=True)
    joined = inputs.join(SEEN, DONE)
    assert inputs.with_own(joined, OWN) is joined
    assert torch.equal(DONE, before)


def test_joint_actions_are_found_in_central_inputs():
    inputs = JointInputs(OBSERVATIONS, ACTIONS, MEMBERS, central=True)
    assert torch.equal(inputs.joint_actions(inputs.join(SEEN, DONE)), DONE)


def test_rows_that_all_members_read_are_joined_once_and_replaced_apart():
    observations, actions = Layout([1, 1]), Layout([2, 2])
    inputs = JointInputs(observations, actions, (0, 1), central=True)
    seen, done = torch.arange(12.0).view(2, 1, 3, 2), torch.arange(24.0).view(2, 1, 3, 4)
    one_for_all = seen.expand(-1, 2, -1, -1), done.expand(-1, 2, -1, -1)
    each = tuple(part.clone() for part in one_for_all)
    own = -torch.arange(24.0).view(2, 2, 3, 2)
    assert torch.equal(inputs.join(*one_for_all), inputs.join(*each))
    assert inputs.join(*one_for_all).stride(1) == 0
    replaced = inputs.with_own(inputs.join(*one_for_all), own)
    assert torch.equal(replaced, inputs.with_own(inputs.join(*each), own))
    assert torch.equal(replaced[:, 1, :, 4:], own[:, 1])
    assert torch.equal(done, torch.arange(24.0).view(2, 1, 3, 4))
