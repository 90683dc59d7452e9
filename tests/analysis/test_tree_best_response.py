"""Best responses in game trees: Kuhn poker by theory, brute force over pure strategies, and what is refused."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.best_response import deviation_gains
from nashlens.analysis.exploitability import exploitability, nash_conv
from nashlens.analysis.results import Result
from nashlens.analysis.tree_best_response import tree_best_response, tree_deviation_gains
from nashlens.games import NormalFormGame, Profile
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.game_tree import CHANCE, TERMINAL, GameTree, InformationSets
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.sequential import SequentialGame

KUHN = from_open_spiel("kuhn_poker")


def random_behaviour(game, size, rng):
    strategies = []
    for sets in game.tree.agents:
        weights = np.where(sets.legal, rng.exponential(size=(*size, *sets.legal.shape)), 0.0)
        strategies.append(weights / weights.sum(axis=-1, keepdims=True))
    return BehaviouralProfile(strategies)


def kuhn(first, second):
    """A profile of Kuhn poker from the probabilities of betting, by card and what was done before."""
    return BehaviouralProfile(
        [
            np.array([[1 - bets[label], bets[label]] for label in sets.labels])
            for sets, bets in zip(KUHN.tree.agents, (first, second), strict=True)
        ]
    )


def first_mover(alpha, **changes):
    # The equilibrium family: bet J with α and K with 3α, never Q; after check and bet fold J, call Q with α + 1/3.
    plan = {"0": alpha, "1": 0, "2": 3 * alpha, "0pb": 0, "1pb": alpha + 1 / 3, "2pb": 1}
    return plan | {k.removeprefix("at_"): v for k, v in changes.items()}


def second_mover(**changes):
    # After a check: bluff J with 1/3, check Q, bet K; facing a bet: fold J, call Q with 1/3, call K.
    plan = {"0p": 1 / 3, "1p": 0, "2p": 1, "0b": 0, "1b": 1 / 3, "2b": 1}
    return plan | {k.removeprefix("at_"): v for k, v in changes.items()}


def test_nash_conv_of_uniform_kuhn_poker_is_11_over_12():
    # T09: Best responses are worth .5 and .416667, the profile .125 and −.125.
    found = tree_best_response(KUHN, KUHN.uniform_profile())
    assert found.values.tolist() == pytest.approx([0.5, 5 / 12], abs=1e-12)
    assert found.on_policy.tolist() == pytest.approx([0.125, -0.125], abs=1e-12)
    assert float(nash_conv(KUHN, KUHN.uniform_profile()).nash_conv) == pytest.approx(11 / 12, abs=1e-12)
    assert float(exploitability(KUHN, KUHN.uniform_profile()).exploitability) == pytest.approx(11 / 24, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 1 / 6, 1 / 3])
def test_nash_conv_of_the_equilibria_of_kuhn_poker_is_zero_and_their_value_minus_1_over_18(alpha):
    # T09
    found = nash_conv(KUHN, kuhn(first_mover(alpha), second_mover()))
    assert float(found.nash_conv) == pytest.approx(0.0, abs=1e-12)
    best = tree_best_response(KUHN, kuhn(first_mover(alpha), second_mover()))
    assert best.values.tolist() == pytest.approx([-1 / 18, 1 / 18], abs=1e-12)


def test_nash_conv_of_always_passing_in_kuhn_poker_is_2():
    # T09
    passing = BehaviouralProfile([np.tile([1.0, 0.0], (len(sets), 1)) for sets in KUHN.tree.agents])
    assert float(nash_conv(KUHN, passing).nash_conv) == pytest.approx(2.0, abs=1e-12)


def test_nash_conv_of_kuhn_poker_without_bluffs():
    # The second mover never bluffs, α = 0: 1/9. The first never bluffs J but always bets K and calls Q with 2/3: 1/18.
    honest = nash_conv(KUHN, kuhn(first_mover(0.0), second_mover(at_0p=0)))
    assert float(honest.nash_conv) == pytest.approx(1 / 9, abs=1e-12)
    timid = nash_conv(KUHN, kuhn(first_mover(1 / 3, at_0=0), second_mover()))
    assert float(timid.nash_conv) == pytest.approx(1 / 18, abs=1e-12)


def test_nash_conv_of_uniform_leduc_poker():
    # T09: 4.747222: OpenSpiel's tests, which note that the value in the literature is wrong.
    leduc = from_open_spiel("leduc_poker")
    assert float(nash_conv(leduc, leduc.uniform_profile()).nash_conv) == pytest.approx(4.747222222222222, abs=1e-12)


def hidden_card_game():
    """Chance deals 0 or 1 unseen; the agent guesses, and then may pass or double; right pays 1 (2), wrong −1 (−2).

    Nobody can know: its best value is 0, while a maximum at every history would promise 2.
    """
    deals = [{"parent": 0, "action": card, "chance": 0.5, "set": 0, "player": 0} for card in (0, 1)]
    guesses = [
        {"parent": 1 + card, "action": guess, "set": 1 + guess, "player": 0} for card in (0, 1) for guess in (0, 1)
    ]
    ends = [
        {"parent": 3 + k, "action": double, "pays": (1 + double) * (1.0 if k in {0, 3} else -1.0)}
        for k in range(4)
        for double in (0, 1)
    ]
    rows = [{"parent": -1, "action": -1, "player": CHANCE}, *deals, *guesses, *ends]
    return SequentialGame(
        GameTree(
            players=np.array([row.get("player", TERMINAL) for row in rows]),
            parents=np.array([row["parent"] for row in rows]),
            actions=np.array([row["action"] for row in rows]),
            chance=np.array([row.get("chance", 1.0) for row in rows]),
            information_sets=np.array([row.get("set", -1) for row in rows]),
            rewards=np.array([[row.get("pays", 0.0)] for row in rows]),
            agents=(InformationSets(labels=("start", "guessed 0", "guessed 1"), legal=np.ones((3, 2), bool)),),
        )
    )


def test_tree_best_response_does_not_see_what_is_hidden():
    game = hidden_card_game()
    assert tree_best_response(game, game.uniform_profile()).values.tolist() == [0.0]


def test_tree_best_response_counts_what_is_paid_before_an_agent_moves():
    # Agent 0 stops (2, 5) or goes on, which pays agent 1 at once 1; then agent 1 chooses between (0, 0) and (3, 4).
    tree = GameTree(
        players=np.array([0, TERMINAL, 1, TERMINAL, TERMINAL]),
        parents=np.array([-1, 0, 0, 2, 2]),
        actions=np.array([-1, 0, 1, 0, 1]),
        chance=np.ones(5),
        information_sets=np.array([0, -1, 0, -1, -1]),
        rewards=np.array([[0.0, 0.0], [2.0, 5.0], [0.0, 1.0], [0.0, 0.0], [3.0, 4.0]]),
        agents=tuple(InformationSets(labels=(name,), legal=np.ones((1, 2), bool)) for name in ("first", "second")),
    )
    found = tree_best_response(SequentialGame(tree), BehaviouralProfile([[[0.5, 0.5]], [[0.25, 0.75]]]))
    # Agent 0: stop 2, go on .75 · 3. Agent 1: ½ · 5 + ½ · 1 and ½ · 4 more at best, ½ · 3 more under the profile.
    assert found.values.tolist() == pytest.approx([2.25, 5.0])
    assert found.on_policy.tolist() == pytest.approx([2.125, 4.5])


def as_normal_form(game):
    """Payoffs of every combination of pure strategies: one action an information set."""
    plans = []
    for sets in game.tree.agents:
        choices = [np.flatnonzero(row) for row in sets.legal]
        plans.append([np.eye(sets.n_actions)[list(plan)] for plan in product(*choices)])
    payoffs = np.zeros((game.n_agents, *map(len, plans)))
    for joint in product(*(range(len(p)) for p in plans)):
        payoffs[(slice(None), *joint)] = game.values(
            BehaviouralProfile([p[k] for p, k in zip(plans, joint, strict=True)])
        )
    return NormalFormGame(payoffs), plans


@pytest.mark.parametrize(
    "name", ["kuhn_poker", "goofspiel(num_cards=2)", "matrix_pd", "first_sealed_auction(players=2,max_value=3)"]
)
def test_tree_best_response_equals_the_best_of_all_pure_strategies(name):
    # Pure play against a pure strategy of the other is a cell of the normal form; its best reply there is the tree's.
    game = from_open_spiel(name)
    normal, plans = as_normal_form(game)
    rng = np.random.default_rng(0)
    for _ in range(10):
        chosen = [int(rng.integers(len(p))) for p in plans]
        behaviour = BehaviouralProfile([p[k] for p, k in zip(plans, chosen, strict=True)])
        expected = deviation_gains(normal, Profile.pure(chosen, normal.n_actions))
        np.testing.assert_allclose(tree_deviation_gains(game, behaviour), expected, rtol=0, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["kuhn_poker", "kuhn_poker(players=3)", "goofspiel(num_cards=3)"]))
@settings(deadline=None, max_examples=15)
def test_tree_deviation_gains_are_best_response_less_value_and_never_negative(seed, name):
    game = from_open_spiel(name)
    profile = random_behaviour(game, (2, 3), np.random.default_rng(seed))
    found = tree_best_response(game, profile)
    assert (found.gains >= 0).all()
    np.testing.assert_allclose(found.on_policy, game.values(profile), rtol=0, atol=1e-12)
    one = BehaviouralProfile([s[1, 2] for s in profile])
    np.testing.assert_allclose(tree_deviation_gains(game, one), found.gains[1, 2], rtol=0, atol=1e-13)
    reply = BehaviouralProfile([np.eye(a.shape[-1])[a.argmax(axis=-1)] for a in found.actions])
    for i in range(game.n_agents):  # the replies are worth what they promise
        mixed = profile.replace(i, reply[i])
        np.testing.assert_allclose(game.values(mixed)[..., i], found.values[..., i], rtol=0, atol=1e-12)


def test_tree_best_response_in_parts_is_that_of_the_whole(monkeypatch):
    profile = random_behaviour(KUHN, (11,), np.random.default_rng(0))
    whole = tree_best_response(KUHN, profile)
    monkeypatch.setattr("nashlens.analysis.tree_best_response._SWEEP_ENTRIES", 3 * KUHN.tree.n_histories)
    parts = tree_best_response(KUHN, profile)
    np.testing.assert_allclose(parts.gains, whole.gains, rtol=0, atol=1e-14)
    for part, all_of_them in zip(parts.action_values, whole.action_values, strict=True):
        np.testing.assert_allclose(part, all_of_them, rtol=0, atol=1e-14)


def test_tree_best_response_is_a_result_with_one_row_for_each_profile_and_agent():
    found = tree_best_response(KUHN, random_behaviour(KUHN, (2,), np.random.default_rng(0)))
    assert isinstance(found, Result)
    assert [(row["index_0"], row["agent"]) for row in found.to_records()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert tree_deviation_gains(KUHN, random_behaviour(KUHN, (0,), np.random.default_rng(0))).shape == (0, 2)


def test_nash_conv_of_a_tree_normalises_by_the_span_of_returns():
    # Kuhn returns run from −2 to 2.
    found = nash_conv(KUHN, KUHN.uniform_profile())
    assert found.spans.tolist() == [4.0, 4.0]
    np.testing.assert_allclose(found.normalised_gains, found.gains / 4)


def test_nash_conv_of_a_tree_says_what_does_not_fit():
    with pytest.raises(ValueError, match="profile must be a BehaviouralProfile for a SequentialGame, not a Profile"):
        nash_conv(KUHN, Profile.uniform(2, 2))
    with pytest.raises(ValueError, match="profile must be a Profile for a NormalFormGame, not a BehaviouralProfile"):
        nash_conv(NormalFormGame(np.zeros((2, 2, 2))), KUHN.uniform_profile())
    with pytest.raises(ValueError, match="profile must have shapes"):
        nash_conv(KUHN, from_open_spiel("kuhn_poker(players=3)").uniform_profile())
    with pytest.raises(ValueError, match="tolerance must be finite"):
        tree_best_response(KUHN, KUHN.uniform_profile(), tolerance=-1)
    three = from_open_spiel("kuhn_poker(players=3)")
    with pytest.raises(ValueError, match="defined for two agents, and game has 3: use nash_conv"):
        exploitability(three, three.uniform_profile())
    dilemma = from_open_spiel("matrix_pd")
    with pytest.raises(ValueError, match="constant-sum games, and the payoffs of game add to"):
        exploitability(dilemma, dilemma.uniform_profile())


def test_nash_conv_of_a_forgetful_agent_is_refused():
    # OpenSpiel's strings of goofspiel with four cards do not say in which order the agent bid.
    game = from_open_spiel("goofspiel(num_cards=4)")
    assert not game.has_perfect_recall
    with pytest.raises(ValueError, match="must have perfect recall"):
        nash_conv(game, game.uniform_profile())
