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
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.age_rows import classified_age_rows, fingerprints_of
from nashlens.reports.instruments.agents_figure import by_number, share_per_agent
from nashlens.reports.instruments.drift_frames import over_agents
from nashlens.reports.instruments.replay_figures import share_per_other
from nashlens.reports.instruments.replay_staleness import INSTRUMENT
from nashlens.reports.instruments.replay_staleness_chapter import replay_chapter
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
    # nor is one above 10, so that clipping there changes nothing
    assert values_of(rows, "rs_clip_fraction") == [0.0, 0.0]
    assert values_of(rows, "rs_clipped_share") == values_of(rows, "rs_effective_share")
    # What was played tells a drift of .8 of agent_1 and none of agent_0 beyond the floor, which for two samples of
    # 2,048 from pooled frequencies of a half is √(2 / 2,048 · ¼ · 2 / π) = .0125
    assert values_of(rows, "rs_played_drift", agent="agent_1") == pytest.approx([0.8], abs=0.04)
    assert values_of(rows, "rs_played_floor") == pytest.approx([0.0125, 0.0125], abs=0.003)
    assert values_of(rows, "rs_played_p", agent="agent_1") == [1 / 200]
    assert values_of(rows, "rs_played_drift", agent="agent_0")[0] < 0.06


def test_measure_says_what_clipping_does() -> None:
    # Of .95 then, .05 now: w = 1/19 on .95, 19 on .05 of one half, 1 on the other. Clipped at 10: E w = (.05 + .5 + 1)
    # / 2 = .775, E w² = (.95 / 361 + 5 + 1) / 2 = 3.0013: share .2001, and a fortieth is clipped
    rows = measured(pennies([[0.95, 0.05], [0.05, 0.95], [0.05, 0.95]]))
    assert values_of(rows, "rs_clip_fraction", agent="agent_0") == pytest.approx([0.025], abs=0.01)
    assert values_of(rows, "rs_clipped_share", agent="agent_0") == pytest.approx([0.2001], abs=0.02)
    assert values_of(rows, "rs_clipped_share")[0] > values_of(rows, "rs_effective_share")[0]


def entropy(p: float) -> float:
    return float(-p * np.log(p) - (1 - p) * np.log(1 - p))


def test_measure_says_what_a_rough_fingerprint_leaves() -> None:
    # The quarters of the updates hold intervals 0–2, 3, 4–6 and 7 of eight. The other's P(H) is .9, .1, .1 in the first
    # quarter and .5 from then on: known the quarter, H(1.1 / 3) − H(.1) is left in three of eight transitions.
    second = [OFTEN, SELDOM, SELDOM, *[EVEN] * 6]
    run = pennies(second)
    assert [each[0] for each in fingerprints_of(run)["quarter"]] == [0, 0, 0, 1, 2, 2, 2, 3]
    rows = measured(run)
    own = entropy((1.1 + 2.5) / 8) - (3 * entropy(0.1) + 5 * np.log(2)) / 8
    left = 3 / 8 * (entropy(1.1 / 3) - entropy(0.1))
    assert values_of(rows, "rs_age_own", agent="agent_0") == pytest.approx([own])
    assert values_of(rows, "rs_age_quarter", agent="agent_0") == pytest.approx([left])
    assert values_of(rows, "rs_age_ratio_quarter", agent="agent_0") == pytest.approx([left / own])
    assert values_of(rows, "rs_age_ratio_fingerprint", agent="agent_0") == pytest.approx([0.0], abs=1e-9)
    assert np.isnan(values_of(rows, "rs_age_ratio_quarter", agent="agent_1")).all()  # it met even play throughout
    assert values_of(rows, "rs_age_excess_quarter", agent="agent_0") == pytest.approx([left], abs=0.02)
    assert values_of(rows, "rs_age_p_quarter", agent="agent_0") == [1 / 200]
    assert values_of(rows, "rs_age_p_quarter", agent="agent_1")[0] > 1 / 200


def test_classified_ages_find_what_the_other_did_and_nothing_once_it_is_known() -> None:
    # agent_1 goes left in the older half of the replay and right in the newer; agent_0 plays evenly
    game = make("simple_spread", n_agents=2, physics="lowe2017", actions="one_hot", max_cycles=5)
    left, right = [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]
    run = constant_run(game, [[[0.2] * 5] * 3, [left, right, right]])
    rows = list(classified_age_rows(run, replayed(run, game, n_transitions=500)))
    (own,) = values_of(rows, "rs_age_gain_own", agent="agent_0")
    (joint,) = values_of(rows, "rs_age_gain_joint", agent="agent_0")
    assert 0.2 < own <= np.log(2)
    assert abs(joint) < 0.02
    assert values_of(rows, "rs_age_gain_p_own", agent="agent_0") == [1 / 1000]
    assert values_of(rows, "rs_age_gain_p_joint", agent="agent_0")[0] > 0.05
    # what agent_1 does is its own doing: agent_0's even play moved nothing
    assert values_of(rows, "rs_age_gain_own", agent="agent_1")[0] < 0.02
    assert {row["bound"] for row in rows if "_p_" not in row["metric"]} == {"lower"}


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
    assert [row["metric"] for row in measured(on_policy)] == ["rs_left_out_no_replay"]
    with pytest.raises(ValueError, match="run must be of learners with a replay, discrete actions"):
        replayed(on_policy, make("matching_pennies"), n_transitions=10)
    with pytest.raises(ValueError, match="n_transitions must be at least 2, one an interval, not 1"):
        replayed(run, make("matching_pennies"), n_transitions=1)
    soft = make("simple_spread", n_agents=2, actions="soft", max_cycles=3)
    (why,) = INSTRUMENT.measure(constant_run(soft, [[[0.2] * 5] * 2] * 2), soft)
    assert (why["metric"], why["value"]) == ("rs_left_out_no_probabilities", 1.0)


