from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nashlens.reports.estimates import difference
from nashlens.reports.findings import average_finding, drift_finding, equilibrium_finding, learning_finding
from nashlens.reports.verdicts import Statement, Verdict, family_note, n_comparisons, p_value, plain, written
from nashlens.reports.words import decimals_for, direction, listed, number, with_interval

STEPS = (0, 100, 200, 300, 400)
SPREAD = (-0.02, -0.01, 0.0, 0.01, 0.02)


def rows(metric: str, curve: tuple[float, ...], *, algorithm: str = "maddpg", spread: float = 1.0) -> pd.DataFrame:
    """Return five seeds around a curve."""
    steps = STEPS if len(curve) > 1 else STEPS[-1:]
    found = [
        ("g", algorithm, seed, step, "", metric, value + spread * off)
        for seed, off in enumerate(SPREAD)
        for step, value in zip(steps, curve, strict=True)
    ]
    return pd.DataFrame(found, columns=["game", "algorithm", "seed", "step", "agent", "metric", "value"]).assign(
        bound="exact"
    )


def words_of(statements: Sequence[Statement]) -> str:
    return written({"g": statements})["g"]


def learned(frame: pd.DataFrame, sides: dict[str, str] | None = None) -> str:
    return words_of(learning_finding(frame, game="g", metric="training_return", sides=sides or {}))


def average(last: tuple[float, ...], mean: tuple[float, ...], turns: float, *, spread: float = 1.0) -> str:
    # independent spreads, so that the paired differences vary
    parts = [rows("nash_conv", last, spread=spread), rows("nash_conv_average", mean, spread=-spread)]
    frame = pd.concat([*parts, rows("turns", (turns,))])
    return words_of([average_finding(frame, algorithm="maddpg", constant_sum=True)])


UP = (0.1, 1.0, 1.0, 1.0, 1.0)


def test_cycling_and_approaching_are_said_where_the_intervals_show_both() -> None:
    text = average(UP, (0.1, 0.9, 0.6, 0.4, 0.3), 3.0, spread=0.5)
    # the same spread at the middle and at the end: the fall is −.3 in every seed
    assert "the last iterate cycles (3.000 [2.980, 3.020] turns around the equilibrium) while the time average" in text
    assert "the average's NashConv fell" in text


def test_an_average_that_stays_where_it_is_does_not_approach() -> None:
    text = average(UP, (0.1, 0.5, 0.5, 0.5, 0.5), 3.0)
    assert "So the last iterate cycles" in text
    assert "that the time average approaches equilibrium is not shown" in text


def test_half_a_turn_is_no_cycle() -> None:
    text = average(UP, (0.1, 0.9, 0.6, 0.4, 0.3), 0.5)
    assert "So the time average approaches equilibrium; that the last iterate cycles is not shown" in text


def test_neither_is_said_where_nothing_shows() -> None:
    text = average((0.5,) * 5, (0.5,) * 5, 0.5)
    assert "the two are not told apart" in text
    assert "Neither a cycling last iterate" in text


def test_an_average_that_is_worse_is_said_to_be_worse() -> None:
    assert "is farther from equilibrium" in average((0.1,) * 5, (0.9,) * 5, 0.0)


def test_a_wide_spread_takes_the_verdict_back() -> None:
    assert "is nearer to equilibrium" in average(UP, (0.1, 0.5, 0.5, 0.5, 0.5), 3.0)
    assert "the two are not told apart" in average(UP, (0.1, 0.5, 0.5, 0.5, 0.5), 3.0, spread=60.0)


def test_equilibrium_finding_counts_seeds_at_equilibria_and_at_the_best_one() -> None:
    frame = pd.concat(
        [
            rows("nash_conv", (5.0, 1.0, 0.5, 0.2, 0.03), spread=1.0),
            rows("nash_conv_average", (5.0, 1.0, 0.5, 0.2, 0.03)),
            rows("welfare_gap", (20.0, 8.0, 8.0, 8.0, 8.0)),
        ]
    )
    text = words_of(equilibrium_finding(frame, game="g", constant_sum=False, span=41.0))
    assert "5 of 5 seeds end with NashConv within 1% of the payoff span, 0 of them as near to the best" in text
    assert "the mean welfare gap is 8.000 [7.980, 8.020]" in text
    assert "cycl" not in text


