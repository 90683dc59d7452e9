"""Rules of learning in rounds: closed forms, limits, independent implementations, and what holds for all."""

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_spiel.python.algorithms import fictitious_play as xfp
from open_spiel.python.algorithms import regret_matching as open_spiel_regret_matching

from nashlens import games
from nashlens.analysis.dynamics import vector_field
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.gradient_play import gradient_play
from nashlens.analysis.learning_rules import begin_play, play_rounds
from nashlens.analysis.regret import regret
from nashlens.analysis.results import Result
from nashlens.games import NormalFormGame, Profile

RULES = ("fictitious_play", "multiplicative_weights", "regret_matching", "optimistic_gradient")
PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def played(game, profile, rule, n_rounds, *, rate=0.1):
    rules = (rule,) * game.n_agents if isinstance(rule, str) else rule
    rates = (rate,) * game.n_agents
    start = begin_play(game, Profile(profile), rules=rules)
    return play_rounds(game, start, rules=rules, learning_rates=rates, n_rounds=n_rounds) if n_rounds else start


def path(game, profile, rule, n_rounds, *, rate=0.1):
    """Return what was played in each of the rounds, ``[T, A_i]`` an agent."""
    rules, rates = (rule,) * game.n_agents, (rate,) * game.n_agents
    play, seen = begin_play(game, Profile(profile), rules=rules), []
    for _ in range(n_rounds):
        seen.append(play.last)
        play = play_rounds(game, play, rules=rules, learning_rates=rates, n_rounds=1)
    return Profile([np.stack(each) for each in zip(*seen, strict=True)])


def a_game(seed=0, shape=(3, 4)):
    return NormalFormGame(np.random.default_rng(seed).normal(size=(len(shape), *shape)))


def a_profile(game, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.dirichlet(np.ones(n)) for n in game.n_actions]


def test_fictitious_play_by_hand():
    # First round (0.9, 0.1) against (0.3, 0.7). The row agent wants to match the other's average, which is more often
    # tails: tails. The other wants to miss heads: tails. Averages then (0.45, 0.55), (0.15, 0.85): tails again, and
    # heads. Averages (0.3, 0.7), (0.433, 0.567).
    start = [[0.9, 0.1], [0.3, 0.7]]
    rounds = path(PENNIES, start, "fictitious_play", 3)
    assert rounds[0].tolist() == [[0.9, 0.1], [0.0, 1.0], [0.0, 1.0]]
    assert rounds[1].tolist() == [[0.3, 0.7], [0.0, 1.0], [1.0, 0.0]]
    average = played(PENNIES, start, "fictitious_play", 3).average
    np.testing.assert_allclose(average[0], [0.3, 0.7])
    np.testing.assert_allclose(average[1], [1.3 / 3, 1.7 / 3])


def test_fictitious_play_shares_ties_equally():
    same = NormalFormGame(np.ones((2, 3, 2)))
    assert played(same, [[1, 0, 0], [0, 1]], "fictitious_play", 1).last[0].tolist() == [1 / 3, 1 / 3, 1 / 3]


def test_every_rule_ends_in_a_dominant_strategy_in_closed_form():
    # In the prisoner's dilemma with payoffs 3, 0, 5, 1 defection pays 2 or 1 more. Fictitious play defects from the
    # second round: the average is (x + T − 1) / T. Where both began with x = ½ and cooperate with share c, the weights'
    # ratio grows each round by exp(η (1 + c) / 5): checked by the same recursion of the one number c.
    game = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    half = [[0.5, 0.5], [0.5, 0.5]]
    np.testing.assert_allclose(played(game, half, "fictitious_play", 10).average[0], [0.05, 0.95], rtol=1e-12)
    odds = 1.0
    for _ in range(40):
        c = 1 / (1 + odds)
        odds *= np.exp(0.5 * (2 * c + 1 * (1 - c)) / 5)
    found = played(game, half, "multiplicative_weights", 40, rate=0.5).last[0]
    np.testing.assert_allclose(found[1] / found[0], odds, rtol=1e-9)
    # Regret of cooperation is negative after one round: 1.5 · (−½) each.
    assert played(game, half, "regret_matching", 1).last[0].tolist() == [0.0, 1.0]
    assert played(game, half, "optimistic_gradient", 60, rate=0.5).last[0].tolist() == [0.0, 1.0]


