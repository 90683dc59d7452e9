"""Drift in game trees: poker by hand, the control, properties, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.snapshots import Against
from nashlens.analysis.tree_drift import tree_drift
from nashlens.games import BehaviouralProfile, SequentialGame, make


@pytest.fixture(scope="module")
def kuhn() -> SequentialGame:
    game = make("kuhn_poker")
    assert isinstance(game, SequentialGame)
    return game


def snapshots(*profiles: BehaviouralProfile) -> BehaviouralProfile:
    return BehaviouralProfile.stack(profiles)


def betting(game: SequentialGame, agent: int, share: float) -> BehaviouralProfile:
    """Everyone plays uniformly, but `agent` bets with one probability everywhere."""
    uniform = game.uniform_profile()
    return uniform.replace(agent, np.tile([1 - share, share], (len(game.tree.agents[agent]), 1)))


def test_tree_drift_of_kuhn_poker_by_hand(kuhn: SequentialGame) -> None:
    # Agent 1 answers a pass or a bet of agent 0 by betting with .5, then with .9, whatever it holds.
    # Agent 0's first three information sets (its card), action pass: next it stands at its set (card, pass-bet) with
    # .5, then .9, or the game ends, with −1 or +1 by the cards: the law moves by TV .4. Action bet: agent 1 folds (+1)
    # with .5, then .1, or calls (±2): TV .4 again, the two outcomes of a call each half of it where both can be.
    # Its last three sets (pass-bet): the game ends at once by the cards, and which of the cards agent 1 holds is
    # equally likely whether it bets often or not: TV 0. Mean over 3·2·.4 of 6·2 questions: .2.
    found = tree_drift(kuhn, snapshots(betting(kuhn, 1, 0.5), betting(kuhn, 1, 0.9)))
    assert found.n_answers == (12, 12)
    assert found.kernel[0].tolist() == pytest.approx([0.2, 0.0])
    assert found.kernel_sup[0].tolist() == pytest.approx([0.4, 0.0])
    # Divergence: each of those six laws splits as agent 1's move does, Bernoulli .9 from .5 = .368064 nats and .510826
    # back (metrics §1.1); means over 12 questions are half of that.
    assert found.kl_new_old[0].tolist() == pytest.approx([0.368064 / 2, 0.0], abs=1e-6)
    assert found.kl_old_new[0].tolist() == pytest.approx([0.510826 / 2, 0.0], abs=1e-6)
    # Payment of an end of agent 0's, by card (jack, queen, king): pass, then pass: showdown of ±1 with .5, then .1:
    # jack −1·(.5 → .1): .4; queen 0; king .4. Bet: fold +1 (.5 → .1), call ±2 (.5 → .9): jack 1·.5 − 2·.5 = −.5 →
    # .1 − 1.8 = −1.7: 1.2; queen .5 → .1: .4; king .5 + 1 = 1.5 → .1 + 1.8 = 1.9: .4. Sum 2.8 over 12 questions.
    assert found.reward[0].tolist() == pytest.approx([2.8 / 12, 0.0])
    assert found.reward_sup[0].tolist() == pytest.approx([1.2, 0.0])


def test_tree_drift_diverges_without_bound_where_something_new_follows(kuhn: SequentialGame) -> None:
    found = tree_drift(kuhn, snapshots(betting(kuhn, 1, 0.0), betting(kuhn, 1, 0.5)))
    assert found.kl_new_old[0, 0] == np.inf
    assert np.isfinite(found.kl_old_new[0, 0])  # what is given up leaves a finite divergence: ln 2 where it was certain


def test_tree_drift_does_not_depend_on_the_own_strategy(kuhn: SequentialGame) -> None:
    # with perfect recall the counterfactual laws are those of the others and of chance alone
    uniform = kuhn.uniform_profile()
    lively = uniform.replace(0, np.tile([0.1, 0.9], (6, 1)))
    one = tree_drift(kuhn, snapshots(betting(kuhn, 1, 0.5), betting(kuhn, 1, 0.9)))
    other = tree_drift(kuhn, snapshots(lively, betting(kuhn, 1, 0.9)))
    assert other.kernel[0, 0] == pytest.approx(one.kernel[0, 0])
    assert other.kernel[0, 1] > 0  # agent 1 sees agent 0 change


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_tree_drift_is_bounded_and_its_control_is_exactly_zero(seed: int) -> None:
    game = make("kuhn_poker")
    assert isinstance(game, SequentialGame)
    rng = np.random.default_rng(seed)
    profiles = BehaviouralProfile([rng.dirichlet(np.ones(2), size=(3, 6)) for _ in range(2)])
    found = tree_drift(game, profiles)
    assert (found.kernel >= 0).all()
    assert (found.kernel <= found.kernel_sup + 1e-15).all()
    assert (found.kernel_sup <= 1 + 1e-12).all()
    assert (found.kl_new_old >= 2 * found.kernel**2 - 1e-12).all()  # Pinsker's and Jensen's inequalities
    # Every return of an end is at most 2 in size, so that the expected payment moves by at most 2 · 2 · TV.
    assert (found.reward_sup <= 4 * found.kernel_sup + 1e-12).all()
    control = tree_drift(game, profiles, conditioning="joint")
    for values in (control.kernel_sup, control.reward_sup):
        assert (values == 0).all()
    assert min(control.n_answers) > 12


def test_tree_drift_of_leduc_poker_has_a_control_with_chance_inside() -> None:
    # the public card is dealt between two moves: chance answers some joint actions, and answers them alike
    game = make("leduc_poker")
    assert isinstance(game, SequentialGame)
    rng = np.random.default_rng(0)
    uniform = game.uniform_profile()
    moved = uniform.replace(1, _random(game, 1, rng))
    found = tree_drift(game, snapshots(uniform, moved))
    assert found.kernel[0, 0] > 0
    assert found.kernel[0, 1] == pytest.approx(0, abs=1e-12)
    assert (tree_drift(game, snapshots(uniform, moved), conditioning="joint").kernel_sup == 0).all()


@pytest.mark.parametrize("against", ["previous", "first"])
def test_tree_drift_compares_with_the_snapshot_that_is_asked_for(kuhn: SequentialGame, against: Against) -> None:
    profiles = snapshots(*(betting(kuhn, 1, share) for share in (0.5, 0.9, 0.5)))
    found = tree_drift(kuhn, profiles, against=against)
    assert found.kernel[:, 0].tolist() == pytest.approx([0.2, 0.2 if against == "previous" else 0.0])


def test_tree_drift_leaves_out_what_is_never_reached(kuhn: SequentialGame) -> None:
    # agent 1 that never bets never leads agent 0 to its last three sets
    never = kuhn.uniform_profile().replace(1, np.tile([1.0, 0.0], (6, 1)))
    assert tree_drift(kuhn, snapshots(never, betting(kuhn, 1, 0.5))).n_answers[0] == 6


def test_tree_drift_records_name_agent_and_snapshot(kuhn: SequentialGame) -> None:
    rows = tree_drift(kuhn, snapshots(betting(kuhn, 1, 0.5), betting(kuhn, 1, 0.9))).to_records()
    assert {(row["metric"], row["agent"]) for row in rows} == {
        (f"tree_{name}_drift", i) for name in ("kernel", "reward") for i in (0, 1)
    }
    assert {(row["snapshot"], row["n"], row["bound"]) for row in rows} == {(1, 12, "exact")}


def test_tree_drift_refuses_what_does_not_fit(kuhn: SequentialGame) -> None:
    uniform = kuhn.uniform_profile()
    with pytest.raises(ValueError, match="conditioning must be 'own' or 'joint', not 'both'"):
        tree_drift(kuhn, snapshots(uniform, uniform), conditioning="both")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="profiles must have one leading axis of T snapshots"):
        tree_drift(kuhn, uniform)
    with pytest.raises(ValueError, match="two"):
        tree_drift(kuhn, snapshots(uniform))
    leduc = make("leduc_poker")
    assert isinstance(leduc, SequentialGame)
    with pytest.raises(ValueError, match=r"information set|shape|agent"):
        tree_drift(leduc, snapshots(uniform, uniform))


def test_tree_drift_refuses_a_game_that_forgets(kuhn: SequentialGame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SequentialGame, "has_perfect_recall", property(lambda _: False))
    uniform = kuhn.uniform_profile()
    with pytest.raises(ValueError, match="game must have perfect recall, which kuhn_poker has not"):
        tree_drift(kuhn, snapshots(uniform, uniform))


def _random(game: SequentialGame, agent: int, rng: np.random.Generator) -> np.ndarray:  # type: ignore[type-arg]
    weights = rng.random(game.tree.agents[agent].legal.shape) * game.tree.agents[agent].legal
    return weights / weights.sum(axis=1, keepdims=True)
