"""Shifts within runs and over seeds: counts, the line of parts, and every sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from nashlens.reports.estimates import final_estimates
from nashlens.reports.instruments.inference_hypotheses import by_metric, explanations, explanations_table
from nashlens.reports.instruments.inference_shift_words import (
    shift_sentences,
    whole_ledger_sentence,
    whole_ledger_table,
)
from nashlens.reports.instruments.shift_within_runs import RESAMPLED, ShiftCounts, shift_counts, together

WIDTH = 0.1
NONE = pd.DataFrame()


def models(
    *, bound: str = "estimate", widths: Sequence[float] = (WIDTH,) * 5, **shifts: Sequence[float]
) -> pd.DataFrame:
    """Return the final estimates of pairs whose shifts are given, seed by seed, each within its width on both sides."""
    rows = []
    for pair, values in shifts.items():
        for seed, shift in enumerate(values):
            numbers = {"inference_shift": shift, "inference_lag": 0.5, "inference_fit": 0.75}
            numbers |= {"inference_interaction": -0.25, "inference_kl_replay": 1.0}
            numbers |= {"inference_kl_true_model": 1.0 + shift if math.isfinite(shift) else math.inf}
            if bound == "estimate":
                numbers |= {"inference_shift_low": shift - widths[seed], "inference_shift_high": shift + widths[seed]}
            kept = {"game": "hunt", "algorithm": "inferred", "agent": pair, "seed": seed, "step": 100, "bound": bound}
            rows += [{**kept, "metric": name, "value": value} for name, value in numbers.items()]
    return final_estimates(pd.DataFrame(rows)).assign(entropy_weight=0.001)


def counts_of(found: pd.DataFrame) -> ShiftCounts:
    return shift_counts(by_metric(found))


def sentences_of(found: pd.DataFrame) -> list[str]:
    return list(shift_sentences(found, explanations(found, NONE)))


def test_runs_are_counted_by_where_their_own_interval_lies() -> None:
    found = counts_of(models(a=[0.3, 0.2, -0.2, 0.05, -0.05]))
    assert found == ShiftCounts(above=2, below=1, open=2, unknown=0, exact=False)
    words = "by the interval within the run above 0 in 2 of 5, below 0 in 1, not told apart from 0 in 2"
    assert found.in_words == words


def test_a_run_without_an_interval_is_counted_as_such() -> None:
    found = counts_of(models(a=[0.3, math.nan, 0.0, 0.3], widths=[WIDTH, WIDTH, WIDTH, math.nan]))
    assert found == ShiftCounts(above=1, below=0, open=1, unknown=2, exact=False)
    assert found.in_words.endswith("not told apart from 0 in 1, no interval in 2")


def test_what_was_sampled_without_ends_has_no_interval() -> None:
    found = models(a=[0.3] * 5)
    bare = found[~found["metric"].str.startswith("inference_shift_")]
    assert counts_of(bare) == ShiftCounts(above=0, below=0, open=0, unknown=5, exact=False)


def test_rounding_is_not_told_apart_from_0() -> None:
    assert counts_of(models(a=[3e-16] * 5, widths=[1e-16] * 5)).open == 5
    assert counts_of(models(a=[2e-18, -2e-18, 0.0, 1e-6, -1e-6], bound="exact")) == ShiftCounts(
        above=1, below=1, open=3, unknown=0, exact=True
    )


def test_exact_shifts_are_counted_without_an_interval() -> None:
    found = counts_of(models(a=[0.3, 0.0, -0.01, 0.2, math.nan], bound="exact"))
    assert found.in_words == "exactly above 0 in 2 of 5, below 0 in 1, exactly 0 in 1, no value in 1"


def test_counts_of_pairs_add_up() -> None:
    one, two = counts_of(models(a=[0.3] * 5)), counts_of(models(a=[-0.3] * 4, bound="exact"))
    assert together([one, two]) == ShiftCounts(above=5, below=4, open=0, unknown=0, exact=False)
    assert together([two, two]).exact
    assert together([one, two]).n == 9


def test_a_shift_over_seeds_and_within_runs_is_said_with_what_is_resampled() -> None:
    first, last = sentences_of(models(a=[0.3, 0.25, 0.35, 0.3, 0.28], b=[-0.3, -0.25, -0.35, -0.3, -0.28]))
    assert first == (
        "hunt: that models are off where the policies go (H4) is, over seeds, supported for 1, refuted for 1 and not "
        "shown for 0 of 2 pairs of agents. The shift, KL on new observations less on the replay's, of every pair and "
        "seed: by the interval within the run above 0 in 5 of 10, below 0 in 5, not told apart from 0 in 0."
    )
    assert last == f"Of shifts (H4): {RESAMPLED}."
    assert "resamples whole episodes" in last


@pytest.mark.parametrize(
    ("shifts", "says"),
    [
        ([0.3, -0.3, 0.3, -0.3, 0.0], "Single runs shift both ways for a, which a mean over seeds does not tell."),
        ([0.9, 0.0, 0.05, -0.05, -0.05], "Single runs shift, and the seeds together are not shown to, for a."),
        ([0.05, 0.0, 0.02, -0.05, -0.05], "No single run is told to shift either for a."),
    ],
)
def test_what_single_runs_add_where_the_seeds_show_nothing(shifts: list[float], says: str) -> None:
    first, _ = sentences_of(models(a=shifts))
    assert "supported for 0, refuted for 0 and not shown for 1 of 1 pair of agents" in first
    assert first.endswith(f" {says}")


def test_exact_shifts_are_said_to_be_so_and_nothing_is_resampled() -> None:
    (only,) = sentences_of(models(a=[0.3, 0.25, 0.35, 0.3, 0.28], bound="exact"))
    assert only.endswith("of every pair and seed: exactly above 0 in 5 of 5, below 0 in 0, exactly 0 in 0.")


def test_one_seed_has_counts_and_no_verdict() -> None:
    first, _ = sentences_of(models(a=[0.3]))
    assert "not shown for 1 of 1 pair" in first
    assert "above 0 in 1 of 1" in first


def test_an_infinite_divergence_is_counted_and_has_no_line_of_parts() -> None:
    found = models(a=[0.3, 0.3, 0.3, 0.3, math.nan])
    first, _ = sentences_of(found)
    assert "not shown for 1" in first
    assert "no interval in 1." in first
    assert whole_ledger_sentence("hunt", "a", by_metric(found)) == ""
    table = whole_ledger_table(found)
    assert table is not None
    assert table.rows[0][2:4] == ("infinite", "no value")


def test_without_shifts_nothing_is_said() -> None:
    found = models(a=[0.3] * 5)
    bare = found[found["metric"] == "inference_kl_true_model"]
    assert sentences_of(bare) == []
    assert whole_ledger_table(bare) is None
    assert whole_ledger_sentence("hunt", "a", by_metric(bare)) == ""


def test_the_divergence_is_one_line_of_parts() -> None:
    found = models(a=[0.25, 0.25, 0.25, 0.25, 0.25])
    assert whole_ledger_sentence("hunt", "a", by_metric(found)) == (
        "hunt, a: KL(true‖model) 1.250 [1.250, 1.250] nats is the sum of shift 0.250 [0.250, 0.250], lag 0.500 [0.500, "
        "0.500], fit 0.750 [0.750, 0.750] and interaction −0.250 [−0.250, −0.250] (means over 5 seeds)."
    )
    table = whole_ledger_table(found)
    assert table is not None
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert (row["whose"], row["n"], row["lag"]) == ("a", "5 seeds", "0.500 [0.500, 0.500]")
    assert row["shift within runs"].startswith("by the interval within the run above 0 in 5 of 5")
    numbers = table.data.set_index("metric")
    parts = [numbers["value"][f"inference_{name}"] for name in ("shift", "lag", "fit", "interaction")]
    assert np.sum(parts) == pytest.approx(numbers["value"]["inference_kl_true_model"])
    counts = numbers.loc["inference_shift", ["n_runs_above", "n_runs_below", "n_runs_open", "n_runs_unknown"]]
    assert counts.tolist() == [5, 0, 0, 0]
    assert RESAMPLED in table.caption


def test_the_explanation_carries_the_counts_of_its_pair() -> None:
    table = explanations_table(explanations(models(a=[0.3, 0.25, 0.35, 0.3, 0.28]), NONE))
    assert table is not None
    row = next(each for each in table.rows if each[2].startswith("H4"))
    counts = "by the interval within the run above 0 in 5 of 5, below 0 in 0, not told apart from 0 in 0"
    assert row[3] == f"KL on new less on the replay's observations 0.296 [0.251, 0.341] nats; {counts}"
    assert row[6] == "supported"
    assert RESAMPLED in table.caption
