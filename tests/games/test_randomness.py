"""Named generators and blocks: the same name gives the same draws, another name or block never shares them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nashlens.games.randomness import Streams, child, child_sequence, generator_state, restore_generator


def test_child_is_fixed_for_good() -> None:
    # golden: made with numpy 2 on the day this file was written; PCG64 and SeedSequence are stable by numpy's policy
    assert child(0, "environment").integers(2**62, size=2).tolist() == [2865014332029356200, 2734106922522565895]


@given(st.integers(0, 2**40), st.text(max_size=4), st.text(max_size=4))
def test_children_of_other_names_draw_other_numbers(seed: int, one: str, other: str) -> None:
    same = child(seed, one).random() == child(seed, other).random()
    assert same == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b"), ("ab",)), (("a", "b"), ("b", "a")), ((1,), ("1",)), (("a",), ("a", "")), ((), ("",))],
)
def test_children_tell_names_apart_that_look_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert child(3, *one).random() != child(3, *other).random()


def test_children_of_other_seeds_draw_other_numbers() -> None:
    assert len({child(seed, "x").random() for seed in range(100)}) == 100


def test_child_differs_from_the_plain_generator_of_its_seed() -> None:
    assert child(5).random() != np.random.default_rng(5).random()


def test_child_takes_numpy_integers() -> None:
    assert child(np.int64(4), "x").random() == child(4, "x").random()


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True])
def test_child_sequence_refuses_other_seeds(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, not "):
        child_sequence(seed, "x")


def test_generator_state_restores_the_draws_and_is_json() -> None:
    rng = child(1, "x")
    rng.random(3)
    state = generator_state(rng)
    json.loads(state)
    drawn = rng.random(5).tolist()
    other = child(2, "y")
    restore_generator(other, state)
    assert other.random(5).tolist() == drawn


def draws(streams: Streams, where: np.ndarray | None = None) -> list[np.ndarray]:
    return [
        streams.uniform(-1, 2, (2,), where),
        streams.normal((3,), where),
        streams.integers(7, (), where),
    ]


def test_streams_block_draws_alone_as_beside_others() -> None:
    both = draws(Streams([child(1, "w"), child(2, "w")], 6))
    alone = draws(Streams(child(2, "w"), 3))
    for together, single in zip(both, alone, strict=True):
        np.testing.assert_array_equal(together[3:], single)


def test_streams_marked_environments_draw_from_their_own_block() -> None:
    where = np.array([True, False, True, False, False, True])
    both = draws(Streams([child(1, "w"), child(2, "w")], 6), where)
    first, second = draws(Streams(child(1, "w"), 3), where[:3]), draws(Streams(child(2, "w"), 3), where[3:])
    for together, one, other in zip(both, first, second, strict=True):
        assert len(together) == 3
        np.testing.assert_array_equal(together, np.concatenate([one, other]))


def test_streams_block_is_untouched_by_what_others_ask() -> None:
    busy, calm = Streams([child(1, "w"), child(2, "w")], 4), Streams([child(1, "w"), child(2, "w")], 4)
    busy.normal((5,), np.array([True, True, False, False]))
    np.testing.assert_array_equal(busy.uniform(0, 1, (2,))[2:], calm.uniform(0, 1, (2,))[2:])


def test_streams_nobody_marked_draws_nothing() -> None:
    streams, other = Streams(child(1, "w"), 4), Streams(child(1, "w"), 4)
    assert streams.uniform(0, 1, (2,), np.zeros(4, dtype=np.bool_)).shape == (0, 2)
    np.testing.assert_array_equal(streams.normal((2,)), other.normal((2,)))


def test_streams_have_the_distributions_they_name() -> None:
    # Kolmogorov-Smirnov and chi-square against the exact laws, at a fixed seed
    streams = Streams([child(8, "w"), child(9, "w")], 2000)
    assert stats.kstest(streams.uniform(-1, 2, (5,)).ravel(), stats.uniform(-1, 3).cdf).pvalue > 0.01
    assert stats.kstest(streams.normal((5,)).ravel(), stats.norm.cdf).pvalue > 0.01
    counts = np.bincount(streams.integers(7, (5,)).ravel(), minlength=7)
    assert len(counts) == 7
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("rng", [(), [1], 5, None, "ab"])
def test_streams_refuse_what_is_no_generator(rng: Any) -> None:
    with pytest.raises(ValueError, match="rng must be a numpy Generator, or one or more of them"):
        Streams(rng, 2)


def test_streams_refuse_one_generator_for_two_blocks() -> None:
    rng = child(1, "w")
    with pytest.raises(ValueError, match="rng must be a different generator for each block"):
        Streams([rng, rng], 2)


@pytest.mark.parametrize("n_envs", [0, 3, 2.0, True, None])
def test_streams_refuse_numbers_that_do_not_fit(n_envs: Any) -> None:
    with pytest.raises(ValueError, match="n_envs must be a positive multiple of the 2 generators, not "):
        Streams([child(1, "w"), child(2, "w")], n_envs)
