"""The shift within a run: known sizes, no shift, the sum with the other parts, and where there is no interval."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.games import make
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.reports.instruments.inference_ledger_rows import lag_numbers
from nashlens.reports.instruments.inference_probes import N_EPISODES, N_PROBES, Probes, fresh_probes, pooled
from nashlens.reports.instruments.inference_shift import HIGH, LOW, SHIFT, shift_interval
from nashlens.reports.probes import probed_episodes


def drawn(n_episodes: int, *, each: int = 2, exact: bool = False) -> Probes:
    """Return observations of several episodes, as many of each."""
    n = n_episodes * each
    episodes = np.tile(np.arange(n_episodes), each)
    return Probes(
        observations=(np.zeros((n, 1)),),
        weights=np.full(n, 1 / n),
        exact=exact,
        episodes=None if exact else episodes,
    )


def interval(fresh: np.ndarray, older: list[np.ndarray], shares: list[float], *, each: int = 2) -> tuple[float, float]:
    """Return the ends of a shift, the last share being that of the fresh observations themselves."""
    here = drawn(len(fresh) // each, each=each)
    buffer = pooled([*(drawn(len(part) // each, each=each) for part in older), here], np.array(shares))
    there = np.concatenate([*older, fresh])
    found = shift_interval(fresh, there, here=here, buffer=buffer, rng=np.random.default_rng(0))
    return found[LOW], found[HIGH]


def test_a_shift_of_known_size_has_an_interval_around_it() -> None:
    # 2 on new observations; on the replay's 0.2 · 0 + 0.3 · 1 + 0.5 · 2 = 1.3: a shift of 0.7, and nothing varies
    low, high = interval(np.full(12, 2.0), [np.zeros(20), np.ones(10)], [2.0, 3.0, 5.0])
    assert low == pytest.approx(0.7, abs=1e-12)
    assert high == pytest.approx(0.7, abs=1e-12)
    source = np.random.default_rng(1)
    fresh, first, second = (source.normal(mean, 0.1, size=60) for mean in (2.0, 0.0, 1.0))
    low, high = interval(fresh, [first, second], [2.0, 3.0, 5.0])
    assert 0.6 < low < 0.7 < high < 0.8


def test_without_a_shift_the_interval_covers_0() -> None:
    same = np.repeat(np.linspace(0, 1, 10), 2)
    low, high = interval(same, [same, same], [1.0, 1.0, 1.0])
    assert low < 0 < high
    assert interval(np.ones(10), [np.ones(10)], [1.0, 1.0]) == (0.0, 0.0)


def test_what_stays_within_an_episode_widens_the_interval() -> None:
    # the same numbers, once alike within an episode and once not
    values = np.random.default_rng(2).normal(size=16)
    alike, mixed = np.tile(values, 4), np.repeat(values, 4)
    widths = [np.subtract(*interval(each, [each], [1.0, 1.0], each=4)[::-1]) for each in (alike, mixed)]
    assert widths[0] > 1.5 * widths[1]


def test_where_there_is_no_interval_there_is_none_or_no_number() -> None:
    lists = drawn(6, exact=True)
    both = pooled([lists, lists], np.ones(2))
    assert shift_interval(np.ones(12), np.ones(24), here=lists, buffer=both, rng=np.random.default_rng(0)) == {}
    alone = interval(np.ones(12), [], [1.0])  # the replay's observations are the new ones
    few = interval(np.ones(8), [np.ones(12)], [1.0, 1.0])
    thin = interval(np.ones(12), [np.ones(12), np.ones(8)], [1.0, 1.0, 1.0])
    single = interval(np.ones(2), [np.ones(2)], [1.0, 1.0])
    infinite = interval(np.full(12, np.inf), [np.ones(12)], [1.0, 1.0])
    for ends in (alone, few, thin, single, infinite):
        assert np.isnan(ends).all()


def parts_of(q_fresh: float, q_there: float) -> dict[str, float]:
    """Return the parts where the policy tosses a fair coin, and the model another one here than on older ground."""
    here, older = drawn(6), drawn(8)
    buffer = pooled([older, here], np.array([3.0, 1.0]))
    true = np.full((28, 2), 0.5)
    chance = np.concatenate([np.full(16, q_there), np.full(12, q_fresh)])
    fed = np.stack([chance, 1 - chance], axis=1)
    fresh = np.full(12, -0.5 * np.log(4 * q_fresh * (1 - q_fresh)) if q_fresh < 1 else np.inf)
    snapshots = np.stack([np.tile([0.75, 0.25], (28, 1)), true])
    rng = np.random.default_rng(0)
    return lag_numbers(
        fresh, true=true, fed=fed, snapshots=snapshots, weights=np.array([3.0, 1.0]), here=here, buffer=buffer, rng=rng
    )


def test_shift_lag_fit_and_interaction_add_to_the_divergence_on_new_observations() -> None:
    found = parts_of(0.9, 0.6)
    fresh, there = (-0.5 * np.log(4 * q * (1 - q)) for q in (0.9, 0.6))
    assert found[SHIFT] == pytest.approx(0.75 * (fresh - there), abs=1e-12)
    parts = [found[f"inference_{name}"] for name in ("shift", "lag", "fit", "interaction")]
    assert sum(parts) == pytest.approx(fresh, abs=1e-12)
    # every observation of a policy is like the others: the interval is the shift, as the ledger has it
    assert found[LOW] == pytest.approx(found[SHIFT], abs=1e-12)
    assert found[HIGH] == pytest.approx(found[SHIFT], abs=1e-12)


def test_an_infinite_divergence_leaves_no_shift_and_no_interval() -> None:
    for found in (parts_of(1.0, 0.6), parts_of(0.6, 1.0)):
        assert found["inference_kl_replay"] == np.inf
        assert np.isnan([found[SHIFT], found[LOW], found[HIGH]]).all()


def test_probes_know_their_episodes_and_policies() -> None:
    # what the speaker sees, the target's colour, stays the same within an episode and differs between some
    game = make("simple_speaker_listener")
    policies = tuple(
        NetworkPolicy(
            Network(weights=(np.zeros((size, space.width)),), biases=(np.zeros(space.width),)),
            action_space=space,
            observation_size=size,
        )
        for size, space in zip(game.spec.observation_sizes, game.spec.action_spaces, strict=True)
    )
    whole = probed_episodes(game, policies, n_probes=10**6, n_episodes=7, rng=np.random.default_rng(3))
    assert np.bincount(whole.episodes).tolist() == [game.spec.horizon] * 7
    colours = [np.unique(whole.observations[0][whole.episodes == k], axis=0) for k in range(7)]
    assert [len(each) for each in colours] == [1] * 7
    assert len(np.unique(np.concatenate(colours), axis=0)) > 1
    probes = fresh_probes(game, policies, rng=np.random.default_rng(0))
    assert probes.episodes is not None
    assert probes.policies is None
    assert set(probes.episodes.tolist()) <= set(range(N_EPISODES))
    both = pooled([probes, probes], np.array([1.0, 3.0]))
    assert both.policies is not None
    assert both.episodes is not None
    assert both.policies.tolist() == [0] * N_PROBES + [1] * N_PROBES
    assert both.episodes.tolist() == [*probes.episodes, *probes.episodes]
    assert both.weights[both.policies == 1].sum() == pytest.approx(0.75)
