import torch

from nashlens.agents.adversary import step_lengths, worst_case
from nashlens.agents.config import Minimax
from nashlens.agents.layout import Layout


def test_step_lengths_spare_the_learner_and_tell_opponents_from_team_mates():
    lengths = step_lengths(Minimax(opponent_step=0.1, teammate_step=0.01), [0, 2], ["a", "a", "b"])
    assert torch.allclose(lengths, torch.tensor([[0.0, 0.01, 0.1], [0.1, 0.1, 0.0]]))


def test_worst_case_steps_down_the_value_by_the_length_of_the_step():
    # A linear value: the step in the second agent's part is −0.5 · (3, 4) / 5; the learner's own part stays.
    slope = torch.tensor([1.0, 2.0, 3.0, 4.0])
    moved = worst_case(torch.zeros(1, 1, 2, 4), lambda joint: joint @ slope, torch.tensor([[0.0, 0.5]]), Layout((2, 2)))
    assert torch.allclose(moved, torch.tensor([0.0, 0.0, -0.3, -0.4]).expand(1, 1, 2, 4))


def test_worst_case_stays_where_the_value_is_flat():
    joint = torch.rand(1, 1, 2, 4, generator=torch.Generator().manual_seed(0))
    moved = worst_case(joint, lambda a: (a * 0).sum(-1), torch.tensor([[0.0, 0.5]]), Layout((2, 2)))
    assert torch.equal(moved, joint)
