from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from nashlens.agents import config, records
from nashlens.agents.families import engine_for
from nashlens.agents.training import train
from nashlens.games.network_policy import NetworkPolicy

SMALL = {"hidden": (8,), "batch_size": 8, "rollout": config.Rollout(n_envs=2, warmup_steps=8, update_every_steps=8)}
SHARED = config.Sharing(mode="full", index=True)
VARIANTS = {
    "central": config.MADDPG(**SMALL),
    "local": config.DDPG(**SMALL),
    "twin": config.MADDPG(**SMALL, twin=config.Twin()),
    "shared": config.MADDPG(**SMALL, critic_sharing=SHARED),
    "shared local": config.DDPG(**SMALL, sharing=SHARED),
    "ensemble": config.MADDPG(**SMALL, ensemble=config.Ensemble(size=2)),
    "inference": config.MADDPG(**SMALL, inference=config.Inference()),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_critics_read_back_are_the_learners_own(uneven, name):
    game = uneven()
    engine = engine_for(
        game.spec, dict.fromkeys("ab", VARIANTS[name]), seeds=[3, 4], steps=40, device=torch.device("cpu")
    )
    kept = [engine.learner_layers()]
    learner = engine.learners[0]
    n_members = len(learner.members)
    generator = torch.Generator().manual_seed(0)
    observations = torch.randn(2, 1, 5, 6, generator=generator).expand(-1, n_members, -1, -1)
    actions = torch.randn(2, 1, 5, 8, generator=generator).expand(-1, n_members, -1, -1)
    online = learner.value(learner.critics[0], observations, actions).detach().numpy()
    target = learner.target_value(observations, actions).detach().numpy()
    for member, (agent, sub) in enumerate(learner.places):
        found = engine.learner_snapshots(agent, 1, kept)[sub]
        for values, is_target in ((online, False), (target, True)):
            critic = found.critic(game.spec, agent, 0, target=is_target)
            again = critic(observations[1, 0].numpy(), actions[1, 0].numpy())
            np.testing.assert_allclose(again, values[1, member], atol=1e-5)


@pytest.mark.parametrize("soft", [False, True])
def test_models_and_target_policies_read_back_are_the_learners_own(uneven, soft):
    game = uneven(soft=soft)
    run = train(game, VARIANTS["inference"], seeds=[3], steps=40, n_snapshots=3, keep_critics=True)[0]
    engine = engine_for(
        game.spec, dict.fromkeys("ab", VARIANTS["inference"]), seeds=[3], steps=40, device=torch.device("cpu")
    )
    opponents = engine.learners[0].opponents
    joint = torch.randn(1, 2, 5, 6, generator=torch.Generator().manual_seed(0))
    logs = opponents.head.log_probabilities(opponents.model(opponents._inputs(joint)), None)
    for p, (i, j) in enumerate(opponents.pairs):
        model = run.model(i, j, 0)
        assert isinstance(model, NetworkPolicy)
        assert model.soft == soft
        seen = joint[0, i, :, :2] if j == 0 else joint[0, i, :, 2:]
        expected = logs[0, p].exp()[:, : model.action_space.width].detach().numpy()
        np.testing.assert_allclose(model.probabilities(seen.numpy()), expected, atol=1e-6)
        # before any training the slow copies are copies
        np.testing.assert_array_equal(
            run.model(i, j, 0, target=True).probabilities(seen.numpy()), model.probabilities(seen.numpy())
        )
        np.testing.assert_array_equal(
            run.target_policy(j, 0).probabilities(seen.numpy()), run.policies(0)[j].probabilities(seen.numpy())
        )
        assert not np.allclose(run.model(i, j).probabilities(seen.numpy()), model.probabilities(seen.numpy()))


def test_targets_lag_behind_what_they_follow(uneven):
    run = train(uneven(), VARIANTS["central"], seeds=[3], steps=200, n_snapshots=3, keep_critics=True)[0]
    observations, actions = np.ones((1, 6)), np.ones((1, 8))
    begin, online, slow = (
        run.critic(0, t, target=target)(observations, actions)[0] for t, target in ((0, False), (-1, False), (-1, True))
    )
    # tau = 0.01 and 24 updates: the target went at most 1 − 0.99²⁴ = 0.21 of the way, the online critic all of it
    assert online != begin
    assert 0 < abs(slow - begin) < 0.5 * abs(online - begin)


def test_keeping_changes_nothing_else_and_survives_a_checkpoint(uneven):
    how, said = VARIANTS["inference"], []
    ask = {"seeds": [3, 4], "steps": 80, "n_snapshots": 3}
    plain = train(uneven(), how, **ask)
    kept = train(uneven(), how, **ask, keep_critics=True, checkpoint_every_steps=40, on_checkpoint=said.append)
    resumed = train(uneven(), how, **ask, keep_critics=True, resume=said[0])
    for a, b, c in zip(plain, kept, resumed, strict=True):
        assert a.parameter_hash == b.parameter_hash == c.parameter_hash
        assert a.learners == ()
        arrays, again = records.pack(b)[0], records.pack(c)[0]
        assert sorted(arrays) == sorted(again)
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, again[name])
    with pytest.raises(ValueError, match="differs in keep_critics"):
        train(uneven(), how, **ask, resume=said[0])


