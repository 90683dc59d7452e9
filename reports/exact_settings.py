"""Settings of the learners that know the payoffs of a matrix game and draw nothing, and of every kind of learner.

They stand beside the algorithms of `agents.config` in suites and on the command line, under a ``kind`` of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nashlens.agents.settings import Positive, Settings
from nashlens.reports.run_spec import EVERY_SIDE

if TYPE_CHECKING:
    from nashlens.agents.config import Algorithm


class ExactLearner(Settings):
    """What all of them have in common: one environment step is one round, in which all agents play and learn at once.

    Each agent's first strategy is drawn, uniformly on its simplex; everything after follows from it. See
    `nashlens.analysis.learning_rules` for the rules, and for what `learning_rate` is: η times the span of the agent's
    payoffs, so that games of any scale are learned alike.
    """


class FictitiousPlay(ExactLearner):
    """Best responses to the others' time averages."""

    kind: Literal["fictitious_play"] = "fictitious_play"


class MultiplicativeWeights(ExactLearner):
    """The replicator dynamics in discrete time: weights grow with the exponential of what each action pays.

    Attributes
    ----------
    learning_rate : η in one over the span of the agent's payoffs.
    """

    kind: Literal["multiplicative_weights"] = "multiplicative_weights"
    learning_rate: Positive = 0.1


class RegretMatching(ExactLearner):
    """Actions in proportion to the positive parts of their cumulative regrets."""

    kind: Literal["regret_matching"] = "regret_matching"


class OptimisticGradient(ExactLearner):
    """Projected gradient steps that extrapolate the last change of the gradient.

    Attributes
    ----------
    learning_rate : η in one over the span of the agent's payoffs.
    """

    kind: Literal["optimistic_gradient"] = "optimistic_gradient"
    learning_rate: Positive = 0.1


AnyExact = FictitiousPlay | MultiplicativeWeights | RegretMatching | OptimisticGradient
EXACT_KINDS: dict[str, type[AnyExact]] = {
    "fictitious_play": FictitiousPlay,
    "multiplicative_weights": MultiplicativeWeights,
    "regret_matching": RegretMatching,
    "optimistic_gradient": OptimisticGradient,
}


def parse_settings(settings: Mapping[str, Any]) -> Algorithm | AnyExact:
    """Return the settings of one learner of any kind from plain values, such as a table of a suite file.

    Parameters
    ----------
    settings : ``kind`` and whatever differs from that kind's defaults.

    Raises
    ------
    pydantic.ValidationError : an unknown key, a wrong type, or a value out of range; it names the place.

    Examples
    --------
    >>> parse_settings({"kind": "optimistic_gradient"}).learning_rate
    0.1
    """
    from nashlens.agents import config

    exact = EXACT_KINDS.get(str(settings.get("kind")))
    return config.parse(settings) if exact is None else exact.model_validate_json(json.dumps(dict(settings)))


def exact_rules(settings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Say whether a run's learners, by side, are exact ones.

    Raises
    ------
    ValueError : some are and some are not.
    """
    kinds = {side: str(each.get("kind")) for side, each in settings.items()}
    exact = [kind in EXACT_KINDS for kind in kinds.values()]
    if any(exact) and not all(exact):
        raise ValueError(
            f"algorithm: learners that know the payoffs play among themselves only; the sides learn by {kinds}"
        )
    return all(exact)


def exact_by_side(settings: Mapping[str, Mapping[str, Any]], sides: Sequence[str]) -> dict[str, AnyExact]:
    """Return the settings of exact learners for each side of a game.

    Parameters
    ----------
    settings : plain values by side, or under `EVERY_SIDE` for all of them; see `exact_rules`.
    sides : the side of each agent.

    Raises
    ------
    pydantic.ValidationError : an unknown key, a wrong type, or a value out of range.
    """
    read = {
        side: EXACT_KINDS[str(each["kind"])].model_validate_json(json.dumps(dict(each)))
        for side, each in settings.items()
    }
    return {side: read[EVERY_SIDE if EVERY_SIDE in read else side] for side in dict.fromkeys(sides)}
