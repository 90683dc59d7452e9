"""Every particle world against mpe2 1.1.1, step by step in float64.

Three of mpe2's own environments, reset with three seeds, are copied into one batch of ours at the beginning of each of
their episodes; then both play the same random actions. After each step the observations (mpe2's scenario's own, before
its environment casts them to float32), rewards, ends and benchmark measures are compared. `largest_error` is also what
`benchmarks/particle_worlds.py` prints.
"""

from __future__ import annotations

import copy
import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Choice
from nashlens.games.particle.scenarios import entries
from nashlens.games.randomness import Streams

SEEDS = (0, 1, 2)
TOLERANCE = 1e-9

Pairs = list[tuple[Any, Any]]


def spread_benchmark(data: list[Any], measures: Mapping[str, Any], _: Mapping[str, Any]) -> Pairs:
    rewards, collisions, distances, occupied = zip(*data, strict=True)
    n = len(data)
    return [
        (collisions, measures["collisions"]),
        (distances, np.repeat(measures["distance"], n)),
        (occupied, np.repeat(measures["occupied_landmarks"], n)),
        (rewards, -measures["distance"] - measures["collisions"]),
    ]


def adversary_benchmark(data: list[Any], measures: Mapping[str, Any], _: Mapping[str, Any]) -> Pairs:
    adversary, *agents = data
    to_landmarks = [measures[f"distance_to_landmark_{k}"][1:] ** 2 for k in range(len(agents))]
    return [
        (adversary, measures["distance"][0] ** 2),
        (agents, np.stack([*to_landmarks, measures["distance"][1:] ** 2], axis=1)),
    ]


def treasure_benchmark(data: list[Any], measures: Mapping[str, Any], state: Mapping[str, Any]) -> Pairs:
    held, alive = zip(*data, strict=True)
    n = len(state["holding"])
    return [
        ([-1 if kind is None else kind for kind in held[:n]], state["holding"]),
        ([float(kind is not None) for kind in held[:n]], measures["carrying"][:n]),
        (held[n:], measures["carrying"][n:]),
        (alive, np.repeat(measures["alive_treasures"], len(data))),
    ]


def collisions_benchmark(data: list[Any], measures: Mapping[str, Any], _: Mapping[str, Any]) -> Pairs:
    return [(data, measures["collisions"]), (sum(data), measures["touches"])]


def index_of(items: list[Any], item: Any) -> int:
    return next(i for i, each in enumerate(items) if each is item)


class World(NamedTuple):
    """How one world of mpe2 corresponds to ours."""

    # What mpe2's world remembers beside positions, velocities and messages, under our names.
    facts: Callable[[Any], dict[str, Any]] = lambda world: {}
    # Pairs (mpe2's, ours) of one environment, from [benchmark_data of each agent], our measures, our state.
    benchmark: Callable[[list[Any], Mapping[str, Any], Mapping[str, Any]], Pairs] = lambda data, measures, state: []


WORLDS = {
    "simple": World(),
    "simple_spread": World(benchmark=spread_benchmark),
    "simple_speaker_listener": World(
        facts=lambda world: {"goal": index_of(world.landmarks, world.agents[0].goal_b)},
        benchmark=lambda data, measures, state: [(data, np.repeat(-(measures["distance"] ** 2), 2))],
    ),
    "simple_reference": World(
        facts=lambda world: {"goal": [index_of(world.landmarks, agent.goal_b) for agent in world.agents]},
    ),
    "simple_adversary": World(
        facts=lambda world: {"goal": index_of(world.landmarks, world.agents[0].goal_a)},
        benchmark=adversary_benchmark,
    ),
    "simple_push": World(facts=lambda world: {"goal": index_of(world.landmarks, world.agents[0].goal_a)}),
    "simple_tag": World(benchmark=collisions_benchmark),
    "simple_world_comm": World(benchmark=collisions_benchmark),
    "simple_crypto": World(
        facts=lambda world: {
            "goal": index_of(world.landmarks, world.agents[0].goal_a),
            "key": index_of([landmark.color for landmark in world.landmarks], world.agents[2].key),
        },
        benchmark=lambda data, measures, state: [
            ([said for said, _ in data], state["messages"]),
            (data[0][1], np.eye(4)[state["goal"]]),
        ],
    ),
    "simple_line": World(),
    "simple_formation": World(),
    "collect_treasure": World(
        facts=lambda world: {
            "holding": [-1 if agent.holding is None else agent.holding for agent in world.agents if agent.collector],
            "kind": [landmark.type for landmark in world.landmarks],
            "alive": [landmark.alive for landmark in world.landmarks],
        },
        benchmark=treasure_benchmark,
    ),
}


