"""Learners that know the payoffs, through the whole path of a suite: refusals, store, measures, resuming, the page."""

from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.agents import records
from nashlens.agents.checkpoint import Checkpoint
from nashlens.agents.strategy_snapshots import StrategySnapshots
from nashlens.analysis.exploitability import nash_conv
from nashlens.games import NormalFormGame, Profile
from nashlens.games.randomness import child
from nashlens.reports.checkpoint_file import write_checkpoint
from nashlens.reports.cli import main
from nashlens.reports.conventions import departures
from nashlens.reports.exact_course import ExactCourse
from nashlens.reports.exact_learners import train_exactly
from nashlens.reports.exact_settings import EXACT_KINDS, exact_by_side, exact_rules, parse_settings
from nashlens.reports.execution import run_suite
from nashlens.reports.frames import load_frame
from nashlens.reports.job_planning import plan
from nashlens.reports.measures import measure
from nashlens.reports.report_commands import write_report
from nashlens.reports.store import Store
from nashlens.reports.suite import SuiteError, parse_suite
from nashlens.reports.training_job import train_job

SUITE = """
name = "rules"
seeds = 2
steps = 60
snapshots = 4
evaluation_episodes = 8

[games.matching_pennies]

[games.climbing]

[algorithms.fp]
kind = "fictitious_play"

[algorithms.weights]
kind = "multiplicative_weights"
learning_rate = 0.5

[algorithms.regret]
kind = "regret_matching"

[algorithms.optimistic]
kind = "optimistic_gradient"
"""
LEARNED = """
[games.matching_pennies.settings]

[algorithms.ddpg]
kind = "ddpg"
hidden = [8]
batch_size = 8
rollout = { n_envs = 2, warmup_steps = 20, update_every_steps = 10 }
"""


class InTurn(Executor):
    """Runs a job when it is submitted, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def in_turn(workers: int) -> Executor:
    return InTurn()


def exactly(name: str, kind: str, *, steps: int, seeds: Any = (0, 1), **rest: Any) -> list[records.TrainingRun]:
    game = games.make(name)
    settings = rest.pop("settings", {})
    algorithms = exact_by_side({"*": {"kind": kind, **settings}}, game.spec.sides)
    return train_exactly(game, algorithms, seeds=seeds, steps=steps, **rest)


def first_strategies(game: NormalFormGame, seed: int) -> list[np.ndarray]:
    """Uniform on each simplex: Dirichlet with ones, agent by agent, from the seed's own generator."""
    rng = child(seed, "first strategies")
    return [rng.dirichlet(np.ones(n)) for n in game.n_actions]


def test_every_kind_is_stored_measured_and_the_same_the_second_time(tmp_path: Path) -> None:
    suite = parse_suite(SUITE)
    stores = [Store.create(tmp_path / name) for name in ("one", "two")]
    for store in stores:
        done = run_suite(suite, store, workers=1, pool=in_turn)
        assert (done.n_done, dict(done.failed)) == (16, {})
    arrays = [sorted(store.root.glob("runs/*/*.safetensors")) for store in stores]
    assert len(arrays[0]) == 16
    for one, two in zip(*arrays, strict=True):
        assert one.relative_to(stores[0].root) == two.relative_to(stores[1].root)
        assert one.read_bytes() == two.read_bytes()
    frame = load_frame(stores[0], suite)
    assert set(frame["algorithm"]) == {"fp", "weights", "regret", "optimistic"}
    assert {"nash_conv", "nash_conv_average", "policy_drift", "expected_payoff", "training_return"} <= set(
        frame["metric"]
    )
    assert (frame[frame["metric"] == "evaluation_return"]["n"] == 8).all()
    climbing = frame[frame["game"] == "climbing"]
    assert "welfare_gap" in set(climbing["metric"])
    assert frame[frame["metric"] == "nash_conv"]["step"].unique().tolist() == [0, 20, 40, 60]
    assert frame[frame["metric"] == "nash_conv_average"]["bound"].unique().tolist() == ["exact"]
    run = stores[0].read(suite.runs[0].run_id)
    assert isinstance(run.actors[0], StrategySnapshots)
    again = run_suite(suite, stores[0], workers=1, pool=in_turn)
    assert again.n_stored == 16


