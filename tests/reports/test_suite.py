from __future__ import annotations

import re
from typing import Any

import pytest

from nashlens.agents.config import parse
from nashlens.agents.training import train
from nashlens.games import make
from nashlens.reports.feasibility import n_updates
from nashlens.reports.refusals import SuiteError, known_keys, suggestion
from nashlens.reports.run_spec import EVERY_SIDE
from nashlens.reports.suite import parse_suite, resolve
from nashlens.reports.suite_config import SuiteConfig
from nashlens.reports.suite_settings import read_settings

TEXT = """name = "t"
steps = 100

[games.chicken]
settings = { rollout = { n_envs = 2, warmup_steps = 4, update_every_steps = 4 } }

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
    own = "[games.chicken]\nsteps = 8\nseeds = '3:5'\nalgorithms = ['slow']"
    cells = parse_suite(TEXT.replace("[games.chicken]", own)).cells
    assert [(c.algorithm, c.runs[0].steps, [r.seed for r in c.runs]) for c in cells] == [("slow", 8, [3, 4])]


def test_parse_suite_reads_one_algorithm_for_each_side() -> None:
    text = TEXT + "[algorithms.mixed.sides.agent_0]\nkind = 'maddpg'\n[algorithms.mixed.sides.agent_1]\nkind = 'ddpg'\n"
    run = parse_suite(text).cells[2].runs[0]
    assert {side: each["kind"] for side, each in run.algorithm.items()} == {"agent_0": "maddpg", "agent_1": "ddpg"}


def test_runs_that_cannot_learn_are_refused_with_the_argument() -> None:
    few = TEXT.replace("warmup_steps = 4", "warmup_steps = 400")
    with pytest.raises(
        SuiteError, match=r"line 2: maddpg in chicken: steps: 100 leave no update .*rollout.warmup_steps"
    ):
        parse_suite(few, source="x.toml")
    own = few.replace("[games.chicken]", "[games.chicken]\nsteps = 50")
    with pytest.raises(SuiteError, match="line 5: maddpg in chicken: steps: 50 leave no update"):
        parse_suite(own, source="x.toml")
    # a window of 4 horizons of one step in 8 environments: 32 steps for the first update
    window = 'name = "w"\nsteps = 31\n[games.chicken]\n[algorithms.r]\nkind = "reinforce"\n'
    with pytest.raises(SuiteError, match=r"line 2: r in chicken: steps: 24 leave no update .*horizons_per_update = 4"):
        parse_suite(window.replace("31", "24"), source="x.toml")
    assert parse_suite(window.replace("31", "32")).cells


def test_settings_that_do_not_fit_a_game_are_refused_before_anything_runs() -> None:
    text = TEXT.replace("[games.chicken]", '[games.tag]\ngame = "simple_tag"\nparameters = { actions = "continuous" }')
    inferring = text.replace('kind = "maddpg"', 'kind = "maddpg"\ninference = {}')
    assert parse_suite(inferring).cells
    dosed = text.replace('kind = "maddpg"', 'kind = "maddpg"\ninference = { dose = 0.5 }')
    with pytest.raises(SuiteError, match="maddpg in tag: inference of Box actions needs dose 0 and fed_as") as error:
        parse_suite(dosed)
    assert error.value.path == ("algorithms", "maddpg")


@pytest.mark.parametrize(
    ("kind", "steps", "settings", "updates"),
    [
        # warm-up 40, then every 8: at 40, 48, …, 96, and 100 are rounded up to 100 by 4 environments
        ("maddpg", 100, {"rollout": {"n_envs": 4, "warmup_steps": 40, "update_every_steps": 8}}, 8),
        # chicken's horizon is 1: windows of 2 rounds in 4 environments, of which 100 steps hold 12
        ("reinforce", 100, {"rollout": {"n_envs": 4, "horizons_per_update": 2}}, 12),
    ],
)
def test_n_updates_is_what_training_makes(kind: str, steps: int, settings: dict[str, Any], updates: int) -> None:
    config = {"name": "a", "steps": steps, "games": {"chicken": {}}, "algorithms": {"m": {"kind": kind, **settings}}}
    run = resolve(SuiteConfig.model_validate(config)).cells[0].runs[0]
    game = make("chicken")
    assert n_updates(game.spec, run) == updates
    trained = train(game, parse(run.algorithm[EVERY_SIDE]), seeds=[0], steps=steps, n_snapshots=2)
    assert trained[0].n_updates == updates


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
        ('"ddpg"', '"dpg"', 11, "optimistic_gradient; did you mean ddpg?"),
        ('kind = "ddpg"', "", 10, "kind is missing; it must be one of maddpg, ddpg"),
        ("games.chicken", "games.chiken", 4, "there is no game 'chiken'; did you mean chicken?"),
        ("[games.chicken]", "[games.x]\ngame='chiken'", 5, "did you mean chicken?"),
        ("[games.chicken]", "[games.chicken]\nparameters = { k = 1 }", 5, "chicken has no parameter 'k'"),
        ("[games.chicken]", "[games.chicken]\nseeds = '4:2'", 5, "seeds must be"),
        ("[games.chicken]", "[games.chicken]\nalgorithms = ['fast']", 5, "there is no 'fast' in this suite"),
        ("[algorithms.slow]", "[algorithms.slow.sides.agent_0]", 10, "sides of chicken are agent_0, agent_1"),
        ("[algorithms.slow]", "sides = 3\n[algorithms.slow]", 10, "sides must be the only key"),
        ("[games.chicken]", "[games.chicken]\nalgorithms = []", 5, "algorithms is []: list should have at least 1"),
        ("[games.chicken]", "[games.chicken]\nalgorithms = ['slow', 'slow']", 5, "algorithms: 'slow' is named twice"),
        ('"ddpg"\nlearning_rate = 0.003', '"maddpg"', 10, "slow in chicken is the same as maddpg in chicken"),
        ("steps = 100", "steps = 100\nsnapshots = 52", 3, "snapshots: 52 are more than the 51 that maddpg in chicken"),
        ("[games.chicken]", "[games.chicken]\nsnapshots = 500", 5, "snapshots: 500 are more than the 51"),
        ("steps", "metrics = ['selection', 'selection']\nsteps", 2, "metrics: 'selection' is named twice"),
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


@pytest.mark.parametrize(
    ("games", "says"),
    [
        ("games = ['chicken']", "games is ['chicken']: it must be a table, [games] in the file"),
        ("games.chicken = 3", "games.chicken is 3: it must be a table, [games.chicken] in the file"),
    ],
)
def test_parse_suite_asks_for_tables_where_something_else_stands(games: str, says: str) -> None:
    with pytest.raises(SuiteError, match=re.escape(f"mine.toml, line 3: {says}")):
        parse_suite(f'name = "t"\nsteps = 100\n{games}\n[algorithms.maddpg]\nkind = "maddpg"\n', source="mine.toml")


def test_two_games_of_one_content_are_refused_and_of_different_content_are_not() -> None:
    settings = "settings = { rollout = { n_envs = 2, warmup_steps = 4, update_every_steps = 4 } }"
    twin = TEXT + f"[games.twin]\ngame = 'chicken'\n{settings}\n"
    with pytest.raises(SuiteError, match="line 13: maddpg in twin is the same as maddpg in chicken"):
        parse_suite(twin)
    assert len(parse_suite(twin.replace("n_envs = 2", "n_envs = 4", 1)).cells) == 4


def test_snapshots_that_no_one_asked_for_may_be_more_than_there_are_rounds() -> None:
    short = parse_suite(TEXT.replace("steps = 100", "steps = 8"))  # four rounds: at most five of the usual 21
    assert {run.snapshots for run in short.runs} == {21}
    fits = parse_suite(TEXT.replace("steps = 100", "steps = 8\nsnapshots = 5"))
    run = fits.runs[0]
    trained = train(
        make("chicken"), parse(run.algorithm[EVERY_SIDE]), seeds=[0], steps=run.steps, n_snapshots=run.snapshots
    )
    assert len(trained[0].snapshot_steps) == run.snapshots


SPREAD = """name = "s"
steps = 100
metrics = ["gradients"]

