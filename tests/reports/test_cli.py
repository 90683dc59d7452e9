from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from rich.console import Console

from nashlens.reports import commands, suite_page
from nashlens.reports.cli import main
from nashlens.reports.packing import CellCost
from nashlens.reports.suite_files import named_suite


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a refused command says."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("error: ").rstrip("\n")


def test_help_of_every_command_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["demo", "--help"], ["suite", "--help"], ["suite", "run", "--help"], ["train", "--help"]):
        assert main(words) == 0
    assert "demo" in capsys.readouterr().out


def test_help_names_the_option_that_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "nashlens --version prints which version this is." in capsys.readouterr().out


def test_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert main(["--version"]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (f"nashlens {project['version']}\n", "")


def test_version_of_what_is_not_installed_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    assert main(["--version"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: nashlens is not installed, so that it has no version; see README.md\n"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    code = (
        f"import sys; from nashlens.reports.cli import main; main(['{option}']); "
        "print(sorted({'torch', 'pandas', 'numpy', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_the_package_run_as_a_module_is_the_command() -> None:
    command = [sys.executable, "-m", "nashlens.reports"]
    listed = subprocess.run([*command, "suite", "list"], capture_output=True, text=True, check=True)
    assert "demo" in listed.stdout
    wrong = subprocess.run([*command, "games", "chiken"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: ")


def test_an_unknown_game_suggests_near_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert "did you mean chicken?" in refused(["games", "chiken"], capsys)
    assert "did you mean chicken?" in refused(["train", "chiken", "--out", out], capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--algorithm.learning_rate", "-0.1"], "learning_rate is -0.1: input should be greater than 0"),
        (["--algorithm.learnig_rate=0.1"], "unknown key 'learnig_rate'; did you mean learning_rate?"),
        (["--algorithm.rollout.n_env", "2"], "unknown key 'n_env'; did you mean n_envs?"),
        (["--algorithm", "dpg"], "kind is 'dpg'; it must be one of maddpg, ddpg"),
        (["--game.k", "1"], "chicken has no parameter 'k'"),
        (["--seeds", "5:2"], "seeds must be"),
        (["--steps", "0"], "steps is 0: input should be greater than or equal to 1"),
        (["--snapshots", "1"], "snapshots is 1"),
        (["--steps", "1000"], "maddpg in chicken: steps: 1000 leave no update"),
        (["--workers", "0"], "workers must be at least 1, not 0"),
        (["--algorithm.learning_rate"], "--algorithm.learning_rate needs a value"),
        (["--algorithm.kind", "ddpg"], "--algorithm.kind is said by --algorithm; give that one alone"),
        (
            ["--algorithm.sharing", "full"],
            "sharing is 'full': it must be a table, [sharing] in the file, with the keys ",
        ),
        (
            ["--algorithm.rollout", "4", "--algorithm.rollout.n_envs", "4"],
            "rollout is given as 4 and by rollout.n_envs: give one of them",
        ),
        (
            ["--algorithm.rollout.n_envs", "4", "--algorithm.rollout", "4"],
            "rollout is given as '4' and by rollout.n_envs: give one of them",
        ),
    ],
)
def test_train_refuses_settings_before_anything_is_written(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert says in refused(["train", "chicken", "--out", str(tmp_path / "out"), *words], capsys)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("game", "says"),
    [
        ("chess", "game: there is no game 'chess'; did you mean chicken?"),
        ("", "game: there is no game ''; `nashlens games` lists them all"),
        (
            "pd.nfg",
            "game is 'pd.nfg': train takes a name that `nashlens games` lists, and arguments as --game.NAME VALUE",
        ),
        ("kuhn_poker(players=2)", "game is 'kuhn_poker(players=2)': train takes a name that `nashlens games` lists"),
    ],
)
def test_train_refuses_what_is_no_name_of_a_game(game: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(["train", game], capsys).startswith(says)


def test_train_does_not_hide_what_it_trained_before(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["train", "chicken", "--out", str(out), "--workers", "1", "--snapshots", "2", "--algorithm.hidden", "[4]"]
    words += ["--algorithm.batch_size", "4", "--algorithm.rollout.warmup_steps=8"]
    words += ["--algorithm.rollout.update_every_steps=8", "--steps"]
    assert main([*words, "16", "--seeds", "1"]) == 0
    stored = sorted(path.name for path in (out / "runs").iterdir())
    capsys.readouterr()
    for other in (["24", "--seeds", "1"], ["16", "--seeds", "1:2"], ["16", "--seeds", "1", "--explore"]):
        message = refused([*words, *other], capsys)
        assert "holds 1 run of maddpg in chicken over 16 steps that this command does not ask for" in message
        assert f"--out {out}-2" in message
    assert sorted(path.name for path in (out / "runs").iterdir()) == stored
    assert main([*words, "16", "--seeds", "2"]) == 0  # more seeds of the same cell hide nothing
    assert "2 of 2 runs done (1 were there before)" in " ".join(capsys.readouterr().out.split())


def test_an_unknown_suite_suggests_a_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no suite and no file 'dmo'; did you mean demo?" in refused(["suite", "show", "dmo"], capsys)


def test_a_suite_file_with_a_typo_is_refused_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, suite_text: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(suite_text.replace("steps = 300", "stepz = 300"))
    message = refused(["suite", "run", str(path), "--out", str(tmp_path / "out")], capsys)
    assert message == f"{path}, line 5: unknown key 'stepz'; did you mean steps?"
    assert not (tmp_path / "out").exists()


def test_a_suite_file_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    assert "mine.toml must be UTF-8 text: invalid start byte at byte 0" in refused(
        ["suite", "show", str(tmp_path / "mine.toml")], capsys
    )


def test_an_output_folder_that_cannot_be_written_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for words in (["demo"], ["train", "chicken"], ["suite", "run", "demo"]):
        message = refused([*words, "--out", str(tmp_path / "file" / "out")], capsys)
        assert "cannot write to" in message
    assert "holds other files" in refused(["demo", "--out", str(tmp_path)], capsys)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("words", [["suite", "status"], ["report", "build"], ["report", "check"]])
def test_a_folder_that_is_no_store_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "is no folder of nashlens runs" in refused([*words, str(tmp_path)], capsys)


def test_games_lists_all_and_shows_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["games"]) == 0
    assert "matching_pennies" in capsys.readouterr().out
    assert main(["games", "handover"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "arguments: n_signs = 5, sure_thing = 0.5 The mover keeps a task or hands it to its partner" in page
    assert main(["games", "kuhn_poker"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "(sequential) arguments: players = 2, max_histories = " in page
    assert main(["games", "chicken"]) == 0
    shown = capsys.readouterr().out
    assert "equilibria" in shown
    assert "6, 6" in shown
    assert "1 number " in shown


def test_suite_list_and_show_name_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", "list"]) == 0
    assert "demo" in capsys.readouterr().out
    assert main(["suite", "show", "demo"]) == 0
    assert "6 cells, 30 runs" in capsys.readouterr().out


def test_suite_show_counts_one_cell_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path, suite_text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(suite_text.partition("[algorithms.ddpg]")[0].replace("seeds = 2", "seeds = 1"))
    assert main(["suite", "show", str(path), "--no-time"]) == 0
    assert "1 cell, 1 run; set-ups" in capsys.readouterr().out


def test_what_no_memory_is_there_for_ends_with_1_and_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> int:
        raise MemoryError("Unable to allocate 728 TiB for an array")

    monkeypatch.setattr(commands, "games", too_large)
    assert main(["games", "chicken"]) == 1
    said = "error: there is not enough memory for what was asked for. Unable to allocate 728 TiB for an array\n"
    assert capsys.readouterr().err == said


def test_suite_show_cuts_nothing_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, suite_text: str
) -> None:
    label, rate = "a_learner_with_a_name_that_takes_much_room_in_a_row", "learning_rate = 0.0123456789"
    path = tmp_path / "mine.toml"
    path.write_text(suite_text.replace("[algorithms.ddpg]", f"[algorithms.{label}]\n{rate}"))
    assert main(["suite", "show", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if label in line).split()
    number = row[row.index("300") + 1]
    start = next(k for k, line in enumerate(lines) if line.strip().startswith(f"{number}  4 snapshots; "))
    set_up = " ".join(line.strip() for line in lines[start : start + 2])
    assert rate in set_up
    assert "rollout.update_every_steps = 50" in set_up


@pytest.mark.parametrize("name", ["pairings", "demo"])
def test_suite_show_fits_into_100_columns_and_cuts_nothing(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_page, "calibrate", lambda run, n_seeds: CellCost(alone=5000.0, more=44.0))
    monkeypatch.setattr(suite_page, "uncut_console", lambda: Console(width=100))
    assert main(["suite", "show", name]) == 0
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert shown.count("…") == shown.count("0 … 4") + shown.count("0 … 9")
    assert "21 snapshots; " in shown or "11 snapshots; " in shown
    rows = [line.split() for line in shown.splitlines() if " 0 … " in line]
    for cell in named_suite(name).cells:  # a long name may be folded, and goes on in the next line
        assert any(row[0] == cell.game and cell.algorithm.startswith(row[1]) for row in rows)


NFG = 'NFG 1 R "pd" { "row" "col" } { {"c" "d"} {"c" "d"} } 3 3 5 0 0 5 1 1'


def test_solve_prints_tables_and_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["solve", "chicken"]) == 0
    shown = capsys.readouterr().out
    assert "Nash equilibria" in shown
    assert "complete: there are no others" in shown
    (tmp_path / "pd.nfg").write_text(NFG)
    assert main(["solve", str(tmp_path / "pd.nfg"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    # to defect is dominant: payoffs 1 each against 3 each, so that the price of anarchy is 3
    assert [e["payoffs"] for e in found["equilibria"]["equilibria"]] == [[1.0, 1.0]]
    assert found["price"]["anarchy"] == pytest.approx(3.0)


def test_solve_takes_parameters_profiles_and_open_spiel_strings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "penalty", "--game.k", "-50", "--profile", "[[1,0,0],[0,0,1]]", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["gaps"]["profiles"][0]["payoffs"] == [-50.0, -50.0]
    assert main(["solve", "kuhn_poker(players=2)"]) == 0
    assert "58 histories" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chiken"], "did you mean chicken?"),
        (["none.nfg"], "game: none.nfg: no such file or directory"),
        (["simple_tag"], "game must be a matrix game or a game tree"),
        (["chicken", "--game.k", "1"], "chicken has no parameter 'k'"),
        (["chicken", "--game.k"], "--game.k needs a value"),
        (["chicken", "--profile", "half"], "profile is 'half': it must be a list of strategies"),
        (["chicken", "--profile", "1"], "profile is '1': it must be a list of strategies"),
        (
            ["chicken", "--profile", '[["a","b"],[1,0]]'],
            "profile must be numbers that make one strategy an agent: strategies must be arrays of numbers",
        ),
        (
            ["chicken", "--profile", "[[0.5,NaN],[1,0]]"],
            "an agent: the strategy of agent 0 must be finite",
        ),
        (["chicken", "--profile", "[[null,1],[1,0]]"], "profile must be numbers that make one strategy an agent: "),
        (["chicken", "--profile", "[]"], "profile must "),
        (["chicken", "--profile", "[[1,0]]"], "profile must have (2, 2) actions"),
        (["chicken", "--seconds", "-1"], "seconds must be more than 0"),
        (["chess"], "chess has more than 500000 histories"),
    ],
)
def test_solve_refuses_with_one_line(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(["solve", *words], capsys)


def test_games_shows_a_file_an_open_spiel_game_and_parameters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "pd.nfg").write_text(NFG)
    assert main(["games", str(tmp_path / "pd.nfg")]) == 0
    assert "Price of anarchy" in capsys.readouterr().out
    assert main(["games", "goofspiel(num_cards=2)"]) == 0
    assert "histories" in capsys.readouterr().out
    assert main(["games", "penalty", "--game.k", "-7"]) == 0
    assert "-7, -7" in capsys.readouterr().out
    assert "needs the name of a game" in refused(["games", "--game.k", "1"], capsys)
