import pytest
import torch

from nashlens.agents import losses


def test_target_bootstraps_through_a_time_limit_and_not_through_an_end():
    # y = r + γ (1 − terminated) Q': 1 + 0.9 · 10 = 10 where the game goes on, 1 where it is over.
    rewards, next_values = torch.ones(1, 1, 2), torch.full((1, 1, 2), 10.0)
    targets = losses.temporal_difference_target(rewards, next_values, torch.tensor([[[0.0, 1.0]]]), gamma=0.9)
    assert targets.flatten().tolist() == [10.0, 1.0]


def test_critic_loss_is_the_mean_square_and_its_target_is_a_constant():
    values = torch.tensor([[[1.0, 2.0]]], requires_grad=True)
    targets = torch.tensor([[[0.0, 4.0]]], requires_grad=True)
    loss = losses.critic_loss(values, targets)
    assert loss.item() == pytest.approx((1 + 4) / 2)
    loss.sum().backward()
    assert values.grad.flatten().tolist() == [1.0, -2.0]
    assert targets.grad is None


def test_deterministic_actor_loss_is_minus_the_mean_value_plus_penalty():
    loss = losses.deterministic_actor_loss(torch.tensor([[[1.0, 3.0]]]), torch.tensor([[5.0]]), penalty_weight=0.1)
    assert loss.item() == pytest.approx(-2 + 0.5)


def test_score_actor_loss_weighs_log_densities_by_constant_values():
    logs = torch.tensor([[[-1.0, -2.0]]], requires_grad=True)
    values = torch.tensor([[[2.0, 4.0]]], requires_grad=True)
    loss = losses.score_actor_loss(logs, values, torch.zeros(1, 1), penalty_weight=1.0)
    assert loss.item() == pytest.approx((2 + 8) / 2)
    loss.sum().backward()
    assert logs.grad.flatten().tolist() == [-1.0, -2.0]
    assert values.grad is None
