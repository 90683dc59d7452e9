"""The instrument of joint action values: what a value of every joint action gets, holds and costs as agents come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nashlens.agents.spec_settings import spec_to_settings
from nashlens.analysis.results import Estimate
from nashlens.games import Game, NormalFormGame
from nashlens.games.policy import seen_by
from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import LEVEL
from nashlens.reports.instruments.contract import Chapter, Comparisons, StoredRuns
from nashlens.reports.instruments.estimate_rows import estimate_row
from nashlens.reports.instruments.joint_q_chapter import joint_q_chapter
from nashlens.reports.instruments.learner_size import n_parameters, parameter_bytes
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.quantities import Quantity

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

QUANTITIES = (
    Quantity(
        name="jq_share",
        title="Share of the optimum",
        value_unit="0 to 1",
        definition="What the agents' actions without exploration pay together, over the most that any joint action "
        "pays; in matrix games in which all get the same.",
        higher_is_better=True,
        least=0.0,
        most=1.0,
    ),
    Quantity(
        name="jq_parameters",
        title="Parameters",
        value_unit="numbers",
        definition="Parameters that one seed trains, all agents' networks together, without their targets; counted "
        "from the settings.",
        higher_is_better=False,
        least=0.0,
    ),
    Quantity(
        name="jq_log_bytes",
        title="Memory of the parameters",
        value_unit="log10 bytes",
        definition="Decimal logarithm of the bytes of the parameters of one seed, their gradient, targets and the "
        "optimiser's two moments.",
        higher_is_better=False,
    ),
)


class JointQ:
    """Share of the optimum, parameters, and processor time an update; what joint learners would need where refused.

    Attributes
    ----------
    name, version, quantities : as in `Instrument`.
    """

    name = "joint_q"
    version = 1
    quantities = QUANTITIES

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield share of the optimum at each snapshot, and the size of what was trained.

        Parameters
        ----------
        run : as stored.
        game : the run's game, made again.

        Raises
        ------
        ValueError : the game is not the run's.
        """
        check_game(run, game)
        last = run.snapshot_steps[-1]
        count = n_parameters(run.spec, run.algorithm)
        if count is not None:
            sizes = {"jq_parameters": float(count), "jq_log_bytes": log10(parameter_bytes(count))}
            for name, value in sizes.items():
                yield row(name, value, step=last, bound="exact", unit="run", n=1)
        if isinstance(game, NormalFormGame) and game.spec.common_reward and float(game.payoffs.max()) > 0:
            for t, step in enumerate(run.snapshot_steps):
                share = greedy_payoff(run, game, t) / float(game.payoffs.max())
                yield row("jq_share", share, step=step, bound="exact", unit="snapshot", n=1)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return processor time an update of each algorithm, and what a joint learner is told of this game.

        Parameters
        ----------
        runs, game, label : as in `Instrument`.
        """
        times, settings = [], ""
        for algorithm, each in runs.items():
            first = each[0]
            times.append(estimate_row(_time(each), higher_is_better=False, game=label, algorithm=algorithm))
            if {side["kind"] for side in first.algorithm.values()} == {"joint_dqn"}:
                settings = json.dumps(dict(next(iter(first.algorithm.values()))))
        told = {"game": label, "spec": json.dumps(spec_to_settings(game.spec)), "settings": settings}
        return {"times": pd.DataFrame(times), "told": pd.DataFrame([told])}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return what came out, in answers, figures and tables; refused sizes among them."""
        return joint_q_chapter(frame, comparisons, facts)


def greedy_payoff(run: TrainingRun, game: NormalFormGame, snapshot: int) -> float:
    """Return what the joint action without exploration pays every agent of a game in which all get the same.

    Parameters
    ----------
    run : of that game.
    game : the game.
    snapshot : which.
    """
    seen = [np.ones((1, 1))] * game.n_agents
    joint = []
    for i, policy in enumerate(run.policies(snapshot)):
        joint.append(int(policy.mode(seen_by(policy, i, seen)[0])[0].argmax()))
    return float(game.payoffs[(0, *joint)])


def _time(runs: Sequence[TrainingRun]) -> Estimate:
    """Return the processor seconds an update of one seed, all of its training included."""
    spent: Sequence[float] = runs.processor_seconds if isinstance(runs, StoredRuns) else ()
    updates = [run.n_updates for run in runs]
    known = len(spent) == len(updates) and all(s > 0 for s in spent) and all(n > 0 for n in updates)
    value = float(sum(spent) / sum(updates)) if known else float("nan")
    reason = "seeds are trained together and share one time" if known else "the time was not measured"
    unknown: dict[str, Any] = {"low": float("nan"), "high": float("nan"), "level": LEVEL}
    return Estimate(value=value, method="none", n=len(updates), unit="seed", reason=reason, **unknown)


INSTRUMENT = JointQ()
