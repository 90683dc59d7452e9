"""What a transition's age says about its outcome where contexts never recur: a lower bound from two classifiers.

One classifier guesses the age from the context (state and action), another starts from that guess and adds the outcome.
What the second guesses better on episodes that neither was fitted to, in nats, is in expectation at most
``I(age; outcome | context)`` where the first is right about the context, and falls short by what the second misses.
A world that stands still leaves nothing to gain, however much the states that are visited change with age.

Outcomes enter as what a regression on the context leaves of them. So the second classifier cannot gain by reading the
context better off the outcome, as far as the regression is right; and where the context tells the outcome completely
there is nothing left and the information is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.softmax_regression import log_losses, softmax_weights
from nashlens.analysis.statistics import check_level
from nashlens.games.core import IntArray

CONTEXT_PENALTY = 10.0
PENALTIES = (1.0, 10.0, 100.0, 1_000.0)
N_HINGES = 64
MIN_LEFT = 1e-6  # of an outcome's variance: what a regression leaves below this is rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgeClassification:
    """What outcomes add to telling ages, with a test of whether they add anything.

    Attributes
    ----------
    information : mean gain in log loss on held-out episodes, nats; may be slightly negative.
    p : share of flips of the episodes' gains, the data counted among them, whose mean is at least as large.
    floor_high : the `level` quantile of the flipped means.
    level : of `floor_high`.
    accuracy_context, accuracy : share of the ages guessed right from the context, and from context and outcome.
    gains : ``[n]``; gain of each transition.
    n_parts : directions in which outcomes vary given the context; without any the information is 0.
    n_ages, n_episodes, n_permutations : different ages, clusters, flips.
    bound : ``lower``, in expectation, for the information, as far as ages are told from contexts as well as can be.
    """

    information: float
    p: float
    floor_high: float
    level: float
    accuracy_context: float
    accuracy: float
    gains: Array
    n_parts: int
    n_ages: int
    n_episodes: int
    n_permutations: int
    bound: Bound = "lower"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("p", "floor_high", "level", "accuracy_context", "accuracy", "n_episodes", "n_permutations", "bound")
        row: Record = {"metric": "age_classifier", "value": self.information, "n": len(self.gains)}
        return [row | {"unit": "observation"} | {name: getattr(self, name) for name in named}]


def age_classifier(
    ages: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    *,
    contexts: npt.ArrayLike,
    episodes: npt.ArrayLike | None = None,
    n_folds: int = 3,
    max_parts: int = 6,
    n_permutations: int = 999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> AgeClassification:
    """Estimate from below what age and outcome say of one another given the context, and test whether it is anything.

    Run it twice: with state and own action as context, and with state and joint action, which is the control.

    Parameters
    ----------
    ages : ``[n]`` labels, such as the older and the newer half of a replay; two or more different ones.
    outcomes : ``[n, d]`` numbers, such as what is seen next; ``[n]`` is one number each.
    contexts : ``[n, c]`` numbers, such as what was seen and done.
    episodes : ``[n]`` labels of clusters, never parted by a fold or a flip; each transition its own if left out.
    n_folds : parts of the episodes, each held out once; at least 2.
    max_parts : directions of the outcomes that are kept at most, those that vary most given the context.
    n_permutations : flips, at least 1.
    level : of the quantile of the floor.
    rng : source of folds, features and flips.

    Raises
    ------
    ValueError : lengths differ, a number is not finite, there is one age only, or fewer episodes than folds, or an
        option is out of range.

    Notes
    -----
    Context: its numbers and 64 random hinges of them. The second classifier starts from the first one's log odds and
    adds the remainders of the outcomes, their products with one another and with the context, under a penalty chosen
    on episodes held out once more. If outcomes add nothing the gain of an episode is as likely below 0 as above, or
    likelier as the second classifier has more to overfit; so the p-value tends to be too large, not too small. Cost
    O(n · parts · (parts + c)) a step of some hundred.
    """
    k, y, c = _labels(ages, "ages"), _table(outcomes, "outcomes"), _table(contexts, "contexts")
    if not len(k) == len(y) == len(c):
        raise ValueError(f"ages, outcomes and contexts must be of one length, not {len(k)}, {len(y)} and {len(c)}")
    cluster = np.arange(len(k)) if episodes is None else _labels(episodes, "episodes")
    if len(cluster) != len(k):
        raise ValueError(f"episodes must be {len(k)} labels, one a transition, not {len(cluster)}")
    n_ages, n_episodes = int(k.max()) + 1, int(cluster.max()) + 1
    if n_ages < 2:
        raise ValueError("ages must hold two or more different ages to compare, not one")
    if not 2 <= n_folds <= n_episodes:
        raise ValueError(f"n_folds must be from 2 to the {n_episodes} episodes, not {n_folds}")
    if min(max_parts, n_permutations) < 1:
        raise ValueError(f"max_parts and n_permutations must be at least 1, not {max_parts} and {n_permutations}")
    check_level(level)
    seen = _hinged(_standardised(c), rng)
    left = _remainders(y, seen, max_parts=max_parts)
    added = _products(left, _standardised(c))
    fold = rng.permutation(np.arange(n_episodes) % n_folds)[cluster]
    # A third part of the training episodes chooses the penalty.
    inner = rng.permutation(np.arange(n_episodes) % 3 == 0)[cluster]
    gains, right_before, right = np.zeros(len(k)), np.zeros(len(k), np.bool_), np.zeros(len(k), np.bool_)
    for f in range(n_folds):
        train, test = fold != f, fold == f
        before, after = _log_odds(seen, added, k, train=train, inner=inner, n_ages=n_ages)
        gains[test] = log_losses(before[test], k[test]) - log_losses(after[test], k[test])
        right_before[test], right[test] = (each[test].argmax(axis=1) == k[test] for each in (before, after))
    sums = np.bincount(cluster, weights=gains)
    flipped = rng.choice([-1.0, 1.0], size=(n_permutations, n_episodes)) @ sums / len(k)
    information = float(sums.sum() / len(k))
    hits = int((flipped >= information - 1e-12).sum())
    return AgeClassification(
        information=information,
        p=(1 + hits) / (1 + n_permutations),
        floor_high=float(np.quantile(flipped, level)),
        level=level,
        accuracy_context=float(right_before.mean()),
        accuracy=float(right.mean()),
        gains=read_only(gains),
        n_parts=left.shape[1],
        n_ages=n_ages,
        n_episodes=n_episodes,
        n_permutations=n_permutations,
    )


def _log_odds(
    seen: Array,
    added: Array,
    ages: IntArray,
    *,
    train: npt.NDArray[np.bool_],
    inner: npt.NDArray[np.bool_],
    n_ages: int,
) -> tuple[Array, Array]:
    """Return log odds ``[n, K]`` from the context, and from context and outcome, fitted to the training episodes."""
    nothing = np.zeros((len(ages), n_ages))
    before = seen @ softmax_weights(seen[train], ages[train], start=nothing[train], penalty=CONTEXT_PENALTY)
    if not added.shape[1]:
        return before, before
    fitted, chosen = train & ~inner, train & inner
    losses = []
    for penalty in PENALTIES:
        weights = softmax_weights(added[fitted], ages[fitted], start=before[fitted], penalty=penalty)
        losses.append(log_losses(before[chosen] + added[chosen] @ weights, ages[chosen]).mean())
    best = PENALTIES[int(np.argmin(losses))]
    weights = softmax_weights(added[train], ages[train], start=before[train], penalty=best)
    return before, before + added @ weights


def _standardised(table: Array) -> Array:
    """Return columns of mean 0 and spread 1; those that never change are left out."""
    spread = table.std(axis=0)
    changing = spread > 1e-9 * np.maximum(1.0, np.abs(table).max(axis=0, initial=0.0))
    result: Array = (table[:, changing] - table[:, changing].mean(axis=0)) / spread[changing]
    return result


def _hinged(table: Array, rng: np.random.Generator) -> Array:
    """Return a column of ones, the table, and random hinges ``max(0, w · x + b)`` of it, standardised."""
    directions = rng.normal(size=(table.shape[1], N_HINGES)) / np.sqrt(max(1, table.shape[1]))
    hinges = np.maximum(0.0, table @ directions + rng.normal(size=N_HINGES))
    return np.concatenate([np.ones((len(table), 1)), table, _standardised(hinges)], axis=1)


def _remainders(outcomes: Array, seen: Array, *, max_parts: int) -> Array:
    """Return what a regression on the context leaves of the outcomes, in at most so many uncorrelated directions."""
    spread = outcomes.std(axis=0)
    scaled = (outcomes - outcomes.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    left = scaled - seen @ np.linalg.lstsq(seen, scaled, rcond=None)[0]
    directions, sizes, _ = np.linalg.svd(left, full_matrices=False)
    kept = sizes**2 / len(left) > MIN_LEFT
    result: Array = directions[:, kept][:, :max_parts] * np.sqrt(len(left))
    return result


def _products(left: Array, contexts: Array) -> Array:
    """Return remainders, their products with one another, and with every number of the context; standardised."""
    if not left.shape[1]:
        return left
    first, second = np.triu_indices(left.shape[1])
    crossed = (left[:, :, None] * contexts[:, None]).reshape(len(left), -1)
    return _standardised(np.concatenate([left, left[:, first] * left[:, second], crossed], axis=1))


def _labels(values: npt.ArrayLike, name: str) -> IntArray:
    given = np.asarray(values)
    if given.ndim != 1 or not len(given):
        raise ValueError(f"{name} must be one label for each transition, not shape {given.shape}")
    return np.asarray(np.unique(given, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _table(values: npt.ArrayLike, name: str) -> Array:
    given = np.asarray(values, dtype=np.float64)
    table = given[:, None] if given.ndim == 1 else given
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError(f"{name} must be finite numbers [n, d], not shape {given.shape}")
    return table
