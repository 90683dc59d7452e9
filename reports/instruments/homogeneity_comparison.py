"""What sharing did to the runs of one game: common returns, what swapping and cloning cost, distance from equilibrium.

Runs are compared with those of a reference that shares nothing, seed by seed. Where a game has several sides, each role
plays against opponents of the reference's runs that it has not met, so that a difference is its own and not that of
the opponents that trained beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nashlens.analysis.clone_test import clone_test
from nashlens.analysis.comparisons import PValue, sign_flip_test
from nashlens.analysis.random_effects import errors_over_episodes
from nashlens.analysis.results import Array, Bound, Estimate
from nashlens.analysis.role_swap import role_swap
from nashlens.games import Game
from nashlens.games.anchors import anchor_policies
from nashlens.games.randomness import child
from nashlens.reports.estimates import difference
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS, enough_seeds, estimate_row, over_seeds
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.last_policies import SEPARATE, Ends, ends_of
from nashlens.reports.instruments.roles import Role, mounted, orders, placed, roles
from nashlens.reports.instruments.stability import nash_conv_estimate

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_EPISODES = 128
EXACT_DECIMALS = 12  # orders of one set of strategies sum in another order: what differs beyond this is rounding
LABELS = ("game", "role", "algorithm", "sharing", "indexed", "reference", "quantity", "each", "p", "smallest_p")
COLUMNS = (*LABELS, *ESTIMATE_COLUMNS)


def reference_of(cells: Mapping[str, Ends]) -> str:
    """Return the first algorithm whose sides share nothing; empty if there is none."""
    for algorithm, ends in cells.items():
        if all(ends.sharing_of(side)[0] == SEPARATE for side in ends.settings):
            return algorithm
    return ""


def sharing_rows(runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> pd.DataFrame:
    """Return one row a role, algorithm and quantity, as `homogeneity` describes them.

    Parameters
    ----------
    runs : finished runs of each algorithm, in the order of their seeds.
    game : what they play.
    label : how the suite calls it.

    Returns
    -------
    Frame with `COLUMNS`; empty for a game without two agents of one side.

    Raises
    ------
    ValueError : `game` is not that of every run.
    """
    cells = {algorithm: ends_of(each, game) for algorithm, each in runs.items() if len(each)}
    reference = reference_of(cells)
    rows: list[dict[str, Any]] = []
    for role in roles(game):
        found = {name: _returns(game, role, ends, cells.get(reference, ends)) for name, ends in cells.items()}
        for name, ends in cells.items():
            mode, indexed = ends.sharing_of(game.spec.sides[role.members[0]])
            shared = mode == "full" or (mode == "side" and len({game.spec.sides[i] for i in role.members}) == 1)
            labels = {
                "game": label,
                "role": role.label,
                "algorithm": name,
                "sharing": mode if shared else SEPARATE,
                "indexed": str(indexed),
                "reference": str(name == reference),
            }
            rows += [{**labels, **each} for each in _rows(found[name], found.get(reference))]
            rows.append({**labels, **nash_conv_estimate(game, name, cells)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Returns:
    """Common returns of S runs: in every order of the policies ``[S, P, E]``, and of copies ``[S, n, E]``."""

    seeds: tuple[int, ...]
    orders: Array
    swapped: Array
    cloned: Array
    bound: Bound

    @property
    def by_seed(self) -> pd.Series:
        return pd.Series(self.swapped[:, 0].mean(axis=1), index=list(self.seeds))

    @property
    def errors(self) -> Array:
        """``[S]``; what each seed's episodes leave open of its return in place; NaN where it is an expectation."""
        return errors_over_episodes(self.swapped[:, 0])

    def errors_beside(self, other: _Returns) -> pd.Series:
        """Return what episodes leave open of the difference of each shared seed, episode by episode."""
        own, theirs = (dict(zip(each.seeds, each.swapped[:, 0], strict=True)) for each in (self, other))
        shared = [seed for seed in own if seed in theirs]
        if self.swapped.shape[2] != other.swapped.shape[2]:
            return pd.Series(np.nan, index=shared)
        pairs = [errors_over_episodes(own[seed] - theirs[seed]) for seed in shared]
        return pd.Series(pairs, index=shared, dtype=np.float64)


