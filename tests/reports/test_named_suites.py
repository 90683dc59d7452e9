"""Suites of the package, shrunk to seconds and run whole: what a report says is what the stored runs hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nashlens.agents.records import TrainingRun
from nashlens.reports.estimates import MIN_SEEDS
from nashlens.reports.index_page import ANSWERS
from nashlens.reports.suite_files import named_suite, suite_names
from nashlens.reports.words import with_interval
from tests.shrunk_suites import SHRUNK, Reported

Suites = Callable[[str], Reported]


def table(of: Reported, name: str) -> pd.DataFrame:
    return pd.read_csv(of.page.parent / "data" / f"table-{name}.csv")


def answers(of: Reported) -> list[str]:
    found = re.findall(r"<li>(.*?)</li>", of.page.read_text(encoding="utf-8").partition("</section>")[0])
    return [str(each).replace("&#39;", "'") for each in found]


def runs_of(of: Reported, game: str, algorithm: str) -> list[TrainingRun]:
    (cell,) = (each for each in of.suite.cells if (each.game, each.algorithm) == (game, algorithm))
    return [of.store.read(run.run_id) for run in cell.runs]


def student(values: list[float], *, most: float = np.inf) -> tuple[float, float, float]:
    """Return mean and 95% interval, by SciPy."""
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return float(np.mean(values)), max(float(low), 0.0), min(float(high), most)


def strategies(run: TrainingRun, snapshot: int) -> list[np.ndarray]:
    """Return what each agent of a matrix game plays, of whom all see a 1."""
    return [policy.probabilities(np.ones((1, 1)))[0] for policy in run.policies(snapshot)]


def row_of(rows: pd.DataFrame, **where: str) -> dict[str, float]:
    for column, word in where.items():
        rows = rows[rows[column].str.startswith(word)]
    (found,) = rows.to_dict("records")
    return {str(key): value for key, value in found.items()}


@pytest.mark.parametrize("name", suite_names())
def test_quick_sizes_have_enough_seeds_for_intervals(name: str) -> None:
    if "quick" in named_suite(name).config.sizes:
        assert all(len(cell.runs) >= MIN_SEEDS for cell in named_suite(name, size="quick").cells)


@pytest.mark.parametrize("name", list(SHRUNK))
def test_every_suite_of_an_instrument_has_a_quick_size(name: str) -> None:
    assert named_suite(name, size="quick").config.size == "quick"


def test_nonstationarity_says_how_far_the_stored_strategies_moved(reported_suite: Suites) -> None:
    of = reported_suite("nonstationarity")
    # in matching pennies a change of the other's probability by d changes the reward of either own action by 2 d
    drifts = []
    for run in runs_of(of, "matching_pennies", "maddpg"):
        p_TN = np.array([[each[0] for each in strategies(run, t)] for t in range(len(run.snapshot_steps))])
        drifts.append(float(2 * np.abs(np.diff(p_TN, axis=0)).mean()))
    expected = student(drifts)
    found = row_of(
        table(of, "nonstationarity"), game="matching_pennies", quantity="Drift of rewards, given", algorithm="maddpg"
    )
    assert [found["value"], found["low"], found["high"]] == pytest.approx(expected, rel=1e-6)
    assert (found["each"], found["n"]) == ("exact", 5)
    said = next(each for each in answers(of) if each.startswith("matching_pennies. To an agent"))
    assert f"{with_interval(*expected)} under maddpg, in units of reward (n = 5 seeds;" in said
    assert "Given everybody's action it moves by exactly 0 in all 10 runs" in said


def test_nonstationarity_of_a_world_has_its_floor_and_no_interval_of_one_seed(reported_suite: Suites) -> None:
    of = reported_suite("nonstationarity")
    rows = table(of, "nonstationarity")
    world = rows[(rows["game"] == "spread_3") & (rows["algorithm"] == "maddpg")]
    assert world["low"].isna().all()
    assert set(world["n"]) == {1}
    said = next(each for each in answers(of) if each.startswith("spread_3. To an agent"))
    assert "(no interval: 1 seed) under maddpg (noise floor" in said
    assert "n = 1 seed, fewer than 5 have no interval" in said


def test_replay_staleness_says_what_the_replay_is_worth(reported_suite: Suites) -> None:
    of = reported_suite("nonstationarity")
    measured = pd.read_csv(of.page.parent / "data" / "measures.csv")
    own = measured[(measured["game"] == "matching_pennies") & (measured["algorithm"] == "maddpg")]
    share = own[own["metric"] == "rs_effective_share"].groupby("seed")["value"].mean()
    expected = student(share.tolist(), most=1.0)
    found = row_of(
        table(of, "replay-staleness"), game="matching_pennies", quantity="Effective share, whole", algorithm="maddpg"
    )
    assert [found["value"], found["low"], found["high"]] == pytest.approx(expected, rel=1e-9)
    assert 0 < expected[0] <= 1
    said = next(each for each in answers(of) if "the replay is worth" in each and each.startswith("matching"))
    assert f"and {with_interval(*expected)} under maddpg of its transitions" in said
    # given everybody's action the age of a transition tells nothing of its outcome
    assert own.loc[own["metric"] == "rs_age_joint", "value"].abs().max() < 1e-12
    assert own.loc[own["metric"] == "rs_age_own", "value"].max() > 0
    assert "given everybody's action: 0 [0, 0] under dqn and 0 [0, 0] under maddpg" in said


def test_joint_q_says_what_the_stored_policies_get_and_take(reported_suite: Suites) -> None:
    of = reported_suite("joint-q")
    for n, words in ((2, "With N = 2 agents"), (3, "With N = 3 agents")):
        # in coverage the agents get the share of the places that they cover
        ends = [
            len({int(each.argmax()) for each in strategies(run, -1)}) / n
            for run in runs_of(of, f"agents_{n}", "maddpg")
        ]
        said = next(each for each in answers(of) if each.startswith(words))
        assert f"{with_interval(*student(ends, most=1.0))} under maddpg (n = 5 seeds, each exact)" in said
    sizes = table(of, "joint-sizes").set_index("n_agents")
    assert sizes["n_joint_actions"].to_dict() == {2: 2**2, 3: 3**3}
    # one hidden layer of 8 and a value of every joint action, seen by all as a 1 each
    assert sizes["n_parameters"].to_dict() == {n: (n * 8 + 8) + (8 * n**n + n**n) for n in (2, 3)}
    assert any("largest game has 27 joint actions of 3 agents" in each for each in answers(of))
    times = table(of, "joint-times")
    assert len(times) == 6
    assert (times["value"] > 0).all()


@pytest.mark.parametrize("name", list(SHRUNK))
def test_headlines_and_counts_of_a_shrunk_suite_are_those_of_its_runs(reported_suite: Suites, name: str) -> None:
    of = reported_suite(name)
    runs = table(of, "runs")
    assert runs["asked_for"].sum() == runs["done"].sum() == len(of.suite.runs)
    assert runs["seconds"].gt(0).all()
    said = answers(of)
    assert any(each.startswith("This is the tiny size of the suite") for each in said)
    assert said[-1] == f"{len(of.suite.runs)} of {len(of.suite.runs)} runs done, 0 failed, 0 not run."
    stored = json.loads((Path(of.page.parent) / ANSWERS).read_text(encoding="utf-8"))
    assert stored == said
