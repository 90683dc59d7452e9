"""What a user installs: sdist, then a wheel from it, in a copy of the tracked tree."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("games", "agents", "analysis", "reports")


def shipped() -> list[Path]:
    """Return every file of the rooms, relative to the tree, that a user must get."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    kept = [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]
    shipped = {".py", ".toml", ".html", ".css", ".csv", ".md"}
    return sorted(path for path in kept if path.suffix in shipped or path.name == "py.typed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist of a copy of the tree, then the wheel from the unpacked sdist alone."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("out")
    for path in (*shipped(), *map(Path, ("pyproject.toml", "README.md", "LICENSE"))):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes((ROOT / path).read_bytes())
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    subprocess.run([*build, "--sdist", str(tree)], check=True, capture_output=True)
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(out / "unpacked", filter="data")
    (unpacked,) = (out / "unpacked").iterdir()
    subprocess.run([*build, "--wheel", str(unpacked)], check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_exactly_the_files_of_the_rooms(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        members = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert members == {f"nashlens/{path.as_posix()}" for path in shipped()}


@pytest.mark.slow
def test_the_wheel_names_the_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "nashlens = nashlens.reports.cli:main" in archive.read(entry_points).decode()
        assert any(name.endswith("LICENSE") for name in names)


def test_every_package_of_the_tree_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {"nashlens." + ".".join(p.parent.parts) for p in shipped() if p.name == "__init__.py"}
    assert set(declared) == found


@pytest.mark.parametrize(
    ("modules", "banned"),
    [
        ("nashlens.games", "torch pandas scipy matplotlib pyspiel pettingzoo"),
        (
            "nashlens.analysis, nashlens.analysis.exploitability, nashlens.analysis.statistics",
            "torch pandas matplotlib",
        ),
        ("nashlens.agents, nashlens.agents.records, nashlens.agents.config", "torch pandas"),
        ("nashlens.reports, nashlens.reports.cli", "torch pandas numpy matplotlib"),
        ("nashlens.reports.report, nashlens.reports.document, nashlens.reports.execution", "torch"),
    ],
)
def test_importing_a_room_imports_nothing_that_it_does_not_need(modules: str, banned: str) -> None:
    code = f"import sys, {modules}; print(sorted(set({banned.split()!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_command_is_an_entry_point() -> None:
    (found,) = metadata.entry_points(group="console_scripts", name="nashlens")
    assert found.value == "nashlens.reports.cli:main"


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    assert "3 kept, 0 broken" in answer.stdout
