"""The sections of a game in normal form: equilibria, gaps, correlated equilibria, welfare, dominance, potential."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from nashlens.analysis.action_payoffs import expected_payoffs
from nashlens.analysis.correlated import Concept, CorrelatedEquilibrium, correlated_equilibrium
from nashlens.analysis.correlated_gaps import correlated_gaps, product_distribution
from nashlens.analysis.dominance import dominance
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.minimax import game_value
from nashlens.analysis.potential import potential_decomposition
from nashlens.analysis.welfare import social_optimum
from nashlens.games import NormalFormGame, Profile
from nashlens.reports.equilibrium_section import equilibrium_parts
from nashlens.reports.solution import Part, Section, each, figures

CONCEPTS: tuple[tuple[Concept, str], ...] = (("ce", "correlated"), ("cce", "coarse correlated"))
MAX_CONDITIONS = 5_000_000  # entries of the linear programme's matrix: 40 MB
MAX_JOINT = 200_000  # joint actions whose distribution is held in full


def matrix_parts(game: NormalFormGame, *, profile: Sequence[Any] | None = None) -> tuple[Part, ...]:
    """Return the sections of a game in normal form, still to be computed.

    Parameters
    ----------
    game : in normal form.
    profile : a strategy ``[A_i]`` an agent, to be measured beside uniform play.

    Raises
    ------
    ValueError : `profile` is no profile of the game.
    """
    given = None if profile is None else _given(game, profile)
    if given is not None and given.batch_shape:
        raise ValueError(f"profile must be one strategy an agent, not a batch of shape {given.batch_shape}")
    parts = [
        Part(name="game", title=game.spec.name, compute=partial(_description, game)),
        *equilibrium_parts(game),
        Part(name="gaps", title="Gaps", compute=partial(_gaps, game, given)),
        Part(name="correlated", title="Correlated equilibria", compute=partial(_correlated, game)),
        Part(name="welfare", title="Welfare", compute=partial(_welfare, game)),
        Part(name="potential", title="Potential", compute=partial(_potential, game)),
    ]
    if game.n_agents == 2 and game.is_constant_sum():
        parts.insert(2, Part(name="value", title="Value", compute=partial(_value, game)))
    if game.n_actions == (2, 2):
        parts.append(Part(name="dominance", title="Dominance of equilibria", compute=partial(_dominance, game)))
    return tuple(parts)


def _description(game: NormalFormGame) -> Section:
    sizes = " × ".join(str(n) for n in game.n_actions)
    kind = "common interest" if game.spec.common_reward else "constant sum" if game.is_constant_sum() else "general sum"
    return Section(
        name="game",
        title=game.spec.name,
        header=("agents", "actions", "kind", "payoffs"),
        rows=(
            (str(game.n_agents), sizes, kind, f"from {figures(game.payoffs.min())} to {figures(game.payoffs.max())}"),
        ),
        data={
            "name": game.spec.name,
            "parameters": dict(game.spec.parameters),
            "form": "normal",
            "agents": list(game.spec.agents),
            "actions": [list(names) for names in game.action_names],
            "kind": kind,
            "constant_sum": game.is_constant_sum(),
            "spans": game.spans,
        },
    )


def _value(game: NormalFormGame) -> Section:
    found = game_value(game)
    rows = tuple((agent, figures(value)) for agent, value in zip(game.spec.agents, found.values, strict=True))
    return Section(
        name="value",
        title="Value",
        header=("agent", "can guarantee itself"),
        rows=rows,
        data={"values": found.values, "bound": found.bound, "tolerance": found.tolerance},
    )


def _gaps(game: NormalFormGame, given: Profile | None) -> Section:
    profiles = {"uniform play": Profile([np.full(n, 1 / n) for n in game.n_actions])}
    if given is not None:
        profiles = {"the given profile": given, **profiles}
    measured = {name: _gaps_of(game, profile) for name, profile in profiles.items()}
    rows = tuple(
        (
            name,
            each(found["payoffs"]),
            figures(found["nash_conv"]),
            figures(found["nash_gap"]),
            figures(found["ce_gap"]),
            figures(found["cce_gap"]),
            figures(found["exploitability"]),
        )
        for name, found in measured.items()
    )
    return Section(
        name="gaps",
        title="Gaps",
        header=("profile", "payoffs", "NashConv", "Nash gap", "CE gap", "CCE gap", "exploitability"),
        rows=rows,
        note="exact; in payoff units. Exploitability is NashConv over 2, for two agents of constant sum only.",
        data={"bound": "exact", "profiles": [{"profile": name, **found} for name, found in measured.items()]},
    )


def _given(game: NormalFormGame, strategies: Sequence[Any]) -> Profile:
    """Return the profile that someone wrote down, or say that it is the profile which is wrong, and how."""
    try:
        profile = Profile(strategies)
    except (TypeError, ValueError) as error:
        raise ValueError(f"profile must be numbers that make one strategy an agent: {error}") from error
    return game.check_profile(profile)


def _gaps_of(game: NormalFormGame, profile: Profile) -> dict[str, Any]:
    found = nash_conv(game, profile)
    exploitable = game.n_agents == 2 and game.is_constant_sum()
    small = prod(game.n_actions) <= MAX_JOINT
    joint = correlated_gaps(game, product_distribution(profile)) if small else None
    return {
        "strategies": list(profile),
        "payoffs": expected_payoffs(game.payoffs, profile),
        "nash_conv": float(found.nash_conv),
        "nash_gap": float(found.nash_gap),
        "gains": found.gains,
        "ce_gap": float("nan") if joint is None else float(joint.ce_gap),
        "cce_gap": float("nan") if joint is None else float(joint.cce_gap),
        "exploitability": float(found.nash_conv) / 2 if exploitable else float("nan"),
    }


def _correlated(game: NormalFormGame) -> Section:
    rows: list[tuple[str, ...]] = []
    data: dict[str, dict[str, Any]] = {}
    notes = ["exact; welfare is the sum of payoffs"]
    for concept, name in CONCEPTS:
        n_conditions = sum(n * (n - 1) if concept == "ce" else n for n in game.n_actions)
        if n_conditions * prod(game.n_actions) > MAX_CONDITIONS:
            notes.append(
                f"{name}: not computed, its linear programme has {n_conditions:,} × {prod(game.n_actions):,} "
                f"coefficients, the limit is {MAX_CONDITIONS:,}"
            )
            data[concept] = {"computed": False}
            continue
        low, high = _extremes(game, concept)
        rows.append((name, figures(low.welfare), figures(high.welfare), each(high.payoffs), figures(high.gap)))
        data[concept] = {
            "computed": True,
            "min_welfare": low.welfare,
            "max_welfare": high.welfare,
            "min_payoffs": low.payoffs,
            "max_payoffs": high.payoffs,
            "largest_gap": max(low.gap, high.gap),
            "bound": high.bound,
            "tolerance": high.tolerance,
        }
    return Section(
        name="correlated",
        title="Correlated equilibria",
        header=("equilibria", "least welfare", "most welfare", "payoffs at the most", "its gap"),
        rows=tuple(rows),
        note="; ".join(notes),
        data=data,
    )


def _extremes(game: NormalFormGame, concept: Concept) -> tuple[CorrelatedEquilibrium, CorrelatedEquilibrium]:
    low = correlated_equilibrium(game, "min_welfare", concept=concept)
    return low, correlated_equilibrium(game, "max_welfare", concept=concept)


def _welfare(game: NormalFormGame) -> Section:
    optimum = social_optimum(game)
    best = "; ".join(_named(game, actions) for actions in optimum.actions[:4])
    if len(optimum.actions) > 4:
        best += f" and {len(optimum.actions) - 4} more"
    if len(optimum.actions) == prod(game.n_actions):
        best = "every joint action"
    return Section(
        name="welfare",
        title="Welfare",
        header=("highest sum of payoffs", "at", "lowest"),
        rows=((figures(optimum.maximum), best, figures(optimum.minimum)),),
        data={
            "maximum": optimum.maximum,
            "minimum": optimum.minimum,
            "actions": optimum.actions,
            "bound": optimum.bound,
            "tolerance": optimum.tolerance,
        },
    )


def _dominance(game: NormalFormGame) -> Section:
    try:
        found = dominance(game)
    except ValueError as error:
        data = {"defined": False, "reason": str(error)}
        return Section(name="dominance", title="Dominance of equilibria", note=f"not defined: {error}", data=data)

    def which(k: int | None) -> str:
        return "neither" if k is None else _named(game, found.equilibria[k])

    rows = tuple(
        (_named(game, actions), each(found.payoffs[k]), figures(found.deviation_products[k]))
        for k, actions in enumerate(found.equilibria)
    )
    return Section(
        name="dominance",
        title="Dominance of equilibria",
        header=("equilibrium", "payoffs", "product of what leaving it costs"),
        rows=rows,
        note=f"payoff-dominant: {which(found.payoff_dominant)}; risk-dominant: {which(found.risk_dominant)}",
        data={
            "defined": True,
            "equilibria": found.equilibria,
            "payoffs": found.payoffs,
            "deviation_products": found.deviation_products,
            "payoff_dominant": found.payoff_dominant,
            "risk_dominant": found.risk_dominant,
            "bound": found.bound,
        },
    )


def _potential(game: NormalFormGame) -> Section:
    found = potential_decomposition(game)
    return Section(
        name="potential",
        title="Potential",
        header=("potentialness", "exact potential", "largest cycle"),
        rows=((figures(found.potentialness), "yes" if found.is_potential else "no", figures(found.largest_cycle)),),
        data={
            "potentialness": found.potentialness,
            "flow_potentialness": found.flow_potentialness,
            "is_potential": found.is_potential,
            "largest_cycle": found.largest_cycle,
            "bound": found.bound,
            "tolerance": found.tolerance,
            "references": found.references,
        },
    )


def _named(game: NormalFormGame, actions: Sequence[int]) -> str:
    return f"({', '.join(game.action_names[i][a] for i, a in enumerate(actions))})"
