from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.reports.instruments.homogeneity_comparison import COLUMNS
from nashlens.reports.instruments.homogeneity_tests import homogeneity_tests, homogeneity_tests_table


def row(quantity: str, p: float, *, value: float = 1.0, each: str = "exact", **labels: Any) -> dict[str, Any]:
    found = dict.fromkeys(COLUMNS, "")
    found |= {"sharing": "none", "indexed": "False"}
    found |= {"game": "g", "role": "all", "algorithm": "none", "quantity": quantity, "each": each, "p": p, "n": 6}
    found |= {"value": value, "low": value - 0.5, "high": value + 0.5, "smallest_p": 2 / 2**6, "unit": "seed"}
    return found | {"level": 0.95, "method": "student-t", "bound": "estimate"} | labels


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def test_all_swaps_and_clones_are_one_family_and_losses_without_a_test_none_of_it() -> None:
    found = homogeneity_tests(
        frame(
            row("swap_loss", 0.01),
            row("clone_loss", 0.04, game="h"),
            row("common_return", np.nan),
            row("swap_loss", np.nan, game="h"),
            row("clone_loss", 0.03),
            row("swap_loss", 1.0, sharing="full"),
        )
    )
    # Holm by hand: 3 × .01, then 2 × .03, then max(.06, .04)
    assert found["adjusted_p"].tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert found["p"].tolist() == [0.01, 0.04, 0.03]


def test_the_table_shows_both_p_values_and_a_verdict_only_after_holm() -> None:
    table = homogeneity_tests_table(frame(row("swap_loss", 0.01), row("clone_loss", 0.04, role="hunters")))
    assert table is not None
    rows = [dict(zip(table.header, words, strict=True)) for words in table.rows]
    assert [(each["p"], each["Holm p"], each["verdict"]) for each in rows] == [
        ("0.010", "0.020", "places matter"),
        ("0.040", "0.040", "copies lose"),
    ]
    assert rows[1]["game"] == "g: hunters"
    assert rows[0]["loss"] == "1.0 [0.5, 1.5]"
    assert "Holm's correction for the 2 tests" in table.caption
    more = homogeneity_tests_table(frame(*[row("swap_loss", 0.04)] * 2))
    assert more is not None
    assert [words[-1] for words in more.rows] == ["not shown"] * 2


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({"value": -1.0}, "copies gain"), ({"each": "upper"}, "not shown, a bound only")],
)
def test_a_clone_loss_is_read_by_its_sign_and_its_bound(changes: dict[str, Any], verdict: str) -> None:
    table = homogeneity_tests_table(frame(row("clone_loss", 0.001, **changes)))
    assert table is not None
    assert table.rows[0][-1] == verdict
    assert table.rows[0][3].startswith("≤ ") == (changes.get("each") == "upper")


def test_one_policy_is_tested_only_where_it_reads_an_index() -> None:
    found = homogeneity_tests(
        frame(row("swap_loss", 0.5, sharing="full"), row("swap_loss", 0.2, sharing="full", indexed="True"))
    )
    assert found["p"].tolist() == [0.2]


def test_without_tests_there_is_no_table() -> None:
    assert homogeneity_tests_table(frame(row("common_return", np.nan))) is None


def test_a_loss_that_is_exactly_nothing_is_not_tested_and_costs_the_others_no_power() -> None:
    nothing = row("swap_loss", 1.0, value=0.0, low=0.0, high=0.0)
    found = homogeneity_tests(frame(nothing, row("clone_loss", 0.03), nothing))
    np.testing.assert_array_equal(found["adjusted_p"], [np.nan, 0.03, np.nan])
    table = homogeneity_tests_table(frame(nothing, row("clone_loss", 0.03), nothing))
    assert table is not None
    assert [words[-1] for words in table.rows] == ["no loss, exactly", "copies lose", "no loss, exactly"]
    assert table.rows[0][4:7] == ("—", "—", "—")
    assert "correction for the 1 test " in table.caption
    drawn = homogeneity_tests(frame(nothing | {"each": "estimate"}, row("clone_loss", 0.03)))
    np.testing.assert_array_equal(drawn["adjusted_p"], [1.0, 0.06])
    assert homogeneity_tests(frame(nothing))["adjusted_p"].isna().all()
