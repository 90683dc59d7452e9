"""Populations for cross-play: the policies of independent runs, whole and by sub-policies, at the end and halfway.

An entry is what one run brings to a side of a game: its joint policy at one snapshot, or one sub-policy of its
ensembles. A match says who takes which places. In a game of two sides one entry plays one side and the other the
other; in a game of one side a stranger from one run joins the team of another, at each place in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nashlens.analysis.results import Array
from nashlens.games import Game, JointPolicy, Policy
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.reports.instruments.roles import mounted

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

WHOLE = "whole"
STRANGER, TEAM = "stranger", "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one run brings.

    Attributes
    ----------
    algorithm, seed : which run.
    step : environment steps at its snapshot; `last` says whether it is the last one.
    part : ``whole``, or the number of a sub-policy of its ensembles.
    policies : one an agent.
    """

    algorithm: str
    seed: int
    step: int
    last: bool
    part: str
    policies: JointPolicy

    @property
    def run(self) -> tuple[str, int]:
        """Algorithm and seed: entries of one run were trained together."""
        return self.algorithm, self.seed

    @property
    def is_whole(self) -> bool:
        """Whether it is not a single sub-policy."""
        return self.part == WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Who takes which places.

    Attributes
    ----------
    first, second : what the two are called: the sides, or the stranger and the team.
    members : the agents of the first side; none where strangers join teams.
    others : those of the second.
    """

    first: str
    second: str
    members: tuple[int, ...] = ()
    others: tuple[int, ...] = ()

    @property
    def has_sides(self) -> bool:
        """Whether the two compete, or at least have goals of their own."""
        return bool(self.members)

    def first_return(self, returns: Array) -> Array:
        """Return the mean return ``[E]`` of the first's agents from ``[E, N]``; everyone's where there is one side."""
        own: Array = (returns[:, list(self.members)] if self.members else returns).mean(axis=1)
        return own

    def second_return(self, returns: Array) -> Array:
        """Return the mean return ``[E]`` of the second's agents; everyone's where there is one side."""
        own: Array = (returns[:, list(self.others)] if self.others else returns).mean(axis=1)
        return own


def match_of(game: Game) -> Match | None:
    """Return how two entries meet in a game: by sides, or as stranger and team; None for one agent or three sides."""
    sides = list(dict.fromkeys(game.spec.sides))
    if len(sides) == 2:
        members, others = (game.spec.members(side) for side in sides)
        return Match(first=sides[0], second=sides[1], members=members, others=others)
    return Match(first=STRANGER, second=TEAM) if len(sides) == 1 and game.spec.n_agents > 1 else None


def line_ups(match: Match, first: Entry, second: Entry) -> Iterator[JointPolicy]:
    """Yield the joint policies in which two entries meet: one for two sides, else one for each place of the stranger.

    Agents of different runs never draw their sub-policies together, whatever their settings.
    """
    if match.has_sides:
        yield mounted(first.policies, second.policies, match.members)
        return
    met = first.run != second.run
    for place in range(len(second.policies)):
        stranger = tuple(drawing_apart(policy) for policy in first.policies) if met else first.policies
        yield mounted(stranger, second.policies, (place,))


def drawing_apart(policy: Policy) -> Policy:
    """Return a policy that shares its draw of a sub-policy with nobody."""
    if isinstance(policy, MixturePolicy) and policy.group is not None:
        return MixturePolicy(policy.members, weights=policy.weights.tolist())
    return policy


def population(runs: Mapping[str, Sequence[TrainingRun]]) -> tuple[Entry, ...]:
    """Return the entries of all runs: each whole at its last snapshot, its sub-policies, and itself halfway.

    Parameters
    ----------
    runs : finished runs of each algorithm.
    """
    found: list[Entry] = []
    for algorithm, each in runs.items():
        for run in each:
            last, steps = run.policies(), run.snapshot_steps
            halfway = (len(steps) - 1) // 2
            entry = Entry(algorithm=algorithm, seed=run.seed, step=int(steps[-1]), last=True, part=WHOLE, policies=last)
            found.append(entry)
            found += [replace(entry, part=str(k), policies=sub_policies(last, k)) for k in range(n_sub_policies(last))]
            if halfway < len(steps) - 1:
                earlier = run.policies(halfway)
                found.append(replace(entry, step=int(steps[halfway]), last=False, policies=earlier))
    return tuple(found)


def n_sub_policies(policies: JointPolicy) -> int:
    """Return the most sub-policies that an agent of a joint policy has; 0 without ensembles."""
    return max((len(policy.members) for policy in policies if isinstance(policy, MixturePolicy)), default=0)


def sub_policies(policies: JointPolicy, k: int) -> JointPolicy:
    """Return the joint policy of every ensemble's k-th member, counted round where there are fewer."""
    return tuple(p.members[k % len(p.members)] if isinstance(p, MixturePolicy) else p for p in policies)
