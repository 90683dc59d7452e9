"""What the instrument of non-stationarity measures of a run: names, units and definitions."""

from __future__ import annotations

from nashlens.reports.instruments.left_out import LeftOut
from nashlens.reports.instruments.movement_quantities import MOVEMENT_QUANTITIES
from nashlens.reports.quantities import Quantity

HORIZONS = (1, 5, 25)
LOWE = "Lowe et al. (2017), arXiv:1706.02275"
BUDGET = "Cheung, Simchi-Levi, Zhu (2020), ICML"
TARGET_PARTS = ("total", "critic", "policy", "others", "interaction")
LEFT_OUT = LeftOut(
    prefix="ns_left_out_",
    what="drift is not measured",
    reasons={
        "together": "its agents draw together",
        "memory": "its policies have memory, of which states and probes say nothing",
        "central": "a policy of it reads what all agents see",
        "forgets": "an agent of the game forgets what it knew",
        "untold": "the game is no table, no tree and no particle world",
    },
)


def drift_name(h: int) -> str:
    """Return the name of the drift of what follows after h steps.

    >>> drift_name(5)
    'ns_outcome_drift_5'
    """
    return f"ns_outcome_drift_{h}"


def floor_name(h: int) -> str:
    """Return the name of its noise floor."""
    return f"ns_outcome_floor_{h}"


def _after(h: int) -> str:
    return "after 1 step" if h == 1 else f"after {h} steps"


def _of_worlds() -> tuple[Quantity, ...]:
    found = []
    for h in HORIZONS:
        found += [
            Quantity(
                name=drift_name(h),
                title=f"Drift of what is seen, {_after(h)}",
                value_unit="observation",
                definition="2-Wasserstein distance between samples of what the agent observes, "
                f"{_after(h)} from the same states with the same own actions, between the others' policies of one "
                "snapshot and of the one before; mean over probe states. Biased upwards by sampling: see its floor.",
                least=0.0,
                reference=LOWE,
            ),
            Quantity(
                name=floor_name(h),
                title=f"Noise floor {_after(h)}",
                value_unit="observation",
                definition="The same distance with the two snapshots' samples shuffled at each probe state: what it "
                "would be if nothing had moved.",
                least=0.0,
            ),
        ]
    last = HORIZONS[-1]
    found += [
        Quantity(
            name="ns_outcome_energy",
            title=f"Energy distance of what is seen {_after(last)}",
            value_unit="observation",
            definition=f"Unbiased energy distance of the same samples, {_after(last)}.",
        ),
        Quantity(
            name="ns_outcome_p",
            title="p-value of no drift",
            value_unit="probability",
            definition="Share of shuffles whose energy distance is at least as large as that of the samples.",
            least=0.0,
        ),
        Quantity(
            name="ns_outcome_travel",
            title=f"How far observations move in {last} steps",
            value_unit="observation",
            definition=f"Mean distance between what is observed at a probe state and {_after(last)}: the scale that "
            "drifts are to be held against.",
            least=0.0,
        ),
        Quantity(
            name="ns_outcome_reward_drift",
            title=f"Drift of the reward over {last} steps",
            value_unit="reward",
            definition=f"2-Wasserstein distance between samples of the sum of the agent's rewards, {_after(last)}.",
            least=0.0,
            reference=LOWE,
        ),
        Quantity(
            name="ns_outcome_reward_floor",
            title="Noise floor of the reward",
            value_unit="reward",
            definition="The same with the two snapshots' samples shuffled at each probe state.",
            least=0.0,
        ),
    ]
    return tuple(found)