def test_a_welfare_gap_without_nash_conv_says_whose_it_is() -> None:
    # agents who draw together have no NashConv of their own
    frame = rows("welfare_gap", (20.0, 8.0, 8.0, 8.0, 8.0))
    text = words_of(equilibrium_finding(frame, game="g", constant_sum=False, span=41.0))
    assert text == f"{frame['algorithm'].iloc[0]}: the mean welfare gap is 8.000 [7.980, 8.020]."


@pytest.mark.parametrize(
    ("curve", "says"), [((0.0, 1, 2, 3, 4), "rose"), ((4.0, 3, 2, 1, 0), "fell"), ((1.0,) * 5, "did not change")]
)
def test_learning_finding_is_decided_by_the_interval_of_the_change(curve: tuple[float, ...], says: str) -> None:
    frame = rows("training_return", curve)
    frame["value"] += frame["step"] / 400 * frame["seed"].map(dict(enumerate(SPREAD)))
    assert says in learned(frame)


def test_learning_finding_compares_algorithms_on_shared_seeds() -> None:
    frame = pd.concat(
        [
            rows("training_return", (0.0, 1, 2, 3, 4)),
            rows("training_return", (0.0, 1, 2, 3, 3), algorithm="ddpg", spread=2.0),
        ]
    )
    text = learned(frame)
    assert (
        "At the end the return in training under maddpg is higher than that under ddpg (difference 1.000 [0.980, 1.020]"
        in text
    )


def test_learning_finding_does_not_compare_fewer_than_five_seeds() -> None:
    frame = pd.concat([rows("training_return", UP), rows("training_return", UP, algorithm="ddpg")])
    text = learned(frame[frame["seed"] < 4])
    assert "At the end" not in text


@pytest.mark.parametrize("n", [1, 2, 4])
def test_nothing_is_stated_of_fewer_than_five_seeds(n: int) -> None:
    frames = [rows("training_return", UP), rows("policy_drift", UP), rows("nash_conv", UP)]
    frame = pd.concat([*frames, rows("nash_conv_average", (0.0,) * 5), rows("turns", (3.0,))])
    few = frame[frame["seed"] < n]
    silence = f"{n} seed{'s' * (n > 1)}: no statement"
    average = words_of([average_finding(few, algorithm="maddpg", constant_sum=True)])
    for text in (learned(few), words_of(drift_finding(few, game="g", sides={})), average):
        assert silence in text
        assert not re.search(r"rose|fell|change|told apart|nearer|shown|cycles|move |\[", text)


def test_opposed_sides_are_never_averaged() -> None:
    # predators win what the prey loses: their average is 0 at every step, and hides both
    curves = {"wolf": (0.0, 2, 5, 8, 10), "fox": (0.0, 2, 5, 8, 10), "hare": (0.0, -2, -5, -8, -10)}
    sides = {"wolf": "predators", "fox": "predators", "hare": "prey"}
    parts = [rows("training_return", curve).assign(agent=agent) for agent, curve in curves.items()]
    worse = [part.assign(algorithm="ddpg", value=part["value"] / 2) for part in parts]
    frame = pd.concat([*parts, *worse])
    frame["value"] += frame["step"] / 400 * frame["seed"].map(dict(enumerate(SPREAD)))
    text = learned(frame, sides)
    assert "maddpg: the mean return of wolf and fox together rose" in text
    assert "maddpg: the mean return of hare fell" in text
    assert "return in training of wolf and fox together under maddpg is higher than that under ddpg" in text
    assert "return in training of hare under maddpg is lower than that under ddpg" in text
    assert "hare together" not in text
    drift = frame.assign(metric="policy_drift")
    assert "maddpg: policies of hare move less" in words_of(drift_finding(drift, game="g", sides=sides))
    assert "maddpg: policies of wolf and fox together move more" in words_of(
        drift_finding(drift, game="g", sides=sides)
    )


def test_reports_of_nothing_contain_a_verdict_at_the_level_that_they_name() -> None:
    # six algorithms of ten seeds that are all the same: a family of 6 changes and 15 pairs in each of 200 reports
    rng = np.random.default_rng(3)
    columns = {"game": "g", "agent": "", "metric": "training_return", "bound": "estimate"}
    index = pd.MultiIndex.from_product([[f"a{k}" for k in range(6)], range(10), [0, 100]])
    empty = index.to_frame(index=False, name=["algorithm", "seed", "step"]).assign(**columns)
    verdicts = unadjusted = 0
    for _ in range(200):
        frame = empty.assign(value=rng.normal(size=len(empty)))
        statements = learning_finding(frame, game="g", metric="training_return", sides={})
        verdicts += bool(re.search(r"rose|fell|higher|lower", words_of(statements)))
        unadjusted += any(p_value(each) < 0.05 for s in statements for each in s.differences)
    # at most .05 of 200 are 10, and 10 + 2 √9.5 are 16; without the correction it would be more than a third
    assert verdicts <= 16
    assert unadjusted > 60


