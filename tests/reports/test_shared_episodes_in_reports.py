"""What episodes that all cells share do to the intervals of a comparison of runs, and that expectations have none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nashlens.analysis.cross_play import cross_play
from nashlens.analysis.results import Array
from nashlens.analysis.statistics import student_t
from nashlens.games import make
from nashlens.reports.instruments.cross_play import INSTRUMENT, LABELS
from nashlens.reports.instruments.cross_play_pairings import pairing_rows, robustness_rows, self_play_rows
from nashlens.reports.instruments.ensemble_comparison import choice_rows, ensemble_rows
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS
from nashlens.reports.instruments.meta_comparison import meta_rows
from nashlens.reports.instruments.payoff_tensor import PayoffTensor
from nashlens.reports.instruments.population import WHOLE, Entry, match_of

N_RUNS, N_EPISODES = 5, 64
MADE: dict[str, Callable[..., object]] = {
    "pairings": lambda tensor: pairing_rows(tensor, label="g", seed=0),
    "robustness": lambda tensor: robustness_rows(tensor, label="g"),
    "self_play": lambda tensor: self_play_rows(tensor, label="g"),
    "ensembles": lambda tensor: ensemble_rows(tensor, label="g"),
    "choices": lambda tensor: choice_rows(tensor, label="g"),
    "meta": lambda tensor: meta_rows(tensor, label="g", seed=0),
}


def tensor_of(first: Array, *, exact: bool = False) -> PayoffTensor:
    """Return a tensor of five runs of ``single`` and five of ``ensemble`` with two members each, halfway left out."""
    match = match_of(make("rock_paper_scissors"))
    assert match is not None
    bound = "exact" if exact else "estimate"
    return PayoffTensor(match=match, entries=entries(), first=first, second=-first, counts={}, bound=bound)


def entries() -> tuple[Entry, ...]:
    kinds = [("single", (WHOLE,)), ("ensemble", (WHOLE, "0", "1"))]
    return tuple(
        Entry(algorithm=algorithm, seed=seed, step=1, last=True, part=part, policies=())
        for algorithm, parts in kinds
        for seed in range(N_RUNS)
        for part in parts
    )


def frames_of(tensor: PayoffTensor) -> dict[str, pd.DataFrame]:
    return {
        name: pd.DataFrame(list(rows(tensor)), columns=[*LABELS[name], *ESTIMATE_COLUMNS])  # type: ignore[call-overload]
        for name, rows in MADE.items()
    }


def cells() -> Array:
    n = len(entries())
    return np.random.default_rng(0).normal(size=(n, n)).round(12)


def width(frame: pd.DataFrame) -> Array:
    return np.asarray(frame["high"] - frame["low"], dtype=np.float64)


def test_intervals_of_returns_heed_what_all_cells_share_and_differences_do_not() -> None:
    alone = cells()[:, :, None] + 0.01 * np.random.default_rng(1).normal(size=(1, 1, N_EPISODES))
    shared = 8 * np.random.default_rng(2).normal(size=N_EPISODES)
    known, moved = frames_of(tensor_of(alone)), frames_of(tensor_of(alone + shared))
    for name in ("pairings", "robustness", "self_play", "ensembles"):
        column = "score" if name == "pairings" else "quantity"
        of_returns = ~known[name][column].isin(
            ["generalisation_gap", "gap", "correlation", "mixing_gain", "training_gain", "behavioural_rank"]
        )
        apart = known[name][column].isin(["gap", "generalisation_gap", "mixing_gain", "training_gain"])
        assert (width(moved[name][of_returns]) > width(known[name][of_returns])).all()
        np.testing.assert_allclose(width(moved[name][apart]), width(known[name][apart]), atol=1e-9)
    assert set(moved["pairings"]["method"]) == {"three-way-bootstrap"}
    np.testing.assert_allclose(width(moved["choices"]), width(known["choices"]), atol=1e-9)
    # Return matches are differences of returns in the same episode: nothing that all share decides them.
    pd.testing.assert_frame_equal(moved["meta"], known["meta"])


def test_runs_that_agree_are_as_uncertain_as_their_episodes() -> None:
    n = len(entries())
    shared = np.random.default_rng(3).normal(size=N_EPISODES)
    frames = frames_of(tensor_of(np.tile(shared, (n, n, 1))))
    known = student_t(shared).at()
    side = frames["self_play"][frames["self_play"]["side"] == "agent_0"]
    returns = side[side["quantity"].isin(["self_play", "cross_play"])]
    np.testing.assert_allclose(returns["low"], known.low)
    np.testing.assert_allclose(returns["high"], known.high)
    means = frames["robustness"].query("side == 'agent_0' and quantity == 'mean'")
    np.testing.assert_allclose(width(means), known.high - known.low)
    # percentiles of 2,000 draws: √(63/64) of the normal interval, and a tenth of it for chance
    pairs = frames["pairings"].query("score == 'return of agent_0'")
    np.testing.assert_allclose(width(pairs), 2 * 1.96 * shared.std() / 8, rtol=0.1)


def test_what_an_episode_gives_to_one_algorithm_is_in_its_choices() -> None:
    # Ensembles get more in some episodes than single policies, all five runs alike: runs agree on a difference of 0.1
    # that 64 episodes leave open by 1/8.
    own = np.array([entry.algorithm == "ensemble" for entry in entries()])
    effect = np.random.default_rng(4).normal(size=N_EPISODES)
    effect = (effect - effect.mean()) / effect.std(ddof=1) + 0.1
    table = np.where(own[:, None, None], effect, 0.0) + np.zeros((len(own), len(own), 1))
    choices = frames_of(tensor_of(table))["choices"].query("side == 'agent_0'")
    np.testing.assert_allclose(choices["value"], 0.1)
    np.testing.assert_allclose(width(choices) / 2, 1.998341 / 8, rtol=1e-6)  # Student's .975 quantile at 63
    assert set(choices["method"]) == {"crossed student-t"}


def test_expectations_keep_their_intervals_over_runs_alone() -> None:
    first = np.repeat(cells()[:, :, None], 2, axis=2)
    frames = frames_of(tensor_of(first, exact=True))
    methods = {method for frame in frames.values() for method in frame["method"]}
    assert methods == {"two-way-bootstrap", "student-t", "jackknife", "grouped-bootstrap", "computed"}


def test_single_runs_measured_by_version_2_are_read_and_comparisons_are_not() -> None:
    assert (INSTRUMENT.version, INSTRUMENT.reads) == (3, (2,))


def test_the_mean_of_a_cross_play_table_heeds_shared_episodes() -> None:
    shared = np.random.default_rng(5).normal(size=N_EPISODES)
    found = cross_play(np.tile(shared, (3, 3, 1)), rng=np.random.default_rng(0)).mean.at()
    assert found.high - found.low == pytest.approx(2 * 1.96 * shared.std() / 8, rel=0.1)
    assert found.method == "three-way-bootstrap"
