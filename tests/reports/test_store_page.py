"""The page on the folder of runs: every file that is written stands in its layout, and the version is the code's."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from nashlens.reports import job_checkpoints
from nashlens.reports.checkpoint_file import write_checkpoint
from nashlens.reports.cli import main
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments.measuring import comparisons_by
from nashlens.reports.run_records import ALWAYS, TRAINED
from nashlens.reports.store import SCHEMA, Store
from nashlens.reports.suite import parse_suite

PAGE = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")


def layout() -> list[str]:
    """Return the paths of the page's layout, as patterns."""
    (block,) = re.findall(r"```\n(nashlens\.json.*?)```", PAGE, flags=re.DOTALL)
    named = [line.split("  ")[0] for line in block.splitlines()]
    return [re.sub(r"[A-Z]+", "*", path) + ("*" if path.endswith("/") else "") for path in named]


def test_every_file_of_a_store_stands_in_the_layout_of_the_page(
    tmp_path: Path, suite_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'metrics = ["cross_play"]\n' + suite_text.replace("steps = 300", "steps = 300\ncheckpoint_every_steps = 200")
    suite, store = parse_suite(text), Store.create(tmp_path / "out")
    seen: set[str] = set()

    def files() -> set[str]:
        return {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}

    def writing(path: Path, *args: object, **rest: object) -> None:
        write_checkpoint(path, *args, **rest)  # type: ignore[arg-type]
        seen.update(files())

    monkeypatch.setattr(job_checkpoints, "write_checkpoint", writing)
    run_suite(suite, store, workers=1, pool=lambda _: ThreadPoolExecutor(1))
    comparisons_by("cross_play", store, suite)
    assert main(["replay", suite.runs[0].run_id[:8], "--store", str(store.root)]) == 0
    seen |= files()
    patterns = layout()
    assert sorted(path for path in seen if not any(fnmatchcase(path, pattern) for pattern in patterns)) == []
    unused = [pattern for pattern in patterns if not any(fnmatchcase(path, pattern) for path in seen)]
    # nothing failed, the cells are too short to be measured, and no report was built
    other = ["runs/*/error.txt", "runs/*/unmeasured.json", "anchors/*.json", "packing/*.json", "report/*/*"]
    assert unused == other


def test_the_page_names_the_version_and_what_has_checksums() -> None:
    assert f"## Layout, schema {SCHEMA}\n" in PAGE
    signed = re.search(r"has a checksum of (.*?),\s+and each", PAGE, flags=re.DOTALL)
    assert signed is not None
    assert re.findall(r"`([^`]+)`", signed[1]) == [*ALWAYS, *TRAINED]
