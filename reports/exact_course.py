"""One seed of learners that know the payoffs: play so far, what was kept of it, and the run that it becomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nashlens.agents.strategy_snapshots import StrategySnapshots
from nashlens.agents.training_run import TrainingRun
from nashlens.analysis.learning_rules import Play, Rule, begin_play, play_rounds
from nashlens.games import NormalFormGame, Profile, play
from nashlens.games.core import Array
from nashlens.games.randomness import child
from nashlens.reports.exact_settings import AnyExact

UNUSED_RATE = 1.0  # for rules that have no learning rate
Arrays = dict[str, npt.NDArray[Any]]


class ExactCourse:
    """One seed's play of a matrix game.

    Parameters
    ----------
    game : what is played.
    algorithms : the settings of each side.
    seed : of the first strategies, drawn uniformly on each agent's simplex, and of the evaluations' draws.
    evaluation_episodes, explore : fresh episodes at each snapshot, 0 for none, and whether they sample their actions.
    """

    def __init__(
        self,
        game: NormalFormGame,
        algorithms: Mapping[str, AnyExact],
        seed: int,
        *,
        evaluation_episodes: int,
        explore: bool,
    ) -> None:
        self.game, self.seed = game, seed
        self._algorithms = algorithms
        self._n_episodes, self._explore = evaluation_episodes, explore
        each = [algorithms[side] for side in game.spec.sides]
        self._rules: list[Rule] = [settings.kind for settings in each]
        self._rates = [float(getattr(settings, "learning_rate", UNUSED_RATE)) for settings in each]
        rng = child(seed, "first strategies")
        first = Profile([rng.dirichlet(np.ones(n)) for n in game.n_actions])
        self.play = begin_play(game, first, rules=self._rules)
        self._payoffs = [self.play.payoffs]
        self._strategies: list[list[Array]] = [[] for _ in self._rules]
        self._averages: list[list[Array]] = [[] for _ in self._rules]
        self._evaluations: list[Array] = []

    def advance(self, n_rounds: int) -> None:
        """Play and learn for so many rounds."""
        self.play = play_rounds(self.game, self.play, rules=self._rules, learning_rates=self._rates, n_rounds=n_rounds)
        self._payoffs.append(self.play.payoffs)

    def keep(self) -> None:
        """Keep a snapshot: the strategies, their means, and what fresh episodes give."""
        for i, (strategy, average) in enumerate(zip(self.play.last, self.play.average, strict=True)):
            self._strategies[i].append(strategy)
            self._averages[i].append(average)
        means = np.full(self.game.n_agents, np.nan)
        if self._n_episodes:
            rng = child(self.seed, "evaluation", self.play.n_rounds)
            policies = [actor.policy(self.game.spec, i, -1) for i, actor in enumerate(self._actors())]
            episodes = play(self.game, policies, n_episodes=self._n_episodes, explore=self._explore, rng=rng)
            means = episodes.returns.mean(axis=0)
        self._evaluations.append(means)

    def result(self, snapshot_steps: Sequence[int]) -> TrainingRun:
        """Return the run that the course has become.

        Parameters
        ----------
        snapshot_steps : the rounds at which `keep` was called.
        """
        rounds = np.arange(1, self.play.n_rounds + 1, dtype=np.int64)
        return TrainingRun(
            spec=self.game.spec,
            seed=self.seed,
            algorithm={side: settings.model_dump(mode="json") for side, settings in self._algorithms.items()},
            n_steps=self.play.n_rounds,
            n_updates=self.play.n_rounds,
            status="done",
            reason="",
            snapshot_steps=np.array(snapshot_steps, dtype=np.int64),
            actors=self._actors(),
            episode_steps=rounds,
            episode_returns=np.concatenate(self._payoffs).astype(np.float32),
            evaluation_returns=np.stack(self._evaluations),
            n_evaluation_episodes=self._n_episodes,
            explored=self._explore,
            losses={},
            update_steps=rounds,
            parameter_hash=self._digest(),
        )

    def state(self) -> Arrays:
        """Return all that `load` needs."""
        arrays: Arrays = {"n_rounds": np.array(self.play.n_rounds), "payoffs": np.concatenate(self._payoffs)}
        arrays["evaluations"] = np.stack(self._evaluations)
        for i in range(self.game.n_agents):
            arrays |= {
                f"{i}.strategy": self.play.strategies[i],
                f"{i}.total": self.play.totals[i],
                f"{i}.kept": self.play.kept[i],
                f"{i}.strategies": np.stack(self._strategies[i]),
                f"{i}.averages": np.stack(self._averages[i]),
            }
        return arrays

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Go back to what `state` returned; return the course."""
        agents = range(self.game.n_agents)
        self.play = Play(
            strategies=tuple(arrays[f"{i}.strategy"] for i in agents),
            totals=tuple(arrays[f"{i}.total"] for i in agents),
            kept=tuple(arrays[f"{i}.kept"] for i in agents),
            n_rounds=int(arrays["n_rounds"]),
            payoffs=arrays["payoffs"],
        )
        self._payoffs = [arrays["payoffs"]]
        self._evaluations = list(arrays["evaluations"])
        self._strategies = [list(arrays[f"{i}.strategies"]) for i in agents]
        self._averages = [list(arrays[f"{i}.averages"]) for i in agents]
        return self

    def _actors(self) -> tuple[StrategySnapshots, ...]:
        return tuple(
            StrategySnapshots(strategies=np.stack(strategies), averages=np.stack(averages))
            for strategies, averages in zip(self._strategies, self._averages, strict=True)
        )

    def _digest(self) -> str:
        """Return the SHA-256 over all that decides how play would go on."""
        digest = hashlib.sha256()
        for array in (*self.play.strategies, *self.play.totals, *self.play.kept):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
