"""Where a number comes from: versions, machine, threads, commit, time and command; never a path of the machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "nashlens",
    "numpy",
    "scipy",
    "torch",
    "open_spiel",
    "pettingzoo",
    "mpe2",
    "pandas",
    "seaborn",
    "matplotlib",
    "pydantic",
    "safetensors",
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a result was made with.

    Attributes
    ----------
    versions : version of each package that took part, by name; Python's own as ``python``.
    platform : operating system and processor architecture.
    processors : processors that the system offers.
    threads : the thread limits that were set in the environment, by variable.
    commit : commit of the source tree, with ``+changes`` where files differ from it; empty outside a checkout.
    time : UTC, to the second.
    command : the command line, folders removed.
    """

    versions: Mapping[str, str]
    platform: str
    processors: int
    threads: Mapping[str, str]
    commit: str
    time: str
    command: str

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file."""
        return asdict(self)


def gather(command: Sequence[str] | None = None) -> Provenance:
    """Return the provenance of what this process makes now.

    Versions and commit are those of when the process first asked: what it imported does not change with the disk.

    Parameters
    ----------
    command : the command line; this process's own if it is left out.
    """
    words = list(sys.argv if command is None else command)
    return Provenance(
        versions=dict(_loaded_versions()),
        platform=f"{platform.system()} {platform.machine()}",
        processors=os.cpu_count() or 1,
        threads={name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        commit=_loaded_commit(),
        time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=" ".join(without_folders(word) for word in words),
    )


@cache
def _loaded_versions() -> Mapping[str, str]:
    return {"python": platform.python_version(), **installed_versions()}


@cache
def _loaded_commit() -> str:
    return source_commit()


def other_makers(made: Iterable[Mapping[str, Any]], here: Provenance) -> list[str]:
    """Return what stored runs were made with where that is another version of nashlens than the one here.

    Parameters
    ----------
    made : provenances as they are stored.
    here : of this process.

    Returns
    -------
    Each different maker once, such as ``nashlens 0.1.0, commit 4f2a9c1``, without those that are the same as here.
    """
    own = _maker(here.to_json())
    return sorted({maker for each in made if (maker := _maker(each)) != own})


def _maker(made: Mapping[str, Any]) -> str:
    version = made.get("versions", {}).get("nashlens", "of no known version")
    commit = str(made.get("commit", ""))
    changed = " with changes" if commit.endswith("+changes") else ""
    return f"nashlens {version}" + (f", commit {commit[:7]}{changed}" if commit else "")


def installed_versions() -> dict[str, str]:
    """Return the version of each of `PACKAGES` that is installed, without importing any."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def source_commit(folder: Path | None = None) -> str:
    """Return the commit of the checkout that holds `folder`, ``+changes`` appended if tracked files differ.

    Parameters
    ----------
    folder : this package's own if it is left out.

    Returns
    -------
    The commit, or an empty string outside a checkout of this project or without git.
    """
    home = Path(__file__).parent if folder is None else folder
    if not (home.parent / ".git").exists():
        return ""
    commit = _git(home, "rev-parse", "HEAD")
    if not commit:
        return ""
    return f"{commit}+changes" if _git(home, "status", "--porcelain", "--untracked-files=no") else commit


def without_folders(word: str) -> str:
    """Return one word of a command line with the folders of any path in it removed.

    >>> without_folders("--out=/srv/data/runs")
    '--out=runs'
    """
    name, equals, value = word.rpartition("=")
    return f"{name}{equals}{Path(value).name}" if os.sep in value else word


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
