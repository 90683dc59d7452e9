import numpy as np
import pytest
import torch

from nashlens.agents.replay import Replay

CPU = torch.device("cpu")
ONE, TWO = [(0, 0)], [(0, 0), (1, 0)]


def filled(game, n_inserts, capacity=10, n_envs=3, n_seeds=2):
    """A replay whose k-th row holds the number k everywhere, plus 1000 for each seed."""
    spec = game.spec
    replay = Replay(spec, capacity=capacity, n_seeds=n_seeds, device=CPU)
    widths = [6, 8, 2, 6, 1, 2] + ([8, 8] if spec.masked else [])
    for k in range(n_inserts):
        numbers = torch.arange(k * n_envs, (k + 1) * n_envs, dtype=torch.float32)
        rows = numbers[None, :, None] + 1000 * torch.arange(n_seeds)[:, None, None]
        replay.insert([rows.expand(-1, -1, width) for width in widths], n_updates=k)
    return replay


def generators(n=2):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


def test_replay_keeps_the_last_transitions_and_when_they_came(uneven):
    replay = filled(uneven(), 5)  # 15 rows of each seed, of which the last 10 are kept
    assert replay.size == 10
    seen = replay.sample(ONE, 2000, generators()).rewards[0, 0, :, 0].unique()
    assert seen.tolist() == list(range(5, 15))
    # rows 10 to 14 stand at places 0 to 4, written by inserts 3 (rows 9, 10, 11) and 4 (rows 12, 13, 14)
    assert replay.insertion_updates().tolist() == [3, 3, 4, 4, 4, 1, 2, 2, 2, 3]


def test_every_part_of_a_sampled_row_belongs_to_one_transition(uneven):
    batch = filled(uneven(masked=True), 3).sample(TWO, 50, generators())
    row = batch.rewards[..., :1]
    for part in (batch.observations, batch.actions, batch.next_observations, batch.log_densities):
        assert torch.equal(part, row.expand_as(part))
    assert batch.observations.shape == (2, 2, 50, 6)
    assert batch.terminated.shape == (2, 2, 50)
    assert torch.equal(batch.masks, (row > 0.5).expand(-1, -1, -1, 8))
    assert bool((batch.rewards[1] >= 1000).all())
    assert bool((batch.rewards[0] < 1000).all())


def test_each_learner_draws_its_own_minibatch_and_a_shared_one_is_the_same_for_all(uneven):
    replay = filled(uneven(), 3)
    separate = replay.sample(TWO, 50, generators()).rewards
    assert not torch.equal(separate[:, 0], separate[:, 1])
    shared = replay.sample(ONE, 50, generators()).for_all(2)
    assert torch.equal(shared.rewards[:, 0], shared.rewards[:, 1])
    assert shared.actions.shape == (2, 2, 50, 8)
    assert shared.masks is None


def test_sampling_of_a_seed_does_not_depend_on_the_others(uneven):
    among = filled(uneven(), 3).sample(TWO, 50, generators()).rewards[:1]
    alone = filled(uneven(), 3, n_seeds=1).sample(TWO, 50, generators(1)).rewards
    assert torch.equal(among, alone)


def test_sampling_is_uniform(uneven):
    from scipy import stats

    drawn = filled(uneven(), 3).sample(ONE, 9000, generators()).rewards[0, 0, :, 0].numpy()
    assert stats.chisquare(np.bincount(drawn.astype(int), minlength=9)).pvalue > 0.001


@pytest.mark.parametrize("n_inserts", [2, 5])
def test_state_restores_contents_and_place(uneven, n_inserts):
    before = filled(uneven(), n_inserts)
    after = Replay(uneven().spec, capacity=10, n_seeds=2, device=CPU)
    after.load(before.state())
    for replay in (before, after):
        replay.insert([torch.full((2, 3, width), -1.0) for width in (6, 8, 2, 6, 1, 2)], n_updates=99)
    assert torch.equal(before.sample(TWO, 64, generators()).rewards, after.sample(TWO, 64, generators()).rewards)
    assert torch.equal(before.insertion_updates(), after.insertion_updates())


def test_fingerprints_are_kept_with_their_transitions(uneven):
    from nashlens.agents.engine import Decision, Situation, Transitions

    replay = Replay(uneven(masked=True).spec, capacity=10, n_seeds=2, fingerprints=True, device=CPU)
    masks = torch.ones(2, 3, 8, dtype=torch.bool)
    for k in range(2):
        where = Situation(
            observations=torch.full((2, 3, 6), float(k)), masks=masks, assignment=None, n_steps=k, n_updates=k
        )
        found = Transitions(
            situation=where,
            decision=Decision(actions=torch.zeros(2, 3, 8), log_densities=torch.zeros(2, 3, 2)),
            rewards=torch.zeros(2, 3, 2),
            next_observations=torch.zeros(2, 3, 6),
            terminated=torch.zeros(2, 3, 1),
            ended=torch.zeros(2, 3, dtype=torch.bool),
            next_masks=~masks,
        )
        replay.insert_transitions(found, fingerprint=(1.0 - k, 10.0 + k))
    batch = replay.sample(TWO, 50, generators())
    assert batch.fingerprints.shape == (2, 2, 50, 2)
    when = batch.observations[..., 0]
    assert torch.equal(batch.fingerprints, torch.stack([1 - when, 10 + when], dim=-1))
    assert {0.0, 1.0} == set(when.flatten().tolist())
    assert bool(batch.masks.all())
    assert not bool(batch.next_masks.any())
    assert filled(uneven(), 3).sample(ONE, 5, generators()).fingerprints is None


@pytest.mark.parametrize("n_rounds", [2, 5, 23])
def test_what_was_done_next_is_that_of_the_same_environment_unless_its_episode_was_over(uneven, n_rounds):
    n_envs, spec = 2, uneven().spec
    replay = Replay(spec, capacity=10, n_seeds=1, next_actions=True, device=CPU)
    lengths = [3, 4]  # environment e begins anew every so many rounds
    expected = {}
    for t in range(n_rounds):
        numbers = torch.tensor([[2.0 * t, 2.0 * t + 1]])[..., None]
        over = torch.tensor([[(t + 1) % length == 0 for length in lengths]])[..., None]
        later = torch.where(over, -1.0 - numbers, numbers + n_envs)  # an episode's last state is nobody's beginning
        widths = [6, 8, 2, 6, 1, 2]
        parts = [numbers, numbers, numbers, later, torch.zeros_like(numbers), numbers]
        replay.insert([part.expand(-1, -1, w) for part, w in zip(parts, widths, strict=True)], n_updates=0)
        for e in range(n_envs):
            ends = (t + 1) % lengths[e] == 0 or t == n_rounds - 1
            expected[2 * t + e] = np.nan if ends else 2 * t + e + n_envs
    batch = replay.sample(ONE, 500, generators(1))
    found = batch.next_actions[0, 0]
    wanted = torch.tensor([expected[int(row)] for row in batch.rewards[0, 0, :, 0]])[:, None]
    torch.testing.assert_close(found, wanted.float().expand_as(found), equal_nan=True)
    kept = set(batch.rewards[0, 0, :, 0].long().tolist())
    assert kept == set(range(max(0, 2 * n_rounds - 10), 2 * n_rounds))


def test_what_was_done_next_is_left_out_unless_it_is_asked_for(uneven):
    assert filled(uneven(), 3).sample(ONE, 5, generators()).next_actions is None
