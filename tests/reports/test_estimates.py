from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nashlens.reports.estimates import ALL_AGENTS, by_seed, by_side, curves, difference, final_estimates, merged_agents
from nashlens.reports.quantities import quantity

VALUES = [1.0, 2.0, 4.0, 5.0, 8.0]


def tidy(values_SK: list[list[float]], *, metric: str = "training_return", agent: str = "a") -> pd.DataFrame:
    rows = [
        ("x", "chicken", "maddpg", "0", seed, 100 * k, agent, metric, value, "estimate", "episode", 3)
        for seed, values in enumerate(values_SK)
        for k, value in enumerate(values)
    ]
    columns = ["suite", "game", "algorithm", "run_id", "seed", "step", "agent", "metric", "value", "bound", "unit", "n"]
    return pd.DataFrame(rows, columns=columns)


def test_final_estimates_are_students_t_over_seeds_at_the_last_step() -> None:
    row = final_estimates(tidy([[0.0, v] for v in VALUES])).iloc[0]
    # an independent implementation: SciPy's t interval of the mean
    low, high = stats.t.interval(0.95, 4, loc=np.mean(VALUES), scale=stats.sem(VALUES))
    assert (row["value"], row["low"], row["high"]) == pytest.approx((4.0, low, high))
    assert (row["n"], row["unit"], row["method"], row["level"], row["step"]) == (5, "seed", "student-t", 0.95, 100)
    assert row["each"] == "estimate"
    assert row["values"] == tuple(VALUES)


def test_final_estimates_of_few_seeds_have_points_and_no_interval() -> None:
    row = final_estimates(tidy([[1.0], [2.0], [3.0], [4.0]])).iloc[0]
    assert row["value"] == 2.5
    assert np.isnan(row["low"])
    assert row["values"] == (1.0, 2.0, 3.0, 4.0)


def test_final_estimates_are_cut_to_what_the_quantity_can_be() -> None:
    row = final_estimates(tidy([[0.0], [0.0], [0.0], [0.0], [1.0]], metric="nash_conv")).iloc[0]
    assert row["low"] == 0.0  # Student's t alone would give 0.2 − 0.555
    assert row["high"] == pytest.approx(0.2 + stats.t.ppf(0.975, 4) * 0.2)


def test_final_estimates_are_cut_at_the_upper_end_too() -> None:
    row = final_estimates(tidy([[1.0], [1.0], [1.0], [1.0], [0.0]], metric="inference_tv")).iloc[0]
    assert row["high"] == 1.0  # Student's t alone would give 0.8 + 0.555
    assert row["low"] == pytest.approx(0.8 - stats.t.ppf(0.975, 4) * 0.2)


def test_what_is_counted_from_0_to_1_is_cut_at_1_in_curves() -> None:
    drawn = curves(tidy([[1.0], [1.0], [1.0], [1.0], [0.0]], metric="rs_share_at"), ["rs_share_at"]).iloc[0]
    assert drawn["high"] == 1.0  # Student's t alone would give 0.8 + 0.555
    assert quantity("ns_policy_path").ceiling is None  # a path may be longer than any distance


def test_final_estimates_of_a_seed_without_a_number_say_why() -> None:
    row = final_estimates(tidy([[1.0], [2.0], [float("nan")], [3.0], [4.0]], metric="turns")).iloc[0]
    assert np.isnan(row["low"])
    assert "1 of 5 seeds" in row["reason"]


def test_shares_of_seeds_have_wilsons_interval() -> None:
    frame = tidy([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], metric="success")
    row = final_estimates(frame).iloc[0]
    # Wilson at 5 of 5: from 1 / (1 + z² / n) to 1, with z = 1.959964
    assert (row["value"], row["low"], row["high"]) == pytest.approx((1.0, 1 / (1 + 1.959964**2 / 5), 1.0))
    assert row["method"] == "wilson"
    curve = curves(frame, ["success"])
    assert list(curve["high"]) == pytest.approx([1 - 1 / (1 + 1.959964**2 / 5), 1.0])


def test_shares_of_few_seeds_have_no_interval() -> None:
    assert np.isnan(final_estimates(tidy([[1.0], [0.0]], metric="success")).iloc[0]["low"])


