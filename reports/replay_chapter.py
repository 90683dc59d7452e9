"""Replays in a report: an episode of what was learned in each particle world, by the best, middle and worst seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nashlens.games import make
from nashlens.games.particle.recording import Recording
from nashlens.games.particle.world import ParticleWorld
from nashlens.reports.episode_drawings import episode_words, paths_panel
from nashlens.reports.figures import Figure, Panel
from nashlens.reports.players import Player
from nashlens.reports.replay import MAX_STEPS, about_world, item, n_numbers, replay
from nashlens.reports.store import Store
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.words import counted

MOST_EPISODES = 120
MOST_DRAWINGS = 24
MOST_NUMBERS = 150_000  # in the episodes of one page, of which one takes three or four characters
PLACES = ("best", "middle", "worst")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A run whose episode is shown.

    Attributes
    ----------
    cell : its cell.
    seed, run_id : of the run.
    place : best, middle or worst of its cell's seeds; empty for the only one.
    stands_for_cell : whether it is the one that is shown where one is shown.
    """

    cell: Cell
    seed: int
    run_id: str
    place: str
    stands_for_cell: bool


def replay_figure(store: Store, suite: Suite, frame: pd.DataFrame, *, episode: int = 0) -> Figure | None:
    """Return replays of every particle world, or None where nothing was learned in one.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs they are.
    frame : tidy; its final returns rank the seeds.
    episode : number of the episode that all of them play.

    Raises
    ------
    ValueError : `episode` is negative.
    """
    worlds = {cell.game: _world(cell) for cell in suite.cells}
    ranked = {
        (cell.game, cell.algorithm): _ranked(frame, cell, world)
        for cell in suite.cells
        if (world := worlds[cell.game]) is not None
    }
    chosen, left_out = _within_budget(suite, ranked, worlds)
    panels: list[Panel] = []
    players, paragraphs, data = [], [], []
    for game in dict.fromkeys(each.cell.game for each in chosen):
        world = worlds[game]
        assert world is not None
        recordings = [
            (each, replay(store.read(each.run_id), episode=episode)) for each in chosen if each.cell.game == game
        ]
        players.append(_player(world, game, recordings))
        shown = [pair for pair in recordings if pair[0].stands_for_cell][: MOST_DRAWINGS - len(panels)]
        panels += [_panel(world, each, recording) for each, recording in shown]
        data += [_rows(world, each, recording) for each, recording in recordings]
        paragraphs.append(f"{game}. {_words(world, recordings)}")
    if not chosen:
        return None
    return Figure(
        name="replays",
        title="Replays",
        caption=_caption(left_out, several=any(each.place for each in chosen)),
        paragraphs=tuple(paragraphs),
        panels=tuple(panels),
        players=tuple(players),
        data=pd.concat(data, ignore_index=True),
    )


def _world(cell: Cell) -> ParticleWorld | None:
    game = make(cell.runs[0].game, **cell.runs[0].parameters)
    return game if isinstance(game, ParticleWorld) else None


