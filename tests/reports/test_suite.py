from __future__ import annotations

import re

import pytest

from nashlens.reports.refusals import SuiteError, known_keys, suggestion
from nashlens.reports.run_spec import EVERY_SIDE
from nashlens.reports.suite import SuiteConfig, parse_suite, read_settings, resolve

TEXT = """name = "t"
steps = 100

[games.chicken]
settings = { rollout = { n_envs = 2 } }

[algorithms.maddpg]
kind = "maddpg"

[algorithms.slow]
kind = "ddpg"
learning_rate = 0.003
"""


def test_parse_suite_gives_games_times_algorithms_times_seeds() -> None:
    suite = parse_suite(TEXT)
    assert [(cell.game, cell.algorithm) for cell in suite.cells] == [("chicken", "maddpg"), ("chicken", "slow")]
    assert [run.seed for run in suite.cells[0].runs] == [0, 1, 2, 3, 4]
    assert len({run.run_id for run in suite.runs}) == 10
    settings = suite.cells[1].runs[0].algorithm[EVERY_SIDE]
    assert (settings["kind"], settings["learning_rate"], settings["rollout"]["n_envs"]) == ("ddpg", 0.003, 2)
    assert settings["gamma"] == 0.95  # the paper's default, written out in the run


def test_parse_suite_lets_a_game_have_its_own_length_seeds_and_algorithms() -> None:
    own = "[games.chicken]\nsteps = 7\nseeds = '3:5'\nalgorithms = ['slow']"
    cells = parse_suite(TEXT.replace("[games.chicken]", own)).cells
    assert [(c.algorithm, c.runs[0].steps, [r.seed for r in c.runs]) for c in cells] == [("slow", 7, [3, 4])]


def test_parse_suite_reads_one_algorithm_for_each_side() -> None:
    text = TEXT + "[algorithms.mixed.sides.agent_0]\nkind = 'maddpg'\n[algorithms.mixed.sides.agent_1]\nkind = 'ddpg'\n"
    run = parse_suite(text).cells[2].runs[0]
    assert {side: each["kind"] for side, each in run.algorithm.items()} == {"agent_0": "maddpg", "agent_1": "ddpg"}


def test_labels_are_no_part_of_a_run() -> None:
    renamed = TEXT.replace("[games.chicken]", '[games.other]\ngame = "chicken"').replace(
        "algorithms.slow", "algorithms.z"
    )
    assert [run.run_id for run in parse_suite(renamed).runs] == [run.run_id for run in parse_suite(TEXT).runs]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("steps", "stepz", 2, "unknown key 'stepz'; did you mean steps?"),
        ("steps = 100", "", None, "steps is missing"),
        ("= 100", "= '100'", 2, "steps is '100'"),
        ("= 100", "= 0", 2, "steps is 0"),
        ('"t"', '"../t"', 1, "name is '../t'"),
        ("learning_rate", "learnig_rate", 12, "unknown key 'learnig_rate'; did you mean learning_rate?"),
        ("0.003", "-0.003", 12, "learning_rate is -0.003: input should be greater than 0"),
        ("n_envs", "n_env", 5, "unknown key 'n_env'; did you mean n_envs?"),
        ("settings", "setings", 5, "unknown key 'setings'; did you mean settings?"),
        ('"ddpg"', '"dpg"', 11, "kind is 'dpg'; it must be one of maddpg, ddpg"),
        ('kind = "ddpg"', "", 10, "kind is missing; it must be one of maddpg, ddpg"),
        ("games.chicken", "games.chiken", 4, "there is no game 'chiken'; did you mean chicken?"),
        ("[games.chicken]", "[games.x]\ngame='chiken'", 5, "did you mean chicken?"),
        ("[games.chicken]", "[games.chicken]\nparameters = { k = 1 }", 5, "chicken has no parameter 'k'"),
        ("[games.chicken]", "[games.chicken]\nseeds = '4:2'", 5, "seeds must be"),
        ("[games.chicken]", "[games.chicken]\nalgorithms = ['fast']", 5, "there is no 'fast' in this suite"),
        ("[algorithms.slow]", "[algorithms.slow.sides.agent_0]", 10, "sides of chicken are agent_0, agent_1"),
        ("[algorithms.slow]", "sides = 3\n[algorithms.slow]", 10, "sides must be the only key"),
    ],
)
def test_parse_suite_refuses_with_line_key_and_expectation(old: str, new: str, line: int | None, says: str) -> None:
    text = TEXT.replace(old, new, 1)
    assert text != TEXT
    with pytest.raises(SuiteError) as error:
        parse_suite(text, source="x.toml")
    place = "x.toml: " if line is None else f"x.toml, line {line}: "
    assert str(error.value).startswith(place)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_parse_suite_refuses_sides_with_different_rollouts() -> None:
    sides = "kind = 'maddpg'\n[algorithms.slow.sides.agent_1]\nrollout = { warmup_steps = 3 }\n"
    text = TEXT.replace("[algorithms.slow]", "[algorithms.slow.sides.agent_0]\n" + sides)
    with pytest.raises(SuiteError, match="rollout must be the same for every side"):
        parse_suite(text)


def test_parse_suite_of_what_is_no_toml_names_the_place() -> None:
    with pytest.raises(SuiteError, match=re.compile(r"x.toml: not TOML: .*line 1")):
        parse_suite("name = \nsteps = 3", source="x.toml")


def test_resolve_refuses_an_unknown_game_and_says_where() -> None:
    config = SuiteConfig.model_validate({"name": "a", "steps": 1, "games": {"no": {}}, "algorithms": {"m": {}}})
    with pytest.raises(SuiteError, match="there is no game 'no'") as error:
        resolve(config)
    assert error.value.path == ("games", "no")


def test_read_settings_of_what_is_no_table_raises() -> None:
    with pytest.raises(SuiteError, match="an algorithm must be a table with kind, not 3"):
        read_settings(3, over={})


def test_read_settings_lays_tables_over_tables() -> None:
    over = {"rollout": {"n_envs": 3}}
    rollout = read_settings({"kind": "ddpg", "rollout": {"warmup_steps": 7}}, over=over)["rollout"]
    assert (rollout["n_envs"], rollout["warmup_steps"]) == (3, 7)


def test_known_keys_follow_the_path_into_tables() -> None:
    assert "parameters" in known_keys(SuiteConfig, ("games", "any"))
    assert known_keys(SuiteConfig, ("steps",)) == []


def test_suggestion_without_a_near_word_names_all() -> None:
    assert suggestion("zzz", ["steps", "seeds"]) == "; it may be steps, seeds"
    assert suggestion("zzz", []) == ""
