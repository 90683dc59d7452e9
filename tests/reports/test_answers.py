from __future__ import annotations

import numpy as np
import pytest

from nashlens.reports.algorithm_comparisons import compared
from nashlens.reports.answers import answers
from nashlens.reports.compared_scores import Score
from tests.reports.made_scores import UP, apart, score

NEAR = np.array([0.1, -0.1, 0.05, -0.05, 0.02, -0.01])


def said(*scores: Score) -> tuple[str, ...]:
    return answers(compared(scores))


def test_one_game_names_the_best_with_interval_difference_and_holm() -> None:
    text = said(score({"a": UP, "b": NEAR}, metric="score"))
    assert len(text) == 1
    assert text[0].startswith("g, normalised score: the highest mean is that of a, 0.325 [0.305, 0.345]; it is better")
    assert "than b (difference 0.32 [0.24, 0.40], Holm-adjusted p < 0.001)" in text[0]
    assert text[0].endswith(
        "(6 shared seeds, 1 comparison in the report). Of a normalised score: 0 random play, 1 the better anchor."
    )


def test_several_games_begin_with_in_how_many_algorithms_differ() -> None:
    differ, same = score({"a": UP, "b": NEAR}, game="one"), score({"a": NEAR, "b": np.roll(NEAR, 1)}, game="two")
    assert said(differ, same)[0] == (
        "Algorithms differ in 1 of 2 games after Holm's correction for 2 comparisons: one. Nothing is decided in two."
    )
    assert said(same, score({"a": NEAR, "b": np.roll(NEAR, 1)}, game="three"))[0] == (
        "No difference between algorithms is shown in any of 2 games after Holm's correction for 2 comparisons."
    )
    assert all(text.endswith("(6 shared seeds).") for text in said(differ, same)[1:])
    assert said(differ, apart(UP, game="two"))[0] == (
        "Algorithms differ in all of 2 games after Holm's correction for 2 comparisons."
    )


@pytest.mark.parametrize(("n", "seeds"), [(1, "1 shared seed"), (4, "4 shared seeds")])
def test_few_seeds_are_said_to_tell_nothing(n: int, seeds: str) -> None:
    text = said(score({"a": UP[:n], "b": NEAR[:n]}))
    assert text[0] == f"Which algorithm is better cannot be told: {seeds}, and a comparison needs at least 5."
    assert f"not decided with {seeds}" in text[1]
    assert "better than" not in text[1]
    assert "[" not in text[1]


def test_lower_is_better_where_it_is() -> None:
    text = said(score({"a": UP, "b": NEAR + 0.1}, metric="nash_conv"))[0]
    assert "NashConv, last iterate: the lowest mean is that of b" in text
    assert "it is better than a (difference −0.2" in text


def test_what_is_not_decided_is_never_called_better() -> None:
    text = said(score({"a": UP, "b": NEAR, "c": np.add(UP, NEAR / 10)}))[0]
    best = "a" if "is that of a" in text else "c"
    other = "c" if best == "a" else "a"
    assert f"not decided against {other} (difference" in text
    assert f"better than {other}" not in text


def test_of_many_algorithms_the_first_is_spoken_of_and_the_best_named() -> None:
    names = {"first": NEAR + 0.2, "b": NEAR / 2, "c": np.add(UP, 0.5), "d": np.roll(NEAR, 1), "e": NEAR + 0.21}
    text = said(score(names))[0]
    assert "the highest mean is that of c, " in text
    assert "; first, " in text
    assert "is better than b (difference" in text
    assert "worse than c (difference" in text


def test_where_nothing_is_compared_nothing_is_said() -> None:
    assert said(score({"a": UP})) == ()
    assert said() == ()