class Case(NamedTuple):
    """One set of arguments: ours, and mpe2's where the names differ."""

    world: str
    ours: dict[str, Any]
    theirs: dict[str, Any] | None = None
    n_steps: int = 200
    # Every episode of mpe2 is squeezed by this factor before it is copied, so that bodies meet.
    squeeze: float = 1.0
    # What must have happened at least once for the case to prove anything.
    happens: tuple[str, ...] = ()


# The environments of 2017 executed soft actions as forces and messages, which is what mpe2 does with continuous ones.
LOWE2017: dict[str, Any] = {"physics": "lowe2017", "actions": "soft"}

CASES = [
    Case("simple", {}),
    Case("simple", {"continuous_actions": True, "max_cycles": 60}),
    Case("simple_spread", {"n_agents": 2}, {"N": 2}, n_steps=1000, happens=("collisions",)),
    Case("simple_spread", {"n_agents": 3}, {"N": 3}, n_steps=1000, happens=("collisions", "occupied_landmarks")),
    Case("simple_spread", {"n_agents": 6}, {"N": 6}, n_steps=1000, happens=("collisions", "occupied_landmarks")),
    Case("simple_spread", {"actions": "continuous"}, {"continuous_actions": True}, squeeze=0.3),
    Case("simple_spread", {"N": 1, "local_ratio": 0.0, "max_cycles": 7}),
    Case("simple_spread", {"N": 4, "local_ratio": 1.0, "curriculum": True}, squeeze=0.3, happens=("collisions",)),
    Case("simple_spread", {"N": 4, "curriculum": True, "curriculum_stage": 1}, {"N": 4, "curriculum": True}),
    Case("simple_spread", {"N": 2, "terminate_on_success": True, "max_cycles": 50}, squeeze=0.3, happens=("ends",)),
    Case("simple_spread", {"N": 4, "num_agent_neighbors": 2, "num_landmark_neighbors": 1}),
    Case("simple_spread", {"N": 2, "num_agent_neighbors": 3, "num_landmark_neighbors": 5, "continuous_actions": True}),
    Case("simple_spread", LOWE2017, {"continuous_actions": True}, squeeze=0.3, happens=("collisions",)),
    Case("simple_speaker_listener", LOWE2017, {"continuous_actions": True}, n_steps=1000),
    Case("simple_tag", {"max_cycles": 60, **LOWE2017}, {"max_cycles": 60, "continuous_actions": True}, squeeze=0.5),
    Case("simple_tag", {"physics": "lowe2017"}, {}, squeeze=0.5, happens=("touches",)),
    Case("simple_reference", {"actions": "soft"}, {"continuous_actions": True}),
    Case("simple_crypto", {"actions": "soft"}, {"continuous_actions": True}),
    Case("simple_world_comm", LOWE2017, {"continuous_actions": True}, squeeze=0.5),
    Case("simple_speaker_listener", {}, n_steps=1000),
    Case("simple_speaker_listener", {"continuous_actions": True, "max_cycles": 40}),
    Case("simple_reference", {"local_ratio": 0.2}),
    Case("simple_reference", {"continuous_actions": True, "max_cycles": 40}),
    Case("simple_adversary", {"N": 2}),
    Case("simple_adversary", {"N": 4, "continuous_actions": True}),
    Case("simple_adversary", {"N": 1}),
    Case("simple_adversary", {"N": 3, "num_agent_neighbors": 2, "num_landmark_neighbors": 1}),
    Case("simple_adversary", {"N": 2, "num_agent_neighbors": 4, "num_landmark_neighbors": 3}),
    Case("simple_push", {}, squeeze=0.3, happens=("touches",)),
    Case("simple_push", {"continuous_actions": True, "max_cycles": 40}, squeeze=0.3, happens=("touches",)),
    Case("simple_tag", {}, squeeze=0.5, happens=("touches",)),
    Case("simple_tag", {"continuous_actions": True, "max_cycles": 60}, squeeze=1.5),
    Case(
        "simple_tag",
        {"num_good": 2, "num_adversaries": 4, "num_obstacles": 1, "terminate_on_success": True},
        squeeze=0.15,
        happens=("touches", "ends"),
    ),
    Case("simple_tag", {"num_good": 3, "num_adversaries": 1, "num_obstacles": 0}, squeeze=0.5),
    Case("simple_tag", {"curriculum": True}, squeeze=0.5),
    Case("simple_tag", {"curriculum": True, "curriculum_stage": 1}, {"curriculum": True}, squeeze=0.5),
    Case("simple_tag", {"curriculum": True, "curriculum_stage": 2}, {"curriculum": True}, squeeze=0.5),
    Case("simple_tag", {"num_good": 2, "num_agent_neighbors": 2, "num_landmark_neighbors": 1}, squeeze=0.5),
    Case("simple_tag", {"num_obstacles": 1, "num_agent_neighbors": 6, "num_landmark_neighbors": 3}, squeeze=0.5),
    Case("simple_world_comm", {}, squeeze=0.5, happens=("touches", "food", "in_forest")),
    Case("simple_world_comm", {"continuous_actions": True, "max_cycles": 60}, squeeze=1.2),
    Case(
        "simple_world_comm",
        {"num_good": 3, "num_adversaries": 2, "num_obstacles": 2, "num_food": 1, "num_forests": 3},
        squeeze=0.6,
        happens=("touches", "food", "in_forest"),
    ),
    Case("simple_world_comm", {"num_good": 1, "num_adversaries": 1, "num_obstacles": 0, "num_forests": 0}),
    Case("simple_crypto", {}, happens=("bob_success", "eve_success")),
    Case("simple_crypto", {"continuous_actions": True, "max_cycles": 10}),
    Case("simple_line", {}),
    Case("simple_line", {"N": 7, "continuous_actions": True}),
    Case(
        "simple_line",
        {"n_agents": 1, "terminate_on_success": True},
        {"N": 1, "terminate_on_success": True},
        squeeze=0.1,
        happens=("ends",),
    ),
    Case("simple_line", {"N": 2, "max_cycles": 60}, squeeze=2.5),
    Case("simple_line", {"N": 20}, n_steps=50),
    Case("simple_formation", {}),
    Case("simple_formation", {"N": 6, "continuous_actions": True}, squeeze=0.3),
    Case("simple_formation", {"N": 11}, n_steps=60),
    Case("simple_formation", {"N": 1, "terminate_on_success": True, "max_cycles": 100}, happens=("ends",)),
    Case("simple_formation", {"N": 3, "max_cycles": 60}, squeeze=2.5),
    Case("collect_treasure", {}, squeeze=0.6, happens=("pickups", "collisions")),
    Case(
        "collect_treasure",
        {"num_collectors": 5, "num_deposits": 3, "num_treasures": 12, "max_cycles": 100},
        squeeze=0.2,
        n_steps=300,
        happens=("pickups", "deliveries"),
    ),
    Case(
        "collect_treasure",
        {"num_collectors": 1, "num_deposits": 1, "num_treasures": 1, "continuous_actions": True},
        squeeze=0.05,
        happens=("pickups", "deliveries"),
    ),
]


