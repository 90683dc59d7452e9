"""The sections of a sequential game: its sizes, what uniform play is worth, and what deviating from it gains."""

from __future__ import annotations

from functools import partial

from nashlens.analysis.exploitability import nash_conv
from nashlens.games.sequential import SequentialGame
from nashlens.reports.solution import Part, Section, figures


def tree_parts(game: SequentialGame) -> tuple[Part, ...]:
    """Return the sections of a game tree, still to be computed.

    Parameters
    ----------
    game : the game.
    """
    return (
        Part(name="game", title=game.spec.name, compute=partial(_description, game)),
        Part(name="sizes", title="Sizes", compute=partial(_sizes, game)),
        Part(name="uniform", title="Uniform play", compute=partial(_uniform, game)),
    )


def _description(game: SequentialGame) -> Section:
    kind = "common interest" if game.spec.common_reward else "constant sum" if game.is_constant_sum() else "general sum"
    returns = game.tree.returns
    recall = "yes" if game.has_perfect_recall else "no"
    return Section(
        name="game",
        title=str(game.spec.parameters.get("game", game.spec.name)),
        header=("agents", "longest play", "kind", "perfect recall", "returns"),
        rows=(
            (
                str(game.n_agents),
                f"{game.spec.horizon} moves of agents",
                kind,
                recall,
                f"from {figures(returns.min())} to {figures(returns.max())}",
            ),
        ),
        data={
            "name": game.spec.name,
            "parameters": dict(game.spec.parameters),
            "form": "sequential",
            "agents": list(game.spec.agents),
            "kind": kind,
            "constant_sum": game.is_constant_sum(),
            "perfect_recall": game.has_perfect_recall,
            "horizon": game.spec.horizon,
        },
    )


def _sizes(game: SequentialGame) -> Section:
    tree = game.tree
    rows = tuple(
        (agent, f"{len(sets):,}", str(sets.n_actions), f"{int(sets.legal.sum()):,}")
        for agent, sets in zip(game.spec.agents, tree.agents, strict=True)
    )
    return Section(
        name="sizes",
        title="Sizes",
        header=("agent", "information sets", "actions", "information sets and legal actions"),
        rows=rows,
        note=f"{tree.n_histories:,} histories, {len(tree.terminals):,} of them terminal",
        data={
            "histories": tree.n_histories,
            "terminal_histories": len(tree.terminals),
            "information_sets": [len(sets) for sets in tree.agents],
            "actions": [sets.n_actions for sets in tree.agents],
            "sequences": [int(sets.legal.sum()) for sets in tree.agents],
        },
    )


def _uniform(game: SequentialGame) -> Section:
    """Return values and gains of uniform play; gains only where no agent forgets, since best responses need it."""
    values = game.values(game.uniform_profile())
    data = {"values": values, "bound": "exact"}
    if not game.has_perfect_recall:
        return Section(
            name="uniform",
            title="Uniform play",
            header=("agent", "value"),
            rows=tuple((agent, figures(value)) for agent, value in zip(game.spec.agents, values, strict=True)),
            note="NashConv: not computed, an agent forgets what it knew or did, and best responses need perfect recall",
            data={**data, "nash_conv": None},
        )
    found = nash_conv(game, game.uniform_profile())
    total = float(found.nash_conv)
    exploitable = game.n_agents == 2 and game.is_constant_sum()
    note = f"NashConv {figures(total)}"
    if exploitable:
        note += f", exploitability {figures(total / 2)}"
    return Section(
        name="uniform",
        title="Uniform play",
        header=("agent", "value", "gains by its best response"),
        rows=tuple(
            (agent, figures(value), figures(gain))
            for agent, value, gain in zip(game.spec.agents, values, found.gains, strict=True)
        ),
        note=f"{note}; exact",
        data={
            **data,
            "gains": found.gains,
            "nash_conv": total,
            "nash_gap": float(found.nash_gap),
            "exploitability": total / 2 if exploitable else None,
        },
    )