@pytest.mark.parametrize("name", VARIANTS)
def test_kept_learners_survive_packing(uneven, name):
    run = train(uneven(), VARIANTS[name], seeds=[5], steps=40, n_snapshots=2, keep_critics=True)[0]
    arrays, settings = records.pack(run)
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    assert records.pack(again)[1] == settings
    observations, actions = np.ones((2, 6)), np.eye(2, 8)
    for agent in range(2):
        for target in (False, True):
            sub = len(run.learners[agent]) - 1
            np.testing.assert_array_equal(
                again.critic(agent, target=target, sub=sub)(observations, actions),
                run.critic(agent, target=target, sub=sub)(observations, actions),
            )
    if name == "inference":
        seen = np.ones((2, 2))
        np.testing.assert_array_equal(
            again.model(1, 0, target=True).probabilities(seen), run.model(1, 0, target=True).probabilities(seen)
        )


def test_runs_without_critics_load_and_say_what_is_missing(uneven):
    run = train(uneven(), VARIANTS["central"], seeds=[5], steps=40, n_snapshots=2)[0]
    arrays, settings = records.pack(run)
    assert "learners" not in settings
    assert not any(name.startswith("learner") for name in arrays)
    again = records.unpack(arrays, settings)
    for ask in (lambda: again.critic(0), lambda: again.target_policy(0), lambda: again.model(0, 1)):
        with pytest.raises(ValueError, match=r"this run kept no critics.*keep_critics.*MADDPG or DDPG"):
            ask()


def test_algorithms_without_kept_critics_keep_none(uneven):
    how = config.REINFORCE(hidden=(8,), rollout=config.Episodes(n_envs=2))
    run = train(uneven(), how, seeds=[5], steps=40, n_snapshots=2, keep_critics=True)[0]
    assert run.learners == ()


def test_learners_that_are_not_there_are_refused(uneven):
    run = train(uneven(), VARIANTS["central"], seeds=[5], steps=40, n_snapshots=2, keep_critics=True)[0]
    with pytest.raises(ValueError, match="agent must be within the 2 of uneven, not 2"):
        run.critic(2)
    with pytest.raises(ValueError, match="snapshot must be within the 2 of this run, not 2"):
        run.critic(0, 2)
    with pytest.raises(ValueError, match="sub must be within the 1 of agent 0, not 1"):
        run.critic(0, sub=1)
    with pytest.raises(ValueError, match=r"other must be .* not 1: it inferred no one's policy"):
        run.model(0, 1)
    inferring = train(uneven(), VARIANTS["inference"], seeds=[5], steps=40, n_snapshots=2, keep_critics=True)[0]
    with pytest.raises(ValueError, match=r"other must be .* not 0: it has models of agents \[1\]"):
        inferring.model(0, 0)


def test_recurrent_actors_learners_are_kept_too(uneven):
    how = config.MADDPG(
        hidden=(8,),
        memory=3,
        windows=config.Windows(steps=2),
        batch_size=8,
        rollout=config.Rollout(n_envs=2, warmup_steps=16, update_every_steps=8),
    )
    run = train(uneven(), how, seeds=[5], steps=48, n_snapshots=3, keep_critics=True)[0]
    assert run.target_policy(1).memory_size == 3
    values = [run.critic(1, t)(np.ones((1, 6)), np.ones((1, 8)))[0] for t in (0, -1)]
    assert values[0] != values[1]
    again = records.unpack(*records.pack(run))
    assert again.critic(1)(np.ones((1, 6)), np.ones((1, 8)))[0] == values[1]