def velocity_first(world: Any, forces: list[Any]) -> None:
    """Integrate as the environments of 2017 did: damping, force, speed limit, then the move by the new velocity."""
    for entity, force in zip(world.entities, forces, strict=True):
        if entity.movable:
            velocity = entity.state.p_vel * (1 - world.damping) + force / entity.mass * world.dt
            speed = float(np.hypot(*velocity))
            if entity.max_speed is not None and speed > entity.max_speed:
                velocity *= entity.max_speed / speed
            entity.state.p_vel = velocity
            entity.state.p_pos = entity.state.p_pos + velocity * world.dt


class Scripted(Streams):
    """Draws that are those of mpe2's treasures where a script says which."""

    __slots__ = ("kinds", "places")

    def __init__(self, n_envs: int) -> None:
        super().__init__(np.random.default_rng(0), n_envs)
        self.places = self.kinds = None

    def uniform(self, low: float, high: float, shape: tuple[int, ...], where: Any = None) -> Any:
        drawn = super().uniform(low, high, shape, where)
        scripted = self.places is not None and where is not None and shape == self.places.shape[1:]
        return self.places[where] if scripted else drawn

    def integers(self, high: int, shape: tuple[int, ...] = (), where: Any = None) -> Any:
        drawn = super().integers(high, shape, where)
        scripted = self.kinds is not None and where is not None and shape == self.kinds.shape[1:]
        return self.kinds[where] if scripted else drawn

    def foresee(self, worlds: list[Any]) -> None:
        """Write down what mpe2's worlds are about to draw for treasures that are gone."""
        n = len(worlds[0].landmarks)
        self.places, self.kinds = np.zeros((len(worlds), n, 2)), np.zeros((len(worlds), n), dtype=np.int64)
        for e, world in enumerate(worlds):
            rng = copy.deepcopy(world.np_random)
            for k, landmark in enumerate(world.landmarks):
                if not landmark.alive:
                    rng.uniform()
                    self.places[e, k] = rng.uniform(-0.95, 0.95, 2)
                    self.kinds[e, k] = rng.integers(0, len(world.treasure_types))


