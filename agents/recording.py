"""What is kept of a training while it goes on: snapshots, evaluations and losses of every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.agents.learner import Learner
from nashlens.agents.maddpg import Losses
from nashlens.agents.records import ActorSnapshots, TrainingRun, mixed
from nashlens.agents.warm_start import read_actor
from nashlens.games.core import Game
from nashlens.games.episodes import play
from nashlens.games.randomness import child


class Recording:
    """Snapshots, evaluations and losses of S seeds.

    Parameters
    ----------
    game : what is played.
    learners : whose actors are kept; between them, every agent of the game once.
    seeds : S whole numbers.
    evaluation_episodes : fresh episodes played with each snapshot; 0 for none.
    explore : whether evaluation samples its actions.
    """

    def __init__(
        self,
        game: Game,
        learners: Sequence[Learner],
        *,
        seeds: Sequence[int],
        evaluation_episodes: int,
        explore: bool,
    ) -> None:
        self._game = game
        self._learners = tuple(learners)
        homes = {i: (n, place) for n, lr in enumerate(learners) for place, i in enumerate(lr.agents)}
        self._homes = dict(sorted(homes.items()))
        self._seeds = tuple(seeds)
        self._n_episodes = evaluation_episodes
        self._explore = explore
        self._steps: list[int] = []
        self._layers: list[dict[str, npt.NDArray[np.float32]]] = []
        self._evaluations: list[npt.NDArray[np.float64]] = []
        self._update_steps: list[int] = []
        self._losses: dict[str, list[npt.NDArray[np.float32]]] = {}
        self._failures: dict[int, dict[str, Any]] = {}

    def add_snapshot(self, step: int) -> None:
        """Keep every actor as it is now, and play fresh episodes with it if they were asked for."""
        self._steps.append(step)
        self._layers.append(
            {
                f"{n}.{k}": tensor.detach().cpu().numpy().copy()
                for n, learner in enumerate(self._learners)
                for k, tensor in enumerate(learner.actor.tensors)
            }
        )
        returns_SN = np.full((len(self._seeds), self._n_agents), np.nan)
        if self._n_episodes:
            for k, seed in enumerate(self._seeds):
                if k not in self._failures:
                    returns_SN[k] = self._evaluate(k, child(seed, "evaluation", step))
        self._evaluations.append(returns_SN)

    def add_losses(self, step: int, losses: Losses) -> None:
        """Keep what one update reported."""
        self._update_steps.append(step)
        named = {"critic_loss": losses.critic, "actor_loss": losses.actor, **losses.divergences}
        for name, values in named.items():
            self._losses.setdefault(name, []).append(values.numpy())

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
        algorithm: Mapping[str, Any],
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
        episode_steps, episode_returns = episodes
        before = episode_steps <= n_steps
        none = np.zeros((0, self._n_agents), dtype=np.float32)
        losses = {"critic_loss": none, "actor_loss": none}
        losses |= {name: np.stack(each)[:n_updates, k] for name, each in self._losses.items()}
        return TrainingRun(
            spec=self._game.spec,
            seed=self._seeds[k],
            algorithm=algorithm,
            n_steps=n_steps,
            n_updates=n_updates,
            status="done" if failure is None else "failed",
            reason="" if failure is None else failure["reason"],
            snapshot_steps=np.array(self._steps[:n_kept], dtype=np.int64),
            actors=tuple(self._snapshots(i, 0, k, self._layers[:n_kept]) for i in range(self._n_agents)),
            more_actors=tuple(
                tuple(
                    self._snapshots(i, sub, k, self._layers[:n_kept])
                    for sub in range(1, self._learners[self._homes[i][0]].n_subs)
                )
                for i in range(self._n_agents)
            ),
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

    def _snapshots(
        self, i: int, sub: int, k: int, kept: Sequence[Mapping[str, npt.NDArray[np.float32]]]
    ) -> ActorSnapshots:
        """Return the snapshots of agent i's sub-policy in the k-th seed."""
        number, _ = self._homes[i]
        learner = self._learners[number]
        n_tensors = len(learner.actor.tensors)
        tensors_T = [[layers[f"{number}.{p}"][k] for p in range(n_tensors)] for layers in kept]
        return read_actor(learner, i, sub, tensors_T)

    def _evaluate(self, k: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        spec = self._game.spec
        policies = []
        for i, (home, _) in self._homes.items():
            subs = range(self._learners[home].n_subs)
            each = [self._snapshots(i, sub, k, self._layers[-1:]).policy(spec, i, -1) for sub in subs]
            policies.append(mixed(each, spec, i, draw=self._learners[home].settings.ensemble.draw))
        episodes = play(self._game, policies, n_episodes=self._n_episodes, explore=self._explore, rng=rng)
        mean: npt.NDArray[np.float64] = episodes.returns.mean(axis=0)
        return mean
