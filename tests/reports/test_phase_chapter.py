from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.games import NormalFormGame, make
from nashlens.reports.measures import measure
from nashlens.reports.phase_chapter import is_symmetric, phase_figure
from nashlens.reports.portraits import on_simplex
from nashlens.reports.suite import Suite, parse_suite

MakeRun = Callable[..., TrainingRun]


def suite_of(game: str) -> Suite:
    text = f'name = "s"\nsteps = 300\nsnapshots = 4\n[games.{game}]\n[algorithms.maddpg]\nkind = "maddpg"\n'
    text += "rollout = { warmup_steps = 100 }\n"
    return parse_suite(text)


def frame_of(runs: list[TrainingRun], game: str) -> pd.DataFrame:
    rows = [row for run in runs for row in measure(run)]
    return pd.DataFrame(rows).assign(suite="s", game=game, algorithm="maddpg", run_id="0")


def both(*chances: float) -> list[list[list[float]]]:
    return [[[p, 1 - p] for p in chances]] * 2


@pytest.fixture
def stag_runs(make_run: MakeRun) -> list[TrainingRun]:
    """Two seeds go to (stag, stag), one to (hare, hare), one stays in between."""
    ends = (1.0, 0.95, 0.0, 0.5)
    return [make_run(both(0.5, 0.6, end), game="stag_hunt", seed=k) for k, end in enumerate(ends)]


def test_seeds_are_counted_at_the_equilibrium_where_they_end(stag_runs: list[TrainingRun]) -> None:
    # the mixed equilibrium is at 3/4: 1/2 is 1/4 away from it, more than the 0.1 that counts as near
    figure = phase_figure(frame_of(stag_runs, "stag_hunt"), suite_of("stag_hunt"))
    assert figure is not None
    (text,) = figure.paragraphs
    assert "of 4 seeds 2 at (stag, stag), 1 at (hare, hare), 1 elsewhere" in text
    assert "3 equilibria in the game, all equilibria" in text
    assert "1 at" in figure.panels[0].alternative


def test_the_data_hold_paths_equilibria_and_a_field_of_the_replicator_dynamics(stag_runs: list[TrainingRun]) -> None:
    figure = phase_figure(frame_of(stag_runs, "stag_hunt"), suite_of("stag_hunt"))
    assert figure is not None
    data = figure.data
    path = data[data["path"] == "seed 0"]
    assert path[["x", "y"]].to_numpy() == pytest.approx(np.array([[0.5, 0.5], [0.6, 0.6], [1.0, 1.0]]), abs=1e-6)
    equilibria = data[data["what"] == "equilibrium"]
    assert sorted(equilibria["x"]) == pytest.approx([0.0, 0.75, 1.0])
    field = data[data["what"] == "field"]
    assert len(field) == 13 * 13
    # replicator: x' = x (1 − x) (4 y − 3), since stag pays 4 y and hare 3
    expected = field["x"] * (1 - field["x"]) * (4 * field["y"] - 3)
    assert field["dx"].to_numpy(dtype=np.float64) == pytest.approx(expected.to_numpy(dtype=np.float64), abs=1e-12)


def test_symmetric_games_share_a_simplex_and_others_have_one_an_agent(make_run: MakeRun) -> None:
    third = [[1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]]
    for game, n_panels in (("rock_paper_scissors", 1), ("climbing", 2)):
        figure = phase_figure(frame_of([make_run([third, third], game=game)], game), suite_of(game))
        assert figure is not None
        assert len(figure.panels) == n_panels
        assert {panel.name for panel in figure.panels} == {
            f"phase-{game}-maddpg{end}" for end in ([""] if n_panels == 1 else ["-agent_0", "-agent_1"])
        }
        for panel in figure.panels:
            assert ET.fromstring(panel.svg).tag.endswith("svg")
        paths = figure.data[figure.data["what"] == "path"]
        # from the middle of the simplex to its second corner
        assert paths[["x", "y"]].to_numpy()[:2] == pytest.approx(np.array([[0.5, np.sqrt(0.75) / 3], [1, 0]]), abs=1e-6)


def test_rock_paper_scissors_turns_around_its_middle(make_run: MakeRun) -> None:
    # against itself the zero-sum field is x_a ((A x)_a): it stands still in the middle and is orthogonal to nothing
    # but the level sets of the product of all probabilities, which stays constant
    third = [[1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]]
    game = "rock_paper_scissors"
    figure = phase_figure(frame_of([make_run([third, third], game=game)], game), suite_of(game))
    assert figure is not None
    field = figure.data[figure.data["what"] == "field"]
    n = 12
    grid = np.array([[a, b, n - a - b] for a in range(n + 1) for b in range(n + 1 - a)]) / n
    inside = (grid > 0).all(axis=1)
    corners = on_simplex(np.eye(3))
    moved = np.linalg.solve(
        np.vstack([corners.T, np.ones(3)]), np.vstack([field[["dx", "dy"]].to_numpy(float).T, np.zeros(len(field))])
    ).T
    growth = (moved[inside] / grid[inside]).sum(axis=1)
    assert growth == pytest.approx(np.zeros(inside.sum()), abs=1e-9)


def test_larger_games_have_no_portrait(make_run: MakeRun) -> None:
    third = [[[1 / 3] * 3] * 2] * 3
    assert make("role_assignment").spec.n_agents == 3
    frame = frame_of([make_run(third, game="role_assignment")], "role_assignment")
    assert phase_figure(frame, suite_of("role_assignment")) is None


def test_is_symmetric_compares_payoffs_from_both_sides() -> None:
    assert is_symmetric(NormalFormGame([[[1, 2], [3, 4]], [[1, 3], [2, 4]]]))
    assert not is_symmetric(NormalFormGame([[[1, 2], [3, 4]], [[1, 2], [3, 4]]]))
    assert not is_symmetric(NormalFormGame(np.ones((2, 2, 3))))
