"""Handover: rewards, ends and signs by hand; its value in closed form and by play."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games import Choice, conformance, make
from nashlens.games.core import one_hot
from nashlens.games.episodes import play
from nashlens.games.handover import Handover
from nashlens.games.policy import ConstantPolicy, ScriptedPolicy, uniform_policy


def naming(game: Handover, share: float) -> ScriptedPolicy:
    """Return a partner that names the sign with probability `share`, and each other name equally often."""
    k = game.n_signs

    def rule(observations: np.ndarray) -> np.ndarray:
        shown = observations[:, 3:]
        told = share * shown + (1 - share) * (1 - shown) / (k - 1)
        return np.where(shown.sum(axis=1, keepdims=True) > 0, told, 1 / k)

    return ScriptedPolicy(rule, action_space=Choice((k,)), observation_size=3 + k)


def moving(handed: float) -> ConstantPolicy:
    return ConstantPolicy([1 - handed, handed], observation_size=3)


def act(game: Handover, moved: int, named: int) -> list[np.ndarray]:
    return [one_hot(np.array([moved]), 2), one_hot(np.array([named]), game.n_signs)]


def test_keeping_pays_the_sure_thing_whatever_the_partner_names() -> None:
    game = Handover(3, 0.25)
    batch = game.start(1, rng=np.random.default_rng(0))
    assert batch.observations[0].tolist() == [[1, 0, 0]]
    assert batch.observations[1].tolist() == [[1, 0, 0, 0, 0, 0]]
    first = batch.step(act(game, 0, 2))
    assert first.rewards.tolist() == [[0, 0]]
    assert not first.ended.any()
    assert first.next_observations[1].tolist() == [[0, 1, 0, 0, 0, 0]]
    second = batch.step(act(game, 1, 1))
    assert second.rewards.tolist() == [[0.25, 0.25]]
    assert second.terminated.all()
    assert batch.observations[0].tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("right", [True, False])
def test_handing_over_pays_one_if_the_partner_names_the_sign(right: bool) -> None:
    game = Handover(3)
    batch = game.start(1, rng=np.random.default_rng(1))
    seen = batch.step(act(game, 1, 0)).next_observations[1][0]
    assert seen[:3].tolist() == [0, 0, 1]
    sign = int(seen[3:].argmax())
    assert seen[3:].sum() == 1
    last = batch.step(act(game, 0, sign if right else (sign + 1) % 3))
    assert last.rewards.tolist() == [[float(right)] * 2]
    assert last.terminated.all()


def test_value_is_the_sure_thing_or_the_partners_share() -> None:
    game = Handover(5, 0.5)
    # keep: 0.5; hand over to a partner that is right 90 times in 100: 0.9; half and half: 0.7; uniform partner: 1/5
    assert game.value((moving(0.0), naming(game, 0.9))) == pytest.approx(0.5)
    assert game.value((moving(1.0), naming(game, 0.9))) == pytest.approx(0.9)
    assert game.value((moving(0.5), naming(game, 0.9))) == pytest.approx(0.7)
    uniform = uniform_policy(Choice((5,)), observation_size=8)
    assert game.value((moving(1.0), uniform)) == pytest.approx(0.2)


@given(handed=st.floats(0, 1), share=st.floats(0, 1), k=st.integers(2, 6))
def test_visits_are_a_distribution_and_the_value_lies_within_the_rewards(handed: float, share: float, k: int) -> None:
    game = Handover(k, 0.3)
    policies = (moving(handed), naming(game, share))
    visits = game.visits(policies)
    assert visits.shape == (2 + k,)
    assert visits.min() >= 0
    assert visits.sum() == pytest.approx(1)
    assert -1e-12 <= game.value(policies) <= 1 + 1e-12


def test_visits_and_value_are_those_of_play() -> None:
    game = Handover(4, 0.3)
    policies = (moving(0.6), naming(game, 0.8))
    episodes = play(game, policies, n_episodes=20_000, explore=True, rng=np.random.default_rng(2))
    # four standard errors: a return has a variance of at most 1/4
    assert episodes.returns.mean(axis=0) == pytest.approx([game.value(policies)] * 2, abs=4 * 0.5 / 20_000**0.5)
    batch = game.start(20_000, rng=np.random.default_rng(3))
    rng, counts = np.random.default_rng(4), np.zeros(6)
    for _ in range(2):
        seen = batch.observations[1]
        rows = (seen[:, None] == game.situations()[1][None]).all(axis=2)
        counts += rows.sum(axis=0)
        batch.step([p.sample(o, rng=rng) for p, o in zip(policies, batch.observations, strict=True)])
    np.testing.assert_allclose(counts / counts.sum(), game.visits(policies), atol=0.01)


def test_situations_are_what_the_game_shows() -> None:
    mover, partner = Handover(2).situations()
    assert mover.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    assert partner.tolist() == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 0, 1]]


def test_the_game_keeps_the_contract_and_stands_in_the_registry() -> None:
    game = make("handover", n_signs=3, sure_thing=0.4)
    assert make(game.spec.name, **game.spec.parameters).spec == game.spec
    assert conformance.check(game, rng=np.random.default_rng(5)).n_episodes > 0


@pytest.mark.parametrize("bad", [{"n_signs": 1}, {"n_signs": 2.5}, {"sure_thing": -0.1}, {"sure_thing": 1.5}])
def test_bad_arguments_are_refused_by_name(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        make("handover", **bad)
