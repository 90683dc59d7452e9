"""What a run's replay holds at the end of training, drawn anew from the policies that filled it.

A replay is not stored with a run; the policies of its snapshots are. Every interval between two snapshots put into the
replay what its policies did; here each is represented by fresh episodes of the snapshot at its beginning, the last one
at or before the insertion. So behaviour probabilities are exact, ages are known to one interval, and what moved within
an interval is left out: drift is understated, by less the denser the snapshots are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nashlens.games import Game, JointPolicy
from nashlens.games.core import Array, BoolArray, Choice, IntArray
from nashlens.games.policy import Policy, seen_by
from nashlens.games.randomness import Streams, child

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

NAME = "replay_staleness"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replayed:
    """n transitions of a run's replay, in the order of their insertion.

    Attributes
    ----------
    observations, actions, next_observations : ``[n, O_i]``, ``[n, A_i]`` and ``[n, O_i]`` of each agent.
    rewards : ``[n, N]``.
    behaviour, current : ``[n, N]``; log probability of each agent's action under the policy that took it, and under the
        policy of the last snapshot; nats.
    intervals : ``[n]``; the snapshot that each was drawn from.
    episodes : ``[n]``; number of the episode.
    """

    observations: tuple[Array, ...]
    actions: tuple[Array, ...]
    next_observations: tuple[Array, ...]
    rewards: Array
    behaviour: Array
    current: Array
    intervals: IntArray
    episodes: IntArray


def can_be_replayed(run: TrainingRun) -> bool:
    """Say whether a run's learners drew from a replay, and its actions have probabilities: discrete, without memory."""
    discrete = all(isinstance(space, Choice) for space in run.spec.action_spaces) and not run.spec.soft_actions
    return keeps_replay(run) and discrete and all(not policy.memory_size for policy in run.policies())


def keeps_replay(run: TrainingRun) -> bool:
    """Say whether all of a run's learners drew from a replay."""
    return all("replay_capacity" in settings.get("rollout", {}) for settings in run.algorithm.values())


def shares_of_replay(run: TrainingRun) -> Array:
    """Return what share of the replay each interval between two snapshots made at the end of training, ``[T − 1]``."""
    rollouts = [settings["rollout"] for settings in run.algorithm.values()]
    capacity = min(int(rollout["replay_capacity"]) for rollout in rollouts)
    ends = np.maximum(run.snapshot_steps.astype(np.float64) - (float(run.snapshot_steps[-1]) - capacity), 0.0)
    held = np.diff(ends)
    shares: Array = held / held.sum()
    return shares


def replayed(run: TrainingRun, game: Game, *, n_transitions: int) -> Replayed:
    """Draw about n transitions as the replay of a run holds them at the end of its training.

    Parameters
    ----------
    run : one that `can_be_replayed`.
    game : the run's game.
    n_transitions : how many, at least; whole episodes of each interval are drawn, and shortened to its share.

    Raises
    ------
    ValueError : the run has no replay or no action probabilities, or n is below the number of intervals.
    """
    if not can_be_replayed(run):
        raise ValueError(
            f"run must be of learners with a replay, discrete actions that are played as drawn and policies without "
            f"memory, which that of {run.spec.name} is not"
        )
    shares = shares_of_replay(run)
    if n_transitions < len(shares):
        raise ValueError(f"n_transitions must be at least {len(shares)}, one an interval, not {n_transitions}")
    last = run.policies()
    parts = []
    for k, share in enumerate(shares):
        n = round(share * n_transitions)
        if n:
            parts.append(_interval(run.policies(k), last, game, n, rng=child(run.seed, NAME, "interval", k)))
    counts = [len(part["rewards"]) for part in parts]
    joined: dict[str, Any] = {name: _joined([part[name] for part in parts]) for name in parts[0] if name != "episodes"}
    offsets = np.cumsum([0, *(int(part["episodes"].max()) + 1 for part in parts[:-1])])
    episodes = np.concatenate([part["episodes"] + offset for part, offset in zip(parts, offsets, strict=True)])
    used = np.flatnonzero([round(share * n_transitions) > 0 for share in shares])
    return Replayed(**joined, intervals=np.repeat(used, counts), episodes=episodes)


def _interval(
    policies: JointPolicy, last: JointPolicy, game: Game, n: int, *, rng: np.random.Generator
) -> dict[str, Any]:
    """Return n transitions of fresh episodes of one snapshot."""
    world, chance, choice = rng.spawn(3)
    n_envs = max(1, -(-n // game.spec.horizon))
    batch = game.begin(Streams(world, n_envs))
    columns: list[dict[str, Any]] = []
    episode = np.arange(n_envs)
    started = n_envs
    for _ in range(game.spec.horizon):
        seen, masks = batch.observations, batch.masks
        pairs = [seen_by(policy, i, seen, masks) for i, policy in enumerate(policies)]
        actions = tuple(
            policy.sample(own, masks=legal, rng=chance) for policy, (own, legal) in zip(policies, pairs, strict=True)
        )
        behaviour = _log_probabilities(policies, seen, masks, actions)
        current = _log_probabilities(last, seen, masks, actions)
        before = tuple(each.copy() for each in seen)
        step = batch.step(actions)
        columns.append(
            {"observations": before, "actions": actions, "next_observations": step.next_observations}
            | {"rewards": step.rewards, "behaviour": behaviour, "current": current, "episodes": episode.copy()}
        )
        fresh = started + np.arange(int(step.ended.sum()))
        episode = episode.copy()
        episode[step.ended] = fresh
        started += len(fresh)
    whole = {name: _joined([column[name] for column in columns]) for name in columns[0]}
    rows = np.sort(choice.permutation(len(whole["rewards"]))[:n])
    return {name: _rows(values, rows) for name, values in whole.items()}


def _log_probabilities(
    policies: JointPolicy, seen: Sequence[Array], masks: Sequence[BoolArray] | None, actions: Sequence[Array]
) -> Array:
    """Return ``[E, N]``; log probability of each agent's action, its factors added."""
    logs = []
    for i, (policy, action) in enumerate(zip(policies, actions, strict=True)):
        own, legal = seen_by(policy, i, seen, masks)
        logs.append(_log_probability(policy, own, legal, action))
    return np.stack(logs, axis=1)


def _log_probability(policy: Policy, own: Array, legal: BoolArray | None, action: Array) -> Array:
    chances = (policy.probabilities(own, masks=legal) * action) @ _by_factor(policy)
    with np.errstate(divide="ignore"):
        summed: Array = np.log(chances).sum(axis=1)
    return summed


def _by_factor(policy: Policy) -> Array:
    """Return ``[W, F]``; 1 where an alternative belongs to a factor."""
    space = policy.action_space
    assert isinstance(space, Choice)
    table = np.zeros((space.width, len(space.factors)))
    for f, part in enumerate(space.slices):
        table[part, f] = 1.0
    return table


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))
    return np.concatenate(parts)


def _rows(values: Any, rows: IntArray) -> Any:
    return tuple(each[rows] for each in values) if isinstance(values, tuple) else values[rows]