def test_p_value_is_that_of_the_paired_t_test() -> None:
    first, second = pd.Series([1.0, 2.0, 4.0, 5.0, 8.0]), pd.Series([0.5, 2.5, 3.0, 4.0, 9.0])
    # SciPy, an independent implementation
    assert p_value(difference(first, second)) == pytest.approx(stats.ttest_rel(first, second).pvalue)
    assert p_value(difference(first, first)) == 1.0
    assert p_value(difference(first + 1, first)) == 0.0
    assert np.isnan(p_value(difference(first[:4], second[:4])))


def test_verdicts_say_the_adjusted_p_and_how_many_comparisons() -> None:
    # one p-value just below .05: enough alone, and not enough as one of two equal ones, which Holm doubles
    near = difference(pd.Series([0.12, 0.4, 0.5, 0.6, 1.35]), pd.Series([0.0] * 5))
    assert 0.04 < p_value(near) < 0.05
    said = Statement(
        differences=(near,), write=lambda v: f"{v[0].word(up='up', down='down', neither='neither')} {v[0].evidence}"
    )
    alone, twice = written({"g": [said]})["g"], written({"g": [said, plain("and")], "h": [said]})["h"]
    assert alone.startswith("up ")
    assert alone.endswith("of 1 comparison")
    assert twice.startswith("neither ")
    assert twice.endswith(f"Holm-adjusted p = {2 * p_value(near):.3f} of 2 comparisons")
    assert "2 comparisons" in family_note(n_comparisons({"g": [said], "h": [said, plain("and")]}))
    assert family_note(0) == ""


def test_a_missing_number_is_no_statement() -> None:
    missing = difference(pd.Series([1.0, np.nan, 1.0, 1.0, 1.0]), pd.Series([0.0] * 5))
    said = direction(missing, up="up", down="down", neither="neither")
    assert said == "5 seeds: no statement (1 of 5 seeds have no finite value)"
    assert Verdict(estimate=missing, adjusted_p=float("nan"), n_comparisons=1).sign == 0


@pytest.mark.parametrize(
    ("curve", "says"),
    [((0.5, 0.5, 0.5, 0.1, 0.1), "move less"), ((0.1, 0.1, 0.1, 0.5, 0.5), "move more"), ((0.3,) * 5, "move as much")],
)
def test_drift_finding_compares_the_halves_of_training(curve: tuple[float, ...], says: str) -> None:
    frame = rows("policy_drift", curve)
    frame["value"] += (frame["step"] > 200) * frame["seed"].map(dict(enumerate(SPREAD)))
    assert says in words_of(drift_finding(frame, game="g", sides={}))


def test_number_of_missing_and_infinite_values_is_said() -> None:
    assert number(float("nan")) == "no value"
    assert (number(float("inf")), number(float("-inf"))) == ("infinite", "−infinite")
    assert (number(0.0), number(-0.0), number(0.0, decimals=1)) == ("0", "0", "0.0")
    assert (number(1e30), number(-2.5e14), number(123456789.0)) == ("1e30", "−2.5e14", "123,456,789")
    assert number(-0.0000001) == "−1e−07"  # not a zero of six decimals


def test_with_interval_shows_two_digits_of_its_width() -> None:
    assert with_interval(1.23456, 1.2, 1.28) == "1.235 [1.200, 1.280]"
    assert with_interval(-30.49, -33.5, -27.4) == "−30.5 [−33.5, −27.4]"
    assert with_interval(1234.5, 1000.0, 1500.0) == "1,234 [1,000, 1,500]"
    assert with_interval(2.0, float("nan"), float("nan")) == "2.00"
    assert (with_interval(0.0, 0.0, 0.0), with_interval(1e-17, 0.0, 1e-16)) == ("0 [0, 0]", "0 [0, 0]")
    assert with_interval(8.0, 8.0, 8.0) == "8.000 [8.000, 8.000]"
    assert decimals_for(1.0, 1.0) == 3


def test_listed_joins_words() -> None:
    assert (listed([]), listed(["a"]), listed(["a", "b"])) == ("", "a", "a and b")