def test_chapter_names_and_counts_the_runs_that_were_left_out() -> None:
    frame = tidy(SHARE | {("soft", "rs_left_out_no_probabilities"): [1.0]}, noise=0.0)
    words = "Left out: 6 runs of soft in g (its actions have no probabilities, as they are real-valued or soft)."
    chapter = replay_chapter(frame, {})
    assert chapter.tables[0].caption.endswith(words)
    assert words in chapter.answers[-1]
    assert "under soft" not in chapter.answers[0]
    alone = frame[frame["algorithm"] == "soft"]
    assert replay_chapter(alone, {}).answers == (f"Stale replay was not measured. {words}",)
    assert "Left out" not in replay_chapter(tidy(SHARE), {}).tables[0].caption


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
        | {("dqn", "rs_age_own"): [0.3], ("dqn", "rs_age_joint"): [0.0], ("dqn", "rs_age_ratio_fingerprint"): [0.0]},
        noise=0.0,
    )
    answer = replay_chapter(frame, {}).answers[0]
    assert "in 6 of 6 tests given its own action and 0 of 6 tests given everybody's action, the control" in answer
    assert "given its own action: 0.300" in answer
    assert "this share is left: 0 [0, 0] under dqn with the share of the updates made" in answer


def test_chapter_tells_gains_played_drift_and_what_fingerprints_leave() -> None:
    frame = tidy(
        SHARE
        | {("dqn", "rs_age_gain_own"): [0.2], ("dqn", "rs_age_gain_joint"): [-0.001]}
        | {("dqn", "rs_age_gain_p_own"): [0.001], ("dqn", "rs_age_gain_p_joint"): [0.6]}
        | {("dqn", "rs_age_ratio_quarter"): [0.25], ("dqn", "rs_clip_fraction"): [0.01]}
        | {("dqn", "rs_clipped_share"): [0.6], ("dqn", "rs_played_drift"): [0.5, 0.4]}
        | {("dqn", "rs_played_floor"): [0.1, 0.1]},
    )
    chapter = replay_chapter(frame, {})
    answer = chapter.answers[0]
    assert "by at least, in nats, 0.2" in answer
    assert "in 6 of 6 tests given its own action and 0 of 6 tests given everybody's action" in answer
    assert "this share is left: 0.2" in answer
    (figure,) = [each for each in chapter.figures if each.name == "rs-played"]
    assert "The drift under dqn lies above its noise floor" in figure.paragraphs[0]
    table = chapter.tables[0].data.set_index("quantity")["value"]
    small = [value for name, value in table.items() if str(name).startswith("Share of agents with p ≤ 0.05")]
    assert small == [1.0, 0.0]  # of the p-values given the own and everybody's action


@pytest.mark.parametrize(
    ("third", "said"), [(0.32, "it falls"), (0.5, "it is not shown to fall or to grow"), (0.9, "it grows")]
)
def test_agents_figure_follows_a_game_as_agents_are_added(third: float, said: str) -> None:
    shares = [(2, 0.5), (4, third)]
    frame = pd.concat(
        [tidy({("dqn", "rs_effective_share"): [v]}, noise=0.0).assign(game=f"roles_{n}") for n, v in shares]
    )
    signs = np.where(frame["seed"] % 2, 1, -1)  # seeds that differ by chance, on average not at all
    frame["value"] += 0.001 * signs * (frame["game"] == "roles_4")
    facts = {
        f"roles_{n}": GameFacts(
            label=f"roles_{n}",
            matrix=True,
            constant_sum=False,
            span=1.0,
            agents=tuple(f"agent_{k}" for k in range(n)),
            name="role_assignment",
        )
        for n, _ in shares
    }
    (figure,) = [each for each in replay_chapter(frame, facts).figures if each.name == "rs-agents"]
    assert figure.paragraphs[0].startswith("role_assignment. Under dqn the share is 0.5")
    assert said in figure.paragraphs[0]
    (part,) = by_number(over_agents(frame), facts)
    assert share_per_agent(part, "dqn").mean() == pytest.approx((third / 0.5) ** 0.5, abs=0.01)
    assert "with 2 and 4 agents" in figure.paragraphs[0]


def test_chapter_of_nothing_and_of_few_seeds() -> None:
    assert "was not measured" in replay_chapter(pd.DataFrame(), {}).answers[0]
    few = tidy(SHARE | {("dqn", "rs_q_error"): [1.0, 0.5], ("print", "rs_q_error"): [1.0, 0.2]}).query("seed < 2")
    answer = replay_chapter(few, {}).answers[0]
    assert "fewer than 5 have no interval" in answer
    assert "Too few seeds to compare." in answer
