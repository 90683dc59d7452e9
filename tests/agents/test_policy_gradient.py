import pytest
import torch

from nashlens.agents.policy_gradient import counted_mean, policy_loss, standardised, value_loss

COUNTED = torch.tensor([[[1.0, 1.0, 0.0, 1.0]]])


def row(*values):
    return torch.tensor([[list(values)]])


def test_losses_by_hand_leave_steps_that_do_not_count_out():
    # −(−1·2 + −2·(−1) + −3·4)/3 − 0.5·(0.3 + 0.6 + 0.9)/3 = 4 − 0.3
    logs, advantages = row(-1.0, -2.0, -50.0, -3.0), row(2.0, -1.0, 99.0, 4.0)
    loss = policy_loss(logs, advantages, row(0.3, 0.6, 77.0, 0.9), COUNTED, entropy_weight=0.5)
    assert loss.item() == pytest.approx(3.7)
    # ((1 − 3)² + (2 − 2)² + (5 − 4)²)/3
    assert value_loss(row(1.0, 2.0, 9.0, 5.0), row(3.0, 2.0, 0.0, 4.0), COUNTED).item() == pytest.approx(5 / 3)


def test_advantages_and_returns_pass_no_gradient():
    advantages = row(1.0, 2.0, 3.0, 4.0).requires_grad_(True)
    logs = row(-1.0, -1.0, -1.0, -1.0).requires_grad_(True)
    policy_loss(logs, advantages, logs * 0, COUNTED, entropy_weight=0.0).sum().backward()
    assert advantages.grad is None
    assert torch.allclose(logs.grad, -row(1.0, 2.0, 0.0, 4.0) / 3)
    values, returns = row(1.0, 2.0, 3.0, 4.0).requires_grad_(True), row(1.0, 1.0, 1.0, 1.0).requires_grad_(True)
    value_loss(values, returns, COUNTED).sum().backward()
    assert returns.grad is None


def test_standardised_advantages_have_mean_0_and_deviation_1_among_counted_steps():
    found = standardised(row(1.0, 2.0, 500.0, 6.0), COUNTED)
    kept = found[COUNTED > 0]
    assert kept.mean().item() == pytest.approx(0, abs=1e-6)
    assert kept.std(unbiased=False).item() == pytest.approx(1)
    assert torch.allclose(standardised(10 * row(1.0, 2.0, 500.0, 6.0) + 7, COUNTED)[COUNTED > 0], kept, atol=1e-5)


def test_equal_advantages_become_zero_and_no_steps_give_zero():
    assert standardised(row(3.0, 3.0, 0.0, 3.0), COUNTED)[COUNTED > 0].tolist() == [0.0, 0.0, 0.0]
    assert counted_mean(row(3.0, 3.0, 0.0, 3.0), 0 * COUNTED).item() == 0.0
