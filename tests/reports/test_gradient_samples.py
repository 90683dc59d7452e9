"""Gradients of stored runs: Proposition 1's game as a network's, levels that must carry nothing, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from nashlens.agents import config
from nashlens.agents.critic import Critic
from nashlens.agents.training import train
from nashlens.agents.training_run import TrainingRun
from nashlens.analysis.gradient_noise import gradient_noise
from nashlens.analysis.proposition_one import ESTIMATORS, proposition_one
from nashlens.analysis.sobol import resampled_total_indices
from nashlens.analysis.variance_sources import variance_sources
from nashlens.games import make
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.games.policy import JointPolicy
from nashlens.reports.instruments import gradient_quantities as names
from nashlens.reports.instruments import gradient_resampling, gradient_samples
from nashlens.reports.instruments.gradient_estimators import Subject, drawn_rows, logit_gradients
from nashlens.reports.instruments.gradient_resampling import resampled_gradients
from nashlens.reports.instruments.gradient_samples import episode_gradients, mean_gradient, nested_gradients
from nashlens.reports.instruments.gradients import INSTRUMENT
from nashlens.reports.instruments.recorded_moments import record

TEAM = make("all_ones", n_agents=2)


def evenly(n_agents: int) -> JointPolicy:
    """Return policies whose network is one layer of zeros: both actions with probability ½."""
    blank = Network(weights=(np.zeros((1, 2)),), biases=(np.zeros(2),))
    spec = make("all_ones", n_agents=n_agents).spec
    return tuple(NetworkPolicy(blank, action_space=space, observation_size=1) for space in spec.action_spaces)


def product_critic() -> Critic:
    """Return Q(a) = max(a_1 + a_2 − 1, 0), a's the places of action 1: Proposition 1's reward for two agents."""
    # inputs: two observations, then (not 1, 1) of each agent
    first = np.array([[0.0], [0.0], [0.0], [1.0], [0.0], [1.0]])
    network = Network(weights=(first, np.ones((1, 1))), biases=(np.array([-1.0]), np.zeros(1)))
    return Critic((network,), spec=TEAM.spec, agent=0, central=True)


@pytest.fixture
def subject() -> Subject:
    policies = evenly(2)
    return Subject(agent=0, policies=policies, earlier=[policies], critic=product_critic(), gamma=0.95, temperature=1.0)


def test_score_estimators_have_proposition_one_s_moments(subject: Subject) -> None:
    # In logits of two actions a component is θ(1 − θ) = ¼ of that in θ, and the other its opposite; the layer of one
    # input 1 has a weight and a bias for each: four components, so tr Σ is 4/16 of the variance in θ.
    moments = record(TEAM, subject.policies, n_episodes=20_000, rng=np.random.default_rng(0))
    found = dict(episode_gradients(subject, moments, baseline=np.zeros(1), rng=np.random.default_rng(1)))
    assert set(found) == set(ESTIMATORS)
    for name in ("reinforce", "centralised_q", "counterfactual", "all_action"):
        exact = proposition_one(2, estimator=name)
        noise = gradient_noise(found[name])
        assert noise.total_variance.value == pytest.approx(exact.variance[0] / 4, rel=0.05)
        assert noise.squared_norm.value == pytest.approx(exact.gradient[0] ** 2 / 4, rel=0.05)
    np.testing.assert_allclose(found["reinforce"], found["centralised_q"], atol=1e-12)


def test_a_marginal_value_has_less_variance_than_a_central_one(subject: Subject) -> None:
    # Exactly averaged it would be .25 against .75 in θ; four draws leave a quarter of the difference.
    moments = record(TEAM, subject.policies, n_episodes=20_000, rng=np.random.default_rng(0))
    found = dict(episode_gradients(subject, moments, baseline=np.zeros(1), rng=np.random.default_rng(1)))
    variance = gradient_noise(found["decentralised_q"]).total_variance.value
    assert variance == pytest.approx((0.25 + (0.75 - 0.25) / 4) / 4, rel=0.05)


def test_replayed_others_are_drawn_from_earlier_policies(subject: Subject) -> None:
    never = Network(weights=(np.zeros((1, 2)),), biases=(np.array([60.0, -60.0]),))
    space = TEAM.spec.action_spaces[1]
    old = (subject.policies[0], NetworkPolicy(never, action_space=space, observation_size=1))  # type: ignore[arg-type]
    past = Subject(agent=0, policies=subject.policies, earlier=[old], critic=subject.critic, gamma=0.9, temperature=1.0)
    seen, played = [np.ones((50, 1))] * 2, [np.eye(2)[np.ones(50, dtype=int)]] * 2
    rows = drawn_rows(past, seen, played, np.zeros(50), np.zeros(50), rng=np.random.default_rng(0))
    found = logit_gradients(past, rows)
    # In replay the other never plays 1: the critic is flat there. Re-evaluated it plays 1 half of the time.
    assert not found["dpg_replayed"].any()
    assert (found["dpg_reevaluated"][:, 1] >= 0).all()
    assert found["dpg_reevaluated"].any()


def test_the_mean_gradient_of_returns_is_the_true_one(subject: Subject) -> None:
    # ∂J/∂θ = 2^(1−2) = ½; in the logit of 1 a quarter of it, and its opposite in the other; weight and bias alike
    moments = record(TEAM, subject.policies, n_episodes=40_000, rng=np.random.default_rng(3))
    found = mean_gradient(subject, moments, baseline=np.array([0.25]))
    np.testing.assert_allclose(found, [-0.125, 0.125, -0.125, 0.125], atol=0.005)


def test_nested_levels_carry_what_they_must(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_samples, "N_STATES", 400)
    monkeypatch.setattr(gradient_samples, "SIZES", (400, 3, 3, 2))
    moments = record(TEAM, subject.policies, n_episodes=500, rng=np.random.default_rng(4))
    nested = dict(nested_gradients(subject, moments, TEAM, baseline=np.zeros(1), rng=np.random.default_rng(5)))
    shares = {name: variance_sources(each).shares.values for name, each in nested.items()}
    # One state only; REINFORCE in θ: Var 3/4, of which Var E[ĝ|own] = ¼ is the own action's: shares 0, 1/3, 2/3, 0.
    np.testing.assert_allclose(shares["reinforce"], [0, 1 / 3, 2 / 3, 0], atol=0.05)
    # Own actions summed leave the others'; re-evaluated others leave none to them.
    assert shares["all_action"][1] == pytest.approx(0, abs=0.02)
    assert shares["dpg_reevaluated"][2] == pytest.approx(0, abs=1e-9)


def test_returns_to_go_are_discounted_sums() -> None:
    moments = record(make("simple_spread"), _spread_policies(), n_episodes=2, rng=np.random.default_rng(0))
    found = moments.returns_to_go(1, gamma=0.5)
    rewards = moments.rewards[:, :, 1]
    np.testing.assert_allclose(found[:, -1], rewards[:, -1])
    np.testing.assert_allclose(found[:, -3], rewards[:, -3] + rewards[:, -2] / 2 + rewards[:, -1] / 4)


def _spread_policies() -> JointPolicy:
    spec = make("simple_spread").spec
    found = []
    for size, space in zip(spec.observation_sizes, spec.action_spaces, strict=True):
        blank = Network(weights=(np.zeros((size, space.width)),), biases=(np.zeros(space.width),))
        found.append(NetworkPolicy(blank, action_space=space, observation_size=size))  # type: ignore[arg-type]
    return tuple(found)


def test_recording_refuses_games_with_masks() -> None:
    with pytest.raises(ValueError, match="policies must be plain ones of a game without masks"):
        record(make("kuhn_poker"), (), n_episodes=2, rng=np.random.default_rng(0))


def small_run(*, keep_critics: bool, n_agents: int = 2) -> TrainingRun:
    settings = config.MADDPG(
        hidden=(8,), batch_size=32, rollout=config.Rollout(n_envs=4, warmup_steps=50, update_every_steps=50)
    )
    game = make("simple_spread", n_agents=n_agents)
    return train(game, settings, seeds=[3], steps=400, n_snapshots=3, keep_critics=keep_critics)[0]


def test_a_stored_run_of_a_world_is_measured_and_again_with_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nashlens.reports.instruments.gradients.N_RETURNS", 64)
    monkeypatch.setattr("nashlens.reports.instruments.gradients.N_REFERENCE", 64)
    monkeypatch.setattr("nashlens.reports.instruments.gradients.N_SAMPLES", 32)
    monkeypatch.setattr(gradient_samples, "N_STATES", 6)
    monkeypatch.setattr(gradient_samples, "SIZES", (6, 3, 3, 2))
    monkeypatch.setattr(gradient_resampling, "N_MOMENTS", 8)
    run, game = small_run(keep_critics=True), make("simple_spread", n_agents=2)
    rows = list(INSTRUMENT.measure(run, game))
    assert rows == list(INSTRUMENT.measure(run, game))
    plain = {f"{words} of agent_0" for words in names.NETWORK_NAMES.values()}
    others = {row["agent"] for row in rows if row["metric"] == names.TOTAL_OTHERS}
    assert {row["agent"] for row in rows if row["metric"] != names.TOTAL_OTHERS} == plain
    assert others == {f"{each}, by agent_1" for each in plain}
    shares = [row["value"] for row in rows if row["metric"].startswith(names.SHARE) and "COMA of" in row["agent"]]
    assert sum(shares) == pytest.approx(1)
    assert {row["metric"] for row in rows} <= {each.name for each in INSTRUMENT.quantities}


def test_a_run_without_critics_is_refused() -> None:
    with pytest.raises(ValueError, match="critics"):
        list(INSTRUMENT.measure(small_run(keep_critics=False), make("simple_spread", n_agents=2)))


def test_games_that_the_instrument_does_not_know_have_no_rows(make_run: Callable[..., TrainingRun]) -> None:
    run = make_run([[[0.5, 0.5]] * 2, [[0.5, 0.5]] * 2])
    assert list(INSTRUMENT.measure(run, make("matching_pennies"))) == []


def proposition_run(
    make_run: Callable[..., TrainingRun], strategies: Sequence[float], **changes: object
) -> TrainingRun:
    run = make_run([[[1 - t, t]] * 2 for t in strategies], game="stag_hunt", **changes)
    spec = make("all_ones", n_agents=len(strategies)).spec
    return replace(run, spec=spec, algorithm={"all": {"kind": "maddpg"}})


def test_proposition_rows_are_the_closed_forms_and_samples_hold_them(make_run: Callable[..., TrainingRun]) -> None:
    rows = list(INSTRUMENT.measure(proposition_run(make_run, [0.6, 0.6]), TEAM))

    def value(metric: str, agent: str) -> float:
        return next(row["value"] for row in rows if (row["metric"], row["agent"]) == (metric, agent))

    # N = 2 at ½ (metrics: REINFORCE .25, variance .75; averaged over others .75; re-evaluated 1), N = 1: ½
    assert value(names.AGREEMENT_AT_HALF, "REINFORCE") == 0.25
    assert value(names.VARIANCE_AT_HALF, "REINFORCE") == 0.75
    assert value(names.AGREEMENT_AT_HALF, "score × Q averaged over others") == 0.75
    assert value(names.AGREEMENT_AT_HALF, "MADDPG, others re-evaluated") == 1.0
    assert value(names.AGREEMENT_AT_HALF, "REINFORCE with one agent") == 0.5
    assert value(names.SAMPLED_AT_HALF, "REINFORCE") == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 20_000))
    # at θ = .6 for both: P = θ² = .36
    assert value(names.AGREEMENT, "REINFORCE") == pytest.approx(0.36)
    assert {row["bound"] for row in rows if row["metric"] == names.AGREEMENT} == {"exact"}


def test_total_indices_of_sampled_gradients_are_those_of_proposition_one(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One round of the team game at uniform play: REINFORCE has T = 1 / (2 (1 − ¼)) = 2/3 for both agents; COMA's own
    # action carries nothing and the other's all that there is, T = 1 / (2 (1 − ½)) = 1.
    monkeypatch.setattr(gradient_resampling, "N_MOMENTS", 8000)
    moments = record(TEAM, subject.policies, n_episodes=8000, rng=np.random.default_rng(0))
    drawn = resampled_gradients(subject, moments, TEAM, baseline=np.zeros(1), rng=np.random.default_rng(1))
    found = {name: resampled_total_indices(samples, again).values for name, samples, again in drawn}
    np.testing.assert_allclose(found["reinforce"], [2 / 3, 2 / 3], atol=0.04)
    np.testing.assert_allclose(found["centralised_q"], found["reinforce"])
    np.testing.assert_allclose(found["counterfactual"], [0, 1], atol=0.04)
    np.testing.assert_allclose(found["all_action"], [0, 1], atol=0.04)
    assert found["dpg_reevaluated"][1] == 0  # only the noise of the own relaxed action is left


def test_an_action_drawn_again_changes_nothing_else(subject: Subject) -> None:
    moments = record(TEAM, subject.policies, n_episodes=200, rng=np.random.default_rng(0))
    draw = partial(resampled_gradients, subject, moments, TEAM, baseline=np.zeros(1))
    for (name, samples, again), (_, same, _) in zip(
        draw(rng=np.random.default_rng(3)), draw(rng=np.random.default_rng(3)), strict=True
    ):
        np.testing.assert_array_equal(samples, same)
        assert again.shape == (2, *samples.shape)
        if name == "dpg_replayed":  # the other's replayed action counts, and half of the draws are what they were
            unchanged = (again[1] == samples).all(axis=1).mean()
            assert 0.35 < unchanged < 0.65
