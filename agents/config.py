"""Settings of the learners: frozen, strict, each with a `kind`; the defaults are the paper's.

Where a value is not in the paper (the paper states no Gumbel temperature, gradient clip or logit penalty), it is the
one of the authors' released code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PositiveInt,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)

from nashlens.agents.extension_settings import Ensemble, Inference, Minimax, Twin
from nashlens.agents.on_policy_settings import COMA, REINFORCE, TRPO, AdvantageActorCritic, Episodes
from nashlens.agents.recurrent_settings import Windows
from nashlens.agents.replay_schedule import Rollout
from nashlens.agents.settings import NonNegative, Positive, Settings, Share, Sharing
from nashlens.agents.value_settings import DQN, Exploration, Importance, JointDQN


class ActorCritic(Settings):
    """What MADDPG and DDPG have in common.

    Attributes
    ----------
    gradient : ``deterministic``, the actor climbs the critic's action gradient; ``score``, it follows
        ``∇ log π · Q`` of an action drawn afresh.
    estimator : how the deterministic form passes a discrete choice: ``soft``, a Gumbel-softmax point (the paper's
        code); the others have one alternative forward and a soft point's gradient backward: ``straight_through``,
        the Gumbel-softmax point; ``annealed``, the same with a falling temperature; ``gumbel_rao``, the mean of
        `rao_samples` points given the alternative; ``gapped``, a point without noise that prefers the alternative by
        a `gap` (see `agents.gumbel`). In a game that takes soft actions only ``soft`` plays them; the others, and the
        score form, play one alternative, so that what the critic reads is what is played.
    temperature : of the Gumbel-softmax.
    anneal_to, anneal_updates : where the annealed temperature ends, and after how many updates.
    rao_samples : K of the Gumbel-Rao estimator.
    gap : of the gapped estimator, in logits.
    other_actions : actions of the other agents in the actor's gradient: from ``replay`` (Algorithm 1) or from their
        ``current`` policies.
    sharing : which agents share an actor.
    critic_sharing : which agents share a critic; as the actors if left out. Shared critics always read the index.
    minibatch : ``separate``, every learner draws its own (Algorithm 1); ``shared``, one for all.
    hidden : widths of the hidden layers of actors and critics.
    memory : numbers that a recurrent actor carries through an episode; None for a feed-forward actor. A recurrent actor
        has one rectified layer, of the first width of `hidden`, before its memory and none behind it. Critics remember
        nothing: a memory helps where what the critic reads now tells what an action is worth (another agent's
        observation, under a central critic) and what the actor reads now does not.
    windows : what recurrent actors learn from; without a memory it must be left out.
    learning_rate : of Adam, for actors and critics.
    gamma : discount.
    tau : share of the online parameters that the targets take over after each update.
    batch_size : transitions in a minibatch; with a memory as many whole windows as hold them.
    clip : largest norm of the gradient of one variable.
    logit_penalty : weight of the mean squared output of the actor in its loss.
    ensemble : sub-policies; one is no ensemble.
    twin : MATD3's additions, or none.
    rollout : how experience is gathered.
    """

    gradient: Literal["deterministic", "score"] = "deterministic"
    estimator: Literal["soft", "straight_through", "annealed", "gumbel_rao", "gapped"] = "soft"
    temperature: Positive = 1.0
    anneal_to: Positive = 0.5
    anneal_updates: PositiveInt = 10_000
    rao_samples: PositiveInt = 10
    gap: NonNegative = 1.0
    other_actions: Literal["replay", "current"] = "replay"
    sharing: Sharing = Sharing()
    critic_sharing: Sharing | None = None
    minibatch: Literal["separate", "shared"] = "separate"
    hidden: tuple[PositiveInt, ...] = (64, 64)
    memory: PositiveInt | None = None
    windows: Windows = Windows()
    learning_rate: Positive = 0.01
    gamma: Share = 0.95
    tau: Share = 0.01
    batch_size: PositiveInt = 1024
    clip: Positive = 0.5
    logit_penalty: NonNegative = 1e-3
    ensemble: Ensemble = Ensemble()
    twin: Twin | None = None
    rollout: Rollout = Rollout()

    @model_validator(mode="after")
    def _remembers_what_it_can(self) -> Self:
        if self.memory is None:
            if self.windows != Windows():
                raise ValueError("windows are what a recurrent actor learns from: they need memory, which is not given")
            return self
        if not self.hidden:
            raise ValueError("hidden must have at least one width where there is a memory: the layer before it")
        if self.ensemble.size > 1 or self.twin is not None:
            raise ValueError("memory excludes ensemble and twin: neither is implemented for recurrent actors")
        return self

    @model_serializer(mode="wrap")
    def _named_where_used(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave memory and windows out where there is none: settings older than they are keep their text and its id."""
        values: dict[str, Any] = plain(self)
        if self.memory is None:
            values.pop("memory", None)
            values.pop("windows", None)
        return values


