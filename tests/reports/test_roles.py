from __future__ import annotations

import numpy as np
import pytest

from nashlens.games import make
from nashlens.games.policy import ConstantPolicy
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.roles import Role, mounted, orders, placed, roles
from tests.reports.homogeneity_runs import EVEN


class TestRoles:
    def test_all_agents_of_a_symmetric_matrix_game_can_change_places(self) -> None:
        (role,) = roles(make("volunteers_dilemma"))
        assert role == Role(label="all", members=(0, 1, 2), exchangeable=(0, 1, 2), summed=True)

    def test_in_a_team_game_the_common_reward_counts_once(self) -> None:
        (role,) = roles(make("anti_coordination"))
        assert role.common_return(np.array([[3.0, 3.0]])).tolist() == [3.0]

    def test_agents_whose_payoffs_add_to_a_constant_have_nothing_in_common(self) -> None:
        assert roles(make("matching_pennies")) == roles(make("rock_paper_scissors")) == ()

    def test_predators_can_change_places_and_the_prey_cannot(self) -> None:
        (role,) = roles(make("simple_tag"))
        assert (role.label, role.members, role.exchangeable) == ("predators", (0, 1, 2), (0, 1, 2))

    def test_a_speaker_cannot_stand_in_for_a_listener(self) -> None:
        (role,) = roles(make("simple_speaker_listener"))
        assert (role.members, role.exchangeable) == ((0, 1), ())

    def test_orders_are_all_permutations_of_few_and_rotations_of_many(self) -> None:
        assert len(orders(4)) == 24
        five = orders(5)
        assert len(five) == 5
        assert not (five[1:] == np.arange(5)).any()
        assert orders(3)[0].tolist() == five[0, :3].tolist() == [0, 1, 2]

    def test_policies_are_placed_and_mounted_where_they_belong(self) -> None:
        game = make("simple_tag")
        (role,) = roles(game)
        own = tuple(ConstantPolicy(np.full(5, 0.2), observation_size=n) for n in game.spec.observation_sizes)
        moved = placed(own, role, [2, 0, 1])
        assert [own.index(each) for each in moved] == [2, 0, 1, 3]
        others = tuple(ConstantPolicy(np.full(5, 0.2), observation_size=n) for n in game.spec.observation_sizes)
        assert mounted(own, others, role.members) == (*own[:3], others[3])


class TestReturns:
    def test_a_matrix_game_is_not_played_but_computed(self) -> None:
        game = make("volunteers_dilemma")
        half = tuple(ConstantPolicy(EVEN) for _ in range(3))
        found = joint_returns(game, half, n_episodes=7, rng=np.random.default_rng(0))
        # someone volunteers with probability 7/8, and each pays 1/4 with probability 1/2
        assert found.bound == "exact"
        np.testing.assert_allclose(found.values, [[7 / 8 - 1 / 8] * 3])

    def test_a_game_tree_is_computed_too(self) -> None:
        game = make("kuhn_poker")
        from nashlens.games import random_policy

        uniform = tuple(random_policy(game.spec, i) for i in range(2))
        found = joint_returns(game, uniform, n_episodes=7, rng=np.random.default_rng(0))
        assert found.values[0, 0] == pytest.approx(0.125)  # OpenSpiel: the first player's value of uniform play
        assert found.n_episodes == 1

    def test_policies_that_do_not_fit_are_refused(self) -> None:
        with pytest.raises(ValueError, match="policies must be 2"):
            joint_returns(make("chicken"), [ConstantPolicy(EVEN)], n_episodes=1, rng=np.random.default_rng(0))
