from __future__ import annotations

import pandas as pd
import pytest

from nashlens.reports.findings import average_finding, drift_finding, equilibrium_finding, learning_finding
from nashlens.reports.words import decimals_for, listed, number, with_interval

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


def average(last: tuple[float, ...], mean: tuple[float, ...], turns: float, *, spread: float = 1.0) -> str:
    # independent spreads, so that the paired differences vary
    parts = [rows("nash_conv", last, spread=spread), rows("nash_conv_average", mean, spread=-spread)]
    frame = pd.concat([*parts, rows("turns", (turns,))])
    return average_finding(frame, algorithm="maddpg", constant_sum=True)


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
    text = equilibrium_finding(frame, game="g", constant_sum=False, span=41.0)
    assert "5 of 5 seeds end with NashConv within 1% of the payoff span, 0 of them as near to the best" in text
    assert "the mean welfare gap is 8.000 [7.980, 8.020]" in text
    assert "cycl" not in text


@pytest.mark.parametrize(
    ("curve", "says"), [((0.0, 1, 2, 3, 4), "rose"), ((4.0, 3, 2, 1, 0), "fell"), ((1.0,) * 5, "did not change")]
)
def test_learning_finding_is_decided_by_the_interval_of_the_change(curve: tuple[float, ...], says: str) -> None:
    frame = rows("training_return", curve)
    frame["value"] += frame["step"] / 400 * frame["seed"].map(dict(enumerate(SPREAD)))
    assert says in learning_finding(frame, game="g", metric="training_return")


def test_learning_finding_compares_algorithms_on_shared_seeds() -> None:
    frame = pd.concat(
        [
            rows("training_return", (0.0, 1, 2, 3, 4)),
            rows("training_return", (0.0, 1, 2, 3, 3), algorithm="ddpg", spread=2.0),
        ]
    )
    text = learning_finding(frame, game="g", metric="training_return")
    assert (
        "At the end the return in training of maddpg is higher than that of ddpg (difference 1.000 [0.980, 1.020])"
        in text
    )


def test_learning_finding_does_not_compare_fewer_than_five_seeds() -> None:
    frame = pd.concat([rows("training_return", UP), rows("training_return", UP, algorithm="ddpg")])
    text = learning_finding(frame[frame["seed"] < 4], game="g", metric="training_return")
    assert "At the end" not in text


@pytest.mark.parametrize(
    ("curve", "says"),
    [((0.5, 0.5, 0.5, 0.1, 0.1), "move less"), ((0.1, 0.1, 0.1, 0.5, 0.5), "move more"), ((0.3,) * 5, "move as much")],
)
def test_drift_finding_compares_the_halves_of_training(curve: tuple[float, ...], says: str) -> None:
    frame = rows("policy_drift", curve)
    frame["value"] += (frame["step"] > 200) * frame["seed"].map(dict(enumerate(SPREAD)))
    assert says in drift_finding(frame, game="g")


def test_number_of_missing_and_infinite_values_is_said() -> None:
    assert number(float("nan")) == "no value"
    assert (number(float("inf")), number(float("-inf"))) == ("infinite", "−infinite")
    assert number(-0.0000001) == "−0.000000"[1:]


def test_with_interval_shows_two_digits_of_its_width() -> None:
    assert with_interval(1.23456, 1.2, 1.28) == "1.235 [1.200, 1.280]"
    assert with_interval(-30.49, -33.5, -27.4) == "−30.5 [−33.5, −27.4]"
    assert with_interval(1234.5, 1000.0, 1500.0) == "1,234 [1,000, 1,500]"
    assert with_interval(2.0, float("nan"), float("nan")) == "2.00"
    assert decimals_for(1.0, 1.0) == 3


def test_listed_joins_words() -> None:
    assert (listed([]), listed(["a"]), listed(["a", "b"])) == ("", "a", "a and b")