def _returns(game: Game, role: Role, ends: Ends, reference: Ends) -> _Returns:
    n = len(role.exchangeable)
    ways, copies = (orders(n), [[k] * n for k in range(n)]) if n else (np.zeros((1, 0), dtype=np.int64), [])
    bounds: set[Bound] = set()

    def played(k: int, order: Sequence[int]) -> Array:
        own = mounted(ends.policies[k], reference.policies[(k + 1) % len(reference.policies)], role.members)
        rng = child(ends.seeds[k], "homogeneity", "places")
        found = joint_returns(game, placed(own, role, order), n_episodes=N_EPISODES, explore=ends.explored, rng=rng)
        bounds.add(found.bound)
        common = role.common_return(found.values)
        return common.round(EXACT_DECIMALS) if found.bound == "exact" else common

    runs = range(len(ends.seeds))
    swapped = np.stack([[played(k, order.tolist()) for order in ways] for k in runs])
    cloned = np.stack([[played(k, order) for order in copies] for k in runs]) if n else np.zeros((len(runs), 0, 0))
    return _Returns(
        seeds=ends.seeds,
        orders=ways.astype(np.float64),
        swapped=swapped,
        cloned=cloned,
        bound="exact" if bounds == {"exact"} else "estimate",
    )


def _rows(own: _Returns, reference: _Returns | None) -> Iterator[dict[str, Any]]:
    common = over_seeds(own.by_seed.to_numpy(), errors=own.errors, higher_is_better=True)
    yield _row("common_return", common, each=own.bound)
    if reference is not None and reference is not own:
        found = difference(own.by_seed, reference.by_seed, errors=own.errors_beside(reference), higher_is_better=True)
        yield _row("sharing_difference", found, each=own.bound)
    if not own.cloned.size:
        return
    rng = child(own.seeds[0], "homogeneity", "tests")
    swap = role_swap(own.swapped, own.orders.astype(np.int64), rng=rng)
    yield _row("swap_loss", enough_seeds(swap.loss.at()), each=own.bound, p=swap.p, smallest_p=swap.smallest_p)
    loss, test, each = _clone_loss(own, rng)
    yield _row("clone_loss", loss, each=each, p=test.p, smallest_p=test.smallest)


def _clone_loss(own: _Returns, rng: np.random.Generator) -> tuple[Estimate, PValue, str]:
    """Return what cloning the best agent costs: exactly where returns are, else by choosing on other episodes."""
    if own.bound == "exact":
        losses = own.swapped[:, 0].mean(axis=1) - own.cloned.mean(axis=2).max(axis=1)
        return over_seeds(losses), sign_flip_test(losses, rng=rng), "exact"
    found = clone_test(own.swapped[:, 0], own.cloned, rng=rng)
    return enough_seeds(found.loss.at()), found.p_value, found.bound


def _row(
    quantity: str, estimate: Estimate, *, each: str, p: float = float("nan"), smallest_p: float = float("nan")
) -> dict[str, Any]:
    return estimate_row(estimate, quantity=quantity, each=each, p=p, smallest_p=smallest_p)


def anchor_rows(runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> pd.DataFrame:
    """Return what random play gets in each role over the seeds of the reference, one row a role.

    Parameters
    ----------
    runs, game, label : as in `sharing_rows`.

    Notes
    -----
    In a game with several sides the opponents are those of the reference's runs, as for the learned policies.
    """
    cells = {algorithm: ends_of(each, game) for algorithm, each in runs.items() if len(each)}
    ends = cells[reference_of(cells) or next(iter(cells))]
    random = anchor_policies(game)["random"]
    rows = []
    for role in roles(game):
        values, errors = [], []
        for k, seed in enumerate(ends.seeds):
            joint = mounted(random, ends.policies[(k + 1) % len(ends.policies)], role.members)
            rng = child(seed, "homogeneity", "places")
            found = joint_returns(game, joint, n_episodes=N_EPISODES, explore=ends.explored, rng=rng)
            common = role.common_return(found.values)
            values.append(float(common.mean()))
            errors.append(float(errors_over_episodes(common)))
        rows.append(
            estimate_row(
                over_seeds(values, errors=errors, higher_is_better=True),
                game=label,
                role=role.label,
                quantity="random_return",
            )
        )
    return pd.DataFrame(rows, columns=["game", "role", "quantity", *ESTIMATE_COLUMNS])
