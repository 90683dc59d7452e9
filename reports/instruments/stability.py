"""How far the last policies of runs are from equilibrium: NashConv where it is exact, a lower bound elsewhere.

In matrix games and game trees NashConv is computed. In every other game agents try the deviations that are at hand: the
same agent's policies of the other algorithms' runs of the same seed, and the game's policies that were not learned.
That is a lower bound of NashConv, and a weak one; a bound by trained best responses is the work of another instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nashlens.analysis.exploitability import nash_conv
from nashlens.games import Game, JointPolicy, NormalFormGame, Profile, SequentialGame
from nashlens.games.anchors import anchor_policies
from nashlens.games.tabular_policy import to_behaviour
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.deviations_at_hand import deviation_gains_at_hand
from nashlens.reports.instruments.estimate_rows import estimate_row, over_seeds
from nashlens.reports.instruments.last_policies import Ends

N_EPISODES = 64


def nash_conv_estimate(game: Game, algorithm: str, cells: Mapping[str, Ends]) -> dict[str, Any]:
    """Return the mean of NashConv, or of its lower bound, over the runs of one algorithm as a row.

    Parameters
    ----------
    game : what they play.
    algorithm : whose runs are meant.
    cells : last policies of the runs of all algorithms.
    """
    ends = cells[algorithm]
    exact = [exact_nash_conv(game, policies) for policies in ends.policies]
    known = [value for value in exact if value is not None]
    if len(known) == len(exact):
        values, each = known, "exact"
    else:
        values, each = [_at_hand(game, algorithm, cells, k) for k in range(len(ends.seeds))], "lower"
    return estimate_row(
        over_seeds(values, higher_is_better=False), quantity="nash_conv", each=each, p=np.nan, smallest_p=np.nan
    )


def exact_nash_conv(game: Game, policies: JointPolicy) -> float | None:
    """Return NashConv of a joint policy in a matrix game or a game tree; None where it is not defined or not known.

    It is not defined where agents draw their sub-policies together or read what others see, and not computed where an
    agent of a tree forgets.
    """
    if draws_together(policies) or any(policy.central for policy in policies):
        return None
    if isinstance(game, NormalFormGame):
        seen = np.ones((1, 1))
        profile = Profile([policy.probabilities(seen)[0] for policy in policies])
        return float(nash_conv(game, profile).nash_conv)
    if isinstance(game, SequentialGame) and game.has_perfect_recall:
        return float(nash_conv(game, to_behaviour(game, policies)).nash_conv)
    return None


def _at_hand(game: Game, algorithm: str, cells: Mapping[str, Ends], k: int) -> float:
    ends = cells[algorithm]
    seed = ends.seeds[k]
    others: list[Sequence[Any]] = [
        other.policies[other.seeds.index(seed)]
        for name, other in cells.items()
        if name != algorithm and seed in other.seeds
    ]
    others += list(anchor_policies(game).values())
    candidates = [[joint[i] for joint in others if not joint[i].central] for i in range(game.spec.n_agents)]
    gains = deviation_gains_at_hand(
        game, ends.policies[k], candidates, n_episodes=N_EPISODES, explore=ends.explored, seed=seed
    )
    return float(gains.sum())