class Sides:
    """Three environments of mpe2 and one batch of ours, kept in step."""

    def __init__(self, case: Case) -> None:
        self.case, self.world = case, WORLDS[case.world]
        theirs = case.ours if case.theirs is None else case.theirs
        module = importlib.import_module(f"mpe2.{case.world}.{case.world}")
        self.raw = [module.raw_env(**theirs, benchmark_data=True) for _ in SEEDS]
        for env, seed in zip(self.raw, SEEDS, strict=True):
            env.reset(seed=seed)
            if case.ours.get("physics") == "lowe2017":
                env.world.integrate_state = functools.partial(velocity_first, env.world)
            if "curriculum_stage" in case.ours:
                # The stage of mpe2 1.1.1 stays 0 whatever its setters are told: its base class has a property whose
                # setter does nothing. So the stage that is wanted is made the first.
                stages = env.scenario.CURRICULUM_STAGES
                env.scenario.CURRICULUM_STAGES = stages[case.ours["curriculum_stage"] :]
                env.reset(seed=seed)
        self.game = games.make(case.world, **case.ours)
        self.streams = Scripted(len(SEEDS))
        self.batch = self.game.begin(self.streams)
        self.happened: dict[str, float] = {}
        self.copy(np.ones(len(SEEDS), dtype=bool))

    def copy(self, where: np.ndarray) -> None:
        """Copy mpe2's states into ours where an episode begins."""
        state = self.batch.state()
        for e, env in enumerate(self.raw):
            if where[e]:
                world = env.world
                # A line's places are settled when its episode begins: there only the agents move together.
                for entity in world.agents if self.case.world == "simple_line" else world.entities:
                    entity.state.p_pos = entity.state.p_pos * self.case.squeeze
                state["positions"][e] = [entity.state.p_pos for entity in world.entities]
                state["velocities"][e] = [agent.state.p_vel for agent in world.agents]
                state["messages"][e] = [agent.state.c for agent in world.agents]
                state["clock"][e] = env.steps
                for name, value in self.world.facts(world).items():
                    state[name][e] = value
        self.batch.restore(state)

    def step(self, rng: np.random.Generator) -> float:
        """Play one random joint action in all environments and return the largest difference."""
        actions = [np.zeros((len(SEEDS), width)) for width in self.game.spec.action_widths]
        if self.case.world == "collect_treasure":
            self.streams.foresee([env.world for env in self.raw])
        for e, env in enumerate(self.raw):
            for i, (space, theirs) in enumerate(zip(self.game.spec.action_spaces, env.world.agents, strict=True)):
                assert env.agent_selection == theirs.name
                env.step(random_action(space, actions[i][e], soft=self.game.spec.soft_actions, rng=rng))
        step = self.batch.step(actions)
        errors = [self.difference(step, e) for e in range(len(SEEDS))]
        for name, values in {**step.measures, "ends": step.terminated}.items():
            self.happened[name] = self.happened.get(name, 0.0) + float(values.sum())
        ended = step.ended
        for env in (env for env, end in zip(self.raw, ended, strict=True) if end):
            env.reset()
        if ended.any():
            self.copy(ended)
        return max(errors)

    def difference(self, step: games.Step, e: int) -> float:
        env, spec = self.raw[e], self.game.spec
        assert tuple(agent.name for agent in env.world.agents) == spec.agents
        assert set(env.terminations.values()) == {bool(step.terminated[e])}
        assert set(env.truncations.values()) == {bool(step.truncated[e])}
        pairs = [(env.rewards[name], step.rewards[e, i]) for i, name in enumerate(spec.agents)]
        for i, agent in enumerate(env.world.agents):
            pairs.append((env.scenario.observation(agent, env.world), step.next_observations[i][e]))
        data = [env.infos[name]["benchmark_data"] for name in spec.agents]
        measures = {name: values[e] for name, values in step.measures.items()}
        if not step.ended[e]:
            state = {name: values[e] for name, values in self.batch.state().items()}
            pairs.extend(self.world.benchmark(data, measures, state))
        for theirs, ours in pairs:
            assert np.shape(theirs) == np.shape(ours)
        return max(float(np.abs(np.asarray(theirs, dtype=np.float64) - ours).max()) for theirs, ours in pairs)


