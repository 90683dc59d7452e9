from __future__ import annotations

import math

import pytest

from nashlens.reports.conventions import algorithms_table, conventions_table, departures, game_facts
from nashlens.reports.quantities import quantity
from nashlens.reports.suite import Suite, parse_suite

TEXT = """name = "c"
steps = 160

[games.simple_push]

[algorithms.maddpg]
kind = "maddpg"
rollout = { n_envs = 4, warmup_steps = 40, update_every_steps = 8 }
"""


def evaluation(suite: Suite) -> str:
    return conventions_table(suite).rows[0][-1]


@pytest.mark.parametrize(("explore", "how"), [("false", "without exploration noise"), ("true", "actions sampled")])
def test_conventions_say_how_final_episodes_were_played(explore: str, how: str) -> None:
    text = f"explore = {explore}\n{TEXT}"
    assert evaluation(parse_suite(text)) == f"none in training; final episodes {how}"
    with_episodes = evaluation(parse_suite(f"evaluation_episodes = 3\n{text}"))
    assert with_episodes == f"3 episodes at each snapshot; those and the final episodes {how}"


def test_conventions_of_an_exact_game_say_that_final_policies_are_not_played() -> None:
    said = evaluation(parse_suite(TEXT.replace("simple_push", "chicken")))
    assert said == "none in training; final policies measured exactly, as the strategies that they are"


def test_learners_have_their_updates_beside_their_steps() -> None:
    table = algorithms_table(parse_suite(TEXT))
    # at 40, 48, ..., 160: sixteen updates
    assert table.header[-2:] == ("steps", "updates")
    assert table.rows[0][-2:] == ("160", "16")
    assert "except n_envs" in table.caption


def test_departures_write_huge_numbers_with_an_exponent() -> None:
    given = {"kind": "maddpg", "learning_rate": 1e30, "batch_size": 2_000_000}
    assert departures(given) == ["learning_rate = 1e30", "batch_size = 2000000"]


def test_game_facts_know_the_side_of_each_agent() -> None:
    facts = game_facts(parse_suite(TEXT))["simple_push"]
    assert set(facts.side_of) == set(facts.agents)
    assert len(set(facts.side_of.values())) == 2


@pytest.mark.parametrize(
    ("game", "side", "least", "most"),
    [
        ("rock_paper_scissors", "agent_0", -1.0, 1.0),
        ("rock_paper_scissors", "agent_1", -1.0, 1.0),
        ("chicken", "agent_1", 0.0, 7.0),
        ("climbing", "stranger", -30.0, 11.0),  # a game of one side, whatever who joins is called
        ("kuhn_poker", "agent_0", -2.0, 2.0),  # an ante and a bet of 1 each
        ("simple_push", "agent", -math.inf, math.inf),
    ],
)
def test_game_facts_know_what_a_side_can_get_in_a_game_known_as_a_whole(
    game: str, side: str, least: float, most: float
) -> None:
    (facts,) = game_facts(parse_suite(TEXT.replace("simple_push", game))).values()
    assert facts.return_range(side) == (least, most)


def test_game_facts_average_what_the_agents_of_a_side_get() -> None:
    # a volunteer pays 1 and everyone gets 2, or nobody gets anything: each agent is a side of its own
    (facts,) = game_facts(parse_suite(TEXT.replace("simple_push", "volunteers_dilemma"))).values()
    assert {facts.return_range(side) for side in facts.sides} == set(facts.returns.values())
    assert len(facts.returns) == len(set(facts.sides)) > 2


def test_the_divergence_of_inferred_policies_says_that_soft_actions_have_a_floor() -> None:
    assert "0.08 nats" in quantity("kl_model_true_target_replay").definition
