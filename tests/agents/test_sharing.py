import numpy as np
import pytest

from nashlens.agents.config import Sharing
from nashlens.agents.sharing import assign, slots_of

SIDES = ["predators", "predators", "prey", "predators"]


@pytest.mark.parametrize(
    ("mode", "slots", "n_slots"),
    [("none", (0, 1, 2, 3), 4), ("side", (0, 0, 1, 0), 2), ("full", (0, 0, 0, 0), 1)],
)
def test_assign_maps_agents_to_slots_by_mode(mode, slots, n_slots):
    assigned = assign(Sharing(mode=mode), SIDES)
    assert (assigned.of_agent, assigned.n_slots) == (slots, n_slots)
    assert assigned.index.shape == (4, 0)
    assert assigned.one_each == (mode == "none")


def test_assign_with_index_gives_each_agent_its_one_hot_index():
    np.testing.assert_array_equal(assign(Sharing(mode="full", index=True), SIDES).index, np.eye(4))


def test_critics_share_as_actors_do_unless_told_otherwise_and_then_always_read_the_index():
    actor, critic = slots_of(Sharing(mode="side"), None, SIDES, n_subs=2)
    assert actor.of_agent == (0, 0, 1, 0, 2, 2, 3, 2)  # the slots of the second sub-policies stand behind the first
    assert actor.index.shape == (8, 0)
    assert critic.of_agent == actor.of_agent
    np.testing.assert_array_equal(critic.index, np.tile(np.eye(4), (2, 1)))
    actor, critic = slots_of(Sharing(mode="full"), Sharing(mode="none"), SIDES)
    assert (actor.n_slots, critic.n_slots) == (1, 4)
    assert critic.index.shape == (4, 0)
