"""Testing on stored transitions whether their age tells anything about their outcomes: discrete data, any environment.

The plug-in information is biased upwards, by more the rarer the contexts. So it stands beside what it is when ages are
shuffled among the transitions of each context, where under a stationary world they are exchangeable; the share of
shuffles that reach it is the p-value, valid for every policy and every sample size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, Bound, Record

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeTest:
    """Information between age and outcome given a context, from samples, with its noise floor.

    Attributes
    ----------
    information : plug-in estimate, nats; biased upwards.
    floor : its mean with ages shuffled within contexts.
    floor_high : the `level` quantile of the shuffled ones.
    p : share of shuffles, the data counted among them, that are at least as large.
    n : transitions.
    n_informative : transitions in contexts that hold more than one age, without which shuffling changes nothing.
    n_ages, n_contexts, n_outcomes : different values of each.
    reason : why there is no p-value; empty if there is one.
    """

    information: float
    floor: float
    floor_high: float
    p: float
    level: float
    n: int
    n_informative: int
    n_ages: int
    n_contexts: int
    n_outcomes: int
    n_permutations: int
    reason: str = ""
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    @property
    def excess(self) -> float:
        """`information` less `floor`, nats; may be negative."""
        return self.information - self.floor

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("floor", "floor_high", "p", "level", "n", "n_informative", "n_contexts", "n_permutations", "bound")
        row: Record = {"metric": "age_test", "value": self.excess, "information": self.information}
        row |= {name: getattr(self, name) for name in named}
        return [row | {"unit": "observation", "reason": self.reason}]


def age_test(
    ages: npt.ArrayLike,
    outcomes: npt.ArrayLike,
    *,
    contexts: npt.ArrayLike,
    n_permutations: int = 999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> AgeTest:
    """Test whether age and outcome are independent given a context, by shuffling ages within contexts.

    Run it twice: with state and own action as context, and with state and joint action, which is the control. With a
    fingerprint added to the context what is left is what the fingerprint does not explain.

    Parameters
    ----------
    ages : ``[n]`` labels, such as age bins; two or more different ones.
    outcomes : ``[n]`` or ``[n, d]`` labels, such as reward and next state.
    contexts : ``[n]`` or ``[n, d]`` labels, such as state and own action.
    n_permutations : shuffles, at least 1.
    level : of the quantile of the floor.
    rng : source of the shuffles.

    Raises
    ------
    ValueError : lengths differ, there are no transitions, only one age, or an option is out of range.

    Notes
    -----
    Transitions must be exchangeable within a context if the world stands still. Those of one episode are, in a Markov
    state; under partial observability they may not be.
    """
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, not {n_permutations}")
    if not 0 < level < 1:
        raise ValueError(f"level must be inside (0, 1), such as 0.95, not {level}")
    k, y, c = (_labels(v, name) for v, name in ((ages, "ages"), (outcomes, "outcomes"), (contexts, "contexts")))
    if not len(k) == len(y) == len(c):
        raise ValueError(f"ages, outcomes and contexts must be of one length, not {len(k)}, {len(y)} and {len(c)}")
    n_ages, n_outcomes, n_contexts = (int(each.max()) + 1 for each in (k, y, c))
    if n_ages < 2:
        raise ValueError("ages must hold two or more different ages to compare, not one")
    order = np.argsort(c, kind="stable")
    k, y, c = k[order], y[order], c[order]
    cells = _Cells(c, y, n_ages=n_ages, n_outcomes=n_outcomes)
    observed = cells.information(k)
    shuffled = np.array([cells.information(k[np.lexsort((rng.random(len(k)), c))]) for _ in range(n_permutations)])
    mixed = np.bincount(np.unique(c * n_ages + k) // n_ages, minlength=n_contexts) > 1
    n_informative = int(mixed[c].sum())
    hits = int((shuffled >= observed - 1e-12).sum())
    return AgeTest(
        information=observed,
        floor=float(shuffled.mean()),
        floor_high=float(np.quantile(shuffled, level)),
        p=(1 + hits) / (1 + n_permutations) if n_informative else np.nan,
        level=level,
        n=len(k),
        n_informative=n_informative,
        n_ages=n_ages,
        n_contexts=n_contexts,
        n_outcomes=n_outcomes,
        n_permutations=n_permutations,
        reason="" if n_informative else "no context holds more than one age",
    )


class _Cells:
    """Counts of (context, age, outcome), of which only the joint ones change when ages are shuffled in a context."""

    def __init__(self, contexts: Labels, outcomes: Labels, *, n_ages: int, n_outcomes: int) -> None:
        _, self._cell = np.unique(contexts * n_outcomes + outcomes, return_inverse=True)
        self._contexts, self._n_ages = contexts, n_ages
        self._fixed = _spread(contexts) - _spread(self._cell)

    def information(self, ages: Labels) -> float:
        """Return the plug-in information between age and outcome given the context, nats."""
        joint = _spread(self._cell * self._n_ages + ages)
        total = joint + self._fixed - _spread(self._contexts * self._n_ages + ages)
        return max(0.0, total / len(ages))


def _spread(labels: Labels) -> float:
    """Return ``Σ n_l ln n_l`` over the different labels."""
    counts: Array = np.bincount(labels).astype(np.float64)
    return float(special.xlogy(counts, counts).sum())


def _labels(values: npt.ArrayLike, name: str) -> Labels:
    """Return whole numbers from 0, one for each different row."""
    given = np.asarray(values)
    if given.ndim not in {1, 2} or not len(given):
        raise ValueError(f"{name} must be one label or row of labels for each transition, not shape {given.shape}")
    _, index = np.unique(given, axis=0, return_inverse=True)
    return np.asarray(index.reshape(-1), dtype=np.int64)
