import pytest
import torch

from nashlens.agents.value_losses import (
    effective_share,
    greedy_value,
    importance_weights,
    temporal_difference_loss,
)

ALL = torch.ones(1, 1, 1, 3, dtype=torch.bool)


def block(*rows):
    """Values ``[1, 1, B, K]`` of one seed and learner."""
    return torch.tensor([[list(rows)]])


def test_greedy_value_is_the_largest_or_that_of_the_others_choice():
    online, target = block([1.0, 3.0, 2.0]), block([10.0, 20.0, 30.0])
    assert greedy_value(target, target, ALL).tolist() == [[[30.0]]]  # max_a Q'
    assert greedy_value(online, target, ALL).tolist() == [[[20.0]]]  # Q' of the online network's choice: double


def test_greedy_value_looks_at_legal_alternatives_only():
    online, target = block([1.0, 3.0, 2.0]), block([10.0, 20.0, 30.0])
    legal = torch.tensor([[[[True, False, True]]]])
    assert greedy_value(online, target, legal).tolist() == [[[30.0]]]  # of 1 and 2 the online network prefers 2
    only = torch.tensor([[[[True, False, False]]]])
    assert greedy_value(target, target, only).tolist() == [[[10.0]]]


def test_loss_by_hand():
    # Differences 0.5, −3 and 2; Huber with δ = 2: 0.125, 2 (3 − 1) = 4, 2; squared: 0.25, 9, 4.
    values, targets = torch.tensor([[[0.5, 0.0, 2.0]]]), torch.tensor([[[0.0, 3.0, 0.0]]])
    huber = temporal_difference_loss(values, targets, kind="huber", delta=2.0)
    assert huber.tolist() == [[pytest.approx((0.125 + 4 + 2) / 3)]]
    squared = temporal_difference_loss(values, targets, kind="squared", delta=2.0)
    assert squared.tolist() == [[pytest.approx(13.25 / 3)]]
    weights = torch.tensor([[[4.0, 0.0, 1.0]]])
    weighted = temporal_difference_loss(values, targets, kind="squared", delta=2.0, weights=weights)
    assert weighted.tolist() == [[pytest.approx((1 + 0 + 4) / 3)]]


def test_no_gradient_reaches_the_targets():
    values, targets = (torch.ones(1, 1, 2, requires_grad=True) for _ in range(2))
    temporal_difference_loss(values * 3, targets, kind="huber", delta=1.0).sum().backward()
    assert values.grad is not None
    assert targets.grad is None


def test_importance_weights_by_hand():
    # Three agents. The learner of agent 1: (0.9 / 0.5) · (0.2 / 0.4) = 0.9, its own ratio (here 10) left out;
    # the learner of agent 0: (1.0 / 0.1) · (0.2 / 0.4) = 5, clipped to 2.
    now = torch.tensor([0.9, 1.0, 0.2]).log().expand(1, 2, 1, 3)
    stored = torch.tensor([0.5, 0.1, 0.4]).log().expand(1, 2, 1, 3)
    weights = importance_weights(now, stored, [0, 1], clip=None)
    torch.testing.assert_close(weights, torch.tensor([[[5.0], [0.9]]]))
    torch.testing.assert_close(importance_weights(now, stored, [0, 1], clip=2.0), torch.tensor([[[2.0], [0.9]]]))


def test_actions_that_are_impossible_now_have_weight_0():
    now = torch.tensor([0.5, 0.0]).log().expand(1, 1, 1, 2)
    stored = torch.tensor([0.5, 0.5]).log().expand(1, 1, 1, 2)
    assert importance_weights(now, stored, [0], clip=None).tolist() == [[[0.0]]]


def test_effective_share_by_hand():
    # Weights 1, 1, 4: (Σw)² / Σw² = 36 / 18 = 2 of 3. Equal weights: all. All zero: none.
    weights = torch.tensor([[[1.0, 1.0, 4.0], [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]])
    torch.testing.assert_close(effective_share(weights), torch.tensor([[2 / 3, 1.0, 0.0]]))


def test_effective_share_of_a_shifted_behaviour_is_the_closed_form():
    # Behaviour 1/2, policy 3/4 on one of two actions: 1 + χ² = 2 (0.75² + 0.25²) = 1.25, so the share is 0.8 for one
    # other agent and 0.8² for two, since independent agents' factors multiply.
    for n_others, expected in ((1, 0.8), (2, 0.64)):
        places = torch.cartesian_prod(*[torch.arange(2)] * n_others).view(-1, n_others)
        chances = torch.tensor([0.25, 0.75])[places]
        now = torch.cat([torch.ones(len(places), 1), chances], dim=1).log()[None, None]
        stored = torch.cat([torch.ones(len(places), 1), torch.full_like(chances, 0.5)], dim=1).log()[None, None]
        weights = importance_weights(now, stored, [0], clip=None)
        assert weights.mean().item() == pytest.approx(1.0)
        assert effective_share(weights).item() == pytest.approx(expected)
