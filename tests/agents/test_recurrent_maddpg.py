"""What all policies do over windows, against stepping through each window alone; and that a memory helps."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from nashlens.agents import config
from nashlens.agents.config import Rollout, Windows
from nashlens.agents.engine import Situation, Transitions
from nashlens.agents.recurrent_maddpg import actions_behind, actions_now, update_all
from nashlens.agents.recurrent_maddpg_engine import RecurrentMADDPGEngine
from nashlens.agents.training import train
from nashlens.games import Batch, Choice, Game, GameSpec, Step, play
from nashlens.games.core import check_actions

CPU = torch.device("cpu")
ROLLOUT = Rollout(n_envs=4, warmup_steps=24, update_every_steps=12)
WINDOWS = Windows(steps=4, burn_in_steps=2)


def settings(kind=config.MADDPG, **given):
    return kind(**{"hidden": (6,), "memory": 5, "windows": WINDOWS, "batch_size": 12, "rollout": ROLLOUT, **given})


def generators(n_seeds):
    return [torch.Generator().manual_seed(k) for k in range(n_seeds)]


def played(game, sides, *, n_rounds=20, n_seeds=2, monkeypatch):
    """Return an engine that played without noise and never learned, its parameters far from small."""
    engine = RecurrentMADDPGEngine(game.spec, sides, seeds=range(n_seeds), steps=n_rounds * 4, device=CPU)
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for stack in engine.stacks:
            for tensor in stack.tensors:
                tensor.uniform_(-1.5, 1.5, generator=g)
    for learner in engine.learners:
        noiseless = lambda generators, shape: torch.zeros(len(generators), *shape)  # noqa: E731
        monkeypatch.setattr(learner.head, "noise", noiseless)
    batch = game.start(n_seeds * 4, rng=[np.random.default_rng(k) for k in range(n_seeds)])
    widths = np.cumsum([0, *game.spec.action_widths])

    def joint(parts):
        return torch.tensor(np.concatenate(parts, axis=1), dtype=torch.float32).view(n_seeds, 4, -1)

    for r in range(n_rounds):
        masks = None if batch.masks is None else joint(batch.masks) > 0.5
        situation = Situation(
            observations=joint(batch.observations), masks=masks, assignment=None, n_steps=4 * r, n_updates=0
        )
        with torch.no_grad():
            decision = engine.decide(situation, generators=generators(n_seeds))
        flat = decision.actions.flatten(0, 1).numpy().astype(np.float64)
        step = batch.step([flat[:, a:b] for a, b in pairwise(widths)])
        engine.take_in(
            Transitions(
                situation=situation,
                decision=decision,
                rewards=joint([step.rewards]),
                next_observations=joint(step.next_observations),
                terminated=joint([step.terminated[:, None]]),
                ended=torch.tensor(step.ended).view(n_seeds, 4),
                next_masks=None if step.next_masks is None else joint(step.next_masks) > 0.5,
            )
        )
    return engine


@pytest.mark.parametrize("kind", [{"boxes": True}, {"masked": True, "ends": True}], ids=str)
def test_over_every_window_the_policies_do_again_what_they_did_in_play(uneven, kind, monkeypatch):
    # Nothing was learned since: the stored memories, unrolled, must lead to the stored actions, episode after episode.
    game = uneven(**kind)
    engine = played(game, {"a": settings(), "b": settings(config.DDPG, memory=3)}, monkeypatch=monkeypatch)
    batch = engine._replay.sample(2, 9, generators(2))
    assert 0 < batch.began.mean() < 1
    again = actions_now(engine.learners, batch, generators=generators(2))
    torch.testing.assert_close(again, batch.actions, atol=1e-5, rtol=0)
    # It would not be so without the memories: actions before the first end of an episode change.
    forgetful = type(batch)(**{**{n: getattr(batch, n) for n in batch.__slots__}, "memories": 0 * batch.memories})
    assert not torch.equal(actions_now(engine.learners, forgetful, generators=generators(2)), batch.actions)


@pytest.mark.parametrize("kind", [{"boxes": True}, {"masked": True}], ids=str)
def test_behind_every_step_target_policies_act_on_the_successor_with_what_they_remember(uneven, kind, monkeypatch):
    game = uneven(**kind)
    sides = {"a": settings(), "b": config.DDPG(hidden=(6,), rollout=ROLLOUT)}  # b remembers nothing
    engine = played(game, sides, monkeypatch=monkeypatch)
    batch = engine._replay.sample(2, 5, generators(2))
    found = actions_behind(engine.learners, batch, generators=generators(2))
    (first, second), (a, b) = engine.learners, (slice(0, 2), slice(2, 6))
    for s, n, w in np.ndindex(2, 2, 5):
        memory = batch.memories[:, n, w].view(2, 1, 1, 5)
        for t in range(6):
            here, there = batch.observations[:, n, t, w], batch.next_observations[:, n, t, w]
            memory = memory * (1 - batch.began[:, n, t, w].view(2, 1, 1, 1))
            _, memory = first.target_actor.step(_padded(here[:, a]), memory)
            outputs, _ = first.target_actor.step(_padded(there[:, a]), memory)
            masks = None if batch.next_masks is None else batch.next_masks[:, n, t, w]
            own = first.head.act(outputs, torch.zeros(2, 1, 1, 3), None if masks is None else masks[:, None, None, :3])
            torch.testing.assert_close(found[s, n, t, w, :3], own[s, 0, 0])
            outputs = second.target_actor(there[:, None, None, b])
            width = second.head.padded
            own = second.head.act(
                outputs, torch.zeros(2, 1, 1, width), None if masks is None else masks[:, None, None, 3:]
            )
            torch.testing.assert_close(found[s, n, t, w, 3:], own[s, 0, 0])


def _padded(own):
    """Return observations ``[S, 2]`` as the stack reads them, ``[S, 1, 1, 4]``."""
    return torch.nn.functional.pad(own, (0, 2))[:, None, None]


def test_memories_are_emptied_where_episodes_end_and_nowhere_else(uneven, monkeypatch):
    engine = played(uneven(), {"a": settings(), "b": settings(config.DDPG)}, n_rounds=1, monkeypatch=monkeypatch)
    observations = torch.rand(2, 4, 6, generator=torch.Generator().manual_seed(1))
    situation = Situation(observations=observations, masks=None, assignment=None, n_steps=4, n_updates=0)
    with torch.no_grad():
        decision = engine.decide(situation, generators=generators(2))
    following = [memory.clone() for memory in engine._following]
    ended = torch.zeros(2, 4, dtype=torch.bool)
    ended[1, 2] = True
    engine.take_in(
        Transitions(
            situation=situation,
            decision=decision,
            rewards=torch.zeros(2, 4, 2),
            next_observations=observations,
            terminated=torch.zeros(2, 4, 1),
            ended=ended,
            next_masks=None,
        )
    )
    for after, before in zip(engine._memories, following, strict=True):
        assert (before.abs().sum(dim=-1) > 0).all()
        assert not after[1, :, 2].any()
        kept = ~ended[:, None].expand(-1, after.shape[1], -1)
        assert torch.equal(after[kept], before[kept])


def test_one_update_moves_every_actor_critic_and_target_and_reports_both_losses(uneven, monkeypatch):
    engine = played(uneven(), {"a": settings(), "b": settings(config.DDPG)}, monkeypatch=monkeypatch)
    before = [[t.detach().clone() for t in stack.tensors] for stack in engine.stacks]
    alive = torch.ones(2, dtype=torch.bool)
    losses = update_all(engine.learners, engine._replay, alive, n_updates=0, generators=generators(2))
    assert torch.isfinite(losses.critic).all()
    assert torch.isfinite(losses.actor).all()
    assert losses.moved == (0, 1)
    for tensors, stack in zip(before, engine.stacks, strict=True):
        assert any(not torch.equal(a, b) for a, b in zip(tensors, stack.tensors, strict=True))


class Whisper(Game):
    """A sign is shown to one agent at the first of three steps; naming it at the third pays both 1.

    The other agent sees the sign throughout and can do nothing: a central critic knows it through that agent.
    """

    def __init__(self) -> None:
        self.spec = GameSpec(
            name="whisper",
            agents=("respondent", "witness"),
            sides=("team", "team"),
            observation_sizes=(3, 2),
            action_spaces=(Choice((2,)), Choice((2,))),
            horizon=3,
            common_reward=True,
        )

    def begin(self, streams):
        return _WhisperBatch(self, streams)


class _WhisperBatch(Batch):
    def __init__(self, game, streams):
        self.spec, self.n_envs, self._streams = game.spec, streams.n_envs, streams
        self._clock, self._sign = 0, streams.integers(2)
        self._show()

    def step(self, actions):
        named = check_actions(self.spec, actions, self.n_envs)[0].argmax(axis=1)
        over = self._clock == 2
        rewards = ((named == self._sign) & over).astype(np.float64)[:, None].repeat(2, axis=1)
        self._clock += 1
        self._show()
        following, ended = self.observations, np.full(self.n_envs, over)
        if over:
            self._clock, self._sign = 0, self._streams.integers(2)
            self._show()
        return Step(next_observations=following, rewards=rewards, terminated=ended, truncated=np.zeros_like(ended))

    def _show(self):
        sign = np.eye(2)[self._sign]
        last = np.full((self.n_envs, 1), float(self._clock == 2))
        self.observations = (np.concatenate([sign * (self._clock == 0), last], axis=1), sign)

    def state(self):
        return {"clock": np.array(self._clock), "sign": self._sign.copy()}

    def restore(self, state):
        self._clock, self._sign = int(state["clock"]), state["sign"].copy()
        self._show()


@pytest.mark.parametrize(
    ("given", "remembers"),
    [
        ({}, False),
        ({"memory": 8, "windows": Windows(steps=3)}, True),
        ({"memory": 8, "windows": Windows(steps=4, burn_in_steps=3), "estimator": "straight_through"}, True),
    ],
    ids=["none", "stored state", "burn-in"],
)
def test_only_an_actor_with_memory_answers_what_it_saw_two_steps_ago(given, remembers):
    # Without memory the third step's observation is always the same: half of the answers are right, whatever is played.
    # 1,000 episodes at one half have standard error 0.016.
    rollout = Rollout(n_envs=8, warmup_steps=480, update_every_steps=24)
    how = config.MADDPG(hidden=(16,), batch_size=192, rollout=rollout, **given)
    for run in train(Whisper(), how, seeds=range(3), steps=6000, n_snapshots=2):
        right = play(Whisper(), run.policies(), n_episodes=1000, rng=np.random.default_rng(0)).returns[:, 0].mean()
        assert right > 0.95 if remembers else abs(right - 0.5) < 0.08