def test_multiplicative_weights_weigh_by_the_payoffs_so_far():
    # x_T ∝ x_1 exp(η Σ u_t), with the payoffs that the path's own opponents gave.
    game = a_game()
    start = a_profile(game)
    rounds = path(game, start, "multiplicative_weights", 30, rate=0.7)
    gained = np.einsum("ab,tb->ta", game.payoffs[0], rounds[1]).sum(axis=0)
    weights = start[0] * np.exp(0.7 / game.spans[0] * gained)
    np.testing.assert_allclose(
        played(game, start, "multiplicative_weights", 30, rate=0.7).last[0], weights / weights.sum(), rtol=1e-10
    )


def test_small_steps_of_multiplicative_weights_are_the_replicator_dynamics():
    # (x' − x) / η, η in payoff units, differs from the field by O(η).
    game = a_game(3)
    profile = Profile(a_profile(game, 4))
    field = vector_field(game, profile, dynamics="replicator")
    moved = played(game, profile, "multiplicative_weights", 1, rate=1e-6).last
    for i in range(2):
        np.testing.assert_allclose((moved[i] - profile[i]) / (1e-6 / game.spans[i]), field[i], atol=1e-5)


def test_regret_matching_by_hand():
    # (0.9, 0.1) against (0.3, 0.7). The row's actions pay −0.4 and 0.4, its strategy −0.32: regrets −0.08 and 0.72, so
    # tails. The column's pay −0.8 and 0.8, its strategy 0.32: regrets −1.12 and 0.48, so tails.
    play = played(PENNIES, [[0.9, 0.1], [0.3, 0.7]], "regret_matching", 1)
    np.testing.assert_allclose(play.kept[0], [-0.08, 0.72], atol=1e-12)
    np.testing.assert_allclose(play.kept[1], [-1.12, 0.48], atol=1e-12)
    assert [s.tolist() for s in play.last] == [[0.0, 1.0], [0.0, 1.0]]
    # Then tails against tails pays the row 1 and the column −1: regrets −2.08 and 0.72; 0.88 and 0.48.
    play = played(PENNIES, [[0.9, 0.1], [0.3, 0.7]], "regret_matching", 2)
    np.testing.assert_allclose(play.last[1], [0.88 / 1.36, 0.48 / 1.36])


def test_regret_matching_is_uniform_where_no_regret_is_positive():
    same = NormalFormGame(np.ones((2, 3, 2)))
    assert played(same, [[1, 0, 0], [0, 1]], "regret_matching", 1).last[0].tolist() == [1 / 3, 1 / 3, 1 / 3]


def test_regret_matching_keeps_the_regrets_that_are_measured():
    game = a_game(5)
    rounds = path(game, a_profile(game), "regret_matching", 50)
    measured = regret(game, rounds).external[-1]
    kept = played(game, a_profile(game), "regret_matching", 50).kept
    np.testing.assert_allclose([k.max() for k in kept], measured, atol=1e-10)


def test_optimistic_gradient_spirals_in_at_the_rate_of_its_spectral_radius():
    # With a and b the two first probabilities less a half, a step in matching pennies is a' = a + 2η (2 b − b₋) and
    # b' = b − 2η (2 a − a₋): the bilinear game with step 2η. At step 0.1 the norm falls to 0.6081 after 100 steps and
    # 0.07981 after 500. The span of the payoffs is 2, so that 2η is the learning rate.
    start = [[0.7, 0.3], [0.5, 0.5]]
    for n_rounds, share in ((100, 0.6081), (500, 0.07981)):
        last = played(PENNIES, start, "optimistic_gradient", n_rounds, rate=0.1).last
        norm = np.hypot(last[0][0] - 0.5, last[1][0] - 0.5)
        np.testing.assert_allclose(norm / 0.2, share, rtol=1e-3)


