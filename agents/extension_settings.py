"""Settings of what may be added to MADDPG: inferred policies, ensembles, twin critics and a minimax objective."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import PositiveInt, SerializerFunctionWrapHandler, model_serializer, model_validator

from nashlens.agents.settings import NonNegative, Settings, Share


class Inference(Settings):
    """How a learner comes by the policies of the others, which its critic's target needs (paper, section 4.2).

    Attributes
    ----------
    source : ``inferred``, models fitted to what the others did; ``true``, their true target policies; ``replay``, no
        policy at all but what the others did next in the replay, and their true target policies where the episode was
        cut before they did anything.
    entropy_weight : λ, weight of the entropy that the fit rewards.
    fed_as : ``actions``, the critic reads sampled actions of the others (the authors' code); ``log_probabilities``,
        it reads the log probabilities of the models (the text of the paper), now and next.
    dose : share κ of the distribution that is replaced, for experiments: ``(1 − κ) p + κ q``.
    dose_of : q: ``uniform``, p with its alternatives ``permuted`` cyclically, or the ``frozen`` initial model.
    record_every_updates : updates from one record of the divergences to the next; what is learned is the same,
        and recording at every update about doubles its time.
    """

    source: Literal["inferred", "true", "replay"] = "inferred"
    entropy_weight: NonNegative = 1e-3
    fed_as: Literal["actions", "log_probabilities"] = "actions"
    dose: Share = 0.0
    dose_of: Literal["uniform", "permuted", "frozen"] = "uniform"
    record_every_updates: PositiveInt = 1

    @property
    def needs_frozen(self) -> bool:
        """Whether the initial model replaces a share of what stands in for the others."""
        return self.dose > 0 and self.dose_of == "frozen"

    @model_validator(mode="after")
    def _replayed_as_they_were(self) -> Inference:
        if self.source == "replay" and (self.dose or self.fed_as != "actions"):
            raise ValueError(
                f"source replay needs dose 0 and fed_as actions, not {self.dose} and {self.fed_as}: replayed actions "
                "are no distribution to mix or to take logarithms of"
            )
        return self

    @model_serializer(mode="wrap")
    def _named_where_sparse(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the interval out where it is 1: settings older than it is keep their text and its id."""
        values: dict[str, Any] = plain(self)
        if self.record_every_updates == 1:
            values.pop("record_every_updates", None)
        return values


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
