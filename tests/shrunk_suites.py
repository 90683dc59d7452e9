"""The named suites of the instruments, shrunk to seconds: what is trained and reported is what the package ships."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import pytest

from nashlens.reports.document import write
from nashlens.reports.report import assemble
from nashlens.reports.run_lock import run_locks
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.suite_files import SUITES
from nashlens.reports.training_job import Job, train_job

SETTINGS = (
    "{ hidden = [8], batch_size = 8, rollout = { n_envs = 2, warmup_steps = 20, update_every_steps = 20 }, "
    "inference = { record_every_updates = 1 } }"
)
WITHOUT_INFERENCE = SETTINGS.partition(", inference")[0] + " }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """What is left of a suite.

    Attributes
    ----------
    games : the seeds of each game that is kept.
    algorithms : labels of those that are kept.
    settings : of every game.
    """

    games: Mapping[str, int]
    algorithms: tuple[str, ...]
    settings: str = WITHOUT_INFERENCE

    def table(self, all_games: Mapping[str, object]) -> str:
        """Return the suite's size as its file would say it."""
        left_out = [game for game in all_games if game not in self.games]
        said = [
            "[sizes.tiny]\nsteps = 60\nsnapshots = 3\nevaluation_episodes = 2",
            f"leave_out = {left_out!r}\nalgorithms = {list(self.algorithms)!r}".replace("'", '"'),
        ]
        said += [f"[sizes.tiny.games.{g}]\nseeds = {n}\nsettings = {self.settings}" for g, n in self.games.items()]
        return "\n".join(["", *said, ""])


SHRUNK: Mapping[str, Shrunk] = MappingProxyType(
    {
        "nonstationarity": Shrunk(games={"matching_pennies": 5, "spread_3": 1}, algorithms=("dqn", "maddpg")),
        "gradient-variance": Shrunk(games={"all_ones-2": 1, "spread-2": 1}, algorithms=("maddpg",)),
        "policy-inference": Shrunk(
            games={"simple_speaker_listener": 1, "handover": 1},
            algorithms=("true", "inferred", "uniform-1"),
            settings=SETTINGS,
        ),
        "homogeneity": Shrunk(games={"anti_coordination": 5, "simple_spread": 1}, algorithms=("none", "full")),
        "ensembles": Shrunk(games={"rock_paper_scissors": 2, "keep-away": 2}, algorithms=("single", "ensemble-3")),
        "joint-q": Shrunk(games={"agents_2": 5, "agents_3": 5}, algorithms=("joint-dqn", "dqn", "maddpg")),
        "exploitability": Shrunk(games={"matching_pennies": 1, "simple_spread": 1}, algorithms=("maddpg",)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A suite that was trained, and the page of its report."""

    store: Store
    suite: Suite
    page: Path


def shrunk(name: str) -> Suite:
    """Return a suite of the package in a size of seconds, which is added to its file."""
    text = files(SUITES).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return parse_suite(text + SHRUNK[name].table(parse_suite(text).config.games), source=name, size="tiny")


def reported(name: str, folder: Path) -> Reported:
    """Return a shrunk suite with its report; made by the first who asks, while others who ask wait."""
    folder.mkdir(parents=True, exist_ok=True)
    suite = shrunk(name)
    with run_locks([folder / f"{name}.lock"], wait=True):
        store = Store.create(folder / name)
        page = store.folder("report", suite.name) / "index.html"
        if not page.exists():
            store.add_suite(suite)
            with pytest.MonkeyPatch.context() as patch:
                make_cheap(patch)
                for cell in suite.cells:
                    job = Job(root=str(store.root), label=cell.game, runs=cell.runs, metrics=cell.metrics)
                    assert not train_job(job).failed
                write(assemble(store, suite), page.parent)
    return Reported(store=store, suite=suite, page=page)


def make_cheap(patch: pytest.MonkeyPatch) -> None:
    """Let the instruments draw few samples: what these tests look at is not how precise the numbers are."""
    from nashlens.reports.instruments import (
        age_rows,
        exploitability,
        exploitability_quantities,
        gradient_samples,
        gradients,
        nonstationarity_worlds,
        played_drift,
        proposition_rows,
        value_movement,
    )

    for name in ("N_SAMPLES", "N_REFERENCE", "N_RETURNS"):
        patch.setattr(gradients, name, 16)
    patch.setattr(gradient_samples, "N_STATES", 4)
    patch.setattr(gradient_samples, "SIZES", (4, 3, 3, 2))
    patch.setattr(proposition_rows, "N_SAMPLES", 2000)
    patch.setattr(nonstationarity_worlds, "N_STATES", 4)
    patch.setattr(value_movement, "N_EPISODES", 4)
    patch.setattr(age_rows, "N_SHUFFLES", 19)
    patch.setattr(played_drift, "N_SHUFFLES", 19)
    patch.setattr(exploitability, "N_TEST", 20)
    patch.setattr(exploitability, "N_VALIDATION", 20)
    patch.setattr(exploitability_quantities, "N_RESTARTS", 1)
