"""Learning in rounds: rules by which agents that know their payoffs change their strategies of a matrix game.

In every round all agents play their strategies at once, and each then learns what every own action would have paid in
expectation against what the others played. Four rules say what it plays next:

- ``fictitious_play``: a best response to the others' time averages, tied actions alike;
- ``multiplicative_weights``: each action's weight times ``exp(η u_a)``, the replicator dynamics in discrete time;
- ``regret_matching``: in proportion to the positive parts of the cumulative regrets; uniform where none is positive;
- ``optimistic_gradient``: the nearest point of the simplex to ``x + η (2 u_t − u_{t−1})``, with ``u_0 = u_1``.

Nothing is drawn: play is a deterministic function of the first strategies. Beside each strategy stands its mean over
all rounds, because for three of the four it is the mean that approaches equilibrium in zero-sum games.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.simplex import project_to_simplex
from nashlens.games.normal_form import NormalFormGame, Profile

Rule = Literal["fictitious_play", "multiplicative_weights", "regret_matching", "optimistic_gradient"]
TIE = 1e-12  # share of the payoff span within which best actions count as tied


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Play:
    """Where learning in rounds stands.

    Attributes
    ----------
    strategies : one ``[A_i]`` an agent; what it will play in the next round.
    totals : one ``[A_i]`` an agent; its strategies summed over the rounds so far.
    kept : one ``[A_i]`` an agent; what its rule keeps beside: log weights, cumulative regrets, or the payoffs of the
        round before.
    n_rounds : rounds so far.
    payoffs : ``[R, N]``; what each agent got in expectation in the rounds that were played last.
    bound, tolerance, references : exact, up to rounding; as a share of the payoff span, how near tied actions are.
    """

    strategies: tuple[Array, ...]
    totals: tuple[Array, ...]
    kept: tuple[Array, ...]
    n_rounds: int
    payoffs: Array
    bound: Bound = "exact"
    tolerance: float = TIE
    references: tuple[str, ...] = ("Lanctot et al. (2019), arXiv:1908.09453",)

    @property
    def last(self) -> Profile:
        """What will be played in the next round."""
        return Profile(self.strategies)

    @property
    def average(self) -> Profile:
        """The mean over all rounds so far, agent by agent; before the first what will be played in it."""
        if not self.n_rounds:
            return self.last
        return Profile([total / total.sum() for total in self.totals])

    def to_records(self) -> list[Record]:
        """Return two rows an agent: its strategy and the mean of its strategies."""
        return [
            {
                "metric": metric,
                "agent": i,
                "value": strategy.tolist(),
                "rounds": self.n_rounds,
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, profile in (("strategy", self.last), ("average_strategy", self.average))
            for i, strategy in enumerate(profile)
        ]


def begin_play(game: NormalFormGame, profile: Profile, *, rules: Sequence[Rule]) -> Play:
    """Return play before its first round.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : what is played in the first round; one profile.
    rules : one an agent.

    Returns
    -------
    Play.

    Raises
    ------
    ValueError : `profile` does not fit `game` or is a batch, or `rules` are not one known rule an agent.
    """
    if game.check_profile(profile).batch_shape:
        raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
    _check_rules(game, rules)
    smallest = np.finfo(np.float64).tiny  # an action of probability 0 keeps a weight that can still grow
    kept = [
        np.log(np.maximum(s, smallest)) if rule == "multiplicative_weights" else np.zeros_like(s)
        for s, rule in zip(profile, rules, strict=True)
    ]
    return Play(
        strategies=tuple(read_only(s) for s in profile),
        totals=tuple(read_only(np.zeros_like(s)) for s in profile),
        kept=tuple(read_only(k) for k in kept),
        n_rounds=0,
        payoffs=read_only(np.zeros((0, game.n_agents))),
    )


def play_rounds(
    game: NormalFormGame,
    play: Play,
    *,
    rules: Sequence[Rule],
    learning_rates: Sequence[float],
    n_rounds: int,
) -> Play:
    """Play and learn for so many rounds; in parts or at once, the outcome is the same.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    play : where to go on from.
    rules : one an agent, as for `begin_play`.
    learning_rates : one an agent; η times the span of the agent's payoffs, so that a game with payoffs twice as high is
        learned alike. Fictitious play and regret matching do not use it.
    n_rounds : R, at least 1.

    Returns
    -------
    Play, with the expected payoffs of these rounds.

    Raises
    ------
    ValueError : `rules` or `learning_rates` are not one known rule and one number above 0 an agent, or `n_rounds` is
        below 1.

    Notes
    -----
    Cost O(N · A_1 ⋯ A_N) a round. With three or more agents fictitious play responds to the product of the others'
    averages, as if they had played independently. A learning rate that stays the same keeps multiplicative weights off
    the equilibrium of a zero-sum game that it circles, and its mean as far away as the rate allows.
    """
    _check_rules(game, rules)
    if len(learning_rates) != game.n_agents or not all(np.isfinite(r) and r > 0 for r in learning_rates):
        raise ValueError(f"learning_rates must be {game.n_agents} numbers above 0, not {list(learning_rates)}")
    if n_rounds < 1:
        raise ValueError(f"n_rounds must be at least 1, not {n_rounds}")
    spans = game.spans
    rates = [rate / span if span > 0 else 0.0 for rate, span in zip(learning_rates, spans, strict=True)]
    strategies, kept = list(play.strategies), list(play.kept)
    totals = list(play.totals)
    believed = any(rule == "fictitious_play" for rule in rules)
    received = np.empty((n_rounds, game.n_agents))
    for r in range(n_rounds):
        values = action_payoffs(game.payoffs, strategies)
        received[r] = [s @ v for s, v in zip(strategies, values, strict=True)]
        totals = [total + strategy for total, strategy in zip(totals, strategies, strict=True)]
        against = action_payoffs(game.payoffs, [t / t.sum() for t in totals]) if believed else values
        for i, rule in enumerate(rules):
            seen = against[i] if rule == "fictitious_play" else values[i]
            first = play.n_rounds + r == 0
            strategies[i], kept[i] = _learned(
                rule, strategies[i], kept[i], seen, rate=rates[i], tie=TIE * spans[i], first=first
            )
    return Play(
        strategies=tuple(read_only(s) for s in strategies),
        totals=tuple(read_only(t) for t in totals),
        kept=tuple(read_only(k) for k in kept),
        n_rounds=play.n_rounds + n_rounds,
        payoffs=read_only(received),
    )


def _learned(
    rule: Rule, strategy: Array, kept: Array, values: Array, *, rate: float, tie: float, first: bool
) -> tuple[Array, Array]:
    """Return an agent's next strategy and what its rule keeps, after a round in which its actions paid `values`."""
    if rule == "fictitious_play":
        best = values >= values.max() - tie
        return best / best.sum(), kept
    if rule == "multiplicative_weights":
        scores = kept + rate * values
        scores -= scores.max()
        weights = np.exp(scores)
        return weights / weights.sum(), scores
    if rule == "regret_matching":
        regrets = kept + values - strategy @ values
        positive = np.maximum(regrets, 0.0)
        total = positive.sum()
        return positive / total if total > 0 else np.full_like(regrets, 1 / len(regrets)), regrets
    ahead = values if first else 2 * values - kept
    return project_to_simplex(strategy + rate * ahead), values


def _check_rules(game: NormalFormGame, rules: Sequence[Rule]) -> None:
    known = get_args(Rule)
    if len(rules) != game.n_agents or any(rule not in known for rule in rules):
        raise ValueError(f"rules must be {game.n_agents} of {', '.join(known)}, not {list(rules)}")
