"""The paper's table of ensembles beside ours: the same pairings, the same counts, and only their order compared.

The paper counts from the adversary's side. Its adversary is the first side of keep-away and of physical deception, and
the prey of predator-prey. It does not state how long training was, how many runs there are, nor per what its collisions
are counted; so the numbers themselves are set side by side and not judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.reports import published
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.estimate_rows import estimate_words
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, number

TABLE = "table6_policy_ensembles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """What of a game the paper's table counts.

    Attributes
    ----------
    count : the game's own name of it.
    column : of the published table.
    adversary_first : whether the paper's adversary is the first side of the game.
    """

    count: str
    column: str
    adversary_first: bool


COUNTERPARTS = {
    "simple_push": Counterpart(
        count="adversary_on_goal", column="keep_away_frames_adversary_on_goal", adversary_first=True
    ),
    "simple_adversary": Counterpart(
        count="adversary_success", column="physical_deception_frames_adversary_on_goal", adversary_first=True
    ),
    "simple_tag": Counterpart(count="touches", column="predator_prey_collisions", adversary_first=False),
}


def published_ensembles(
    pairings: pd.DataFrame, ensembles: frozenset[str], facts: Mapping[str, GameFacts]
) -> Table | None:
    """Return the table, or None where no game of the paper's is played by singles and ensembles.

    Parameters
    ----------
    pairings : the frame of `cross_play_pairings.pairing_rows`, all games.
    ensembles : labels of the algorithms that have sub-policies.
    facts : of every game by label.
    """
    rows = [row for label, game in facts.items() for row in _rows(pairings, ensembles, label, game)]
    if not rows:
        return None
    data = pd.DataFrame(rows)
    return Table(
        name="published-ensembles",
        title="The paper's table of ensembles beside ours",
        caption="Counts per episode between policies of independent runs; means with bootstrap intervals over the runs "
        "of both sides and the episodes that they share. "
        f"Published numbers ({published.SOURCE}, table 6, 1,000 trials) have no interval. Training here is shorter, "
        "and the paper does not state per what it counts collisions: compare which pairing has more, not how many.",
        header=("game", "counted", "adversary", "agent", "measured", "n", "is", "published"),
        rows=tuple(
            (
                str(row["game"]),
                str(row["counted"]),
                str(row["adversary"]),
                str(row["agent"]),
                estimate_words(row),
                counted(int(row["n"]), str(row["unit"])),
                str(row["bound"]),
                number(float(row["published"])),
            )
            for row in rows
        ),
        numeric=frozenset({4, 5, 7}),
        data=data,
    )


def _rows(pairings: pd.DataFrame, ensembles: frozenset[str], label: str, facts: GameFacts) -> list[dict[str, Any]]:
    counterpart = COUNTERPARTS.get(facts.name)
    if counterpart is None:
        return []
    known = published.table(TABLE)
    own = pairings[(pairings["game"] == label) & (pairings["score"] == counterpart.count)]
    found = []
    for row in own.to_dict("records"):
        kinds = ["ensemble" if row[side] in ensembles else "single" for side in ("first", "second")]
        adversary, agent = kinds if counterpart.adversary_first else kinds[::-1]
        line = known[(known["adversary"] == adversary) & (known["agent"] == agent)].iloc[0]
        about = {"game": label, "counted": counterpart.count.replace("_", " "), "adversary": adversary, "agent": agent}
        plain = {str(key): value for key, value in row.items() if key not in {"game", "score"}}
        found.append({**about, **plain, "published": float(line[counterpart.column])})
    kinds_met = {(row["adversary"], row["agent"]) for row in found}
    return found if len(kinds_met) == len(known) else []
