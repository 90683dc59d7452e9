"""Which snapshots are compared."""

import numpy as np
import pytest

from nashlens.analysis.snapshots import check_snapshots, snapshot_pairs


def test_snapshot_pairs_against_the_previous_and_the_first():
    values = np.arange(8.0).reshape(4, 2)
    old, new = snapshot_pairs(values, "previous")
    assert (old.tolist(), new.tolist()) == (values[:3].tolist(), values[1:].tolist())
    old, new = snapshot_pairs(values, "first")
    assert (old.tolist(), new.tolist()) == ([[0.0, 1.0]] * 3, values[1:].tolist())


def test_check_snapshots_says_what_does_not_fit():
    with pytest.raises(ValueError, match="two snapshots or more to compare, not 1"):
        check_snapshots(np.zeros((1, 2)), "previous")
    with pytest.raises(ValueError, match="against must be 'previous' or 'first', not 'last'"):
        check_snapshots(np.zeros((2, 2)), "last")  # type: ignore[arg-type]
