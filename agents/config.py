"""Settings of the learners: frozen, strict, each with a `kind`; the defaults are the paper's.

Where a value is not in the paper (the paper states no Gumbel temperature, gradient clip or logit penalty), it is the
one of the authors' released code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, TypeAdapter, model_validator

from nashlens.agents.on_policy_settings import COMA, REINFORCE, TRPO, AdvantageActorCritic, Episodes
from nashlens.agents.replay_schedule import Rollout
from nashlens.agents.settings import NonNegative, Positive, Settings, Share, Sharing
from nashlens.agents.value_settings import DQN, Exploration, Importance, JointDQN


class Inference(Settings):
    """How a learner comes by the policies of the others, which its critic's target needs (paper, section 4.2).

    Attributes
    ----------
    source : ``inferred``, models fitted to what the others did; ``true``, their true target policies.
    entropy_weight : λ, weight of the entropy that the fit rewards.
    fed_as : ``actions``, the critic reads sampled actions of the others (the authors' code); ``log_probabilities``,
        it reads the log probabilities of the models (the text of the paper), now and next.
    dose : share κ of the distribution that is replaced, for experiments: ``(1 − κ) p + κ q``.
    dose_of : q: ``uniform``, p with its alternatives ``permuted`` cyclically, or the ``frozen`` initial model.
    """

    source: Literal["inferred", "true"] = "inferred"
    entropy_weight: NonNegative = 1e-3
    fed_as: Literal["actions", "log_probabilities"] = "actions"
    dose: Share = 0.0
    dose_of: Literal["uniform", "permuted", "frozen"] = "uniform"


class Ensemble(Settings):
    """Several sub-policies an agent, one of which plays each episode (paper, section 4.3).

    Attributes
    ----------
    size : K.
    draw : ``side``, the agents of a side play the same sub-policy in an episode (the paper's experiments);
        ``agent``, each draws its own.
    """

    size: PositiveInt = 1
    draw: Literal["side", "agent"] = "side"


class Twin(Settings):
    """What MATD3 adds (Ackermann et al. 2019, arXiv:1910.01465).

    Attributes
    ----------
    policy_delay : critic updates for each update of actors and targets.
    target_noise, target_noise_clip : standard deviation and bound of the noise on the target policies' outputs: on a
        `Box` action in units of the box's half width, on the logits of a `Choice`.
    """

    policy_delay: PositiveInt = 2
    target_noise: NonNegative = 0.2
    target_noise_clip: NonNegative = 0.5


class Minimax(Settings):
    """What M3DDPG adds (Li et al. 2019): one adversarial step of the others' actions, in target and actor.

    Attributes
    ----------
    opponent_step, teammate_step : length of the step against the learner's value in the action of an agent of another
        side and of its own; the direction is the gradient scaled to length 1, as in the authors' released code.
    """

    opponent_step: NonNegative = 1e-3
    teammate_step: NonNegative = 1e-5


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
    learning_rate : of Adam, for actors and critics.
    gamma : discount.
    tau : share of the online parameters that the targets take over after each update.
    batch_size : transitions in a minibatch.
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
    learning_rate: Positive = 0.01
    gamma: Share = 0.95
    tau: Share = 0.01
    batch_size: PositiveInt = 1024
    clip: Positive = 0.5
    logit_penalty: NonNegative = 1e-3
    ensemble: Ensemble = Ensemble()
    twin: Twin | None = None
    rollout: Rollout = Rollout()


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
