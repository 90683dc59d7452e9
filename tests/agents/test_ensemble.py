import numpy as np
import pytest
import torch
from scipy import stats

from nashlens.agents import config
from nashlens.agents.config import Ensemble, Rollout
from nashlens.agents.ensemble import Membership, draw_assignment
from nashlens.agents.networks import Stack
from nashlens.agents.replay import Replay
from nashlens.agents.training import train

SIDES = ["predators", "predators", "prey"]


def test_team_mates_draw_together_and_sides_apart():
    drawn = draw_assignment([Ensemble(size=3)] * 3, SIDES, 5000, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    table = np.histogram2d(drawn[:, 0], drawn[:, 2], bins=3)[0]
    assert stats.chi2_contingency(table).pvalue > 0.001
    assert stats.chisquare(np.bincount(drawn[:, 0])).pvalue > 0.001


def test_agents_draw_apart_on_request_and_a_single_policy_draws_nothing():
    settings = [Ensemble(size=3, draw="agent")] * 2 + [Ensemble()]
    rng = np.random.default_rng(0)
    drawn = draw_assignment(settings, SIDES, 5000, rng=rng)
    assert (drawn[:, 0] != drawn[:, 1]).mean() == pytest.approx(2 / 3, abs=0.03)
    assert not drawn[:, 2].any()
    before = rng.bit_generator.state
    draw_assignment([Ensemble()] * 3, SIDES, 5000, rng=rng)
    assert rng.bit_generator.state == before


def test_membership_lists_exactly_the_places_of_each_sub_policy_as_the_replay_turns_over():
    # Against a plain record of who owns which place, over three turns of a replay of 20 places.
    rng, capacity = np.random.default_rng(0), 20
    membership = Membership([2, 3], capacity=capacity, n_seeds=2)
    owners = np.full((2, capacity, 2), -1)
    for start in range(0, 60, 4):
        places = np.arange(start, start + 4) % capacity
        assignment = np.stack([rng.integers(2, size=(2, 4)), rng.integers(3, size=(2, 4))], axis=-1)
        membership.insert(places, assignment)
        owners[:, places] = assignment
        draws = torch.rand(2, 5, 400, dtype=torch.float64, generator=torch.Generator().manual_seed(start))
        members = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]
        found = membership.places(draws, members, min(start + 4, capacity)).numpy()
        for s in range(2):
            for m, (agent, sub) in enumerate(members):
                own = np.flatnonzero(owners[s, :, agent] == sub)
                if len(own):
                    assert set(found[s, m].tolist()) == set(own.tolist())


def test_a_sub_policy_trains_on_its_own_episodes_only(uneven):
    spec = uneven().spec
    replay = Replay(spec, capacity=64, n_seeds=1, sub_policies=[2, 2], device=torch.device("cpu"))
    widths = (6, 8, 2, 6, 1, 2)
    assignment = (torch.arange(64) % 2).float().view(1, 64, 1).expand(-1, -1, 2)
    replay.insert([*(torch.arange(64.0).view(1, 64, 1).expand(-1, -1, w) for w in widths), assignment], n_updates=0)
    batch = replay.sample([(0, 0), (1, 0), (0, 1), (1, 1)], 100, [torch.Generator().manual_seed(0)])
    odd = batch.rewards[0, :, :, 0] % 2
    assert odd.mean(dim=1).tolist() == [0, 0, 1, 1]
    assert torch.equal(batch.assignment[0, :, :, 0], odd.long())


def test_one_sub_policy_equals_plain_maddpg_bit_for_bit_through_the_machinery_of_ensembles(uneven, monkeypatch):
    # The other sub-policy exists but never plays: what the first one learns must be plain MADDPG's learning.
    how = {"hidden": (16,), "batch_size": 32, "rollout": Rollout(n_envs=4, warmup_steps=40, update_every_steps=8)}
    plain = train(uneven(), config.MADDPG(**how), seeds=[3], steps=160)[0]
    monkeypatch.setattr(
        "nashlens.agents.rollout.draw_assignment",
        lambda ensembles, sides, n, *, rng: np.zeros((n, len(sides)), dtype=np.int64),
    )
    initial, made = Stack.initial.__func__, {}

    def as_in_plain(cls, *args, slots, rngs, **kwargs):
        """The first sub-policy starts where plain MADDPG starts."""
        half = type(slots)(
            of_agent=slots.of_agent[:2], n_slots=slots.n_slots // 2, index=slots.index[: len(slots.of_agent) // 2]
        )
        stack = initial(cls, *args, slots=half, rngs=rngs, **kwargs)
        made[len(made)] = stack
        doubled = [torch.cat([t, torch.zeros_like(t)], dim=1) for t in stack.weights]
        return cls(doubled, [torch.cat([b, torch.zeros_like(b)], dim=1) for b in stack.biases], slots)

    monkeypatch.setattr(Stack, "initial", classmethod(as_in_plain))
    noise = _first_half_of_the_noise(monkeypatch)
    ensemble = train(uneven(), config.MADDPG(**how, ensemble=Ensemble(size=2)), seeds=[3], steps=160)[0]
    assert noise
    assert len(made) == 2
    np.testing.assert_array_equal(plain.episode_returns, ensemble.episode_returns)


def _first_half_of_the_noise(monkeypatch):
    """Draw for the first sub-policy what plain MADDPG would draw; the idle one gets copies."""
    from nashlens.agents.distributions import Noise
    from nashlens.agents.learner import Learner

    used = []

    def draw_gradient(self, generators, n_rows):
        used.append(n_rows)
        first = self.draw(generators, n_rows)
        return Noise(first.repeat(1, self.n_subs, 1, 1))

    sample = Replay.sample

    def sample_first(self, learners, batch_size, generators):
        batch = sample(self, learners[: len(learners) // 2], batch_size, generators)
        both = {name: getattr(batch, name) for name in batch.__slots__}
        return type(batch)(**{k: None if v is None else torch.cat([v, v], dim=1) for k, v in both.items()})

    def n_rows_of(decide):
        def at_rows(learners, observations, masks, assignment=None, *, target, generators):
            if not target:
                return decide(learners, observations, masks, assignment, target=target, generators=generators)
            half = observations.shape[1] // 2
            actions = decide(
                learners, observations[:, :half], masks, assignment[:, :half], target=target, generators=generators
            )
            return torch.cat([actions, actions], dim=1)

        return at_rows

    from nashlens.agents import maddpg

    monkeypatch.setattr(Learner, "draw_gradient", draw_gradient)
    monkeypatch.setattr(Replay, "sample", sample_first)
    monkeypatch.setattr(maddpg, "joint_actions", n_rows_of(maddpg.joint_actions))
    return used
