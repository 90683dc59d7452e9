"""What a side gets against an opponent that was trained against it: a held-out opponent made for the purpose.

The other side's agents deviate together from the run's final policies, to gain for themselves and not to hurt; the side
stays as it is. In a matrix game of two agents the best response is computed, and among several the one that is worst
for the side counts. Elsewhere it is trained, with half of the run's own steps. Where one side's gain is the other's
loss, what the side then gets is an upper bound, in expectation, of what it would get against the best response; in
other games a better response may hurt more or less, and it is what is left against this one opponent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Bound
from nashlens.games import Game, JointPolicy, NormalFormGame, SequentialGame, play
from nashlens.games.randomness import child
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.population import Match, match_of
from nashlens.reports.instruments.responders import can_begin_from, responder
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.quantities import Quantity

if TYPE_CHECKING:
    from nashlens.agents.training_run import TrainingRun

AGAINST, PARTNER, STEPS = "return_against_response", "return_with_partner", "opponent_steps"
SHARE_OF_STEPS = 2  # a response is trained for the run's own steps over this
N_SNAPSHOTS = 5
N_VALIDATION = 100
N_TEST = 200
TIE = 1e-9  # payoff units; responses this close to the best are best as well

QUANTITIES = (
    Quantity(
        name=AGAINST,
        title="Return against a trained opponent",
        value_unit="return of a side, per episode",
        definition="Mean return, in fresh episodes, of a side's final policies against an opponent that was trained "
        "against them, with half of the run's own steps and one restart; in matrix games of two agents against the "
        "best response itself. An upper bound of what is left against the best response where one side's gain is the "
        "other's loss.",
        higher_is_better=True,
    ),
    Quantity(
        name=PARTNER,
        title="Return with the training partner",
        value_unit="return of a side, per episode",
        definition="The same against the opponent that it was trained with, in the same episodes.",
        higher_is_better=True,
    ),
    Quantity(
        name=STEPS,
        title="Budget of a trained opponent",
        value_unit="environment steps",
        definition="Environment steps for which the opponent was trained; 0 where the best response was computed.",
        least=0.0,
    ),
)


def opponent_rows(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield for each side of a game of two sides its return against a trained opponent, and with its own partner.

    Parameters
    ----------
    run : as stored; nothing of runs whose policies read what others observe.
    game : the game of the run, made again.
    """
    match, policies = match_of(game), run.policies()
    if match is None or not match.has_sides or any(policy.central for policy in policies):
        return
    step = int(run.snapshot_steps[-1])
    for k, side in enumerate((match.first, match.second)):
        exact = isinstance(game, NormalFormGame) and game.n_agents == 2 and not draws_together(policies)
        if exact:
            values, n_steps = _computed(game, policies, k), 0  # type: ignore[arg-type]
        else:
            values, n_steps = _trained(run, game, match, policies, k)
        opposed = isinstance(game, NormalFormGame | SequentialGame) and game.is_constant_sum()
        trained: Bound = "upper" if opposed else "estimate"
        bounds: tuple[Bound, Bound] = ("exact", "exact") if exact else (trained, "estimate")
        unit, n = ("snapshot", 1) if exact else ("episode", N_TEST)
        for metric, value, bound in zip((AGAINST, PARTNER), values, bounds, strict=True):
            yield row(metric, value, agent=side, step=step, bound=bound, unit=unit, n=n)
        yield row(STEPS, n_steps, agent=side, step=step, bound="exact", unit="restart", n=1)


def _computed(game: NormalFormGame, policies: JointPolicy, k: int) -> tuple[float, float]:
    """Return what agent k gets against the best response, and against the other's own strategy."""
    own, other = (policies[i].probabilities(np.ones((1, 1)))[0] for i in (k, 1 - k))
    theirs, ours = (np.moveaxis(game.payoffs[i], k, 0) for i in (1 - k, k))
    gains, returns = own @ theirs, own @ ours  # one number an action of the other
    return float(returns[gains >= gains.max() - TIE].min()), float(returns @ other)


def _trained(
    run: TrainingRun, game: Game, match: Match, policies: JointPolicy, k: int
) -> tuple[tuple[float, float], int]:
    """Return what side k gets against a trained opponent, and with its own, and the opponent's environment steps."""
    from nashlens.agents.best_response import best_response

    theirs = match.members if k else match.others
    found = best_response(
        game,
        policies,
        theirs,
        responder(run, theirs),
        steps=max(1, run.n_steps // SHARE_OF_STEPS),
        restarts=1,
        warm_start=run if can_begin_from(run, theirs) else None,
        n_snapshots=N_SNAPSHOTS,
        try_greedy=True,
        validation_episodes=N_VALIDATION,
        test_episodes=1,
        seed=int(child(run.seed, "cross_play", "opponent", k).integers(2**31)),
    )
    new = dict(zip(found.agents, found.policies, strict=True))
    joint = tuple(new.get(i, policy) for i, policy in enumerate(policies))
    returns = []
    for played in (joint, policies):
        episodes = play(game, played, n_episodes=N_TEST, rng=child(run.seed, "cross_play", "opponent episodes", k))
        own = match.second_return(episodes.returns) if k else match.first_return(episodes.returns)
        returns.append(float(own.mean()))
    return (returns[0], returns[1]), found.n_steps
