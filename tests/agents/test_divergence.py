"""Against torch's own distributions, factor by factor and coordinate by coordinate."""

import pytest
import torch
from torch import distributions as td

from nashlens.agents.config import ActorCritic
from nashlens.agents.distributions import head_for
from nashlens.agents.divergence import divergence, entropy
from nashlens.games.core import Box, Choice

CPU = torch.device("cpu")


def outputs(width, seed):
    return torch.randn(2, 2, 5, width, generator=torch.Generator().manual_seed(seed))


def choice_head():
    return head_for([Choice((3,)), Choice((2, 4))], soft=False, settings=ActorCritic(), device=CPU)


def test_choices_add_over_factors_and_leave_padding_out():
    head, one, two = choice_head(), outputs(6, 0), outputs(6, 1)
    found_entropy, found_divergence = entropy(head, one, None), divergence(head, one, two, None)
    for i, factors in enumerate([[slice(0, 3)], [slice(0, 2), slice(2, 6)]]):
        pairs = [(td.Categorical(logits=one[:, i, :, f]), td.Categorical(logits=two[:, i, :, f])) for f in factors]
        assert torch.allclose(found_entropy[:, i], sum(p.entropy() for p, _ in pairs), atol=1e-6)
        assert torch.allclose(found_divergence[:, i], sum(td.kl_divergence(p, q) for p, q in pairs), atol=1e-6)


def test_illegal_alternatives_do_not_count():
    head, one, two = choice_head(), outputs(6, 0), outputs(6, 1)
    masks = torch.ones(2, 2, 5, 6, dtype=torch.bool)
    masks[:, 0, :, 1] = False
    kept = [0, 2]
    p, q = (td.Categorical(logits=each[:, 0, :, kept]) for each in (one, two))
    assert torch.allclose(entropy(head, one, masks)[:, 0], p.entropy(), atol=1e-6)
    assert torch.allclose(divergence(head, one, two, masks)[:, 0], td.kl_divergence(p, q), atol=1e-6)


def test_boxes_are_gaussians_before_clipping():
    head = head_for(
        [Box((-1.0, 0.0), (1.0, 4.0)), Box((-2.0,), (2.0,))], soft=False, settings=ActorCritic(), device=CPU
    )
    one, two = outputs(4, 0), outputs(4, 1)
    # half widths 1, 2 of the first agent; the places of the second agent's padding are 1 and 3.
    half, middle = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 2.0])
    p, q = (
        td.Normal(middle + half * each[:, 0, :, :2].tanh(), half * each[:, 0, :, 2:].clamp(-5, 1).exp())
        for each in (one, two)
    )
    assert torch.allclose(entropy(head, one, None)[:, 0], p.entropy().sum(-1), atol=1e-5)
    assert torch.allclose(divergence(head, one, two, None)[:, 0], td.kl_divergence(p, q).sum(-1), rtol=1e-4)
    p, q = (td.Normal(2 * each[:, 1, :, :1].tanh(), 2 * each[:, 1, :, 2:3].clamp(-5, 1).exp()) for each in (one, two))
    assert torch.allclose(entropy(head, one, None)[:, 1], p.entropy().sum(-1), atol=1e-5)
    assert torch.allclose(divergence(head, one, two, None)[:, 1], td.kl_divergence(p, q).sum(-1), rtol=1e-4)


def test_draws_are_executed_inside_the_box_and_judged_where_they_fell():
    head = head_for([Box((-1.0,), (1.0,))], soft=False, settings=ActorCritic(), device=CPU)
    out, noise = torch.zeros(1, 1, 3, 2), torch.tensor([-2.0, 0.0, 3.0]).view(1, 1, 3, 1)
    drawn = head.draw(out, noise, None)
    assert drawn.flatten().tolist() == [-2.0, 0.0, 3.0]  # mean 0, standard deviation 1
    assert head.executed(drawn).flatten().tolist() == [-1.0, 0.0, 1.0]
    assert torch.allclose(head.log_density(out, drawn, None), td.Normal(0.0, 1.0).log_prob(drawn).squeeze(-1))
    assert torch.equal(head.executed(drawn), head.act(out, noise, None))


@pytest.mark.parametrize("boxes", [False, True])
def test_divergence_from_itself_is_zero_with_zero_slope(boxes):
    spaces = [Box((-1.0,), (1.0,)), Box((0.0, 0.0), (1.0, 3.0))] if boxes else [Choice((3,)), Choice((2, 4))]
    head = head_for(spaces, soft=False, settings=ActorCritic(), device=CPU)
    one = outputs(head.n_outputs, 3).requires_grad_(True)
    away = divergence(head, one.detach(), one, None)
    assert torch.allclose(away, torch.zeros(2, 2, 5), atol=1e-6)
    (slope,) = torch.autograd.grad(away.sum(), one)
    assert torch.allclose(slope, torch.zeros_like(slope), atol=1e-6)
