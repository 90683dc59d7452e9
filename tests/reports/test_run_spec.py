from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.run_spec import RunSpec, parse_seeds

SPEC = RunSpec(
    game="chicken",
    parameters={"b": 1.0, "a": 2},
    algorithm={"*": {"kind": "ddpg", "hidden": [8]}},
    seed=3,
    steps=10,
    snapshots=2,
    evaluation_episodes=0,
    explore=False,
)


def test_run_id_is_the_sha256_of_the_canonical_json() -> None:
    # written out by hand: keys sorted, no blanks, 1.0 as 1
    text = (
        '{"algorithm":{"*":{"hidden":[8],"kind":"ddpg"}},"evaluation_episodes":0,"explore":false,"game":"chicken",'
        '"parameters":{"a":2,"b":1},"seed":3,"snapshots":2,"steps":10}'
    )
    assert SPEC.run_id == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"game": "climbing"},
        {"parameters": {}},
        {"algorithm": {"*": {"kind": "maddpg", "hidden": [8]}}},
        {"steps": 11},
        {"snapshots": 3},
        {"evaluation_episodes": 1},
        {"explore": True},
        {"keep_critics": True},
    ],
)
def test_ids_change_with_every_field(change: dict[str, Any]) -> None:
    other = replace(SPEC, **change)
    assert other.run_id != SPEC.run_id
    assert other.cell_id != SPEC.cell_id


def test_cell_id_is_shared_by_seeds_and_run_id_is_not() -> None:
    other = SPEC.with_seed(4)
    assert other.cell_id == SPEC.cell_id
    assert other.run_id != SPEC.run_id


def test_run_id_survives_the_way_through_a_file() -> None:
    assert RunSpec(**json.loads(json.dumps(SPEC.to_json()))).run_id == SPEC.run_id


@pytest.mark.parametrize(("given_seeds", "seeds"), [(3, (0, 1, 2)), ("2:4", (2, 3)), ([5, 1], (5, 1))])
def test_parse_seeds_of_number_range_and_list(given_seeds: Any, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(given_seeds) == seeds


@pytest.mark.parametrize("wrong", [0, -1, True, "", "4:2", ":2", "a", "1:2:3", "1.5", [], [1, 1], [-1], [True]])
def test_parse_seeds_of_anything_else_raises(wrong: Any) -> None:
    with pytest.raises(ValueError, match="seeds must be a number of seeds, a range"):
        parse_seeds(wrong)


@given(st.integers(0, 50), st.integers(1, 50))
def test_parse_seeds_of_a_range_counts_from_its_start(start: int, n: int) -> None:
    assert parse_seeds(f"{start}:{start + n}") == tuple(range(start, start + n))


def test_a_run_that_keeps_critics_says_so_in_its_file() -> None:
    keeping = replace(SPEC, keep_critics=True)
    assert RunSpec(**json.loads(json.dumps(keeping.to_json()))) == keeping
    assert "keep_critics" not in SPEC.to_json()
