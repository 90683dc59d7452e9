import numpy as np
import pytest
import torch
from torch import distributions as td

from nashlens.agents import config
from nashlens.agents.config import Inference
from nashlens.agents.learner import Learner
from nashlens.agents.opponents import Opponents
from nashlens.agents.replay import Minibatch
from nashlens.games import make

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


def minibatch(observations, actions):
    return Minibatch(
        observations=observations,
        actions=actions,
        rewards=actions,
        next_observations=observations,
        terminated=actions,
        log_densities=actions,
    )


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
    opponents = models(uneven(), entropy_weight=0.3)
    opponents.optimiser = torch.optim.SGD(opponents.model.tensors, lr=1.0)
    actions = torch.zeros(2, 1, 6, 8)
    actions[..., 1] = actions[..., 3] = actions[..., 6] = 1.0
    observations = joint()[:, :1]
    latest = minibatch(observations, actions)
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


def test_mixed_kinds_of_actions_are_refused(uneven):
    with pytest.raises(ValueError, match="Choice actions, or with Box actions; uneven has 2 with Box and Choice"):
        models(uneven(boxes=True))


def test_boxes_have_no_probabilities_to_dose_or_to_feed():
    for setting in ({"dose": 0.5}, {"fed_as": "log_probabilities"}):
        with pytest.raises(ValueError, match="inference of Box actions needs dose 0 and fed_as actions"):
            models(boxed(), **setting)


def boxed():
    return make("simple_speaker_listener", actions="continuous")  # three and five numbers, three and eleven seen


def test_gaussian_models_are_fitted_by_likelihood_with_entropy_rewarded():
    game = boxed()
    opponents = models(game, entropy_weight=0.3)
    opponents.optimiser = torch.optim.SGD(opponents.model.tensors, lr=0.0)
    observations = joint(width=sum(game.spec.observation_sizes))[:, :1]
    actions = joint(width=sum(game.spec.action_widths))[:, :1]
    latest = minibatch(observations, actions)
    # Pair (1, 0): the listener's model of the speaker, three numbers between 0 and 1 in a stack that is five wide
    outputs = opponents.model(opponents._observations.spread(observations[:, 0], [1, 0]))[:, 1].detach()
    place, width = outputs[..., :3], outputs[..., 5:8]
    normal = td.Normal(0.5 + 0.5 * place.tanh(), 0.5 * width.clamp(-5, 1).exp())
    expected = -(normal.log_prob(actions[:, 0, :, :3]) + 0.3 * normal.entropy()).sum(-1).mean(-1)
    reported = opponents.fit(latest, torch.ones(2, dtype=torch.bool))
    assert torch.allclose(reported[:, 1], expected, atol=1e-5)


def test_gaussian_models_come_to_the_policy_that_acts():
    game = boxed()
    opponents = models(game)
    n_rows, widths = 512, game.spec.action_widths
    observations = joint(n_rows, sum(game.spec.observation_sizes))
    # the speaker's policy: tanh⁻¹ of places 0.4, 0.5, 0.6 in the box from 0 to 1, a tenth of the half width wide
    place = torch.atanh(torch.tensor([-0.2, 0.0, 0.2]))
    own = torch.cat([place, torch.full((3,), -2.3)]).expand(2, 2 * n_rows, -1)
    other = torch.zeros(2, 2 * n_rows, 2 * widths[1])
    true = opponents.of_true({0: own, 1: other}, n_rows)
    generator = torch.Generator().manual_seed(0)
    before = opponents.divergences(observations, None, true, target=False)["true_model"][:, 1]
    for _ in range(300):
        drawn = torch.tanh(place) / 2 + 0.5 + 0.5 * 0.1003 * torch.randn(2, 1, n_rows, 3, generator=generator)
        actions = torch.cat([drawn, torch.full((2, 1, n_rows, widths[1]), 0.5)], dim=-1)
        opponents.fit(minibatch(observations[:, :1], actions), torch.ones(2, dtype=torch.bool))
    found = opponents.divergences(observations, None, true, target=False)
    assert (before > 1).all()
    assert (found["true_model"][:, 1] < 0.1).all()
    assert (found["model_true"][:, 1] < 0.1).all()


def test_sampled_stand_ins_of_boxes_have_the_models_moments():
    game = boxed()
    opponents = models(game)
    n = 20_000
    observations = joint(1, sum(game.spec.observation_sizes)).expand(-1, -1, n, -1)
    for tensor in opponents.target.biases[-1:]:
        tensor.data[..., 5:] -= 3.0  # narrow, so that nothing is clipped
    fed = opponents.stand_in(
        joint(1, sum(game.spec.action_widths)).expand(-1, -1, n, -1),
        observations,
        None,
        torch.zeros(2, 2, n, 10),
        target=True,
        generators=generators(),
    )
    mean, std = opponents.head.moments(opponents.target(opponents._inputs(observations[:, :, :1])))
    drawn = fed[:, 1, :, :3]
    assert torch.allclose(drawn.mean(dim=1), mean[:, 1, 0, :3].detach(), atol=4 * 0.5 / n**0.5)
    assert torch.allclose(drawn.std(dim=1), std[:, 1, 0, :3].detach(), rtol=0.03)


def test_a_world_of_boxes_trains_with_models_and_keeps_them():
    from nashlens.agents.training import train

    rollout = config.Rollout(n_envs=4, warmup_steps=50, update_every_steps=50)
    settings = config.MADDPG(hidden=(8,), batch_size=16, rollout=rollout, inference=Inference())
    run = train(boxed(), settings, seeds=[0], steps=200, n_snapshots=2, keep_critics=True)[0]
    assert np.isfinite(run.losses["kl_true_model_target_replay"][:, 1, 0]).all()
    model = run.model(1, 0, target=True)
    mean, std = model.moments(np.zeros((4, 3)))
    assert mean.shape == std.shape == (4, 3)
    assert ((mean > 0) & (mean < 1)).all()


def test_replayed_actions_replace_the_others_where_they_are_known(uneven):
    opponents = models(uneven(), source="replay")
    drawn, known = joint(width=8), joint(width=8) + 1
    known[:, :, 2] = torch.nan
    fed = opponents.replayed(drawn, known)
    assert torch.equal(fed[:, 0, :, :3], drawn[:, 0, :, :3])
    assert torch.equal(fed[:, 1, :, 3:], drawn[:, 1, :, 3:])
    rows = [0, 1, 3, 4, 5]
    assert torch.equal(fed[:, 0, rows, 3:], known[:, 0, rows, 3:])
    assert torch.equal(fed[:, 1, rows, :3], known[:, 1, rows, :3])
    assert torch.equal(fed[:, :, 2], drawn[:, :, 2])


@pytest.mark.parametrize("setting", [{"dose": 0.5}, {"fed_as": "log_probabilities"}])
def test_replayed_actions_are_no_distribution(setting):
    with pytest.raises(ValueError, match="source replay needs dose 0 and fed_as actions"):
        Inference(source="replay", **setting)


def test_what_the_others_did_next_is_learned_from(uneven):
    from nashlens.agents.training import train

    rollout = config.Rollout(n_envs=2, warmup_steps=8, update_every_steps=8)
    hashes = [
        train(
            uneven(),
            config.MADDPG(hidden=(8,), batch_size=8, rollout=rollout, inference=Inference(source=source)),
            seeds=[3],
            steps=80,
            n_snapshots=2,
        )[0].parameter_hash
        for source in ("true", "replay", "replay")
    ]
    assert hashes[0] != hashes[1]
    assert hashes[1] == hashes[2]


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