def _of_budgets() -> tuple[Quantity, ...]:
    last = HORIZONS[-1]
    floored = "its noise floors added up: what it would be if nothing had moved"
    return tuple(
        Quantity(
            name=f"ns_budget_{name}",
            title=title,
            value_unit=unit,
            definition=definition,
            least=0.0,
            reference=BUDGET,
        )
        for name, title, unit, definition in (
            (
                "outcome",
                "Variation budget at probes",
                "observation",
                f"Sum over snapshots of the drift of what is seen {last} steps later, or at the longest horizon that "
                "an episode has. A mean over probe states, where tables take the worst state; it grows with the number "
                "of snapshots, and so does its floor.",
            ),
            ("outcome_floor", "Noise floor of that budget", "observation", f"The same with {floored}."),
            (
                "outcome_reward",
                "Variation budget of rewards at probes",
                "reward",
                f"The same sum of the drift of the reward over {last} steps.",
            ),
            ("outcome_reward_floor", "Noise floor of that budget of rewards", "reward", f"The same with {floored}."),
        )
    )


def _of_targets() -> tuple[Quantity, ...]:
    moved = {
        "total": "whatever moved it",
        "critic": "of the target critic alone",
        "policy": "of the target policies alone",
        "others": "of the other agents' target policies alone",
        "interaction": "that is left when the critic's and the policies' parts are taken off",
    }
    return tuple(
        Quantity(
            name=f"ns_target_{part}",
            title=f"Target drift, {part}",
            value_unit="return",
            definition="Mean size over probe observations of the change between snapshots of what the target "
            f"bootstraps from, γ Q'(x', μ'(x')), {moved[part]}. Of Q-learning: of γ max Q(x'), whose own it is.",
            least=0.0,
            reference=LOWE,
        )
        for part in TARGET_PARTS
    )


QUANTITIES = (
    Quantity(
        name="ns_reward_drift",
        title="Drift of rewards, given the own action",
        value_unit="reward",
        definition="Mean over states and own actions of how far the expected reward moved from one snapshot to the "
        "next, because the others did.",
        least=0.0,
        reference=LOWE,
    ),
    Quantity(
        name="ns_kernel_drift",
        title="Drift of what follows, given the own action",
        value_unit="total variation, 0 to 1",
        definition="Mean over states (in a sequential game information sets) and own actions of the total variation "
        "between what followed at one snapshot and at the next, because the others moved.",
        least=0.0,
        reference=LOWE,
    ),
    Quantity(
        name="ns_kernel_kl",
        title="Divergence of what follows, given the own action",
        value_unit="nats",
        definition="Mean over states and own actions of the Kullback-Leibler divergence of what follows at one "
        "snapshot from what followed at the one before; infinite where something follows that never did.",
        least=0.0,
        reference=LOWE,
    ),
    Quantity(
        name="ns_backup_drift",
        title="Drift of the Bellman backup",
        value_unit="return",
        definition="Mean size over states and own actions of how far the backup of one and the same Q moved from one "
        "snapshot to the next: Q the optimal action values against the others at the earlier of the two, backed up in "
        "the worlds of both. The part of an independent learner's error that only the others make. Of repeated games; "
        "in a matrix game it is the drift of rewards.",
        least=0.0,
    ),
    Quantity(
        name="ns_joint_drift",
        title="The same given the joint action",
        value_unit="as above",
        definition="Largest such drift, of rewards and of what follows, given everybody's action: the control, exactly "
        "0 in every Markov game.",
        least=0.0,
        reference=LOWE,
    ),
    *_of_worlds(),
    *MOVEMENT_QUANTITIES,
    Quantity(
        name="ns_budget_reward",
        title="Variation budget of rewards",
        value_unit="reward",
        definition="Sum over snapshots of the largest change of the reward of an own action, over all states; it grows "
        "with the number of snapshots.",
        least=0.0,
        reference=BUDGET,
    ),
    Quantity(
        name="ns_budget_kernel",
        title="Variation budget of transitions",
        value_unit="L1 distance",
        definition="Sum over snapshots of the largest L1 distance between what followed an own action, over all "
        "states; it grows with the number of snapshots.",
        least=0.0,
        reference=BUDGET,
    ),
    *_of_budgets(),
    *_of_targets(),
    *LEFT_OUT.quantities,
)
