"""Settings of the learners of action values: independent Q-learning, and one learner for the joint action.

The MADDPG paper compares with DQN and states no setting of it; what DQN has in common with MADDPG keeps the paper's
value, so that the two differ in how they learn.
"""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from nashlens.agents.replay_schedule import Rollout
from nashlens.agents.settings import Positive, Settings, Share, Sharing


class Exploration(Settings):
    """The share ε of actions that are drawn uniformly: it falls linearly, and then stays.

    Attributes
    ----------
    start, end : ε at the first step and from the end of the fall on.
    decay_steps : environment steps of the fall.
    """

    start: Share = 1.0
    end: Share = 0.05
    decay_steps: PositiveInt = 50_000

    def at(self, n_steps: int) -> float:
        """Return ε after so many environment steps.

        >>> Exploration(start=1.0, end=0.5, decay_steps=100).at(50)
        0.75
        """
        done = min(1.0, n_steps / self.decay_steps)
        return self.start + done * (self.end - self.start)


class Importance(Settings):
    """Weights of replayed transitions (Foerster et al. 2017).

    Attributes
    ----------
    clip : largest weight; None for no bound.
    """

    clip: Positive | None = 10.0


class ValueLearning(Settings):
    """What the learners of action values have in common.

    Attributes
    ----------
    double : the online network chooses the next action that the target network values (double Q-learning); otherwise
        the target network does both.
    loss : of the temporal difference: ``squared``, whose minimum is the mean, which a value is; or ``huber``, quadratic
        up to `huber_delta` and linear beyond, whose minimum lies between mean and median.
    huber_delta : in units of reward.
    exploration : ε-greedy; each factor of each agent explores by itself.
    hidden : widths of the hidden layers.
    learning_rate : of Adam.
    gamma : discount.
    tau : share of the online parameters that the target takes over after each update.
    batch_size : transitions in a minibatch.
    clip : largest norm of the gradient of one variable.
    rollout : how experience is gathered.
    """

    double: bool = True
    loss: Literal["squared", "huber"] = "squared"
    huber_delta: Positive = 1.0
    exploration: Exploration = Exploration()
    hidden: tuple[PositiveInt, ...] = (64, 64)
    learning_rate: Positive = 0.01
    gamma: Share = 0.95
    tau: Share = 0.01
    batch_size: PositiveInt = 1024
    clip: Positive = 0.5
    rollout: Rollout = Rollout()


class DQN(ValueLearning):
    """Independent Q-learning with replay and target network: every agent learns as if it were alone.

    Attributes
    ----------
    sharing : which agents share a network.
    fingerprint : append ε and how far the training is to what each network reads, stored with each transition.
    importance : weight each transition by how much likelier the others' actions are now than when it was stored.
    max_alternatives : the most combinations of one agent's factors that may be enumerated.
    """

    kind: Literal["dqn"] = "dqn"
    sharing: Sharing = Sharing()
    fingerprint: bool = False
    importance: Importance | None = None
    max_alternatives: PositiveInt = 1000


class JointDQN(ValueLearning):
    """One Q-function of the joint action, for all agents: the fully centralised learner.

    Attributes
    ----------
    reward : what it maximises: ``common``, the reward that all agents share, or ``sum``, the sum of all agents'.
    max_joint_actions : the most joint actions that may be enumerated.
    batch_size : smaller than elsewhere: each row of a minibatch has a value for every joint action.
    """

    kind: Literal["joint_dqn"] = "joint_dqn"
    reward: Literal["common", "sum"] = "common"
    max_joint_actions: PositiveInt = 20_000
    batch_size: PositiveInt = 256
