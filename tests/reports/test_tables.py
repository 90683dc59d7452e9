"""The one rule of tables: what a number is and rests on travels with it into the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.analysis.results import Estimate
from nashlens.reports.anchors import Anchors
from nashlens.reports.conventions import game_facts
from nashlens.reports.document import parts_of
from nashlens.reports.escapes import to_csv
from nashlens.reports.estimates import final_estimates
from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.exploitability_bounds import Bound, limited
from nashlens.reports.instruments.exploitability_controls import Control
from nashlens.reports.instruments.exploitability_tables import bounds_table, controls_table
from nashlens.reports.provenance import Provenance
from nashlens.reports.published_table import published_rows, published_table
from nashlens.reports.reference_numbers import ReferenceNumber
from nashlens.reports.reference_table import reference_table
from nashlens.reports.report import assemble
from nashlens.reports.score_tables import aggregates_table, anchors_table, improvement_table
from nashlens.reports.scores import Scores
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from nashlens.reports.tables import CELL_COLUMNS, VALUE_COLUMNS, Table, estimates_table, missing_columns

RunMaker = Callable[..., TrainingRun]
SPEAKER = """
name = "small"
question = "Which one?"
seeds = 5
steps = 30000
[games.simple_speaker_listener]
parameters = { team_reward = "sum" }
[algorithms.maddpg]
kind = "maddpg"
"""


def tidy(metric: str, *, n: int = 5, bound: str = "exact", agent: str = "") -> pd.DataFrame:
    """Return numbers of two algorithms and `n` seeds at one step."""
    rows = [
        {"game": "simple_speaker_listener", "algorithm": algorithm, "seed": seed, "step": 100, "agent": agent}
        | {"metric": metric, "value": float(seed + k), "bound": bound}
        for k, algorithm in enumerate(("maddpg", "ddpg"))
        for seed in range(n)
    ]
    return pd.DataFrame(rows)


def scores() -> Scores:
    rng = np.random.default_rng(0)
    return Scores(games=("a", "b"), by_algorithm={name: rng.uniform(size=(6, 2)) for name in ("x", "y")})


def anchors() -> Table:
    played = Anchors(random=-9.0, better=-2.0, name="rules of thumb", random_error=0.1, better_error=0.2, n=1000)
    return anchors_table({"played": played, "exact": Anchors(random=0.0, better=2.0, name="highest sum of payoffs")})


def bounds() -> Table:
    found = limited(np.arange(6.0))
    one = Bound(
        game="g",
        algorithm="a",
        deviator="d",
        found=found,
        adjusted_p=0.1,
        exact=np.nan,
        recovery=None,
        normalised=np.nan,
        last_doubling=0.0,
        saturated=True,
        n_steps=10,
    )
    return bounds_table([one])


def controls() -> Table:
    found, excess = limited(np.arange(6.0)), limited(np.arange(6.0) - 9)
    one = Control(game="g", algorithm="a", kind="planted hole", found=found, excess=excess, known=9.0, exact=True)
    return controls_table([one])


def published() -> Table:
    facts = game_facts(parse_suite(SPEAKER))
    table = published_table(final_estimates(tidy("end_distance")[lambda each: each["algorithm"] == "maddpg"]), facts)
    assert table is not None
    return table


def reference() -> Table:
    number = ReferenceNumber(
        line=2,
        game="simple_speaker_listener",
        algorithm="ddpg",
        metric="nash_conv",
        agent="",
        value=1.0,
        low=np.nan,
        high=np.nan,
        source="a paper",
    )
    return reference_table(tidy("nash_conv"), [number], source="numbers.csv")


def instrument_s() -> Table:
    one = Estimate(value=1.0, low=0.5, high=1.5, level=0.95, method="student-t", n=9, unit="seed")
    frame = pd.DataFrame([estimate_row(one, higher_is_better=False, game="g")])
    return estimates_as_table(frame, name="t", title="", caption="", labels={"game": "game"})


BUILDERS: Mapping[str, Callable[[], Table]] = {
    "estimates": lambda: estimates_table(final_estimates(tidy("nash_conv"))),
    "published": published,
    "reference": reference,
    "scores": lambda: aggregates_table(scores()),
    "improvement": lambda: improvement_table(scores()),
    "anchors": anchors,
    "exploitability": bounds,
    "exploitability-controls": controls,
    "instruments": instrument_s,
}


def read_back(table: Table) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(to_csv(table.data)))


@pytest.mark.parametrize("name", BUILDERS)
def test_what_a_number_is_travels_with_it_into_the_file(name: str) -> None:
    read = read_back(BUILDERS[name]())
    assert set(VALUE_COLUMNS) & set(read.columns)
    assert set(CELL_COLUMNS) <= set(read.columns)
    assert set(read["bound"]) <= {"exact", "estimate", "lower", "upper"}
    # without an interval the row says why, or its number is exact
    bare = read[read["low"].isna() & (read["bound"] != "exact")]
    assert bare["reason"].notna().all()
    told = read[read["low"].notna()]
    assert (told[["level", "n"]].notna() & (told[["level", "n"]] > 0)).all(axis=None)
    assert told["method"].notna().all()


@pytest.mark.parametrize(("metric", "better"), [("nash_conv", False), ("final_return", True), ("policy_drift", None)])
def test_the_direction_is_that_of_the_quantity(metric: str, better: bool | None) -> None:
    found = final_estimates(tidy(metric))["higher_is_better"].tolist()
    assert found == [better] * 2


@pytest.mark.parametrize(("bound", "of_mean"), [("exact", "estimate"), ("estimate", "estimate"), ("lower", "lower")])
def test_a_mean_of_exact_numbers_is_an_estimate_and_one_of_bounds_a_bound(bound: str, of_mean: str) -> None:
    assert final_estimates(tidy("nash_conv", bound=bound))["bound"].tolist() == [of_mean] * 2


@pytest.mark.parametrize("column", CELL_COLUMNS)
@pytest.mark.parametrize("value", VALUE_COLUMNS)
def test_a_table_that_drops_a_column_is_refused(column: str, value: str) -> None:
    data = pd.DataFrame(columns=[value, *CELL_COLUMNS]).drop(columns=column)
    assert missing_columns(data) == [column]
    with pytest.raises(ValueError, match=f"data of t must have .* beside its numbers, and lack {column}"):
        Table(name="t", title="", caption="", header=(), rows=(), data=data)


def test_a_table_of_words_needs_no_columns() -> None:
    assert missing_columns(pd.DataFrame(columns=["part", "status"])) == []


def test_published_percentages_keep_what_they_rest_on() -> None:
    facts = game_facts(parse_suite(SPEAKER))
    estimates = final_estimates(tidy("end_target_reach"))
    row = published_rows(estimates[estimates["algorithm"] == "maddpg"], facts).iloc[0]
    # five seeds 0 … 4: mean 2, in percent
    assert (row["measured"], row["n"], row["unit"], row["method"]) == (pytest.approx(200.0), 5, "seed", "student-t")


SUITE = """
name = "all"
question = "Which one?"
seeds = 5
steps = 300
snapshots = 4
metrics = ["selection", "homogeneity", "cross_play", "nonstationarity", "replay_staleness"]
[games.stag_hunt]
settings = { batch_size = 8, rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 } }
[games.climbing]
settings = { batch_size = 8, rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 } }
[algorithms.maddpg]
kind = "maddpg"
[algorithms.ddpg]
kind = "ddpg"
"""


def test_every_file_of_numbers_of_a_report_follows_the_rule(
    tmp_path: Path, make_run: RunMaker, provenance: Provenance
) -> None:
    suite = parse_suite(SUITE)
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for k, spec in enumerate(suite.runs):
        n_actions = {"stag_hunt": 2, "climbing": 3}[spec.game]
        ends = np.full((3, n_actions), (0.4 - 0.01 * k) / (n_actions - 1))
        ends[:, 0] = 0.6 + 0.01 * k
        run: Any = make_run([ends, ends[::-1]], game=spec.game, seed=spec.seed)
        store.write_done(spec, run, provenance=provenance, seconds=1.0)
    report = assemble(store, suite)
    files = {name: pd.read_csv(io.StringIO(text)) for name, text in parts_of(report).items() if "/table-" in name}
    assert {name for name, read in files.items() if "value" in read} >= {
        f"data/table-{name}.csv" for name in ("estimates", "scores", "improvement", "anchors", "homogeneity")
    }
    assert {name: missing for name, read in files.items() if (missing := missing_columns(read))} == {}
    assert len([figure for figure in report.figures if figure.name == "profile"]) == 1


def test_a_table_that_shows_an_interval_and_keeps_none_is_found_by_the_rule() -> None:
    with pytest.raises(AssertionError, match=r"t shows 0\.5 \[0\.4, 0\.6\]"):
        Table(name="t", title="", caption="", header=("a",), rows=(("0.5 [0.4, 0.6]",),), data=pd.DataFrame())
