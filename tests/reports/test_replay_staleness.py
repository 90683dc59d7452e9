"""The instrument of stale replay: numbers of hand-made runs, sentences both ways, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.replay_exact import fingerprints_of
from nashlens.reports.instruments.replay_staleness import INSTRUMENT
from nashlens.reports.instruments.replay_staleness_chapter import replay_chapter, share_per_other
from nashlens.reports.instruments.replayed_transitions import can_be_replayed, replayed, shares_of_replay
from tests.reports.instrument_runs import ROLLOUT, constant_run, value_actor, values_of

EVEN, OFTEN, SELDOM = [0.5, 0.5], [0.9, 0.1], [0.1, 0.9]


def pennies(second: Sequence[Sequence[float]], **changes: Any) -> TrainingRun:
    return constant_run(make("matching_pennies"), [[EVEN] * len(second), second], **changes)


def measured(run: TrainingRun) -> list[dict[str, Any]]:
    return list(INSTRUMENT.measure(run, make(run.spec.name, **run.spec.parameters)))


def test_measure_of_matching_pennies_is_the_closed_form() -> None:
    # The other filled one half of the replay with .9 and the other with .1, and plays .1 now.
    rows = measured(pennies([OFTEN, SELDOM, SELDOM]))
    # metrics T05: Q from the mixture is 0 beside −.8 and .8: bias .8; weights and joint actions take it away
    assert values_of(rows, "rs_bias_independent", agent="agent_0") == pytest.approx([0.8])
    assert values_of(rows, "rs_bias_weighted", agent="agent_0") == pytest.approx([0.0])
    assert values_of(rows, "rs_bias_joint", agent="agent_0") == pytest.approx([0.0])
    # metrics T06: ln 2 − H(.1) = .368064 nats given the own action, 0 given the joint action; the reward tells the
    # other's action as the next state does there
    assert values_of(rows, "rs_age_own", agent="agent_0") == pytest.approx([0.368064], abs=1e-6)
    assert values_of(rows, "rs_age_joint") == pytest.approx([0.0, 0.0], abs=1e-12)
    assert values_of(rows, "rs_age_excess_own", agent="agent_0") == pytest.approx([0.368], abs=0.03)
    assert values_of(rows, "rs_age_p_own", agent="agent_0") == [1 / 200]
    assert values_of(rows, "rs_age_p_joint") == [1.0, 1.0]
    # Of .9 then, .1 now: w = 1/9 on .9 and 9 on .1, E w² = .9/81 + 81·.1 = 8.111: share 1 / 8.111 = .1233; now: 1.
    # Together E w² = (8.111 + 1) / 2: share .2195. 2,048 transitions of either kind.
    assert values_of(rows, "rs_share_at", agent="agent_0") == pytest.approx([1 / 8.1111, 1.0], abs=0.02)
    assert values_of(rows, "rs_effective_share", agent="agent_0") == pytest.approx([2 / 9.1111], abs=0.03)
    assert values_of(rows, "rs_effective_share", agent="agent_1") == pytest.approx([1.0])
    # weights below .1: none, as 1/9 is above
    assert values_of(rows, "rs_stale_mass", agent="agent_0") == [0.0]


def test_measure_finds_the_exponential_fall_with_others() -> None:
    # metrics §1.9: behaviour ½, target ¾: the share is .8^k for k others
    game = make("all_ones", n_agents=4)
    run = constant_run(game, [[EVEN, [0.25, 0.75]]] * 4)
    rows = list(INSTRUMENT.measure(run, game))
    for k in (1, 2, 3):
        assert np.mean(values_of(rows, f"rs_share_others_{k}")) == pytest.approx(0.8**k, abs=0.02)


def test_measure_of_learned_values_is_their_error() -> None:
    # the network says (0, 0); against P(H) = .1 the truth is (−.8, .8) for agent_0: error .8, at every snapshot with .1
    game = make("matching_pennies")
    zero = value_actor([[0.0, 0.0]] * 2, 1, epsilons=[1.0, 1.0])
    other = value_actor([[0.0, 1.0]] * 2, 1, epsilons=[0.2, 0.2])  # tails but for a fifth drawn evenly: P(H) = .1
    run = replace(constant_run(game, [[EVEN] * 2] * 2, algorithm={"kind": "dqn"}), actors=(zero, other))
    rows = list(INSTRUMENT.measure(run, game))
    assert values_of(rows, "rs_q_error", agent="agent_0") == pytest.approx([0.8, 0.8])
    # agent_1 faces even play: the truth is 0, and it says (0, 1)
    assert values_of(rows, "rs_q_error", agent="agent_1") == pytest.approx([0.5, 0.5])


def test_measure_of_a_repeated_game_values_the_rounds_to_come() -> None:
    # Two rounds, γ = .9, the other always heads: matching is worth 1 now, .9 later. A network that says only 0
    # errs by |±1 + .9| in the first of the five states, by 1 in the four of the last round: (1.9 + .1 + 8) / 10.
    game = make("repeated", stage="matching_pennies", rounds=2, memory=1, show_round=True)
    zero = value_actor([[0.0, 0.0]] * 2, 5, epsilons=[1.0] * 2)
    heads = value_actor([[1.0, 0.0]] * 2, 5, epsilons=[0.0] * 2)
    run = replace(constant_run(game, [[EVEN] * 2] * 2, algorithm={"kind": "dqn"}), actors=(zero, heads))
    rows = list(INSTRUMENT.measure(run, game))
    assert values_of(rows, "rs_q_error", agent="agent_0") == pytest.approx([1.0, 1.0])


def test_fingerprints_leave_nothing_where_they_tell_every_age() -> None:
    game = make("matching_pennies")
    actor = value_actor([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], 1, epsilons=[0.2, 0.2, 0.2])
    run = replace(constant_run(game, [[EVEN] * 3] * 2, algorithm={"kind": "dqn"}), actors=(actor, actor))
    assert fingerprints_of(run)["epsilon"] == [(pytest.approx(0.2),)] * 2
    rows = list(INSTRUMENT.measure(run, game))
    own = values_of(rows, "rs_age_own", agent="agent_0")
    # ε did not fall between the two ages and says nothing; with the share of updates made it says which
    assert values_of(rows, "rs_age_epsilon", agent="agent_0") == pytest.approx(own)
    assert values_of(rows, "rs_age_fingerprint") == pytest.approx([0.0, 0.0], abs=1e-12)
    # Both play heads with .1, then with .9: given an own action one age makes .9 of the transitions, and heads of the
    # other .82 of the mixture: H(.82) − H(.1) = .471394 − .325083 nats.
    assert own[0] == pytest.approx(0.146311, abs=1e-5)


def test_shares_of_replay_follow_its_capacity() -> None:
    run = pennies([EVEN] * 4)
    assert shares_of_replay(run).tolist() == pytest.approx([1 / 3] * 3)
    small = {**run.algorithm["agent_0"], "rollout": {**ROLLOUT, "replay_capacity": 150}}
    kept = replace(run, algorithm={side: small for side in run.algorithm})  # noqa: C420
    assert shares_of_replay(kept).tolist() == pytest.approx([0.0, 1 / 3, 2 / 3])
    held = replayed(kept, make("matching_pennies"), n_transitions=30)
    assert np.bincount(held.intervals).tolist() == [0, 10, 20]
    assert len(held.rewards) == len(held.behaviour) == len(held.episodes) == 30


def test_replayed_transitions_are_the_same_twice_and_of_the_game() -> None:
    game = make("kuhn_poker")
    run = constant_run(game, [[[0.4, 0.5, 0.1]] * 3] * 2)
    one, other = (replayed(run, game, n_transitions=60) for _ in range(2))
    assert (one.rewards == other.rewards).all()
    assert (one.behaviour == one.current).all()  # the policies never changed
    assert (one.behaviour <= 0).all()
    assert len(np.unique(one.episodes)) > 20  # of at most three moves each


def test_measure_leaves_out_what_has_no_replay_or_no_probabilities() -> None:
    run = pennies([EVEN] * 3)
    on_policy = replace(
        run, algorithm={side: {"kind": "reinforce", "gamma": 0.9, "rollout": {}} for side in run.algorithm}
    )
    assert not can_be_replayed(on_policy)
    assert not measured(on_policy)
    with pytest.raises(ValueError, match="run must be of learners with a replay, discrete actions"):
        replayed(on_policy, make("matching_pennies"), n_transitions=10)
    with pytest.raises(ValueError, match="n_transitions must be at least 2, one an interval, not 1"):
        replayed(run, make("matching_pennies"), n_transitions=1)
    soft = make("simple_spread", n_agents=2, actions="soft", max_cycles=3)
    assert not list(INSTRUMENT.measure(constant_run(soft, [[[0.2] * 5] * 2] * 2), soft))


def test_measure_refuses_another_game() -> None:
    with pytest.raises(ValueError, match="game must be the one that was trained on"):
        list(INSTRUMENT.measure(pennies([EVEN] * 2), make("climbing")))


def tidy(metric_values: dict[tuple[str, str], Sequence[float]], *, noise: float = 0.001) -> pd.DataFrame:
    """Return a frame of one game with six seeds; values by algorithm and metric, one a step."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        [
            {"step": step, "agent": "a", "metric": metric, "value": value + noise * rng.normal(), "bound": "exact"}
            | {
                "unit": "run",
                "n": 1,
                "seed": seed,
                "game": "g",
                "algorithm": algorithm,
                "run_id": f"{algorithm} {seed}",
            }
            for (algorithm, metric), values in metric_values.items()
            for seed in range(6)
            for step, value in zip((100, 200), values, strict=False)
        ]
    )


