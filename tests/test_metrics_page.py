"""The page of metrics names tests: every one of them must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`([a-z0-9_]+)::([a-z0-9_]+)`")


def names_in(module: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / "analysis" / f"test_{module}.py").read_text(encoding="utf-8"))
    return {node.name.removeprefix("test_") for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_page_names_exists() -> None:
    named = NAMED.findall((ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"))
    assert len(named) > 100
    missing = [f"{module}::{name}" for module, name in named if name not in names_in(module)]
    assert missing == []
