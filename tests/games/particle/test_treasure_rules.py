"""Rules of thumb among treasures: fetch, share, deliver, meet, and make room."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import anchor_policies, play
from nashlens.games.particle.treasure_rules import collect_treasure

NOTHING = [0.0, 0.0]


def other(place: list[float], *, deposit: list[float] = NOTHING, holds: list[float] = NOTHING) -> list[float]:
    return [*place, 0.0, 0.0, *deposit, *holds]


def collector_view(*, hands: list[float], others: list[list[float]], treasures: list[list[float]]) -> np.ndarray:
    return np.array([[0.0, 0.0, 0.0, 0.0, *hands, *chain(*others, *treasures)]])


def signs(intent: Any) -> list[float]:
    assert intent.force is not None
    return list(np.sign(intent.force[0].round(12)))


@pytest.fixture
def world() -> Any:
    return games.make("collect_treasure", num_collectors=2, num_deposits=2, num_treasures=2)


DEPOSITS = [other([0.0, 0.9], deposit=[1, 0]), other([0.0, -0.9], deposit=[0, 1])]
TREASURES = [[0.4, 0.0, 1.0, 0.0], [-0.6, 0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("hands", "rival", "treasures", "direction"),
    [
        (NOTHING, other([0.0, 0.9]), TREASURES, [1, 0]),  # the nearest
        (NOTHING, other([0.5, 0.0]), TREASURES, [-1, 0]),  # which another is nearer to
        (NOTHING, other([0.5, 0.0], holds=[1, 0]), TREASURES, [1, 0]),  # but its hands are full
        (NOTHING, other([0.0, 0.9]), [[-0.6, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]], [-1, 0]),  # one is gone
        ([1.0, 0.0], other([0.5, 0.0]), TREASURES, [0, 1]),  # home
        ([0.0, 1.0], other([0.5, 0.0]), TREASURES, [0, -1]),
    ],
)
def test_collector_fetches_and_delivers(
    world: Any, hands: list[float], rival: list[float], treasures: list[list[float]], direction: list[float]
) -> None:
    seen = collector_view(hands=hands, others=[rival, *DEPOSITS], treasures=treasures)
    assert signs(collect_treasure(world, 0)(seen)) == direction


def test_collector_makes_room_for_a_collector_and_not_for_a_deposit(world: Any) -> None:
    gone = [[0.0, 0.0, 0.0, 0.0]] * 2
    crowded = collector_view(hands=NOTHING, others=[other([0.1, 0.0]), *DEPOSITS], treasures=gone)
    assert signs(collect_treasure(world, 0)(crowded)) == [-1, 0]
    near_deposit = [other([0.1, 0.0], deposit=[1, 0]), DEPOSITS[1], other([0.9, 0.0])]
    alone = collector_view(hands=NOTHING, others=near_deposit, treasures=gone)
    assert signs(collect_treasure(world, 0)(alone)) == [0, 0]


def test_deposit_meets_who_brings_its_kind_and_else_the_middle_of_the_collectors(world: Any) -> None:
    def seen(first: list[float], second: list[float]) -> np.ndarray:
        others = [other([0.3, 0.0], holds=first), other([-0.9, 0.0], holds=second), DEPOSITS[1]]
        return np.array([[0.0, 0.0, 0.0, 0.0, *chain(*others, *TREASURES)]])

    rule = collect_treasure(world, 2)
    assert signs(rule(seen(NOTHING, [1.0, 0.0]))) == [-1, 0]
    assert signs(rule(seen([1.0, 0.0], [1.0, 0.0]))) == [1, 0]
    assert signs(rule(seen([0.0, 1.0], NOTHING))) == [-1, 0]  # centroid -0.3


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 1, 2), (4, 3, 9)])
def test_other_sizes_deliver_more_than_random(sizes: tuple[int, int, int]) -> None:
    arguments = dict(zip(("num_collectors", "num_deposits", "num_treasures"), sizes, strict=True))
    game = games.make("collect_treasure", **arguments)
    found = anchor_policies(game)
    delivered = [
        play(game, found[anchor], n_episodes=200, rng=np.random.default_rng(9)).measures["deliveries"].mean()
        for anchor in ("random", "heuristic")
    ]
    assert delivered[1] > 3 * delivered[0]
