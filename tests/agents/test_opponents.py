import numpy as np
import pytest
import torch

from nashlens.agents import config
from nashlens.agents.config import Inference
from nashlens.agents.learner import Learner
from nashlens.agents.opponents import Opponents

CPU = torch.device("cpu")


def models(game, **inference):
    settings = config.MADDPG(hidden=(8,), inference=Inference(**inference))
    return Opponents(
        game.spec,
        (0, 1),
        settings,
        settings.inference,
        soft=game.spec.soft_actions,
        device=CPU,
        rngs=[np.random.default_rng(s) for s in range(2)],
    )


def joint(n_rows=6, width=6):
    return torch.rand(2, 2, n_rows, width, generator=torch.Generator().manual_seed(3))


def generators():
    return [torch.Generator().manual_seed(s) for s in range(2)]


def true_outputs(n_rows=6):
    return torch.randn(2, 2, n_rows, 5, generator=torch.Generator().manual_seed(4))


def test_pairs_are_ordered_and_a_model_reads_the_modelled_agents_observation(uneven):
    opponents = models(uneven())
    assert opponents.pairs == [(0, 1), (1, 0)]
    observations = joint()
    before = opponents.divergences(observations, None, true_outputs(), target=False)["model_true"]
    observations[:, 0, :, :2] += 5.0  # agent 0's own observation in its own minibatch: no part of its model of agent 1
    after = opponents.divergences(observations, None, true_outputs(), target=False)["model_true"]
    assert torch.equal(before[:, 0], after[:, 0])


def test_divergences_are_the_textbooks_in_both_directions(uneven):
    opponents = models(uneven())
    observations, outputs = joint(), true_outputs()
    found = opponents.divergences(observations, None, outputs, target=True)
    # Pair (1, 0): agent 1's model of agent 0, one factor of three alternatives.
    logits = opponents.target(opponents._inputs(observations))[:, 1, :, :3]
    q, p = torch.log_softmax(logits, -1), torch.log_softmax(outputs[:, 1, :, :3], -1)
    assert torch.allclose(found["model_true"][:, 1], (q.exp() * (q - p)).sum(-1).mean(-1).detach(), atol=1e-6)
    assert torch.allclose(found["true_model"][:, 1], (p.exp() * (p - q)).sum(-1).mean(-1).detach(), atol=1e-6)
    assert all((values >= 0).all() for values in found.values())


def test_fit_follows_the_gradient_of_likelihood_with_entropy_rewarded(uneven):
    from nashlens.agents.replay import Minibatch

    opponents = models(uneven(), entropy_weight=0.3)
    opponents.optimiser = torch.optim.SGD(opponents.model.tensors, lr=1.0)
    actions = torch.zeros(2, 1, 6, 8)
    actions[..., 1] = actions[..., 3] = actions[..., 6] = 1.0
    observations = joint()[:, :1]
    latest = Minibatch(
        observations=observations,
        actions=actions,
        rewards=actions,
        next_observations=observations,
        terminated=actions,
        log_densities=actions,
    )
    bias = opponents.model.biases[-1].detach().clone()
    logits = opponents.model(opponents._observations.spread(observations[:, 0], [1, 0]))[:, 1, :, :3].detach()
    logits.requires_grad_(True)
    logs = torch.log_softmax(logits, -1)
    loss = -(logs[..., 1] + 0.3 * -(logs.exp() * logs).sum(-1)).mean(-1)
    loss.sum().backward()
    reported = opponents.fit(latest, torch.ones(2, dtype=torch.bool))
    assert torch.allclose(reported[:, 1], loss.detach(), atol=1e-6)
    step = opponents.model.biases[-1].detach()[:, 1, 0, :3] - bias[:, 1, 0, :3]
    gradient = logits.grad.sum(dim=1)
    norm = (opponents.model.biases[-1].grad[:, 1].flatten(1).norm(dim=1) + 1e-12)[:, None]
    scale = torch.clamp(gradient.norm(dim=1, keepdim=True), min=0.5) / 0.5  # clipped to norm 0.5 where it is longer
    assert torch.allclose(step, -gradient / scale, atol=1e-6)
    assert float(norm.max()) <= 0.5 + 1e-5


