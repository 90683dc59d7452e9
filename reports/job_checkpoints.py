"""The checkpoints of one job: where they stand, what it can go on from, and what went wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nashlens.reports.checkpoint_file import SUFFIX, read_checkpoint, remove_unreadable, write_checkpoint
from nashlens.reports.safe_files import StoreError, why
from nashlens.reports.training_call import train_seeds

if TYPE_CHECKING:
    from nashlens.agents.checkpoint import Checkpoint
    from nashlens.agents.records import TrainingRun
    from nashlens.agents.training import Progress
    from nashlens.reports.run_spec import RunSpec
    from nashlens.reports.store import Store


class JobCheckpoints:
    """The checkpoints of seeds that train together.

    A checkpoint that cannot be written costs no more than the time since the last good one; one that cannot be read
    makes its seeds begin again. Both are said in `warnings`, once.

    Parameters
    ----------
    store : where.
    run : one of the runs.
    job_id : names the file.
    seeds : of the job.
    every_steps : environment steps between two; None for none.

    Raises
    ------
    StoreError : a link stands where they belong.

    Attributes
    ----------
    warnings : what went wrong, in the order in which it did.
    """

    def __init__(
        self, store: Store, run: RunSpec, *, job_id: str, seeds: Sequence[int], every_steps: int | None
    ) -> None:
        self._store, self._run, self._seeds, self._every_steps = store, run, list(seeds), every_steps
        self._path = store.path("checkpoints", run.cell_id, f"{job_id}{SUFFIX}")
        self.warnings: list[str] = []

    def train(self, progress: Callable[[Progress], None]) -> list[TrainingRun]:
        """Train the seeds, from their checkpoint where there is a good one, and keep checkpoints on the way.

        Parameters
        ----------
        progress : is told how far the training is.

        Raises
        ------
        Exception : whatever the training raises.
        """
        self._clear_away()
        resume, began = self._good(), False

        def watched(now: Progress) -> None:
            nonlocal began
            began = True
            progress(now)

        try:
            return self._trained(watched, resume)
        except Exception as error:
            if resume is None or began:
                raise
            # The checkpoint is whole, but this version cannot go on from it.
            self._give_up(f"cannot be gone on from ({type(error).__name__}: {error})")
        return self._trained(progress, None)

    def remove(self) -> None:
        """Remove the checkpoint: its seeds are stored."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _trained(self, progress: Callable[[Progress], None], resume: Checkpoint | None) -> list[TrainingRun]:
        return train_seeds(
            self._run,
            self._seeds,
            progress=progress,
            checkpoint_every_steps=self._every_steps,
            on_checkpoint=self._keep if self._every_steps else None,
            resume=resume,
        )

    def _keep(self, checkpoint: Checkpoint) -> None:
        try:
            folder = self._store.folder("checkpoints", self._run.cell_id)
            write_checkpoint(folder / self._path.name, checkpoint, seeds=self._seeds)
        except (OSError, StoreError) as error:
            reason = why(error) if isinstance(error, OSError) else str(error)
            self._warn(f"a checkpoint could not be kept: {reason}; training went on without it")

    def _good(self) -> Checkpoint | None:
        try:
            return read_checkpoint(self._path)
        except StoreError as error:
            self._give_up(str(error).removeprefix(f"{self._path} "))
            return None

    def _give_up(self, reason: str) -> None:
        seeds = ", ".join(map(str, self._seeds))
        self._warn(f"{_short(self._path)} {reason}; seeds {seeds} began again from step 0")
        self.remove()

    def _clear_away(self) -> None:
        with suppress(OSError):
            for path in remove_unreadable(self._path.parent):
                self._warn(f"{_short(path)} is cut short or no checkpoint; its seeds began again from step 0")

    def _warn(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)


def _short(path: Path) -> str:
    return "/".join(path.parts[-3:])