[games.simple_spread]
parameters = { n_agents = 2, max_cycles = 5 }

[algorithms.one]
kind = "maddpg"
rollout = { n_envs = 2, warmup_steps = 4, update_every_steps = 4 }
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("", "", "gradients reads critics and models, which are kept where keep_critics is true"),
        ('"gradients"', '"policy_inference"', None),
        ('"maddpg"', '"maddpg"\ninference = {}', "gradients reads critics and models"),
        ("steps = 100", "steps = 100\nkeep_critics = true", None),
        ('"maddpg"', '"maddpg"\nensemble = { size = 2 }', None),
        ('"maddpg"', '"dqn"', None),
        (
            'kind = "maddpg"\nrollout = { n_envs = 2, warmup_steps = 4, update_every_steps = 4 }',
            'kind = "reinforce"\nrollout = { n_envs = 2, horizons_per_update = 1 }',
            "gradients reads critics, which of all kinds maddpg and ddpg alone keep, and not reinforce",
        ),
    ],
)
def test_instruments_that_read_critics_are_refused_where_none_would_be_kept(
    old: str, new: str, says: str | None
) -> None:
    text = SPREAD.replace(old, new, 1) if old else SPREAD
    if says is None:
        assert parse_suite(text).cells
        return
    with pytest.raises(SuiteError, match=f"line 3: metrics: one in simple_spread: {says}"):
        parse_suite(text)


def test_inferred_policies_are_refused_without_critics_in_the_table_that_asks_for_them() -> None:
    text = TEXT.replace("[games.chicken]", "[games.chicken]\nmetrics = ['policy_inference']")
    assert parse_suite(text).cells  # nobody infers: there is nothing to measure, and nothing that needs critics
    inferring = text.replace('kind = "maddpg"', 'kind = "maddpg"\ninference = {}')
    with pytest.raises(SuiteError, match="line 5: metrics: maddpg in chicken: policy_inference reads critics"):
        parse_suite(inferring)
    assert parse_suite("keep_critics = true\n" + inferring).cells


def test_parse_suite_refuses_sides_with_different_rollouts() -> None:
    sides = (
        "kind = 'maddpg'\n[algorithms.slow.sides.agent_1]\nrollout = { update_every_steps = 4, replay_capacity = 90 }\n"
    )
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
