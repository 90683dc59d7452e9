"""Repeated games: payoffs, memory and ends by hand, and the closed form of coordination with memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens.games import catalog, conformance, registry
from nashlens.games.core import Choice, one_hot
from nashlens.games.episodes import play
from nashlens.games.normal_form import NormalFormGame
from nashlens.games.policy import ScriptedPolicy, uniform_policy
from nashlens.games.repeated import RepeatedGame


def joint(*actions: int) -> list[np.ndarray]:
    return [one_hot(np.array([a]), 2) for a in actions]


def test_step_pays_the_stage_and_shows_own_action_first() -> None:
    # prisoner's dilemma: cooperate is 0, defect is 1; (0, 1) pays (0, 5), (1, 1) pays (1, 1)
    batch = RepeatedGame(catalog.prisoners_dilemma(), 3, memory=2).start(1, rng=np.random.default_rng(0))
    assert batch.observations[0].tolist() == [[0] * 8]
    step = batch.step(joint(0, 1))
    assert step.rewards.tolist() == [[0, 5]]
    assert batch.observations[0].tolist() == [[1, 0, 0, 1, 0, 0, 0, 0]]
    assert batch.observations[1].tolist() == [[0, 1, 1, 0, 0, 0, 0, 0]]
    step = batch.step(joint(1, 1))
    assert step.rewards.tolist() == [[1, 1]]
    assert not step.ended.any()
    assert batch.observations[0].tolist() == [[0, 1, 0, 1, 1, 0, 0, 1]]  # the latest round first
    step = batch.step(joint(0, 0))
    assert step.terminated.all()
    assert not step.truncated.any()
    assert step.next_observations[0].tolist() == [[1, 0, 1, 0, 0, 1, 0, 1]]
    assert batch.observations[0].tolist() == [[0] * 8]


def test_three_agents_see_themselves_and_then_the_others_in_order() -> None:
    payoffs = np.zeros((3, 2, 3, 2))
    batch = RepeatedGame(NormalFormGame(payoffs), 2).start(1, rng=np.random.default_rng(0))
    batch.step([np.array([[0.0, 1]]), np.array([[0.0, 0, 1]]), np.array([[1.0, 0]])])
    assert batch.observations[0].tolist() == [[0, 1, 0, 0, 1, 1, 0]]
    assert batch.observations[1].tolist() == [[0, 0, 1, 0, 1, 1, 0]]
    assert batch.observations[2].tolist() == [[1, 0, 0, 1, 0, 0, 1]]


def test_show_round_appends_the_share_that_was_played() -> None:
    game = RepeatedGame(catalog.stag_hunt(), 4, memory=0, show_round=True)
    batch = game.start(1, rng=np.random.default_rng(0))
    seen = []
    for _ in range(4):
        seen.append(float(batch.observations[0][0, 0]))
        last = batch.step(joint(0, 0))
    assert seen == [0, 0.25, 0.5, 0.75]
    assert last.next_observations[1].tolist() == [[1]]
    assert game.spec.observation_sizes == (1, 1)


def test_without_memory_or_round_the_observation_is_the_constant_one() -> None:
    batch = RepeatedGame(catalog.stag_hunt(), 2, memory=0).start(3, rng=np.random.default_rng(0))
    assert batch.observations[0].tolist() == [[1], [1], [1]]


def always(action: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda seen: np.tile(np.eye(2)[action], (len(seen), 1))


def test_discount_scales_round_t_by_its_power() -> None:
    # anti-coordination pays 1 each round: 1 + 1/2 + 1/4 + 1/8 = 1.875
    game = RepeatedGame(catalog.anti_coordination(), 4, discount=0.5)
    fixed = [ScriptedPolicy(always(a), action_space=Choice((2,)), observation_size=4) for a in (0, 1)]
    episodes = play(game, fixed, n_episodes=2, rng=np.random.default_rng(0))
    assert episodes.returns.tolist() == [[1.875, 1.875]] * 2
    assert episodes.lengths.tolist() == [4, 4]


def differ_and_stay(seen: np.ndarray) -> np.ndarray:
    """One rule for both agents: repeat the own action once the two differed, else draw evenly."""
    own, other = seen[:, :2], seen[:, 2:]
    differed = (own.sum(axis=1) > 0) & (own.argmax(axis=1) != other.argmax(axis=1))
    return np.where(differed[:, None], own, 0.5)


@pytest.mark.parametrize("rounds", [1, 2, 3, 10])
def test_one_shared_policy_with_memory_reaches_its_closed_form(rounds: int) -> None:
    # T-round anti-coordination: T - (1 - 2^-T), since the agents first differ in round k with probability 2^-k.
    # Rounds lost are geometric, cut at T, with variance below 2: five standard errors over 20,000 episodes are 0.05.
    game = RepeatedGame(catalog.anti_coordination(), rounds)
    policy = ScriptedPolicy(differ_and_stay, action_space=Choice((2,)), observation_size=4)
    episodes = play(game, [policy, policy], n_episodes=20_000, rng=np.random.default_rng(5))
    assert episodes.returns[:, 0].mean() == pytest.approx(rounds - (1 - 2.0**-rounds), abs=0.05)


def test_one_shared_policy_without_memory_gets_half() -> None:
    game = RepeatedGame(catalog.anti_coordination(), 10, memory=0)
    policy = uniform_policy(Choice((2,)))
    episodes = play(game, [policy, policy], n_episodes=20_000, rng=np.random.default_rng(6))
    # T/2 = 5, variance T/4: five standard errors are 0.056
    assert episodes.returns[:, 0].mean() == pytest.approx(5, abs=0.056)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"stage": "climbing", "rounds": 3, "memory": 3, "show_round": True},
        {"stage": "volunteers_dilemma", "rounds": 5, "memory": 2, "discount": 0.9},
        {"stage": "random_zero_sum", "rounds": 4, "memory": 0, "stage_parameters": {"n_actions": [2, 4]}},
    ],
)
def test_repeated_game_conforms(parameters: dict[str, Any]) -> None:
    game = registry.make("repeated", **parameters)
    assert conformance.check(game, n_envs=6, n_episodes=3, rng=np.random.default_rng(0)).n_episodes == 18


def test_repeated_game_of_ones_own_does_not_carry_a_registered_name() -> None:
    assert RepeatedGame(catalog.chicken(), 2).spec.name not in registry.entries()


def test_specification_makes_the_game_again() -> None:
    game = registry.make("repeated", stage="penalty", stage_parameters={"k": -3}, rounds=7, memory=2, discount=0.5)
    again = registry.make(game.spec.name, **game.spec.parameters)
    assert again.spec == game.spec
    assert isinstance(game, RepeatedGame)
    assert isinstance(again, RepeatedGame)
    np.testing.assert_array_equal(again.stage.payoffs, game.stage.payoffs)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stage": "prisoner_dilemma"}, "stage must be one of .*did you mean prisoners_dilemma"),
        ({"stage": "simple_spread"}, "stage must be one of "),
        ({"stage": 3}, "stage must be one of "),
        ({"rounds": 0}, "rounds must be a whole number of at least 1, not 0"),
        ({"rounds": 2.0}, "rounds must be a whole number of at least 1, not 2.0"),
        ({"memory": -1}, "memory must be a whole number from 0 to 10, not -1"),
        ({"memory": 11}, "memory must be a whole number from 0 to 10, not 11"),
        ({"discount": 0}, "discount must be a finite number, above 0 and at most 1, not 0"),
        ({"discount": "1"}, "discount must be a finite number, above 0 and at most 1, not '1'"),
        ({"show_round": 1}, "show_round must be True or False, not 1"),
        ({"stage_parameters": [1]}, "stage_parameters must be a mapping"),
        ({"stage_parameters": {"x": 1}}, "prisoners_dilemma has no parameter 'x'"),
    ],
)
def test_make_names_the_argument_that_does_not_fit(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        registry.make("repeated", **parameters)


def test_repeated_game_refuses_a_stage_that_is_no_normal_form_game() -> None:
    with pytest.raises(ValueError, match="stage must be a NormalFormGame"):
        RepeatedGame(registry.make("repeated"), 3)
