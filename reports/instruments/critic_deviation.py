"""What agents of a matrix game gain by playing what their own critics value most, really played.

A critic that an actor climbs may know of a better answer that the actor cannot give, for instance because it is shared
and must answer for all agents alike. What the critic promises is no bound, but what its favourite action then gains
against the others' true strategies is one: a local best response, a lower bound of NashConv.

References
----------
Lisý and Bowling (2017), arXiv:1612.07547.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.local_best_response import local_best_response
from nashlens.analysis.results import Array
from nashlens.games import NormalFormGame, Profile
from nashlens.reports.instruments.stand_ins import LOG_PROBABILITIES
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "critic_gain"


def critic_gain_rows(run: TrainingRun, game: NormalFormGame) -> Iterator[Row]:
    """Yield what the agents gain at the last snapshot by their critics' favourite actions, each deviating alone.

    Parameters
    ----------
    run : of that game, as stored.
    game : the run's game.

    Yields
    ------
    One row, the gains above 0 added over agents; none where the run kept no critics, where sub-policies have several,
    or where a critic reads the others' log probabilities in the place of actions.
    """
    policies = run.policies()
    if not all(_has_plain_critic(run, i) and not policies[i].central for i in range(game.n_agents)):
        return
    seen = np.ones((1, 1))
    profile = Profile([policy.probabilities(seen)[0] for policy in policies])
    found = local_best_response(game, profile, q_values=critic_values(run, game, profile))
    gain = float(np.maximum(found.gains, 0.0).sum())  # an agent whose critic errs stays where it is
    yield row(NAME, gain, step=run.snapshot_steps[-1], bound=found.bound, unit="snapshot", n=1)


def critic_values(run: TrainingRun, game: NormalFormGame, profile: Profile) -> tuple[Array, ...]:
    """Return what each agent's last critic makes of its own actions ``[A_i]``, the others playing a profile.

    Parameters
    ----------
    run : of that game, with its critics.
    game : the run's game.
    profile : one mixed strategy ``[A_i]`` an agent.
    """
    places = np.indices(game.n_actions).reshape(game.n_agents, -1)
    joint = np.concatenate([np.eye(n)[own] for n, own in zip(game.n_actions, places, strict=True)], axis=1)
    seen = np.ones((len(joint), sum(game.spec.observation_sizes)))
    tables = [run.critic(i)(seen, joint).reshape(game.n_actions) for i in range(game.n_agents)]
    return action_payoffs(np.stack(tables), profile)


def _has_plain_critic(run: TrainingRun, agent: int) -> bool:
    inference = run.algorithm[run.spec.sides[agent]].get("inference") or {}
    one = bool(run.learners) and len(run.learners[agent]) == 1
    return one and inference.get("fed_as") != LOG_PROBABILITIES
