"""The step against the natural gradient that a small softmax policy has in closed form, and the bounds it must keep."""

import numpy as np
import pytest
import torch

from nashlens import games
from nashlens.agents.on_policy_settings import TRPO, Advantage, Episodes
from nashlens.agents.settings import Sharing
from nashlens.agents.training import train
from nashlens.agents.trajectories import Window
from nashlens.agents.trust_region import TrustRegionLearner, conjugate_gradients, full_step

CPU = torch.device("cpu")


def test_conjugate_gradients_solve_each_block_as_a_direct_solver_does():
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(3, 2, 6, 6))
    matrices = torch.tensor(roots @ roots.swapaxes(-1, -2) + 0.5 * np.eye(6))
    target = torch.tensor(rng.normal(size=(3, 2, 6)))
    target[1, 1] = 0
    found = conjugate_gradients(lambda v: (matrices @ v[..., None]).squeeze(-1), target, steps=60)
    expected = np.linalg.solve(matrices.numpy(), target.numpy()[..., None])[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert not found[1, 1].any()


def test_a_block_is_solved_the_same_whatever_stands_beside_it():
    rng = np.random.default_rng(1)
    roots = rng.normal(size=(3, 1, 5, 5)).astype(np.float32)
    matrices = torch.tensor(roots @ roots.swapaxes(-1, -2))
    matrices[0] *= 1e-6  # solved in a step or so
    target = torch.tensor(rng.normal(size=(3, 1, 5)).astype(np.float32))
    among = conjugate_gradients(lambda v: (matrices * v[..., None, :]).sum(-1), target, steps=20)
    alone = conjugate_gradients(lambda v: (matrices[2:] * v[..., None, :]).sum(-1), target[2:], steps=20)
    assert torch.equal(among[2], alone[0])


def test_the_full_steps_quadratic_divergence_is_the_bound():
    direction, curvature = torch.tensor([[[3.0, 4.0], [0.0, 0.0]]]), torch.tensor([[[2.0], [0.0]]])
    step = full_step(direction, curvature, max_divergence=0.01)
    # length √(0.02 / 2) = 0.1
    assert torch.allclose(step, torch.tensor([[[0.3, 0.4], [0.0, 0.0]]]))


def a_learner(variant, *, damping=0.1, max_divergence=1e-4):
    game = games.make("climbing")
    how = TRPO(hidden=(), variant=variant, damping=damping, max_divergence=max_divergence, conjugate_steps=30)
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    return TrustRegionLearner(game.spec, [0, 1], how, device=CPU, rngs=rngs)


def a_window(n_rounds=60):
    """Every agent plays alternatives 0, 1, 2 in turn, at the constant observation 1."""
    places = torch.arange(n_rounds) % 3
    actions = torch.nn.functional.one_hot(places, 3).float().repeat(1, 2)[None, :, None].expand(2, -1, 1, -1)
    flags = torch.ones(2, n_rounds, 1)
    return Window(
        observations=torch.ones(2, n_rounds, 1, 2),
        actions=actions,
        log_densities=torch.zeros(2, n_rounds, 1, 2),
        rewards=torch.zeros(2, n_rounds, 1, 2),
        next_observations=torch.ones(2, n_rounds, 1, 2),
        terminated=flags,
        ended=flags,
        began=flags,
        counted=flags,
    ), places


def logits_of(learner):
    """With observation 1 and no hidden layer the logits are the weight plus the bias."""
    return (learner.actor.weights[0][:, :, 0] + learner.actor.biases[0][:, :, 0]).detach().double().numpy()


@pytest.mark.parametrize("variant", ["natural", "first_order"])
def test_the_step_is_that_of_the_analytic_fisher_matrix(variant):
    # θ = (w, b) with logits z = w + b, so J = [I I]. With F_z = diag(p) − p pᵀ and g_z the gradient in the logits,
    # (Jᵀ F_z J + λ I)⁻¹ Jᵀ g_z moves the logits by J Jᵀ (2 F_z + λ I)⁻¹ g_z = 2 (2 F_z + λ I)⁻¹ g_z; its curvature
    # s·(F + λ)s is 2 g_z·(2 F_z + λ)⁻¹ g_z. First order: s = Jᵀ g_z, curvature 4 g_z·F_z g_z + 2 λ g_z·g_z.
    learner = a_learner(variant)
    window, places = a_window()
    advantages = torch.randn(2, 2, 60, generator=torch.Generator().manual_seed(2))
    before = logits_of(learner)
    curves = learner._step_actor(window, advantages, torch.ones(2, 1, 60), torch.ones(2, dtype=torch.bool))
    assert (curves["step_share"] == 1).all()
    for s in range(2):
        for i in range(2):
            p = np.exp(before[s, i]) / np.exp(before[s, i]).sum()
            each = np.eye(3)[places] - p
            g = (advantages[s, i].double().numpy()[:, None] * each).mean(axis=0)
            fisher = np.diag(p) - np.outer(p, p)
            if variant == "natural":
                solved = np.linalg.solve(2 * fisher + 0.1 * np.eye(3), g)
                direction, curvature = 2 * solved, 2 * g @ solved
            else:
                direction, curvature = 2 * g, 4 * g @ fisher @ g + 0.2 * g @ g
            expected = np.sqrt(2e-4 / curvature) * direction
            moved = logits_of(learner)[s, i] - before[s, i]
            np.testing.assert_allclose(moved, expected, rtol=2e-3, atol=2e-6)


def test_the_measured_divergence_is_that_of_the_two_policies():
    learner = a_learner("natural", max_divergence=0.02)
    window, _ = a_window()
    advantages = torch.randn(2, 2, 60, generator=torch.Generator().manual_seed(3))
    before = logits_of(learner)
    curves = learner._step_actor(window, advantages, torch.ones(2, 1, 60), torch.ones(2, dtype=torch.bool))
    p, q = (np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in (before, logits_of(learner)))
    np.testing.assert_allclose(curves["divergence"], (p * np.log(p / q)).sum(-1), atol=1e-6)
    assert (curves["divergence"] > 0).all()


def test_a_step_that_no_share_makes_better_is_given_up():
    learner = a_learner("natural")
    before = logits_of(learner)
    curves = learner._step_actor(
        a_window()[0], torch.zeros(2, 2, 60), torch.ones(2, 1, 60), torch.ones(2, dtype=torch.bool)
    )
    assert not curves["step_share"].any()
    np.testing.assert_array_equal(logits_of(learner), before)


def test_too_long_steps_are_halved_until_they_fit():
    # With δ = 2 nats the quadratic model is far off: some step must be cut back, and none may pass the bound.
    learner = a_learner("natural", damping=0.0, max_divergence=2.0)
    advantages = torch.randn(2, 2, 60, generator=torch.Generator().manual_seed(2))
    curves = learner._step_actor(a_window()[0], advantages, torch.ones(2, 1, 60), torch.ones(2, dtype=torch.bool))
    assert (curves["step_share"] < 1).any()
    assert set(np.unique(curves["step_share"])) <= {0.5**k for k in range(11)} | {0.0}
    assert (curves["divergence"] <= 2.0).all()


def test_dead_seeds_do_not_move():
    learner = a_learner("natural")
    before = logits_of(learner)
    advantages = torch.randn(2, 2, 60, generator=torch.Generator().manual_seed(2))
    learner._step_actor(a_window()[0], advantages, torch.ones(2, 1, 60), torch.tensor([True, False]))
    after = logits_of(learner)
    np.testing.assert_array_equal(after[1], before[1])
    assert not np.allclose(after[0], before[0])


@pytest.mark.parametrize("variant", ["natural", "first_order"])
def test_every_accepted_step_of_a_training_keeps_within_its_bound(variant):
    # Snapshots at every update: the divergence between neighbours is found from the policies alone, in float64.
    game = games.make("penalty")
    how = TRPO(variant=variant, hidden=(8,), rollout=Episodes(n_envs=25, horizons_per_update=1))
    run = train(game, how, seeds=[0], steps=25 * 60, n_snapshots=61)[0]
    chances = np.array([[p.probabilities(np.ones((1, 1)))[0] for p in run.policies(t)] for t in range(61)])
    away = (chances[:-1] * np.log(chances[:-1] / chances[1:])).sum(-1)
    assert away.max() <= 0.01 + 1e-6
    assert away.max() > 0.005
    np.testing.assert_allclose(away, run.losses["divergence"], atol=1e-6)
    taken = run.losses["step_share"] > 0
    assert taken[0].all()
    assert not away[~taken].any()  # who took no step stands still; near a vertex a step may be too short to be seen


def test_agents_that_share_make_one_step():
    game = games.make("climbing")
    how = TRPO(sharing=Sharing(mode="full"), advantage=Advantage(estimator="n_step"), hidden=(8,))
    run = train(game, how, seeds=[0, 1], steps=2000, n_snapshots=2)[0]
    for name in ("divergence", "step_share", "actor_loss"):
        np.testing.assert_array_equal(run.losses[name][:, 0], run.losses[name][:, 1])
    assert (run.losses["step_share"] > 0).any()
