"""What is known of OpenSpiel's one-shot games; their payoffs stay in OpenSpiel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

from nashlens.games.known import COMMON_INTEREST, SYMMETRIC_2X2, Known, pure_profiles
from nashlens.games.normal_form import Profile

SOURCE = "payoffs: OpenSpiel (Lanctot et al. 2019, arXiv:1908.09453); equilibria: closed form"


def matching_pennies_3p_facts() -> Known:
    """All mix evenly: the first wants to match the second, the second the third, the third to differ from the first."""
    return Known(
        equilibria=(Profile.uniform(2, 2, 2),),
        welfare=1.0,
        potentialness=0.5,
        source=SOURCE,
        notes="The payoff of each agent depends on one other agent only.",
    )


def matrix_bos_facts() -> Known:
    """Both meetings, and a mixed equilibrium that pays 6/5 each."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 0), (1, 1)), Profile([[3 / 5, 2 / 5], [2 / 5, 3 / 5]])),
        welfare=5.0,
        potentialness=1.0,
        source=SOURCE,
        notes="Payoffs 3 and 2, where `battle_of_the_sexes` has 2 and 1.",
    )


def matrix_brps_facts() -> Known:
    """One equilibrium, with full support and value 0."""
    return Known(
        equilibria=(Profile([[1 / 16, 10 / 16, 5 / 16]] * 2),),
        welfare=0.0,
        potentialness=sqrt(6100) / (sqrt(6100) + 160),
        source=SOURCE,
        notes="Zero-sum, value 0; the stakes of rock, paper and scissors differ.",
    )


def matrix_cd_facts() -> Known:
    """One dares and one does not, or both mix evenly."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 1), (1, 0)), Profile.uniform(2, 2)),
        welfare=6.0,
        potentialness=1.0,
        source=SOURCE,
        notes=SYMMETRIC_2X2,
    )


def matrix_coordination_facts() -> Known:
    """Both conventions, and the even mixture between them."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 0), (1, 1)), Profile.uniform(2, 2)),
        welfare=2.0,
        potentialness=1.0,
        source=SOURCE,
        notes=COMMON_INTEREST,
    )


def matrix_mp_facts() -> Known:
    """Both mix evenly; the value is 0."""
    return Known(
        equilibria=(Profile.uniform(2, 2),),
        welfare=0.0,
        potentialness=0.0,
        source=SOURCE,
        notes="Zero-sum, value 0.",
    )


def matrix_pd_facts() -> Known:
    """Both defect."""
    return Known(
        equilibria=pure_profiles(2, (1, 1)),
        welfare=10.0,
        potentialness=1.0,
        source=SOURCE,
        notes="Temptation 10, reward 5, punishment 1, sucker's payoff 0: one exploiting the other has the same welfare "
        f"as both cooperating. {SYMMETRIC_2X2}",
    )


def matrix_rps_facts() -> Known:
    """Both mix evenly; the value is 0."""
    return Known(
        equilibria=(Profile.uniform(3, 3),),
        welfare=0.0,
        potentialness=0.0,
        source=SOURCE,
        notes="Zero-sum, value 0.",
    )


def matrix_rpsw_facts() -> Known:
    """Each plays water, or rock, paper and scissors evenly, or mixes the two in any way."""
    extreme = ([1 / 3, 1 / 3, 1 / 3, 0], [0, 0, 0, 1])
    return Known(
        equilibria=tuple(Profile([row, column]) for row in extreme for column in extreme),
        complete=False,
        which="the four extreme ones; each agent may mix its two strategies in any way",
        welfare=0.0,
        potentialness=0.0,
        source=SOURCE,
        notes="Zero-sum, value 0; water draws against everything.",
    )


def matrix_sh_facts() -> Known:
    """Both hunt the stag, both the hare, or both mix evenly."""
    return Known(
        equilibria=(*pure_profiles(2, (0, 0), (1, 1)), Profile.uniform(2, 2)),
        welfare=4.0,
        potentialness=1.0,
        source=SOURCE,
        notes=f"Neither pure equilibrium risk-dominates the other. {SYMMETRIC_2X2}",
    )


def matrix_shapleys_game_facts() -> Known:
    """Both mix evenly, a third each."""
    return Known(
        equilibria=(Profile.uniform(3, 3),),
        welfare=1.0,
        potentialness=(sqrt(3) - 1) / 2,
        source=SOURCE,
        notes="The game of `shapley` with its actions in another order.",
    )


ONE_SHOT_FACTS: Mapping[str, Callable[..., Known]] = {
    facts.__name__.removesuffix("_facts"): facts
    for facts in (
        matching_pennies_3p_facts,
        matrix_bos_facts,
        matrix_brps_facts,
        matrix_cd_facts,
        matrix_coordination_facts,
        matrix_mp_facts,
        matrix_pd_facts,
        matrix_rps_facts,
        matrix_rpsw_facts,
        matrix_sh_facts,
        matrix_shapleys_game_facts,
    )
}
