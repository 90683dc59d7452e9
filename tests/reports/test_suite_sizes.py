"""Smaller sizes of a suite: what they change, and what they refuse."""

from __future__ import annotations

import pytest

from nashlens.reports.refusals import SuiteError
from nashlens.reports.suite import parse_suite

TEXT = """
name = "sized"
seeds = 10
steps = 2_000

[games.climbing]
seeds = 20
settings = { batch_size = 64, rollout = { warmup_steps = 100 } }

[games.penalty]
algorithms = ["maddpg", "ddpg"]

[games.stag_hunt]

[algorithms.maddpg]
kind = "maddpg"
rollout = { update_every_steps = 10, warmup_steps = 200 }

[algorithms.ddpg]
kind = "ddpg"
rollout = { update_every_steps = 10, warmup_steps = 200 }

[sizes.quick]
seeds = 3
leave_out = ["stag_hunt"]
algorithms = ["ddpg"]

[sizes.quick.games.climbing]
steps = 1_000
settings = { rollout = { n_envs = 4 } }
"""


def test_the_full_size_is_the_suite_itself() -> None:
    suite = parse_suite(TEXT)
    assert suite.name == "sized"
    assert [(cell.game, cell.algorithm, len(cell.runs)) for cell in suite.cells] == [
        ("climbing", "maddpg", 20),
        ("climbing", "ddpg", 20),
        ("penalty", "maddpg", 10),
        ("penalty", "ddpg", 10),
        ("stag_hunt", "maddpg", 10),
        ("stag_hunt", "ddpg", 10),
    ]


def test_a_size_changes_what_it_says_and_nothing_else() -> None:
    suite = parse_suite(TEXT, size="quick")
    assert (suite.name, suite.config.size) == ("sized-quick", "quick")
    assert [(cell.game, cell.algorithm, len(cell.runs)) for cell in suite.cells] == [
        ("climbing", "ddpg", 3),
        ("penalty", "ddpg", 3),
    ]
    climbing, penalty = (cell.runs[0] for cell in suite.cells)
    assert (climbing.steps, penalty.steps) == (1_000, 2_000)
    settings = climbing.algorithm["*"]
    assert settings["batch_size"] == 64
    assert (settings["rollout"]["n_envs"], settings["rollout"]["warmup_steps"]) == (4, 100)


@pytest.mark.parametrize(
    ("text", "size", "message"),
    [
        (TEXT, "quik", r"size: sized has no size 'quik'; it has full, quick; did you mean quick\?$"),
        (TEXT.replace('["stag_hunt"]', '["stag"]'), "quick", r"line \d+: leave_out: there is no 'stag' in this suite"),
        (TEXT.replace("sizes.quick.games.climbing", "sizes.quick.games.cli"), "quick", "games: there is no 'cli'"),
        (TEXT.replace('= ["ddpg"]', '= ["dqn"]'), "quick", "algorithms: there is no 'dqn'"),
        (
            TEXT.replace('["stag_hunt"]', '["stag_hunt", "climbing", "penalty"]'),
            "quick",
            "must leave at least one game",
        ),
        (TEXT.replace("[sizes.quick]\nseeds", "[sizes.quick]\nsteqs"), "full", "unknown key 'steqs'"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, size: str, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        parse_suite(text, size=size)


@pytest.mark.parametrize("chosen", ["full", "quick"])
@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        # lines counted in TEXT, whose first is empty; what a size says of a game, of all games, or leaves as it was
        ("n_envs = 4", "n_env = 4", 30, "size quick: unknown key 'n_env'; did you mean n_envs"),
        ("steps = 1_000", "steps = 90", 29, "size quick: ddpg in climbing: steps: 90 leave no update"),
        ("steps = 1_000", "seeds = '4:2'", 29, "size quick: seeds must be"),
        ("[sizes.quick]\nseeds = 3", "[sizes.quick]\nseeds = '3:3'", 24, "size quick: seeds must be"),
        ("seeds = 3", "steps = 150", 24, "size quick: ddpg in penalty: steps: 150 leave no update"),
        ("seeds = 3", "snapshots = 900", 24, "size quick: snapshots: 900 are more than the 251 that ddpg in climbing"),
        ("steps = 1_000", "metrics = ['gradient']", 29, "size quick: metrics: there is no instrument 'gradient'"),
        ("steps = 1_000", "algorithms = ['maddpg']", 29, "size quick: algorithms: there is no 'maddpg'"),
        ("steps = 1_000", "algorithms = []", 29, r"algorithms is \[\]: list should have at least 1 item"),
        ('["maddpg", "ddpg"]', '["maddpg"]', 26, "algorithms: ddpg leave penalty without any"),
        ("[sizes.quick.games", "[sizes.full]\nseeds = 2\n[sizes.quick.games", 28, "sizes: full is the suite itself"),
    ],
)
def test_every_size_is_checked_whichever_is_chosen_and_named_where_it_is_written(
    chosen: str, old: str, new: str, line: int, message: str
) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(SuiteError, match=f"^x.toml, line {line}: .*{message}"):
        parse_suite(text, source="x.toml", size=chosen)


def test_a_size_whose_name_would_grow_too_long_is_refused() -> None:
    with pytest.raises(SuiteError, match=r"sizes: the name 'sized-q+' is longer than 64 characters"):
        parse_suite(TEXT.replace("quick", "q" * 60))


def test_a_size_may_keep_critics_where_the_suite_does_not() -> None:
    kept = parse_suite(TEXT.replace("leave_out", "keep_critics = true\nleave_out"), size="quick")
    assert all(run.keep_critics for run in kept.runs)
    assert not any(run.keep_critics for run in parse_suite(TEXT, size="quick").runs)
