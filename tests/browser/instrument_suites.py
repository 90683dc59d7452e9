"""The tiniest suites that give each instrument its chapter, and how to train and report one in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.training_job import Job, train_job

HEAD = """
name = "{name}"
question = "What does a page with this chapter look like?"
seeds = {seeds}
steps = 60
snapshots = 3
explore = true
keep_critics = true
metrics = [{metrics}]
"""
LEARNER = """
[algorithms.{label}]
kind = "{kind}"
hidden = [8]
batch_size = 8
{more}
rollout = {{ n_envs = 2, warmup_steps = 20, update_every_steps = 20 }}
"""


def _suite(*metrics: str, games: str, learners: dict[str, tuple[str, str]], seeds: int = 1) -> str:
    listed = ", ".join(f'"{metric}"' for metric in metrics)
    head = HEAD.format(name=metrics[0].replace("_", "-"), seeds=seeds, metrics=listed)
    made = (LEARNER.format(label=label, kind=kind, more=more) for label, (kind, more) in learners.items())
    return head + games + "".join(made)


PENNIES = "\n[games.matching_pennies]\n"
SPREAD = '\n[games.world]\ngame = "simple_spread"\nparameters = { n_agents = 2 }\n'
LISTENER = '\n[games.talk]\ngame = "simple_speaker_listener"\nparameters = { physics = "lowe2017", actions = "soft" }\n'
TEXTS = {
    "nonstationarity": _suite(
        "nonstationarity",
        "replay_staleness",
        games=PENNIES + SPREAD + 'algorithms = ["maddpg"]\n',
        learners={"maddpg": ("maddpg", ""), "dqn": ("dqn", "")},
    ),
    "exploitability": _suite("exploitability", games=PENNIES + SPREAD, learners={"maddpg": ("maddpg", "")}),
    "policy_inference": _suite(
        "policy_inference",
        games=LISTENER,
        learners={
            "true": ("maddpg", 'inference = { source = "true" }'),
            "inferred": ("maddpg", "inference = { record_every_updates = 1 }"),
        },
    ),
    "gradients": _suite(
        "gradients",
        games='\n[games.two]\ngame = "all_ones"\nparameters = { n_agents = 2 }\n' + SPREAD,
        learners={"maddpg": ("maddpg", "")},
    ),
    "homogeneity": _suite(
        "homogeneity",
        games="\n[games.anti_coordination]\n" + SPREAD,
        learners={"none": ("maddpg", ""), "full": ("maddpg", 'sharing = { mode = "full" }')},
    ),
    "cross_play": _suite(
        "cross_play",
        "selection",
        games="\n[games.rock_paper_scissors]\n"
        '\n[games.keep-away]\ngame = "simple_push"\nparameters = { physics = "lowe2017", actions = "soft" }\n',
        learners={"single": ("maddpg", ""), "ensemble-2": ("maddpg", "ensemble = { size = 2 }")},
        seeds=2,
    ),
    "joint_q": _suite(
        "joint_q",
        games='\n[games.two]\ngame = "coverage"\nparameters = { n_agents = 2 }\n'
        '\n[games.three]\ngame = "coverage"\nparameters = { n_agents = 3 }\n',
        learners={
            "joint": ("joint_dqn", ""),
            "dqn": ("dqn", ""),
            "maddpg": ("maddpg", ""),
        },
    ),
}


def make_cheap(patch: pytest.MonkeyPatch) -> None:
    """Let the instruments draw few samples: what these tests look at is the page, not its numbers."""
    from nashlens.reports.instruments import (
        exploitability,
        exploitability_quantities,
        gradient_samples,
        gradients,
        nonstationarity_worlds,
        proposition_rows,
        value_movement,
    )

    for name in ("N_SAMPLES", "N_REFERENCE", "N_RETURNS"):
        patch.setattr(gradients, name, 16)
    patch.setattr(gradient_samples, "N_STATES", 4)
    patch.setattr(gradient_samples, "SIZES", (4, 3, 3, 2))
    patch.setattr(proposition_rows, "N_SAMPLES", 2000)
    patch.setattr(nonstationarity_worlds, "N_STATES", 4)
    patch.setattr(value_movement, "N_EPISODES", 4)
    patch.setattr(exploitability, "N_TEST", 20)
    patch.setattr(exploitability, "N_VALIDATION", 20)
    patch.setattr(exploitability_quantities, "N_RESTARTS", 1)


def trained(text: str, folder: Path) -> tuple[Store, Suite]:
    """Return a store in which every run of a suite was trained by this process."""
    suite = parse_suite(text)
    store = Store.create(folder)
    store.add_suite(suite)
    for cell in suite.cells:
        train_job(Job(root=str(folder), label=cell.game, runs=cell.runs, metrics=cell.metrics))
    return store, suite