def test_optimistic_gradient_is_optimistic_gradient_play():
    game = NormalFormGame(a_game(7).payoffs / a_game(7).spans[:, None, None])  # spans 1: rates are steps
    profile = Profile(a_profile(game, 1))
    walked = gradient_play(game, profile, step=0.2, n_steps=60, steps="optimistic").last
    last = played(game, profile, "optimistic_gradient", 60, rate=0.2).last
    for mine, theirs in zip(last, walked, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_fictitious_play_averages_are_those_of_open_spiel(seed):
    # Extensive-form fictitious play on the same game, whose two moves hide from each other, from uniform play.
    game = a_game(seed, (3, 3))
    loaded = pyspiel.convert_to_turn_based(pyspiel.create_matrix_game(*(p.tolist() for p in game.payoffs)))
    solver = xfp.XFPSolver(loaded)
    for _ in range(25):
        solver.iteration()
    average = played(game, Profile.uniform(3, 3), "fictitious_play", 26).average
    tables = solver.average_policy_tables()
    for i in range(2):
        (theirs,) = tables[i].values()
        np.testing.assert_allclose(average[i], [theirs[a] for a in range(3)], atol=1e-9)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_regret_matching_averages_are_those_of_open_spiel(shape):
    # OpenSpiel begins with regrets of 1e-6 and explores by a share, here 0; it averages one strategy more than rounds.
    game = a_game(11, shape)
    start = a_profile(game, 2)
    theirs = open_spiel_regret_matching.regret_matching(
        list(game.payoffs), initial_strategies=[s.copy() for s in start], iterations=199, gamma=0.0
    )
    average = played(game, start, "regret_matching", 200).average
    for mine, other in zip(average, theirs, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)


@pytest.mark.parametrize("name", ["matching_pennies", "rock_paper_scissors"])
@pytest.mark.parametrize("rule", RULES)
def test_averages_approach_equilibrium_in_zero_sum_games(name, rule):
    game = games.make(name)
    early, late = (
        float(nash_conv(game, played(game, a_profile(game), rule, n, rate=0.05).average).nash_conv) for n in (40, 4000)
    )
    assert late < 0.5 * early
    # In zero-sum games NashConv of the averages is the sum of the average regrets; those of the weights are bounded by
    # ln A / (η T) + η each, in spans of 2.
    bound = 4 * (np.log(3) / (0.05 * 4000) + 0.05) if rule == "multiplicative_weights" else 0.04
    assert late < bound


@pytest.mark.parametrize("rule", RULES)
def test_only_optimistic_gradient_itself_approaches_the_equilibrium_of_matching_pennies(rule):
    last = played(PENNIES, [[0.7, 0.3], [0.45, 0.55]], rule, 3000, rate=0.1).last
    distance = float(nash_conv(PENNIES, last).nash_conv)
    assert distance < 1e-6 if rule == "optimistic_gradient" else distance > 0.5


@pytest.mark.parametrize("rule", ["multiplicative_weights", "regret_matching"])
def test_no_rule_has_more_regret_than_its_bound(rule):
    # Average external regret in spans of the payoffs: of multiplicative weights at most ln A / (η T) + η, of regret
    # matching sqrt(A / T).
    game = a_game(13)
    rounds = path(game, Profile.uniform(3, 4), rule, 400, rate=0.1)
    found = regret(game, rounds).external[-1] / 400 / game.spans
    sizes = np.array([3, 4])
    bound = np.sqrt(sizes / 400) if rule == "regret_matching" else np.log(sizes) / (0.1 * 400) + 0.1
    assert (found <= bound).all()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    rule=st.sampled_from(RULES),
    factor=st.floats(0.01, 100),
    n=st.integers(1, 12),
)
def test_play_stays_on_the_simplex_scales_with_payoffs_and_continues_where_it_stopped(seed, shape, rule, factor, n):
    game = a_game(seed, tuple(shape))
    start = Profile(a_profile(game, seed))
    rules, rates = (rule,) * len(shape), (0.3,) * len(shape)
    whole = played(game, start, rule, 2 * n, rate=0.3)
    for strategy in (*whole.last, *whole.average):
        assert (strategy >= 0).all()
        np.testing.assert_allclose(strategy.sum(), 1.0, atol=1e-9)
    half = play_rounds(game, begin_play(game, start, rules=rules), rules=rules, learning_rates=rates, n_rounds=n)
    rest = play_rounds(game, half, rules=rules, learning_rates=rates, n_rounds=n)
    for a, b in zip(
        (*whole.strategies, *whole.totals, *whole.kept), (*rest.strategies, *rest.totals, *rest.kept), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(whole.payoffs, np.concatenate([half.payoffs, rest.payoffs]))
    scaled = played(NormalFormGame(factor * game.payoffs + 3.0), start, rule, 2, rate=0.3)
    for a, b in zip(scaled.last, played(game, start, rule, 2, rate=0.3).last, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_agents_may_learn_by_different_rules():
    # Against an agent whose payoffs never change, so that it stays uniform, the other sees a fixed opponent.
    game = NormalFormGame([[[1, 0], [0, 2]], [[0, 0], [0, 0]]])
    rules = ("fictitious_play", "regret_matching")
    play = played(game, [[0.5, 0.5], [0.5, 0.5]], rules, 5)
    assert play.last[0].tolist() == [0.0, 1.0]
    assert play.last[1].tolist() == [0.5, 0.5]


def test_expected_payoffs_of_every_round_are_kept():
    # Matching pennies at (0.9, 0.1) and (0.3, 0.7): 0.9 · 0.3 + 0.1 · 0.7 − 0.9 · 0.7 − 0.1 · 0.3 = −0.32; then tails
    # against tails pays 1.
    play = played(PENNIES, [[0.9, 0.1], [0.3, 0.7]], "fictitious_play", 2)
    np.testing.assert_allclose(play.payoffs, [[-0.32, 0.32], [1.0, -1.0]])


def test_before_the_first_round_the_average_is_what_will_be_played():
    play = played(PENNIES, [[0.9, 0.1], [0.3, 0.7]], "regret_matching", 0)
    assert [s.tolist() for s in play.average] == [s.tolist() for s in play.last] == [[0.9, 0.1], [0.3, 0.7]]
    assert isinstance(play, Result)
    rows = played(PENNIES, [[1, 0], [0, 1]], "fictitious_play", 1).to_records()
    assert [(row["metric"], row["agent"], row["rounds"]) for row in rows] == [
        ("strategy", 0, 1),
        ("strategy", 1, 1),
        ("average_strategy", 0, 1),
        ("average_strategy", 1, 1),
    ]
    assert rows[2]["value"] == [1.0, 0.0]


def test_an_action_that_was_never_played_can_still_be_learned():
    play = played(PENNIES, [[1.0, 0.0], [0.0, 1.0]], "multiplicative_weights", 4_000, rate=0.5)
    assert play.average[0][1] > 0.2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rules": ("fictitious_play",)}, "rules must be 2 of"),
        ({"rules": ("fictitious_play", "hedge")}, "rules must be 2 of"),
        ({"learning_rates": (0.1,)}, "learning_rates must be 2 numbers above 0"),
        ({"learning_rates": (0.1, 0.0)}, "learning_rates must be 2 numbers above 0"),
        ({"learning_rates": (0.1, float("nan"))}, "learning_rates must be 2 numbers above 0"),
        ({"n_rounds": 0}, "n_rounds must be at least 1"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(changed, message):
    rules = ("fictitious_play", "fictitious_play")
    start = begin_play(PENNIES, Profile.uniform(2, 2), rules=rules)
    with pytest.raises(ValueError, match=message):
        play_rounds(PENNIES, start, **{"rules": rules, "learning_rates": (0.1, 0.1), "n_rounds": 1, **changed})


def test_a_beginning_that_does_not_fit_is_refused():
    rules = ("fictitious_play", "fictitious_play")
    with pytest.raises(ValueError, match="profile must be one profile"):
        begin_play(PENNIES, Profile([np.full((3, 2), 0.5)] * 2), rules=rules)
    with pytest.raises(ValueError, match="profile must"):
        begin_play(PENNIES, Profile.uniform(2, 3), rules=rules)
    with pytest.raises(ValueError, match="rules must be 2 of"):
        begin_play(PENNIES, Profile.uniform(2, 2), rules=rules[:1])
