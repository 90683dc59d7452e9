from __future__ import annotations

import pytest

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.supports import support_equilibria, supports_by_size
from nashlens.games.normal_form import NormalFormGame
from tests.analysis.known_equilibria import BATTLE, COUNTS


@pytest.mark.parametrize(("game", "count"), COUNTS)
def test_support_equilibria_two_agents_find_all_isolated_ones(game: NormalFormGame, count: int) -> None:
    assert len(support_equilibria(game)) == count


def test_supports_by_size_of_two_actions_each_are_nine_small_first() -> None:
    supports = list(supports_by_size((2, 2)))
    assert len(supports) == 9
    assert [sum(int(mask.sum()) for mask in masks) for masks in supports] == [2] * 4 + [3] * 4 + [4]


@pytest.mark.parametrize("function", [support_equilibria, find_equilibria])
def test_support_search_negative_count_raises(function: object) -> None:
    with pytest.raises(ValueError, match="max_supports"):
        function(BATTLE, max_supports=-1)  # type: ignore[operator]
