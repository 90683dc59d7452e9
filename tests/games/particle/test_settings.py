"""Arguments that all worlds share: names, conflicts, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from nashlens import games
from nashlens.games import Box, Choice
from nashlens.games.particle.scenarios import entries

WORLDS = [entry.name for entry in entries()]


@pytest.mark.parametrize("name", WORLDS)
def test_specification_makes_the_world_again(name: str) -> None:
    game = games.make(name, max_cycles=7, actions="soft", physics="lowe2017", dynamic_rescaling=False)
    assert games.make(name, **game.spec.parameters).spec == game.spec
    assert game.spec.horizon == 7
    assert game.spec.soft_actions


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_cycles": 0}, "max_cycles must be a whole number of at least 1, not 0"),
        ({"max_cycles": 2.5}, "max_cycles must be a whole number of at least 1, not 2.5"),
        ({"actions": "hard"}, "actions must be one of one_hot, soft, continuous, not 'hard'"),
        ({"physics": "lowe"}, "physics must be one of mpe2, lowe2017, not 'lowe'; did you mean lowe2017"),
        ({"continuous_actions": 1}, "continuous_actions must be True or False, not 1"),
        ({"dynamic_rescaling": None}, "dynamic_rescaling must be True or False, not None"),
        ({"actions": "soft", "continuous_actions": True}, "actions='soft' and continuous_actions=True disagree"),
        ({"actions": "continuous", "continuous_actions": False}, "actions='continuous' and continuous_actions=False"),
        ({"n_cycles": 3}, "has no parameter 'n_cycles'; did you mean max_cycles"),
    ],
)
def test_world_refuses_what_does_not_fit(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        games.make(name, **arguments)


@pytest.mark.parametrize("name", WORLDS)
def test_both_names_of_continuous_actions_agree(name: str) -> None:
    ours, theirs = games.make(name, actions="continuous"), games.make(name, continuous_actions=True)
    assert ours.spec == theirs.spec == games.make(name, actions="continuous", continuous_actions=True).spec
    assert all(isinstance(space, Box) for space in ours.spec.action_spaces)
    hard = games.make(name, continuous_actions=False)
    assert hard.spec == games.make(name).spec
    assert all(isinstance(space, Choice) for space in hard.spec.action_spaces)


@pytest.mark.parametrize(("name", "default"), [("simple_spread", 3), ("simple_line", 4), ("simple_formation", 4)])
def test_number_of_agents_has_two_names(name: str, default: int) -> None:
    assert games.make(name).spec.n_agents == default
    assert games.make(name, n_agents=2).spec == games.make(name, N=2).spec == games.make(name, N=2, n_agents=2).spec
    with pytest.raises(ValueError, match="n_agents=2 and N=3 disagree"):
        games.make(name, n_agents=2, N=3)
    with pytest.raises(ValueError, match="N must be a whole number of at least 1, not 0"):
        games.make(name, N=0)
    with pytest.raises(ValueError, match="n_agents must be a whole number of at least 1, not '2'"):
        games.make(name, n_agents="2")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "simple_spread",
            {"local_ratio": 1.5},
            "local_ratio must be a finite number, at least 0 and at most 1, not 1.5",
        ),
        ("simple_spread", {"curriculum": "yes"}, "curriculum must be True or False"),
        ("simple_spread", {"curriculum_stage": 2}, "curriculum_stage must be a whole number from 0 to 1, not 2"),
        ("simple_spread", {"terminate_on_success": 0}, "terminate_on_success must be True or False, not 0"),
        (
            "simple_spread",
            {"num_agent_neighbors": 0},
            "num_agent_neighbors must be a whole number of at least 1, not 0",
        ),
        ("simple_spread", {"num_landmark_neighbors": 0.5}, "num_landmark_neighbors must be a whole number"),
        ("simple_spread", {"team_reward": "mean"}, "team_reward must be one of mixed, own, sum, not 'mean'"),
        ("simple_spread", {"self_collision": 1}, "self_collision must be True or False"),
        ("simple_speaker_listener", {"team_reward": "mixed"}, "team_reward must be one of own, sum, not 'mixed'"),
        (
            "simple_speaker_listener",
            {"reach_radius": -0.1},
            "reach_radius must be a finite number, at least 0, not -0.1",
        ),
        ("simple_reference", {"local_ratio": float("nan")}, "local_ratio must be a finite number"),
        ("simple_reference", {"team_reward": "all"}, "team_reward must be one of mixed, own, sum"),
        ("simple_reference", {"squared_distance": 2}, "squared_distance must be True or False"),
        ("simple_reference", {"reach_radius": "wide"}, "reach_radius must be a finite number"),
        ("simple_adversary", {"N": 0}, "N must be a whole number of at least 1, not 0"),
        ("simple_adversary", {"num_agent_neighbors": -1}, "num_agent_neighbors must be a whole number"),
        ("simple_adversary", {"num_landmark_neighbors": True}, "num_landmark_neighbors must be a whole number"),
        ("simple_adversary", {"squared_adversary_reward": None}, "squared_adversary_reward must be True or False"),
        ("simple_adversary", {"reach_radius": -1}, "reach_radius must be a finite number"),
        ("simple_push", {"reach_radius": float("inf")}, "reach_radius must be a finite number"),
        ("simple", {"reach_radius": -1}, "reach_radius must be a finite number"),
        ("simple_tag", {"num_good": 0}, "num_good must be a whole number of at least 1, not 0"),
        ("simple_tag", {"num_adversaries": 0}, "num_adversaries must be a whole number of at least 1"),
        ("simple_tag", {"num_obstacles": -1}, "num_obstacles must be a whole number of at least 0, not -1"),
        ("simple_tag", {"curriculum": 1}, "curriculum must be True or False"),
        ("simple_tag", {"curriculum_stage": 3}, "curriculum_stage must be a whole number from 0 to 2, not 3"),
        ("simple_tag", {"terminate_on_success": "no"}, "terminate_on_success must be True or False"),
        ("simple_tag", {"num_agent_neighbors": 0}, "num_agent_neighbors must be a whole number of at least 1"),
        ("simple_tag", {"num_landmark_neighbors": 0}, "num_landmark_neighbors must be a whole number of at least 1"),
        ("simple_tag", {"prey_speedup": -0.1}, "prey_speedup must be a finite number, at least 0, not -0.1"),
        ("simple_world_comm", {"num_good": 0}, "num_good must be a whole number of at least 1"),
        ("simple_world_comm", {"num_adversaries": 0}, "num_adversaries must be a whole number of at least 1"),
        ("simple_world_comm", {"num_obstacles": -1}, "num_obstacles must be a whole number of at least 0"),
        ("simple_world_comm", {"num_food": 0}, "num_food must be a whole number of at least 1"),
        ("simple_world_comm", {"num_forests": -1}, "num_forests must be a whole number of at least 0"),
        ("simple_crypto", {"n_messages": 5}, "n_messages must be a whole number from 2 to 4, not 5"),
        ("simple_line", {"terminate_on_success": 1}, "terminate_on_success must be True or False"),
        ("simple_formation", {"terminate_on_success": 1}, "terminate_on_success must be True or False"),
        ("collect_treasure", {"num_collectors": 0}, "num_collectors must be a whole number of at least 1"),
        ("collect_treasure", {"num_deposits": 0}, "num_deposits must be a whole number of at least 1"),
        ("collect_treasure", {"num_treasures": 0}, "num_treasures must be a whole number of at least 1"),
    ],
)
def test_argument_of_one_world_is_refused(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        games.make(name, **arguments)
