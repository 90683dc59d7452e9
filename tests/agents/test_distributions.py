import math

import numpy as np
import pytest
import torch
from scipy import stats

from nashlens.agents import config
from nashlens.agents.distributions import BoxHead, ChoiceHead, Noise, head_for
from nashlens.games import Box, Choice
from nashlens.games.network_policy import GaussianPolicy, Network

CPU = torch.device("cpu")
ONE_OF_THREE = (Choice((3,)),)
LOGITS = torch.tensor([0.5, -0.3, 1.2])


def head(spaces=ONE_OF_THREE, *, soft=False, **settings):
    return ChoiceHead(spaces, soft=soft, settings=config.MADDPG(**settings), device=CPU)


def generators(n=1):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


def test_act_draws_from_the_softmax_by_the_gumbel_max_rule():
    h, n = head(), 20_000
    actions = h.act(LOGITS.expand(1, 1, n, 3), h.noise(generators(), (1, n, 3)), None)
    counts = actions.sum(dim=(0, 1, 2)).numpy()
    expected = torch.softmax(LOGITS, 0).double().numpy()
    assert stats.chisquare(counts, expected / expected.sum() * n).pvalue > 0.001


def test_noise_of_a_seed_does_not_depend_on_the_others():
    among = head().noise(generators(3), (2, 5, 3))
    alone = head().noise([torch.Generator().manual_seed(2)], (2, 5, 3))
    assert torch.equal(among[2:], alone)


def test_soft_actions_are_points_of_the_simplex_whose_largest_entry_is_the_hard_draw():
    noise = head().noise(generators(), (1, 50, 3))
    outputs = LOGITS.expand(1, 1, 50, 3)
    soft, hard = head(soft=True).act(outputs, noise, None), head().act(outputs, noise, None)
    assert torch.allclose(soft.sum(-1), torch.ones(1, 1, 50))
    assert torch.equal(soft.argmax(-1), hard.argmax(-1))


def test_straight_through_is_hard_forward_and_soft_backward():
    noise = head().noise(generators(), (1, 4, 3))
    weights = torch.tensor([1.0, 2.0, 3.0])
    gradients = []
    for estimator in ("soft", "straight_through"):
        outputs = LOGITS.expand(1, 1, 4, 3).clone().requires_grad_(True)
        sample = head(estimator=estimator).relaxed(outputs, Noise(noise), None, n_updates=0)
        (sample * weights).sum().backward()
        gradients.append(outputs.grad)
    assert torch.allclose(sample.detach().max(-1).values, torch.ones(1, 1, 4))
    assert torch.allclose(gradients[0], gradients[1], atol=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_concrete_log_density_integrates_to_one(temperature):
    # Two alternatives: the density of the first coordinate over (0, 1) must integrate to 1. With x = 1 / (1 + e^-t) the
    # integrand is smooth: ∫ p(x) x (1 − x) dt.
    h = head((Choice((2,)),), soft=True, temperature=temperature)
    t = torch.linspace(-30, 30, 20_001, dtype=torch.float64)
    points = torch.stack([torch.sigmoid(t), torch.sigmoid(-t)], dim=-1)
    outputs = torch.tensor([0.4, -0.7], dtype=torch.float64).expand(1, 1, len(t), 2)
    density = h.log_density(outputs, points.view(1, 1, -1, 2), None).exp().flatten()
    assert float(torch.trapezoid(density * points[:, 0] * points[:, 1], t)) == pytest.approx(1.0, abs=1e-4)


def test_log_density_of_hard_actions_adds_over_factors():
    h = head((Choice((2, 3)), Choice((4,))))
    outputs = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5], [1.0, 2.0, 3.0, 4.0, 99.0]]).view(1, 2, 1, 5)
    actions = torch.tensor([[0.0, 1, 1, 0, 0], [0, 0, 1, 0, 0]]).view(1, 2, 1, 5)
    logs = h.log_density(outputs, actions, None).flatten()
    first = torch.log_softmax(outputs[0, 0, 0, :2], 0)[1] + torch.log_softmax(outputs[0, 0, 0, 2:], 0)[0]
    second = torch.log_softmax(outputs[0, 1, 0, :4], 0)[2]
    assert torch.allclose(logs, torch.stack([first, second]))


def test_padding_is_never_chosen_and_factors_are_chosen_apart():
    h = head((Choice((2, 3)), Choice((4,))))
    outputs = torch.zeros(1, 2, 200, 5)
    outputs[:, 1, :, 4] = 50.0
    actions = h.act(outputs, h.noise(generators(), (2, 200, 5)), None)
    assert torch.equal(actions[0, 0, :, :2].sum(-1), torch.ones(200))
    assert torch.equal(actions[0, 0, :, 2:].sum(-1), torch.ones(200))
    assert torch.equal(actions[0, 1, :, :4].sum(-1), torch.ones(200))
    assert not actions[0, 1, :, 4].any()


