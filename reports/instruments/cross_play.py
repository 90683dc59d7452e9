"""Cross-play: independent runs against and with each other, what ensembles gain, and the meta-game of runs.

Nearly every number here needs several runs of one game: of a single one it is measured how far the sub-policies of its
ensembles lie apart, and what its sides get against opponents that were trained against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nashlens.games import Game, NormalFormGame
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.randomness import child
from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.behavioural_diversity import N_EPISODES, N_PROBES, diversities
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.cross_play_chapter import cross_play_chapter
from nashlens.reports.instruments.cross_play_pairings import pairing_rows, robustness_rows, self_play_rows
from nashlens.reports.instruments.cross_play_runs import SUB_POLICY_DIVERSITY
from nashlens.reports.instruments.ensemble_comparison import choice_rows, ensemble_rows
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS
from nashlens.reports.instruments.meta_comparison import meta_rows
from nashlens.reports.instruments.payoff_tensor import payoff_tensor
from nashlens.reports.instruments.population import match_of, population
from nashlens.reports.instruments.run_games import check_game
from nashlens.reports.instruments.trained_opponents import QUANTITIES as OPPONENTS
from nashlens.reports.instruments.trained_opponents import opponent_rows
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.probes import can_be_probed, probe_observations
from nashlens.reports.quantities import Quantity

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

LABELS = {
    "pairings": ("game", "first", "second", "score"),
    "robustness": ("game", "side", "algorithm", "quantity", "n_empty"),
    "self_play": ("game", "side", "algorithm", "quantity", "n_empty"),
    "ensembles": ("game", "side", "algorithm", "against", "quantity", "n_empty"),
    "choices": ("game", "side", "algorithm", "against", "opponent"),
    "meta": ("game", "algorithm", "quantity", "n_empty"),
}
SUB_POLICIES = Quantity(
    name=SUB_POLICY_DIVERSITY,
    title="Diversity of sub-policies",
    value_unit="share of the largest distance",
    definition="How differently the sub-policies of one agent's ensemble act at the same observations: the mean "
    "distance of every two, as System Neural Diversity takes it between agents; 0 where they are alike, and then "
    "mixing them gains nothing.",
    least=0.0,
    reference="Bettini, Shankar & Prorok (2025), JMLR 26(163), arXiv:2305.02128",
)


class CrossPlay:
    """Mounts both sides from different runs, and plays or computes every cell."""

    name = "cross_play"
    version = 3
    reads = (2,)  # what is measured of a run is the same; runs are compared anew
    keeps_agents = True  # sides that happen to get the same stand apart
    quantities = (SUB_POLICIES, *OPPONENTS)

    def measure(self, run: TrainingRun, game: Game) -> Iterator[Row]:
        """Yield the diversity of each agent's sub-policies, and what each side gets against a trained opponent.

        Raises
        ------
        ValueError : `game` is not the run's.
        """
        check_game(run, game)
        yield from _diversity(run, game)
        yield from opponent_rows(run, game)

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return pairings, robustness, self-play, gains of ensembles and the meta-game, each as a frame.

        A game of one agent or of three sides or more has empty frames.

        Raises
        ------
        ValueError : `game` is not that of the runs.
        """
        for each in runs.values():
            check_game(each[0], game)
        match = match_of(game)
        entries = population(runs)
        if match is None or not entries:
            return {name: _frame(name, ()) for name in LABELS}
        first = next(iter(next(iter(runs.values()))))
        tensor = payoff_tensor(game, match, entries, explore=first.explored, seed=first.seed)
        rows = {
            "pairings": pairing_rows(tensor, label=label, seed=first.seed),
            "robustness": robustness_rows(tensor, label=label),
            "self_play": self_play_rows(tensor, label=label),
            "ensembles": ensemble_rows(tensor, label=label),
            "choices": choice_rows(tensor, label=label),
            "meta": meta_rows(tensor, label=label, seed=first.seed),
        }
        return {name: _frame(name, each) for name, each in rows.items()}

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return whether ensembles are more robust, and than what, with tables and a figure."""
        return cross_play_chapter(comparisons, facts, frame)


def _diversity(run: TrainingRun, game: Game) -> Iterator[Row]:
    """Yield the diversity of each agent's sub-policies, where it has several."""
    policies = run.policies()
    mixed = [i for i, policy in enumerate(policies) if isinstance(policy, MixturePolicy)]
    exact = isinstance(game, NormalFormGame)
    if not mixed or not (exact or can_be_probed(game, policies)):
        return
    seen = [np.ones((1, 1))] * len(policies)
    if not exact:
        rng = child(run.seed, "cross_play", "probes")
        seen = list(probe_observations(game, policies, n_probes=N_PROBES, n_episodes=N_EPISODES, rng=rng))
    for i in mixed:
        policy = policies[i]
        assert isinstance(policy, MixturePolicy)
        found = diversities(game, policy.members, seen[i], agent=i)
        value = found.get("diversity_choice", found.get("diversity_gaussian", float("nan")))
        yield row(
            SUB_POLICIES.name,
            value,
            agent=run.spec.agents[i],
            step=run.snapshot_steps[-1],
            bound="exact" if exact else "estimate",
            unit="observation",
            n=len(seen[i]),
        )


def _frame(name: str, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=[*LABELS[name], *ESTIMATE_COLUMNS])


INSTRUMENT = CrossPlay()
