"""Spaces, specifications and the checks at a game's door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games import catalog
from nashlens.games.core import Box, Choice, GameSpec, Step, check_actions, one_hot


def spec(**changes: Any) -> GameSpec:
    fields: dict[str, Any] = {
        "name": "toy",
        "agents": ("a", "b", "c"),
        "sides": ("x", "y", "x"),
        "observation_sizes": (1, 2, 3),
        "action_spaces": (Choice((2,)), Choice((2, 3)), Box((0.0,), (1.0,))),
        "horizon": 4,
    }
    return GameSpec(**(fields | changes))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_choice_slices_cover_the_width_in_order(factors: list[int]) -> None:
    space = Choice(tuple(factors))
    columns = [k for part in space.slices for k in range(part.start, part.stop)]
    assert columns == list(range(space.width))
    assert [part.stop - part.start for part in space.slices] == factors


@pytest.mark.parametrize("factors", [(), (0,), (2, -1), (2.0,), ("2",)])
def test_choice_refuses_factors_that_are_no_positive_whole_numbers(factors: Any) -> None:
    with pytest.raises(ValueError, match="factors must be one or more positive whole numbers"):
        Choice(factors)


@pytest.mark.parametrize(
    ("low", "high"),
    [((), ()), ((0.0,), (1.0, 2.0)), ((1.0,), (1.0,)), ((2.0,), (1.0,)), ((0.0,), (np.inf,)), ((np.nan,), (1.0,))],
)
def test_box_refuses_bounds_that_do_not_fit(low: Any, high: Any) -> None:
    with pytest.raises(ValueError, match="low and high must be finite, of one length, low < high"):
        Box(low, high)


def test_specification_counts_and_names_members() -> None:
    assert spec().n_agents == 3
    assert spec().action_widths == (2, 5, 1)
    assert spec().members("x") == (0, 2)
    assert spec().members("y") == (1,)


def test_members_refuses_unknown_side_and_lists_the_sides() -> None:
    with pytest.raises(ValueError, match=r"side 'z' is not of toy: its sides are \['x', 'y'\]"):
        spec().members("z")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agents": ()}, "agents must be one or more different names"),
        ({"agents": ("a", "a", "c")}, "agents must be one or more different names"),
        ({"sides": ("x",)}, "sides must have one entry for each of the 3 agents"),
        ({"observation_sizes": (1, 2)}, "observation_sizes must have one entry for each of the 3 agents"),
        ({"action_spaces": (Choice((2,)),)}, "action_spaces must have one entry for each of the 3 agents"),
        ({"horizon": 0}, "horizon must be at least 1, not 0"),
    ],
)
def test_specification_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec(**changes)


def test_step_ended_is_either_end() -> None:
    step = Step(
        next_observations=(np.zeros((3, 1)),),
        rewards=np.zeros((3, 1)),
        terminated=np.array([True, False, False]),
        truncated=np.array([False, True, False]),
    )
    assert step.ended.tolist() == [True, True, False]


def test_check_actions_returns_float64() -> None:
    given_ = [np.zeros((2, 2), np.float32), np.zeros((2, 5), np.int64), np.zeros((2, 1))]
    assert [a.dtype for a in check_actions(spec(), given_, 2)] == [np.float64] * 3


def test_check_actions_names_the_agent_whose_shape_does_not_fit() -> None:
    with pytest.raises(ValueError, match="actions must be 3 arrays, one an agent of toy, not 1"):
        check_actions(spec(), [np.zeros((2, 2))], 2)
    with pytest.raises(ValueError, match=r"actions of b must have shape \(2, 5\), not \(2, 4\)"):
        check_actions(spec(), [np.zeros((2, 2)), np.zeros((2, 4)), np.zeros((2, 1))], 2)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_one_hot_has_its_one_where_it_should(indices: list[int]) -> None:
    vectors = one_hot(np.array(indices), 5)
    assert vectors.shape == (len(indices), 5)
    assert vectors.argmax(axis=1).tolist() == indices
    assert (vectors.sum(axis=1) == 1).all()


@pytest.mark.parametrize("n_envs", [0, -2, 3, 2.0])
def test_start_refuses_numbers_that_are_no_multiple_of_the_generators(n_envs: Any) -> None:
    rngs = [np.random.default_rng(k) for k in range(2)]
    with pytest.raises(ValueError, match="n_envs must be a positive multiple of the 2 generators"):
        catalog.stag_hunt().start(n_envs, rng=rngs)
