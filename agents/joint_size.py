"""How large one value function of the joint action is, and how it grows with the number of agents.

A network over joint actions has one output for each of ``K = Π_i |A_i|``: with N agents of k alternatives ``k^N``. All
numbers here are counted from the settings, before anything is allocated. The bytes are a floor: temporary copies come
on top, and every snapshot keeps a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import prod
from operator import mul

from nashlens.agents.value_settings import JointDQN
from nashlens.games.core import Choice, Game, GameSpec

BYTES = 4
PARAMETER_COPIES = 5
MINIBATCH_COPIES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class JointSize:
    """The size of one seed's learner of the joint action.

    Attributes
    ----------
    n_agents : N.
    n_joint_actions : K, outputs of the network.
    n_inputs : ΣO, numbers that it reads.
    n_parameters : of one network.
    parameter_bytes : of the online network, its gradient, its target, and the optimiser's two moments.
    minibatch_bytes : of the values of a minibatch: online now and their gradient, online and target next.
    decision_multiply_adds : of one forward pass of one observation.
    update_multiply_adds : of one update: three forward passes of a minibatch (two without double Q-learning) and a
        backward pass, which counts as two.
    """

    n_agents: int
    n_joint_actions: int
    n_inputs: int
    n_parameters: int
    parameter_bytes: int
    minibatch_bytes: int
    decision_multiply_adds: int
    update_multiply_adds: int


def joint_size(spec: GameSpec, settings: JointDQN) -> JointSize:
    """Return the size of a learner of the joint action in one game.

    Raises
    ------
    ValueError : an agent's actions are a `Box`.
    """
    n_joint = prod(_alternatives(spec))
    widths = [sum(spec.observation_sizes), *settings.hidden, n_joint]
    products = sum(fan_in * fan_out for fan_in, fan_out in pairwise(widths))
    n_parameters = products + sum(widths[1:])
    passes = (3 if settings.double else 2) + 2
    return JointSize(
        n_agents=spec.n_agents,
        n_joint_actions=n_joint,
        n_inputs=widths[0],
        n_parameters=n_parameters,
        parameter_bytes=PARAMETER_COPIES * BYTES * n_parameters,
        minibatch_bytes=MINIBATCH_COPIES * BYTES * settings.batch_size * n_joint,
        decision_multiply_adds=products,
        update_multiply_adds=passes * settings.batch_size * products,
    )


def joint_growth(make: Callable[[int], Game], n_agents: Sequence[int], settings: JointDQN) -> tuple[JointSize, ...]:
    """Return the size for each number of agents in a family of games.

    Parameters
    ----------
    make : makes the game of so many agents.
    n_agents : the numbers.
    settings : of the learner; its bound on the joint actions is not applied.
    """
    return tuple(joint_size(make(n).spec, settings) for n in n_agents)


def check_joint_size(spec: GameSpec, settings: JointDQN, *, n_seeds: int) -> None:
    """Refuse a game with more joint actions than the settings allow.

    Raises
    ------
    ValueError : it has; the message says how many, what they would take, and how they grow with the agents.
    """
    size = joint_size(spec, settings)
    if size.n_joint_actions <= settings.max_joint_actions:
        return
    growth = ", ".join(_short(n) for n in accumulate(_alternatives(spec), mul))
    taken = n_seeds * (size.parameter_bytes + size.minibatch_bytes)
    raise ValueError(
        f"max_joint_actions is {settings.max_joint_actions:,}, and {spec.name} has {_short(size.n_joint_actions)} "
        f"joint actions ({growth} as its {spec.n_agents} agents are added); their values would take {_short(taken)} "
        f"bytes for {n_seeds} seed{'' if n_seeds == 1 else 's'}"
    )


def _alternatives(spec: GameSpec) -> list[int]:
    counts = []
    for name, space in zip(spec.agents, spec.action_spaces, strict=True):
        if not isinstance(space, Choice):
            raise ValueError(
                f"algorithm: joint Q-learning needs a value for each joint action, and the actions of {name} in "
                f"{spec.name} are a Box"
            )
        counts.append(prod(space.factors))
    return counts


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"{number:.2e}"
