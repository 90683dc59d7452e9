"""What is kept of a training while it goes on: snapshots, evaluations and losses of every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.agents.engine import Engine, Update
from nashlens.agents.kept_learners import KeepsLearners
from nashlens.agents.kept_stacks import Layers
from nashlens.agents.records import TrainingRun, joint_policy
from nashlens.games.core import Game
from nashlens.games.episodes import play
from nashlens.games.randomness import child


class Recording:
    """Snapshots, evaluations and losses of S seeds.

    Parameters
    ----------
    game : what is played.
    engine : whose policies are kept.
    algorithm : settings of each side, as plain values.
    seeds : S whole numbers.
    evaluation_episodes : fresh episodes played with each snapshot; 0 for none.
    explore : whether evaluation samples its actions.
    keep_critics : whether critics, targets and models of the others are kept too, where the engine has critics.
    """

    def __init__(
        self,
        game: Game,
        engine: Engine,
        *,
        algorithm: Mapping[str, Any],
        seeds: Sequence[int],
        evaluation_episodes: int,
        explore: bool,
        keep_critics: bool = False,
    ) -> None:
        self._game = game
        self._engine = engine
        self._algorithm = algorithm
        self._seeds = tuple(seeds)
        self._n_episodes = evaluation_episodes
        self._explore = explore
        self._keeper = engine if keep_critics and isinstance(engine, KeepsLearners) else None
        self._steps: list[int] = []
        self._layers: list[Layers] = []
        self._evaluations: list[npt.NDArray[np.float64]] = []
        self._update_steps: list[int] = []
        self._losses: dict[str, list[npt.NDArray[np.float32]]] = {}
        self._failures: dict[int, dict[str, Any]] = {}

    def add_snapshot(self, step: int, *, n_updates: int) -> None:
        """Keep every policy as it is now, and play fresh episodes with it if they were asked for."""
        self._steps.append(step)
        layers = self._engine.layers(n_steps=step, n_updates=n_updates)
        self._layers.append(layers if self._keeper is None else {**layers, **self._keeper.learner_layers()})
        returns_SN = np.full((len(self._seeds), self._n_agents), np.nan)
        if self._n_episodes:
            for k, seed in enumerate(self._seeds):
                if k not in self._failures:
                    returns_SN[k] = self._evaluate(k, child(seed, "evaluation", step))
        self._evaluations.append(returns_SN)

    def add_update(self, step: int, update: Update) -> None:
        """Keep what one update reported."""
        self._update_steps.append(step)
        for name, values in update.curves.items():
            self._losses.setdefault(name, []).append(values.cpu().numpy())

    def fail(self, k: int, *, step: int, n_updates: int, reason: str) -> None:
        """Mark the k-th seed as stopped; what was kept of it before stays."""
        self._failures[k] = {
            "step": step,
            "n_updates": n_updates,
            "reason": reason,
            "n_snapshots": len(self._steps),
        }

    def result(
        self,
        k: int,
        *,
        n_steps: int,
        n_updates: int,
        episodes: tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]],
        parameter_hash: str,
    ) -> TrainingRun:
        """Return the record of the k-th seed; a stopped seed's ends where it was stopped."""
        failure = self._failures.get(k)
        if failure is not None:
            n_steps, n_updates = failure["step"], failure["n_updates"]
        n_kept = len(self._steps) if failure is None else failure["n_snapshots"]
        actors = [self._engine.actors(i, k, self._layers[:n_kept]) for i in range(self._n_agents)]
        learners = (
            []
            if self._keeper is None
            else [self._keeper.learner_snapshots(i, k, self._layers[:n_kept]) for i in range(self._n_agents)]
        )
        episode_steps, episode_returns = episodes
        before = episode_steps <= n_steps
        none = np.zeros((0, self._n_agents), dtype=np.float32)
        losses = dict.fromkeys(self._engine.loss_names, none)
        losses |= {name: np.stack(each)[:n_updates, k] for name, each in self._losses.items()}
        return TrainingRun(
            spec=self._game.spec,
            seed=self._seeds[k],
            algorithm=self._algorithm,
            n_steps=n_steps,
            n_updates=n_updates,
            status="done" if failure is None else "failed",
            reason="" if failure is None else failure["reason"],
            snapshot_steps=np.array(self._steps[:n_kept], dtype=np.int64),
            actors=tuple(subs[0] for subs in actors),
            more_actors=tuple(subs[1:] for subs in actors),
            learners=tuple(learners),
            episode_steps=episode_steps[before],
            episode_returns=episode_returns[before],
            evaluation_returns=np.stack(self._evaluations)[:n_kept, k],
            n_evaluation_episodes=self._n_episodes,
            explored=self._explore,
            losses=losses,
            update_steps=np.array(self._update_steps[:n_updates], dtype=np.int64),
            parameter_hash=parameter_hash,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that `load` needs but the failures, for a checkpoint."""
        stacked = {
            f"layer.{name}": np.stack([layers[name] for layers in self._layers])
            for name in (self._layers[0] if self._layers else {})
        }
        return {
            "steps": np.array(self._steps, dtype=np.int64),
            "evaluations": np.stack(self._evaluations),
            "update_steps": np.array(self._update_steps, dtype=np.int64),
            **{f"losses.{name}": np.stack(each) for name, each in self._losses.items()},
            **stacked,
        }

    def failures_state(self) -> dict[str, Any]:
        """Return what is known of stopped seeds as plain values."""
        return {str(k): dict(failure) for k, failure in self._failures.items()}

    def load(self, state: Mapping[str, npt.NDArray[Any]], failures: Mapping[str, Any]) -> None:
        """Go back to what `state` and `failures_state` returned."""
        self._steps = state["steps"].tolist()
        self._evaluations = list(state["evaluations"])
        self._update_steps = state["update_steps"].tolist()
        self._losses = {
            name.removeprefix("losses."): list(each) for name, each in state.items() if name.startswith("losses.")
        }
        names = [name for name in state if name.startswith("layer.")]
        self._layers = [
            {name.removeprefix("layer."): state[name][t] for name in names} for t in range(len(self._steps))
        ]
        self._failures = {int(k): dict(failure) for k, failure in failures.items()}

    @property
    def _n_agents(self) -> int:
        return self._game.spec.n_agents

    def _evaluate(self, k: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        actors = [self._engine.actors(i, k, self._layers[-1:]) for i in range(self._n_agents)]
        policies = joint_policy(self._game.spec, self._algorithm, actors, snapshot=-1)
        episodes = play(self._game, policies, n_episodes=self._n_episodes, explore=self._explore, rng=rng)
        mean: npt.NDArray[np.float64] = episodes.returns.mean(axis=0)
        return mean