def test_stand_in_keeps_the_own_part_and_feeds_log_probabilities_on_request(uneven):
    opponents = models(uneven(), fed_as="log_probabilities", source="true")
    actions, outputs = joint(width=8), true_outputs()
    fed = opponents.stand_in(actions, joint(), None, outputs, target=True, generators=generators())
    assert torch.equal(fed[:, 0, :, :3], actions[:, 0, :, :3])
    assert torch.equal(fed[:, 1, :, 3:], actions[:, 1, :, 3:])
    assert torch.allclose(fed[:, 1, :, :3], torch.log_softmax(outputs[:, 1, :, :3], -1))
    two = torch.cat([torch.log_softmax(outputs[:, 0, :, :2], -1), torch.log_softmax(outputs[:, 0, :, 2:], -1)], -1)
    assert torch.allclose(fed[:, 0, :, 3:], two)


@pytest.mark.parametrize("dose_of", ["uniform", "permuted", "frozen"])
def test_a_dose_mixes_probabilities(uneven, dose_of):
    opponents = models(uneven(), fed_as="log_probabilities", source="true", dose=0.25, dose_of=dose_of)
    outputs, observations = true_outputs(), joint()
    for tensor in opponents.model.tensors:  # the frozen model must stay the initial one
        tensor.data.add_(0.5)
    fed = opponents.stand_in(joint(width=8), observations, None, outputs, target=True, generators=generators())
    p = torch.softmax(outputs[:, 1, :, :3], -1)
    initial = opponents._frozen(opponents._inputs(observations))[:, 1, :, :3]
    other = {
        "uniform": torch.full_like(p, 1 / 3),
        "permuted": p.roll(1, dims=-1),
        "frozen": torch.softmax(initial, -1),
    }[dose_of]
    assert torch.allclose(fed[:, 1, :, :3].exp(), 0.75 * p + 0.25 * other, atol=1e-6)


def test_sampled_stand_ins_have_the_models_frequencies(uneven):
    opponents = models(uneven())
    n = 20_000
    observations = joint(1).expand(-1, -1, n, -1)
    acted = opponents.stand_in(
        joint(1, 8).expand(-1, -1, n, -1), observations, None, true_outputs(n), target=True, generators=generators()
    )
    chances = torch.softmax(opponents.target(opponents._inputs(observations[:, :, :1]))[:, 1, 0, :3], -1)
    assert torch.allclose(acted[:, 1, :, :3].mean(dim=1), chances.detach(), atol=4 * 0.5 / n**0.5)


def test_boxes_and_lone_agents_are_refused(uneven):
    with pytest.raises(ValueError, match="two or more agents with Choice actions"):
        models(uneven(boxes=True))


def test_a_learner_without_inference_has_no_models(uneven):
    learner = Learner(uneven().spec, (0, 1), config.MADDPG(), device=CPU, rngs=[np.random.default_rng(0)])
    assert learner.opponents is None


def test_a_sparse_record_of_divergences_changes_nothing_that_is_learned(uneven):
    from nashlens.agents.training import train

    rollout = config.Rollout(n_envs=2, warmup_steps=8, update_every_steps=8)
    runs = [
        train(
            uneven(),
            config.MADDPG(hidden=(8,), batch_size=8, rollout=rollout, inference=Inference(record_every_updates=every)),
            seeds=[3],
            steps=80,
            n_snapshots=2,
        )[0]
        for every in (1, 4)
    ]
    dense, sparse = runs
    assert dense.parameter_hash == sparse.parameter_hash
    assert sorted(dense.losses) == sorted(sparse.losses)
    for name in (n for n in dense.losses if n.startswith("kl_")):
        expected = dense.losses[name].copy()
        expected[np.arange(len(expected)) % 4 != 0] = np.nan
        np.testing.assert_array_equal(sparse.losses[name], expected)
    assert "record_every_updates" not in dense.algorithm["a"]["inference"]
    assert sparse.algorithm["a"]["inference"]["record_every_updates"] == 4


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_an_interval_below_one_is_refused(every):
    with pytest.raises(ValueError, match="record_every_updates"):
        Inference(record_every_updates=every)