def random_action(space: games.ActionSpace, ours: np.ndarray, *, soft: bool, rng: np.random.Generator) -> Any:
    """Draw an action, write it into our vector and return it as mpe2 takes it."""
    if not isinstance(space, Choice):
        ours[:] = rng.random(space.width)
        return ours.copy()
    if soft:
        ours[:] = np.concatenate([rng.dirichlet(np.ones(n)) for n in space.factors])
        return ours.copy()
    chosen = [int(rng.integers(n)) for n in space.factors]
    for part, choice in zip(space.slices, chosen, strict=True):
        ours[part.start + choice] = 1.0
    return chosen[0] if len(chosen) == 1 else chosen[0] + space.factors[0] * chosen[1]


def largest_error(case: Case) -> float:
    """Return the largest difference in observations, rewards and measures over a case's steps and seeds."""
    sides, rng = Sides(case), np.random.default_rng(7)
    error = max(sides.step(rng) for _ in range(case.n_steps))
    assert all(sides.happened[name] > 0 for name in case.happens)
    return error


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join([case.world, *map(str, case.ours.values())]))
def test_world_equals_mpe2(case: Case) -> None:
    assert largest_error(case) < TOLERANCE


def test_every_world_of_mpe2_is_compared_and_made() -> None:
    theirs = {
        name.removeprefix("mpe/").rsplit("_", 1)[0]
        for name in importlib.import_module("mpe2.all_modules").mpe_environments
    }
    assert theirs == set(WORLDS) == {case.world for case in CASES} == {entry.name for entry in entries()}
