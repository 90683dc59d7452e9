"""The page of metrics names tests: every one of them must exist, and hold what the page says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([a-z0-9_]+)::([a-z0-9_]+)`")
NUMBER = re.compile(r"\d*\.?\d+(?:e-?\d+)?")
VALUES = {
    label: (value, NAMED.findall(tests), source.strip())
    for label, value, tests, source in re.findall(
        r"^\| (T\d\d) \|[^|]+\|([^|]+)\|([^|]+)\|([^|]+)\|$", PAGE, flags=re.MULTILINE
    )
}


def file_of(module: str) -> Path:
    return ROOT / "tests" / "analysis" / f"test_{module}.py"


@cache
def sources_in(module: str) -> dict[str, str]:
    """Return the text of each test of a module by its name without ``test_``, decorators included."""
    text = file_of(module).read_text(encoding="utf-8")
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name.removeprefix("test_")] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def numbers_in(text: str) -> set[float]:
    return {float(each) for each in NUMBER.findall(text.replace("−", "-").replace("_", ""))}


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 150
    missing = [f"{module}::{name}" for module, name in named if name not in sources_in(module)]
    assert missing == []


def test_every_metric_says_how_it_is_tested_and_what_it_costs() -> None:
    tables = re.findall(r"^\| metric \|(.+)\|\n\|[-|]+\|\n((?:\|.+\|\n)+)", PAGE, flags=re.MULTILINE)
    assert len(tables) >= 8
    for header, rows in tables:
        columns = [each.strip() for each in header.split("|")]
        assert columns[:2] == ["exact test", "property test"]
        assert columns[-1] == "seconds on spread"
        for line in rows.splitlines():
            cells = [each.strip() for each in line.strip("|").split("|")]
            assert len(cells) == 1 + len(columns), line
            assert all(cells), line
            assert all(NAMED.search(each) for each in cells[1:3]), line


def test_the_page_lists_thirty_values_with_a_test_and_a_source_each() -> None:
    assert list(VALUES) == [f"T{k:02d}" for k in range(1, 31)]
    assert [label for label, (_, tests, source) in VALUES.items() if not tests or not source] == []


def test_every_test_of_a_listed_value_carries_its_label() -> None:
    bare = [
        f"{label} {module}::{name}"
        for label, (_, tests, _) in VALUES.items()
        for module, name in tests
        if not re.search(rf"\b{label}\b", sources_in(module)[name])
    ]
    assert bare == []


def test_every_listed_value_stands_in_the_module_that_tests_it() -> None:
    absent = []
    for label, (value, tests, _) in VALUES.items():
        held = numbers_in("\n".join(file_of(module).read_text(encoding="utf-8") for module, _ in tests))
        absent += [(label, number) for number in sorted(numbers_in(value) - held)]
    assert absent == []


def test_every_test_of_a_listed_value_is_collected() -> None:
    named = {(module, name) for _, tests, _ in VALUES.values() for module, name in tests}
    files = sorted({str(file_of(module).relative_to(ROOT)) for module, _ in named})
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    collected = set(re.findall(r"test_([a-z0-9_]+)\.py::test_([a-z0-9_]+)", found.stdout))
    assert len(collected) >= len(named)
    assert named - collected == set()