@pytest.mark.parametrize("soft", [False, True])
def test_illegal_actions_get_exactly_nothing(soft):
    h = head(soft=soft)
    masks = torch.tensor([True, False, True]).expand(1, 1, 100, 3)
    actions = h.act(LOGITS.expand(1, 1, 100, 3), h.noise(generators(), (1, 100, 3)), masks)
    assert not actions[..., 1].any()
    assert torch.allclose(actions.sum(-1), torch.ones(1, 1, 100))


def test_penalty_leaves_padding_out():
    h = head((Choice((3,)), Choice((2,))))
    outputs = torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 100.0]]).view(1, 2, 1, 3)
    assert torch.allclose(h.penalty(outputs), torch.tensor([[14 / 3, 5 / 2]]))


def test_box_head_has_the_moments_of_the_plain_policy():
    space = Box((-1.0, 0.0), (3.0, 1.0))
    outputs = torch.tensor([0.3, -0.2, 0.1, -1.0])
    h = BoxHead([space], device=CPU)
    n = 40_000
    draws = h.act(outputs.expand(1, 1, n, 4), 0.3 * h.noise(generators(), (1, n, 2)), None)[0, 0].double().numpy()
    plain = GaussianPolicy(
        Network(weights=(np.zeros((1, 4)),), biases=(outputs.double().numpy(),)), action_space=space, observation_size=1
    )
    mean, std = (m[0] for m in plain.moments(np.zeros((1, 1))))
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(draws.std(axis=0), 0.3 * std, rtol=0.05)


def test_box_log_density_is_the_gaussians():
    h = BoxHead([Box((-1.0,), (3.0,))], device=CPU)
    outputs = torch.tensor([0.3, -0.5]).view(1, 1, 1, 2)
    expected = stats.norm(1 + 2 * math.tanh(0.3), 2 * math.exp(-0.5)).logpdf(0.7)
    assert float(h.log_density(outputs, torch.tensor(0.7).view(1, 1, 1, 1), None)) == pytest.approx(expected, rel=1e-5)


def test_box_actions_stay_in_the_box():
    h = BoxHead([Box((-1.0,), (3.0,)), Box((0.0, 0.0), (1.0, 2.0))], device=CPU)
    outputs = torch.ones(1, 2, 500, 4)
    actions = h.act(outputs, h.noise(generators(), (2, 500, 2)), None)
    assert float(actions[0, 0, :, 0].min()) >= -1
    assert float(actions[0, 0, :, 0].max()) <= 3
    assert not actions[0, 0, :, 1].any()


def test_head_for_refuses_a_block_of_two_kinds():
    with pytest.raises(ValueError, match="all be Choice or all be Box"):
        head_for([Choice((2,)), Box((0.0,), (1.0,))], soft=False, settings=config.MADDPG(), device=CPU)


SPACES = {
    "choice": (Choice((3,)), Choice((3,))),
    "uneven choices": (Choice((3,)), Choice((2, 3))),
    "boxes": (Box((-1.0, -2.0), (1.0, 2.0)), Box((0.0,), (3.0,))),
}
POINTS = ("soft", "straight_through", "annealed", "gumbel_rao", "gapped")


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("estimator", POINTS)
@pytest.mark.parametrize("spaces", SPACES.values(), ids=SPACES)
def test_slopes_pulled_back_are_those_of_automatic_differentiation(spaces, estimator, masked):
    h = head_for(spaces, soft=False, settings=config.MADDPG(estimator=estimator, temperature=0.7), device=CPU)
    g = torch.Generator().manual_seed(1)
    outputs = torch.randn(3, 2, 9, h.n_outputs, generator=g).requires_grad_(True)
    noise = h.gradient_noise(generators(3), (2, 9, h.padded))
    masks = (torch.arange(h.padded) != 1).expand(3, 2, 9, -1) if masked else None
    slope = torch.randn(3, 2, 9, h.padded, generator=g)
    sample = h.relaxed(outputs, noise, masks, n_updates=5)
    (expected,) = torch.autograd.grad(sample, outputs, slope)
    found, back = h.pull_back(outputs.detach(), noise, masks, n_updates=5)
    assert torch.allclose(found, sample.detach(), atol=1e-6)
    assert torch.allclose(back(slope), expected, atol=1e-6)


@pytest.mark.parametrize("spaces", SPACES.values(), ids=SPACES)
def test_slopes_of_densities_and_penalties_are_those_of_automatic_differentiation(spaces):
    h = head_for(spaces, soft=False, settings=config.MADDPG(), device=CPU)
    g = torch.Generator().manual_seed(1)
    outputs = torch.randn(3, 2, 9, h.n_outputs, generator=g).requires_grad_(True)
    drawn = h.draw(outputs.detach(), h.noise(generators(3), (2, 9, h.padded)), None)
    slope = torch.randn(3, 2, 9, generator=g)
    density = h.log_density(outputs, drawn, None)
    (expected,) = torch.autograd.grad(density, outputs, slope)
    found, back = h.pull_back_density(outputs.detach(), drawn, None)
    assert torch.allclose(found, density.detach())
    assert torch.allclose(back(slope), expected, atol=1e-5)
    (expected,) = torch.autograd.grad(h.penalty(outputs).sum(), outputs)
    assert torch.allclose(h.penalty_slope(outputs.detach()), expected, atol=1e-7)
