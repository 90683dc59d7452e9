from __future__ import annotations

import numpy as np
import pytest

from nashlens.games import make
from nashlens.reports.instruments.nonstationarity import INSTRUMENT
from nashlens.reports.instruments.probe_moments import probe_moments
from nashlens.reports.instruments.target_movement import target_rows
from tests.reports.instrument_runs import constant_run, value_actor, values_of
from tests.reports.nonstationarity_runs import HEADS, pennies


def test_target_rows_of_action_values_are_their_greedy_change() -> None:
    # the greedy value goes from 1 to 3 and γ = .9: the target moves by 1.8, whatever is seen
    game = make("repeated", stage="matching_pennies", rounds=2, memory=1)
    actor = value_actor([[1.0, 0.0], [0.0, 3.0]], 4, epsilons=[0.1, 0.1])
    run = constant_run(game, [HEADS[:2]] * 2, actors=(actor, actor))
    rows = list(target_rows(run, game))
    assert values_of(rows, "ns_target_total") == pytest.approx([1.8, 1.8])
    assert {row["metric"] for row in rows} == {"ns_target_total"}


def test_target_rows_of_a_turn_based_game_bootstrap_from_legal_actions_alone() -> None:
    # The no-op is worth 5, then 9, and legal only where it is the other's turn; pass and bet go from 1 to 3. So γ = .9
    # times 2 where an agent moves, and times 4 where it waits.
    game = make("kuhn_poker")
    actor = value_actor([[1.0, 1.0, 5.0], [3.0, 3.0, 9.0]], game.spec.observation_sizes[0], epsilons=[0.5, 0.5])
    run = constant_run(game, [[[0.4, 0.5, 0.1]] * 2] * 2, actors=(actor, actor))
    probes = probe_moments(game, run.policies(), n_probes=60, n_episodes=30, rng=np.random.default_rng(0))
    assert probes.masks is not None
    waits = [mask[:, 2] for mask in probes.masks]
    assert (waits[0] != waits[1]).all()  # one moves at a time
    total = values_of(list(target_rows(run, game)), "ns_target_total")
    assert sum(total) == pytest.approx(0.9 * (2 + 4))  # one of the two waits at every moment
    assert 1.8 < total[0] < 3.6


def test_target_parts_of_poker_add_up_in_a_trained_run() -> None:
    from nashlens.agents import MADDPG, train
    from nashlens.agents.replay_schedule import Rollout

    settings = MADDPG(hidden=(8,), batch_size=16, rollout=Rollout(n_envs=2, warmup_steps=16, update_every_steps=8))
    game = make("kuhn_poker")
    (run,) = train(game, settings, seeds=[3], steps=48, n_snapshots=3, keep_critics=True)
    rows = list(INSTRUMENT.measure(run, game))
    parts = [values_of(rows, f"ns_target_{name}") for name in ("total", "critic", "policy", "interaction")]
    assert len(parts[0]) == 4
    for total, critic, policy, rest in zip(*parts, strict=True):
        assert 0 < total <= critic + policy + rest + 1e-12


def test_target_rows_need_critics_or_action_values_and_a_second_step() -> None:
    game = make("repeated", stage="matching_pennies", rounds=2, memory=1)
    assert not list(target_rows(constant_run(game, [HEADS] * 2), game))
    assert not list(target_rows(pennies(), make("matching_pennies")))


def test_target_parts_add_up_in_a_trained_run() -> None:
    from nashlens.agents import MADDPG, train
    from nashlens.agents.replay_schedule import Rollout

    game = make("simple_spread", n_agents=2, max_cycles=4)
    settings = MADDPG(hidden=(8,), batch_size=16, rollout=Rollout(n_envs=2, warmup_steps=16, update_every_steps=8))
    (run,) = train(game, settings, seeds=[3], steps=48, n_snapshots=3, keep_critics=True)
    rows = list(target_rows(run, game))
    parts = {name: values_of(rows, f"ns_target_{name}") for name in ("total", "critic", "policy", "interaction")}
    assert len(parts["total"]) == 4
    for total, critic, policy, rest in zip(*parts.values(), strict=True):
        assert 0 < total <= critic + policy + rest + 1e-12  # sizes of parts that add up exactly
    assert len(values_of(rows, "ns_target_others")) == 4