def _ranked(frame: pd.DataFrame, cell: Cell, world: ParticleWorld) -> list[Shown]:
    """Return the best, the middle and the worst seed of a cell by final return; all where there are fewer."""
    own = frame[(frame["game"] == cell.game) & (frame["algorithm"] == cell.algorithm)]
    own = own[(own["metric"] == "final_return") & own["agent"].isin(_ranking_agents(world))]
    means = own.groupby("seed")["value"].mean()
    order = sorted((int(seed) for seed in means.index), key=lambda seed: (-float(means[seed]), seed))
    ids = {run.seed: run.run_id for run in cell.runs}
    if len(order) > 2:
        picked = {"best": order[0], "middle": order[len(order) // 2], "worst": order[-1]}
    else:
        picked = dict(zip(("best", "worst") if len(order) == 2 else ("",), order, strict=True)) if order else {}
    main = picked.get("middle", order[0] if order else None)
    return [
        Shown(cell=cell, seed=seed, run_id=ids[seed], place=place, stands_for_cell=seed == main)
        for place, seed in picked.items()
    ]


def _ranking_agents(world: ParticleWorld) -> tuple[str, ...]:
    """Return the agents whose mean return ranks the seeds: those of the first side."""
    return tuple(world.spec.agents[i] for i in world.spec.members(world.spec.sides[0]))


def _within_budget(
    suite: Suite, ranked: dict[tuple[str, str], list[Shown]], worlds: dict[str, ParticleWorld | None]
) -> tuple[list[Shown], str]:
    """Return whose episodes fit into a page, and what was left out: all three seeds if they fit, else the middle."""
    every = [each for cell in suite.cells for each in ranked.get((cell.game, cell.algorithm), [])]
    middle = [each for each in every if each.stands_for_cell]
    costs = {game: n_numbers(world) for game, world in worlds.items() if world is not None}
    if sum(costs[each.cell.game] for each in every) <= MOST_NUMBERS and len(every) <= MOST_EPISODES:
        return every, ""
    kept: list[Shown] = []
    for each in middle:
        if sum(costs[one.cell.game] for one in [*kept, each]) <= MOST_NUMBERS and len(kept) < MOST_EPISODES:
            kept.append(each)
    missing = len(middle) - len(kept)
    cells = f" {counted(missing, 'cell')} would have made this page too large and have none." if missing else ""
    return kept, f" To keep this page small only the middle seed of each cell is shown.{cells}"


def _caption(left_out: str, *, several: bool) -> str:
    whose = "of the final policies of the run"
    drawings = "The drawing shows"
    if several:
        whose = (
            "of the final policies of the best, the middle and the worst seed of each cell, by the mean final return "
            "of the agents of the game's first side"
        )
        drawings = f"The drawings, of at most {MOST_DRAWINGS} cells, show the middle seed (the best of two),"
    return (
        f"One episode {whose}. It begins alike in every run of a game; actions are chosen as in the final episodes. "
        "Discs are drawn to scale; a ring marks a goal; a line is the way gone so far. Messages are named by the "
        "number of their largest entry, with its size where it is below 1. "
        f"{drawings} the way from dot to disc. Single episodes: nothing is averaged.{left_out}"
    )


def _player(world: ParticleWorld, game: str, recordings: list[tuple[Shown, Recording]]) -> Player:
    items = [
        {
            "algorithm": each.cell.algorithm,
            "seed": f"{each.place} (seed {each.seed})" if each.place else f"seed {each.seed}",
            **item(recording),
        }
        for each, recording in recordings
    ]
    return Player(name=f"data-replay-{game}", title=game, data={**about_world(world), "title": game, "items": items})


def _panel(world: ParticleWorld, each: Shown, recording: Recording) -> Panel:
    name = f"replay-{each.cell.game}-{each.cell.algorithm}".replace(".", "_")
    title = f"{each.cell.game}: {each.cell.algorithm}, seed {each.seed}"
    return paths_panel(recording, world.spec, name=name, title=title)


def _words(world: ParticleWorld, recordings: list[tuple[Shown, Recording]]) -> str:
    """Say what each episode was worth."""
    said: dict[str, list[str]] = {}
    for each, recording in recordings:
        place = f" ({each.place})" if each.place else ""
        words = f"seed {each.seed}{place}, {episode_words(recording, world.spec)}"
        said.setdefault(each.cell.algorithm, []).append(words)
    cut = "" if world.spec.horizon <= MAX_STEPS else f" The player shows the first {MAX_STEPS} steps."
    return " ".join(f"{algorithm}: {'; '.join(words)}." for algorithm, words in said.items()) + cut


def _rows(world: ParticleWorld, each: Shown, recording: Recording) -> pd.DataFrame:
    """Return an episode as rows, one a body and moment."""
    n, n_moments = world.n_agents, recording.n_steps + 1
    bodies = [*world.spec.agents, *(f"landmark_{k}" for k in range(world.n_landmarks))]
    rewards = np.full((n_moments, len(bodies)), np.nan)
    rewards[1:, :n] = recording.rewards
    goals = np.zeros((n_moments, len(bodies)), dtype=np.bool_)
    goals[:, n:] = recording.targets
    says = np.full((n_moments, len(bodies)), -1)
    says[:, :n] = recording.said
    return pd.DataFrame(
        {
            "game": each.cell.game,
            "algorithm": each.cell.algorithm,
            "seed": each.seed,
            "place": each.place,
            "step": np.repeat(np.arange(n_moments), len(bodies)),
            "body": bodies * n_moments,
            "x": recording.positions[..., 0].ravel(),
            "y": recording.positions[..., 1].ravel(),
            "reward": rewards.ravel(),
            "says": says.ravel(),
            "goal": goals.ravel(),
        }
    )
