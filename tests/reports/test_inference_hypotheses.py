from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.instruments.dose_response import dose_response
from nashlens.reports.instruments.inference_figures import ledger_figure
from nashlens.reports.instruments.inference_hypotheses import explanations, explanations_table
from nashlens.reports.instruments.policy_inference_chapter import policy_inference_chapter
from tests.reports.dose_response_runs import GAME, NEARLY, MakeRun, arm, suite_of


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
