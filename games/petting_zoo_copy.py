"""One copy of a PettingZoo environment, held to PettingZoo's contract: what it breaks is said, not guessed around.

An agent that has died, or has not appeared yet, sees zeros, gets nothing, and what it is told to do is not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from nashlens.games.core import Array, BoolArray
from nashlens.games.petting_zoo_spaces import AgentSpaces

RETURNED = ("observations", "rewards", "terminations", "truncations", "infos")


class EnvironmentCopy:
    """One environment and the episode it is in.

    Parameters
    ----------
    environment : a PettingZoo parallel environment.
    turns : whether its agents take turns, so that it is a converted environment of turns.
    name : what messages call it.
    agents : the environment's own names of its agents.
    spaces : one `AgentSpaces` an agent.
    max_steps : an episode is cut after so many steps.

    Attributes
    ----------
    seed : the seed of this episode.
    actions : the joint action vectors of this episode so far, each ``[A_1 + … + A_N]``.
    observations, masks : what the agents see and may do, one ``[O_i]`` and one ``[A_i]`` an agent.
    """

    def __init__(
        self,
        environment: Any,
        *,
        turns: bool,
        name: str,
        agents: Sequence[Any],
        spaces: Sequence[AgentSpaces],
        max_steps: int,
    ) -> None:
        self._environment = environment
        self._turns = turns
        self._name = name
        self._agents = tuple(agents)
        self._spaces = tuple(spaces)
        self._max_steps = max_steps
        self._ends = np.cumsum([s.action_space.width for s in spaces])[:-1]
        self.seed = 0
        self.actions: list[Array] = []
        self.observations: list[Array] = []
        self.masks: list[BoolArray] = []

    def reset(self, seed: int) -> None:
        """Begin the episode of a seed.

        Raises
        ------
        ValueError : the environment breaks PettingZoo's contract.
        """
        returned = self._environment.reset(seed=seed)
        if not isinstance(returned, tuple) or len(returned) != 2 or not all(isinstance(d, dict) for d in returned):
            self._fail(f"reset must return two dictionaries, observations and infos, not {_shape_of(returned)}")
        self.seed, self.actions = seed, []
        observations, infos = returned
        self._check_known("reset")
        present = set(self._environment.agents)
        self._see(observations, infos, "reset", expected=present, acting=present)

    def step(self, action: Array) -> tuple[Array, bool, bool]:
        """Play one joint action vector.

        Returns
        -------
        Rewards ``[N]``; whether the game is over; whether it was cut.

        Raises
        ------
        ValueError : the environment breaks PettingZoo's contract, or an agent waits in its turn.
        """
        acting = set(self._environment.agents)
        parts = np.split(action, self._ends)
        decoded = {
            agent: spaces.decode(part)
            for agent, spaces, part in zip(self._agents, self._spaces, parts, strict=True)
            if agent in acting and self._moves(agent)
        }
        returned = self._environment.step(decoded)
        if not isinstance(returned, tuple) or len(returned) != 5 or not all(isinstance(d, dict) for d in returned):
            self._fail(f"step must return five dictionaries, {', '.join(RETURNED)}, not {_shape_of(returned)}")
        self.actions.append(action.copy())
        observations, rewards, terminations, truncations, infos = returned
        for label, given in zip(RETURNED[1:4], (rewards, terminations, truncations), strict=True):
            if missing := acting - given.keys():
                self._fail(f"step must return {label} of every agent that acted; {_names(missing)} is missing")
        self._check_known("step")
        ended = {agent for agent in acting if terminations[agent] or truncations[agent]}
        staying = set(self._environment.agents) - ended
        if staying and (lingering := ended & set(self._environment.agents)):
            self._fail(f"agents that ended must leave the environment's agents; {_names(lingering)} is still there")
        left = acting - staying
        self._see(observations, infos, "step", expected=staying | (left & observations.keys()), acting=staying)
        cut = len(self.actions) >= self._max_steps
        terminated = not staying and not (left and all(truncations[a] and not terminations[a] for a in left))
        return self._rewards(rewards), terminated, (not staying or cut) and not terminated

    def _moves(self, agent: Any) -> bool:
        """Say whether it is an agent's turn; always, unless agents take turns."""
        return not self._turns or bool(self._environment.aec_env.agent_selection == agent)

    def _rewards(self, rewards: Mapping[Any, Any]) -> Array:
        paid = np.zeros(len(self._agents))
        for i, agent in enumerate(self._agents):
            if agent in rewards:
                paid[i] = float(rewards[agent])
                if not np.isfinite(paid[i]):
                    self._fail(f"step must return finite rewards; that of {agent} is {rewards[agent]}")
        return paid

    def _see(
        self,
        observations: Mapping[Any, Any],
        infos: Mapping[Any, Any],
        when: str,
        *,
        expected: set[Any],
        acting: set[Any],
    ) -> None:
        """Take in what the `expected` agents see, and what the `acting` ones among them may do."""
        if missing := expected - observations.keys():
            self._fail(f"{when} must return observations of every agent; {_names(missing)} is missing")
        try:
            self.observations = [
                spaces.observe(observations[agent]) if agent in expected else np.zeros(spaces.observation_size)
                for agent, spaces in zip(self._agents, self._spaces, strict=True)
            ]
            self.masks = [
                spaces.mask(observations[agent], infos.get(agent, {}))
                if agent in acting and self._moves(agent)
                else spaces.waiting_mask
                for agent, spaces in zip(self._agents, self._spaces, strict=True)
            ]
        except ValueError as error:
            self._fail(f"{when}: {error}")

    def _check_known(self, when: str) -> None:
        if unknown := set(self._environment.agents) - set(self._agents):
            self._fail(f"agents after {when} must be among possible_agents; {_names(unknown)} is not")

    def _fail(self, what: str) -> NoReturn:
        raise ValueError(f"{self._name} breaks PettingZoo's contract: {what}")


def _names(agents: set[Any]) -> str:
    return ", ".join(sorted(str(agent) for agent in agents))


def _shape_of(returned: Any) -> str:
    return f"a tuple of {len(returned)}" if isinstance(returned, tuple) else f"a {type(returned).__name__}"
