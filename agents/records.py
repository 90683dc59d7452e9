"""What a training run leaves behind: arrays and settings, readable without torch.

A `TrainingRun` belongs to one seed. It holds the game's name and arguments, the settings of every side, the curves, and
T snapshots of every actor, from which `policies` builds plain policies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nashlens.games import JointPolicy, Policy
from nashlens.games.core import Box, Choice, GameSpec
from nashlens.games.policy import GaussianPolicy, Network, NetworkPolicy

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorSnapshots:
    """T snapshots of one agent's actor.

    Attributes
    ----------
    weights : one ``[T, in, out]`` a layer.
    biases : one ``[T, out]`` a layer.
    index : what is appended to the agent's observation (its one-hot index under indexed sharing); often empty.
    temperature : of the Gumbel-softmax that the agent acts by.
    soft : whether a sample is a Gumbel-softmax point of the simplex rather than one alternative.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    index: tuple[float, ...] = ()
    temperature: float = 1.0
    soft: bool = False

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a plain policy of agent `agent`, in float64."""
        network = Network(
            weights=tuple(w[snapshot].astype(np.float64) for w in self.weights),
            biases=tuple(b[snapshot].astype(np.float64) for b in self.biases),
            index=self.index,
        )
        space = spec.action_spaces[agent]
        size = spec.observation_sizes[agent]
        if isinstance(space, Box):
            return GaussianPolicy(network, action_space=space, observation_size=size)
        assert isinstance(space, Choice)
        return NetworkPolicy(
            network, action_space=space, observation_size=size, soft=self.soft, temperature=self.temperature
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """One seed's training, from its settings to its last policies.

    Attributes
    ----------
    spec : the game as it was played; ``spec.name`` and ``spec.parameters`` make it again.
    seed : the seed of every draw.
    algorithm : settings of each side, as plain values.
    n_steps : environment steps that were taken (all parallel environments counted).
    n_updates : gradient updates that were made.
    status : ``done``, or ``failed`` if the seed was stopped early.
    reason : why a failed seed was stopped, with the step; empty otherwise.
    snapshot_steps : ``[T]``; environment steps at each snapshot; the first is 0, before any training.
    actors : one `ActorSnapshots` an agent.
    episode_steps : ``[M]``; environment steps at the end of each training episode.
    episode_returns : ``[M, N]``; undiscounted returns of the training episodes, exploration noise included.
    evaluation_returns : ``[T, N]``; mean return of fresh episodes at each snapshot; NaN where none were asked for.
    n_evaluation_episodes : episodes behind each entry of `evaluation_returns`.
    explored : whether the evaluation sampled its actions (True) or played without exploration noise (False).
    losses : per update curves, each ``[U, N]``, by name, such as ``critic_loss``.
    update_steps : ``[U]``; environment steps at each recorded update.
    parameter_hash : SHA-256 over all final parameters, targets included.
    """

    spec: GameSpec
    seed: int
    algorithm: Mapping[str, Any]
    n_steps: int
    n_updates: int
    status: Literal["done", "failed"]
    reason: str
    snapshot_steps: Counts
    actors: tuple[ActorSnapshots, ...]
    episode_steps: Counts
    episode_returns: Floats
    evaluation_returns: Doubles
    n_evaluation_episodes: int
    explored: bool
    losses: Mapping[str, Floats]
    update_steps: Counts
    parameter_hash: str

    def policies(self, snapshot: int = -1) -> JointPolicy:
        """Return the joint policy of one snapshot, the last if left out.

        Raises
        ------
        ValueError : there is no such snapshot.
        """
        n_snapshots = len(self.snapshot_steps)
        if not -n_snapshots <= snapshot < n_snapshots:
            raise ValueError(f"snapshot must be within the {n_snapshots} of this run, not {snapshot}")
        return tuple(actor.policy(self.spec, i, snapshot) for i, actor in enumerate(self.actors))
