"""What the command `nashlens replay` does: one stored run, played step by step in a page of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nashlens.reports.mistakes import Mistake, Stopped, checking

if TYPE_CHECKING:
    from nashlens.reports.report import Report
    from nashlens.reports.run_spec import RunSpec
    from nashlens.reports.store import Store
    from nashlens.reports.unmeasured import Unmeasured

SHOWN = 12  # digits of a run's id that name its page


def replay(run: str, *, store: Path | None, episode: int, out: Path | None, gif: Path | None) -> int:
    """Write the page of one run, and an animation if asked for, and print where they are.

    Parameters
    ----------
    run : an id of a run or its first digits, or a path that ends in them, such as DIR/runs/ID.
    store : folder of the runs; this folder if left out and `run` is no path.
    episode : number of the episode.
    out : the page; in the folder ``replays`` of the store if left out.
    gif : the animation; none if left out.
    """
    from nashlens.games import make
    from nashlens.games.particle.world import ParticleWorld
    from nashlens.reports import atomic
    from nashlens.reports.document import to_html

    if episode < 0:
        raise Mistake(f"seed-of-episode must be at least 0, not {episode}")
    if gif is not None and gif.suffix.lower() != ".gif":
        raise Mistake(f"gif must be a file whose name ends in .gif, not {str(gif)!r}")
    with checking():
        found, run_id = find_run(run, store)
        spec = found.verify(run_id)
        status = found.status(run_id)
        if status.state != "done":
            raise Mistake(f"run: {run_id[:SHOWN]} failed, so that there is nothing to play: {status.reason}")
        if gif is not None and not isinstance(make(spec.game, **spec.parameters), ParticleWorld):
            raise Mistake(f"gif: only particle worlds are animated; {spec.game} is none")
        report = replay_report(found, spec, episode=episode)
        page = out or found.folder("replays") / f"{spec.game}-{run_id[:SHOWN]}-{episode}.html"
    with checking("out"):
        atomic.write_text(page, to_html(report))
    console = Console()
    console.print(f"replay: {page}", highlight=False, soft_wrap=True, style="bold")
    if gif is not None:
        with checking("gif"):
            atomic.write_bytes(gif, _gif(found, spec, episode=episode))
        console.print(f"animation: {gif}", highlight=False, soft_wrap=True)
    return 0


def find_run(run: str, store: Path | None) -> tuple[Store, str]:
    """Return the store of a run and the run's id.

    Parameters
    ----------
    run, store : as in `replay`.

    Raises
    ------
    Mistake : there is no such run, or several begin with these digits.
    StoreError : the folder is no folder of runs.
    """
    from nashlens.reports.safe_files import DamageError, StoreError
    from nashlens.reports.store import Store

    path = Path(run)
    if path.parent.name == "runs":
        folder, digits = path.parent.parent, path.name
        if store is not None and store.resolve() != folder.resolve():
            raise Mistake(f"run is {run!r} and store is {str(store)!r}: give the path, or digits and the store")
    else:
        folder, digits = store or Path(), run
    if not re.fullmatch(r"[0-9a-f]{4,64}", digits):
        raise Mistake(f"run must be at least four digits of a run's id, or a path DIR/runs/ID, not {run!r}")
    try:
        found = Store.existing(folder)
    except StoreError as error:
        if store is None and path.name == run and not isinstance(error, DamageError):
            raise Mistake(
                f"run is {run!r}, and {error}; give the path DIR/runs/ID, or the folder by --store"
            ) from error
        raise
    ids = sorted(each.name for each in found.path("runs").glob(f"{digits}*") if len(each.name) == 64)
    if not ids:
        raise Mistake(f"run: no run in {folder} begins with {digits}")
    if len(ids) > 1:
        shown = ", ".join(each[:SHOWN] for each in ids[:5])
        raise Mistake(f"run: {len(ids)} runs in {folder} begin with {digits}: {shown}; give more digits")
    return found, ids[0]


def replay_report(store: Store, spec: RunSpec, *, episode: int) -> Report:
    """Return the page of one run: its episode in a particle world, or its path in a small matrix game.

    Parameters
    ----------
    store : where the run is.
    spec : the run.
    episode : number of the episode.

    Raises
    ------
    Mistake : there is nothing to be shown of such a game.
    Stopped : the run is damaged, or cannot be measured.
    """
    from nashlens.reports.frames import load_frame
    from nashlens.reports.phase_chapter import phase_figure
    from nashlens.reports.replay_chapter import replay_figure
    from nashlens.reports.report import Report
    from nashlens.reports.suite import Cell, Suite
    from nashlens.reports.suite_config import SuiteConfig

    kinds = sorted({str(settings["kind"]) for settings in spec.algorithm.values()})
    label = "-".join(kinds)
    config = SuiteConfig.model_validate(
        {
            "name": f"{spec.game}-{spec.run_id[:SHOWN]}",
            "steps": spec.steps,
            "games": {spec.game: {}},
            "algorithms": {label: {"kind": kinds[0]}},
        }
    )
    suite = Suite(config=config, cells=(Cell(game=spec.game, algorithm=label, runs=(spec,)),))
    lost: list[Unmeasured] = []
    frame = load_frame(store, suite, lost=lost)
    if lost:
        raise Stopped(f"run: {lost[0].reason}")
    figures = (phase_figure(frame, suite), replay_figure(store, suite, frame, episode=episode))
    shown = tuple(figure for figure in figures if figure is not None)
    if not shown:
        raise Mistake(
            f"run: only particle worlds and games of two agents with two or three actions each can be played "
            f"step by step; {spec.game} is neither"
        )
    made = store.provenance(spec.run_id)
    return Report(
        name=suite.name,
        question=f"What {label} learned in {spec.game}, seed {spec.seed}, after {spec.steps:,} steps; episode "
        f"{episode}.",
        headlines=(),
        figures=shown,
        tables=(),
        provenance=(("run", spec.run_id), ("command", str(made["command"])), ("made", str(made["time"]))),
        frame=frame,
    )


def _gif(store: Store, spec: RunSpec, *, episode: int) -> bytes:
    from nashlens.reports.animation import to_gif
    from nashlens.reports.replay import replay as replayed

    run = store.read(spec.run_id)
    title = f"{spec.game}, seed {spec.seed}, episode {episode}"
    return to_gif(replayed(run, episode=episode), run.spec, title=title)
