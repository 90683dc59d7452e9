"""Training one agent, or some, against the others' frozen policies: how much they could still gain.

What a trained deviator gains is a lower bound on what the best one gains. Several restarts have one budget each; one
may start from the policy that is being examined. Restart and snapshot are chosen on validation episodes, and the gain
is measured on fresh ones, in which the deviating and the original policies meet the same games. The same is done with
smaller shares of the budget, so that one sees whether more training would find more.

References
----------
Timbers et al. (2022), arXiv:2004.09677.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.agents.config import Algorithm
from nashlens.agents.records import TrainingRun
from nashlens.agents.training import Progress, train
from nashlens.games import Game, JointPolicy, Policy
from nashlens.games.against import Against
from nashlens.games.episodes import play
from nashlens.games.greedy_policy import GreedyPolicy
from nashlens.games.randomness import child

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BestResponse:
    """The best deviation that was found, and what it gains.

    Attributes
    ----------
    agents : who deviated.
    policies : what they play, one an agent of `agents`.
    restart, snapshot : which of the R restarts and T snapshots was chosen.
    greedy : whether they play it without exploration noise.
    validation_returns : ``[R, T]``; mean return of the deviators in the validation episodes, NaN after a failure; under
        `try_greedy` that of the better way to play.
    deviation_returns, original_returns : ``[M, n]``; what the deviators got in M fresh episodes with the new and with
        the original policies; episode m meets the same game in both.
    budgets : ``[B]``; environment steps that were looked at, rising; the last is `n_steps`.
    budget_returns : ``[B, M]``; the deviators' summed returns in the same fresh episodes, with what is chosen from the
        snapshots within each budget.
    n_steps : environment steps of each restart, the budget.
    warm : whether the first restart began from the original policies.
    """

    agents: tuple[int, ...]
    policies: JointPolicy
    restart: int
    snapshot: int
    greedy: bool
    validation_returns: Doubles
    deviation_returns: Doubles
    original_returns: Doubles
    budgets: Doubles
    budget_returns: Doubles
    n_steps: int
    warm: bool

    @property
    def gains(self) -> Doubles:
        """``[M]``; paired differences of the deviators' summed returns, whose mean bounds the true gain from below.

        The mean may be negative; it is not clipped, since that would bias it upwards.
        """
        difference: Doubles = (self.deviation_returns - self.original_returns).sum(axis=1)
        return difference

    @property
    def budget_gains(self) -> Doubles:
        """``[B, M]``; the same at each budget; the last row is `gains`."""
        difference: Doubles = self.budget_returns - self.original_returns.sum(axis=1)
        return difference


def best_response(
    game: Game,
    policies: Sequence[Policy],
    agents: Sequence[int],
    algorithm: Algorithm,
    *,
    steps: int,
    restarts: int = 3,
    warm_start: TrainingRun | None = None,
    n_snapshots: int = 11,
    shares: Sequence[float] = (1.0,),
    try_greedy: bool = False,
    validation_episodes: int = 200,
    test_episodes: int = 400,
    progress: Callable[[Progress], None] | None = None,
    seed: int,
) -> BestResponse:
    """Train some agents against the frozen policies of all others.

    Parameters
    ----------
    game : the game.
    policies : the joint policy that is examined, one an agent.
    agents : who deviates, together: one agent, or a side.
    algorithm : how they learn.
    steps : environment steps of each restart.
    restarts : R, at least 1.
    warm_start : the run that `policies` come from; then the first restart begins there.
    n_snapshots : T, from which the best is chosen.
    shares : of the budget that are looked at, rising, the last 1.
    try_greedy : whether every snapshot is also tried without exploration noise, which a best response does not need.
    validation_episodes, test_episodes : episodes for the choice, and fresh ones for the report.
    progress : as in `train`.
    seed : seed of everything that is drawn.

    Raises
    ------
    ValueError : an argument does not fit the game, or every restart failed.

    Notes
    -----
    All policies sample their actions. The deviators see their own observations only, and have no memory: against others
    with memory or hidden states the bound is looser.
    """
    for name, value in (("restarts", restarts), ("validation_episodes", validation_episodes)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    if not shares or shares[-1] != 1 or shares[0] <= 0 or list(shares) != sorted(set(shares)):
        raise ValueError(f"shares must rise, be above 0 and end with 1, not {list(shares)}")
    against = Against(game, policies, free=agents)
    first = int(child(seed, "restarts").integers(2**31))
    seeds = [first + k for k in range(restarts)]
    runs = train(
        against,
        algorithm,
        seeds=seeds,
        steps=steps,
        n_snapshots=n_snapshots,
        warm_start=None if warm_start is None else {seeds[0]: warm_start},
        progress=progress,
    )
    validation_WRT = _validated(against, runs, n_snapshots, try_greedy, n_episodes=validation_episodes, seed=seed)
    if np.isnan(validation_WRT).all():
        raise ValueError(f"every restart failed: {runs[0].reason}")

    def tested(candidate: Sequence[Policy]) -> Doubles:
        return play(against, candidate, n_episodes=test_episodes, rng=child(seed, "test")).returns

    chosen = [_best(validation_WRT[..., : 1 + max(1, round(s * (n_snapshots - 1)))]) for s in shares]
    returns = {each: tested(_candidate(runs, *each)) for each in dict.fromkeys(chosen)}
    way, restart, snapshot = chosen[-1]
    return BestResponse(
        agents=against.free,
        policies=_candidate(runs, *chosen[-1]),
        restart=restart,
        snapshot=snapshot,
        greedy=bool(way),
        validation_returns=np.fmax.reduce(validation_WRT, axis=0),
        deviation_returns=returns[chosen[-1]],
        original_returns=tested([policies[i] for i in against.free]),
        budgets=np.array(shares) * runs[restart].n_steps,
        budget_returns=np.stack([returns[each].sum(axis=1) for each in chosen]),
        n_steps=runs[restart].n_steps,
        warm=warm_start is not None,
    )


def _validated(
    against: Against, runs: Sequence[TrainingRun], n_snapshots: int, try_greedy: bool, *, n_episodes: int, seed: int
) -> Doubles:
    """Return ``[W, R, T]``: what every snapshot got in the validation episodes, by each of W ways to play it."""
    found = np.full((1 + try_greedy, len(runs), n_snapshots), np.nan)
    for way, r, t in np.ndindex(*found.shape):
        if t < len(runs[r].snapshot_steps):
            tried = play(against, _candidate(runs, way, r, t), n_episodes=n_episodes, rng=child(seed, "validation"))
            found[way, r, t] = tried.returns.sum(axis=1).mean()
    return found


def _best(validation: Doubles) -> tuple[int, int, int]:
    way, restart, snapshot = (int(k) for k in np.unravel_index(np.nanargmax(validation), validation.shape))
    return way, restart, snapshot


def _candidate(runs: Sequence[TrainingRun], way: int, restart: int, snapshot: int) -> JointPolicy:
    """Return what the deviators play: one snapshot, sampled (0) or without exploration noise (1)."""
    policies = runs[restart].policies(snapshot)
    return tuple(GreedyPolicy(policy) for policy in policies) if way else policies
