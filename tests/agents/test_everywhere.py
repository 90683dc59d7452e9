"""Every setting of the family trains in every kind of game, or says why it cannot."""

import numpy as np
import pytest

from nashlens import games
from nashlens.agents import config
from nashlens.agents.config import Ensemble, Inference, Minimax, Rollout, Sharing, Twin
from nashlens.agents.training import train

GAMES = {
    "matrix": lambda: games.make("climbing"),
    "matrix, three agents": lambda: games.make("volunteers_dilemma", n_agents=3),
    "repeated": lambda: games.make("repeated", stage="prisoners_dilemma", rounds=3, memory=1),
    "sequential": lambda: games.make("kuhn_poker"),
    "particle": lambda: games.make("simple_spread", n_agents=2),
    "particle, soft": lambda: games.make("simple_speaker_listener", actions="soft"),
    "particle, two sides": lambda: games.make("simple_adversary", N=2),
    "particle, moving and speaking": lambda: games.make("simple_reference"),
    "particle, continuous": lambda: games.make("simple_tag", actions="continuous"),
}
SETTINGS = {
    "maddpg": config.MADDPG(),
    "ddpg": config.DDPG(),
    "score": config.MADDPG(gradient="score"),
    "current": config.MADDPG(other_actions="current"),
    "straight-through": config.MADDPG(estimator="straight_through"),
    "annealed": config.MADDPG(estimator="annealed"),
    "gumbel-rao": config.MADDPG(estimator="gumbel_rao", rao_samples=2),
    "gapped": config.MADDPG(estimator="gapped"),
    "matd3": config.MADDPG(twin=Twin()),
    "m3ddpg": config.MADDPG(minimax=Minimax()),
    "inferred": config.MADDPG(inference=Inference()),
    "replayed": config.MADDPG(inference=Inference(source="replay")),
    "ensemble": config.MADDPG(ensemble=Ensemble(size=2)),
    "shared by side": config.MADDPG(sharing=Sharing(mode="side", index=True)),
    "shared by all": config.DDPG(sharing=Sharing(mode="full")),
}
QUICK = {"hidden": (8,), "batch_size": 16, "rollout": Rollout(n_envs=4, warmup_steps=24, update_every_steps=12)}


@pytest.mark.parametrize("kind", GAMES)
@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_trains_in_every_kind_of_game(kind, name):
    game, settings = GAMES[kind](), SETTINGS[name].model_copy(update=QUICK)
    run = train(game, settings, seeds=[0], steps=48, n_snapshots=2, evaluation_episodes=2, explore=True)[0]
    assert (run.status, run.n_updates) == ("done", 3)
    assert np.isfinite(run.evaluation_returns).all()
    moved = [any((a.weights[k][0] != a.weights[k][-1]).any() for k in range(len(a.weights))) for a in run.actors]
    assert all(moved)
