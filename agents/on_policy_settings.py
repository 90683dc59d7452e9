"""Settings of the learners that learn from what their present policies just did.

The MADDPG paper compares with REINFORCE, actor-critic and a first-order TRPO and states none of their settings but
Adam's rate, the discount, the widths and how many episodes make an update: 1,024, and 50 for TRPO. With 1,024 its
25,000 episodes would be 24 updates; the defaults here make an update of 32 episodes instead, and of 50 for TRPO.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import PositiveInt, model_validator

from nashlens.agents.settings import NonNegative, Positive, Settings, Share, Sharing


class Episodes(Settings):
    """How experience is gathered; in one run these are the same for every side.

    Attributes
    ----------
    n_envs : environments in parallel for each seed.
    horizons_per_update : length of the window between two updates, in horizons of the game. Where every episode lasts
        the whole horizon, ``n_envs · horizons_per_update`` episodes make an update.
    """

    n_envs: PositiveInt = 8
    horizons_per_update: PositiveInt = 4


class OnPolicy(Settings):
    """What all on-policy learners have in common.

    Attributes
    ----------
    sharing : which agents share an actor.
    hidden : widths of the hidden layers of actors and critics.
    memory : numbers that a recurrent actor carries through an episode; None for a feed-forward actor. A recurrent actor
        has one rectified layer, of the first width of `hidden`, before its memory and none behind it.
    gamma : discount.
    standardise : bring the advantages of each agent in each update to mean 0 and standard deviation 1.
    clip : largest norm of the gradient of one variable, where Adam moves it.
    rollout : how experience is gathered.
    """

    sharing: Sharing = Sharing()
    hidden: tuple[PositiveInt, ...] = (64, 64)
    memory: PositiveInt | None = None
    gamma: Share = 0.95
    standardise: bool = True
    clip: Positive = 0.5
    rollout: Episodes = Episodes()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.memory is not None and not self.hidden:
            raise ValueError("hidden must have at least one width where there is a memory: the layer before it")
        return self


class GradientSteps(OnPolicy):
    """On-policy learners whose actors Adam moves.

    Attributes
    ----------
    learning_rate : of Adam, for actors.
    entropy_weight : weight of the entropy that actors are rewarded for.
    """

    learning_rate: Positive = 0.01
    entropy_weight: NonNegative = 0.0


class LocalValue(Settings):
    """A critic that learns the value of each agent's own observation.

    Attributes
    ----------
    sharing : which agents share a critic; as the actors if left out. Shared critics always read the index.
    learning_rate : of Adam.
    steps : gradient steps of the critic an update.
    """

    sharing: Sharing | None = None
    learning_rate: Positive = 0.01
    steps: PositiveInt = 4


class Advantage(Settings):
    """How much better than expected an action was.

    Attributes
    ----------
    estimator : ``generalised``, generalised advantage estimates (GAE); ``n_step``, the n-step return less the value.
    trace : λ of the generalised estimates.
    n_steps : rewards before the value in the n-step return.
    """

    estimator: Literal["generalised", "n_step"] = "generalised"
    trace: Share = 0.95
    n_steps: PositiveInt = 5


class REINFORCE(GradientSteps):
    """The score-function estimator with the return that followed, each agent by itself.

    Attributes
    ----------
    baseline : a learned value of the own observation that is taken off the return, or None. The return itself is that
        of the whole episode: nothing is supposed behind its end, a time limit included.
    """

    kind: Literal["reinforce"] = "reinforce"
    baseline: LocalValue | None = LocalValue()
    standardise: bool = False


class AdvantageActorCritic(GradientSteps):
    """Advantage actor-critic with a local critic, each agent by itself.

    Attributes
    ----------
    advantage : the estimator.
    value : the critic; it is fitted to the advantages plus its former values.
    """

    kind: Literal["actor_critic"] = "actor_critic"
    advantage: Advantage = Advantage()
    value: LocalValue = LocalValue()
    entropy_weight: NonNegative = 0.01


class TRPO(OnPolicy):
    """Trust region policy optimisation with a local critic, each agent by itself.

    Attributes
    ----------
    variant : ``natural``, the natural gradient by conjugate gradients; ``first_order``, the plain gradient, its length
        set by the same quadratic model. The MADDPG paper names a first-order TRPO and does not describe it.
    max_divergence : bound δ on the mean KL divergence of the new from the old policy in one update, in nats.
    damping : added to the Fisher matrix's diagonal.
    conjugate_steps : iterations of conjugate gradients.
    backtracks : how often the step is halved before it is given up.
    advantage, value : as in `AdvantageActorCritic`.
    """

    kind: Literal["trpo"] = "trpo"
    variant: Literal["natural", "first_order"] = "natural"
    max_divergence: Positive = 0.01
    damping: NonNegative = 0.1
    conjugate_steps: PositiveInt = 10
    backtracks: PositiveInt = 10
    advantage: Advantage = Advantage()
    value: LocalValue = LocalValue()
    rollout: Episodes = Episodes(n_envs=10, horizons_per_update=5)


class COMA(GradientSteps):
    """Counterfactual multi-agent policy gradients (Foerster et al. 2017): one central critic, a common reward.

    Attributes
    ----------
    trace : λ of the critic's TD(λ) targets.
    critic_learning_rate : of Adam, for the critic.
    critic_steps : gradient steps of the critic an update.
    target_every_updates : updates after which the target critic becomes the critic.
    max_alternatives : the most joint alternatives of one agent's own factors that the baseline may sum over.
    """

    kind: Literal["coma"] = "coma"
    trace: Share = 0.8
    critic_learning_rate: Positive = 0.01
    critic_steps: PositiveInt = 4
    target_every_updates: PositiveInt = 10
    max_alternatives: PositiveInt = 1000
    standardise: bool = False