SHARE = {("dqn", "rs_effective_share"): [0.5], ("print", "rs_effective_share"): [0.5]}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.2, "print is nearer than dqn (dqn less print: "),
        (0.8, "dqn is nearer than print (dqn less print: "),
        (0.5, "No difference is shown."),
    ],
)
def test_chapter_says_who_is_nearer_to_the_truth(error: float, said: str) -> None:
    frame = tidy(SHARE | {("dqn", "rs_q_error"): [1.0, 0.5], ("print", "rs_q_error"): [1.0, error]})
    chapter = replay_chapter(frame, {})
    assert said in chapter.answers[0]
    assert "miss their exact value by 0.50" in chapter.answers[0]
    assert [figure.name for figure in chapter.figures] == ["rs-error"]


def test_chapter_says_how_fast_the_share_falls() -> None:
    shares = {("dqn", f"rs_share_others_{k}"): [0.8**k] for k in (1, 2, 3)}
    frame = tidy(SHARE | shares, noise=0.0).query("algorithm == 'dqn'")
    assert share_per_other(frame, "dqn").to_numpy() == pytest.approx([0.8] * 6, abs=0.01)
    chapter = replay_chapter(frame, {})
    assert "One more other multiplies that share by 0.80" in chapter.answers[0]
    assert chapter.figures[0].name == "rs-others"
    assert "others weighted for" in chapter.figures[0].panels[0].alternative


