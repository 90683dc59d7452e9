"""Tag (predator-prey): slower predators chase faster prey between obstacles.

`SimpleTag` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import real_number, truth_value, whole_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.boundary import boundary_penalty
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, others, rows
from nashlens.games.particle.neighbours import nearest
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, neighbours, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

PREDATOR = Body(size=0.075, thrust=3.0, max_speed=1.0)
PREY_SIZE, PREY_THRUST, PREY_SPEED = 0.05, 4.0, 1.3
STAGE_SPEEDS = (0.5, 0.75, 1.0)
BOUNTY = 10.0


class SimpleTag(ParticleWorld):
    """Slower predators chase faster prey between obstacles; called predator-prey in the paper.

    Side ``predators``: ``adversary_0`` … (the implementations call the predators adversaries; in the paper the prey is
    the adversary). Side ``prey``: ``agent_0`` … Each sees its velocity (2), its position (2), the obstacles and all
    others relative to its position (2 each) and the velocities of the other prey (2 each): 16 numbers for a predator
    and 14 for a prey by default. All collide with all. Agents start uniformly in the square from −1 to 1, obstacles
    stand uniformly in that from −0.9 to 0.9.

    Every predator gets 10 for each overlap of any predator with any prey; a prey gets −10 for each predator that
    overlaps it, less `boundary.boundary_penalty`.

    Measures: ``collisions [E, N]``, for a predator the number of prey that it overlaps, 0 for prey; ``touches [E]``,
    their sum; ``caught [E]``, 1 if every prey is overlapped by a predator.

    Parameters
    ----------
    num_good, num_adversaries, num_obstacles : numbers of prey, predators and obstacles.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    curriculum : True to play `curriculum_stage`; False plays the last stage.
    curriculum_stage : prey at 50 % (0), 75 % (1) or 100 % (2) of its speed.
    terminate_on_success : True to end an episode as soon as all prey are caught at once.
    num_agent_neighbors, num_landmark_neighbors : how many of the nearest are seen; None for all. With a limit,
        velocities have one place for each agent seen, zeros for predators.
    prey_speedup : by how much the prey is faster than a predator, 0.3 in mpe2; speed limit and thrust scale together,
        because thrust against damping would otherwise keep it from reaching the limit.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_tag_v3``, where the stage is set by a method that has no effect: it stays 0. The
    environments of 2017 are ``physics="lowe2017", actions="soft"``. The paper's tables are ``num_obstacles=3`` with
    ``prey_speedup=0.3`` and ``1.0``, and, for ensembles, ``num_adversaries=4, num_obstacles=1``; its released code has
    two obstacles.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.

    Examples
    --------
    >>> SimpleTag(num_good=1, num_adversaries=2).spec.sides
    ('predators', 'predators', 'prey')
    """

    def __init__(
        self,
        *,
        num_good: int = 1,
        num_adversaries: int = 3,
        num_obstacles: int = 2,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        curriculum: bool = False,
        curriculum_stage: int = 0,
        terminate_on_success: bool = False,
        num_agent_neighbors: int | None = None,
        num_landmark_neighbors: int | None = None,
        prey_speedup: float = 0.3,
        physics: Order = "mpe2",
    ) -> None:
        n_prey = whole_number(num_good, "num_good", low=1)
        self._n_predators = whole_number(num_adversaries, "num_adversaries", low=1)
        n_obstacles = whole_number(num_obstacles, "num_obstacles", low=0)
        stage = whole_number(curriculum_stage, "curriculum_stage", low=0, high=len(STAGE_SPEEDS) - 1)
        self._ends = truth_value(terminate_on_success, "terminate_on_success")
        self._agent_limit = neighbours(num_agent_neighbors, "num_agent_neighbors")
        self._landmark_limit = neighbours(num_landmark_neighbors, "num_landmark_neighbors")
        top = 1.0 + real_number(prey_speedup, "prey_speedup", low=0.0)
        pace = STAGE_SPEEDS[stage] if truth_value(curriculum, "curriculum") else 1.0
        prey = Body(size=PREY_SIZE, thrust=PREY_THRUST * (top / PREY_SPEED) * pace, max_speed=top * pace)
        super().__init__(
            "simple_tag",
            members=[
                *(Member(name=f"adversary_{i}", side="predators", body=PREDATOR) for i in range(self._n_predators)),
                *(Member(name=f"agent_{i}", side="prey", body=prey) for i in range(n_prey)),
            ],
            landmarks=[Body(size=0.2, movable=False)] * n_obstacles,
            n_signals=2,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "num_good": n_prey,
                "num_adversaries": self._n_predators,
                "num_obstacles": n_obstacles,
                "curriculum": curriculum,
                "curriculum_stage": stage,
                "terminate_on_success": self._ends,
                "num_agent_neighbors": self._agent_limit,
                "num_landmark_neighbors": self._landmark_limit,
                "prey_speedup": float(prey_speedup),
            },
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the agents' and the obstacles' positions."""
        agents = streams.uniform(-1.0, 1.0, (self.n_agents, 2), where)
        obstacles = streams.uniform(-0.9, 0.9, (self.n_landmarks, 2), where)
        return {"positions": np.concatenate([agents, obstacles], axis=1)}

    def observe(self, state: State) -> list[Array]:
        """Return velocity, position, obstacles, others, and the velocities of other prey."""
        first_prey = self._n_predators
        shown = state.velocities.copy()
        shown[:first_prey] = 0.0
        seen = []
        for i, (velocity, position) in enumerate(zip(state.velocities, state.agents, strict=True)):
            relative = state.positions - position
            (obstacles,) = nearest(relative[self.n_agents :], self._landmark_limit)
            agents = others(relative[: self.n_agents], i)
            if self._agent_limit is None:
                prey = state.velocities[first_prey:]
                velocities = prey if i < first_prey else others(prey, i - first_prey)
            else:
                agents, velocities = nearest(agents, self._agent_limit, attached=(others(shown, i),))
            seen.append(np.concatenate([velocity, position, rows(obstacles), rows(agents), rows(velocities)]))
        return seen

    def outcome(self, state: State) -> Outcome:
        """Reward predators for every touch, penalise prey for being touched and for leaving."""
        predators, prey = state.agents[: self._n_predators], state.agents[self._n_predators :]
        touching = between(predators, prey) < PREDATOR.size + PREY_SIZE
        touches = touching.sum(axis=(0, 1))
        caught: BoolArray = np.all(np.any(touching, axis=0), axis=0)
        collisions = np.zeros((self.n_agents, len(touches)))
        collisions[: self._n_predators] = touching.sum(axis=1)
        rewards = np.empty_like(collisions)
        rewards[: self._n_predators] = BOUNTY * touches
        rewards[self._n_predators :] = -BOUNTY * touching.sum(axis=0) - boundary_penalty(prey)
        return Outcome(
            rewards=rewards,
            measures={"collisions": collisions, "touches": touches, "caught": caught},
            over=caught if self._ends else None,
        )
