import json
import subprocess
import sys

import numpy as np
import pytest

from nashlens.agents import config, records
from nashlens.agents.training import train


@pytest.fixture
def run(uneven):
    how = config.MADDPG(hidden=(8,), batch_size=8, rollout=config.Rollout(n_envs=2, warmup_steps=8))
    return train(uneven(boxes=True), how, seeds=[5], steps=40, n_snapshots=3)[0]


def test_unpack_gives_back_what_pack_took_apart(run):
    arrays, settings = records.pack(run)
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    assert again.spec == run.spec
    assert records.pack(again)[1] == settings
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, records.pack(again)[0][name])


def test_unpack_says_what_is_missing(run):
    arrays, settings = records.pack(run)
    with pytest.raises(ValueError, match="episode_steps"):
        records.unpack({k: a for k, a in arrays.items() if k != "episode_steps"}, settings)
    with pytest.raises(ValueError, match="spec"):
        records.unpack(arrays, {k: v for k, v in settings.items() if k != "spec"})


def test_policies_of_a_snapshot_that_is_not_there_are_refused(run):
    assert len(run.policies(-3)) == 2
    with pytest.raises(ValueError, match="within the 3"):
        run.policies(3)


def test_records_are_read_without_torch():
    code = "import sys, nashlens.agents.records; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