@pytest.mark.parametrize(
    ("ends", "said"),
    [((0.2, 0.9), "the newer half is worth more than"), ((0.9, 0.2), "the newer half is worth less than")],
)
def test_chapter_says_which_half_is_worth_more(ends: tuple[float, float], said: str) -> None:
    assert said in replay_chapter(tidy(SHARE | {("dqn", "rs_share_at"): ends}), {}).figures[0].paragraphs[0]


def test_chapter_counts_tests_and_says_what_fingerprints_leave() -> None:
    frame = tidy(
        SHARE
        | {("dqn", "rs_age_p_own"): [0.005], ("dqn", "rs_age_p_joint"): [0.9]}
        | {("dqn", "rs_age_own"): [0.3], ("dqn", "rs_age_joint"): [0.0], ("dqn", "rs_age_fingerprint"): [0.0]},
        noise=0.0,
    )
    answer = replay_chapter(frame, {}).answers[0]
    assert "in 6 of 6 tests given its own action and 0 of 6 tests given everybody's action, the control" in answer
    assert "given its own action: 0.300" in answer
    assert "given a fingerprint of both" in answer


def test_chapter_of_nothing_and_of_few_seeds() -> None:
    assert "was not measured" in replay_chapter(pd.DataFrame(), {}).answers[0]
    few = tidy(SHARE | {("dqn", "rs_q_error"): [1.0, 0.5], ("print", "rs_q_error"): [1.0, 0.2]}).query("seed < 2")
    answer = replay_chapter(few, {}).answers[0]
    assert "fewer than 5 have no interval" in answer
    assert "Too few seeds to compare." in answer
