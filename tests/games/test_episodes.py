"""Playing policies: returns, lengths and measures by hand, one draw of a mixture an episode, and refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from nashlens import games
from nashlens.games import catalog
from nashlens.games.core import Array, Batch, Choice, Game, GameSpec, Step
from nashlens.games.episodes import play
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.normal_form import Profile
from nashlens.games.policy import ConstantPolicy, ScriptedPolicy, uniform_policy
from nashlens.games.randomness import Streams


class Countdown(Game):
    """One agent; episode k of E takes k + 1 steps; each step pays 1 and measures its number."""

    def __init__(self, horizon: int = 4) -> None:
        self.spec = GameSpec(
            name="countdown",
            agents=("a",),
            sides=("a",),
            observation_sizes=(1,),
            action_spaces=(Choice((2,)),),
            horizon=horizon,
        )

    def begin(self, streams: Streams) -> Batch:
        return CountdownBatch(self.spec, streams)


class CountdownBatch(Batch):
    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        self.spec, self.n_envs = spec, streams.n_envs
        self.time = np.zeros(self.n_envs)
        self.observations = (self.time[:, None],)

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        self.time = self.time + 1
        ended = self.time == 1 + np.arange(self.n_envs)
        successor = self.time[:, None]
        measures: dict[str, Array] = {"time": self.time.copy(), "both": np.column_stack([self.time, -self.time])[:, :1]}
        measures["time"][0] = 1.0 if self.time[0] == 1 else np.nan  # what comes after an end must not count
        self.observations = (self.time[:, None],)
        return Step(
            next_observations=(successor,),
            rewards=np.ones((self.n_envs, 1)),
            terminated=ended,
            truncated=np.zeros_like(ended),
            measures=measures,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"time": self.time.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self.time = state["time"].copy()


def test_play_counts_each_environment_up_to_its_own_first_end() -> None:
    episodes = play(Countdown(), [uniform_policy(Choice((2,)))], n_episodes=4, rng=np.random.default_rng(0))
    assert episodes.lengths.tolist() == [1, 2, 3, 4]
    assert episodes.returns.tolist() == [[1], [2], [3], [4]]
    # mean of 1..k is (k + 1)/2; the NaN of the environment that had ended is left out
    assert episodes.measures["time"].tolist() == [1, 1.5, 2, 2.5]
    assert episodes.measures["both"].tolist() == [[1], [1.5], [2], [2.5]]


def test_play_refuses_a_game_that_goes_on_after_its_horizon() -> None:
    with pytest.raises(ValueError, match="countdown goes on after 3 steps"):
        play(Countdown(horizon=3), [uniform_policy(Choice((2,)))], n_episodes=4, rng=np.random.default_rng(0))


def test_play_frequencies_follow_the_profile() -> None:
    # chi-square of joint outcomes of matching pennies at (0.8, 0.2) against (0.3, 0.7): P(match) = 0.24 + 0.14 = 0.38
    game = catalog.matching_pennies()
    policies = game.to_policies(Profile([[0.8, 0.2], [0.3, 0.7]]))
    returns = play(game, policies, n_episodes=10_000, rng=np.random.default_rng(1)).returns
    np.testing.assert_array_equal(returns[:, 0], -returns[:, 1])
    wins = (returns[:, 0] == 1).sum()
    assert stats.binomtest(int(wins), 10_000, 0.38).pvalue > 0.01


def test_play_without_exploration_takes_the_likeliest_action() -> None:
    game = catalog.matching_pennies()
    policies = game.to_policies(Profile([[0.6, 0.4], [0.3, 0.7]]))
    episodes = play(game, policies, n_episodes=20, explore=False, rng=np.random.default_rng(2))
    assert (episodes.returns == [-1, 1]).all()


def test_play_draws_a_mixture_once_an_episode() -> None:
    # two members that always differ: over an episode of 10 rounds either all rounds pay or none does, never some
    game = games.make("repeated", stage="anti_coordination", rounds=10, memory=0)
    pure = [ConstantPolicy(row) for row in np.eye(2)]
    mixture = MixturePolicy(pure, weights=[0.3, 0.7])
    returns = play(game, [mixture, pure[0]], n_episodes=2000, rng=np.random.default_rng(3)).returns[:, 0]
    assert set(returns.tolist()) == {0.0, 10.0}
    assert stats.binomtest(int((returns == 10).sum()), 2000, 0.7).pvalue > 0.01


def test_play_carries_each_policy_its_own_memory() -> None:
    class Counts(ScriptedPolicy):
        """Plays action 0 in the first three steps, then action 1: it counts in its memory."""

        memory_size = 1

        def next_memory(self, observations: Array, memory: Array) -> Array:
            return memory + 1

        def probabilities(self, observations: Array, *, masks: Any = None, memory: Array | None = None) -> Array:
            assert memory is not None
            return np.where(memory <= 3, [1.0, 0.0], [0.0, 1.0])

    game = games.make("repeated", stage="anti_coordination", rounds=10, memory=0)
    counter = Counts(lambda seen: seen, action_space=Choice((2,)), observation_size=1)
    still = ConstantPolicy([1.0, 0.0])
    for explore in (True, False):
        episodes = play(game, [counter, still], n_episodes=3, explore=explore, rng=np.random.default_rng(4))
        assert (episodes.returns == 7).all()


def test_play_repeats_itself_from_the_same_generator_and_not_from_its_next_draws() -> None:
    game = games.make("repeated", rounds=4)
    policies = [uniform_policy(Choice((2,)), observation_size=4)] * 2
    rng = np.random.default_rng(5)
    first, second = (play(game, policies, n_episodes=20, rng=rng).returns for _ in range(2))
    again = play(game, policies, n_episodes=20, rng=np.random.default_rng(5)).returns
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("n_episodes", [0, -1, 2.0, None])
def test_play_refuses_other_numbers_of_episodes(n_episodes: Any) -> None:
    game = catalog.stag_hunt()
    with pytest.raises(ValueError, match="n_episodes must be a whole number of at least 1"):
        play(game, game.to_policies(Profile.uniform(2, 2)), n_episodes=n_episodes, rng=np.random.default_rng(0))


def test_play_refuses_policies_that_do_not_fit() -> None:
    rng = np.random.default_rng(0)
    two, three = uniform_policy(Choice((2,))), uniform_policy(Choice((3,)))
    with pytest.raises(ValueError, match="policies must be 2, one an agent of stag_hunt, not 1"):
        play(catalog.stag_hunt(), [two], n_episodes=1, rng=rng)
    with pytest.raises(ValueError, match="the policy of agent_1 must act in"):
        play(catalog.stag_hunt(), [two, three], n_episodes=1, rng=rng)
    with pytest.raises(ValueError, match="the policy of agent_0 must read 4 numbers, not 1"):
        play(games.make("repeated"), [two, two], n_episodes=1, rng=rng)


def test_mixtures_of_one_group_play_the_same_member_in_an_episode():
    game = games.make("anti_coordination")
    pure = [ConstantPolicy([1.0, 0.0]), ConstantPolicy([0.0, 1.0])]
    together = play(game, [MixturePolicy(pure, group="team")] * 2, n_episodes=500, rng=np.random.default_rng(0)).returns
    assert not together.any()  # equal members always choose alike, and alike pays nothing
    apart = play(game, [MixturePolicy(pure)] * 2, n_episodes=500, rng=np.random.default_rng(0)).returns
    assert 0.4 < apart[:, 0].mean() < 0.6


def test_mixtures_of_one_group_with_other_weights_draw_for_themselves():
    game = games.make("anti_coordination")
    pure = [ConstantPolicy([1.0, 0.0]), ConstantPolicy([0.0, 1.0])]
    policies = [MixturePolicy(pure, group="team"), MixturePolicy([*pure, pure[0]], group="team")]
    assert play(game, policies, n_episodes=50, rng=np.random.default_rng(0)).returns.any()
