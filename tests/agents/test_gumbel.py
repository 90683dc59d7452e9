"""Each estimator against its definition, by Monte Carlo over many draws."""

import numpy as np
import pytest
import torch

from nashlens.agents import config, gumbel
from nashlens.agents.distributions import ChoiceHead, Noise
from nashlens.games import Choice

LOGITS = torch.tensor([0.5, -0.3, 1.2, 0.0])
VALUES = torch.tensor([1.0, -2.0, 0.5, 3.0])
N = 200_000


def a_head(**settings):
    return ChoiceHead([Choice((4,))], soft=False, settings=config.MADDPG(**settings), device=torch.device("cpu"))


def gradients(n_updates=0, **settings):
    """The gradient of the linear value of one sample in its logits, for each of N samples, [N, 4]."""
    head, generator = a_head(**settings), torch.Generator().manual_seed(0)
    outputs = LOGITS.expand(1, 1, N, 4).clone().requires_grad_(True)
    noise = head.gradient_noise([generator], (1, N, 4))
    (head.relaxed(outputs, noise, None, n_updates=n_updates) * VALUES).sum().backward()
    return outputs.grad[0, 0].double().numpy()


@pytest.mark.parametrize("estimator", ["straight_through", "annealed", "gumbel_rao", "gapped"])
def test_sample_is_a_draw_from_the_softmax(estimator):
    head, generator = a_head(estimator=estimator), torch.Generator().manual_seed(0)
    outputs = LOGITS.expand(1, 1, N, 4)
    sample = head.relaxed(outputs, head.gradient_noise([generator], (1, N, 4)), None, n_updates=0)
    assert torch.allclose(sample.max(-1).values, torch.ones(1, 1, N), atol=1e-6)
    share = sample.round().mean(dim=(0, 1, 2))
    assert torch.allclose(share, torch.softmax(LOGITS, 0), atol=4 * 0.5 / N**0.5)


def test_gumbel_rao_has_the_mean_of_straight_through_and_less_variance():
    # Paulus et al. 2021: conditioning on the choice and averaging keeps the mean and cannot raise the variance.
    plain, averaged = gradients(estimator="straight_through"), gradients(estimator="gumbel_rao", rao_samples=10)
    error = np.sqrt((plain.var(axis=0) + averaged.var(axis=0)) / N)
    assert (np.abs(plain.mean(axis=0) - averaged.mean(axis=0)) < 4.5 * error).all()
    assert (averaged.var(axis=0) < 0.9 * plain.var(axis=0)).all()
    one = gradients(estimator="gumbel_rao", rao_samples=1)
    np.testing.assert_allclose(one.var(axis=0), plain.var(axis=0), rtol=0.05)


def test_gumbel_rao_perturbation_has_the_law_of_gumbels_given_their_argmax():
    # Rejection: of unconditional perturbed logits keep those whose largest is alternative 1; compare means and the
    # variance of the difference between chosen and another.
    g = torch.Generator().manual_seed(1)
    logs = torch.log_softmax(LOGITS, 0)
    free = logs + -torch.log(-torch.log(torch.rand(N, 4, generator=g).clamp(min=1e-20)))
    kept = free[free.argmax(-1) == 1]
    waits = -torch.log(torch.rand(len(kept), 4, generator=g).clamp(min=1e-20))
    chosen = waits[:, 1:2]
    conditional = torch.where(torch.arange(4) == 1, -chosen.log(), -(waits / logs.exp() + chosen).log())
    error = (kept.var(dim=0) / len(kept)).sqrt()
    assert ((kept.mean(dim=0) - conditional.mean(dim=0)).abs() < 6 * error).all()
    assert torch.allclose(kept.var(dim=0), conditional.var(dim=0), rtol=0.1)
    choice = torch.nn.functional.one_hot(torch.ones(len(kept), dtype=torch.long), 4).float()
    surrogate = gumbel.gumbel_rao_surrogate(LOGITS.expand(len(kept), 4), choice, waits[None], 0.7)
    assert torch.allclose(surrogate, torch.softmax(conditional / 0.7, dim=-1), atol=1e-5)


def test_gapped_surrogate_leads_by_the_gap_and_by_no_more_than_it_must():
    # logits (0.5, −0.3, 1.2, 0.0), choice 1: raised to 1.2; the others at most 1.2 − 1.
    choice = torch.tensor([0.0, 1, 0, 0])
    expected = torch.softmax(torch.tensor([0.2, 1.2, 0.2, 0.0]) / 0.5, 0)
    assert torch.allclose(gumbel.gapped_surrogate(LOGITS, choice, gap=1.0, temperature=0.5), expected)


def test_gapped_gradient_is_that_of_the_moved_logits_held_fixed():
    logits = LOGITS.clone().requires_grad_(True)
    choice = torch.tensor([0.0, 1, 0, 0])
    (gumbel.gapped_surrogate(logits, choice, gap=1.0, temperature=1.0) * VALUES).sum().backward()
    chances = torch.softmax(torch.tensor([0.2, 1.2, 0.2, 0.0]), 0)
    assert torch.allclose(logits.grad, chances * (VALUES - chances @ VALUES), atol=1e-6)


def test_annealed_is_straight_through_at_the_temperature_of_the_moment():
    # Halfway from 4 to 1 on a geometric path: 2.
    annealed = gradients(estimator="annealed", temperature=4.0, anneal_to=1.0, anneal_updates=100, n_updates=50)
    np.testing.assert_allclose(annealed, gradients(estimator="straight_through", temperature=2.0), atol=1e-6)
    assert gumbel.annealed_temperature(4.0, 1.0, 1000, 100) == 1.0


def test_soft_gradient_is_the_derivative_of_the_soft_point():
    noise = torch.tensor([0.3, 0.1, -0.2, 0.9])
    logits = LOGITS.clone().double().requires_grad_(True)
    torch.autograd.gradcheck(lambda x: gumbel.soft_point(x, noise.double(), 0.7), logits)
    head = a_head()
    outputs = LOGITS.view(1, 1, 1, 4)
    sample = head.relaxed(outputs, Noise(noise.view(1, 1, 1, 4)), None, n_updates=0)
    assert torch.allclose(sample.flatten(), torch.softmax(LOGITS + noise, 0))


@pytest.mark.parametrize("estimator", ["soft", "straight_through", "annealed", "gumbel_rao", "gapped"])
def test_every_estimator_respects_masks_and_factors(estimator):
    head = ChoiceHead(
        [Choice((2, 3)), Choice((4,))],
        soft=False,
        settings=config.MADDPG(estimator=estimator),
        device=torch.device("cpu"),
    )
    outputs = torch.randn(1, 2, 300, 5, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
    masks = torch.ones(1, 2, 300, 5, dtype=torch.bool)
    masks[:, 0, :, 3] = False
    noise = head.gradient_noise([torch.Generator().manual_seed(1)], (2, 300, 5))
    sample = head.relaxed(outputs, noise, masks, n_updates=0)
    assert not sample[0, 0, :, 3].any()
    assert not sample[0, 1, :, 4].any()
    assert torch.allclose(sample[0, 0, :, :2].sum(-1), torch.ones(300), atol=1e-5)
    (sample * torch.arange(5.0)).sum().backward()
    assert torch.isfinite(outputs.grad).all()
    assert not outputs.grad[0, 0, :, 3].any()
    assert not outputs.grad[0, 1, :, 4].any()
