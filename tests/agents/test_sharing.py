import numpy as np
import pytest

from nashlens.agents.config import Sharing
from nashlens.agents.sharing import assign

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
