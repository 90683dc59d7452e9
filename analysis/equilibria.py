"""Which equilibria a game has: the right method for its number of agents.

One agent: its best actions. Two agents: every extreme equilibrium, and the maximal Nash subsets that they span, by
vertex enumeration. Three or more, or two with too many actions to enumerate: every pure equilibrium, the limiting
logit equilibrium, and those that Newton's method finds on small supports; there may be others, and the result says
so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nashlens.analysis.action_payoffs import normalised_payoffs
from nashlens.analysis.enumeration import enumerate_equilibria
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.nash import Equilibria, verified
from nashlens.analysis.supports import support_equilibria
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form


def find_equilibria(
    game: NormalFormGame, *, tolerance: float = 1e-9, max_vertices: int = 20_000, max_supports: int = 2_000
) -> Equilibria:
    """Find the equilibria of a game with any number of agents.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : gains this large count as none, as a share of the most that an agent's own choice can matter.
    max_vertices : with two agents, vertices of one polyhedron after which the enumeration gives up.
    max_supports : where enumeration is not to be had, how many supports to try, small ones first.

    Returns
    -------
    Equilibria. Complete for one agent and, but for the exceptions that `reason` names, for two; for more agents
    `is_complete` is always False, although every pure equilibrium is listed.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `tolerance` or a limit is out of range.

    Examples
    --------
    >>> matching_pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> [s.round(6).tolist() for s in find_equilibria(matching_pennies).profiles[0]]
    [[0.5, 0.5], [0.5, 0.5]]
    """
    check_normal_form(game)
    if not 0 < tolerance < 1 or max_supports < 0:
        raise ValueError(f"tolerance must be in (0, 1), max_supports at least 0; not {tolerance}, {max_supports}")
    reason = f"with {game.n_agents} agents mixed equilibria may be missing; all pure ones are listed"
    if game.n_agents == 2:
        enumerated = enumerate_equilibria(game, tolerance=tolerance, max_vertices=max_vertices)
        if len(enumerated):
            return enumerated
        reason = f"{enumerated.reason}: mixed equilibria may be missing; all pure ones are listed"
    if game.n_agents == 1:
        return replace(pure_equilibria(game, tolerance=tolerance), is_complete=True, reason="", bound="exact")
    found = [
        *pure_equilibria(game, tolerance=tolerance).profiles,
        *limiting_logit_equilibrium(game, tolerance=tolerance).profiles,
        *support_equilibria(game, tolerance=tolerance, max_supports=max_supports).profiles,
    ]
    return verified(
        game,
        found,
        tolerance=tolerance,
        method="pure enumeration, logit homotopy, supports",
        reason=reason,
        references=("McKelvey & Palfrey (1995)", "Turocy (2005)", "Porter et al. (2008)"),
    )


def pure_equilibria(game: NormalFormGame, *, tolerance: float = 1e-9) -> Equilibria:
    """Every equilibrium in pure strategies, for any number of agents.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : gains this large count as none, as a share of the most that an agent's own choice can matter
        (`strategic_scale`).

    Returns
    -------
    Equilibria; complete with respect to pure strategies, which `method` says.

    Notes
    -----
    Cost O(N · A_1 ⋯ A_N).

    Examples
    --------
    >>> prisoners_dilemma = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    >>> [s.tolist() for s in pure_equilibria(prisoners_dilemma).profiles[0]]
    [[0.0, 1.0], [0.0, 1.0]]
    """
    check_normal_form(game)
    profiles = [Profile.pure(actions, game.n_actions) for actions in pure_equilibrium_actions(game, tolerance)]
    return verified(game, profiles, tolerance=tolerance, method="pure enumeration", reason="pure strategies only")


def pure_equilibrium_actions(game: NormalFormGame, tolerance: float = 1e-9) -> list[list[int]]:
    """Return the actions of each pure equilibrium, in the order of the payoff tensor."""
    stable = np.ones(game.n_actions, dtype=np.bool_)
    for i, own in enumerate(normalised_payoffs(game.payoffs)):
        stable &= own >= own.max(axis=i, keepdims=True) - tolerance
    return [[int(a) for a in actions] for actions in np.argwhere(stable)]
