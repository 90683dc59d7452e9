import pytest

from nashlens.agents.config import DDPG, MADDPG, Rollout
from nashlens.agents.replay_schedule import common_rollout, updates_due


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    # Warm-up 40, an update every 8 steps: at 40, 48, 56, …; counted by hand.
    [(0, 39, 0), (32, 40, 1), (32, 47, 1), (32, 48, 2), (40, 47, 0), (40, 48, 1), (48, 96, 6), (0, 56, 3)],
)
def test_updates_due_counts_multiples_from_the_warmup_on(before, now, expected):
    assert updates_due(Rollout(warmup_steps=40, update_every_steps=8), before, now) == expected


def test_common_rollout_is_what_the_sides_agree_on():
    how = Rollout(n_envs=3)
    assert common_rollout({"a": MADDPG(rollout=how), "b": DDPG(rollout=how)}) == how
    with pytest.raises(ValueError, match=r"the sides \['a', 'b'\] must have equal rollout settings"):
        common_rollout({"a": MADDPG(rollout=how), "b": DDPG()})
