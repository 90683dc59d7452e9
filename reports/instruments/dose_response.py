"""What replacing the others' policies in an agent's targets does to the return: differences, and tests of equivalence.

Every arm is held against the arm with the true target policies, seed by seed. That nothing changed is claimed only
where the interval of the difference lies within a margin that was set before any run: `MARGIN_SHARE` of what the true
policies gain over untrained ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nashlens.analysis.action_payoffs import expected_payoffs
from nashlens.analysis.equivalence import equivalence
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import student_t
from nashlens.games import Game, NormalFormGame
from nashlens.games.handover import Handover
from nashlens.reports.estimates import LEVEL, MIN_SEEDS, difference
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS, estimate_row
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.stand_ins import StandIn, stand_in_of
from nashlens.reports.words import counted

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

MARGIN_SHARE = 0.05
# Five per cent of the gain: an effect that learning curves of ten seeds could in principle resolve, and one that nobody
# who reads them would call a loss of reward.
N_TRAINING = 1000
ARM = ("game", "algorithm", "family", "dose", "source", "entropy_weight", "fed_as")
RETURNS = (*ARM, *ESTIMATE_COLUMNS)
DIFFERENCES = (*ARM, "reference", *ESTIMATE_COLUMNS, "margin", "verdict", "p_equivalence", "scale")
NO_ANSWER = "no answer"


def dose_response(runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> dict[str, pd.DataFrame]:
    """Return every arm's return, and its difference from the arm with the true policies.

    Parameters
    ----------
    runs : of each algorithm by label.
    game : what they play.
    label : what the suite calls it.

    Returns
    -------
    ``returns`` and ``differences``. A difference has ``margin``, ``verdict`` (equivalent, not shown, no answer) and
    ``p_equivalence``, of two one-sided tests at level 0.05; ``scale`` is the gain of the true policies over untrained
    ones. Algorithms whose critics read no other agent's action have no rows; without an arm of true policies, or with
    one that did not learn, there is no margin and so no answer.

    Raises
    ------
    ValueError : a run is of another game.
    """
    arms = {name: how for name, each in runs.items() if (how := _arm(each)) is not None}
    finals = {name: _by_seed(runs[name], game, snapshot=-1) for name in arms}
    reference = next((name for name, how in arms.items() if how.is_true), None)
    scale = _gain(runs[reference], game) if reference is not None else _nothing("there is no arm of true policies")
    returns, differences = [], []
    for name, how in arms.items():
        about = _about(how, game=label, algorithm=name)
        found = _few(student_t(finals[name].to_numpy(), level=LEVEL, unit="seed").at())
        returns.append(estimate_row(found, higher_is_better=True, **about))
        if reference is not None and name != reference:
            differences.append(_compared(finals[name], finals[reference], scale=scale, about=about, against=reference))
    return {
        "returns": pd.DataFrame(returns, columns=list(RETURNS)),
        "differences": pd.DataFrame(differences, columns=list(DIFFERENCES)),
    }


def family_of(how: StandIn) -> str:
    """Return what an arm varies: the source (``true``, ``inferred``, ``replay``), the replacement, or the encoding."""
    if how.fed_as != "actions":
        return how.fed_as
    if how.dose > 0:
        return how.dose_of
    return how.source


def return_of(run: TrainingRun, game: Game, *, snapshot: int) -> float:
    """Return a run's mean return over agents at one snapshot: exact where the game allows, else from its episodes.

    Parameters
    ----------
    run : as stored.
    game : what it plays.
    snapshot : which, the last or the first.

    Notes
    -----
    Exact in matrix games and in the handover game. Elsewhere the mean of the evaluation episodes of the snapshot and,
    where none were played, for the last snapshot that of the last `N_TRAINING` training episodes, and none for others.
    """
    if isinstance(game, Handover):
        return game.value(run.policies(snapshot))
    if isinstance(game, NormalFormGame):
        seen = np.ones((1, 1))
        strategies = [policy.probabilities(seen)[0] for policy in run.policies(snapshot)]
        return float(expected_payoffs(game.payoffs, strategies).mean())
    evaluated = float(run.evaluation_returns[snapshot].mean())
    if math.isnan(evaluated) and snapshot == -1 and len(run.episode_returns):
        return float(run.episode_returns[-N_TRAINING:].mean())
    return evaluated


def _arm(runs: Sequence[TrainingRun]) -> StandIn | None:
    """Return what all agents of an arm's runs have in common; None where some have nothing or something else."""
    first = runs[0]
    found = [stand_in_of(first, i) for i in range(first.spec.n_agents)]
    return found[0] if all(each == found[0] for each in found) else None


def _about(how: StandIn, *, game: str, algorithm: str) -> dict[str, Any]:
    return {
        "game": game,
        "algorithm": algorithm,
        "family": family_of(how),
        "dose": how.dose,
        "source": how.source,
        "entropy_weight": how.entropy_weight,
        "fed_as": how.fed_as,
    }


def _by_seed(runs: Sequence[TrainingRun], game: Game, *, snapshot: int) -> pd.Series:
    found = {}
    for run in runs:
        check_game(run, game)
        found[run.seed] = return_of(run, game, snapshot=snapshot)
    return pd.Series(found, dtype=np.float64)


def _gain(runs: Sequence[TrainingRun], game: Game) -> Estimate:
    """Return what the true policies gain over untrained ones, in the same seeds."""
    return difference(_by_seed(runs, game, snapshot=-1), _by_seed(runs, game, snapshot=0))


def _compared(
    own: pd.Series, reference: pd.Series, *, scale: Estimate, about: Mapping[str, Any], against: str
) -> dict[str, Any]:
    found = difference(own, reference, higher_is_better=True)
    shared = own.index.intersection(reference.index)
    gaps: Array = own.loc[shared].to_numpy() - reference.loc[shared].to_numpy()
    margin, verdict, p = math.nan, NO_ANSWER, math.nan
    if scale.low > 0:
        margin = MARGIN_SHARE * scale.value
        if found.n >= MIN_SEEDS and np.isfinite(gaps).all():
            tested = equivalence(gaps, margin=margin)
            verdict, p = tested.verdict, tested.p
    row = estimate_row(found, **about, reference=against)
    return {**row, "margin": margin, "verdict": verdict, "p_equivalence": p, "scale": scale.value}


def _few(estimate: Estimate) -> Estimate:
    """Return an estimate without its interval where there are too few seeds for one."""
    if estimate.n >= MIN_SEEDS:
        return estimate
    reason = f"{counted(estimate.n, 'seed')}; an interval needs at least {MIN_SEEDS}"
    return replace(estimate, low=math.nan, high=math.nan, reason=reason)


def _nothing(reason: str) -> Estimate:
    return Estimate(
        value=math.nan, low=math.nan, high=math.nan, level=LEVEL, method="none", n=0, unit="seed", reason=reason
    )
