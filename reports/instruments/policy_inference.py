"""Inferred policies under the instruments: how far what an agent believes of others is off, why, and what it does.

Of every ordered pair (i, j), at snapshots spread over training: the distances of j's true target policy from what
stands in for it in the target of i's critic, the ledgers that split the divergence, the error in value with the
encoding in use; of every agent the effect on its actor's gradient. And over the runs of a game, what replacing the
models does to the return, with a test of equivalence.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, sections 4.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.games import Game
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.actor_gradient_effect import actor_gradient_effect
from nashlens.reports.instruments.behavioural_diversity import moves_a_body
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.dose_response import dose_response
from nashlens.reports.instruments.inference_joint_error import joint_error_numbers
from nashlens.reports.instruments.inference_pairs import fit_numbers, pair_numbers
from nashlens.reports.instruments.inference_probes import Probes, can_be_compared, fresh_probes
from nashlens.reports.instruments.policy_inference_chapter import policy_inference_chapter
from nashlens.reports.instruments.policy_inference_quantities import QUANTITIES
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.runs_left_out import LEFT_OUT, left_out_runs, left_out_sentences
from nashlens.reports.instruments.stand_ins import INFERRED, StandIn, stand_in_of
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MOST_SNAPSHOTS = 7


class PolicyInference:
    """Ledgers of what stands in for the others' policies, and the dose–response of the return."""

    name = "policy_inference"
    version = 3
    quantities = QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield distances, ledgers and errors of every pair, and the effect on every actor's gradient.

        Runs whose critics read no other agent's action, or true target policies without any bookkeeping, have none.

        Raises
        ------
        ValueError : the run infers and kept no critics and models, or the game is not the run's.
        """
        check_game(run, game)
        agents = [i for i in range(run.spec.n_agents) if _keeps_models(run, i)]
        if not agents or not can_be_compared(game, run.policies()):
            return
        chosen = snapshots_of(run)
        probes = [fresh_probes(game, run.policies(t), rng=child(run.seed, self.name, "probes", t)) for t in chosen]
        for k, t in enumerate(chosen):
            for i in agents:
                how = stand_in_of(run, i)
                assert how is not None
                for j in range(run.spec.n_agents):
                    if j != i:
                        yield from self._pair(run, game, i, j, how=how, chosen=chosen[: k + 1], probes=probes[: k + 1])
                yield from self._together(run, i, how=how, snapshot=t, probes=probes[k])
                yield from self._gradient(run, game, i, how=how, snapshot=t)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return every arm's return, its difference from the true policies' with a test, and what is left out."""
        missing = left_out_runs(runs, partial(why_left_out, game=game), label=label)
        return {**dose_response(runs, game, label=label), LEFT_OUT: missing}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return the answers, the figures and the tables, and which runs they are not about."""
        chapter = policy_inference_chapter(frame, comparisons)
        missing = left_out_sentences(comparisons, what="What stands in for the others")
        return replace(chapter, answers=(*chapter.answers, *missing))

    def _pair(
        self, run: TrainingRun, game: Game, i: int, j: int, *, how: StandIn, chosen: list[int], probes: list[Probes]
    ) -> Iterator[Row]:
        here, t = probes[-1], chosen[-1]
        rng, moves = child(run.seed, self.name, i, j, t), moves_a_body(game, j)
        numbers = pair_numbers(run, i, j, how=how, snapshot=t, probes=here, moves=moves, rng=rng)
        if how.source == INFERRED and how.dose == 0 and t > 0:
            numbers |= fit_numbers(run, i, j, how=how, chosen=chosen, probes=probes, seed_name=self.name)
        pair = f"{run.spec.agents[i]} of {run.spec.agents[j]}"
        kept = {"agent": pair, "step": run.snapshot_steps[t], "unit": here.unit, "n": len(here.weights)}
        for name, value in numbers.items():
            yield row(name, value, bound=here.bound, **kept)

    def _together(self, run: TrainingRun, i: int, *, how: StandIn, snapshot: int, probes: Probes) -> Iterator[Row]:
        whole, shares = joint_error_numbers(run, i, how=how, snapshot=snapshot, probes=probes)
        name, step = run.spec.agents[i], run.snapshot_steps[snapshot]
        parts = {name: whole} | {f"{name} of {run.spec.agents[j]}": each for j, each in shares.items()}
        for agent, numbers in parts.items():
            for metric, value in numbers.items():
                kept = {"step": step, "bound": probes.bound, "unit": probes.unit, "n": len(probes.weights)}
                yield row(metric, value, agent=agent, **kept)

    def _gradient(self, run: TrainingRun, game: Game, i: int, *, how: StandIn, snapshot: int) -> Iterator[Row]:
        rng = child(run.seed, self.name, "gradient", i, snapshot)
        found = actor_gradient_effect(run, game, agent=i, snapshot=snapshot, how=how, rng=rng)
        if found is None:
            return
        kept = {"agent": run.spec.agents[i], "step": run.snapshot_steps[snapshot], "unit": "gradient", "n": 1}
        yield row("inference_gradient_cosine", found.cosine, **kept)
        yield row("inference_gradient_difference", found.relative_norm, **kept)


def snapshots_of(run: TrainingRun) -> list[int]:
    """Return at most `MOST_SNAPSHOTS` snapshots, evenly spread, the first and the last among them."""
    n_snapshots = len(run.snapshot_steps)
    return sorted({int(t) for t in np.linspace(0, n_snapshots - 1, min(MOST_SNAPSHOTS, n_snapshots)).round()})


def why_left_out(run: TrainingRun, *, game: Game) -> str:
    """Return why nothing stands in for the others' policies that could be measured; empty where something does."""
    hows = [(i, stand_in_of(run, i)) for i in range(run.spec.n_agents)]
    if all(how is None for _, how in hows):
        return "critics read no other agent's action"
    if not any(run.algorithm[run.spec.sides[i]].get("inference") for i, how in hows if how is not None):
        return "targets use the true policies without any bookkeeping"
    if not can_be_compared(game, run.policies()):
        return "policies cannot be asked at single observations: they remember, actions are masked, or of two kinds"
    return ""


def _keeps_models(run: TrainingRun, agent: int) -> bool:
    """Say whether an agent has something to measure.

    Raises
    ------
    ValueError : it infers, and the run kept no critics and models.
    """
    how = stand_in_of(run, agent)
    settings = run.algorithm[run.spec.sides[agent]]
    if how is None or settings.get("inference") is None:
        return False
    if not run.learners:
        raise ValueError(
            "policy_inference needs runs that kept their critics and models; say keep_critics = true in the suite"
        )
    return True


INSTRUMENT = PolicyInference()