def test_fictitious_play_in_a_dominance_solvable_game_in_closed_form() -> None:
    # Defection from the second round on: after t rounds the average is (first + (t − 1) · defection) / t.
    game = games.make("prisoners_dilemma")
    for run in exactly("prisoners_dilemma", "fictitious_play", steps=40, n_snapshots=5):
        for i, first in enumerate(first_strategies(game, run.seed)):
            actor = run.actors[i]
            np.testing.assert_array_equal(actor.strategies[0], first)
            np.testing.assert_array_equal(actor.averages[0], first)
            assert actor.strategies[1:, 1].tolist() == [1.0] * 4
            np.testing.assert_allclose(actor.averages[1:, 0], first[0] / np.array([10, 20, 30, 40]), rtol=1e-12)
        assert run.snapshot_steps.tolist() == [0, 10, 20, 30, 40]
        assert (run.n_steps, run.n_updates, run.status) == (40, 40, "done")


def test_weights_and_regrets_are_those_of_the_recorded_rounds() -> None:
    # From the returns of single rounds: the value of an action against a fixed mix is linear, so that in matching
    # pennies both agents' strategies follow from one recursion each, written out here.
    a, b = first_strategies(games.make("matching_pennies"), 0)
    x, y = a[0], b[0]
    scores, regrets = np.log(a), np.zeros(2)
    expected = []
    other_scores = np.log(b)
    for _ in range(30):
        expected.append((2 * x - 1) * (2 * y - 1))
        scores = scores + 0.25 * np.array([2 * y - 1, 1 - 2 * y])
        other_scores = other_scores - 0.25 * np.array([2 * x - 1, 1 - 2 * x])
        x, y = 1 / (1 + np.exp(scores[1] - scores[0])), 1 / (1 + np.exp(other_scores[1] - other_scores[0]))
    run = exactly("matching_pennies", "multiplicative_weights", steps=30, settings={"learning_rate": 0.5})[0]
    np.testing.assert_allclose(run.episode_returns[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(run.actors[0].strategies[-1][0], x, rtol=1e-9)
    run = exactly("matching_pennies", "regret_matching", steps=1)[0]
    x, y = a[0], b[0]
    value = (2 * x - 1) * (2 * y - 1)
    regrets = np.maximum(np.array([2 * y - 1, 1 - 2 * y]) - value, 0)
    np.testing.assert_allclose(run.actors[0].strategies[-1], regrets / regrets.sum(), rtol=1e-12)


def test_optimistic_gradient_ends_at_the_equilibrium_and_fictitious_play_only_on_average() -> None:
    run = exactly("matching_pennies", "optimistic_gradient", steps=3000, seeds=[3])[0]
    rows = {row["metric"]: row["value"] for row in measure(run)}  # the last snapshot's rows come last
    assert rows["nash_conv"] < 1e-6
    run = exactly("matching_pennies", "fictitious_play", steps=3000, seeds=[3])[0]
    rows = {row["metric"]: row["value"] for row in measure(run)}
    assert rows["nash_conv"] > 0.5
    assert rows["nash_conv_average"] < 0.06


def test_the_time_average_is_that_of_all_rounds_and_not_of_the_snapshots() -> None:
    game = games.make("matching_pennies")
    run = exactly("matching_pennies", "fictitious_play", steps=400, seeds=[1], n_snapshots=3)[0]
    each = exactly("matching_pennies", "fictitious_play", steps=400, seeds=[1], n_snapshots=401)[0]
    average = Profile([actor.strategies[:400].mean(axis=0) for actor in each.actors])
    expected = float(nash_conv(game, average).nash_conv)
    found = [row["value"] for row in measure(run) if row["metric"] == "nash_conv_average"]
    assert found[-1] == pytest.approx(expected, abs=1e-9)


def test_seeds_do_not_depend_on_each_other_and_begin_differently() -> None:
    three = exactly("climbing", "regret_matching", steps=25, seeds=[4, 9, 2])
    alone = exactly("climbing", "regret_matching", steps=25, seeds=[9])[0]
    assert three[1].parameter_hash == alone.parameter_hash
    assert len({run.parameter_hash for run in three}) == 3
    assert [run.seed for run in three] == [4, 9, 2]


def test_a_run_is_kept_and_read_again_as_it_was() -> None:
    run = exactly("climbing", "multiplicative_weights", steps=10)[0]
    arrays, settings = records.pack(run)
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    for mine, theirs in zip(run.actors, again.actors, strict=True):
        np.testing.assert_array_equal(mine.strategies, theirs.strategies)
        np.testing.assert_array_equal(mine.averages, theirs.averages)
    assert again.policies()[0].probabilities(np.ones((1, 1)))[0].tolist() == run.actors[0].strategies[-1].tolist()


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_a_resumed_run_equals_an_uninterrupted_one(kind: str) -> None:
    kept: list[Checkpoint] = []
    how: dict[str, Any] = {"steps": 50, "n_snapshots": 6, "evaluation_episodes": 3, "explore": True}
    whole = exactly("climbing", kind, **how, checkpoint_every_steps=17, on_checkpoint=kept.append)
    assert len(kept) == 2
    for checkpoint in kept:
        for a, b in zip(whole, exactly("climbing", kind, **how, resume=checkpoint), strict=True):
            (arrays_a, settings_a), (arrays_b, settings_b) = records.pack(a), records.pack(b)
            assert settings_a == settings_b
            for name, array in arrays_a.items():
                np.testing.assert_array_equal(array, arrays_b[name], err_msg=name)
    with pytest.raises(ValueError, match="resume must be a checkpoint of the same call; it differs in steps"):
        exactly("climbing", kind, **{**how, "steps": 60}, resume=kept[0])


def test_an_interrupted_job_goes_on_from_its_checkpoint_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SUITE.replace("snapshots = 4", "snapshots = 4\ncheckpoint_every_steps = 25")
    suite = parse_suite(text)
    whole, broken = Store.create(tmp_path / "whole"), Store.create(tmp_path / "broken")
    run_suite(suite, whole, workers=1, pool=in_turn)
    (job,) = [job for job in plan(suite, broken) if job.label.startswith("climbing · regret")]

    def stopped(path: Path, checkpoint: Checkpoint, *, seeds: Any) -> None:
        write_checkpoint(path, checkpoint, seeds=seeds)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nashlens.reports.job_checkpoints.write_checkpoint", stopped)
        with pytest.raises(KeyboardInterrupt):
            train_job(job)
    (checkpoint,) = broken.root.glob("checkpoints/*/*.safetensors")
    begun: list[int] = []
    real = ExactCourse.advance

    def watched(self: ExactCourse, n_rounds: int) -> None:
        begun.append(self.play.n_rounds)
        real(self, n_rounds)

    with monkeypatch.context() as patch:
        patch.setattr(ExactCourse, "advance", watched)
        assert train_job(job).failed == {}
    assert min(begun) == 25
    assert not checkpoint.exists()
    for run in job.runs:
        names = [store.root / "runs" / run.run_id for store in (whole, broken)]
        one, two = (next(iter(folder.glob("*.safetensors"))).read_bytes() for folder in names)
        assert one == two


@pytest.mark.parametrize("game", ["kuhn_poker", "simple_spread", "repeated"])
def test_games_whose_payoffs_are_no_matrix_are_refused_before_anything_runs(game: str) -> None:
    text = SUITE.replace("games.climbing", f"games.{game}")
    with pytest.raises(SuiteError, match=rf"fp in {game}: algorithm: fictitious_play must know the payoffs .* is none"):
        parse_suite(text)


def test_a_side_that_learns_beside_an_exact_one_is_refused() -> None:
    sides = """
    [algorithms.mixed.sides.agent_0]
    kind = "fictitious_play"
    [algorithms.mixed.sides.agent_1]
    kind = "{}"
    """
    head = SUITE.split("[games.climbing]", maxsplit=1)[0]
    with pytest.raises(SuiteError, match="among themselves only"):
        parse_suite(head + sides.format("maddpg"))
    suite = parse_suite(head + sides.format("regret_matching"))
    assert suite.runs[0].algorithm["agent_1"]["kind"] == "regret_matching"
    with pytest.raises(ValueError, match="among themselves only"):
        exact_rules({"a": {"kind": "fictitious_play"}, "b": {"kind": "dqn"}})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('kind = "fictitious_plai"', "must be one of maddpg, .*fictitious_play"),
        ('kind = "fictitious_play"\nlearning_rate = 0.1', "unknown key 'learning_rate'"),
        ('kind = "optimistic_gradient"\nlearning_rate = 0.0', "learning_rate is 0.0: .* greater than 0"),
        ('kind = "multiplicative_weights"\nlearning_rat = 0.1', "did you mean learning_rate"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        parse_suite(SUITE.replace('kind = "fictitious_play"', line))


def test_settings_of_every_kind_are_read_and_their_departures_named() -> None:
    assert parse_settings({"kind": "ddpg"}).kind == "ddpg"
    assert parse_settings({"kind": "fictitious_play"}).model_dump() == {"kind": "fictitious_play"}
    assert departures({"kind": "optimistic_gradient", "learning_rate": 0.2}) == ["learning_rate = 0.2"]


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="steps and n_snapshots must be at least 1 and 2, not 0 and 21"):
        exactly("climbing", "regret_matching", steps=0)
    with pytest.raises(ValueError, match="not 5 and 1"):
        exactly("climbing", "regret_matching", steps=5, n_snapshots=1)
    with pytest.raises(ValueError, match="as in a matrix game; kuhn_poker is none"):
        exactly("kuhn_poker", "regret_matching", steps=5)


def test_a_page_shows_learned_and_exact_algorithms_side_by_side(tmp_path: Path) -> None:
    head, rest = SUITE.split("[games.climbing]")
    suite = parse_suite(head.replace("seeds = 2", "seeds = 3") + rest.split("[algorithms.weights]")[0] + LEARNED)
    store = Store.create(tmp_path / "out")
    done = run_suite(suite, store, workers=1, pool=in_turn)
    assert (done.n_done, dict(done.failed)) == (6, {})
    assert write_report(store, suite) == 0
    folder = store.root / "report" / "rules"
    page = (folder / "index.html").read_text()
    assert "fictitious_play" in page
    assert "over all rounds of learners that know the payoffs" in page
    frame = load_frame(store, suite)
    for algorithm in ("fp", "ddpg"):
        metrics = set(frame[frame["algorithm"] == algorithm]["metric"])
        assert {"nash_conv", "nash_conv_average", "policy_drift", "training_return"} <= metrics
        assert algorithm in page


def test_the_command_line_trains_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "runs")
    words = ["train", "matching_pennies", "--algorithm", "fictitious_play", "--steps", "1000", "--seeds", "2"]
    assert main([*words, "--workers", "1", "--out", out]) == 0
    assert "2 of 2 runs done" in capsys.readouterr().out
    assert main([*words[:3], "optimistic_gradient", "--steps", "0", "--out", out]) == 2
    assert main(["train", "kuhn_poker", *words[2:], "--out", str(tmp_path / "other")]) == 2
    assert "kuhn_poker is none" in capsys.readouterr().err
