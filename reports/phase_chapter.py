"""Phase portraits: where seeds went in small matrix games, over the field of the replicator dynamics.

Games of two agents with two actions each are drawn on the unit square. With three actions each agent has a simplex: if
the game is the same for both, one simplex serves for both agents, and the field is that of both playing the same;
otherwise each has its own, and the field is that against an opponent who plays uniformly, as it does before training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.dynamics import vector_field
from nashlens.analysis.equilibria import find_equilibria
from nashlens.games import NormalFormGame, Profile, make
from nashlens.games.core import Array
from nashlens.reports.figures import Figure, Panel
from nashlens.reports.phase_words import NEAR, Runs, ending_words
from nashlens.reports.portraits import on_simplex, simplex_panel, square_panel
from nashlens.reports.quantities import PROBABILITY
from nashlens.reports.strategy_player import portrait_group, strategy_player
from nashlens.reports.suite import Suite

N_GRID = {2: 13, 3: 12}
MOST_DRAWINGS = 24  # in one figure
FIELD, PATH, EQUILIBRIUM = "field", "path", "equilibrium"


def phase_figure(frame: pd.DataFrame, suite: Suite) -> Figure | None:
    """Return phase portraits of every cell of a 2×2 or 3×3 game, or None where there is none.

    Parameters
    ----------
    frame : tidy, agents not merged.
    suite : whose games they are.
    """
    panels, paragraphs, data = [], [], []
    groups: dict[str, list[dict[str, Any]]] = {}
    shapes: dict[str, str] = {}
    n_portraits = 0
    for runs in _cells(frame, suite):
        shapes[runs.label] = "square" if runs.game.n_actions == (2, 2) else "simplex"
        for agents in _planes(runs.game):
            points = portrait_data(runs, agents)
            n_portraits += 1
            if n_portraits <= MOST_DRAWINGS:
                panels.append(_panel(runs, agents, points))
            groups.setdefault(runs.label, []).append(_group(runs, agents, points))
            data.append(points)
        paragraphs.append(f"{runs.label}. {ending_words(runs)}")
    if not panels:
        return None
    return Figure(
        name="phase",
        title="Phase portraits",
        caption="Paths of the strategies of single seeds from snapshot to snapshot, the first seed's in bold, over the "
        "directions of the replicator dynamics (arrows do not show speed). Circles: the Nash equilibria, computed. In "
        "games with three actions the field of an agent is that against an opponent who plays the same strategy if the "
        "game is symmetric, and uniformly otherwise. A seed ends at an equilibrium if no agent's last strategy is "
        f"farther from it than {NEAR:g} in total variation. Every seed is drawn; nothing is averaged, so that there is "
        f"no interval.{_left_out(n_portraits)}",
        paragraphs=tuple(paragraphs),
        panels=tuple(panels),
        players=tuple(strategy_player(each, game=game, shape=shapes[game]) for game, each in groups.items()),
        data=pd.concat(data, ignore_index=True),
    )


def _left_out(n_portraits: int) -> str:
    if n_portraits <= MOST_DRAWINGS:
        return ""
    return f" Of {n_portraits} portraits the first {MOST_DRAWINGS} are drawn; the players show all."


def portrait_data(runs: Runs, agents: tuple[int, ...]) -> pd.DataFrame:
    """Return every point of a portrait.

    Parameters
    ----------
    runs : one cell.
    agents : whose simplex is drawn; both in a square.

    Returns
    -------
    Frame with ``game, algorithm, agents, what, path, seed, step, x, y, dx, dy``; `what` is field, path or equilibrium,
    the step is the number of the snapshot.
    """
    square = runs.game.n_actions == (2, 2)
    x, y, dx, dy = _square_field(runs.game) if square else _simplex_field(runs.game, agents)
    parts = [pd.DataFrame({"what": FIELD, "path": "", "seed": -1, "step": 0, "x": x, "y": y, "dx": dx, "dy": dy})]
    for k, seed in enumerate(runs.seeds):
        own = tuple(strategy[k] for strategy in runs.strategies)
        for label, points in _projected(own, agents, square=square):
            path = f"seed {seed}{label and f', {runs.game.spec.agents[int(label)]}'}"
            parts.append(_points(PATH, points, path=path).assign(seed=seed))
    for number_, profile in enumerate(runs.equilibria):
        for _, points in _projected(tuple(s[None] for s in profile), agents, square=square):
            parts.append(_points(EQUILIBRIUM, points, path=str(number_)).assign(seed=-1))
    names = " and ".join(runs.game.spec.agents[i] for i in agents)
    return pd.concat(parts, ignore_index=True).assign(game=runs.label, algorithm=runs.algorithm, agents=names)


def _cells(frame: pd.DataFrame, suite: Suite) -> Iterator[Runs]:
    own = frame[frame["metric"].str.startswith(PROBABILITY)]
    for (label, algorithm), part in own.groupby(["game", "algorithm"], sort=False):
        run = next(cell.runs[0] for cell in suite.cells if cell.game == label)
        game = make(run.game, **run.parameters)
        if not isinstance(game, NormalFormGame) or game.n_actions not in {(2, 2), (3, 3)}:
            continue
        found = find_equilibria(game)
        seeds = tuple(int(seed) for seed in sorted(part["seed"].unique()))
        tables = [_strategies(part[part["agent"] == agent], game.n_actions[0]) for agent in game.spec.agents]
        yield Runs(
            label=str(label),
            algorithm=str(algorithm),
            game=game,
            seeds=seeds,
            steps=tuple(int(step) for step in sorted(part["step"].unique())),
            strategies=(tables[0], tables[1]),
            equilibria=found.profiles,
            complete=found.is_complete,
        )


def _strategies(part: pd.DataFrame, n_actions: int) -> Array:
    """Return the strategies ``[S, T, A]`` of one agent, seeds and steps rising."""
    tables = [part[part["metric"] == f"{PROBABILITY}{a}"].sort_values(["seed", "step"]) for a in range(n_actions)]
    values = np.stack([table["value"].to_numpy(dtype=np.float64) for table in tables], axis=-1)
    return values.reshape(part["seed"].nunique(), -1, n_actions)


def _planes(game: NormalFormGame) -> tuple[tuple[int, ...], ...]:
    """Return the agents of each portrait: both in one plane in a square and in symmetric games, else one each."""
    return ((0, 1),) if game.n_actions == (2, 2) or is_symmetric(game) else ((0,), (1,))


def is_symmetric(game: NormalFormGame) -> bool:
    """Say whether a two-agent game looks the same to both agents."""
    first, second = game.payoffs
    return first.shape == second.shape[::-1] and bool(np.allclose(second, first.T, rtol=0, atol=1e-12))


def _square_field(game: NormalFormGame) -> tuple[Array, Array, Array, Array]:
    chances = np.linspace(0.0, 1.0, N_GRID[2])
    x, y = (axis.ravel() for axis in np.meshgrid(chances, chances))
    field = vector_field(game, Profile([np.stack([x, 1 - x], -1), np.stack([y, 1 - y], -1)]))
    return x, y, field[0][:, 0], field[1][:, 0]


def _simplex_field(game: NormalFormGame, agents: tuple[int, ...]) -> tuple[Array, Array, Array, Array]:
    n = N_GRID[3]
    grid = np.array([[a, b, n - a - b] for a in range(n + 1) for b in range(n + 1 - a)], dtype=np.float64) / n
    other = grid if len(agents) == 2 else np.full_like(grid, 1 / 3)
    mine = agents[0]
    field = vector_field(game, Profile([grid, other] if mine == 0 else [other, grid]))[mine]
    points, moved = on_simplex(grid), on_simplex(field)
    return points[:, 0], points[:, 1], moved[:, 0], moved[:, 1]


def _projected(strategies: tuple[Array, ...], agents: tuple[int, ...], *, square: bool) -> Iterator[tuple[str, Array]]:
    """Yield label and points ``[T, 2]``: one path for both agents in a square, one an agent on a simplex."""
    if square:
        yield "", np.stack([strategies[0][:, 0], strategies[1][:, 0]], axis=-1)
    else:
        for agent in agents:
            yield str(agent), on_simplex(strategies[agent])


def _points(what: str, points: Array, *, path: str) -> pd.DataFrame:
    steps = np.arange(len(points))
    nothing = np.full(len(points), np.nan)
    columns = {"x": points[:, 0], "y": points[:, 1], "dx": nothing, "dy": nothing}
    return pd.DataFrame({"what": what, "path": path, "step": steps, **columns})


def _group(runs: Runs, agents: tuple[int, ...], points: pd.DataFrame) -> dict[str, Any]:
    names = [runs.game.spec.agents[i] for i in agents]
    title = runs.algorithm if len(agents) == 2 else f"{runs.algorithm}, {names[0]}"
    return portrait_group(points, title=title, labels=_labels(runs.game, agents), steps=runs.steps, agents=names)


def _labels(game: NormalFormGame, agents: tuple[int, ...]) -> tuple[str, ...]:
    """Return what stands at the two axes of a square, or at the left, the right and the top corner of a simplex."""
    names = game.action_names
    if game.n_actions == (2, 2):
        return tuple(f"{agent}: P({names[i][0]})" for i, agent in enumerate(game.spec.agents))
    return tuple(names[agents[0]])


def _panel(runs: Runs, agents: tuple[int, ...], points: pd.DataFrame) -> Panel:
    whose = "" if len(agents) == 2 else f", {runs.game.spec.agents[agents[0]]}"
    title = f"{runs.label}: {runs.algorithm}{whose}"
    name = f"phase-{runs.label}-{runs.algorithm}{'-' if whose else ''}{whose[2:]}".replace(".", "_")
    field, paths, equilibria = (points[points["what"] == what] for what in (FIELD, PATH, EQUILIBRIUM))
    alternative = f"Strategies in {title}, from untrained to trained. {ending_words(runs)}"
    labels = _labels(runs.game, agents)
    if runs.game.n_actions == (2, 2):
        return square_panel(
            field, paths, equilibria, name=name, title=title, labels=(labels[0], labels[1]), alternative=alternative
        )
    corners = (labels[0], labels[1], labels[2])
    return simplex_panel(field, paths, equilibria, name=name, title=title, labels=corners, alternative=alternative)
