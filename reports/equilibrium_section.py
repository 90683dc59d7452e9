"""The section of the Nash equilibria of a game in normal form, and that of what they cost."""

from __future__ import annotations

from functools import cache, partial

from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.welfare import price_of_anarchy
from nashlens.games import NormalFormGame
from nashlens.reports.solution import Part, Section, each, figures, strategy_words

MAX_SHOWN = 30
MAX_ENUMERATED = 400_000  # payoffs: a pass over them is still quick


def equilibrium_parts(game: NormalFormGame) -> tuple[Part, Part]:
    """Return the sections of the equilibria and of their price, still to be computed.

    Parameters
    ----------
    game : in normal form.

    Notes
    -----
    The equilibria are found once for both. What can be said without finding all of them, when that takes too long, is
    which are pure.
    """
    found = cache(partial(_found, game))
    only_pure = cache(partial(pure_equilibria, game))
    return (
        Part(
            name="equilibria",
            title="Nash equilibria",
            compute=lambda: _section(game, found()),
            otherwise=lambda reason: _section(game, only_pure(), reason=f"{reason}; only pure equilibria are listed"),
        ),
        Part(
            name="price",
            title="Price of anarchy and of stability",
            compute=lambda: _price(game, found()),
        ),
    )


def _found(game: NormalFormGame) -> Equilibria:
    if game.payoffs.size > MAX_ENUMERATED:
        raise ValueError(f"the game has {game.payoffs.size:,} payoffs, the limit for mixed equilibria is 400,000")
    return find_equilibria(game)


def _section(game: NormalFormGame, found: Equilibria, *, reason: str = "") -> Section:
    complete = found.is_complete and not reason
    rows = tuple(
        (
            str(k + 1),
            *(strategy_words(game.action_names[i], strategy) for i, strategy in enumerate(e.profile)),
            each(e.payoffs),
            figures(e.welfare),
            figures(float(e.gains.max())),
        )
        for k, e in enumerate(found.equilibria[:MAX_SHOWN])
    )
    return Section(
        name="equilibria",
        title="Nash equilibria",
        header=("", *game.spec.agents, "payoffs", "welfare", "regret"),
        rows=rows,
        note=_note(found, complete=complete, reason=reason or found.reason),
        data={
            "computed": not reason,
            "complete": complete,
            "reason": reason or found.reason,
            "method": found.method,
            "tolerance": found.tolerance,
            "bound": "exact" if complete else "lower",
            "n_components": len({subset.component for subset in found.subsets}),
            "equilibria": [
                {
                    "strategies": list(e.profile),
                    "payoffs": e.payoffs,
                    "gains": e.gains,
                    "regret": float(e.gains.max()),
                    "pure": e.is_pure,
                    "welfare": e.welfare,
                    "welfare_rank": e.welfare_rank,
                }
                for e in found.equilibria
            ],
            "subsets": [
                {"members": subset.members, "component": subset.component}
                for subset in found.subsets
                if len(subset.members) > 1
            ],
        },
    )


def _note(found: Equilibria, *, complete: bool, reason: str) -> str:
    notes = []
    several = [subset for subset in found.subsets if len(subset.members) > 1]
    if complete and several:
        n = len({subset.component for subset in found.subsets})
        notes.append(f"complete: these are the extreme ones; mixtures within {_counted(len(several), 'set')} of them ")
        notes[-1] += f"are equilibria too, in {_counted(n, 'connected component')}"
    elif complete:
        notes.append("complete: there are no others")
    else:
        notes.append(f"perhaps not complete: {reason}" if reason else "perhaps not complete")
    if len(found) > MAX_SHOWN:
        notes.append(f"the first {MAX_SHOWN} of {len(found)} are shown; --json gives all")
    notes.append(f"method: {found.method}; regret is the most that any agent gains by deviating")
    return ". ".join(notes)


def _price(game: NormalFormGame, found: Equilibria) -> Section:
    price = price_of_anarchy(game, equilibria=found)
    note = price.reason
    if price.bound == "lower":
        note = "; ".join(filter(None, [note, "from the equilibria that were found: anarchy may be worse than this"]))
    return Section(
        name="price",
        title="Price of anarchy and of stability",
        header=("anarchy", "stability", "worst equilibrium, normalised welfare", "best"),
        rows=(
            (
                figures(price.anarchy),
                figures(price.stability),
                figures(price.worst_normalised),
                figures(price.best_normalised),
            ),
        ),
        note=note,
        data={
            "anarchy": price.anarchy,
            "stability": price.stability,
            "worst_normalised": price.worst_normalised,
            "best_normalised": price.best_normalised,
            "optimum": price.optimum,
            "bound": price.bound,
            "reason": price.reason,
        },
    )


def _counted(n: int, unit: str) -> str:
    return f"{n} {unit}{'' if n == 1 else 's'}"
