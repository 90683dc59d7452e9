"""Noise floors of value shifts: cases by hand, agreement with the split, uniform p-values, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.value_shift import split_value_shift
from nashlens.analysis.value_shift_floor import value_shift_floor


def noise(n_agents: int, *, n_changes: int = 3, n_episodes: int = 40, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    luck = rng.normal(size=(n_changes, n_episodes, n_agents))  # what episodes share at every mixture
    return luck + 0.3 * rng.normal(size=(*(2,) * n_agents, n_changes, n_episodes, n_agents))


@pytest.mark.parametrize("n_agents", [2, 3])
def test_value_shift_floor_has_the_parts_of_the_split(n_agents: int) -> None:
    corners = noise(n_agents)
    found = value_shift_floor(corners, n_permutations=3, rng=np.random.default_rng(1))
    shift = split_value_shift(corners.mean(axis=-2), bound="estimate")
    sizes = {part: np.abs(getattr(shift, part)).sum(axis=0) for part in ("own", "others", "interaction")}
    assert found.others == pytest.approx(sizes["others"])
    assert found.share == pytest.approx(sizes["others"] / sum(sizes.values()))


def test_value_shift_floor_of_certain_changes_by_hand() -> None:
    # Two agents; agent 0 gets 1 more where agent 1 plays its new policy, whatever it does itself: others' part 1, share
    # 1. With its label swapped in half of the episodes the part is |1 − 2 B / E|, B binomial(E, ½): for E = 1 always 1,
    # and no p-value below 1 is possible; for E = 400 its mean is √(2 / (π E)) = .0399.
    def corners(n_episodes: int) -> np.ndarray:
        table = np.zeros((2, 2, 1, n_episodes, 2))
        table[:, 1, ..., 0] = 1.0
        return table

    one = value_shift_floor(corners(1), n_permutations=19, rng=np.random.default_rng(0))
    assert (one.others.tolist(), one.others_floor[0], one.p[0]) == ([1.0, 0.0], 1.0, 1.0)
    many = value_shift_floor(corners(400), n_permutations=999, rng=np.random.default_rng(0))
    assert many.share[0] == 1.0
    assert many.others_floor[0] == pytest.approx(np.sqrt(2 / (np.pi * 400)), rel=0.1)
    assert many.p[0] == 1 / 1000
    assert np.isnan(many.share[1])  # nothing of agent 1's ever changed
    assert np.isnan(many.share_floor[1])
    assert many.p[1] == 1.0


def test_value_shift_floor_is_the_share_where_nothing_moved() -> None:
    # exchangeable mixtures: own and others' part have one law, the interaction twice their spread: 1 / 4 on average
    shares = [value_shift_floor(noise(2, seed=s), n_permutations=20, rng=np.random.default_rng(s)) for s in range(60)]
    measured, floors = (np.mean([getattr(each, name) for each in shares]) for name in ("share", "share_floor"))
    assert measured == pytest.approx(floors, abs=0.03)


def test_value_shift_floor_has_uniform_p_values_where_nothing_moved() -> None:
    p = [
        value_shift_floor(noise(2, n_changes=1, n_episodes=12, seed=s), n_permutations=99, rng=np.random.default_rng(s))
        for s in range(200)
    ]
    assert stats.kstest([each.p[0] for each in p], "uniform").pvalue > 0.001


def test_value_shift_floor_records_and_refusals() -> None:
    rng = np.random.default_rng(0)
    rows = value_shift_floor(noise(2), n_permutations=3, rng=rng).to_records()
    assert [row["metric"] for row in rows] == ["value_shift_others", "value_shift_share"] * 2
    with pytest.raises(ValueError, match=r"corners must be \[2, …, 2, K, E, N\] with N axes"):
        value_shift_floor(np.zeros((2, 2, 3, 2)), rng=rng)
    with pytest.raises(ValueError, match="corners must be finite"):
        value_shift_floor(np.full((2, 2, 1, 1, 2), np.nan), rng=rng)
    with pytest.raises(ValueError, match="n_permutations must be at least 1, not 0"):
        value_shift_floor(noise(2), n_permutations=0, rng=rng)
