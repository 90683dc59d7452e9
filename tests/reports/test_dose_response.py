"""Differences from the true policies, their margin, and every sentence in both directions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.dose_response import dose_response, family_of, return_of
from nashlens.reports.instruments.dose_response_words import response_sentences, responses, responses_table
from nashlens.reports.instruments.inference_figures import ledger_figure, response_figure
from nashlens.reports.instruments.inference_hypotheses import explanations, explanations_table
from nashlens.reports.instruments.policy_inference_chapter import policy_inference_chapter
from nashlens.reports.instruments.stand_ins import StandIn

MakeRun = Callable[..., TrainingRun]
GAME = make("stag_hunt")


def arm(make_run: MakeRun, together: list[float], **inference: Any) -> list[TrainingRun]:
    """Return runs of the stag hunt that begin at hare and hunt the stag with the given probabilities at the end."""
    known = {"source": "true", "entropy_weight": 0.001, "fed_as": "actions", "dose": 0.0, "dose_of": "uniform"}
    settings = {"kind": "maddpg", "inference": {**known, **inference}}
    return [
        make_run(
            [[[0.0, 1.0], [p, 1 - p]]] * 2,
            game="stag_hunt",
            seed=seed,
            algorithm=dict.fromkeys(GAME.spec.sides, settings),
        )
        for seed, p in enumerate(together)
    ]


def suite_of(make_run: MakeRun, arms: dict[str, list[TrainingRun]]) -> dict[str, pd.DataFrame]:
    return dose_response(arms, GAME, label="hunt")


def payoff(p: float) -> float:
    """Return what each expects if both hunt the stag with probability p, from the payoffs themselves."""
    strategy = np.array([p, 1 - p])
    return float(np.mean([strategy @ table @ strategy for table in GAME.payoffs]))


NEARLY = [0.99, 0.98, 0.97, 0.99, 0.98]


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


def measured(**changes: float | tuple[float, ...]) -> pd.DataFrame:
    """Return a tidy frame of five seeds of one fitted model that is off by about 1 nat, with small causes."""
    numbers: dict[str, float | tuple[float, ...]] = {
        "inference_tv": 0.5,
        "inference_kl_true_model": 1.0,
        "inference_kl_model_true": 1.5,
        "inference_agreement": 0.9,
        "inference_kl_everywhere": 1.2,
        "inference_regulariser": 1e-7,
        "inference_calibration": 0.8,
        "inference_softness": 0.1,
        "inference_lag": 0.2,
        "inference_fit": 0.1,
        "inference_kl_replay": 1.0,
        "inference_shift": 0.3,
        "inference_relevant": 0.05,
        "inference_delta_q_direct": 0.2,
        "inference_delta_q_relative": 0.01,
        **changes,
    }
    rows = [
        {
            "suite": "s",
            "game": "hunt",
            "algorithm": "inferred",
            "run_id": str(seed),
            "seed": seed,
            "step": step,
            "agent": "a of b",
            "metric": metric,
            "value": value[seed] if isinstance(value, tuple) else value * (1 + 0.01 * seed),
            "bound": "estimate",
            "unit": "observation",
            "n": 9,
        }
        for seed in range(5)
        for step in (0, 100)
        for metric, value in numbers.items()
    ]
    return pd.DataFrame(rows)


def chapter_of(make_run: MakeRun, replaced: list[float], **changes: float | tuple[float, ...]) -> Any:
    found = suite_of(
        make_run,
        {
            "truth": arm(make_run, NEARLY),
            "inferred": arm(make_run, NEARLY, source="inferred"),
            "u": arm(make_run, replaced, dose=1.0),
        },
    )
    return policy_inference_chapter(measured(**changes), {"hunt": found})


def verdicts_of(chapter: Any) -> dict[str, str]:
    table = next(each for each in chapter.tables if each.name == "inference-explanations")
    whole = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    return {row["explanation"]: row["verdict"] for row in whole}


def test_explanations_are_held_against_their_numbers(make_run: MakeRun) -> None:
    found = verdicts_of(chapter_of(make_run, [0.985, 0.98, 0.975, 0.985, 0.98]))
    assert found == {
        "H1: the entropy weight of the fit": "refuted",
        "H2: only the temperature is off": "supported",
        "H2: play is soft, and its mean is no policy": "refuted",
        "H3: the data are of older policies": "refuted",
        "H4: off where the policies go": "supported",
        "H5: most of it is not about value": "supported",
        "H5: the error in value is below a tenth of the spread of values": "supported",
        "H6: nothing that moves the actors reads them": "supported",
    }


def test_the_same_explanations_come_out_the_other_way_round(make_run: MakeRun) -> None:
    found = verdicts_of(
        chapter_of(
            make_run,
            [0.5, 0.55, 0.6, 0.5, 0.45],
            inference_regulariser=0.9,
            inference_calibration=0.1,
            inference_softness=0.7,
            inference_lag=0.9,
            inference_shift=-0.3,
            inference_relevant=0.95,
            inference_delta_q_relative=0.5,
        )
    )
    assert found == {
        "H1: the entropy weight of the fit": "supported",
        "H2: only the temperature is off": "refuted",
        "H2: play is soft, and its mean is no policy": "supported",
        "H3: the data are of older policies": "supported",
        "H4: off where the policies go": "refuted",
        "H5: most of it is not about value": "refuted",
        "H5: the error in value is below a tenth of the spread of values": "refuted",
        "H6: nothing that moves the actors reads them": "refuted",
    }


def test_a_model_that_is_not_what_the_replay_teaches_is_not_explained_by_its_age(make_run: MakeRun) -> None:
    # far older data, but the model is further from them than the policy is: it was not fitted to them
    found = verdicts_of(chapter_of(make_run, NEARLY, inference_lag=0.9, inference_fit=1.4))
    assert found["H3: the data are of older policies"] == "refuted"


def test_what_lies_in_between_is_not_shown(make_run: MakeRun) -> None:
    found = verdicts_of(
        chapter_of(
            make_run,
            [0.99, 0.3, 0.97, 0.5, 0.98],
            inference_calibration=(0.7, 0.4, 0.6, 0.3, 0.55),
            inference_shift=0.0,
        )
    )
    assert found["H2: only the temperature is off"] == "not shown"
    assert found["H4: off where the policies go"] == "not shown"
    assert found["H6: nothing that moves the actors reads them"] == "not shown"


def test_an_infinite_divergence_decides_nothing(make_run: MakeRun) -> None:
    found = verdicts_of(chapter_of(make_run, NEARLY, inference_kl_true_model=math.inf, inference_relevant=math.inf))
    assert found["H5: most of it is not about value"] == "not shown"


def test_answers_name_the_worst_model_with_its_shares(make_run: MakeRun) -> None:
    chapter = chapter_of(make_run, NEARLY)
    text = " ".join(chapter.answers)
    # seeds 0 to 4 scale every number by 1 to 1.04: the mean of 1 is 1.02
    assert "the model that is furthest off, a of b, ends 0.51" in text
    assert "temperature 0.80" in text
    assert "over all situations alike, met or not, it is 1.22" in text
    assert "the entropy weight 0.00" in text
    assert "what value feels 0.05" in text
    assert [figure.name for figure in chapter.figures] == ["dose-response-returns", "inference-parts"]


def test_policies_of_different_supports_have_total_variation_first_and_a_reason(make_run: MakeRun) -> None:
    parts = dict.fromkeys(
        ("inference_regulariser", "inference_calibration", "inference_softness", "inference_relevant"), np.nan
    )
    infinite = {"inference_kl_true_model": np.inf, "inference_infinite": 0.25, "inference_residual": np.nan}
    floored = {"inference_kl_floored": 4.0, "inference_clamped": 0.125}
    chapter = chapter_of(make_run, NEARLY, **infinite, **floored, **parts)
    text = next(each for each in chapter.answers if "furthest off" in each)
    assert text.index("0.51") < text.index("KL(true‖model) is infinite in 5 of 5 seeds")  # the total variation
    assert "in a share of 0.255 of the observations (mean over seeds) the model rules out an action that the" in text
    assert "over a floor of 1e−8, which raises a share of 0.128 of the model's probabilities, it is 4.0" in text
    assert "Shares of that divergence" not in text
    table = next(each for each in chapter.tables if each.name == "inference-explanations")
    shares = [row for row in table.rows if row[2].startswith(("H1", "H2", "H5: most"))]
    assert {row[6] for row in shares} == {"not shown"}
    assert all("infinite, since the supports differ" in row[3] for row in shares)
    ledgers = next(each for each in chapter.tables if each.name == "inference-ledgers")
    words = {row[3]: row[4] for row in ledgers.rows}
    assert words["KL of the true policy from its stand-in"].startswith("infinite (no interval: 5 of 5 seeds")
    assert (
        "the stand-in rules out an action that the true policy takes"
        in words["KL of the true policy from its stand-in"]
    )
    assert "an infinite divergence has no parts" in words["KL that temperature repairs"]
    regulariser = next(each for each in chapter.tables if each.name == "inference-regulariser")
    assert regulariser.rows[0][6] == "no value"


def test_the_part_of_each_entropy_weight_stands_beside_its_rest(make_run: MakeRun) -> None:
    chapter = chapter_of(make_run, NEARLY, inference_regulariser=0.25, inference_residual=0.75)
    table = next(each for each in chapter.tables if each.name == "inference-regulariser")
    assert len(table.rows) == 1
    assert table.rows[0][:3] == ("hunt", "a of b", "0.001")
    assert table.rows[0][6] == "0.250"


def test_relevance_is_drawn_over_training_for_each_pair(make_run: MakeRun) -> None:
    chapter = chapter_of(make_run, NEARLY, inference_relevance=0.5)
    figure = next(each for each in chapter.figures if each.name == "inference-relevance")
    assert [panel.title for panel in figure.panels] == ["hunt: a of b"]
    assert figure.paragraphs == ("hunt: a of b. At the end 0.510 at λ = 0.001.",)
    assert sorted(figure.data["step"]) == [0, 100]


def test_a_sure_difference_within_the_margin_is_equivalent(make_run: MakeRun) -> None:
    slightly = [p - 0.002 for p in NEARLY]
    found = suite_of(make_run, {"truth": arm(make_run, NEARLY), "u": arm(make_run, slightly, dose=1.0)})
    row = found["differences"].iloc[0]
    assert row["high"] < 0
    assert responses(found["differences"])["hunt"][0].verdict == "equivalent"


def two_games(make_run: MakeRun, *, calm: float, hurt: float) -> Any:
    """Return the chapter of two games: with inferred policies one is harmed, the other is not."""
    harmed = arm(make_run, [0.5, 0.55, 0.6, 0.5, 0.45], source="inferred")
    same = arm(make_run, [0.985, 0.98, 0.975, 0.985, 0.98], source="inferred")
    truth = arm(make_run, NEARLY)
    comparisons = {
        "calm": dose_response({"truth": truth, "inferred": same}, GAME, label="calm"),
        "hurt": dose_response({"truth": truth, "inferred": harmed}, GAME, label="hurt"),
    }
    frames = [measured(inference_kl_true_model=kl).assign(game=game) for game, kl in (("calm", calm), ("hurt", hurt))]
    return policy_inference_chapter(pd.concat(frames, ignore_index=True), comparisons)


def test_divergence_and_loss_are_set_beside_each_other(make_run: MakeRun) -> None:
    apart = " ".join(two_games(make_run, calm=2.0, hurt=0.5).answers)
    assert "a small divergence can cost reward where a larger one costs none" in apart
    along = " ".join(two_games(make_run, calm=0.5, hurt=2.0).answers)
    assert "Divergence of the worst model and return" in along
    assert "a small divergence can cost reward" not in along


def test_no_runs_leave_an_empty_chapter() -> None:
    chapter = policy_inference_chapter(measured().iloc[:0], {})
    assert (chapter.answers, chapter.figures, chapter.tables) == ((), (), ())
    assert explanations(pd.DataFrame(columns=["entropy_weight", "game", "agent"]), pd.DataFrame()) == []
    assert explanations_table([]) is None
    assert ledger_figure(measured(), pd.DataFrame()) is None


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
