"""Ledgers: a quantity written as a sum of named parts, at every probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nashlens.analysis.probes import floored
from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ledger:
    """A total and the parts that add to it, at each of P probes.

    Attributes
    ----------
    name : of the ledger.
    total : ``[P]``; what is split, usually ``KL(true‖model)`` in nats; infinite where the model rules out an action
        that the policy takes.
    parts : by name, each ``[P]``; they add to `total`; NaN where the total is infinite and cannot be split.
    details : by name, each ``[P]``; what belongs beside the parts, and does not add.
    floor, clipped : what the model's probabilities were raised to, and the share of entries that were.
    bound : ``exact`` for these probes.
    """

    name: str
    total: Array
    parts: Mapping[str, Array]
    details: Mapping[str, Array] = field(default_factory=dict)
    floor: float = 0.0
    clipped: float = 0.0
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    @property
    def split(self) -> BoolArray:
        """``[P]``; where the total is finite, so that its parts can add to it."""
        return np.asarray(np.isfinite(self.total))

    @property
    def error(self) -> float:
        """How far the parts' sum is from a finite total at most: rounding, if all is well."""
        summed = np.sum(list(self.parts.values()), axis=0)
        return float(np.abs(summed - self.total)[self.split].max(initial=0.0))

    @property
    def shares(self) -> Mapping[str, float]:
        """Each part's mean as a share of the total's; NaN if the total's mean is 0 or infinite."""
        total = float(self.total.mean())
        usable = np.isfinite(total) and total != 0
        return {name: float(values.mean()) / total if usable else np.nan for name, values in self.parts.items()}

    def to_records(self) -> list[Record]:
        """Return the mean over probes of the total and of each part, with its share, and of each detail."""
        n, n_infinite = len(self.total), int((~self.split).sum())
        reason = f"infinite at {n_infinite} of {n} probes, whose supports differ" if n_infinite else ""
        note = {"n": n, "unit": "observation", "bound": self.bound, "floor": self.floor, "clipped": self.clipped}
        rows: list[Record] = [
            {"metric": f"{self.name}_total", "value": float(self.total.mean()), "share": 1.0, "reason": reason, **note}
        ]
        for name, values in self.parts.items():
            row = {"metric": f"{self.name}_{name}", "value": float(values.mean()), "share": self.shares[name]}
            rows.append(row | {"reason": reason, "error": self.error, **note})
        for name, values in self.details.items():
            finite = np.isfinite(values)
            missing = f"{int((~finite).sum())} of {n} probes have no finite value" if not finite.all() else ""
            value = float(np.median(values[finite])) if finite.any() else np.nan
            rows.append({"metric": f"{self.name}_{name}_median", "value": value, "reason": missing, **note})
        return rows


def split_divergence(
    name: str,
    total: Array,
    *,
    parts: Mapping[str, Array],
    details: Mapping[str, Array],
    floor: float = 0.0,
    clipped: float = 0.0,
    references: tuple[str, ...] = (),
) -> Ledger:
    """Return a ledger whose parts are NaN wherever the total is infinite."""
    finite = np.isfinite(total)
    return Ledger(
        name=name,
        total=read_only(total),
        parts={key: read_only(np.where(finite, values, np.nan)) for key, values in parts.items()},
        details={key: read_only(np.where(finite, values, np.nan)) for key, values in details.items()},
        floor=floor,
        clipped=clipped,
        references=references,
    )


def comparable(p: Array, q: Array, floor: float) -> tuple[Array, Array, BoolArray, float]:
    """Return policy and model ready for a ledger.

    Returns
    -------
    p and the raised model ``[P, A]``; where p is 0 wherever the model is ``[P]``; and the share of raised entries.
    Rows where it is not have the model replaced by p, so that what is computed from them stays finite.
    """
    raised, clipped = floored(q, floor)
    finite = ~((p > 0) & (raised == 0)).any(axis=1)
    return p, np.where(finite[:, None], raised, p), np.asarray(finite), clipped
