"""Differences from the true policies, their margin, and their sentences in both directions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nashlens.games import make
from nashlens.reports.instruments.dose_response import dose_response, family_of, return_of
from nashlens.reports.instruments.dose_response_words import response_sentences, responses, responses_table
from nashlens.reports.instruments.inference_figures import response_figure
from nashlens.reports.instruments.stand_ins import StandIn
from tests.reports.dose_response_runs import GAME, NEARLY, MakeRun, arm, suite_of


def payoff(p: float) -> float:
    """Return what each expects if both hunt the stag with probability p, from the payoffs themselves."""
    strategy = np.array([p, 1 - p])
    return float(np.mean([strategy @ table @ strategy for table in GAME.payoffs]))


def test_returns_are_exact_and_differences_paired(make_run: MakeRun) -> None:
    worse = [0.5, 0.55, 0.6, 0.5, 0.45]
    found = suite_of(
        make_run,
        {"truth": arm(make_run, NEARLY), "none": arm(make_run, worse, dose=1.0)},
    )
    expected = np.array([payoff(b) - payoff(a) for a, b in zip(NEARLY, worse, strict=True)])
    row = found["differences"].iloc[0]
    assert row["value"] == pytest.approx(expected.mean(), abs=1e-6)
    assert (row["reference"], row["family"], row["dose"], row["n"]) == ("truth", "uniform", 1.0, 5)
    gain = np.mean([payoff(a) for a in NEARLY]) - payoff(0.0)
    assert row["scale"] == pytest.approx(gain, abs=1e-6)
    assert row["margin"] == pytest.approx(0.05 * gain, abs=1e-6)
    assert row["verdict"] == "not shown"
    assert found["returns"]["value"].tolist()[0] == pytest.approx(np.mean([payoff(a) for a in NEARLY]), abs=1e-6)


def test_every_verdict_has_its_sentence(make_run: MakeRun) -> None:
    found = suite_of(
        make_run,
        {
            "truth": arm(make_run, NEARLY),
            "same": arm(make_run, [0.985, 0.98, 0.975, 0.985, 0.98], source="inferred"),
            "harmed": arm(make_run, [0.5, 0.55, 0.6, 0.5, 0.45], dose=1.0, dose_of="permuted"),
            "open": arm(make_run, [0.99, 0.3, 0.97, 0.5, 0.98], dose=0.5, dose_of="frozen"),
        },
    )
    verdicts = {each.row["algorithm"]: each.verdict for each in responses(found["differences"])["hunt"]}
    assert verdicts == {"same": "equivalent", "harmed": "lower", "open": "not shown"}
    text = " ".join(response_sentences(found["differences"], found["returns"]))
    assert "hunt. Lower than with the true policies: harmed " in text
    assert "hunt. Equivalent: same " in text
    assert "hunt. Neither a difference nor equivalence is shown: open " in text
    assert text.count("intervals before, verdicts after Holm's correction over 3 arms)") == 1
    assert "hunt: stand-ins that are wrong enough cost reward." in text
    table = responses_table(found["returns"], found["differences"])
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    assert [row["verdict"] for row in rows] == ["equivalent", "lower", "not shown"]
    # Holm by hand over the three arms
    p = table.data.set_index("algorithm")["p_equivalence"].sort_values()
    expected = np.minimum(np.maximum.accumulate(p.to_numpy() * [3, 2, 1]), 1.0)
    assert table.data.set_index("algorithm").loc[p.index, "adjusted_p_equivalence"].tolist() == pytest.approx(expected)
    assert (table.data["adjusted_p"] >= table.data["p"]).all()
    assert response_figure(pd.DataFrame(), found["differences"]) is not None


def test_a_higher_return_is_said_too(make_run: MakeRun) -> None:
    found = suite_of(
        make_run,
        {"truth": arm(make_run, [0.6, 0.62, 0.61, 0.6, 0.63]), "better": arm(make_run, NEARLY, dose=1.0)},
    )
    text = " ".join(response_sentences(found["differences"], found["returns"]))
    assert "Higher than with the true policies: better " in text
    assert "lowers the return in no arm, and raises it in one" in text
    assert "cost reward" not in text


def test_equivalence_of_replaced_policies_is_said_beside_the_game_that_shows_harm(make_run: MakeRun) -> None:
    same = arm(make_run, [0.985, 0.98, 0.975, 0.985, 0.98], dose=1.0)
    harmed = arm(make_run, [0.5, 0.55, 0.6, 0.5, 0.45], dose=1.0)
    calm = dose_response({"truth": arm(make_run, NEARLY), "u": same}, GAME, label="calm")
    hurt = dose_response({"truth": arm(make_run, NEARLY), "u": harmed}, GAME, label="hurt")
    together = {key: pd.concat([calm[key], hurt[key]], ignore_index=True) for key in calm}
    text = " ".join(response_sentences(together["differences"], together["returns"]))
    assert "calm: replacing the others' policies outright leaves the return equivalent; that such a loss can be" in text
    assert "shows in hurt." in text


@pytest.mark.parametrize(
    ("second", "says"),
    [([0.99, 0.3, 0.97, 0.5, 0.98], "equivalence only for u"), (None, "no equivalence either")],
)
def test_where_some_replaced_policies_are_equivalent_it_is_said_which(
    make_run: MakeRun, second: list[float] | None, says: str
) -> None:
    apart = [0.99, 0.3, 0.97, 0.5, 0.98]
    first = [0.985, 0.98, 0.975, 0.985, 0.98] if second else apart
    arms = {"truth": arm(make_run, NEARLY), "u": arm(make_run, first, dose=1.0)}
    found = suite_of(make_run, arms | ({"p": arm(make_run, second, dose=1.0, dose_of="permuted")} if second else {}))
    text = " ".join(response_sentences(found["differences"], found["returns"]))
    assert f"hunt: no loss is shown where the others' policies are replaced outright, and {says}." in text


@pytest.mark.parametrize(
    ("returns", "verdict"), [([0.985, 0.98, 0.975, 0.985, 0.98], "equivalent"), ([0.5, 0.55, 0.6, 0.5, 0.45], "lower")]
)
def test_what_the_others_did_next_has_a_sentence_of_its_own(
    make_run: MakeRun, returns: list[float], verdict: str
) -> None:
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "replayed": arm(make_run, returns, source="replay")})
    text = " ".join(response_sentences(found["differences"], found["returns"]))
    assert (
        "hunt: with what the others did next in the replay, in place of any policy or model of it, the return is"
        in text
    )
    assert f": {verdict}." in text


def test_one_seed_has_no_interval_and_no_answer(make_run: MakeRun) -> None:
    found = suite_of(make_run, {"truth": arm(make_run, [0.9]), "u": arm(make_run, [0.5], dose=1.0)})
    row = found["differences"].iloc[0]
    assert np.isnan(row["low"])
    assert (row["verdict"], row["n"]) == ("no answer", 1)
    text = " ".join(response_sentences(found["differences"], found["returns"]))
    assert "nothing here has a margin" in text
    assert "No answer: u " in text
    assert "cost reward" not in text


def test_without_true_policies_there_is_no_difference(make_run: MakeRun) -> None:
    found = suite_of(make_run, {"u": arm(make_run, NEARLY, dose=1.0)})
    assert len(found["returns"]) == 1
    assert found["differences"].empty
    assert list(response_sentences(found["differences"], found["returns"])) == []


def test_true_policies_that_did_not_learn_leave_no_margin(make_run: MakeRun) -> None:
    idle = arm(make_run, [0.0, 0.01, 0.0, 0.0, 0.0])
    found = suite_of(make_run, {"truth": idle, "u": arm(make_run, [0.0] * 5, dose=1.0)})
    assert found["differences"].iloc[0]["verdict"] in {"no answer", "not shown"}
    if np.isnan(found["differences"].iloc[0]["margin"]):
        assert "nothing here has a margin" in " ".join(response_sentences(found["differences"], found["returns"]))


def test_arms_without_a_joint_critic_take_no_part(make_run: MakeRun) -> None:
    local = [
        make_run(
            [[[0.5, 0.5]] * 2] * 2,
            game="stag_hunt",
            seed=s,
            algorithm={side: {"kind": "ddpg"} for side in GAME.spec.sides},
        )
        for s in range(5)
    ]
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "ddpg": local})
    assert list(found["returns"]["algorithm"]) == ["truth"]


def test_the_return_of_a_world_is_that_of_its_evaluation_or_of_its_last_training(make_run: MakeRun) -> None:
    world = make("simple_spread")
    run = make_run([[[0.5, 0.5]] * 2] * 2, evaluation_returns=np.array([[1.0, 3.0], [2.0, 6.0]]))
    assert return_of(run, world, snapshot=-1) == 4.0
    assert return_of(run, world, snapshot=0) == 2.0
    trained = make_run([[[0.5, 0.5]] * 2] * 2, episode_returns=[[1.0, 2.0], [3.0, 4.0]], episode_steps=[1, 2])
    assert return_of(trained, world, snapshot=-1) == 2.5
    assert np.isnan(return_of(trained, world, snapshot=0))


@pytest.mark.parametrize(
    ("how", "family"),
    [
        (StandIn(), "true"),
        (StandIn(source="inferred"), "inferred"),
        (StandIn(source="replay"), "replay"),
        (StandIn(dose=0.5, dose_of="frozen"), "frozen"),
        (StandIn(source="inferred", fed_as="log_probabilities"), "log_probabilities"),
    ],
)
def test_arms_are_named_after_what_they_vary(how: StandIn, family: str) -> None:
    assert family_of(how) == family
    assert how.is_true == (family == "true")


def test_a_sure_difference_within_the_margin_is_equivalent(make_run: MakeRun) -> None:
    slightly = [p - 0.002 for p in NEARLY]
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "u": arm(make_run, slightly, dose=1.0)})
    row = found["differences"].iloc[0]
    assert row["high"] < 0
    assert responses(found["differences"])["hunt"][0].verdict == "equivalent"


def test_an_arm_that_is_equivalent_only_before_holm_is_not_said_to_be(make_run: MakeRun) -> None:
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "u": arm(make_run, NEARLY, dose=1.0)})
    row = found["differences"].iloc[0].to_dict()
    many = pd.DataFrame([{**row, "algorithm": name, "p_equivalence": 0.04, "verdict": "equivalent"} for name in "ab"])
    both = responses(many)["hunt"]
    assert [each.adjusted_p_equivalence for each in both] == pytest.approx([0.08, 0.08])
    assert [each.verdict for each in both] == ["not shown"] * 2
    assert responses(many.iloc[:1])["hunt"][0].verdict == "equivalent"


def test_the_arms_of_all_games_are_one_family(make_run: MakeRun) -> None:
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "u": arm(make_run, NEARLY[::-1], dose=1.0)})
    one = responses(found["differences"])["hunt"][0]
    two = responses(pd.concat([found["differences"], found["differences"].assign(game="other")]))
    assert list(two) == ["hunt", "other"]
    assert two["hunt"][0].adjusted_p == pytest.approx(min(1.0, 2 * one.adjusted_p))
