from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nashlens import games
from nashlens.reports.anchors import FOLDER, N_EPISODES, Anchors, anchors_of, measured_anchors
from nashlens.reports.conventions import GameFacts
from nashlens.reports.store import Store


def facts_of(name: str, **parameters: object) -> GameFacts:
    game = games.make(name, **parameters)
    exact = isinstance(game, games.NormalFormGame)
    return GameFacts(
        label=name,
        matrix=exact,
        constant_sum=False,
        span=0.0,
        agents=game.spec.agents,
        name=name,
        parameters=game.spec.parameters,
    )


def test_measured_anchors_of_a_matrix_game_are_exact() -> None:
    # Climbing pays both agents alike: the nine payoffs add up to -31, the highest is 11.
    found = measured_anchors(games.make("climbing"))
    assert found.random == pytest.approx(-31 / 9, abs=1e-12)
    assert (found.better, found.n, found.reason) == (11.0, 0, "")
    assert found.score(11.0) == 1.0
    assert found.score(found.random) == 0.0
    assert found.score(-30.0) < 0.0


def test_measured_anchors_of_unequal_payoffs_are_means_over_agents() -> None:
    # Prisoner's dilemma of the catalogue: the mean over agents of each cell, highest under mutual cooperation.
    game = games.make("prisoners_dilemma")
    assert isinstance(game, games.NormalFormGame)
    found = measured_anchors(game)
    assert found.better == pytest.approx(max(sum(game.payoffs[:, a, b]) / 2 for a in range(2) for b in range(2)))
    assert found.random == pytest.approx(game.payoffs.mean())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("matching_pennies", "add to a constant"),
        ("simple_tag", "sides play against each other"),
        ("kuhn_poker", "sides play against each other"),
    ],
)
def test_measured_anchors_say_why_a_game_has_no_score(name: str, reason: str) -> None:
    found = measured_anchors(games.make(name))
    assert reason in found.reason


def test_measured_anchors_of_a_particle_world_are_what_was_played() -> None:
    game = games.make("simple_speaker_listener")
    found = measured_anchors(game)
    assert found.n == N_EPISODES
    assert found.reason == ""
    fresh = games.play(
        game, games.anchor_policies(game)["heuristic"], n_episodes=1_000, rng=np.random.default_rng(12345)
    ).returns.mean(axis=1)
    error = math.hypot(found.better_error, float(fresh.std(ddof=1)) / math.sqrt(1_000))
    assert abs(found.better - float(fresh.mean())) < 5 * error
    assert found == measured_anchors(game)


def test_anchors_of_keeps_them_in_the_store(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "out")
    facts = {name: facts_of(name) for name in ("climbing", "simple_tag")}
    found = anchors_of(store, facts)
    files = list((tmp_path / "out" / FOLDER).iterdir())
    assert len(files) == 2
    before = [path.stat().st_mtime_ns for path in files]
    again = anchors_of(store, facts)
    assert again["climbing"] == found["climbing"]
    assert math.isnan(again["simple_tag"].random)
    assert again["simple_tag"].reason == found["simple_tag"].reason
    assert [path.stat().st_mtime_ns for path in files] == before


def test_anchors_of_measures_again_what_is_damaged(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "out")
    facts = {"climbing": facts_of("climbing")}
    found = anchors_of(store, facts)
    for path in (tmp_path / "out" / FOLDER).iterdir():
        path.write_text('{"foreign": 1}')
    assert anchors_of(store, facts) == found


def test_score_is_linear_between_its_anchors() -> None:
    scale = Anchors(random=-10.0, better=-2.0, name="rules of thumb")
    assert [scale.score(value) for value in (-10.0, -6.0, -2.0, 0.0)] == [0.0, 0.5, 1.0, 1.25]


def test_anchors_of_anew_does_not_believe_the_store(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "out")
    facts = {"climbing": facts_of("climbing")}
    anchors_of(store, facts)
    (path,) = (tmp_path / "out" / FOLDER).iterdir()
    path.write_text(path.read_text().replace("11.0", "5.0"))
    assert anchors_of(store, facts)["climbing"].better == 5.0
    assert anchors_of(store, facts, anew=True)["climbing"].better == 11.0


def test_a_full_disk_keeps_no_anchors_and_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    store, facts = Store.create(tmp_path / "out"), {"climbing": facts_of("climbing")}
    monkeypatch.setattr("nashlens.reports.anchors.atomic.write_json", full)
    assert anchors_of(store, facts) == anchors_of(store, facts, anew=True)
