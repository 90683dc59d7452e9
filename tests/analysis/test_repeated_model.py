"""Repeated games as Markov games: sizes and values in closed form, play that agrees, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.analysis.markov_game import state_values
from nashlens.analysis.nonstationarity import kernel_drift, reward_drift
from nashlens.analysis.repeated_model import n_states, repeated_model
from nashlens.games import Profile, make, play
from nashlens.games.policy import ConstantPolicy, ScriptedPolicy
from nashlens.games.repeated import RepeatedGame


def repeated(rounds: int, *, stage: str = "matching_pennies", **options: object) -> RepeatedGame:
    game = make("repeated", stage=stage, rounds=rounds, **options)
    assert isinstance(game, RepeatedGame)
    return game


@pytest.mark.parametrize(
    ("rounds", "memory", "expected"),
    # 4 joint actions: one first state, then 4^min(t, m) in round t, and the end
    [(1, 0, 2), (3, 0, 4), (3, 1, 1 + 4 + 4 + 1), (3, 2, 1 + 4 + 16 + 1), (10, 1, 1 + 9 * 4 + 1)],
)
def test_n_states_counts_rounds_and_memories(rounds: int, memory: int, expected: int) -> None:
    game = repeated(rounds, memory=memory)
    assert n_states(game) == expected
    model = repeated_model(game)
    assert model.game.n_states == expected
    assert [len(seen) for seen in model.observations] == [expected - 1] * 2
    assert model.playing.sum() == expected - 1


def test_repeated_model_values_constant_policies_by_the_sum_of_the_rounds() -> None:
    # (.7, .3) against (.9, .1): E r_1 = .7·.9 + .3·.1 − .7·.1 − .3·.9 = .32 a round; discounted by γ = .9 over three
    # rounds .32 · (1 + .9 + .81) = .8672
    model = repeated_model(repeated(3, memory=1))
    sizes = [seen.shape[1] for seen in model.observations]
    policies = tuple(
        ConstantPolicy(p, observation_size=n) for p, n in zip([(0.7, 0.3), (0.9, 0.1)], sizes, strict=True)
    )
    one = model.profile(policies)
    values = state_values(model.game, Profile([s[None] for s in one]), discount=0.9)[0] @ model.start
    assert values.tolist() == pytest.approx([0.8672, -0.8672])


def test_repeated_model_discounts_payoffs_as_the_game_does() -> None:
    # the second round of the prisoner's dilemma, both cooperating, is worth half of the first
    model = repeated_model(repeated(2, stage="prisoners_dilemma", memory=1, discount=0.5))
    stage = make("prisoners_dilemma").payoffs[0, 0, 0]  # type: ignore[attr-defined]
    assert model.game.rewards[0, 0, 0, 0] == stage
    assert model.game.rewards[0, 1, 0, 0] == 0.5 * stage


def test_repeated_model_agrees_with_play() -> None:
    # Tit for tat against uniform play, whose return can only be sampled: parity with 20,000 episodes of the game.
    game = repeated(4, stage="prisoners_dilemma", memory=1)
    copies = ScriptedPolicy(  # the other's last action is seen behind the own; nothing yet: the first action
        lambda seen: np.where(seen[:, 2:].any(axis=1, keepdims=True), seen[:, 2:], [[1.0, 0.0]]),
        action_space=game.spec.action_spaces[0],  # type: ignore[arg-type]
        observation_size=4,
    )
    policies = (copies, ConstantPolicy([0.5, 0.5], observation_size=4))
    model = repeated_model(game)
    profile = Profile([s[None] for s in model.profile(policies)])
    exact = state_values(model.game, profile, discount=1 - 1e-12)[0] @ model.start
    played = play(game, policies, n_episodes=20_000, rng=np.random.default_rng(0)).returns
    error = played.std(axis=0) / np.sqrt(len(played))
    assert (np.abs(played.mean(axis=0) - exact) < 4 * error).all()


def test_repeated_model_drifts_as_far_as_the_other_does_and_not_at_all_jointly() -> None:
    # P(H) of agent 2 from .5 to .9 everywhere: with a memory the next state shows what it played, TV .4 in every state
    # but those of the last round, which all lead to the end: 5 of the 9 playing states have a next round.
    model = repeated_model(repeated(3, memory=1))
    strategies = [[model.profile(_constant(model, p, q)) for p, q in ((0.5, 0.5), (0.5, 0.9))]]
    profile = Profile([np.stack([each[i] for each in strategies[0]]) for i in range(2)])
    kernel = kernel_drift(model.game, profile, weights=model.even_weights())
    assert kernel.mean[0].tolist() == pytest.approx([0.4 * 5 / 9, 0.0])
    assert kernel.sup[0].tolist() == pytest.approx([0.4, 0.0])
    # |ΔR| = 2 · .4 for both own actions (metrics: T02)
    assert reward_drift(model.game, profile, weights=model.even_weights()).mean[0].tolist() == pytest.approx([0.8, 0.0])
    for drift in (kernel_drift, reward_drift):
        assert (drift(model.game, profile, conditioning="joint").sup == 0).all()


def test_repeated_model_shows_the_round_where_the_game_does() -> None:
    model = repeated_model(repeated(2, memory=1, show_round=True))
    assert model.observations[0][:, -1].tolist() == [0.0, 0.5, 0.5, 0.5, 0.5]


def test_repeated_model_refuses_what_is_too_large() -> None:
    with pytest.raises(ValueError, match="game must have a kernel of at most 50,000,000 entries; 10 rounds with a mem"):
        repeated_model(repeated(10, memory=6))


def test_profile_refuses_central_policies() -> None:
    model = repeated_model(repeated(2, memory=1))
    policies = _constant(model, 0.5, 0.5)
    policies[0].central = True
    with pytest.raises(ValueError, match="policies must read their own agent's observations"):
        model.profile(policies)


def _constant(model, p: float, q: float) -> tuple[ConstantPolicy, ConstantPolicy]:  # type: ignore[no-untyped-def]
    size = model.observations[0].shape[1]
    one, other = (ConstantPolicy([x, 1 - x], observation_size=size) for x in (p, q))
    return one, other
