from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from nashlens.reports import cli
from nashlens.reports.cli import COMMANDS, SUBJECTS, main
from nashlens.reports.mistakes import Mistake
from nashlens.reports.mistyped import refuse_mistyped


def said_of(words: list[str]) -> str:
    with pytest.raises(Mistake) as found:
        refuse_mistyped(words, COMMANDS, dotted=SUBJECTS)
    return str(found.value)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("trian a", "nashlens has no 'trian'; it must be one of demo, games, solve, train, suite, report, replay; "),
        ("--verson", "nashlens has no '--verson'; it must be one of demo, "),
        ("suite", "nashlens suite needs one of list, show, run, status, export; see nashlens suite --help"),
        ("suite rn", "nashlens suite has no 'rn'; it must be one of list, show, run, status, export; did you mean "),
        ("train", "nashlens train needs a game; see nashlens train --help"),
        ("report build --suite a", "nashlens report build needs a folder; see nashlens report build --help"),
        ("suite export runs", "nashlens suite export needs --out; see nashlens suite export --help"),
        ("train chicken more", "nashlens train cannot use 'more': it takes a game, options and nothing else"),
        ("demo here", "nashlens demo cannot use 'here': it takes options and nothing else"),
        ("suite show demo --time yes", "nashlens suite show cannot use 'yes': it takes a suite, options and "),
        ("suite show demo --no-time=yes", "--no-time takes no value, such as 'yes'"),
        ("train chicken --setps 5", "nashlens train has no --setps; did you mean --steps?"),
        ("train chicken --lr 1", "nashlens train has no --lr; it may be --algorithm.NAME, --game.NAME, --algorithm, "),
        ("train chicken --algoritm.lr 1", "nashlens train has no --algoritm.lr; did you mean --algorithm.NAME?"),
        ("demo --game.k 1", "nashlens demo has no --game.k; it may be --out, --workers"),
        ("solve chicken -j", "nashlens solve has no -j; it may be --game.NAME, --json, --profile, --seconds"),
        ("train chicken --steps", "--steps needs a value; see nashlens train --help"),
        ("demo --out --workers 2", "--out needs a value; see nashlens demo --help"),
        ("train chicken --steps 1e5", "steps is '1e5'; it must be a whole number"),
        ("train chicken --steps None", "steps is 'None'; it must be a whole number"),
        ("demo --workers=many", "workers is 'many'; it must be a whole number"),
        ("replay abcd --seed_of_episode 1.5", "seed-of-episode is '1.5'; it must be a whole number"),
        ("solve chicken --seconds soon", "seconds is 'soon'; it must be a number"),
        ("suite export a --out b --format parket", "format is 'parket'; it must be one of parquet, csv; did you mean "),
    ],
)
def test_refuse_mistyped_names_what_was_typed_and_what_is_expected(words: str, says: str) -> None:
    assert said_of(words.split()).startswith(says)


def test_a_typo_ends_with_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmo"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: nashlens has no 'dmo'")
    assert captured.err.count("\n") == 1


def every_command(commands: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type]]:
    for name, taker in commands.items():
        if isinstance(taker, Mapping):
            yield from every_command(taker, (*path, name))
        elif isinstance(taker, type):
            yield (*path, name), taker


FULL_LINES = {
    "demo": "--out a --workers None",
    "games": "chicken",
    "solve": "--json chicken --profile [[1,0],[0,1]] --seconds 1e2",
    "train": "chicken --algorithm ddpg --seeds=0:3 --steps 7 --snapshots 2 --evaluation_episodes 3 --explore --out a "
    "--workers 2",
    "suite list": "",
    "suite show": "demo --size quick --workers 1 --no-time",
    "suite run": "demo --size=quick --out a --workers 1 --scheduler tcp://a:1 --tensorboard b",
    "suite status": "--watch a --suite b",
    "suite export": "a --out b --format csv --suite c",
    "report build": "a --suite b --compare c",
    "report check": "a --suite=b",
    "report index": "a b c --out d",
    "replay": "a --store b --seed-of-episode -1 --out c --gif d.gif",
}


@pytest.mark.parametrize(("path", "taker"), list(every_command(COMMANDS)))
def test_what_passes_is_what_the_parser_takes(
    path: tuple[str, ...], taker: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def keep(found: object, *_: object) -> int:
        asked.append(found)
        return 0

    monkeypatch.setattr(cli, "_run", keep)
    words = [*path, *FULL_LINES[" ".join(path)].split()]
    refuse_mistyped(words, COMMANDS, dotted=SUBJECTS)
    assert main(words) == 0
    (found,) = asked
    assert isinstance(getattr(found, "do", found), taker)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["suite", "-h"], ["demo", "--setps", "--help"]])
def test_help_is_never_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    refuse_mistyped(words, COMMANDS, dotted=SUBJECTS)
    assert main(words) == 0


def test_help_lists_the_commands_that_are_known_here(capsys: pytest.CaptureFixture[str]) -> None:
    for group in ((), ("suite",), ("report",)):
        assert main([*group, "--help"]) == 0
        known = COMMANDS if not group else COMMANDS[group[0]]
        assert isinstance(known, Mapping)
        assert "{" + ",".join(known) + "}" in capsys.readouterr().out
