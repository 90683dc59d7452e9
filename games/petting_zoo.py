"""PettingZoo's environments as games: E copies stepped in a loop, seeded episode by episode.

Any parallel environment fits, and any environment of turns (AEC) through PettingZoo's own conversions. Where agents
take turns each gets one more action, the last, which is to wait: it is all that is legal when it is not its turn.

Each copy is reseeded at every reset from its block's generator, so that whole episodes are reproduced, and a stored
state is the episode's seed with the actions since: going back plays them again, and checks that it arrives.

PettingZoo is imported when a game is first wrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nashlens.games.arguments import truth_value, whole_number
from nashlens.games.core import Batch, Game, GameSpec
from nashlens.games.petting_zoo_batch import PettingZooBatch
from nashlens.games.petting_zoo_copy import EnvironmentCopy
from nashlens.games.petting_zoo_spaces import AgentSpaces
from nashlens.games.randomness import Streams

MAX_STEPS = 1000


class PettingZooGame(Game):
    """A PettingZoo environment under this package's contract; see `from_petting_zoo`."""

    def __init__(self, factory: Callable[[], Any], *, spec: GameSpec, agents: Sequence[Any]) -> None:
        self.spec = spec
        self._factory = factory
        self._agents = tuple(agents)

    def begin(self, streams: Streams) -> Batch:
        """Return one started copy of the environment for each of the streams' environments.

        Raises
        ------
        ValueError : the environment breaks PettingZoo's contract.
        """
        copies = [self._copy() for _ in range(streams.n_envs)]
        return PettingZooBatch(self.spec, copies, streams)

    def _copy(self) -> EnvironmentCopy:
        environment, turns = as_parallel(self._factory())
        spaces = agent_spaces(environment, self._agents, turns=turns)
        found = tuple(s.action_space for s in spaces), tuple(s.observation_size for s in spaces)
        if found != (self.spec.action_spaces, self.spec.observation_sizes):
            raise ValueError(f"factory must always make the same environment; its spaces changed to {found}")
        return EnvironmentCopy(
            environment,
            turns=turns,
            name=self.spec.name,
            agents=self._agents,
            spaces=spaces,
            max_steps=self.spec.horizon,
        )


def from_petting_zoo(
    factory: Callable[[], Any],
    *,
    max_steps: int | None = None,
    name: str | None = None,
    sides: Sequence[str] | None = None,
    common_reward: bool = False,
) -> PettingZooGame:
    """Wrap a PettingZoo environment.

    Parameters
    ----------
    factory : makes one environment, parallel or of turns, without arguments; called once here and once a copy.
    max_steps : episodes are cut after so many steps; if left out, the environment's own ``max_cycles``, or 1000 where
        it has none or agents take turns.
    name : the name in the specification; if left out, the environment's own.
    sides : side of each agent; if left out, each agent is a side.
    common_reward : True to claim that all agents always get the same; an episode that belies it is an error.

    Returns
    -------
    PettingZooGame.

    Raises
    ------
    ValueError : `factory` makes no PettingZoo environment, or one that names no possible agents or whose spaces have
        no counterpart here, or an argument does not fit.

    Notes
    -----
    The slow path: every step is a call of Python for each copy. Observations are flattened as Gymnasium does. Such a
    game has no name in the registry, so that a stored run of it cannot make it again.

    Examples
    --------
    >>> from mpe2 import simple_spread_v3
    >>> from_petting_zoo(simple_spread_v3.parallel_env).spec.horizon
    25
    """
    if not callable(factory):
        raise ValueError(f"factory must be a function that makes an environment, not {factory!r}")
    environment, turns = as_parallel(factory())
    possible = getattr(environment, "possible_agents", None)
    if not possible:
        raise ValueError("factory must make an environment that lists its possible_agents; this one has none")
    agents = tuple(possible)
    spaces = agent_spaces(environment, agents, turns=turns)
    own_limit = None if turns else getattr(environment.unwrapped, "max_cycles", None)
    limit = max_steps if max_steps is not None else own_limit if own_limit is not None else MAX_STEPS
    infos = _first_infos(environment)
    names = tuple(str(agent) for agent in agents)
    masked = turns or any(s.has_mask for s in spaces) or any("action_mask" in infos.get(a, {}) for a in agents)
    spec = GameSpec(
        name=name or str(environment.metadata.get("name", type(environment.unwrapped).__name__)),
        agents=names,
        sides=tuple(sides or names),
        observation_sizes=tuple(s.observation_size for s in spaces),
        action_spaces=tuple(s.action_space for s in spaces),
        horizon=whole_number(limit, "max_steps", low=1),
        common_reward=truth_value(common_reward, "common_reward"),
        masked=masked,
    )
    return PettingZooGame(factory, spec=spec, agents=agents)


def as_parallel(environment: Any) -> tuple[Any, bool]:
    """Return an environment as a parallel one, and whether its agents take turns.

    Raises
    ------
    ValueError : it is no PettingZoo environment.
    """
    from pettingzoo.utils.conversions import aec_to_parallel, turn_based_aec_to_parallel
    from pettingzoo.utils.env import AECEnv, ParallelEnv

    if isinstance(environment, ParallelEnv):
        return environment, False
    if not isinstance(environment, AECEnv):
        raise ValueError(f"factory must make a PettingZoo environment, not a {type(environment).__name__}")
    if environment.metadata.get("is_parallelizable", False):
        return aec_to_parallel(environment), False
    return turn_based_aec_to_parallel(environment), True


def agent_spaces(environment: Any, agents: Sequence[Any], *, turns: bool) -> tuple[AgentSpaces, ...]:
    """Return the spaces of every agent."""
    return tuple(
        AgentSpaces(
            str(agent),
            actions=environment.action_space(agent),
            observations=environment.observation_space(agent),
            waits=turns,
        )
        for agent in agents
    )


def _first_infos(environment: Any) -> dict[Any, Any]:
    """Return the infos that an episode begins with; whether the environment keeps its contract is seen later."""
    returned = environment.reset(seed=0)
    infos = returned[1] if isinstance(returned, tuple) and len(returned) == 2 else {}
    return infos if isinstance(infos, dict) else {}