def test_final_estimates_average_what_a_seed_has_several_of_and_leave_out_what_is_missing() -> None:
    several = pd.concat([tidy([[1.0], [2.0]]), tidy([[3.0], [float("nan")]])], ignore_index=True)
    assert final_estimates(several).iloc[0]["values"] == (2.0, 2.0)


def test_curves_of_seeds_with_other_steps_are_those_of_a_pivot_table() -> None:
    rng = np.random.default_rng(0)
    frame = tidy(rng.normal(size=(6, 4)).tolist())
    frame = frame[rng.random(len(frame)) < 0.7]  # some seeds lack some steps
    wide = frame.pivot_table(index="seed", columns="step", values="value")  # an independent implementation
    curve = curves(frame, ["training_return"])
    assert curve["step"].tolist() == wide.columns.tolist()
    whole = wide.notna().all().to_numpy()
    np.testing.assert_allclose(curve["mean"][whole], wide.mean().to_numpy()[whole], rtol=1e-14)
    assert curve["mean"][~whole].isna().all()


def test_final_estimates_of_nothing_are_empty() -> None:
    assert final_estimates(tidy([[1.0]]), ["nash_conv"]).empty


def test_curves_have_mean_and_interval_at_every_step() -> None:
    frame = curves(tidy([[0.0, v] for v in VALUES]), ["training_return"])
    assert list(frame["step"]) == [0, 100]
    assert list(frame["mean"]) == [0.0, 4.0]
    assert frame["high"].iloc[0] == 0.0
    assert set(frame["n"]) == {5}


def test_merged_agents_are_one_where_they_never_differ() -> None:
    same = pd.concat([tidy([[1.0, 2.0]], agent="a"), tidy([[1.0, 2.0]], agent="b")])
    assert list(merged_agents(same)["agent"].unique()) == [ALL_AGENTS]
    other = pd.concat([tidy([[1.0, 2.0]], agent="a"), tidy([[1.0, 3.0]], agent="b")])
    assert list(merged_agents(other)["agent"].unique()) == ["a", "b"]
    assert merged_agents(same.iloc[:0]).empty


def test_agents_of_one_side_are_merged_where_the_other_side_differs() -> None:
    rows = [
        ("game", "algorithm", seed, 0, agent, "m", value)
        for seed in range(2)
        for agent, value in (("hunter_0", 3.0), ("prey", -3.0), ("hunter_1", 3.0))
    ]
    frame = pd.DataFrame(rows, columns=["game", "algorithm", "seed", "step", "agent", "metric", "value"])
    merged = merged_agents(frame)
    assert list(merged["agent"].unique()) == ["hunter_0–1", "prey"]
    assert len(merged) == 4


def test_difference_is_paired_on_shared_seeds() -> None:
    first = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 9.0], index=[0, 1, 2, 3, 4, 7])
    second = pd.Series([0.5, 1.0, 2.5, 3.0, 4.5, 9.0], index=[0, 1, 2, 3, 4, 8])
    estimate = difference(first, second)
    assert estimate.n == 5
    assert estimate.value == pytest.approx(3.5 / 5)
    # SciPy's paired t interval of .5, 1, .5, 1, .5
    interval = stats.ttest_rel(first.iloc[:5], second.iloc[:5]).confidence_interval(0.95)
    assert (estimate.low, estimate.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize(("n", "says"), [(1, "1 seed;"), (4, "4 seeds;")])
def test_difference_of_few_seeds_has_a_reason_in_place_of_an_interval(n: int, says: str) -> None:
    estimate = difference(pd.Series([1.0] * n), pd.Series([0.5, 0.4, 0.3, 0.2][:n]))
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.reason == f"{says} an interval needs at least 5"


def test_by_side_keeps_opponents_apart_and_team_mates_together() -> None:
    frame = pd.concat([tidy([[1.0]], agent=name) for name in ("wolf", "fox", "hare", "")])
    parts = by_side(frame, {"wolf": "predators", "hare": "prey", "fox": "predators"})
    assert [list(part["agent"]) for part in parts] == [["wolf", "fox"], ["hare"], [""]]


def test_by_seed_takes_the_last_step_unless_told() -> None:
    frame = tidy([[1.0, 2.0], [3.0, 4.0]])
    assert by_seed(frame).to_dict() == {0: 2.0, 1: 4.0}
    assert by_seed(frame, step=0).to_dict() == {0: 1.0, 1: 3.0}
    assert by_seed(frame, metric="nash_conv").empty
