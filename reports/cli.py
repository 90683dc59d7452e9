"""The command line: what can be asked for, and exit codes (0 done, 1 something failed, 2 bad usage).

Only what parses arguments is imported here; the commands import the rest when they run, so that ``--help`` is fast.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Union

import tyro

from nashlens.reports.mistakes import Mistake, Stopped
from nashlens.reports.mistyped import Commands, refuse_mistyped
from nashlens.reports.report_arguments import REPORT_COMMANDS, Replay, ReportBuild, ReportCheck, ReportIndex, Reports
from nashlens.reports.suite_arguments import SUITE_COMMANDS, Suites, Which

Perhaps = Annotated[str | None, tyro.conf.Positional]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Train, analyse and write a report: MADDPG and independent DDPG on three games, two minutes on two cores."""

    out: Path = Path("nashlens-demo")
    """Folder of the runs and the report."""
    workers: int | None = None
    """Worker processes; as many as there are processors if left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Games:
    """List the games, or describe one.

    Arguments of the game are given as --game.NAME VALUE.
    """

    name: Perhaps = None
    """A game, a file in Gambit's .nfg format, or an OpenSpiel string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve:
    """Print what exact analysis says of a game: equilibria, gaps, correlated equilibria, welfare, potential.

    Arguments of the game are given as --game.NAME VALUE. Of a sequential game its sizes are printed, and what uniform
    play is worth and concedes.
    """

    game: Which
    """A game, a file in Gambit's .nfg format, or an OpenSpiel string such as "goofspiel(num_cards=3)"."""
    json: bool = False
    """Print JSON instead of tables."""
    profile: str | None = None
    """A strategy for each agent to measure, such as [[0.5,0.5],[1,0]]."""
    seconds: float = 30.0
    """How long each part may take; what takes longer is left out, and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """Train one game and write a report.

    Settings of the algorithm are given as --algorithm.NAME VALUE (such as --algorithm.learning_rate 0.003 or
    --algorithm.rollout.n_envs 4), arguments of the game as --game.NAME VALUE.
    """

    game: Which
    """Which game; see `nashlens games`."""
    algorithm: str = "maddpg"
    """Kind of learner: maddpg, ddpg, dqn, joint_dqn, reinforce, actor_critic, trpo or coma; in matrix games also
    fictitious_play, multiplicative_weights, regret_matching or optimistic_gradient, which know the payoffs."""
    seeds: str = "0:5"
    """How many seeds, or a range such as 0:10."""
    steps: int = 100_000
    """Environment steps of each seed."""
    snapshots: int | None = None
    """Snapshots of every policy, the first before any training; 21, or as many as a short run has rounds for, if left
    out."""
    evaluation_episodes: int = 0
    """Fresh episodes at each snapshot."""
    explore: bool = False
    """Sample actions in these and in the final episodes instead of playing without exploration noise."""
    out: Path | None = None
    """Folder of the runs and the report; runs/GAME if left out."""
    workers: int | None = None
    """Worker processes; as many as there are processors if left out."""


COMMANDS: Commands = {
    "demo": Demo,
    "games": Games,
    "solve": Solve,
    "train": Train,
    "suite": SUITE_COMMANDS,
    "report": REPORT_COMMANDS,
    "replay": Replay,
}
SUBJECTS = {"train": ("algorithm", "game"), "solve": ("game",), "games": ("game",)}
Command = Union[  # noqa: UP007
    Annotated[Demo, tyro.conf.subcommand("demo", prefix_name=False)],
    Annotated[Games, tyro.conf.subcommand("games", prefix_name=False)],
    Annotated[Solve, tyro.conf.subcommand("solve", prefix_name=False)],
    Annotated[Train, tyro.conf.subcommand("train", prefix_name=False)],
    Annotated[Suites, tyro.conf.subcommand("suite", prefix_name=False)],
    Annotated[Reports, tyro.conf.subcommand("report", prefix_name=False)],
    Annotated[Replay, tyro.conf.subcommand("replay", prefix_name=False)],
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : the words after ``nashlens``; this process's own if left out.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words == ["--version"]:
            sys.stdout.write(f"nashlens {_version()}\n")
            return 0
        plain, settings = _set_apart(words or ["--help"])
        refuse_mistyped(plain, COMMANDS, dotted=SUBJECTS)
        with _global_generator_kept():
            asked = tyro.cli(
                Command,
                args=plain,
                prog="nashlens",
                description="Game-theoretic instruments for MADDPG and its relatives: train, analyse, report.\n\n"
                "nashlens --version prints which version this is.",
                config=(tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes),
            )
        return _run(asked, settings, ["nashlens", *words])
    except Mistake as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except MemoryError as error:
        sys.stderr.write(f"error: there is not enough memory for what was asked for. {error}".strip() + "\n")
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on where this one was\n")
        return 1
    except BrokenPipeError:
        return 1


def _run(asked: object, settings: dict[str, list[tuple[str, str]]], command: list[str]) -> int:
    from nashlens.reports import commands, replay_command, report_commands, suite_commands

    match asked:
        case Demo():
            return commands.demo(asked.out, workers=asked.workers, command=command)
        case Games():
            return commands.games(asked.name, settings)
        case Solve():
            return commands.solve(asked, settings)
        case Train():
            return commands.train(asked, settings, command=command)
        case Suites():
            return suite_commands.do(asked, command=command)
        case Reports(do=ReportBuild() as build):
            return report_commands.report_build(build.folder, suite=build.suite, compare=build.compare)
        case Reports(do=ReportIndex() as index):
            return report_commands.report_index(index.folders, out=index.out)
        case Replay() as wanted:
            return replay_command.replay(
                wanted.run, store=wanted.store, episode=wanted.seed_of_episode, out=wanted.out, gif=wanted.gif
            )
        case Reports(do=ReportCheck() as check):
            return report_commands.report_check(check.folder, suite=check.suite)
    raise AssertionError(asked)


def _version() -> str:
    """Return the version that this package was installed as.

    Raises
    ------
    Stopped : it was not installed: a checkout alone has no version.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("nashlens")
    except PackageNotFoundError as error:
        raise Stopped("nashlens is not installed, so that it has no version; see README.md") from error


@contextmanager
def _global_generator_kept() -> Iterator[None]:
    """Put Python's global generator back as it was: tyro's cache draws from it."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _set_apart(words: Sequence[str]) -> tuple[list[str], dict[str, list[tuple[str, str]]]]:
    """Take ``--algorithm.NAME VALUE`` and ``--game.NAME VALUE`` out of the words of a command that knows them.

    Raises
    ------
    Mistake : a name has no value.
    """
    settings: dict[str, list[tuple[str, str]]] = {"algorithm": [], "game": []}
    subjects = SUBJECTS.get(words[0], ()) if words else ()
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        subject, dot, name = word.removeprefix("--").partition(".")
        if not word.startswith("--") or not dot or subject not in subjects:
            plain.append(word)
            continue
        name, equals, value = name.partition("=")
        given = value if equals else next(rest, None)
        if given is None or not name:
            raise Mistake(f"{word} needs a value, such as {word} 3")
        settings[subject].append((name, given))
    return plain, settings
