"""Staleness of a buffer: exact proportions, ages, clipping, own actions, missing densities."""

import itertools

import numpy as np
import pytest

from nashlens.analysis.replay_staleness import replay_staleness
from nashlens.analysis.results import Result


def every_joint_action(n_agents, current=0.75):
    """Return log-densities of a buffer that holds each joint action once, as uniform behaviour does in expectation."""
    actions = np.array(list(itertools.product([0, 1], repeat=n_agents)))
    return np.log(np.where(actions == 0, current, 1 - current)), np.full(actions.shape, np.log(0.5))


def test_replay_staleness_of_four_others_from_a_half_to_three_quarters():
    # All 32 joint actions once are the behaviour exactly: shares .8, .64, .512, .4096 for 1 to 4 others.
    found = replay_staleness(*every_joint_action(5), agent=2)
    np.testing.assert_allclose(found.by_others, [0.8, 0.64, 0.512, 0.4096], rtol=0, atol=1e-12)
    assert found.effective_share == pytest.approx(0.4096, abs=1e-12)
    assert found.effective_size == pytest.approx(0.4096 * 32)
    assert found.mean_weight.value == pytest.approx(1, abs=1e-12)


def test_replay_staleness_leaves_the_own_action_out():
    current, behaviour = every_joint_action(2)
    changed = current.copy()
    changed[:, 0] = -np.inf
    broken = behaviour.copy()
    broken[:, 0] = np.nan
    plain, other = (replay_staleness(*pair, agent=0) for pair in ((current, behaviour), (changed, broken)))
    assert (plain.weights == other.weights).all()


def test_replay_staleness_of_unchanged_policies_is_none():
    _, behaviour = every_joint_action(3)
    found = replay_staleness(behaviour, behaviour, agent=0, clip=2.0)
    assert (found.effective_share, found.stale_mass, found.clip_fraction) == (1.0, 0.0, 0.0)


def test_replay_staleness_counts_stale_and_clipped_weights():
    # Two others at .9: weights 1.8² = 3.24, .36 twice, .04, each for a quarter of the transitions.
    found = replay_staleness(*every_joint_action(3, current=0.9), agent=0, clip=2.0)
    assert sorted(set(found.weights.round(12))) == pytest.approx([0.04, 0.36, 3.24])
    assert (found.stale_mass, found.clip_fraction) == (0.25, 0.25)
    clipped = np.array([2.0, 0.36, 0.36, 0.04])
    assert found.clipped_share == pytest.approx(clipped.sum() ** 2 / (4 * (clipped**2).sum()))


def test_replay_staleness_by_age_is_that_of_each_bin():
    # Transitions of age 0 under today's policies, of age 10 under uniform ones.
    current, behaviour = every_joint_action(2)
    found = replay_staleness(
        np.concatenate([current, current]),
        np.concatenate([current, behaviour]),
        agent=0,
        ages=[0] * 4 + [10] * 4,
        n_age_bins=4,
    )
    assert found.by_age[[0, 3]].tolist() == pytest.approx([1.0, 0.8])
    assert np.isnan(found.by_age[1:3]).all()
    assert (found.n_by_age.tolist(), found.mean_age) == ([4, 0, 0, 4], 5.0)
    assert found.age_edges.tolist() == [0, 2.5, 5, 7.5, 10]
    rows = [row for row in found.to_records() if row["metric"] == "replay_effective_share_by_age"]
    assert [row["n"] for row in rows] == [4, 0, 0, 4]
    assert replay_staleness(current, behaviour, agent=0, ages=[3] * 4, n_age_bins=1).by_age[0] == pytest.approx(0.8)


def test_replay_staleness_mean_weight_covers_1():
    # 200 buffers of 300 transitions of two others; the weights are skewed, so t covers a little below .95.
    source = np.random.default_rng(0)
    hits = []
    for _ in range(200):
        drawn = source.random((300, 3)) < 0.5
        found = replay_staleness(np.log(np.where(drawn, 0.75, 0.25)), np.full((300, 3), np.log(0.5)), agent=1)
        hits.append(found.mean_weight.low <= 1 <= found.mean_weight.high)
        half = found.mean_weight.high - found.mean_weight.value
        assert half / found.mean_weight_error == pytest.approx(1.968, abs=1e-3)  # t quantile, 299 degrees of freedom
    assert 0.89 < np.mean(hits) < 0.99


def test_replay_staleness_of_ruled_out_actions_has_weight_zero():
    found = replay_staleness([[0.0, -np.inf], [0.0, 0.0]], np.log([[0.5, 0.5]] * 2), agent=0)
    assert found.weights.tolist() == [0.0, 2.0]
    assert found.effective_share == 0.5
    nothing = replay_staleness([[0.0, -np.inf]], [[0.0, 0.0]], agent=0)
    assert np.isnan(nothing.effective_share)
    assert nothing.to_records()[0]["reason"] == "every weight is 0, or one is infinite"
    assert np.isnan(nothing.mean_weight_error)


def test_replay_staleness_is_a_result_with_named_rows():
    found = replay_staleness(*every_joint_action(3), agent=0, clip=1.5, ages=np.arange(8))
    assert isinstance(found, Result)
    assert {row["metric"] for row in found.to_records()} == {
        "replay_effective_share",
        "replay_stale_mass",
        "replay_mean_weight",
        "replay_mean_age",
        "replay_clip_fraction",
        "replay_clipped_share",
        "replay_effective_share_by_others",
        "replay_effective_share_by_age",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"current": [[0.0]]}, r"current must be log-densities \[n, N\] of two or more agents, not shape \(1, 1\)"),
        ({"current": np.zeros((0, 2))}, "current must be log-densities"),
        ({"behaviour": [[0.0, 0.0, 0.0]]}, r"behaviour must have the shape \(1, 2\) of current"),
        ({"behaviour": [[0.0, np.nan]]}, "behaviour must be finite: 1 of 1 transitions have no log-density"),
        ({"behaviour": [[0.0, -np.inf]]}, "behaviour must be finite"),
        ({"current": [[0.0, np.inf]]}, "current must be finite or −inf, not NaN or inf"),
        ({"agent": 2}, "agent must be one of 0 to 1, not 2"),
        ({"stale_below": 0}, "stale_below must be finite and above 0, not 0"),
        ({"clip": -1.0}, "clip must be finite and above 0, or None, not -1.0"),
        ({"ages": [1, 2]}, "ages must be 1 finite numbers, one a transition"),
        ({"ages": [1], "n_age_bins": 0}, "n_age_bins must be at least 1, not 0"),
        ({"episodes": [1, 2]}, "clusters must be one label for each of 1 observations"),
        ({"level": 0}, "level must be inside"),
    ],
)
def test_replay_staleness_says_what_does_not_fit(changes, message):
    given = {"current": [[0.0, 0.0]], "behaviour": [[0.0, 0.0]], "agent": 0, **changes}
    with pytest.raises(ValueError, match=message):
        replay_staleness(given.pop("current"), given.pop("behaviour"), **given)
