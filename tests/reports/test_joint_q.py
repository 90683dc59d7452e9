"""The instrument of joint action values: sizes by hand, shares of the optimum, refused sizes, sentences both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.config import DDPG, DQN, MADDPG, JointDQN
from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.contract import StoredRuns
from nashlens.reports.instruments.joint_limits import joint_sizes, refused_rows
from nashlens.reports.instruments.joint_q import INSTRUMENT
from nashlens.reports.instruments.joint_q_chapter import joint_q_chapter
from nashlens.reports.instruments.learner_size import n_parameters, parameter_bytes
from tests.reports.instrument_runs import constant_run, values_of

SETTINGS = {
    "dqn": DQN(hidden=(8,)),
    "joint": JointDQN(hidden=(8,), batch_size=4, max_joint_actions=30),
    "maddpg": MADDPG(hidden=(8,)),
    "ddpg": DDPG(hidden=(8,)),
}


def covering(n: int, kind: str, places: Sequence[int], *, seed: int = 0) -> TrainingRun:
    """Return a run of coverage in which agent i goes to place places[i] in the end."""
    game = make("coverage", n_agents=n)
    even, sure = [1 / n] * n, np.eye(n)
    algorithm = SETTINGS[kind].model_dump(mode="json")
    return constant_run(game, [[even, sure[place].tolist()] for place in places], seed=seed, algorithm=algorithm)


def measured(run: TrainingRun) -> list[dict[str, Any]]:
    return list(INSTRUMENT.measure(run, make(run.spec.name, **run.spec.parameters)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # coverage with 2 agents: one constant is seen, two places; hidden 8
        ("dqn", 2 * ((1 + 1) * 8 + (8 + 1) * 2)),
        ("joint", (2 + 1) * 8 + (8 + 1) * 4),
        ("maddpg", 2 * ((1 + 1) * 8 + (8 + 1) * 2 + (2 + 4 + 1) * 8 + 9)),
        ("ddpg", 2 * ((1 + 1) * 8 + (8 + 1) * 2 + (1 + 2 + 1) * 8 + 9)),
    ],
)
def test_n_parameters_by_hand(kind: str, expected: int) -> None:
    run = covering(2, kind, [0, 1])
    assert n_parameters(run.spec, run.algorithm) == expected
    rows = measured(run)
    assert values_of(rows, "jq_parameters") == [expected]
    assert values_of(rows, "jq_log_bytes") == pytest.approx([np.log10(20 * expected)])  # five copies of four bytes
    assert parameter_bytes(expected) == 20 * expected


@pytest.mark.parametrize("kind", ["dqn", "maddpg", "ddpg"])
def test_n_parameters_counts_what_a_learner_really_has(kind: str) -> None:
    # parity with the networks themselves: targets are copies, so that half of what is kept is trained
    import torch

    from nashlens.agents.families import engine_for

    game = make("coverage", n_agents=3)
    run = covering(3, kind, [0, 1, 2])
    algorithms = {side: SETTINGS[kind] for side in game.spec.sides}  # noqa: C420
    engine = engine_for(game.spec, algorithms, seeds=[0], steps=100_000, device=torch.device("cpu"))
    held = sum(tensor.numel() for stack in engine.stacks for tensor in stack.tensors)
    assert n_parameters(run.spec, run.algorithm) == held // 2


def test_n_parameters_of_what_is_not_counted() -> None:
    game = make("coverage", n_agents=2)
    shared = DQN(hidden=(8,), sharing={"mode": "full"}).model_dump(mode="json")  # type: ignore[arg-type]
    twin = MADDPG(hidden=(8,), twin={}).model_dump(mode="json")  # type: ignore[arg-type]
    for settings in (shared, twin, {"kind": "reinforce"}):
        assert n_parameters(game.spec, dict.fromkeys(game.spec.sides, settings)) is None


def test_measure_gives_the_share_of_the_optimum() -> None:
    # before: even play goes to place 0, the first among equals, all of it: one of three places; after: two, then three
    assert values_of(measured(covering(3, "dqn", [0, 1, 1])), "jq_share") == pytest.approx([1 / 3, 2 / 3])
    assert values_of(measured(covering(3, "dqn", [2, 0, 1])), "jq_share") == pytest.approx([1 / 3, 1.0])
    with pytest.raises(ValueError, match="game must be the one that was trained on"):
        list(INSTRUMENT.measure(covering(3, "dqn", [0, 1, 2]), make("coverage", n_agents=2)))


def comparisons(kinds: Mapping[int, Sequence[str]]) -> dict[str, dict[str, pd.DataFrame]]:
    found = {}
    for n, names in kinds.items():
        runs = {name: [covering(n, name, list(range(n)))] for name in names}
        found[f"agents_{n}"] = dict(INSTRUMENT.compare(runs, make("coverage", n_agents=n), label=f"agents_{n}"))
    return found


def facts(*counts: int) -> dict[str, GameFacts]:
    return {
        f"agents_{n}": GameFacts(
            label=f"agents_{n}", matrix=True, constant_sum=False, span=1.0, name="coverage",
            agents=tuple(f"agent_{i}" for i in range(n)), sides=("all",) * n,
        )
        for n in counts
    }  # fmt: skip


def test_joint_sizes_count_what_is_refused_without_making_it() -> None:
    sizes = joint_sizes(comparisons({2: ["joint", "dqn"], 3: ["joint"], 4: ["dqn"]}))
    assert [each.size.n_joint_actions for each in sizes] == [4, 27, 256]  # N^N
    assert [bool(each.refusal) for each in sizes] == [False, False, True]
    assert "max_joint_actions is 30, and coverage has 256 joint actions (4, 16, 64, 256" in sizes[2].refusal
    assert joint_sizes(comparisons({2: ["dqn"]})) == []


def test_compare_takes_times_from_the_store() -> None:
    runs = [covering(2, "dqn", [0, 1], seed=k) for k in range(2)]
    stored = StoredRuns([lambda: runs[0], lambda: runs[1]], processor_seconds=[3.0, 3.0])
    times = INSTRUMENT.compare({"dqn": stored}, make("coverage", n_agents=2), label="g")["times"]
    assert times["value"].tolist() == [0.3]  # six seconds over twice ten updates
    assert stored[:1].processor_seconds == (3.0,)
    unknown = INSTRUMENT.compare({"dqn": runs}, make("coverage", n_agents=2), label="g")["times"]
    assert np.isnan(unknown["value"]).all()
    assert unknown["reason"].tolist() == ["the time was not measured"]


def test_chapter_says_how_the_time_of_an_update_grows() -> None:
    frame = frame_of({(2, "dqn"): [0, 1], (3, "dqn"): [0, 1, 2]})
    timed = comparisons({2: ["dqn"], 3: ["dqn"]})
    assert not any(
        answer.startswith("An update takes") for answer in joint_q_chapter(frame, timed, facts(2, 3)).answers
    )
    for n, seconds in ((2, 0.002), (3, 0.0045)):
        timed[f"agents_{n}"]["times"]["value"] = seconds
    said = joint_q_chapter(frame, timed, facts(2, 3)).answers[-1]
    assert said.startswith("An update takes under dqn from 2.00 ms at N = 2 to 4.50 ms at N = 3: processor time")


def frame_of(ends: Mapping[tuple[int, str], Sequence[int]], *, seeds: int = 6) -> pd.DataFrame:
    rows = [
        {**each, "seed": seed, "game": f"agents_{n}", "algorithm": kind, "run_id": f"{n} {kind} {seed}"}
        for (n, kind), places in ends.items()
        for seed in range(seeds)
        for each in measured(covering(n, kind, places, seed=seed))
    ]
    return pd.DataFrame(rows)


def test_chapter_says_who_gets_more_and_where_it_stops() -> None:
    frame = frame_of({(2, "joint"): [0, 1], (2, "dqn"): [0, 0], (4, "dqn"): [0, 1, 2, 3]})
    chapter = joint_q_chapter(frame, comparisons({2: ["joint", "dqn"], 4: ["dqn"]}), facts(2, 4))
    assert "joint gets more than dqn" in chapter.answers[1]
    assert chapter.answers[0].startswith("A value of every joint action stops after N = 2: with N = 4 agents the")
    # (4 + 1)·8 + 9·256 = 2344 parameters in five copies of four bytes, and 4·4·4·256 bytes of a minibatch
    assert f"{20 * 2344 + 16 * 4 * 256:,} bytes for 1 seed" in chapter.answers[0]
    assert any(answer.startswith("Parameters, counted exactly, grow under dqn from") for answer in chapter.answers)
    assert [figure.name for figure in chapter.figures] == ["jq-share", "jq-memory"]
    assert "joint learner, refused" in chapter.figures[1].panels[0].alternative
    # its line sets out from the last size that can be made: N = 2 with (2 + 1)·8 + 9·4 parameters, then N = 4
    sizes = joint_sizes(comparisons({2: ["joint", "dqn"], 4: ["dqn"]}))
    rows = refused_rows(frame[frame["metric"] == "jq_log_bytes"], sizes)
    assert set(rows["algorithm"]) == {"joint learner, refused"}
    drawn = rows.groupby("game")["value"].mean().to_dict()
    assert drawn == pytest.approx({"agents_2": np.log10(20 * 60), "agents_4": np.log10(20 * 2344)})
    assert chapter.tables[0].rows[1][-1].startswith("refused: ")
    assert [table.name for table in chapter.tables] == ["joint-sizes", "joint-times"]


def test_chapter_the_other_way_round() -> None:
    frame = frame_of({(2, "joint"): [1, 1], (2, "dqn"): [0, 1]})
    chapter = joint_q_chapter(frame, comparisons({2: ["joint", "dqn"]}), facts(2))
    assert "dqn gets more than joint" in chapter.answers[1]
    assert "was not refused" in chapter.answers[0]
    equal = frame_of({(2, "joint"): [0, 1], (2, "dqn"): [0, 1]})
    chapter = joint_q_chapter(equal, comparisons({2: ["joint", "dqn"]}), facts(2))
    assert "No difference between them is shown after Holm's correction for 1 comparison." in chapter.answers[1]


def test_the_interval_of_a_share_ends_at_the_whole() -> None:
    places = [[0, 1], [0, 1], [0, 1], [0, 1], [0, 0]]
    rows = [
        {**each, "seed": seed, "game": "agents_2", "algorithm": "dqn", "run_id": str(seed)}
        for seed, both in enumerate(places)
        for each in measured(covering(2, "dqn", both, seed=seed))
    ]
    chapter = joint_q_chapter(pd.DataFrame(rows), comparisons({2: ["dqn"]}), facts(2))
    # shares 1, 1, 1, 1 and 1/2: mean .9, deviation √.05, half an interval 2.776 · .1 = .278, so that .622 to 1.178
    assert any("a share of the optimum of 0.90 [0.62, 1.00] under dqn" in answer for answer in chapter.answers)
    drawn = chapter.figures[0].data
    assert (drawn["low"].iloc[0], drawn["high"].iloc[0]) == (pytest.approx(0.6224, abs=1e-4), 1.0)


def test_chapter_of_one_seed_and_of_nothing() -> None:
    frame = frame_of({(2, "joint"): [0, 1], (2, "dqn"): [0, 1]}, seeds=1)
    chapter = joint_q_chapter(frame, comparisons({2: ["joint", "dqn"]}), facts(2))
    assert "Too few seeds to compare." in chapter.answers[1]
    assert "were not measured" in joint_q_chapter(pd.DataFrame(), {}, {}).answers[0]
