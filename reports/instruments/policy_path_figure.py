"""The figure of policies' paths: how far they went in all, and how far they got."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import MIN_SEEDS, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.drift_frames import algorithms_of, at_the_end
from nashlens.reports.instruments.seed_estimates import seed_estimate, seed_means
from nashlens.reports.verdicts import Statement, Verdict, plain
from nashlens.reports.words import estimate_words, listed

SHORT = {"ns_policy_path": "path", "ns_policy_straight": "from the first"}
DISTANCES = {
    "ns_policy_tv": "{} in total variation",
    "ns_policy_w2": "{} in 2-Wasserstein distance of actions",
}


def policy_path_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return the length of policies' paths beside their distance from the first, one panel a game.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = [merged[(merged["game"] == game) & merged["metric"].isin(list(SHORT))] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="ns-paths",
        title="How far policies went, and how far they got",
        about="Length of the path that an agent's policy took through all snapshots, and its distance from the first, "
        "in total variation (2-Wasserstein distance of real-valued actions), mean over agents. A path that outgrows "
        "the distance turns back or circles. The policies of a run are known and not sampled, so that these curves "
        "have no noise floor; where they are asked at probe observations only, other observations would give others.",
        say=lambda part, _: _statements(part),
        zero=True,
        short=SHORT,
    )


def movement_words(part: pd.DataFrame) -> str:
    """Say how far policies moved from snapshot to snapshot, and how crooked their paths were.

    Parameters
    ----------
    part : tidy, of one game, agents averaged.
    """
    said = []
    for name in algorithms_of(part):
        moved = []
        for metric, words in DISTANCES.items():
            values = seed_means(part, metric, algorithm=name)
            if len(values.dropna()):
                moved.append(words.format(estimate_words(seed_estimate(values, least=0.0))))
        if not moved:
            continue
        crooked = seed_means(part, "ns_tortuosity", algorithm=name).dropna()
        longer = f", on paths {estimate_words(seed_estimate(crooked, least=1.0))} times the straight way" * bool(
            len(crooked)
        )
        said.append(f"by {listed(moved)} under {name}{longer}")
    return f"Policies themselves move from snapshot to snapshot {'; '.join(said)}." if said else ""


def _statements(part: pd.DataFrame) -> list[Statement]:
    last = at_the_end(part)
    paths, straight = (
        {name: seed_means(last, metric, algorithm=name) for name in algorithms_of(part)} for metric in SHORT
    )
    said = [
        plain(
            f"Under {name} policies went {estimate_words(seed_estimate(path, least=0.0))} in all and ended "
            f"{estimate_words(seed_estimate(straight[name], least=0.0))} from where they began."
        )
        for name, path in paths.items()
    ]
    return said + [
        _farther(first, second, paths[first], paths[second])
        for first, second in combinations(paths, 2)
        if len(paths[first].index.intersection(paths[second].index)) >= MIN_SEEDS
    ]


def _farther(first: str, second: str, one: pd.Series, other: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        (found,) = verdicts
        if found.sign:
            far = "farther" if found.sign > 0 else "less far"
            return f"Policies went {far} under {first} than under {second} (difference {found.evidence})."
        return f"That they went farther under one of {first} and {second} is not shown (difference {found.evidence})."

    return Statement(differences=(difference(one, other),), write=write)
