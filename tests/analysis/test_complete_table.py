"""The complete part of a table with empty cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.complete_table import complete_table
from nashlens.analysis.results import Result

NAN = np.nan


def test_complete_table_drops_the_run_with_most_empty_cells():
    found = complete_table([[1.0, NAN, NAN], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    assert (found.rows, found.columns, found.n_empty) == ((1, 2), (0, 1, 2), 2)
    assert isinstance(found, Result)
    assert found.to_records()[0]["kept"] == [1, 2]


def test_complete_table_of_one_population_drops_a_run_on_both_sides():
    found = complete_table([[1.0, NAN, 1.0], [1.0, 1.0, 1.0], [1.0, NAN, 1.0]], paired=True)
    assert (found.rows, found.columns) == ((0, 2), (0, 2))


@given(arrays(np.bool_, (4, 5)), st.booleans())
def test_complete_table_is_complete(empty, paired):
    table = np.where(empty, NAN, 1.0)[:, : 4 if paired else 5]
    try:
        found = complete_table(table, paired=paired)
    except ValueError:
        assert np.isnan(table).any()
        return
    assert not np.isnan(table[np.ix_(found.rows, found.columns)]).any()
    if not np.isnan(table).any():
        assert found.rows == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("cells", "paired", "message"),
    [
        ([[NAN]], False, "none is left"),
        ([[1.0, 2.0]], True, r"cells must be \[A, A\] for one population"),
        ([1.0], False, r"cells must be \[A, B\]"),
    ],
)
def test_complete_table_says_what_does_not_fit(cells, paired, message):
    with pytest.raises(ValueError, match=message):
        complete_table(cells, paired=paired)
