from __future__ import annotations

import pytest

from nashlens.reports.locations import line_of

TEXT = '''# a comment with [games.chicken] in it
name = "x"
note = """
steps = 1
"""
steps = 10

[games.chicken]   # the game
settings = { rollout = { n_envs = 2 } }
"odd key" = 3
[games.chicken.parameters]
k = 4
dotted.inner = 5
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("steps",), 6),
        (("games",), 8),
        (("games", "chicken"), 8),
        (("games", "chicken", "settings"), 9),
        (("games", "chicken", "settings", "rollout", "n_envs"), 9),
        (("games", "chicken", "odd key"), 10),
        (("games", "chicken", "parameters", "k"), 12),
        (("games", "chicken", "parameters", "dotted", "inner"), 13),
        (("games", "chicken", "missing"), 8),
        (("algorithms", "maddpg"), None),
        ((), None),
    ],
)
def test_line_of_a_key_is_where_it_or_its_nearest_table_is_written(path: tuple[str, ...], line: int | None) -> None:
    # counted by eye in TEXT; the key in the multi-line string is none
    assert line_of(TEXT, path) == line
