from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import BehaviouralProfile, SequentialGame, make
from nashlens.reports.measures import measure
from nashlens.reports.tree_measures import averages, reached_drift

MakeRun = Callable[..., TrainingRun]


@pytest.fixture(scope="module")
def kuhn() -> SequentialGame:
    game = make("kuhn_poker")
    assert isinstance(game, SequentialGame)
    return game


def always(game: SequentialGame, agent: int, bets_T: Sequence[float]) -> ActorSnapshots:
    """Return snapshots that bet with the given probability wherever they may, and wait otherwise."""
    size = game.spec.observation_sizes[agent]
    chances = np.array([[1 - bet, bet, 1.0] for bet in bets_T])
    logs = np.log(np.maximum(chances, 1e-26)).astype(np.float32)
    return ActorSnapshots(weights=(np.zeros((len(bets_T), size, 3), dtype=np.float32),), biases=(logs,))


@pytest.fixture
def kuhn_run(make_run: MakeRun, kuhn: SequentialGame) -> TrainingRun:
    """Both agents pass, then both bet half the time, then only the first goes on to pass always."""
    half = [[0.5, 0.5]] * 3
    return make_run(
        [half, half],
        spec=kuhn.spec,
        algorithm={side: {"kind": "maddpg"} for side in kuhn.spec.sides},
        actors=(always(kuhn, 0, [0.0, 0.5, 0.0]), always(kuhn, 1, [0.0, 0.5, 0.5])),
    )


def values(run: TrainingRun, metric: str, agent: str = "") -> list[float]:
    rows = [row for row in measure(run) if row["metric"] == metric and row["agent"] == agent]
    assert all(row["bound"] == "exact" for row in rows)
    return [row["value"] for row in rows]


def test_nash_conv_of_kuhn_poker_is_that_of_the_literature(kuhn_run: TrainingRun) -> None:
    # OpenSpiel's tests: uniform play 11/12, always pass 2
    assert values(kuhn_run, "nash_conv")[:2] == pytest.approx([2.0, 11 / 12], abs=1e-6)


def test_expected_payoffs_of_kuhn_poker_are_those_of_the_literature(kuhn_run: TrainingRun) -> None:
    # passing always: the ante to the higher card, 0 on average; uniform play: 1/8 for the first agent
    assert values(kuhn_run, "expected_payoff", "agent_0")[:2] == pytest.approx([0.0, 0.125], abs=1e-6)
    assert values(kuhn_run, "expected_payoff", "agent_1")[:2] == pytest.approx([0.0, -0.125], abs=1e-6)


def test_the_time_average_begins_at_the_first_update(kuhn_run: TrainingRun) -> None:
    # the first update comes at step 1: the untrained snapshot stands for itself, the next one for itself too
    assert values(kuhn_run, "nash_conv_average")[:2] == pytest.approx([2.0, 11 / 12], abs=1e-6)


def test_the_average_of_two_strategies_is_weighted_by_where_their_own_moves_lead(kuhn: SequentialGame) -> None:
    # the first agent passes always, or bets always: after passing and being bet at, only the passing one is left, so
    # that there it passes (folds) for certain; at its first move it does either with probability 1/2
    one, other = (
        kuhn.check_profile(BehaviouralProfile([np.tile(row, (6, 1)) for row in (first, [0.5, 0.5])]))
        for first in ([1.0, 0.0], [0.0, 1.0])
    )
    mean = averages(kuhn, BehaviouralProfile.stack([one, other]))[0][1]
    labels = kuhn.tree.agents[0].labels
    later = [k for k, label in enumerate(labels) if len(str(label)) > 1]
    first = [k for k in range(6) if k not in later]
    assert len(later) == 3
    assert np.allclose(mean[later], [1.0, 0.0])
    assert np.allclose(mean[first], [0.5, 0.5])


def test_drift_counts_where_play_goes(kuhn_run: TrainingRun) -> None:
    # From passing always to half and half every distance is 1/2, whatever the weights; then the first agent goes back
    # and the second stays.
    assert values(kuhn_run, "policy_drift", "agent_0") == pytest.approx([0.5, 0.5], abs=1e-6)
    assert values(kuhn_run, "policy_drift", "agent_1") == pytest.approx([0.5, 0.0], abs=1e-6)


def test_drift_where_play_never_goes_does_not_count(kuhn: SequentialGame) -> None:
    # nobody bets, so that the first agent is never asked after a pass and a bet
    labels = kuhn.tree.agents[0].labels
    passing = np.tile([1.0, 0.0], (6, 1))
    moved = passing.copy()
    moved[[k for k, label in enumerate(labels) if len(str(label)) > 1]] = [0.0, 1.0]
    profiles = BehaviouralProfile.stack([BehaviouralProfile([passing, passing]), BehaviouralProfile([moved, passing])])
    assert reached_drift(kuhn, profiles).tolist() == [[0.0, 0.0]]


def test_a_game_that_forgets_has_no_nash_conv(make_run: MakeRun) -> None:
    game = make("goofspiel", num_cards=4, points_order="descending")
    assert isinstance(game, SequentialGame)
    n_actions = game.spec.action_spaces[0].width
    plain = [
        ActorSnapshots(
            weights=(np.zeros((2, size, n_actions), dtype=np.float32),),
            biases=(np.zeros((2, n_actions), dtype=np.float32),),
        )
        for size in game.spec.observation_sizes
    ]
    half = [[0.5, 0.5]] * 2
    run = make_run(
        [half, half],
        spec=game.spec,
        algorithm={side: {"kind": "maddpg"} for side in game.spec.sides},
        actors=tuple(plain),
    )
    assert values(run, "nash_conv") == []
    # uniform play of a symmetric game is worth nothing to either
    assert values(run, "expected_payoff", "agent_0") == pytest.approx([0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("first", [-1, 2])
def test_an_average_from_a_snapshot_that_is_not_there_raises(first: int, kuhn: SequentialGame) -> None:
    uniform = BehaviouralProfile.stack([kuhn.uniform_profile()] * 2)
    with pytest.raises(ValueError, match="first must be one of the 2 snapshots"):
        averages(kuhn, uniform, first=first)
