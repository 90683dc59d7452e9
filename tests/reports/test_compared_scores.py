from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from nashlens.reports.algorithm_comparisons import compared
from nashlens.reports.anchors import Anchors
from nashlens.reports.answers import answers
from nashlens.reports.compared_scores import compared_scores
from nashlens.reports.conventions import GameFacts

UNIT = Anchors(random=-2.0, better=2.0, name="highest sum of payoffs")


def facts(**changes: Any) -> dict[str, GameFacts]:
    about: dict[str, Any] = {"label": "g", "matrix": True, "constant_sum": False, "span": 1.0, "agents": ("x", "y")}
    return {"g": GameFacts(**{**about, "sides": ("x", "y"), **changes})}


def frame(*metrics: str, agents: tuple[str, ...] = ("x", "y")) -> pd.DataFrame:
    """Return two algorithms, two seeds and two steps; an agent's number is its place plus the seed at the last step."""
    rows = [
        ("g", algorithm, seed, step, agent, metric, (k + seed) * step / 100, "exact")
        for algorithm in ("a", "b")
        for seed in (0, 1)
        for step in (0, 100)
        for k, agent in enumerate(agents)
        for metric in metrics
    ]
    return pd.DataFrame(rows, columns=["game", "algorithm", "seed", "step", "agent", "metric", "value", "bound"])


def test_a_return_with_anchors_is_one_score_of_the_mean_over_agents() -> None:
    found = compared_scores(frame("final_return"), facts(), {"g": UNIT})
    assert [(each.metric, each.whose, each.words) for each in found] == [("score", "", "Normalised score")]
    # mean over agents .5 and 1.5 on a scale from −2 to 2
    assert found[0].ends["a"].tolist() == [0.625, 0.875]


def test_a_return_without_anchors_is_a_score_of_each_side() -> None:
    none = Anchors(random=0.0, better=0.0, name="", reason="none is known")
    found = compared_scores(frame("final_return", "training_return"), facts(), {"g": none})
    assert [(each.metric, each.whose) for each in found] == [("final_return", "x"), ("final_return", "y")]
    assert found[1].words == "Return of the final policies of y"
    assert found[1].ends["b"].tolist() == [1.0, 2.0]
    together = compared_scores(frame("final_return"), facts(sides=("team", "team")), {"g": none})
    assert [each.ends["a"].tolist() for each in together] == [[0.5, 1.5]]


@pytest.mark.parametrize(
    ("constant", "expected"), [(True, ["nash_conv"]), (False, ["final_return"] * 2 + ["nash_conv"])]
)
def test_returns_are_no_score_where_payoffs_add_to_a_constant(constant: bool, expected: list[str]) -> None:
    whole = pd.concat([frame("final_return"), frame("nash_conv", agents=("",))])
    assert [each.metric for each in compared_scores(whole, facts(constant_sum=constant), {})] == expected


def test_a_seed_without_a_number_takes_no_part() -> None:
    whole = frame("success", agents=("",))
    whole.loc[(whole["seed"] == 1) & (whole["algorithm"] == "a"), "value"] = float("nan")
    found = compared_scores(whole, facts(), {})[0]
    assert {name: list(ends.index) for name, ends in found.ends.items()} == {"a": [0], "b": [0, 1]}


def test_an_algorithm_without_any_number_takes_no_part() -> None:
    whole = frame("final_return", agents=("",))
    whole.loc[whole["algorithm"] == "a", "value"] = float("nan")
    assert list(compared_scores(whole, facts(sides=("x", "x")), {"g": UNIT})[0].ends) == ["b"]
    assert answers(compared(compared_scores(whole.assign(value=float("nan")), facts(), {"g": UNIT}))) == ()


def test_a_game_without_runs_has_no_score() -> None:
    assert compared_scores(frame("final_return").iloc[:0], facts(), {"g": UNIT}) == []
