from __future__ import annotations

import numpy as np
import pytest

from nashlens.reports.algorithm_comparisons import compared
from nashlens.reports.compared_scores import Score
from nashlens.reports.comparison_table import comparison_table
from tests.reports.made_scores import UP, apart, score


def rows(*scores: Score) -> list[dict[str, str]]:
    table = comparison_table(compared(scores))
    assert table is not None
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def test_a_row_shows_the_difference_with_its_interval_and_every_p_value() -> None:
    row = rows(apart(UP), apart(np.subtract(UP, 0.33), game="h"))[0]
    # .3, .31, … .35: mean .325, s = .0187, half a width t(5) s / √6 = 2.571 × .00764 = .0196
    assert row["first less second"] == "0.325 [0.305, 0.345]"
    assert (row["p"], row["Holm p"]) == ("< 0.001", "< 0.001")
    assert row["exact p"] == "0.031"  # 2 / 2⁶
    assert (row["n"], row["verdict"]) == ("6 seeds", "a is better")


def test_few_seeds_stand_as_points_and_the_caption_says_so() -> None:
    found = compared([score({"a": [1.0, 2.0], "b": [0.0, 0.0]})])
    table = comparison_table(found)
    assert table is not None
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert row["first less second"] == "1.50 (1.00; 2.00)"
    assert (row["p"], row["Holm p"], row["exact p"]) == ("no value",) * 3
    assert "Fewer than 5 seeds: the seeds' own differences stand in place of an interval" in table.caption
    assert "Holm's correction" not in table.caption
    whole = comparison_table(compared([apart(UP)]))
    assert whole is not None
    assert "Fewer than" not in whole.caption
    assert "Holm's correction for the 1 comparison of this table" in whole.caption


def test_the_file_holds_what_the_words_come_from() -> None:
    table = comparison_table(compared([apart(UP)]))
    assert table is not None
    row = table.data.iloc[0]
    assert [float(each) for each in row["differences"].split()] == pytest.approx(UP)
    assert (row["n"], row["n_comparisons"], row["method"], row["unit"]) == (6, 1, "student-t", "seed")
    assert row["smallest_exact_p"] == pytest.approx(2 / 2**6)


def test_without_two_algorithms_there_is_no_table() -> None:
    assert comparison_table(compared([score({"a": UP})])) is None
