import numpy as np
import pytest

from nashlens.agents.snapshot_kinds import from_plain, to_plain
from nashlens.agents.snapshots import ActorSnapshots


def test_snapshots_of_a_network_name_no_kind_so_that_older_runs_are_read():
    rng = np.random.default_rng(0)
    kept = ActorSnapshots(
        weights=(rng.normal(size=(3, 2, 4)).astype(np.float32), rng.normal(size=(3, 4, 2)).astype(np.float32)),
        biases=(np.zeros((3, 4), np.float32), np.ones((3, 2), np.float32)),
        index=(1.0, 0.0),
    )
    arrays, settings = to_plain(kept)
    assert sorted(arrays) == ["bias0", "bias1", "weight0", "weight1"]
    assert settings == {"n_layers": 2, "index": [1.0, 0.0], "temperature": 1.0, "soft": False}
    again = from_plain(arrays, settings)
    np.testing.assert_array_equal(again.to_arrays()["weight1"], kept.weights[1])
    assert again.to_settings() == settings


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"kind of an actor must be one of network.*, not 'oracle'"):
        from_plain({}, {"kind": "oracle"})
