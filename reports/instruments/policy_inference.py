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
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.analysis.gaussian_opponent import gaussian_opponent_divergence
from nashlens.analysis.results import Array
from nashlens.games import Game
from nashlens.games.core import Box
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.actor_gradient_effect import actor_gradient_effect
from nashlens.reports.instruments.behavioural_diversity import moves_a_body
from nashlens.reports.instruments.box_stand_ins import true_and_fed_moments
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.dose_response import dose_response
from nashlens.reports.instruments.inference_boxes import box_fit_numbers, box_pair_numbers
from nashlens.reports.instruments.inference_distances import Numbers, divergence_numbers, transport_numbers
from nashlens.reports.instruments.inference_ledger_rows import (
    lag_numbers,
    regulariser_numbers,
    shape_numbers,
    softness_numbers,
    value_numbers,
)
from nashlens.reports.instruments.inference_probes import Probes, can_be_compared, fresh_probes, pooled
from nashlens.reports.instruments.inference_values import joint_probabilities, pair_values
from nashlens.reports.instruments.played_actions import N_DRAWS, gumbel_noise, is_soft, mean_played
from nashlens.reports.instruments.policy_inference_chapter import policy_inference_chapter
from nashlens.reports.instruments.policy_inference_quantities import QUANTITIES
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.stand_ins import INFERRED, StandIn, stand_in_of, true_and_fed
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MOST_SNAPSHOTS = 7


class PolicyInference:
    """Ledgers of what stands in for the others' policies, and the dose–response of the return."""

    name = "policy_inference"
    version = 2
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
                yield from self._gradient(run, game, i, how=how, snapshot=t)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return every arm's return, and its difference from the true policies' with a test of equivalence."""
        return dose_response(runs, game, label=label)

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return the answers, the figures and the tables."""
        return policy_inference_chapter(frame, comparisons)

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

    def _gradient(self, run: TrainingRun, game: Game, i: int, *, how: StandIn, snapshot: int) -> Iterator[Row]:
        rng = child(run.seed, self.name, "gradient", i, snapshot)
        found = actor_gradient_effect(run, game, agent=i, snapshot=snapshot, how=how, rng=rng)
        if found is None:
            return
        kept = {"agent": run.spec.agents[i], "step": run.snapshot_steps[snapshot], "unit": "gradient", "n": 1}
        yield row("inference_gradient_cosine", found.cosine, **kept)
        yield row("inference_gradient_difference", found.relative_norm, **kept)


def pair_numbers(
    run: TrainingRun,
    i: int,
    j: int,
    *,
    how: StandIn,
    snapshot: int,
    probes: Probes,
    moves: bool = False,
    rng: np.random.Generator,
) -> Numbers:
    """Return what holds of any stand-in: distances, ledgers by shape and by value, errors in value.

    Parameters
    ----------
    run : one that kept its learners.
    i, j : whose critic, and whose policy.
    how : how agent i comes by the policies of the others.
    snapshot : which.
    probes : where.
    moves : whether j's first choice moves a body in a particle world.
    rng : draws of actions, where there are too many to list.
    """
    space = run.spec.action_spaces[j]
    if isinstance(space, Box):
        return box_pair_numbers(run, i, j, snapshot=snapshot, probes=probes, rng=rng)
    true, fed = true_and_fed(run, i, j, probes.observations[j], snapshot=snapshot)
    p, q = joint_probabilities(true, space), joint_probabilities(fed, space)
    values = pair_values(
        run.critic(i, snapshot, target=True),
        tuple(run.target_policy(k, snapshot) for k in range(run.spec.n_agents)),
        probes.joint,
        other=j,
        true=true,
        fed=fed,
        fed_as=how.fed_as,
        rng=rng,
    )
    numbers = divergence_numbers(p, q, probes) | transport_numbers(true, fed, space, probes, moves=moves)
    return numbers | shape_numbers(p, q, probes) | value_numbers(p, q, values, probes)


def fit_numbers(
    run: TrainingRun, i: int, j: int, *, how: StandIn, chosen: list[int], probes: list[Probes], seed_name: str
) -> Numbers:
    """Return what holds of fitted models: the parts by age and place of the data, by λ, and by what is played.

    Parameters
    ----------
    run, i, j, how : as in `pair_numbers`.
    chosen : the snapshots up to the one that is meant, which is the last.
    probes : fresh observations of each of them; together they stand for the replay, by the steps since the one before.
    seed_name : names the draws.
    """
    space, t, here = run.spec.action_spaces[j], chosen[-1], probes[-1]
    if isinstance(space, Box):
        return _box_fit(run, i, j, how=how, chosen=chosen, probes=probes, seed_name=seed_name)
    noise = gumbel_noise(N_DRAWS, space.width, rng=child(run.seed, seed_name, "noise", j))
    true, fed = (joint_probabilities(each, space) for each in true_and_fed(run, i, j, here.observations[j], snapshot=t))
    numbers = regulariser_numbers(true, fed, here, weight=how.entropy_weight)
    target = run.target_policy(j, t)
    if is_soft(target):
        played = joint_probabilities(mean_played(target, here.observations[j], noise=noise), space)
        numbers |= softness_numbers(true, fed, played, here)
    filled, steps, buffer = replayed_probes(run, chosen, probes)
    there = buffer.observations[j]
    snapshots = np.stack(
        [joint_probabilities(mean_played(run.policies(s)[j], there, noise=noise), space) for s in filled]
    )
    old_true, old_fed = (joint_probabilities(each, space) for each in true_and_fed(run, i, j, there, snapshot=t))
    fresh = divergence_numbers(true, fed, here)["inference_kl_true_model"]
    return numbers | lag_numbers(fresh, true=old_true, fed=old_fed, snapshots=snapshots, weights=steps, buffer=buffer)


def replayed_probes(run: TrainingRun, chosen: list[int], probes: list[Probes]) -> tuple[list[int], Array, Probes]:
    """Return the snapshots that filled the replay, the steps since the one before each, and their probes in one.

    Parameters
    ----------
    run : whose replay.
    chosen, probes : snapshots and fresh observations of each.
    """
    steps = np.diff(run.snapshot_steps[chosen], prepend=run.snapshot_steps[chosen[0]]).astype(np.float64)
    kept = steps > 0
    buffer = pooled([each for each, used in zip(probes, kept, strict=True) if used], steps[kept])
    return [s for s, used in zip(chosen, kept, strict=True) if used], steps[kept], buffer


def _box_fit(
    run: TrainingRun, i: int, j: int, *, how: StandIn, chosen: list[int], probes: list[Probes], seed_name: str
) -> Numbers:
    filled, steps, buffer = replayed_probes(run, chosen, probes)
    t, here = chosen[-1], probes[-1]
    true, fed = true_and_fed_moments(run, i, j, here.observations[j], snapshot=t)
    found = gaussian_opponent_divergence(true.mean, true.std, model_mean=fed.mean, model_std=fed.std)
    return box_fit_numbers(
        run,
        i,
        j,
        snapshot=t,
        fresh=here.mean(found.kl_true_model),
        weight=how.entropy_weight,
        snapshots=filled,
        shares=steps / steps.sum(),
        buffer=buffer,
        rng=child(run.seed, seed_name, "fit", i, j, t),
    )


def snapshots_of(run: TrainingRun) -> list[int]:
    """Return at most `MOST_SNAPSHOTS` snapshots, evenly spread, the first and the last among them."""
    n_snapshots = len(run.snapshot_steps)
    return sorted({int(t) for t in np.linspace(0, n_snapshots - 1, min(MOST_SNAPSHOTS, n_snapshots)).round()})


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