class MADDPG(ActorCritic):
    """Multi-agent deterministic policy gradient (Lowe et al. 2017): a critic that sees all observations and actions.

    Attributes
    ----------
    critic : ``central``; ``local`` makes it DDPG.
    inference : how the others' policies are known; None for their true target policies without bookkeeping.
    minimax : M3DDPG's additions, or none.
    """

    kind: Literal["maddpg"] = "maddpg"
    critic: Literal["central", "local"] = "central"
    inference: Inference | None = None
    minimax: Minimax | None = None

    @model_validator(mode="after")
    def _sound(self) -> MADDPG:
        if self.critic == "local" and (self.inference is not None or self.minimax is not None):
            raise ValueError("inference and minimax need a central critic: a local one does not read others' actions")
        if self.memory is not None and (self.inference is not None or self.minimax is not None):
            raise ValueError("memory excludes inference and minimax: neither is implemented for recurrent actors")
        if self.inference is not None and self.ensemble.size > 1:
            raise ValueError("inference and ensembles exclude each other: others' sub-policies are not observed")
        by_logs = self.inference is not None and self.inference.fed_as == "log_probabilities"
        if by_logs and self.other_actions == "current":
            raise ValueError("fed_as log_probabilities needs other_actions replay: the critic never reads actions then")
        return self


class DDPG(ActorCritic):
    """Independent deterministic policy gradient: each critic sees its own agent's observation and action only.

    Attributes
    ----------
    critic : always ``local``.
    """

    kind: Literal["ddpg"] = "ddpg"
    critic: Literal["local"] = "local"

    @property
    def inference(self) -> None:
        """A local critic reads no other agent's action."""

    @property
    def minimax(self) -> None:
        """A local critic reads no other agent's action."""


MADDPGFamily = MADDPG | DDPG
OnPolicyFamily = REINFORCE | AdvantageActorCritic | TRPO | COMA
ValueFamily = DQN | JointDQN
Algorithm = MADDPGFamily | OnPolicyFamily | ValueFamily

__all__ = [
    "COMA",
    "DDPG",
    "DQN",
    "MADDPG",
    "REINFORCE",
    "TRPO",
    "ActorCritic",
    "AdvantageActorCritic",
    "Algorithm",
    "Ensemble",
    "Episodes",
    "Exploration",
    "Importance",
    "Inference",
    "JointDQN",
    "MADDPGFamily",
    "Minimax",
    "OnPolicyFamily",
    "Rollout",
    "Settings",
    "Sharing",
    "Twin",
    "ValueFamily",
    "Windows",
    "parse",
]

_ADAPTER: TypeAdapter[Algorithm] = TypeAdapter(Annotated[Algorithm, Field(discriminator="kind")])


def parse(settings: Mapping[str, Any]) -> Algorithm:
    """Return the settings of one algorithm from plain values, such as a table of a suite file.

    Parameters
    ----------
    settings : ``kind`` and whatever differs from that kind's defaults.

    Raises
    ------
    pydantic.ValidationError : an unknown key, a wrong type, or a value out of range; it names the place.

    Examples
    --------
    >>> parse({"kind": "ddpg", "learning_rate": 0.003}).critic
    'local'
    """
    return _ADAPTER.validate_json(json.dumps(dict(settings)))
