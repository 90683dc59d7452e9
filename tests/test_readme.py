"""The README's first example runs as it stands there, and its commands are commands."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_notebook_example_prints_one_number_with_its_interval():
    example = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "print(" in block)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    value, low, high, n = map(
        float, re.fullmatch(r"(\S+) \[(\S+), (\S+)\], n = (\d+) profiles\n", printed.getvalue()).groups()
    )
    assert n == 10
    assert 0 < low < value < high < 4  # NashConv of rock, paper, scissors lies between 0 and twice the span of 2


def test_every_command_of_the_readme_is_known_to_the_command_line():
    blocks = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    commands = set(re.findall(r"^nashlens (\w+)", "\n".join(blocks), re.MULTILINE))
    assert commands
    shown = subprocess.run(
        [sys.executable, "-c", "from nashlens.reports.cli import main; main(['--help'])"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert all(f"• {command}" in shown for command in commands), shown


def test_the_readme_begins_with_the_two_commands():
    assert README.index("make demo") < README.index("make test") < 200
