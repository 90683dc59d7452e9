"""Settings of the learners: frozen, strict, each with a `kind`; the defaults are the paper's.

Where a value is not in the paper (the paper states no Gumbel temperature, gradient clip or logit penalty), it is the
one of the authors' released code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Settings(BaseModel):
    """Frozen settings that refuse unknown keys and values of another type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Sharing(Settings):
    """Which agents use one set of parameters (Gupta et al. 2017).

    Attributes
    ----------
    mode : ``none``, a set an agent (heterogeneous); ``side``, one a side; ``full``, one for all (homogeneous).
    index : append the agent's one-hot index to what its policy reads.
    """

    mode: Literal["none", "side", "full"] = "none"
    index: bool = False


class Rollout(Settings):
    """How experience is gathered; in one run these are the same for every side.

    Attributes
    ----------
    n_envs : environments in parallel for each seed. The paper has one; eight gave the same learning in less time.
    replay_capacity : transitions that are kept for each seed.
    warmup_steps : environment steps before the first update.
    update_every_steps : environment steps between updates.
    """

    n_envs: PositiveInt = 8
    replay_capacity: PositiveInt = 1_000_000
    warmup_steps: PositiveInt = 25_600
    update_every_steps: PositiveInt = 100


class ActorCritic(Settings):
    """What MADDPG and DDPG have in common.

    Attributes
    ----------
    gradient : ``deterministic``, the actor climbs the critic's action gradient; ``score``, it follows
        ``∇ log π · Q`` of an action drawn afresh.
    estimator : how the deterministic form passes a discrete choice: ``soft``, a Gumbel-softmax point (the paper's
        code); ``straight_through``, one alternative forward and the soft point's gradient backward.
    temperature : of the Gumbel-softmax.
    other_actions : actions of the other agents in the actor's gradient: from ``replay`` (Algorithm 1) or from their
        ``current`` policies.
    sharing : which agents share an actor.
    critic_sharing : which agents share a critic; as the actors if left out. Shared critics always read the index.
    minibatch : ``separate``, every learner draws its own (Algorithm 1); ``shared``, one for all.
    hidden : widths of the hidden layers of actors and critics.
    learning_rate : of Adam, for actors and critics.
    gamma : discount.
    tau : share of the online parameters that the targets take over after each update.
    batch_size : transitions in a minibatch.
    clip : largest norm of the gradient of one variable.
    logit_penalty : weight of the mean squared output of the actor in its loss.
    rollout : how experience is gathered.
    """

    gradient: Literal["deterministic", "score"] = "deterministic"
    estimator: Literal["soft", "straight_through"] = "soft"
    temperature: Positive = 1.0
    other_actions: Literal["replay", "current"] = "replay"
    sharing: Sharing = Sharing()
    critic_sharing: Sharing | None = None
    minibatch: Literal["separate", "shared"] = "separate"
    hidden: tuple[PositiveInt, ...] = (64, 64)
    learning_rate: Positive = 0.01
    gamma: Share = 0.95
    tau: Share = 0.01
    batch_size: PositiveInt = 1024
    clip: Positive = 0.5
    logit_penalty: NonNegative = 1e-3
    rollout: Rollout = Rollout()


class MADDPG(ActorCritic):
    """Multi-agent deterministic policy gradient (Lowe et al. 2017): a critic that sees all observations and actions.

    Attributes
    ----------
    critic : ``central``; ``local`` makes it DDPG.
    """

    kind: Literal["maddpg"] = "maddpg"
    critic: Literal["central", "local"] = "central"


class DDPG(ActorCritic):
    """Independent deterministic policy gradient: each critic sees its own agent's observation and action only.

    Attributes
    ----------
    critic : always ``local``.
    """

    kind: Literal["ddpg"] = "ddpg"
    critic: Literal["local"] = "local"


Algorithm = MADDPG | DDPG
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
