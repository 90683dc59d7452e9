"""What ages say in a run's replay as it was sampled: tests in discrete games, classifiers where nothing recurs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nashlens.agents.value_snapshots import ValueSnapshots
from nashlens.analysis.age_classifier import age_classifier
from nashlens.analysis.age_test import age_test
from nashlens.analysis.results import Array
from nashlens.games.randomness import child
from nashlens.reports.instruments.replayed_transitions import NAME, Replayed
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_SHUFFLES = 199
N_QUARTERS = 4
TESTED_PRINTS = ("epsilon", "quarter")  # the whole fingerprint tells every interval apart, and leaves nothing to test


def fingerprints_of(run: TrainingRun) -> dict[str, list[tuple[float, ...]]]:
    """Return what a fingerprint could say of each interval's transitions: ε, with the share of updates, or a quarter.

    Learners without ε are known by the share of updates alone. The quarter of the updates stands for a fingerprint
    that is read off roughly.
    """
    n = len(run.snapshot_steps) - 1
    made = np.searchsorted(run.update_steps, run.snapshot_steps[:-1], side="right") / max(1, len(run.update_steps))
    quarter: list[tuple[float, ...]] = [
        (float(each),) for each in np.minimum(np.floor(N_QUARTERS * made), N_QUARTERS - 1)
    ]
    first = run.actors[0]
    if not isinstance(first, ValueSnapshots):
        return {"fingerprint": [(float(share),) for share in made], "quarter": quarter}
    epsilons = [float(each) for each in first.epsilons[:n]]
    return {
        "epsilon": [(epsilon,) for epsilon in epsilons],
        "fingerprint": [(epsilon, float(share)) for epsilon, share in zip(epsilons, made, strict=True)],
        "quarter": quarter,
    }


def tested_age_rows(run: TrainingRun, held: Replayed) -> Iterator[Row]:
    """Yield what ages say, given own action, joint action and rough fingerprints, with p-values; for discrete worlds.

    Parameters
    ----------
    run : whose replay.
    held : its transitions.
    """
    if len(np.unique(held.intervals)) < 2:
        return
    everything = np.concatenate([*held.observations, *held.actions], axis=1)
    prints = {name: np.array(each)[held.intervals] for name, each in fingerprints_of(run).items()}
    for i, agent in enumerate(run.spec.agents):
        outcomes = np.concatenate([held.rewards[:, i : i + 1], held.next_observations[i]], axis=1)
        own = np.concatenate([held.observations[i], held.actions[i]], axis=1)
        contexts = {"own": own, "joint": everything}
        contexts |= {name: np.concatenate([own, prints[name]], axis=1) for name in TESTED_PRINTS if name in prints}
        for kind, context in contexts.items():
            said = age_test(
                held.intervals,
                outcomes,
                contexts=context,
                n_permutations=N_SHUFFLES,
                rng=child(run.seed, NAME, "shuffles", kind, i),
            )
            excess = said.excess if said.n_informative else np.nan
            for name, value in ((f"rs_age_excess_{kind}", excess), (f"rs_age_p_{kind}", said.p)):
                yield row(name, value, agent=agent, step=run.snapshot_steps[-1], unit="transition", n=said.n)


def classified_age_rows(run: TrainingRun, held: Replayed) -> Iterator[Row]:
    """Yield what next observations add to telling the older from the newer half of a replay, with p-values.

    Parameters
    ----------
    run : whose replay.
    held : its transitions; nothing is yielded where they are of one interval.
    """
    newer = held.intervals > np.median(held.intervals)
    if newer.all() or not newer.any() or len(np.unique(held.episodes)) < 3:
        return
    contexts: dict[str, list[Array]] = {
        "own": [np.concatenate(pair, axis=1) for pair in zip(held.observations, held.actions, strict=True)],
        "joint": [np.concatenate([*held.observations, *held.actions], axis=1)] * run.spec.n_agents,
    }
    for i, agent in enumerate(run.spec.agents):
        for kind, context in contexts.items():
            found = age_classifier(
                newer,
                held.next_observations[i],
                contexts=context[i],
                episodes=held.episodes,
                rng=child(run.seed, NAME, "classifiers", kind, i),
            )
            last, n = run.snapshot_steps[-1], len(held.rewards)
            gain, p = f"rs_age_gain_{kind}", f"rs_age_gain_p_{kind}"
            yield row(gain, found.information, agent=agent, step=last, bound=found.bound, unit="transition", n=n)
            yield row(p, found.p, agent=agent, step=last, unit="transition", n=n)
